#ifndef FACTS_PIECES_H
#define FACTS_PIECES_H

#include "facts/collect.h"

/*
 * pieces: the lines of a text that is too long to be had in one piece.
 *
 * A zeroed struct pieces with fn and arg is one at the beginning.  fn is called
 * for each line, without its end, lent until it returns.  Of a line that is
 * longer than PIECE nothing is told but what it begins with.
 */
enum { PIECE = 64 * 1024 };

struct pieces {
	void		(*fn)(struct str line, void *arg);
	void		 *arg;
	struct buf	  rest;		/* a line that is not whole yet */
};

/* The next piece of the text. */
void	pieces_take(struct pieces *p, struct str piece);

/* The text has ended; p is at the beginning again, and holds no memory. */
void	pieces_end(struct pieces *p);

/*
 * All that there is to read at fd, up to max bytes: more is cut at a line, and
 * told as an error of source.  Then pieces_end().  Returns 0, or an errno value
 * with some lines told and others not.
 */
int	pieces_read(struct pieces *p, struct facts *f, const char *source,
	    int fd, size_t max);

#endif
