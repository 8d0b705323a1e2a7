#include <ctype.h>
#include <stdint.h>
#include <string.h>

#include "base/ascii.h"
#include "base/utf8.h"
#include "policy/lexis.h"
#include "policy/lines.h"
#include "policy/literal.h"
#include "policy/plain.h"
#include "types/types.h"

/*
 * A call is packed as line, type, number of options or that it has none, title,
 * and behind it each option as its type, name and string.  Numbers are of four
 * bytes, as this host has them; strings are a length, so many bytes, and NUL.
 */
enum { NO_OPTIONS = PLAIN_OPTIONS_MAX + 1 };

struct scanner {
	const char	*p;
	const char	*end;
	unsigned	 line;
	struct buf	*out;
};

static void
put_number(struct buf *b, size_t n)
{
	uint32_t number = (uint32_t)n;

	buf_add(b, &number, sizeof(number));
}

static void
set_number(struct buf *b, size_t at, size_t n)
{
	uint32_t number = (uint32_t)n;

	if (!buf_failed(b))
		memcpy(b->p + at, &number, sizeof(number));
}

static size_t
take_number(const struct literals *l, size_t *at)
{
	uint32_t number;

	memcpy(&number, l->packed.p + *at, sizeof(number));
	*at += sizeof(number);
	return number;
}

static struct str
take_string(const struct literals *l, size_t *at)
{
	struct str s;

	s.len = take_number(l, at);
	s.p = l->packed.p + *at;
	*at += s.len + 1;
	return s;
}

static void
skip_space(struct scanner *s)
{
	for (; s->p < s->end && isspace((unsigned char)*s->p); s->p++)
		s->line += *s->p == '\n';
}

/* Is that what comes next, behind space? */
static bool
skip(struct scanner *s, char c)
{
	skip_space(s);
	if (s->p == s->end || *s->p != c)
		return false;
	s->p++;
	return true;
}

static struct str
take_word(struct scanner *s)
{
	struct str word;

	skip_space(s);
	word = (struct str){ s->p, (size_t)(s->end - s->p) };
	word.len = lexis_word(word);
	s->p += word.len;
	return word;
}

/* So many digits as a code point; 0 where they are none, or it is NUL. */
static uint32_t
take_hex(struct scanner *s, int digits)
{
	uint32_t c = 0;

	for (; digits > 0; digits--, s->p++) {
		if (s->p == s->end || ascii_hex(*s->p) == -1)
			return 0;
		c = c << 4 | (uint32_t)ascii_hex(*s->p);
	}
	return c;
}

static void
put_code(struct buf *b, uint32_t c)
{
	if (c < 0x80)
		buf_putc(b, (char)c);
	else if (c < 0x800) {
		buf_putc(b, (char)(0xc0 | c >> 6));
		buf_putc(b, (char)(0x80 | (c & 0x3f)));
	} else {
		buf_putc(b, (char)(0xe0 | c >> 12));
		buf_putc(b, (char)(0x80 | (c >> 6 & 0x3f)));
		buf_putc(b, (char)(0x80 | (c & 0x3f)));
	}
}

/* Behind a backslash.  What is seldom is left to the engine. */
static bool
take_escape(struct scanner *s)
{
	static const char letters[] = "nrtbfv\\'\"/", bytes[] =
	    "\n\r\t\b\f\v\\'\"/";
	const char *letter;
	uint32_t c;

	if (s->p == s->end)
		return false;
	if (*s->p == '\n') {
		s->line++;
		s->p++;
		return true;
	}
	if (*s->p == 'x' || *s->p == 'u') {
		c = take_hex(s, *s->p++ == 'x' ? 2 : 4);
		put_code(s->out, c);
		return c != 0 && (c < 0xd000 || c > 0xdfff);
	}
	letter = strchr(letters, *s->p);
	if (*s->p == '\0' || letter == NULL)
		return false;
	buf_putc(s->out, bytes[letter - letters]);
	s->p++;
	return true;
}

/* A character that is the same in the engine and in UTF-8. */
static bool
take_character(struct scanner *s)
{
	uint32_t c;
	size_t n;

	n = utf8_next((struct str){ s->p, (size_t)(s->end - s->p) }, &c);
	if (n == 0 || n == 4 || c == 0 || c == '\n' || c == '\r' ||
	    (c >= 0xd000 && c <= 0xdfff) || c == 0x2028 || c == 0x2029)
		return false;
	buf_add(s->out, s->p, n);
	s->p += n;
	return true;
}

/* A string in quotes; false, and it may be half there, if that is none. */
static bool
take_quoted(struct scanner *s)
{
	size_t start = s->out->len;
	char quote;

	skip_space(s);
	if (s->p == s->end || (*s->p != '"' && *s->p != '\''))
		return false;
	quote = *s->p++;
	put_number(s->out, 0);
	while (s->p < s->end && *s->p != quote) {
		if (*s->p == '\\') {
			s->p++;
			if (!take_escape(s))
				return false;
		} else if (!take_character(s))
			return false;
	}
	if (s->p == s->end)
		return false;
	s->p++;
	set_number(s->out, start, s->out->len - start - sizeof(uint32_t));
	buf_putc(s->out, '\0');
	return true;
}

static bool
take_value(struct scanner *s, enum literal_type *type)
{
	struct str word;

	skip_space(s);
	if (s->p < s->end && (*s->p == '"' || *s->p == '\'')) {
		*type = LITERAL_STRING;
		return take_quoted(s);
	}
	word = take_word(s);
	*type = str_eq(word, str_of("true")) ? LITERAL_TRUE : LITERAL_FALSE;
	put_number(s->out, 0);
	buf_putc(s->out, '\0');
	return *type == LITERAL_TRUE || str_eq(word, str_of("false"));
}

/* NAME: VALUE, of an option that a plain step may have. */
static bool
take_option(struct scanner *s, const struct resource_type *t)
{
	size_t start = s->out->len;
	enum literal_type type;
	struct option_row row;
	char name[32];
	struct str word = take_word(s);

	if (word.len == 0 || word.len >= sizeof(name) || !skip(s, ':'))
		return false;
	memcpy(name, word.p, word.len);
	name[word.len] = '\0';
	put_number(s->out, 0);
	put_number(s->out, word.len);
	buf_add(s->out, name, word.len + 1);
	if (!take_value(s, &type))
		return false;
	set_number(s->out, start, type);
	return plain_fits(t, name, type == LITERAL_STRING ?
	    OPTION_STRING | OPTION_TEXT : OPTION_BOOL, &row) &&
	    plain_is_easy(name);
}

/* {NAME: VALUE, ...} and how many there are. */
static bool
take_options(struct scanner *s, const struct resource_type *t, size_t *n)
{
	if (!skip(s, '{'))
		return false;
	for (*n = 0; !skip(s, '}'); ++*n) {
		if (*n > 0 && !skip(s, ','))
			return false;
		if (*n > 0 && skip(s, '}'))
			break;
		if (*n == PLAIN_OPTIONS_MAX || !take_option(s, t))
			return false;
	}
	return true;
}

/* Is one of them given twice?  Then the last one counts: not here. */
static bool
is_twice(const struct literals *l, size_t at, size_t n)
{
	struct literal_option o, other;
	size_t i, k, next;

	for (i = 0; i < n; i++) {
		literals_option(l, &at, &o);
		for (k = i + 1, next = at; k < n; k++) {
			literals_option(l, &next, &other);
			if (str_eq(o.name, other.name))
				return true;
		}
	}
	return false;
}

static int
type_called(struct str name)
{
	int i;

	for (i = 0; resource_types[i] != NULL; i++)
		if (str_eq(name, str_of(resource_types[i]->name)))
			return i;
	return -1;
}

/* Behind the title. */
static bool
take_rest(struct scanner *s, const struct resource_type *t, size_t *n)
{
	if (skip(s, ')'))
		return true;
	if (!skip(s, ','))
		return false;
	if (skip(s, ')'))
		return true;
	if (!take_options(s, t, n))
		return false;
	(void)skip(s, ',');
	return skip(s, ')');
}

static bool
take_call(struct scanner *s, struct literals *l)
{
	size_t start = s->out->len, at, n = NO_OPTIONS;
	struct literal call;
	int type;

	if (!skip(s, '.') || (type = type_called(take_word(s))) == -1 ||
	    !resource_types[type]->plain)
		return false;
	put_number(s->out, s->line);
	put_number(s->out, (size_t)type);
	put_number(s->out, NO_OPTIONS);
	if (!skip(s, '(') || !take_quoted(s) ||
	    !take_rest(s, resource_types[type], &n))
		return false;
	set_number(s->out, start + 2 * sizeof(uint32_t), n);
	at = start;
	return !buf_failed(s->out) && literals_next(l, &at, &call) &&
	    call.title.len > 0 && !is_twice(l, at, call.n);
}

size_t
literals_add(struct literals *l, struct str s, unsigned line)
{
	struct scanner scan = { s.p, s.p + s.len, line, &l->packed };
	size_t start = l->packed.len;

	if (take_call(&scan, l))
		return (size_t)(scan.p - s.p);
	l->packed.len = start;
	return 0;
}

void
literals_clear(struct literals *l)
{
	buf_clear(&l->packed);
}

size_t
literals_end(const struct literals *l)
{
	return l->packed.len;
}

bool
literals_next(const struct literals *l, size_t *at, struct literal *call)
{
	if (*at >= l->packed.len)
		return false;
	call->line = (unsigned)take_number(l, at);
	call->type = (unsigned)take_number(l, at);
	call->n = take_number(l, at);
	call->has_options = call->n != NO_OPTIONS;
	if (!call->has_options)
		call->n = 0;
	call->title = take_string(l, at);
	return true;
}

void
literals_option(const struct literals *l, size_t *at,
    struct literal_option *o)
{
	o->type = (enum literal_type)take_number(l, at);
	o->name = take_string(l, at);
	o->str = take_string(l, at);
}

void
literals_move(struct literals *l, const struct lines *before)
{
	struct literal_option o;
	struct literal call;
	size_t start, at = 0;

	for (start = 0; literals_next(l, &at, &call); start = at) {
		set_number(&l->packed, start,
		    lines_written(before, call.line));
		for (; call.n > 0; call.n--)
			literals_option(l, &at, &o);
	}
}

void
literals_pack(struct buf *b, const struct literals *l)
{
	size_t n = l->packed.len;

	buf_str(b, buf_view(&l->packed));
	buf_add(b, &n, sizeof(n));
}

bool
literals_unpack(struct literals *l, struct buf *b)
{
	size_t n;

	if (b->len < sizeof(n))
		return false;
	memcpy(&n, b->p + b->len - sizeof(n), sizeof(n));
	b->len -= sizeof(n);
	if (n > b->len)
		return false;
	b->len -= n;
	if (n > 0)
		buf_add(&l->packed, b->p + b->len, n);
	return !buf_failed(&l->packed);
}
