#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "facts/json.h"
#include "facts/text.h"

enum { DEPTH_MAX = 64 };

struct parser {
	struct str	 left;
	struct arena	*arena;
	unsigned	 depth;
	const char	*error;
};

static struct val *parse_value(struct parser *p);

static void
skip_white(struct parser *p)
{
	while (p->left.len > 0 && memchr(" \t\r\n", *p->left.p, 4) != NULL) {
		p->left.p++;
		p->left.len--;
	}
}

static bool
take(struct parser *p, char c)
{
	if (p->left.len == 0 || *p->left.p != c)
		return false;
	p->left.p++;
	p->left.len--;
	return true;
}

static bool
hex4(struct parser *p, uint32_t *cp)
{
	struct str digits = { p->left.p, 4 };
	uint64_t n;

	if (p->left.len < 4 || memchr("xX", digits.p[1], 2) != NULL ||
	    !text_hex(digits, &n))
		return false;
	*cp = (uint32_t)n;
	p->left.p += 4;
	p->left.len -= 4;
	return true;
}

static char *
put_utf8(char *out, uint32_t cp)
{
	if (cp < 0x80)
		*out++ = (char)cp;
	else if (cp < 0x800) {
		*out++ = (char)(0xc0 | cp >> 6);
		*out++ = (char)(0x80 | (cp & 0x3f));
	} else if (cp < 0x10000) {
		*out++ = (char)(0xe0 | cp >> 12);
		*out++ = (char)(0x80 | (cp >> 6 & 0x3f));
		*out++ = (char)(0x80 | (cp & 0x3f));
	} else {
		*out++ = (char)(0xf0 | cp >> 18);
		*out++ = (char)(0x80 | (cp >> 12 & 0x3f));
		*out++ = (char)(0x80 | (cp >> 6 & 0x3f));
		*out++ = (char)(0x80 | (cp & 0x3f));
	}
	return out;
}

/* Half a pair, and NUL, become U+FFFD. */
static char *
unescape_unicode(struct parser *p, char *out)
{
	struct str before;
	uint32_t cp, low;

	if (!hex4(p, &cp))
		return NULL;
	if (cp >= 0xd800 && cp < 0xdc00) {
		before = p->left;
		if (take(p, '\\') && take(p, 'u') && hex4(p, &low) &&
		    low >= 0xdc00 && low < 0xe000)
			return put_utf8(out, 0x10000 + ((cp - 0xd800) << 10) +
			    (low - 0xdc00));
		p->left = before;
	}
	if (cp == 0 || (cp >= 0xd800 && cp < 0xe000))
		cp = 0xfffd;
	return put_utf8(out, cp);
}

static char *
unescape(struct parser *p, char *out)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *at;
	char c;

	if (p->left.len == 0)
		return NULL;
	c = *p->left.p++;
	p->left.len--;
	if (c == 'u')
		return unescape_unicode(p, out);
	if (c == '\0' || (at = strchr(from, c)) == NULL)
		return NULL;
	*out = to[at - from];
	return out + 1;
}

/* The opening quote is taken.  What comes out is never longer. */
static struct str
parse_string(struct parser *p)
{
	const char *end = p->left.p;
	char *start, *out;
	size_t n = 0;

	while (n < p->left.len && end[n] != '"')
		n += end[n] == '\\' ? 2 : 1;
	start = out = arena_alloc(p->arena, n + 4);
	while (out != NULL && !take(p, '"')) {
		if (p->left.len == 0 || (unsigned char)*p->left.p < 0x20)
			break;
		if (take(p, '\\')) {
			if ((out = unescape(p, out)) == NULL)
				break;
			continue;
		}
		if ((n = utf8_next(p->left, NULL)) == 0)
			break;
		memcpy(out, p->left.p, n);
		out += n;
		p->left.p += n;
		p->left.len -= n;
	}
	if (start == NULL || out == NULL || p->left.p == end ||
	    p->left.p[-1] != '"') {
		p->error = "a bad string";
		return (struct str){ "", 0 };
	}
	return (struct str){ start, (size_t)(out - start) };
}

static struct val *
parse_array(struct parser *p)
{
	struct val *a = val_new(p->arena, VAL_ARR);

	skip_white(p);
	if (take(p, ']'))
		return a;
	for (;;) {
		val_add(a, NULL, parse_value(p));
		skip_white(p);
		if (p->error != NULL || take(p, ']'))
			return a;
		if (!take(p, ','))
			break;
	}
	p->error = "no comma or bracket behind a value";
	return a;
}

static void
parse_member(struct parser *p, struct val *o)
{
	struct val *v, *old;
	struct str key;

	skip_white(p);
	if (!take(p, '"')) {
		p->error = "no name for a value";
		return;
	}
	key = parse_string(p);
	skip_white(p);
	if (p->error == NULL && !take(p, ':'))
		p->error = "no colon behind a name";
	v = p->error == NULL ? parse_value(p) : NULL;
	if (p->error != NULL || key.len == 0 || o == NULL)
		return;
	if ((old = val_get_str(o, key)) != NULL)
		val_drop(o, old);
	val_add(o, val_key(o, key), v);
}

static struct val *
parse_object(struct parser *p)
{
	struct val *o = val_new(p->arena, VAL_OBJ);

	skip_white(p);
	if (take(p, '}'))
		return o;
	for (;;) {
		parse_member(p, o);
		skip_white(p);
		if (p->error != NULL || take(p, '}'))
			return o;
		if (!take(p, ','))
			break;
	}
	p->error = "no comma or brace behind a value";
	return o;
}

static bool
is_wordy(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == 'E' ||
	    c == '+' || c == '-' || c == '.';
}

static struct val *
parse_word(struct parser *p)
{
	struct str word = { p->left.p, 0 };
	struct val *v = val_new(p->arena, VAL_NULL);
	int64_t n;

	while (p->left.len > 0 && is_wordy(*p->left.p)) {
		word.len++;
		p->left.p++;
		p->left.len--;
	}
	if (v == NULL || text_is(word, "null"))
		return v;
	if (text_is(word, "true") || text_is(word, "false")) {
		v->type = VAL_BOOL;
		v->u.yes = *word.p == 't';
	} else if (!text_is_number(word))
		p->error = "not a value";
	else if (!text_is(word, "-0") && text_num(word, &n)) {
		v->type = VAL_INT;
		v->u.num = n;
	} else {
		v->type = VAL_REAL;
		v->u.text = (struct str){ arena_cstr(p->arena, word),
		    word.len };
		if (v->u.text.p == NULL)
			v->u.text.len = 0;
	}
	return v;
}

static struct val *
parse_value(struct parser *p)
{
	struct val *v;

	skip_white(p);
	if (take(p, '"')) {
		struct str s = parse_string(p);

		if ((v = val_new(p->arena, VAL_STR)) != NULL)
			v->u.str = s;
		return v;
	}
	if (p->depth == DEPTH_MAX) {
		p->error = "nested too deep";
		return NULL;
	}
	p->depth++;
	if (take(p, '{'))
		v = parse_object(p);
	else if (take(p, '['))
		v = parse_array(p);
	else
		v = parse_word(p);
	p->depth--;
	return v;
}

int
json_parse(struct val *o, const char *key, struct str text,
    const char **errstr)
{
	struct parser p = { .left = text };
	struct val *v;

	*errstr = NULL;
	if (o == NULL)
		return 0;
	p.arena = o->u.list.arena;
	v = parse_value(&p);
	skip_white(&p);
	if (p.error == NULL && p.left.len > 0)
		p.error = "something behind the value";
	if ((*errstr = p.error) != NULL)
		return -1;
	val_add(o, key, v);
	return 0;
}
