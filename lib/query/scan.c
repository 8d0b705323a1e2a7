#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/utf8.h"
#include "query/scan.h"

enum {
	VALUE,			/* a value must follow */
	FIRST_VALUE,		/* or the end of the array */
	KEY,
	FIRST_KEY,		/* or the end of the object */
	COLON,
	AFTER,			/* a comma, or the end of what we are in */
	STRING,
	ESCAPE,
	HEX,
	WORD,			/* in a number or literal */
	END
};

enum { WORD_MAX = 64 };

static const char not_json[] = "the answer is not JSON";
static const char not_ours[] = "the answer is not that of a partisci server";
static const char no_memory[] = "out of memory";

void
scan_init(struct scan *s, int (*fn)(struct str row, void *arg), void *arg)
{
	*s = (struct scan){ .state = VALUE, .fn = fn, .arg = arg };
}

void
scan_clear(struct scan *s)
{
	buf_clear(&s->key);
	buf_clear(&s->word);
	buf_clear(&s->row);
	buf_clear(&s->next);
	buf_clear(&s->error);
}

static bool
in_row(const struct scan *s)
{
	return s->data_depth != 0 && s->depth > s->data_depth;
}

static bool
is_white(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool
is_wordy(char c)
{
	return ascii_digit(c) || (c >= 'a' && c <= 'z') || c == 'E' || c == '+' ||
	    c == '-' || c == '.';
}

static size_t
digits(struct str s, size_t i)
{
	size_t start = i;

	while (i < s.len && ascii_digit(s.p[i]))
		i++;
	return i - start;
}

static bool
is_number(struct str s)
{
	size_t i = 0, n;

	if (i < s.len && s.p[i] == '-')
		i++;
	if ((n = digits(s, i)) == 0 || (n > 1 && s.p[i] == '0'))
		return false;
	i += n;
	if (i < s.len && s.p[i] == '.') {
		if ((n = digits(s, i + 1)) == 0)
			return false;
		i += n + 1;
	}
	if (i < s.len && (s.p[i] == 'e' || s.p[i] == 'E')) {
		if (++i < s.len && (s.p[i] == '+' || s.p[i] == '-'))
			i++;
		if ((n = digits(s, i)) == 0)
			return false;
		i += n;
	}
	return i == s.len;
}

/* Append to what the bytes of this place are kept in, if anywhere. */
static const char *
keep(struct scan *s, const char *p, size_t n)
{
	if (in_row(s)) {
		if (s->row.len + n > SCAN_ROW_MAX)
			return "a row of the answer is too long";
		buf_add(&s->row, p, n);
	} else if (s->text != NULL) {
		if (s->text->len + n > SCAN_TEXT_MAX)
			return not_ours;
		buf_add(s->text, p, n);
	}
	return NULL;
}

static bool
key_is(const struct scan *s, const char *name)
{
	return s->depth == 1 && str_eq(buf_view(&s->key), str_of(name));
}

/* An object or array begins. */
static const char *
descend(struct scan *s, char c)
{
	bool array = c == '[';

	if (s->depth == 0 && array)
		return not_ours;
	if (s->depth == s->data_depth && s->depth != 0 && array)
		return not_ours;
	if (s->depth == SCAN_DEPTH_MAX)
		return "the answer is nested too deep";
	if (key_is(s, "data") && !array)
		return not_ours;
	s->array[s->depth++] = array;
	if (s->depth == 2 && array && str_eq(buf_view(&s->key),
	    str_of("data"))) {
		s->data_depth = 2;
		s->seen_data = true;
	}
	s->state = array ? FIRST_VALUE : FIRST_KEY;
	return keep(s, &c, 1);
}

static const char *
end_row(struct scan *s, bool *stopped)
{
	struct str row = buf_view(&s->row);

	if (buf_failed(&s->row))
		return no_memory;
	if (utf8_count(row) == SIZE_MAX)
		return not_json;
	if (s->fn(row, s->arg) != 0)
		*stopped = true;
	buf_reset(&s->row);
	return NULL;
}

/* The object or array that we are in ends. */
static const char *
ascend(struct scan *s, char c, bool *stopped)
{
	const char *why;

	if (s->depth == 0 || s->array[s->depth - 1] != (c == ']'))
		return not_json;
	if ((why = keep(s, &c, 1)) != NULL)
		return why;
	if (s->depth == s->data_depth)
		s->data_depth = 0;
	s->depth--;
	s->state = s->depth == 0 ? END : AFTER;
	if (s->data_depth != 0 && s->depth == s->data_depth)
		return end_row(s, stopped);
	return NULL;
}

static const char *
begin_string(struct scan *s, bool in_key)
{
	s->in_key = in_key;
	s->state = STRING;
	s->text = NULL;
	if (in_key && s->depth == 1)
		s->text = &s->key;
	else if (!in_key && key_is(s, "next"))
		s->text = &s->next;
	else if (!in_key && key_is(s, "error"))
		s->text = &s->error;
	if (s->text != NULL)
		buf_reset(s->text);
	return in_row(s) ? keep(s, "\"", 1) : NULL;
}

static const char *
end_string(struct scan *s)
{
	const char *why = in_row(s) ? keep(s, "\"", 1) : NULL;

	s->text = NULL;
	s->state = s->in_key ? COLON : AFTER;
	return why;
}

static const char *
begin_value(struct scan *s, char c)
{
	if (c == '{' || c == '[')
		return descend(s, c);
	if (s->depth == 0 || s->depth == s->data_depth)
		return not_ours;
	if (c == '"')
		return key_is(s, "data") ? not_ours : begin_string(s, false);
	if (!is_wordy(c))
		return not_json;
	buf_reset(&s->word);
	buf_putc(&s->word, c);
	s->state = WORD;
	return NULL;
}

/* A server may say null where it has no rows. */
static const char *
end_word(struct scan *s)
{
	struct str word = buf_view(&s->word);
	bool null = str_eq(word, str_of("null"));

	if (buf_failed(&s->word))
		return no_memory;
	if (!null && !str_eq(word, str_of("true")) &&
	    !str_eq(word, str_of("false")) && !is_number(word))
		return not_json;
	if (key_is(s, "data")) {
		if (!null)
			return not_ours;
		s->seen_data = true;
	}
	s->state = AFTER;
	return in_row(s) ? keep(s, word.p, word.len) : NULL;
}

static const char *
separate(struct scan *s, char c, bool *stopped)
{
	if (c == ']' || c == '}')
		return ascend(s, c, stopped);
	if (c != ',')
		return not_json;
	s->state = s->array[s->depth - 1] ? VALUE : KEY;
	return in_row(s) ? keep(s, &c, 1) : NULL;
}

/* One byte between tokens. */
static const char *
step(struct scan *s, char c, bool *stopped)
{
	if (is_white(c))
		return NULL;
	switch (s->state) {
	case FIRST_VALUE:
		if (c == ']')
			return ascend(s, c, stopped);
		return begin_value(s, c);
	case VALUE:
		return begin_value(s, c);
	case FIRST_KEY:
		if (c == '}')
			return ascend(s, c, stopped);
		return c == '"' ? begin_string(s, true) : not_json;
	case KEY:
		return c == '"' ? begin_string(s, true) : not_json;
	case COLON:
		s->state = VALUE;
		return c != ':' ? not_json : in_row(s) ? keep(s, &c, 1) : NULL;
	case AFTER:
		return separate(s, c, stopped);
	}
	return not_json;		/* something behind the document */
}

/* Bytes of a string, up to something special; the count goes to *n. */
static const char *
step_string(struct scan *s, const char *p, size_t *n)
{
	const char *why;
	size_t i = 0;

	while (i < *n && p[i] != '"' && p[i] != '\\' &&
	    (unsigned char)p[i] >= 0x20)
		i++;
	if ((why = keep(s, p, i)) != NULL || i == *n)
		return why;
	*n = i + 1;
	if (p[i] == '"')
		return end_string(s);
	s->state = ESCAPE;
	return p[i] == '\\' ? keep(s, p + i, 1) : not_json;
}

static const char *
step_escape(struct scan *s, char c)
{
	if (s->state == HEX) {
		if (ascii_hex(c) == -1)
			return not_json;
		s->state = --s->hex == 0 ? STRING : HEX;
	} else if (c == 'u') {
		s->state = HEX;
		s->hex = 4;
	} else if (c == '\0' || strchr("\"\\/bfnrt", c) == NULL)
		return not_json;
	else
		s->state = STRING;
	return keep(s, &c, 1);
}

/* A word ends at what cannot be in it, and that is not used up. */
static const char *
step_word(struct scan *s, char c, size_t *n)
{
	if (!is_wordy(c)) {
		*n = 0;
		return end_word(s);
	}
	if (s->word.len == WORD_MAX)
		return not_json;
	buf_putc(&s->word, c);
	return NULL;
}

int
scan_feed(struct scan *s, const char *p, size_t n, const char **errstr)
{
	const char *why = NULL;
	bool stopped = false;
	size_t used;

	for (; n > 0 && why == NULL && !stopped; p += used, n -= used) {
		used = 1;
		if (s->state == STRING) {
			used = n;
			why = step_string(s, p, &used);
		} else if (s->state == ESCAPE || s->state == HEX)
			why = step_escape(s, *p);
		else if (s->state == WORD)
			why = step_word(s, *p, &used);
		else
			why = step(s, *p, &stopped);
	}
	*errstr = why;
	return why != NULL || stopped ? -1 : 0;
}

int
scan_end(struct scan *s, const char **errstr)
{
	*errstr = NULL;
	if (s->state != END)
		*errstr = "the answer is cut short";
	else if (buf_failed(&s->key) || buf_failed(&s->next))
		*errstr = no_memory;
	else if (!s->seen_data || utf8_count(buf_view(&s->next)) == SIZE_MAX)
		*errstr = not_ours;
	return *errstr == NULL ? 0 : -1;
}
