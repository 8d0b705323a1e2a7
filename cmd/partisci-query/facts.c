#include <err.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ask.h"

/* A piece of the answer: whole rows, and the host of the last one. */
struct piece {
	struct buf	b;
	struct buf	after;
	uint64_t	rows;
	bool		full;
};

static int
add_row(struct str host, struct str json, void *arg)
{
	struct piece *p = arg;

	if (p->b.len >= OUT_PIECE) {
		p->full = true;
		return 1;
	}
	buf_puts(&p->b, "{\"host\":");
	buf_json(&p->b, host);
	buf_puts(&p->b, ",\"facts\":");
	buf_str(&p->b, json);
	buf_puts(&p->b, "}\n");
	buf_reset(&p->after);
	buf_str(&p->after, host);
	p->rows++;
	return 0;
}

/* No view of the store is open while something is written out. */
uint64_t
ask_facts(const char *dir, const char *host)
{
	struct store *s = open_store(dir);
	struct store_view *v;
	struct piece p = { .rows = 0 };
	int rc;

	do {
		p.full = false;
		if ((rc = store_view(s, &v)) == 0) {
			rc = store_each_fact(v, str_of(host),
			    buf_view(&p.after), add_row, &p);
			store_view_end(v);
		}
		if (rc == 0 && buf_failed(&p.after))
			rc = ENOMEM;
		if (rc != 0)
			errx(2, "%s: %s", dir, store_strerror(rc));
		out_write(&p.b);
	} while (p.full);
	buf_clear(&p.b);
	buf_clear(&p.after);
	store_close(s);
	return p.rows;
}
