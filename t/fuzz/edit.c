/*
 * A text and an edit of it, split at NULs: line, match, after, remove, block
 * and the text, of which empty ones are not given; see find_of().  What comes
 * out holds the lines and the block, lets the same edit find nothing to do, and
 * without match, remove and block has every line of the text in its order.
 */
#include <stdint.h>
#include <stdlib.h>

#include "file/edit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LINE, MATCH, AFTER, REMOVE, BLOCK, TEXT, FIELDS, FIELD_MAX = 40 };

/* The next line from *s, without its newline. */
static bool
next_line(struct str *s, struct str *line)
{
	const char *nl;

	if (s->len == 0)
		return false;
	nl = memchr(s->p, '\n', s->len);
	line->p = s->p;
	line->len = nl == NULL ? s->len : (size_t)(nl - s->p);
	s->p += line->len + (nl != NULL);
	s->len -= line->len + (nl != NULL);
	return true;
}

static bool
has_line(struct str text, struct str line)
{
	struct str l;

	while (next_line(&text, &l))
		if (str_eq(l, line))
			return true;
	return false;
}

/* Is each line of a in b, in the same order? */
static bool
is_within(struct str a, struct str b)
{
	struct str l, m;

	while (next_line(&a, &l)) {
		do
			if (!next_line(&b, &m))
				return false;
		while (!str_eq(l, m));
	}
	return true;
}

/*
 * Expressions come from the policy, and the C library takes memory without
 * bounds for some: repeated repetition is left out here.
 */
static const char *
expression(struct str s)
{
	size_t i;

	if (s.len == 0 || memchr(s.p, '{', s.len) != NULL)
		return NULL;
	for (i = 1; i < s.len; i++)
		if (strchr("*+?", s.p[i]) != NULL &&
		    strchr("*+?)", s.p[i - 1]) != NULL)
			return NULL;
	return s.p;
}

/* Behind a slash are the lines that another kind of expression has found. */
static struct file_find
find_of(struct str s)
{
	if (s.len == 0 || s.p[0] != '/')
		return (struct file_find){ .expr = expression(s) };
	return (struct file_find){ .expr = s.p, .is_found = true,
	    .found = { s.p + 1, s.len - 1 } };
}

static void
check(const struct file_edit *e, struct str text)
{
	struct buf out = { 0 }, again = { 0 }, why = { 0 };
	struct str new;

	if (file_edit(&out, text, e, &why) == -1) {
		if (why.len == 0)
			abort();
		goto clear;
	}
	new = out.len == 0 ? str_of("") : buf_view(&out);
	if (file_edit(&again, new, e, &why) == -1 ||
	    !str_eq(new, again.len == 0 ? str_of("") : buf_view(&again)))
		abort();
	if (e->nlines == 1 && !has_line(new, e->line[0]))
		abort();
	if (e->match.expr == NULL && e->remove.expr == NULL && !e->has_block &&
	    !is_within(text, new))
		abort();
clear:
	buf_clear(&out);
	buf_clear(&again);
	buf_clear(&why);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct file_edit e = { .marker = "# {mark}" };
	struct str f[FIELDS], rest;
	const char *nul;
	char *copy;
	int i;

	if ((copy = malloc(size + 1)) == NULL)
		return 0;
	memcpy(copy, data, size);
	copy[size] = '\0';
	rest = (struct str){ copy, size };
	for (i = 0; i < TEXT; i++) {
		nul = memchr(rest.p, '\0', rest.len);
		if (nul == NULL || nul - rest.p > FIELD_MAX)
			goto free_copy;
		f[i] = (struct str){ rest.p, (size_t)(nul - rest.p) };
		rest.len -= f[i].len + 1;
		rest.p = nul + 1;
	}
	e.line = &f[LINE];
	e.nlines = f[LINE].len > 0;
	e.match = find_of(f[MATCH]);
	e.after = find_of(f[AFTER]);
	e.remove = find_of(f[REMOVE]);
	e.has_block = f[BLOCK].len > 0;
	e.block = f[BLOCK];
	check(&e, rest);
free_copy:
	free(copy);
	return 0;
}
