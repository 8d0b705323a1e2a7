#include <ctype.h>
#include <string.h>

#include "policy/lexis.h"

static bool
is_one_of(struct str s, const char *const *words)
{
	for (; s.p != NULL && *words != NULL; words++)
		if (str_eq(s, str_of(*words)))
			return true;
	return false;
}

bool
lexis_is_operator(struct str word)
{
	static const char *const words[] = { "return", "typeof", "instanceof",
	    "in", "of", "new", "delete", "void", "throw", "case", "do", "else",
	    NULL };

	return is_one_of(word, words);
}

bool
lexis_is_statement(struct str word)
{
	static const char *const words[] = { "if", "while", "for", "with",
	    NULL };

	return is_one_of(word, words);
}

bool
lexis_is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '$' ||
	    (unsigned char)c >= 0x80 || c == '\\';
}

size_t
lexis_word(struct str s)
{
	size_t n;

	for (n = 0; n < s.len && lexis_is_word(s.p[n]); n++)
		;
	return n;
}

size_t
lexis_string(struct str s)
{
	size_t n;

	for (n = 1; n < s.len && s.p[n] != s.p[0] && s.p[n] != '\n'; n++)
		if (s.p[n] == '\\' && n + 1 < s.len)
			n++;
	return n + (n < s.len);
}

size_t
lexis_regex(struct str s)
{
	bool in_class = false;
	size_t n;

	for (n = 1; n < s.len && s.p[n] != '\n'; n++) {
		if (s.p[n] == '\\' && n + 1 < s.len)
			n++;
		else if (s.p[n] == '[')
			in_class = true;
		else if (s.p[n] == ']')
			in_class = false;
		else if (s.p[n] == '/' && !in_class)
			break;
	}
	while (n < s.len && (s.p[n] == '/' || lexis_is_word(s.p[n])))
		n++;
	return n;
}

size_t
lexis_comment(struct str s)
{
	const char *close;

	if (s.len > 1 && s.p[1] == '/')
		close = memchr(s.p, '\n', s.len);
	else if (s.len > 2 && (close = memmem(s.p + 2, s.len - 2, "*/", 2)) !=
	    NULL)
		close += 2;
	else
		close = NULL;
	return close == NULL ? s.len : (size_t)(close - s.p);
}

static size_t
template(struct str s, unsigned depth)
{
	unsigned open = 0;		/* braces of the ${} we are in */
	size_t n;

	for (n = 1; n < s.len; n++) {
		if (s.p[n] == '\\')
			n++;
		else if (open == 0 && s.p[n] == '`')
			return n + 1;
		else if (open == 0 && s.p[n] == '$' && n + 1 < s.len &&
		    s.p[n + 1] == '{') {
			open = 1;
			n++;
		} else if (open > 0 && s.p[n] == '{')
			open++;
		else if (open > 0 && s.p[n] == '}')
			open--;
		else if (open > 0 && s.p[n] == '`' && depth > 0)
			n += template((struct str){ s.p + n, s.len - n },
			    depth - 1) - 1;
		else if (open > 0 && (s.p[n] == '"' || s.p[n] == '\''))
			n += lexis_string((struct str){ s.p + n,
			    s.len - n }) - 1;
	}
	return s.len;
}

size_t
lexis_template(struct str s)
{
	return template(s, 100);
}
