#ifndef FILE_EDIT_H
#define FILE_EDIT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/str.h"

/*
 * edit: a text of which a policy wants lines to be so and the rest left
 * as it is, byte for byte.
 *
 * In this order: lines that `remove` finds go; each of `line` is there, in
 * place of the last one that `match` finds, else behind the last one that
 * `after` finds, else at the end; `block` stands between its two markers, or
 * is put, with them, where a line would be, or goes if it is empty.  Lines end
 * in a newline; a last one without gets one before something is put behind it.
 */

/*
 * What finds lines: a POSIX extended expression; or, where an expression of
 * another kind was held against all that there may be, the lines it has found.
 */
struct file_find {
	const char	*expr;		/* NULL: it finds none */
	bool		 is_found;
	struct str	 found;		/* each with its newline */
};

struct file_edit {
	const struct str *line;
	size_t		 nlines;
	struct file_find match;		/* with one line only */
	struct file_find after;
	struct file_find remove;
	bool		 has_block;
	struct str	 block;
	const char	*marker;	/* with {mark} for BEGIN and END */
};

/*
 * Append to out the text as it should be.  Returns 0, or -1 with a reason in
 * why: an expression that is none, a marker without the other, or an edit that
 * would have to be made again and again.
 */
int	file_edit(struct buf *out, struct str text, const struct file_edit *e,
	    struct buf *why);

#endif
