#ifndef FACTS_BASE64_H
#define FACTS_BASE64_H

#include <stddef.h>

#include "base/str.h"

/*
 * base64: RFC 4648.  White space in the text is passed over.
 */

/* Returns how many bytes went to out, or -1: no base64, or no room. */
long	base64_decode(unsigned char *out, size_t size, struct str text);

/* Without padding and with NUL; out has 4 * ((n + 2) / 3) + 1 bytes. */
void	base64_encode(char *out, const unsigned char *p, size_t n);

#endif
