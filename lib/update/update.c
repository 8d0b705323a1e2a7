#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/utf8.h"
#include "update/update.h"

/*
 * Two readers: one pass of our own over the forms that senders really use,
 * twenty times as fast as a general parser, and jansson for all the rest.
 * The fast one says yes only to what it is sure of, so every refusal, with
 * its reason, is jansson's or one of the field rules.
 */

enum field { APP, VER, HOST, INSTANCE, NFIELDS };

static const struct {
	const char	*name;
	const char	*missing;
	const char	*type;
	const char	*empty;
	const char	*toolong;
} fields[NFIELDS] = {
	{ "app", "app is missing", "app is not a string", "app is empty",
	    "app is longer than 50 characters" },
	{ "ver", "ver is missing", "ver is not a string", "ver is empty",
	    "ver is longer than 50 characters" },
	{ "host", NULL, "host is not a string", NULL,
	    "host is longer than 50 characters" },
	{ "instance", NULL, "instance is not an integer from 0 to 65535",
	    NULL, NULL }
};

/* Of the bytes in a field that is UTF-8, are there too many? */
static bool
too_long(struct str s)
{
	size_t i, n;

	if (s.len <= UPDATE_CHARS_MAX)
		return false;
	if (s.len > UPDATE_BYTES_MAX)
		return true;
	for (i = n = 0; i < s.len; i++)
		n += (unsigned char)s.p[i] >> 6 != 2;
	return n > UPDATE_CHARS_MAX;
}

static const char *
check_text(enum field f, struct str s)
{
	if (s.len == 0)
		return fields[f].empty;
	return too_long(s) ? fields[f].toolong : NULL;
}

/* A place in the message; end is where it stops. */
struct scan {
	const char	*p;
	const char	*end;
};

static void
skip_white(struct scan *s)
{
	while (s->p < s->end && (*s->p == ' ' || *s->p == '\t' ||
	    *s->p == '\n' || *s->p == '\r'))
		s->p++;
}

static bool
take(struct scan *s, char c)
{
	skip_white(s);
	if (s->p == s->end || *s->p != c)
		return false;
	s->p++;
	return true;
}

/*
 * Read one escape behind its backslash into *out.  \u is left to jansson.
 */
static bool
scan_escape(struct scan *s, char *out)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *at;

	if (s->p == s->end || *s->p == '\0' ||
	    (at = strchr(from, *s->p)) == NULL)
		return false;
	*out = to[at - from];
	s->p++;
	return true;
}

/*
 * Read a string into *val: where it has no escapes it stays where it is, else
 * it is put into room.  Says no where it is not sure, and where room (of
 * UPDATE_BYTES_MAX) is too small.
 */
static bool
scan_string(struct scan *s, struct str *val, char *room)
{
	const char *start;
	size_t n, len = 0;
	bool copied = false;
	unsigned char c;

	if (!take(s, '"'))
		return false;
	for (start = s->p; s->p < s->end; ) {
		c = (unsigned char)*s->p;
		n = 1;
		if (c == '"') {
			*val = copied ? (struct str){ room, len } :
			    (struct str){ start, (size_t)(s->p - start) };
			s->p++;
			return true;
		}
		if (c < 0x20)
			return false;
		if (c >= 0x80 && (n = utf8_next((struct str){ s->p,
		    (size_t)(s->end - s->p) }, NULL)) == 0)
			return false;
		if (c == '\\' && !copied) {
			len = (size_t)(s->p - start);
			if (len > UPDATE_BYTES_MAX)
				return false;
			memcpy(room, start, len);
			copied = true;
		}
		if (copied && len + n > UPDATE_BYTES_MAX)
			return false;
		if (c == '\\') {
			s->p++;
			if (!scan_escape(s, room + len))
				return false;
			len++;
			continue;
		}
		if (copied) {
			memcpy(room + len, s->p, n);
			len += n;
		}
		s->p += n;
	}
	return false;
}

/* An integer of at most 18 digits; anything that may be a real is a no. */
static bool
scan_integer(struct scan *s, int64_t *val)
{
	bool minus = false;
	const char *start;
	int64_t n = 0;

	if (s->p < s->end && *s->p == '-') {
		minus = true;
		s->p++;
	}
	for (start = s->p; s->p < s->end && *s->p >= '0' && *s->p <= '9';
	    s->p++) {
		if (s->p - start == 18)
			return false;
		n = n * 10 + (*s->p - '0');
	}
	if (s->p == start || (*start == '0' && s->p - start > 1))
		return false;
	if (s->p < s->end && (*s->p == '.' || *s->p == 'e' || *s->p == 'E'))
		return false;
	*val = minus ? -n : n;
	return true;
}

static bool
scan_word(struct scan *s, const char *word)
{
	size_t n = strlen(word);
	const char *p;

	if ((size_t)(s->end - s->p) < n || memcmp(s->p, word, n) != 0)
		return false;
	p = s->p + n;
	/* "truex" is no word: leave it to jansson to say so. */
	if (p < s->end && ((*p >= 'a' && *p <= 'z') || (*p >= 'A' &&
	    *p <= 'Z')))
		return false;
	s->p = p;
	return true;
}

static enum field
field_of(struct str key)
{
	enum field f;

	for (f = APP; f < NFIELDS; f++)
		if (str_eq(key, str_of(fields[f].name)))
			break;
	return f;
}

/*
 * Read the value of a key.  What kind it was goes into wrong[f]: true where a
 * field has a value of a type that it must not have.
 */
static bool
scan_value(struct scan *s, struct update *u, enum field f, bool wrong[],
    bool have[])
{
	char spare[UPDATE_BYTES_MAX];
	struct str val;
	int64_t n;

	skip_white(s);
	if (s->p == s->end)
		return false;
	have[f] = true;
	if (*s->p == '"') {
		/* cppcheck-suppress legacyUninitvar */
		if (!scan_string(s, &val, f <= HOST ? u->room[f] : spare))
			return false;
		wrong[f] = f == INSTANCE;
		switch (f) {
		case APP:
			u->app = val;
			break;
		case VER:
			u->ver = val;
			break;
		case HOST:
			u->host = val;
			break;
		default:
			break;
		}
		return true;
	}
	if (*s->p == '-' || (*s->p >= '0' && *s->p <= '9')) {
		if (!scan_integer(s, &n))
			return false;
		wrong[f] = f != INSTANCE || n < 0 || n > UPDATE_INSTANCE_MAX;
		if (f == INSTANCE && !wrong[f])
			u->instance = (unsigned)n;
		return true;
	}
	wrong[f] = true;
	return scan_word(s, "true") || scan_word(s, "false") ||
	    scan_word(s, "null");
}

static const char *
check_fields(const struct update *u, const bool have[], const bool wrong[])
{
	const char *why = NULL;
	enum field f;

	for (f = APP; f < NFIELDS; f++) {
		if (!have[f] && fields[f].missing != NULL)
			return fields[f].missing;
		if (have[f] && wrong[f])
			return fields[f].type;
	}
	if ((why = check_text(APP, u->app)) == NULL &&
	    (why = check_text(VER, u->ver)) == NULL)
		why = check_text(HOST, u->host);
	return why;
}

/* True if all of it was understood; then *why is the verdict on the fields. */
static bool
parse_fast(struct update *u, const char *buf, size_t len, const char **why)
{
	struct scan s = { buf, buf + len };
	bool have[NFIELDS + 1] = { false }, wrong[NFIELDS + 1] = { false };
	char keyroom[UPDATE_BYTES_MAX];
	struct str key;

	if (!take(&s, '{'))
		return false;
	if (!take(&s, '}'))
		do {
			if (!scan_string(&s, &key, keyroom) || !take(&s, ':') ||
			    !scan_value(&s, u, field_of(key), wrong, have))
				return false;
		} while (take(&s, ','));
	else
		s.p--;
	if (!take(&s, '}'))
		return false;
	skip_white(&s);
	if (s.p != s.end)
		return false;
	*why = check_fields(u, have, wrong);
	return true;
}

static const char *
json_reason(const json_error_t *err)
{
	switch (json_error_code(err)) {
	case json_error_invalid_utf8:
		return "not valid UTF-8";
	case json_error_end_of_input_expected:
		return "something follows the object";
	case json_error_premature_end_of_input:
		return "the JSON ends too early";
	case json_error_null_character:
	case json_error_null_byte_in_key:
		return "a string holds a NUL";
	case json_error_numeric_overflow:
		return "a number is too large";
	case json_error_stack_overflow:
		return "nested too deep";
	case json_error_out_of_memory:
		return "out of memory";
	default:
		return "not valid JSON";
	}
}

/* Copy a string field out of root, into the room that u has for it. */
static const char *
slow_text(struct update *u, const json_t *root, enum field f, struct str *val)
{
	const json_t *j = json_object_get(root, fields[f].name);
	const char *why;

	*val = (struct str){ u->room[f], 0 };
	if (j == NULL)
		return fields[f].missing;
	if (!json_is_string(j))
		return fields[f].type;
	*val = (struct str){ json_string_value(j), json_string_length(j) };
	if ((why = check_text(f, *val)) != NULL)
		return why;
	memcpy(u->room[f], val->p, val->len);
	val->p = u->room[f];
	return NULL;
}

static const char *
slow_fields(struct update *u, const json_t *root)
{
	const json_t *j;
	const char *why;
	json_int_t n;

	if ((why = slow_text(u, root, APP, &u->app)) != NULL ||
	    (why = slow_text(u, root, VER, &u->ver)) != NULL ||
	    (why = slow_text(u, root, HOST, &u->host)) != NULL)
		return why;
	if ((j = json_object_get(root, fields[INSTANCE].name)) == NULL)
		return NULL;
	n = json_is_integer(j) ? json_integer_value(j) : -1;
	if (n < 0 || n > UPDATE_INSTANCE_MAX)
		return fields[INSTANCE].type;
	u->instance = (unsigned)n;
	return NULL;
}

static const char *
parse_slow(struct update *u, const char *buf, size_t len)
{
	json_error_t err;
	json_t *root;
	const char *why;

	if ((root = json_loadb(buf, len, 0, &err)) == NULL)
		return json_reason(&err);
	why = json_is_object(root) ? slow_fields(u, root) : "not an object";
	json_decref(root);
	return why;
}

int
update_parse(struct update *u, const char *buf, size_t len,
    const char **errstr)
{
	u->host = (struct str){ u->room[HOST], 0 };
	u->instance = 0;
	if (!parse_fast(u, buf, len, errstr)) {
		u->instance = 0;
		*errstr = parse_slow(u, buf, len);
	}
	return *errstr == NULL ? 0 : -1;
}

static const char *
check_value(enum field f, struct str s)
{
	if (memchr(s.p, '\0', s.len) != NULL)
		return "a value holds a NUL";
	if (utf8_count(s) == SIZE_MAX)
		return "not valid UTF-8";
	return check_text(f, s);
}

int
update_make(struct update *u, struct str app, struct str ver,
    struct str host, unsigned instance, const char **errstr)
{
	u->app = app;
	u->ver = ver;
	u->host = host.len > 0 ? host : (struct str){ u->room[HOST], 0 };
	u->instance = instance;
	if ((*errstr = check_value(APP, u->app)) == NULL &&
	    (*errstr = check_value(VER, u->ver)) == NULL &&
	    (*errstr = check_value(HOST, u->host)) == NULL &&
	    instance > UPDATE_INSTANCE_MAX)
		*errstr = fields[INSTANCE].type;
	return *errstr == NULL ? 0 : -1;
}

void
update_format(struct buf *b, const struct update *u)
{
	buf_puts(b, "{\"app\":");
	buf_json(b, u->app);
	buf_puts(b, ",\"ver\":");
	buf_json(b, u->ver);
	if (u->host.len > 0) {
		buf_puts(b, ",\"host\":");
		buf_json(b, u->host);
	}
	buf_puts(b, ",\"instance\":");
	buf_num(b, u->instance);
	buf_putc(b, '}');
}

static char
id_char(uint32_t cp)
{
	if (cp >= 'A' && cp <= 'Z')
		return (char)(cp - 'A' + 'a');
	if ((cp >= 'a' && cp <= 'z') || (cp >= '0' && cp <= '9'))
		return (char)cp;
	/*
	 * In the whole of Unicode two more code points have a simple lower
	 * case that is ASCII: U+0130, I WITH DOT ABOVE, and U+212A, KELVIN.
	 */
	return cp == 0x130 ? 'i' : cp == 0x212a ? 'k' : '_';
}

size_t
update_app_id(char id[UPDATE_ID_MAX], struct str app)
{
	uint32_t cp;
	size_t n, len;

	for (len = 0; app.len > 0 && len < UPDATE_ID_MAX; len++) {
		cp = (unsigned char)*app.p;
		if (cp < 0x80)
			n = 1;
		else if ((n = utf8_next(app, &cp)) == 0) {
			n = 1;
			cp = 0;
		}
		id[len] = id_char(cp);
		app.p += n;
		app.len -= n;
	}
	return len;
}
