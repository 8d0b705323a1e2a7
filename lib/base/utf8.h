#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/*
 * utf8: RFC 3629, so no overlong forms, no surrogates, nothing past U+10FFFF.
 */

/*
 * Length in bytes of the character at the start of s, 1 to 4, or 0 where there
 * is none; the code point goes to *cp unless that is NULL.
 */
size_t	utf8_next(struct str s, uint32_t *cp);

/* Code points in s, or SIZE_MAX where it is not UTF-8. */
size_t	utf8_count(struct str s);

/* The longest prefix of s with at most max bytes that cuts no character. */
struct str utf8_cut(struct str s, size_t max);

#endif
