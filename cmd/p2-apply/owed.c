#include <err.h>

#include "apply.h"
#include "base/when.h"

/* --owed: notifications that have not been delivered, a line each. */
static int
add(const struct owed_row *r, void *arg)
{
	struct list *l = arg;
	struct buf *b = &l->out;

	if (!l->json) {
		when_format_utc(b, r->time);
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
	buf_member(b, "policy", r->policy);
	if (r->file.len > 0)
		buf_member(b, "file", r->file);
	buf_member(b, "resource", r->resource);
	buf_member(b, "handler", r->handler);
	buf_puts(b, "}\n");
	return 0;
}

static int
rows(struct store_view *v, struct list *l)
{
	return store_each_owed(v, str_of(""), add, l);
}

int
owed_list(const struct asked *a)
{
	struct list l = { 0 };

	if (*a->dir == '\0')
		errx(2, "there is no store");
	return list_print(a, &l, rows);
}
