#include <limits.h>
#include <string.h>

#include "facts/text.h"

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' ||
	    c == '\v';
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static struct str
skip(struct str s, size_t n)
{
	/* Nothing can be added to NULL, not even nothing. */
	return n == 0 ? s : (struct str){ s.p + n, s.len - n };
}

bool
text_line(struct str *rest, struct str *line)
{
	const char *p = rest->p, *nl;
	size_t n;

	if (rest->len == 0)
		return false;
	nl = memchr(p, '\n', rest->len);
	n = nl == NULL ? rest->len : (size_t)(nl - p);
	*rest = nl == NULL ? (struct str){ p + n, 0 } :
	    (struct str){ nl + 1, rest->len - n - 1 };
	*line = (struct str){ p, n > 0 && p[n - 1] == '\r' ? n - 1 : n };
	return true;
}

struct str
text_word(struct str *rest)
{
	struct str s = *rest, word;
	size_t n = 0;

	while (s.len > 0 && is_blank(*s.p))
		s = skip(s, 1);
	while (n < s.len && !is_blank(s.p[n]))
		n++;
	word = (struct str){ s.p, n };
	*rest = skip(s, n);
	return word;
}

bool
text_same_words(struct str a, struct str b)
{
	struct str x, y;

	do {
		x = text_word(&a);
		y = text_word(&b);
		if (!str_eq(x, y))
			return false;
	} while (x.len > 0);
	return true;
}

struct str
text_cut(struct str *rest, char c)
{
	struct str s = *rest;
	const char *at = s.len == 0 ? NULL : memchr(s.p, c, s.len);

	if (at == NULL) {
		*rest = skip(s, s.len);
		return s;
	}
	s.len = (size_t)(at - s.p);
	*rest = skip(*rest, s.len + 1);
	return s;
}

struct str
text_tail(struct str s, char c)
{
	const char *at = s.len == 0 ? NULL : memrchr(s.p, c, s.len);

	return at == NULL ? s : skip(s, (size_t)(at - s.p) + 1);
}

struct str
text_trim(struct str s)
{
	while (s.len > 0 && is_blank(*s.p))
		s = skip(s, 1);
	while (s.len > 0 && (is_blank(s.p[s.len - 1]) ||
	    s.p[s.len - 1] == '\0'))
		s.len--;
	return s;
}

struct str
text_unquote(struct str s)
{
	if (s.len >= 2 && (*s.p == '"' || *s.p == '\'') &&
	    s.p[s.len - 1] == *s.p)
		return (struct str){ s.p + 1, s.len - 2 };
	return s;
}

bool
text_has(struct str s, const char *part)
{
	return s.len > 0 && memmem(s.p, s.len, part, strlen(part)) != NULL;
}

bool
text_key(struct str line, const char *key, char sep, struct str *value)
{
	struct str name;

	/* Most lines are about something else: see that at once. */
	if (line.len <= strlen(key) || line.p[0] != key[0] ||
	    memchr(line.p, sep, line.len) == NULL)
		return false;
	name = text_trim(text_cut(&line, sep));
	if (!text_is(name, key))
		return false;
	*value = text_trim(line);
	return true;
}

struct str
text_field(struct str text, const char *key, char sep)
{
	struct str line, value;

	while (text_line(&text, &line))
		if (text_key(line, key, sep, &value))
			return value;
	return (struct str){ "", 0 };
}

bool
text_num(struct str s, int64_t *n)
{
	bool minus = s.len > 0 && *s.p == '-';
	uint64_t sum = 0, digit;

	if (minus)
		s = skip(s, 1);
	if (s.len == 0)
		return false;
	for (; s.len > 0; s = skip(s, 1)) {
		digit = (uint64_t)(*s.p - '0');
		if (!is_digit(*s.p) || sum > (INT64_MAX - digit) / 10)
			return false;
		sum = sum * 10 + digit;
	}
	*n = minus ? -(int64_t)sum : (int64_t)sum;
	return true;
}

static int
hex_digit(char c)
{
	if (is_digit(c))
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool
text_hex(struct str s, uint64_t *n)
{
	uint64_t sum = 0;
	int digit;

	if (s.len > 2 && s.p[0] == '0' && (s.p[1] | 0x20) == 'x')
		s = skip(s, 2);
	if (s.len == 0 || s.len > 16)
		return false;
	for (; s.len > 0; s = skip(s, 1)) {
		if ((digit = hex_digit(*s.p)) == -1)
			return false;
		sum = sum << 4 | (unsigned)digit;
	}
	*n = sum;
	return true;
}

static size_t
digits(struct str *s)
{
	size_t n = 0;

	for (; s->len > 0 && is_digit(*s->p); n++)
		*s = skip(*s, 1);
	return n;
}

bool
text_is_number(struct str s)
{
	const char *start;
	size_t n;

	if (s.len > 0 && *s.p == '-')
		s = skip(s, 1);
	start = s.p;
	if ((n = digits(&s)) == 0 || (n > 1 && *start == '0'))
		return false;
	if (s.len > 0 && *s.p == '.') {
		s = skip(s, 1);
		if (digits(&s) == 0)
			return false;
	}
	if (s.len > 0 && (*s.p | 0x20) == 'e') {
		s = skip(s, 1);
		if (s.len > 0 && (*s.p == '+' || *s.p == '-'))
			s = skip(s, 1);
		if (digits(&s) == 0)
			return false;
	}
	return s.len == 0;
}

int64_t
text_list_count(struct str s)
{
	struct str part, from;
	int64_t a, b, n = 0;

	s = text_trim(s);
	while (s.len > 0) {
		part = text_cut(&s, ',');
		from = text_cut(&part, '-');
		if (!text_num(from, &a))
			return 0;
		b = a;
		if (part.len > 0 && !text_num(part, &b))
			return 0;
		if (b < a || b - a > INT_MAX)
			return 0;
		n += b - a + 1;
	}
	return n;
}

/* Both begin with a digit: compare the runs, and go on behind them. */
static int
cmp_runs(struct str *a, struct str *b)
{
	struct str x, y;

	while (a->len > 1 && *a->p == '0' && is_digit(a->p[1]))
		*a = skip(*a, 1);
	while (b->len > 1 && *b->p == '0' && is_digit(b->p[1]))
		*b = skip(*b, 1);
	x = *a;
	y = *b;
	x.len = digits(a);
	y.len = digits(b);
	if (x.len != y.len)
		return x.len < y.len ? -1 : 1;
	return str_cmp(x, y);
}

/* How much of the two is alike, without a run of digits cut in two. */
static size_t
alike(struct str a, struct str b)
{
	size_t i = 0, n = a.len < b.len ? a.len : b.len;

	while (i < n && a.p[i] == b.p[i])
		i++;
	while (i > 0 && is_digit(a.p[i - 1]))
		i--;
	return i;
}

int
text_cmp_names(const char *a, const char *b)
{
	size_t i = 0;

	while (a[i] == b[i] && a[i] != '\0')
		i++;
	if (is_digit(a[i]) || is_digit(b[i]))
		return text_cmp(str_of(a), str_of(b));
	return (unsigned char)a[i] - (unsigned char)b[i];
}

int
text_cmp(struct str a, struct str b)
{
	struct str all_a = a, all_b = b;
	size_t n = alike(a, b);
	int c;

	a = skip(a, n);
	b = skip(b, n);
	while (a.len > 0 && b.len > 0) {
		if (is_digit(*a.p) && is_digit(*b.p)) {
			if ((c = cmp_runs(&a, &b)) != 0)
				return c;
			continue;
		}
		if (*a.p != *b.p)
			return (unsigned char)*a.p < (unsigned char)*b.p ?
			    -1 : 1;
		a = skip(a, 1);
		b = skip(b, 1);
	}
	if (a.len != b.len)
		return a.len < b.len ? -1 : 1;
	return str_cmp(all_a, all_b);	/* they differ in zeros at most */
}
