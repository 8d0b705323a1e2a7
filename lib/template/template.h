#ifndef TEMPLATE_TEMPLATE_H
#define TEMPLATE_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

/*
 * template: Mustache, as its specification has it (mustache(5), and
 * github.com/mustache/spec): interpolation, sections, inverted sections,
 * comments, partials, delimiters and, of the optional parts, lambdas.  Escaped
 * are & < > " ' / ` and =, as mustache.js does.
 *
 * Where the values come from is the caller's business: a handle stands for
 * one, and struct template_data says what can be asked of it.
 */
typedef uintptr_t template_value;

enum template_kind {
	TEMPLATE_FALSE,		/* a section is left out: null, false, "", 0 */
	TEMPLATE_TRUE,		/* anything else */
	TEMPLATE_LIST,		/* repeats a section */
	TEMPLATE_LAMBDA
};

struct template_run;

/*
 * Functions that return int fail with -1, having put a reason into err; then
 * so does rendering.
 */
struct template_data {
	enum template_kind (*kind)(void *arg, template_value v);
	/* 1 with *member where v has a member of that name, 0 if not. */
	int	(*get)(void *arg, template_value v, struct str name,
		    template_value *member, struct buf *err);
	size_t	(*length)(void *arg, template_value list);
	template_value (*item)(void *arg, template_value list, size_t i);
	/* Append the text of v, as it is to be read. */
	int	(*text)(void *arg, template_value v, struct buf *out,
		    struct buf *err);
	/*
	 * Append what the lambda makes of a section's raw text; it may have
	 * text rendered by template_section().  May be NULL.
	 */
	int	(*call)(void *arg, template_value lambda, struct str text,
		    struct template_run *run, struct buf *out,
		    struct buf *err);
	/* 1 with the text of a partial in out, 0 if there is none.  Or NULL. */
	int	(*partial)(void *arg, struct str name, struct buf *out,
		    struct buf *err);
	/* What get() and item() gave since the mark is done with.  Or NULL. */
	size_t	(*mark)(void *arg);
	void	(*release)(void *arg, size_t mark);
	void	*arg;
};

enum {
	TEMPLATE_DEPTH_MAX = 100,	/* sections, or partials, nested */
	TEMPLATE_OUT_MAX = 256 * 1024 * 1024
};

/*
 * Append text, rendered with root as the context, to out.  Returns 0, or -1
 * with a reason appended to err: "line 3: {{#a}} is not closed".
 */
int	template_render(struct str text, const struct template_data *d,
	    template_value root, struct buf *out, struct buf *err);

/* For lambdas: the same in the context and with the delimiters of run. */
int	template_section(struct template_run *run, struct str text,
	    struct buf *out, struct buf *err);

/* Append s with all that means something in HTML escaped. */
void	template_escape(struct buf *out, struct str s);

#endif
