#ifndef BASE_WHY_H
#define BASE_WHY_H

#include "base/buf.h"

/*
 * why: what went wrong, in words, on its way up.
 *
 * Who fails writes one sentence without a full stop to the buffer that his
 * caller lent him, and returns -1; who hands it up adds nothing.
 */

/* "PATH: CALL: " and what errno says.  Returns -1 and leaves errno alone. */
int	why_errno(struct buf *why, const char *path, const char *call);

/* A sentence of one's own.  Returns -1 and leaves errno alone. */
int	why_say(struct buf *why, const char *fmt, ...)
	    __attribute__((format(printf, 2, 3)));

#endif
