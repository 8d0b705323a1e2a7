#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/diff.h"

/*
 * Lines are numbered, equal ones alike, and those that only one side has are
 * set apart; of the rest a shortest edit script is found by Myers' algorithm
 * in linear space (E. W. Myers, "An O(ND) Difference Algorithm and Its
 * Variations", 1986).  A search that has gone COST_MAX deep is cut at the
 * point that has come furthest, and WORK_MAX steps in all are an end to it.
 */
enum { CONTEXT = 3, COST_MAX = 512, WORK_MAX = 100 * 1000 * 1000 };

struct side {
	struct str	*line;		/* n of them, newlines included */
	uint32_t	*id;		/* of each line */
	bool		*changed;
	uint32_t	*kept;		/* lines that the other side has too */
	long		 n;
	long		 nkept;
};

struct diff {
	struct side	 a, b;
	long		*fd, *bd;	/* furthest x on each diagonal */
	long		*mem;		/* of both */
	long		 work;
};

/* A line of either side, while they are numbered. */
struct entry {
	struct str	 s;
	uint32_t	 i;
	bool		 in_b;
};

struct point {
	long	 x, y;
};

static long
count_lines(struct str s)
{
	const char *p = s.p, *end = s.p + s.len;
	long n = 0;

	for (; p < end; n++)
		if ((p = memchr(p, '\n', (size_t)(end - p))) == NULL)
			return n + 1;
		else
			p++;
	return n;
}

static int
side_init(struct side *f, struct str s)
{
	const char *p, *end, *nl;
	size_t n;
	long i;

	if (s.len == 0)		/* there may be no text at all */
		s.p = "";
	p = s.p;
	end = p + s.len;
	f->n = count_lines(s);
	n = (size_t)f->n + 1;
	f->line = reallocarray(NULL, n, sizeof(*f->line));
	f->id = reallocarray(NULL, n, sizeof(*f->id));
	f->kept = reallocarray(NULL, n, sizeof(*f->kept));
	f->changed = calloc(n, sizeof(*f->changed));
	if (f->line == NULL || f->id == NULL || f->kept == NULL ||
	    f->changed == NULL)
		return -1;
	for (i = 0; i < f->n; i++) {
		nl = memchr(p, '\n', (size_t)(end - p));
		nl = nl == NULL ? end : nl + 1;
		f->line[i] = (struct str){ p, (size_t)(nl - p) };
		p = nl;
	}
	return 0;
}

static void
side_clear(struct side *f)
{
	free(f->line);
	free(f->id);
	free(f->kept);
	free(f->changed);
}

static int
entry_cmp(const void *p, const void *q)
{
	const struct entry *a = p, *b = q;

	return str_cmp(a->s, b->s);
}

static void
number_run(struct diff *d, struct entry *e, size_t n, uint32_t id)
{
	bool in_a = false, in_b = false;
	struct side *f;
	size_t i;

	for (i = 0; i < n; i++) {
		in_a = in_a || !e[i].in_b;
		in_b = in_b || e[i].in_b;
	}
	for (i = 0; i < n; i++) {
		f = e[i].in_b ? &d->b : &d->a;
		f->id[e[i].i] = id;
		f->changed[e[i].i] = !in_a || !in_b;
	}
}

/* What both sides begin and end with needs no number. */
static int
number_lines(struct diff *d, long head, long tail)
{
	size_t i, k, n = 0, max;
	struct entry *e;
	long j;

	max = (size_t)(d->a.n + d->b.n - 2 * (head + tail));
	if ((e = reallocarray(NULL, max + 1, sizeof(*e))) == NULL)
		return -1;
	for (j = head; j < d->a.n - tail; j++)
		e[n++] = (struct entry){ d->a.line[j], (uint32_t)j, false };
	for (j = head; j < d->b.n - tail; j++)
		e[n++] = (struct entry){ d->b.line[j], (uint32_t)j, true };
	qsort(e, n, sizeof(*e), entry_cmp);
	for (i = 0; i < n; i = k) {
		for (k = i + 1; k < n && str_eq(e[k].s, e[i].s); k++)
			continue;
		number_run(d, e + i, k - i, (uint32_t)i);
	}
	free(e);
	return 0;
}

static void
keep(struct side *f, long head, long tail)
{
	long i;

	for (i = head; i < f->n - tail; i++)
		if (!f->changed[i])
			f->kept[f->nkept++] = (uint32_t)i;
}

static bool
same(const struct diff *d, long x, long y)
{
	return d->a.id[d->a.kept[x]] == d->b.id[d->b.kept[y]];
}

/* Of all that a search of either direction has reached, where to cut. */
static struct point
furthest(const struct diff *d, struct point p0, struct point p1,
    const long *f, const long *b)
{
	struct point fp = p0, bp = p1;
	long k, x, y;

	for (k = f[0]; k <= f[1]; k += 2) {
		x = d->fd[k] < p1.x ? d->fd[k] : p1.x;
		if ((y = x - k) > p1.y) {
			y = p1.y;
			x = y + k;
		}
		if (x + y > fp.x + fp.y)
			fp = (struct point){ x, y };
	}
	for (k = b[0]; k <= b[1]; k += 2) {
		x = d->bd[k] > p0.x ? d->bd[k] : p0.x;
		if ((y = x - k) < p0.y) {
			y = p0.y;
			x = y + k;
		}
		if (x + y < bp.x + bp.y)
			bp = (struct point){ x, y };
	}
	return fp.x + fp.y - p0.x - p0.y > p1.x + p1.y - bp.x - bp.y ? fp : bp;
}

/* One diagonal further, at both ends of the range r, within min and max. */
static void
widen(long *v, long *r, long min, long max, long none)
{
	if (r[0] > min)
		v[--r[0] - 1] = none;
	else
		r[0]++;
	if (r[1] < max)
		v[++r[1] + 1] = none;
	else
		r[1]--;
}

/* A step forward on diagonal k; where it ends. */
static struct point
forward(const struct diff *d, long k, struct point p1)
{
	long lo = d->fd[k - 1], hi = d->fd[k + 1];
	long x = lo < hi ? hi : lo + 1, y = x - k;

	while (x < p1.x && y < p1.y && same(d, x, y)) {
		x++;
		y++;
	}
	d->fd[k] = x;
	return (struct point){ x, y };
}

static struct point
backward(const struct diff *d, long k, struct point p0)
{
	long lo = d->bd[k - 1], hi = d->bd[k + 1];
	long x = lo < hi ? lo : hi - 1, y = x - k;

	while (x > p0.x && y > p0.y && same(d, x - 1, y - 1)) {
		x--;
		y--;
	}
	d->bd[k] = x;
	return (struct point){ x, y };
}

/* A point on a shortest way from p0 to p1, which differ at both ends. */
static struct point
middle(struct diff *d, struct point p0, struct point p1)
{
	long min = p0.x - p1.y, max = p1.x - p0.y;
	long f[2] = { p0.x - p0.y, p0.x - p0.y };
	long b[2] = { p1.x - p1.y, p1.x - p1.y };
	bool odd = ((f[0] - b[0]) & 1) != 0;
	struct point p;
	long c, k;

	d->fd[f[0]] = p0.x;
	d->bd[b[0]] = p1.x;
	for (c = 0; c < COST_MAX; c++) {
		widen(d->fd, f, min, max, -1);
		for (k = f[1]; k >= f[0]; k -= 2, d->work++) {
			p = forward(d, k, p1);
			if (odd && b[0] <= k && k <= b[1] && d->bd[k] <= p.x)
				return p;
		}
		widen(d->bd, b, min, max, LONG_MAX);
		for (k = b[1]; k >= b[0]; k -= 2, d->work++) {
			p = backward(d, k, p0);
			if (!odd && f[0] <= k && k <= f[1] && p.x <= d->fd[k])
				return p;
		}
	}
	return furthest(d, p0, p1, f, b);
}

static void
mark(struct diff *d, struct point p0, struct point p1)
{
	for (; p0.x < p1.x; p0.x++)
		d->a.changed[d->a.kept[p0.x]] = true;
	for (; p0.y < p1.y; p0.y++)
		d->b.changed[d->b.kept[p0.y]] = true;
}

/* Recursion into the smaller half only: so it is as deep as a logarithm. */
static void
compare(struct diff *d, struct point p0, struct point p1)
{
	struct point m;

	for (;;) {
		while (p0.x < p1.x && p0.y < p1.y && same(d, p0.x, p0.y)) {
			p0.x++;
			p0.y++;
		}
		while (p0.x < p1.x && p0.y < p1.y &&
		    same(d, p1.x - 1, p1.y - 1)) {
			p1.x--;
			p1.y--;
		}
		if (p0.x == p1.x || p0.y == p1.y || d->work > WORK_MAX) {
			mark(d, p0, p1);
			return;
		}
		m = middle(d, p0, p1);
		if (m.x + m.y - p0.x - p0.y < p1.x + p1.y - m.x - m.y) {
			compare(d, p0, m);
			p0 = m;
		} else {
			compare(d, m, p1);
			p1 = m;
		}
	}
}

static int
search(struct diff *d)
{
	long head = 0, tail = 0, min = d->a.n < d->b.n ? d->a.n : d->b.n;
	size_t n;

	while (head < min && str_eq(d->a.line[head], d->b.line[head]))
		head++;
	while (tail < min - head && str_eq(d->a.line[d->a.n - 1 - tail],
	    d->b.line[d->b.n - 1 - tail]))
		tail++;
	if (number_lines(d, head, tail) == -1)
		return -1;
	keep(&d->a, head, tail);
	keep(&d->b, head, tail);
	n = (size_t)(d->a.nkept + d->b.nkept) + 3;
	if ((d->mem = reallocarray(NULL, n, 2 * sizeof(*d->mem))) == NULL)
		return -1;
	d->fd = d->mem + d->b.nkept + 1;
	d->bd = d->fd + n;
	compare(d, (struct point){ 0, 0 },
	    (struct point){ d->a.nkept, d->b.nkept });
	return 0;
}

static void
put_line(struct buf *out, char sign, struct str s)
{
	buf_putc(out, sign);
	buf_str(out, s);
	if (s.len == 0 || s.p[s.len - 1] != '\n')
		buf_puts(out, "\n\\ No newline at end of file\n");
}

static void
put_range(struct buf *out, char sign, long first, long n)
{
	buf_putc(out, sign);
	buf_num(out, (uint64_t)(n == 0 ? first : first + 1));
	if (n != 1) {
		buf_putc(out, ',');
		buf_num(out, (uint64_t)n);
	}
}

/* The lines from p0 to p1, which agree where they are not changed. */
static void
put_hunk(struct buf *out, const struct diff *d, struct point p0,
    struct point p1)
{
	buf_puts(out, "@@ ");
	put_range(out, '-', p0.x, p1.x - p0.x);
	buf_putc(out, ' ');
	put_range(out, '+', p0.y, p1.y - p0.y);
	buf_puts(out, " @@\n");
	while (p0.x < p1.x || p0.y < p1.y) {
		if (p0.x < p1.x && d->a.changed[p0.x])
			put_line(out, '-', d->a.line[p0.x++]);
		else if (p0.y < p1.y && d->b.changed[p0.y])
			put_line(out, '+', d->b.line[p0.y++]);
		else {
			put_line(out, ' ', d->a.line[p0.x++]);
			p0.y++;
		}
	}
}

/* From p, past what has changed. */
static struct point
skip_changed(const struct diff *d, struct point p)
{
	while (p.x < d->a.n && d->a.changed[p.x])
		p.x++;
	while (p.y < d->b.n && d->b.changed[p.y])
		p.y++;
	return p;
}

static struct point
skip_same(const struct diff *d, struct point p)
{
	while (p.x < d->a.n && p.y < d->b.n && !d->a.changed[p.x] &&
	    !d->b.changed[p.y]) {
		p.x++;
		p.y++;
	}
	return p;
}

static bool
at_end(const struct diff *d, struct point p)
{
	return p.x == d->a.n && p.y == d->b.n;
}

static struct point
moved(struct point p, long n)
{
	return (struct point){ p.x + n, p.y + n };
}

static void
put_hunks(struct buf *out, const struct diff *d)
{
	struct point p = { 0, 0 }, first, next;
	long n;

	p = skip_same(d, p);
	first = moved(p, -(p.x < CONTEXT ? p.x : CONTEXT));
	while (!at_end(d, p)) {
		p = skip_changed(d, p);
		next = skip_same(d, p);
		n = next.x - p.x;
		if (!at_end(d, next) && n <= 2 * CONTEXT) {
			p = next;
			continue;
		}
		put_hunk(out, d, first, moved(p, n < CONTEXT ? n : CONTEXT));
		p = next;
		first = moved(p, -CONTEXT);
	}
}

void
diff_unified(struct buf *out, struct str a, struct str b, const char *from,
    const char *to)
{
	struct diff d = { .mem = NULL };

	if (str_eq(a, b))
		return;
	if ((a.len > 0 && memchr(a.p, '\0', a.len) != NULL) ||
	    (b.len > 0 && memchr(b.p, '\0', b.len) != NULL)) {
		buf_printf(out, "Binary files %s and %s differ\n", from, to);
		return;
	}
	if (a.len > DIFF_BYTES_MAX || b.len > DIFF_BYTES_MAX - a.len) {
		buf_printf(out, "Files %s and %s differ\n", from, to);
		return;
	}
	if (side_init(&d.a, a) == -1 || side_init(&d.b, b) == -1 ||
	    search(&d) == -1)
		out->failed = true;
	else {
		buf_printf(out, "--- %s\n+++ %s\n", from, to);
		put_hunks(out, &d);
	}
	free(d.mem);
	side_clear(&d.a);
	side_clear(&d.b);
}
