#ifndef BASE_STDFD_H
#define BASE_STDFD_H

/*
 * stdfd: descriptors 0, 1 and 2 belong to stdin, stdout and stderr even where
 * the caller has closed them.  Otherwise the next file that is opened, the
 * store perhaps, gets one of these numbers, and messages are written into it.
 *
 * Call it first of all.  What was closed is then open to /dev/null, the wrong
 * way round: reading stdin or writing stdout fails with EBADF, as before.
 * Returns 0, or -1 with errno.
 */
int	stdfd_hold(void);

#endif
