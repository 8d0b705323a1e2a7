#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "update/order.h"

/* The run of characters of one kind that s begins with. */
static struct str
run_of(struct str s, bool (*kind)(char))
{
	size_t n = 0;

	while (n < s.len && kind(s.p[n]))
		n++;
	return (struct str){ s.p, n };
}

static int
numbers(struct str a, struct str b)
{
	while (a.len > 0 && *a.p == '0')
		a = str_from(a, 1);
	while (b.len > 0 && *b.p == '0')
		b = str_from(b, 1);
	return a.len != b.len ? (a.len > b.len) - (a.len < b.len) :
	    str_cmp(a, b);
}

/* The next thing that counts: a letter, a digit, "~" or "^". */
static struct str
skip(struct str s)
{
	while (s.len > 0 && !ascii_digit(*s.p) && !ascii_letter(*s.p) &&
	    *s.p != '~' && *s.p != '^')
		s = str_from(s, 1);
	return s;
}

static char
first(struct str s)
{
	return s.len > 0 ? *s.p : '\0';
}

/* "~" is before everything, the end too; "^" is behind the end alone. */
static int
marks(struct str a, struct str b)
{
	if (first(a) == '~' || first(b) == '~')
		return first(a) == '~' ? -1 : 1;
	if (a.len == 0 || b.len == 0)
		return a.len == 0 ? -1 : 1;
	return first(a) == '^' ? -1 : 1;
}

static bool
is_mark(char c)
{
	return c == '~' || c == '^';
}

/* One of them has ended; letters that follow at once may be for what is yet
 * to become the release. */
static int
longer(enum order o, struct str a, struct str b, bool parted)
{
	struct str more = a.len > 0 ? a : b;
	int sign = a.len > 0 ? 1 : -1;

	if (more.len == 0)
		return 0;
	return o == ORDER_PACMAN && ascii_letter(*more.p) && !parted ? -sign :
	    sign;
}

/* The runs of letters or digits that both begin with. */
static int
runs(struct str *a, struct str *b)
{
	bool is_number = ascii_digit(*a->p);
	struct str x, y;

	if (is_number != ascii_digit(*b->p))
		return is_number ? 1 : -1;
	x = run_of(*a, is_number ? ascii_digit : ascii_letter);
	y = run_of(*b, is_number ? ascii_digit : ascii_letter);
	*a = str_from(*a, x.len);
	*b = str_from(*b, y.len);
	return is_number ? numbers(x, y) : str_cmp(x, y);
}

/* One part: a version or a release. */
static int
rpm_part(enum order o, struct str a, struct str b)
{
	size_t la, lb;
	int c;

	for (;;) {
		la = a.len;
		lb = b.len;
		a = skip(a);
		b = skip(b);
		la -= a.len;
		lb -= b.len;
		if (is_mark(first(a)) && first(a) == first(b)) {
			a = str_from(a, 1);
			b = str_from(b, 1);
			continue;
		}
		if (is_mark(first(a)) || is_mark(first(b)))
			return marks(a, b);
		if (a.len == 0 || b.len == 0)
			return longer(o, a, b, la + lb > 0);
		if (o == ORDER_PACMAN && la != lb)
			return la < lb ? -1 : 1;
		if ((c = runs(&a, &b)) != 0)
			return c;
	}
}

/* What is before the first colon, taken off *s. */
static struct str
epoch(struct str *s)
{
	struct str digits = run_of(*s, ascii_digit);

	if (digits.len == s->len || s->p[digits.len] != ':')
		return (struct str){ "0", 1 };
	*s = str_from(*s, digits.len + 1);
	return digits;
}

/* What is behind the last dash, taken off *s; empty: there is none. */
static struct str
release(struct str *s)
{
	struct str r;
	size_t i = s->len;

	while (i > 0 && s->p[i - 1] != '-')
		i--;
	if (i == 0)
		return (struct str){ "", 0 };
	r = str_from(*s, i);
	s->len = i - 1;
	return r;
}

static int
rpm_cmp(enum order o, struct str a, struct str b)
{
	struct str ra, rb;
	int c;

	if ((c = numbers(epoch(&a), epoch(&b))) != 0)
		return c;
	ra = release(&a);
	rb = release(&b);
	if ((c = rpm_part(o, a, b)) != 0)
		return c;
	return ra.len == 0 || rb.len == 0 ? 0 : rpm_part(o, ra, rb);
}

/* Is it a word for what comes before the release?  Then which one. */
static int
early(struct str word)
{
	static const char *const words[] = { "dev", "a", "alpha", "b", "beta",
	    "c", "pre", "preview", "rc" };
	static const int rank[] = { -6, -5, -5, -4, -4, -2, -3, -3, -2 };
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (word.len == strlen(words[i]) &&
		    strncasecmp(word.p, words[i], word.len) == 0)
			return rank[i];
	return 0;
}

/*
 * The next element: a number, which *n then is, or a word.  Ranks: the early
 * words, the end (0), other words, numbers.
 */
static int
element(struct str *s, struct str *text)
{
	int rank;

	while (s->len > 0 && !ascii_digit(*s->p) && !ascii_letter(*s->p))
		*s = str_from(*s, 1);
	*text = *s;
	if (s->len == 0)
		return 0;
	*text = run_of(*s, ascii_digit(*s->p) ? ascii_digit : ascii_letter);
	*s = str_from(*s, text->len);
	if (ascii_digit(*text->p))
		return 2;
	rank = early(*text);
	return rank != 0 ? rank : 1;
}

/* Is what is left of a version zeros alone, as in 1.0 beside 1? */
static bool
is_zero(struct str s)
{
	struct str text;
	int rank;

	while ((rank = element(&s, &text)) == 2)
		if (numbers(text, (struct str){ "", 0 }) != 0)
			return false;
	return rank == 0;
}

static int
words_cmp(struct str a, struct str b)
{
	struct str x, y, resta, restb;
	int ra, rb, c;

	for (;;) {
		resta = a;
		restb = b;
		ra = element(&a, &x);
		rb = element(&b, &y);
		if (ra == 0 && rb == 0)
			return 0;
		if ((ra == 0 && is_zero(restb)) ||
		    (rb == 0 && is_zero(resta)))
			return 0;
		if (ra != rb)
			return ra < rb ? -1 : 1;
		c = ra == 2 ? numbers(x, y) : ra == 1 ? str_cmp(x, y) : 0;
		if (c != 0)
			return c;
	}
}

int
order_cmp(enum order o, struct str a, struct str b)
{
	return o == ORDER_DEBIAN ? version_cmp(a, b) :
	    o == ORDER_WORDS ? words_cmp(a, b) : rpm_cmp(o, a, b);
}

/* Without its revision, "-3" or "-r3". */
static struct str
bare(enum order o, struct str ver)
{
	struct str s = ver, r = release(&s);

	if (o != ORDER_WORDS && r.len > 0)
		return s;
	if (o == ORDER_WORDS && r.len > 1 && *r.p == 'r' && ascii_digit(r.p[1]))
		return s;
	return ver;
}

bool
order_passes(enum order o, const struct version_test *t, struct str ver)
{
	struct str want = t->ver;
	int c;

	if (t->op == VERSION_IS && want.len > 0 &&
	    want.p[want.len - 1] == '*') {
		want.len--;
		return str_starts(ver, want);
	}
	if (o != ORDER_DEBIAN && bare(o, want).len == want.len)
		ver = bare(o, ver);
	if (o != ORDER_DEBIAN && o != ORDER_WORDS &&
	    memchr(want.p, ':', want.len) == NULL)
		(void)epoch(&ver);
	c = order_cmp(o, ver, want);
	switch (t->op) {
	case VERSION_IS:
		return c == 0;
	case VERSION_LT:
		return c < 0;
	case VERSION_LE:
		return c <= 0;
	case VERSION_GT:
		return c > 0;
	case VERSION_GE:
		return c >= 0;
	}
	return false;
}
