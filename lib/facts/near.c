#include <stdlib.h>
#include <string.h>

#include "facts/collect.h"
#include "facts/state.h"

/*
 * near: the name that somebody may have meant.
 */
enum { NAME_MOST = 120, FAR = 1000 };

struct near {
	struct str	 wanted;
	struct buf	 best;
	struct buf	 name;		/* being tried */
	unsigned	 distance;
};

static unsigned
least(unsigned a, unsigned b, unsigned c)
{
	a = a < b ? a : b;
	return a < c ? a : c;
}

/* Letters to be put in, taken out or replaced. */
static unsigned
edits(struct str a, struct str b)
{
	unsigned row[NAME_MOST + 1], corner, above;
	size_t i, j;

	if (a.len > NAME_MOST || b.len > NAME_MOST)
		return FAR;
	for (j = 0; j <= b.len; j++)
		row[j] = (unsigned)j;
	for (i = 1; i <= a.len; i++) {
		corner = row[0];
		row[0] = (unsigned)i;
		for (j = 1; j <= b.len; j++) {
			above = row[j];
			row[j] = least(above + 1, row[j - 1] + 1,
			    corner + (a.p[i - 1] != b.p[j - 1]));
			corner = above;
		}
	}
	return row[b.len];
}

/* Half a name is a better guess than another one of the same length. */
static void
try(struct near *n)
{
	struct str name = buf_view(&n->name);
	unsigned d;

	if (name.len == 0 || buf_failed(&n->name))
		return;
	d = str_starts(name, n->wanted) ? 1 : edits(n->wanted, name);
	if (d >= n->distance)
		return;
	n->distance = d;
	buf_reset(&n->best);
	buf_str(&n->best, name);
}

static void
try_tables(struct near *n)
{
	const struct collector *c;
	const struct fact *t;
	size_t i;

	for (i = 0; (c = facts_collector(i)) != NULL; i++) {
		buf_reset(&n->name);
		buf_puts(&n->name, c->name);
		try(n);
		for (t = c->facts; t->name != NULL; t++) {
			if (t->name[strcspn(t->name, "*[")] != '\0')
				continue;
			buf_reset(&n->name);
			buf_puts(&n->name, c->name);
			if (c->name[0] != '\0')
				buf_putc(&n->name, '.');
			buf_puts(&n->name, t->name);
			try(n);
		}
	}
}

static void
try_tree(struct near *n, const struct val *v)
{
	const struct val *m;
	size_t len = n->name.len;

	if (v->type != VAL_OBJ || len > NAME_MOST)
		return;
	for (m = v->u.list.first; m != NULL; m = m->next) {
		if (len > 0)
			buf_putc(&n->name, '.');
		buf_puts(&n->name, m->key);
		try(n);
		try_tree(n, m);
		if (buf_failed(&n->name))
			return;
		n->name.len = len;
	}
}

const char *
facts_nearest(struct facts *f, struct str path)
{
	struct near n = { .wanted = path, .distance = FAR };
	const char *best;

	try_tables(&n);
	buf_reset(&n.name);
	try_tree(&n, f->tree);
	best = arena_cstr(&f->arena, buf_view(&n.best));
	buf_clear(&n.best);
	buf_clear(&n.name);
	return best;
}
