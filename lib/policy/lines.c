#include <string.h>

#include "policy/lines.h"

struct pair {
	unsigned	 line;
	unsigned	 written;
};

void
lines_clear(struct lines *l)
{
	buf_clear(&l->pairs);
}

static size_t
count(const struct lines *l)
{
	return l->pairs.len / sizeof(struct pair);
}

static struct pair
pair_at(const struct lines *l, size_t i)
{
	struct pair p;

	memcpy(&p, l->pairs.p + i * sizeof(p), sizeof(p));
	return p;
}

/* The pair that holds for the line; 0 and 0 before the first. */
static struct pair
pair_of(const struct lines *l, unsigned line)
{
	struct pair p, found = { 0, 0 };
	size_t low = 0, high = count(l), mid;

	while (low < high) {
		mid = (low + high) / 2;
		p = pair_at(l, mid);
		if (p.line <= line) {
			found = p;
			low = mid + 1;
		} else
			high = mid;
	}
	return found;
}

void
lines_add(struct lines *l, unsigned line, unsigned written)
{
	struct pair p = { line, written };
	size_t n = count(l);

	if (n > 0 && pair_at(l, n - 1).line == line)
		l->pairs.len -= sizeof(p);
	if (lines_written(l, line) != written)
		buf_add(&l->pairs, &p, sizeof(p));
}

unsigned
lines_written(const struct lines *l, unsigned line)
{
	struct pair p = pair_of(l, line);

	return p.written + (line - p.line);
}

void
lines_join(struct lines *l, const struct lines *before, unsigned n)
{
	struct lines both = { 0 };
	unsigned line;

	for (line = 1; line <= n; line++)
		lines_add(&both, line,
		    lines_written(before, lines_written(l, line)));
	lines_clear(l);
	*l = both;
}

void
lines_pack(struct buf *b, const struct lines *l)
{
	size_t n = count(l);

	buf_str(b, buf_view(&l->pairs));
	buf_add(b, &n, sizeof(n));
}

bool
lines_unpack(struct lines *l, struct buf *b)
{
	size_t n, len;

	if (b->len < sizeof(n))
		return false;
	memcpy(&n, b->p + b->len - sizeof(n), sizeof(n));
	b->len -= sizeof(n);
	if (n > b->len / sizeof(struct pair))
		return false;
	len = n * sizeof(struct pair);
	b->len -= len;
	if (len > 0)
		buf_add(&l->pairs, b->p + b->len, len);
	return !buf_failed(&l->pairs);
}
