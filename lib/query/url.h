#ifndef QUERY_URL_H
#define QUERY_URL_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"

/*
 * url: percent-encoding (RFC 3986) of UTF-8, and the "+" of forms.
 */

/* Append s so that it may stand in a path or a query. */
void	url_encode(struct buf *b, struct str s);

/*
 * Append what s stands for, "+" as a blank where plus is true.  False where a
 * "%" is not followed by two hex digits, or where what comes out is no UTF-8
 * or holds a NUL; b is then left with a part of it.
 */
bool	url_decode(struct buf *b, struct str s, bool plus);

/* Bytes as lower-case hex digits, and back; false for all else. */
void	hex_encode(struct buf *b, struct str s);
bool	hex_decode(struct buf *b, struct str s);

#endif
