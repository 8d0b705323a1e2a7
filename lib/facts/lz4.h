#ifndef FACTS_LZ4_H
#define FACTS_LZ4_H

#include <stddef.h>

/*
 * lz4: what was compressed in the LZ4 frame format, piece by piece.
 *
 * Neither checksums nor dictionaries are looked at.  A piece may refer to the
 * 64 KiB before it, so no more than that and one block are held.
 */
struct lz4;

/* Reads from fd, which stays the caller's.  NULL: no memory. */
struct lz4 *lz4_new(int fd);
void	lz4_free(struct lz4 *z);

/*
 * The next piece: *p is lent until the next call.  Returns its length, 0 at
 * the end, or -1: an error of reading, or no such format.
 */
long	lz4_next(struct lz4 *z, const char **p);

#endif
