#include <err.h>
#include <errno.h>
#include <stdio.h>

#include "apply.h"

int
list_print(const struct asked *a, struct list *l,
    int (*rows)(struct store_view *v, struct list *l))
{
	struct store_view *v;
	struct store *s;
	bool any;
	int rc;

	l->json = a->json;
	if ((rc = store_open(&s, a->dir, STORE_READ)) != 0)
		errx(2, "%s: %s", a->dir, store_strerror(rc));
	if ((rc = store_view(s, &v)) == 0) {
		rc = rows(v, l);
		store_view_end(v);
	}
	store_close(s);
	if (rc == 0 && buf_failed(&l->out))
		rc = ENOMEM;
	if (rc != 0)
		errx(2, "%s: %s", a->dir, store_strerror(rc));
	any = l->out.len > 0;
	if (any && fwrite(l->out.p, 1, l->out.len, stdout) != l->out.len)
		err(2, "stdout");
	buf_clear(&l->out);
	return any ? 0 : 1;
}
