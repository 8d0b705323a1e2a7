#include <err.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "facts/emit.h"
#include "store/store.h"
#include "update/update.h"

#include "show.h"

void
keep_facts(struct facts *f, const struct wanted *w)
{
	const char *host = w->host != NULL ? w->host : facts_host(f), *why;
	struct val *tree = facts_tree(f);
	struct buf b = { 0 };
	struct update u;
	struct store *s;
	struct store_tx *t;
	int rc;

	/* A host goes by the same rules as in an update. */
	if (host[0] == '\0' || update_make(&u, str_of("a"), str_of("0"),
	    str_of(host), 0, &why) == -1)
		errx(EXIT_TROUBLE, "\"%s\": not a name for a host; use -N",
		    host);
	if (w->nnames > 0)
		(void)val_keep_wanted(tree);
	emit_json(&b, tree, 0);
	if (buf_failed(&b) || facts_failed(f)) {
		errno = ENOMEM;
		err(EXIT_TROUBLE, NULL);
	}
	if ((rc = store_open(&s, w->dir, STORE_WRITE)) != 0)
		errx(EXIT_TROUBLE, "%s: %s", w->dir, store_strerror(rc));
	if ((rc = store_begin(s, &t)) == 0) {
		if ((rc = store_fact_put(t, str_of(host),
		    buf_view(&b))) == 0)
			rc = store_commit(t);
		else
			store_abort(t);
	}
	if (rc != 0)
		errx(EXIT_TROUBLE, "%s: %s", w->dir, store_strerror(rc));
	store_close(s);
	buf_clear(&b);
}
