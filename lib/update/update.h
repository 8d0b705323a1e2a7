#ifndef UPDATE_UPDATE_H
#define UPDATE_UPDATE_H

#include <stddef.h>

#include "base/buf.h"
#include "base/str.h"

/*
 * update: what a program says of itself, "version VER of APP runs on HOST".
 *
 * On the wire it is one JSON object (RFC 8259) in UTF-8:
 *
 *	{"app": "Demo App", "ver": "1.2", "host": "web1", "instance": 0}
 *
 * app and ver are required and hold 1 to 50 code points, host up to 50 (none
 * means: the address it comes from), instance is an integer from 0 to 65535
 * (0 unless given).  Other keys are ignored; of equal keys the last counts.
 * Nothing may hold a NUL.  What breaks a rule is refused whole.
 */
enum {
	UPDATE_CHARS_MAX = 50,			/* code points in a field */
	UPDATE_BYTES_MAX = 4 * UPDATE_CHARS_MAX,	/* bytes in a field */
	UPDATE_ID_MAX = UPDATE_CHARS_MAX,	/* bytes in an app_id */
	UPDATE_INSTANCE_MAX = 65535
};

struct update {
	struct str	app;
	struct str	ver;
	struct str	host;			/* may be empty */
	unsigned	instance;
	/* Where update_parse() puts a field that had escapes in it. */
	char		room[3][UPDATE_BYTES_MAX];
};

/*
 * Read the len bytes at buf, which must be one update and nothing else but
 * white space.  Returns 0, or -1 with *errstr a reason in words (static).
 * The fields are lent: they point into buf or into u itself, so u must not be
 * copied.  The verdict on every input is that of jansson's json_loadb(), with
 * no flags, followed by the rules above.
 */
int	update_parse(struct update *u, const char *buf, size_t len,
	    const char **errstr);

/*
 * The same from separate values, which are lent to u; an empty host is none.
 * Returns as update_parse() does; *errstr names the field.
 */
int	update_make(struct update *u, struct str app, struct str ver,
	    struct str host, unsigned instance, const char **errstr);

/* Append u as compact JSON, without a newline; host only if it has one. */
void	update_format(struct buf *b, const struct update *u);

/*
 * The name under which an application is known: each code point of app in
 * lower case (Unicode's simple mapping), and what is then outside 0-9a-z as
 * one "_" a code point.  app must be UTF-8 and at most 50 code points long.
 * id is not NUL-terminated; returns its length in bytes.
 */
size_t	update_app_id(char id[UPDATE_ID_MAX], struct str app);

#endif
