#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "apply.h"

/* --owed: notifications that have not been delivered, a line each. */
struct list {
	struct buf	out;
	bool		json;
};

static void
member(struct buf *b, const char *name, struct str value)
{
	buf_putc(b, ',');
	buf_json(b, str_of(name));
	buf_putc(b, ':');
	buf_json(b, value);
}

static void
put_time(struct buf *b, uint32_t seconds)
{
	time_t t = seconds;
	struct tm tm;
	char text[32];

	gmtime_r(&t, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	buf_puts(b, text);
}

static int
add(const struct owed_row *r, void *arg)
{
	struct list *l = arg;
	struct buf *b = &l->out;

	if (!l->json) {
		put_time(b, r->time);
		buf_putc(b, '\t');
		buf_str(b, r->policy);
		buf_putc(b, '\t');
		buf_str(b, r->resource);
		buf_putc(b, '\t');
		buf_str(b, r->handler);
		buf_putc(b, '\n');
		return 0;
	}
	buf_printf(b, "{\"since\":%u", r->time);
	member(b, "policy", r->policy);
	member(b, "resource", r->resource);
	member(b, "handler", r->handler);
	buf_puts(b, "}\n");
	return 0;
}

int
owed_list(const struct asked *a)
{
	struct list l = { .json = a->json };
	struct store_view *v;
	struct store *s;
	bool any;
	int rc;

	if (*a->dir == '\0')
		errx(2, "there is no store");
	if ((rc = store_open(&s, a->dir, STORE_READ)) != 0)
		errx(2, "%s: %s", a->dir, store_strerror(rc));
	if ((rc = store_view(s, &v)) == 0) {
		rc = store_each_owed(v, str_of(""), add, &l);
		store_view_end(v);
	}
	store_close(s);
	if (rc == 0 && buf_failed(&l.out))
		rc = ENOMEM;
	if (rc != 0)
		errx(2, "%s: %s", a->dir, store_strerror(rc));
	any = l.out.len > 0;
	if (any && fwrite(l.out.p, 1, l.out.len, stdout) != l.out.len)
		err(2, "stdout");
	buf_clear(&l.out);
	return any ? 0 : 1;
}
