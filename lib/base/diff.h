#ifndef BASE_DIFF_H
#define BASE_DIFF_H

#include "base/buf.h"
#include "base/str.h"

/*
 * diff: what has to change to make one text of another, for people.
 *
 * Append to out a unified diff that makes b of a, with three lines of context,
 * from and to being the names in its head; nothing if they are the same.
 * Where either holds a NUL, or both together more than DIFF_BYTES_MAX, it is
 * one line that they differ.  The diff is the shortest one unless that would
 * take too long to find: work grows with the size of the texts times a
 * constant, memory with their number of lines.
 *
 * If memory runs out, out is marked failed.
 */
enum { DIFF_BYTES_MAX = 64 << 20 };

void	diff_unified(struct buf *out, struct str a, struct str b,
	    const char *from, const char *to);

#endif
