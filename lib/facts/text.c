#include <limits.h>
#include <string.h>

#include "base/ascii.h"
#include "facts/text.h"

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' ||
	    c == '\v';
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
		s = str_from(s, 1);
	while (n < s.len && !is_blank(s.p[n]))
		n++;
	word = (struct str){ s.p, n };
	*rest = str_from(s, n);
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
		*rest = str_from(s, s.len);
		return s;
	}
	s.len = (size_t)(at - s.p);
	*rest = str_from(*rest, s.len + 1);
	return s;
}

struct str
text_tail(struct str s, char c)
{
	const char *at = s.len == 0 ? NULL : memrchr(s.p, c, s.len);

	return at == NULL ? s : str_from(s, (size_t)(at - s.p) + 1);
}

struct str
text_trim(struct str s)
{
	while (s.len > 0 && is_blank(*s.p))
		s = str_from(s, 1);
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
		s = str_from(s, 1);
	if (s.len == 0)
		return false;
	for (; s.len > 0; s = str_from(s, 1)) {
		digit = (uint64_t)(*s.p - '0');
		if (!ascii_digit(*s.p) || sum > (INT64_MAX - digit) / 10)
			return false;
		sum = sum * 10 + digit;
	}
	*n = minus ? -(int64_t)sum : (int64_t)sum;
	return true;
}

bool
text_hex(struct str s, uint64_t *n)
{
	uint64_t sum = 0;
	int digit;

	if (s.len > 2 && s.p[0] == '0' && (s.p[1] | 0x20) == 'x')
		s = str_from(s, 2);
	if (s.len == 0 || s.len > 16)
		return false;
	for (; s.len > 0; s = str_from(s, 1)) {
		if ((digit = ascii_hex(*s.p)) == -1)
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

	for (; s->len > 0 && ascii_digit(*s->p); n++)
		*s = str_from(*s, 1);
	return n;
}

bool
text_is_number(struct str s)
{
	const char *start;
	size_t n;

	if (s.len > 0 && *s.p == '-')
		s = str_from(s, 1);
	start = s.p;
	if ((n = digits(&s)) == 0 || (n > 1 && *start == '0'))
		return false;
	if (s.len > 0 && *s.p == '.') {
		s = str_from(s, 1);
		if (digits(&s) == 0)
			return false;
	}
	if (s.len > 0 && (*s.p | 0x20) == 'e') {
		s = str_from(s, 1);
		if (s.len > 0 && (*s.p == '+' || *s.p == '-'))
			s = str_from(s, 1);
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

	while (a->len > 1 && *a->p == '0' && ascii_digit(a->p[1]))
		*a = str_from(*a, 1);
	while (b->len > 1 && *b->p == '0' && ascii_digit(b->p[1]))
		*b = str_from(*b, 1);
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
	while (i > 0 && ascii_digit(a.p[i - 1]))
		i--;
	return i;
}

int
text_cmp_names(const char *a, const char *b)
{
	size_t i = 0;

	while (a[i] == b[i] && a[i] != '\0')
		i++;
	if (ascii_digit(a[i]) || ascii_digit(b[i]))
		return text_cmp(str_of(a), str_of(b));
	return (unsigned char)a[i] - (unsigned char)b[i];
}

int
text_cmp(struct str a, struct str b)
{
	struct str all_a = a, all_b = b;
	size_t n = alike(a, b);
	int c;

	a = str_from(a, n);
	b = str_from(b, n);
	while (a.len > 0 && b.len > 0) {
		if (ascii_digit(*a.p) && ascii_digit(*b.p)) {
			if ((c = cmp_runs(&a, &b)) != 0)
				return c;
			continue;
		}
		if (*a.p != *b.p)
			return (unsigned char)*a.p < (unsigned char)*b.p ?
			    -1 : 1;
		a = str_from(a, 1);
		b = str_from(b, 1);
	}
	if (a.len != b.len)
		return a.len < b.len ? -1 : 1;
	return str_cmp(all_a, all_b);	/* they differ in zeros at most */
}
