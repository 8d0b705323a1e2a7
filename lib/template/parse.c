#include <stdlib.h>
#include <string.h>

#include "template/parse.h"
#include "template/template.h"

struct parser {
	struct parts	*parts;
	struct str	 text;
	size_t		 at;		/* what is before has been dealt with */
	unsigned	 line;
	size_t		 counted;	/* lines are counted up to here */
	struct delimiters delims;
	size_t		 open[TEMPLATE_DEPTH_MAX];
	size_t		 depth;
	struct buf	*err;
};

/* A tag as it was found. */
struct tag {
	char		 kind;		/* one of "{&#^/>=!", or '\0' */
	size_t		 start;
	size_t		 end;
	struct str	 name;
};

void
parts_clear(struct parts *p)
{
	free(p->part);
	*p = (struct parts){ 0 };
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct str
trim(struct str s)
{
	while (s.len > 0 && is_blank(s.p[0]))
		s = (struct str){ s.p + 1, s.len - 1 };
	while (s.len > 0 && is_blank(s.p[s.len - 1]))
		s.len--;
	return s;
}

static int
fail(struct parser *p, struct str name, const char *words)
{
	buf_printf(p->err, "line %u: ", p->line);
	if (name.p != NULL) {
		buf_puts(p->err, "{{");
		buf_str(p->err, name);
		buf_puts(p->err, "}} ");
	}
	buf_puts(p->err, words);
	return -1;
}

static struct part *
add(struct parser *p, enum part_kind kind, struct str text)
{
	struct parts *l = p->parts;
	struct part *more;
	size_t size;

	if (l->n == l->size) {
		size = l->size == 0 ? 16 : 2 * l->size;
		if ((more = reallocarray(l->part, size, sizeof(*more))) == NULL)
			return NULL;
		l->part = more;
		l->size = size;
	}
	l->part[l->n] = (struct part){ .kind = kind, .text = text,
	    .delims = p->delims, .line = p->line };
	return &l->part[l->n++];
}

static int
add_text(struct parser *p, size_t from, size_t to)
{
	if (from < to && add(p, PART_TEXT,
	    (struct str){ p->text.p + from, to - from }) == NULL)
		return fail(p, (struct str){ 0 }, "out of memory");
	return 0;
}

/* Where needle begins at or after from, or SIZE_MAX. */
static size_t
find(struct str text, size_t from, struct str needle)
{
	const char *at;

	if (from >= text.len || (at = memmem(text.p + from, text.len - from,
	    needle.p, needle.len)) == NULL)
		return SIZE_MAX;
	return (size_t)(at - text.p);
}

/* Count the lines up to "to". */
static void
count_lines(struct parser *p, size_t to)
{
	for (; p->counted < to; p->counted++)
		p->line += p->text.p[p->counted] == '\n';
}

/* Read the tag that opens at start. */
static int
read_tag(struct parser *p, size_t start, struct tag *t)
{
	char closer[256];
	struct str close = p->delims.close;
	size_t at = start + p->delims.open.len, end;

	t->start = start;
	t->kind = '\0';
	if (at < p->text.len && strchr("{&#^/>=!", p->text.p[at]) != NULL &&
	    p->text.p[at] != '\0')
		t->kind = p->text.p[at++];
	if ((t->kind == '{' || t->kind == '=') && close.len < sizeof(closer)) {
		closer[0] = t->kind == '{' ? '}' : '=';
		memcpy(closer + 1, close.p, close.len);
		close = (struct str){ closer, close.len + 1 };
	}
	if ((end = find(p->text, at, close)) == SIZE_MAX)
		return fail(p, (struct str){ 0 }, "a tag is not closed");
	t->name = trim((struct str){ p->text.p + at, end - at });
	t->end = end + close.len;
	if (t->kind != '!' && t->kind != '=' && t->name.len == 0)
		return fail(p, (struct str){ 0 }, "a tag without a name");
	return 0;
}

/*
 * Has the tag a line to itself?  Then *from is where that line begins and *to
 * where the next one does.
 */
static bool
is_alone(const struct parser *p, const struct tag *t, size_t *from, size_t *to)
{
	const char *s = p->text.p;
	size_t a = t->start, z = t->end;

	while (a > 0 && (s[a - 1] == ' ' || s[a - 1] == '\t'))
		a--;
	if (a > 0 && s[a - 1] != '\n')
		return false;
	while (z < p->text.len && (s[z] == ' ' || s[z] == '\t'))
		z++;
	if (z + 1 < p->text.len && s[z] == '\r' && s[z + 1] == '\n')
		z++;
	if (z < p->text.len && s[z++] != '\n')
		return false;
	*from = a;
	*to = z;
	return true;
}

/* {{=<% %>=}} */
static int
set_delimiters(struct parser *p, struct str s)
{
	size_t n = 0;

	while (n < s.len && !is_blank(s.p[n]))
		n++;
	p->delims.open = (struct str){ s.p, n };
	p->delims.close = trim((struct str){ s.p + n, s.len - n });
	for (n = 0; n < p->delims.close.len; n++)
		if (is_blank(p->delims.close.p[n]))
			break;
	if (n == 0 || n < p->delims.close.len || p->delims.open.len == 0 ||
	    n > 100 || memchr(s.p, '=', s.len) != NULL)
		return fail(p, (struct str){ 0 }, "bad delimiters");
	return 0;
}

static int
open_section(struct parser *p, const struct tag *t, size_t body)
{
	struct part *part;

	if (p->depth == TEMPLATE_DEPTH_MAX)
		return fail(p, t->name, "is nested too deep");
	if ((part = add(p, t->kind == '#' ? PART_SECTION : PART_INVERTED,
	    t->name)) == NULL)
		return fail(p, (struct str){ 0 }, "out of memory");
	part->body.p = p->text.p + body;
	p->open[p->depth++] = p->parts->n - 1;
	return 0;
}

static int
close_section(struct parser *p, const struct tag *t, size_t body_end)
{
	struct part *open;

	if (p->depth == 0)
		return fail(p, t->name, "closes nothing");
	open = &p->parts->part[p->open[--p->depth]];
	if (!str_eq(open->text, t->name)) {
		fail(p, t->name, "closes {{");
		buf_str(p->err, open->text);
		buf_printf(p->err, "}} of line %u", open->line);
		return -1;
	}
	open->body.len = (size_t)(p->text.p + body_end - open->body.p);
	open->end = p->parts->n;
	if (add(p, PART_END, t->name) == NULL)
		return fail(p, (struct str){ 0 }, "out of memory");
	return 0;
}

static int
add_partial(struct parser *p, const struct tag *t, struct str indent)
{
	struct part *part;

	if ((part = add(p, PART_PARTIAL, t->name)) == NULL)
		return fail(p, (struct str){ 0 }, "out of memory");
	part->body = indent;
	return 0;
}

/* Take up one tag, and the line around it where it is alone there. */
static int
take_tag(struct parser *p, const struct tag *t)
{
	bool value = strchr("{&", t->kind) != NULL;	/* or '\0' */
	size_t from = t->start, to = t->end;
	struct str indent = { 0 };

	if (!value && is_alone(p, t, &from, &to))
		indent = (struct str){ p->text.p + from, t->start - from };
	if (add_text(p, p->at, from) == -1)
		return -1;
	p->at = to;
	switch (t->kind) {
	case '!':
		return 0;
	case '=':
		return set_delimiters(p, t->name);
	case '#':
	case '^':
		return open_section(p, t, to);
	case '/':
		return close_section(p, t, from);
	case '>':
		return add_partial(p, t, indent);
	}
	if (add(p, t->kind == '\0' ? PART_VALUE : PART_RAW, t->name) == NULL)
		return fail(p, (struct str){ 0 }, "out of memory");
	return 0;
}

static int
parse(struct parser *p)
{
	struct tag t = { 0 };
	size_t start;

	while ((start = find(p->text, p->at, p->delims.open)) != SIZE_MAX) {
		count_lines(p, start);
		if (read_tag(p, start, &t) == -1 || take_tag(p, &t) == -1)
			return -1;
	}
	if (p->depth > 0) {
		p->line = p->parts->part[p->open[p->depth - 1]].line;
		return fail(p, p->parts->part[p->open[p->depth - 1]].text,
		    "is not closed");
	}
	return add_text(p, p->at, p->text.len);
}

int
parts_parse(struct parts *parts, struct str text,
    const struct delimiters *delims, struct buf *err)
{
	struct parser p = { .parts = parts, .text = text, .line = 1,
	    .delims = *delims, .err = err };

	*parts = (struct parts){ 0 };
	if (parse(&p) == -1) {
		parts_clear(parts);
		return -1;
	}
	return 0;
}
