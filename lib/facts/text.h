#ifndef FACTS_TEXT_H
#define FACTS_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/str.h"

/*
 * text: taking apart what the kernel and its friends write into files.  All
 * that is returned is lent from what was given.
 */

/* The next line of *rest, without its end; false where there is none. */
bool	text_line(struct str *rest, struct str *line);

/* The next word of *rest, up to a blank or its end; empty where none is. */
struct str text_word(struct str *rest);

/* Do they have the same words, however these are spaced? */
bool	text_same_words(struct str a, struct str b);

/* What stands before the next c in *rest, which then starts behind it. */
struct str text_cut(struct str *rest, char c);

/* The same for the last c: what is behind it; all of s if there is none. */
struct str text_tail(struct str s, char c);

/* Without the white space, and without the quotes, around it. */
struct str text_trim(struct str s);
struct str text_unquote(struct str s);

/* Where word and end are literals, their length is none to count. */
static inline bool
text_is(struct str s, const char *word)
{
	return str_eq(s, str_of(word));
}

static inline bool
text_ends(struct str s, const char *end)
{
	size_t n = strlen(end);

	return s.len >= n && memcmp(s.p + s.len - n, end, n) == 0;
}

bool	text_has(struct str s, const char *part);

/* "KEY<blanks>SEP<blanks>VALUE": true if line is about key, and its value. */
bool	text_key(struct str line, const char *key, char sep,
	    struct str *value);

/* The value of the first such line in text; empty if there is none. */
struct str text_field(struct str text, const char *key, char sep);

/* A whole number and nothing else. */
bool	text_num(struct str s, int64_t *n);
bool	text_hex(struct str s, uint64_t *n);	/* with or without 0x */

/* Could it be a number in JSON? */
bool	text_is_number(struct str s);

/* How many numbers a list like "0-3,8,10-11" holds; 0 if it is none. */
int64_t	text_list_count(struct str s);

/* Order of bytes, but runs of digits by their value: eth2 before eth10. */
int	text_cmp(struct str a, struct str b);
int	text_cmp_names(const char *a, const char *b);	/* the same */

#endif
