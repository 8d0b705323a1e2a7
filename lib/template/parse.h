#ifndef TEMPLATE_PARSE_H
#define TEMPLATE_PARSE_H

#include <stddef.h>

#include "base/buf.h"
#include "base/str.h"

/*
 * parse: a template as a row of parts, in the order in which they stand.
 */
enum part_kind {
	PART_TEXT,		/* as it is */
	PART_VALUE,		/* {{name}} */
	PART_RAW,		/* {{{name}}}, {{&name}} */
	PART_SECTION,		/* {{#name}} */
	PART_INVERTED,		/* {{^name}} */
	PART_END,		/* {{/name}} */
	PART_PARTIAL		/* {{>name}} */
};

struct delimiters {
	struct str	open;
	struct str	close;
};

struct part {
	enum part_kind	kind;
	struct str	text;	/* the text, or the name */
	struct str	body;	/* a section's raw text; a partial's indent */
	struct delimiters delims;	/* those in force behind the tag */
	size_t		end;	/* of a section: the index of its PART_END */
	unsigned	line;
};

struct parts {
	struct part	*part;	/* points into the template's text */
	size_t		 n;
	size_t		 size;
};

/*
 * Returns 0, and then parts_clear() is due, or -1 with a reason appended to
 * err.
 */
int	parts_parse(struct parts *p, struct str text,
	    const struct delimiters *delims, struct buf *err);
void	parts_clear(struct parts *p);

#endif
