#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/*
 * buf: bytes that grow at the end.
 *
 * Nothing here returns an error.  When memory runs out the buffer is marked
 * failed, keeps what it held, and ignores what follows: append as much as you
 * like and ask buf_failed() once, before you use the result.
 *
 * A zeroed struct buf is an empty buffer; buf_clear() gives its memory back
 * and makes it one again.  buf_reset() empties it but keeps the memory.
 */
struct buf {
	char	*p;		/* len bytes; not NUL-terminated */
	size_t	 len;
	size_t	 size;		/* bytes allocated at p */
	bool	 failed;
};

void	 buf_clear(struct buf *b);
void	 buf_reset(struct buf *b);
bool	 buf_failed(const struct buf *b);

/* Room for n more bytes at b->p + b->len, or NULL; then add to b->len. */
char	*buf_room(struct buf *b, size_t n);

void	 buf_add(struct buf *b, const void *p, size_t n);
void	 buf_str(struct buf *b, struct str s);
void	 buf_puts(struct buf *b, const char *s);
void	 buf_putc(struct buf *b, char c);
void	 buf_num(struct buf *b, uint64_t n);		/* decimal */
void	 buf_printf(struct buf *b, const char *fmt, ...)
	    __attribute__((format(printf, 2, 3)));

/*
 * s as a JSON string with its quotes (RFC 8259).  s is taken to be UTF-8; of
 * it, only the quote, the backslash and the control characters are escaped.
 */
void	 buf_json(struct buf *b, struct str s);

/* ,"name":"value": one more member of an object. */
void	 buf_member(struct buf *b, const char *name, struct str value);

/* What the buffer holds; lent until the next change to it. */
struct str buf_view(const struct buf *b);

/*
 * Read fd to its end, behind what the buffer holds.  Returns 0, or -1 with
 * errno: EFBIG if the buffer would come to hold more than max bytes, ENOMEM.
 */
int	 buf_read(struct buf *b, int fd, size_t max);

/*
 * Write all of it to fd, through short writes and EINTR, and empty it.
 * Returns 0, or -1 with errno; then the buffer still holds what did not go.
 */
int	 buf_write(struct buf *b, int fd);

#endif
