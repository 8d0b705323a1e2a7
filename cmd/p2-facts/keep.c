#include <err.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "facts/emit.h"
#include "store/store.h"
#include "update/update.h"

#include "show.h"

/* The name that partisci-send reports by, too. */
static const char *
own_name(struct facts *f)
{
	static char room[HOST_NAME_MAX + 1];
	const struct val *v;

	if (!facts_is_root(f)) {
		if (gethostname(room, sizeof(room)) == -1)
			err(EXIT_TROUBLE, "gethostname");
		return room;
	}
	v = facts_get(f, str_of("os_hostname"));
	if (v == NULL || v->type != VAL_STR)
		errx(EXIT_TROUBLE, "there is no name of a host; use -N");
	(void)strlcpy(room, v->u.str.p, sizeof(room));
	return room;
}

void
keep_facts(struct facts *f, const struct wanted *w)
{
	const char *host = w->host != NULL ? w->host : own_name(f), *why;
	struct buf b = { 0 };
	struct update u;
	struct store *s;
	struct store_tx *t;
	int rc;

	/* A host goes by the same rules as in an update. */
	if (host[0] == '\0' || update_make(&u, str_of("a"), str_of("0"),
	    str_of(host), 0, &why) == -1)
		errx(EXIT_TROUBLE, "-N %s: not a name for a host", host);
	emit_json(&b, facts_tree(f), 0);
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
