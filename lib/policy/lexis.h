#ifndef POLICY_LEXIS_H
#define POLICY_LEXIS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

/*
 * lexis: how long the token is that s begins with, which is of that kind; where
 * nothing closes it, it goes up to the end of its line, or of s.
 */
bool	lexis_is_word(char c);		/* may it be in a word? */
size_t	lexis_word(struct str s);
size_t	lexis_string(struct str s);
size_t	lexis_regex(struct str s);
size_t	lexis_comment(struct str s);
size_t	lexis_template(struct str s);	/* with what is in its ${} */

/* Words after which there is no value yet: what "/" begins is a regex. */
bool	lexis_is_operator(struct str word);

/* Those that take a condition in parentheses, and then a statement. */
bool	lexis_is_statement(struct str word);

#endif
