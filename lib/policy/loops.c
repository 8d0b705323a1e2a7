#include <ctype.h>
#include <string.h>

#include "policy/lexis.h"
#include "policy/loops.h"

enum { DEPTH_MAX = 500, NESTED_MAX = 50 };

/* A place in the source, and what the token before it allows for. */
struct at {
	struct str	 left;
	bool		 value;		/* "/" divides */
	struct str	 word;		/* the token before, if it is a word */
	bool		 member;	/* that one follows a "." */
	char		 last;		/* its first byte */
	size_t		 depth;
	bool		 statement[DEPTH_MAX];	/* the "(" is of an if, ... */
};

struct loops {
	const char	*start;
	struct buf	*out;
	struct buf	*err;
	unsigned	 n;		/* loops so far */
	unsigned	 nested;
};

/* The token there, or the blanks or the comment, which is passed. */
static struct str
next(struct at *at)
{
	struct str s = at->left;
	char c = s.p[0], second = s.len > 1 ? s.p[1] : '\0';
	bool comment = c == '/' && (second == '/' || second == '*');
	bool statement = false;

	if (isspace((unsigned char)c))
		s.len = 1;
	else if (comment)
		s.len = lexis_comment(s);
	else if (c == '"' || c == '\'')
		s.len = lexis_string(s);
	else if (c == '`')
		s.len = lexis_template(s);
	else if (c == '/' && !at->value)
		s.len = lexis_regex(s);
	else if (lexis_is_word(c))
		s.len = lexis_word(s);
	else
		s.len = 1;
	at->left.p += s.len;
	at->left.len -= s.len;
	if (comment || isspace((unsigned char)c))
		return s;
	if (c == '(') {
		if (at->depth < DEPTH_MAX)
			at->statement[at->depth] = lexis_is_statement(at->word);
		at->depth++;
	} else if (c == ')' && at->depth > 0) {
		at->depth--;
		statement = at->depth < DEPTH_MAX && at->statement[at->depth];
	}
	at->member = at->last == '.';
	at->last = c;
	at->word = (struct str){ 0 };
	if (lexis_is_word(c)) {
		at->word = s;
		at->value = at->member || !lexis_is_operator(s);
	} else
		at->value = strchr("\"'`/])", c) != NULL && s.len > 0 &&
		    !(c == '/' && s.len == 1) && !statement;
	return s;
}

static bool
is(struct str s, const char *word)
{
	return str_eq(s, str_of(word));
}

static struct str
between(const char *from, const char *to)
{
	return (struct str){ from, (size_t)(to - from) };
}

static struct str
trim(struct str s)
{
	while (s.len > 0 && isspace((unsigned char)s.p[0])) {
		s.p++;
		s.len--;
	}
	while (s.len > 0 && isspace((unsigned char)s.p[s.len - 1]))
		s.len--;
	return s;
}

/* for (KIND WHAT of LIST), of which at is behind the "for". */
struct head {
	struct str	 kind;		/* or nothing */
	struct str	 what;
	struct str	 list;
	const char	*start;		/* what is behind the "for" */
};

/* A pattern, a name, or without "let" anything that can be assigned to. */
static bool
can_be(const struct head *h)
{
	return h->kind.p == NULL || h->what.p[0] == '[' ||
	    h->what.p[0] == '{' || lexis_word(h->what) == h->what.len;
}

static bool
take_head(struct at *at, struct head *h)
{
	const char *what = NULL, *of = NULL;
	size_t depth = at->depth + 1, braces = 0;
	struct str s;

	*h = (struct head){ .start = at->left.p };
	while (at->left.len > 0) {
		s = next(at);
		if (isspace((unsigned char)s.p[0]) ||
		    (s.p[0] == '/' && s.len > 1 && strchr("/*", s.p[1])))
			continue;
		if (what == NULL) {
			if (s.p[0] != '(')
				return false;
			what = s.p + 1;
		} else if (of == NULL && h->kind.p == NULL && !h->what.p &&
		    trim(between(what, s.p)).len == 0 && (is(s, "let") ||
		    is(s, "const") || is(s, "var"))) {
			h->kind = s;
			what = s.p + s.len;
		} else if (s.p[0] == ')' && at->depth == depth - 1) {
			h->list = between(of, s.p);
			return of != NULL && can_be(h);
		} else if (strchr("[{", s.p[0]) != NULL)
			braces++;
		else if (strchr("]}", s.p[0]) != NULL)
			braces -= braces > 0;
		else if (braces == 0 && at->depth == depth && of == NULL) {
			if (s.p[0] == ';')
				return false;
			if (is(s, "of") && trim(between(what, s.p)).len > 0) {
				h->what = trim(between(what, s.p));
				of = s.p + s.len;
			}
		}
	}
	return false;
}

static unsigned
line_of(const struct loops *l, const char *p)
{
	unsigned line = 1;
	const char *q;

	for (q = l->start; q < p; q++)
		line += *q == '\n';
	return line;
}

static int	rewrite_part(struct loops *l, struct str source);

/* Line breaks that the head has and what is made of it would not have. */
static void
keep_lines(struct loops *l, const char *from, const char *to)
{
	for (; from < to; from++)
		if (*from == '\n')
			buf_putc(l->out, '\n');
}

/* The "{" of the body, with what comes before it; it is passed. */
static bool
take_brace(struct at *at, struct str *before)
{
	struct str s;

	before->p = at->left.p;
	while (at->left.len > 0) {
		s = next(at);
		if (s.p[0] == '{') {
			before->len = (size_t)(s.p - before->p);
			return true;
		}
		if (!isspace((unsigned char)s.p[0]) && !(s.p[0] == '/' &&
		    s.len > 1 && strchr("/*", s.p[1]) != NULL))
			return false;
	}
	return false;
}

static int
put_loop(struct loops *l, struct at *at, const struct head *h)
{
	bool pattern = strchr("[{", h->what.p[0]) != NULL;
	struct str gap = { 0 };
	unsigned n = ++l->n;

	if (pattern && (h->kind.p == NULL || !take_brace(at, &gap))) {
		buf_printf(l->err, "%u: for-of with a pattern: write "
		    "for (const %.*s of list) {...}", line_of(l, h->start),
		    (int)h->what.len, h->what.p);
		return -1;
	}
	keep_lines(l, h->start, h->what.p);
	buf_printf(l->out, "(%s __i%u = 0, __l%u = __p2list(",
	    h->kind.p != NULL && h->kind.p[0] == 'v' ? "var" : "let", n, n);
	keep_lines(l, h->what.p + h->what.len, h->list.p);
	if (rewrite_part(l, h->list) == -1)
		return -1;
	buf_puts(l->out, ")");
	if (!pattern && h->kind.p != NULL)
		buf_printf(l->out, ", %.*s", (int)h->what.len, h->what.p);
	buf_printf(l->out, "; __i%u < __l%u.length", n, n);
	if (!pattern)
		buf_printf(l->out, " && (%.*s = __l%u[__i%u], true)",
		    (int)h->what.len, h->what.p, n, n);
	buf_printf(l->out, "; __i%u++)", n);
	if (pattern) {
		buf_str(l->out, gap);
		buf_printf(l->out, "{ %.*s %.*s = __l%u[__i%u];",
		    (int)h->kind.len, h->kind.p, (int)h->what.len, h->what.p,
		    n, n);
	}
	return 0;
}

static int
rewrite_part(struct loops *l, struct str source)
{
	struct at at = { .left = source }, there;
	struct head head;
	struct str s;
	int rc = 0;

	if (++l->nested > NESTED_MAX) {
		buf_printf(l->err, "%u: nested too deep",
		    line_of(l, source.p));
		return -1;
	}
	while (at.left.len > 0 && rc == 0) {
		s = next(&at);
		buf_str(l->out, s);
		if (!is(s, "for") || at.member)
			continue;
		there = at;
		if (take_head(&there, &head)) {
			at = there;
			rc = put_loop(l, &at, &head);
		}
	}
	l->nested--;
	return rc;
}

int
loops_rewrite(struct str source, struct buf *out, struct buf *err)
{
	struct loops l = { .start = source.p, .out = out, .err = err };
	const char *nul = source.len == 0 ? NULL :
	    memchr(source.p, '\0', source.len);

	if (nul != NULL) {
		buf_printf(err, "%u: a NUL is in it", line_of(&l, nul));
		return -1;
	}
	return rewrite_part(&l, source);
}
