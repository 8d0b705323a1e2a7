#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/*
 * str: bytes that somebody else owns, with their length.  They need not end
 * in NUL and may hold one.  Lent: valid as long as what they were taken from.
 */
struct str {
	const char	*p;
	size_t		 len;
};

static inline struct str
str_of(const char *s)
{
	return (struct str){ s, strlen(s) };
}

static inline bool
str_eq(struct str a, struct str b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.p, b.p, a.len) == 0);
}

/* Order of bytes; of two that agree, the shorter one is first. */
static inline int
str_cmp(struct str a, struct str b)
{
	size_t n = a.len < b.len ? a.len : b.len;
	int c = n == 0 ? 0 : memcmp(a.p, b.p, n);

	return c != 0 ? c : (a.len > b.len) - (a.len < b.len);
}

static inline bool
str_starts(struct str s, struct str prefix)
{
	return s.len >= prefix.len &&
	    (prefix.len == 0 || memcmp(s.p, prefix.p, prefix.len) == 0);
}

/* What follows the first n bytes, of which there are so many. */
static inline struct str
str_from(struct str s, size_t n)
{
	/* Nothing can be added to NULL, not even nothing. */
	return n == 0 ? s : (struct str){ s.p + n, s.len - n };
}

/* How many bytes of it are c. */
static inline size_t
str_count(struct str s, char c)
{
	const char *p = s.p, *end = s.p + s.len;
	size_t n = 0;

	for (; p < end && (p = memchr(p, c, (size_t)(end - p))) != NULL; p++)
		n++;
	return n;
}

#endif
