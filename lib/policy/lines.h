#ifndef POLICY_LINES_H
#define POLICY_LINES_H

#include <stddef.h>

#include "base/buf.h"
#include "base/str.h"

/*
 * lines: which line of what was written a line of what was made of it is from.
 *
 * It is a list of pairs, sorted by their first line: from there on up to the
 * next pair, lines count up in both.  Before the first pair they are the same.
 * A zeroed struct lines is that everywhere; lines_clear() makes it one again.
 */
struct lines {
	struct buf	 pairs;		/* two unsigned ints each */
};

void	 lines_clear(struct lines *l);

/* From line on, lines are those of the written one; line never goes down. */
void	 lines_add(struct lines *l, unsigned line, unsigned written);

unsigned lines_written(const struct lines *l, unsigned line);

/*
 * What was made in two steps: l is of the second, before of the first; then l
 * is of both.  n is the number of lines of what came out.
 */
void	 lines_join(struct lines *l, const struct lines *before, unsigned n);

/* Behind what is in b, so that lines_unpack() finds it. */
void	 lines_pack(struct buf *b, const struct lines *l);

/* Take it off the end of b again; false if there is none. */
bool	 lines_unpack(struct lines *l, struct buf *b);

#endif
