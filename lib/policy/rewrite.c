#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "policy/lexis.h"
#include "policy/rewrite.h"

enum { DEPTH_MAX = 500 };

/* What the token before allows for: a "/" after it divides or is a regex. */
enum before { OPERATOR, VALUE };

/* Something open: ( [ { by itself, "$" for ${, "=" for an arrow's value. */
struct frame {
	char		 kind;
	size_t		 start;		/* in the output */
	const char	*odd;		/* why these are no parameters */
	unsigned	 ternaries;	/* "?" that wait for a ":" */
	bool		 arrow;		/* { of an arrow function's body */
	bool		 uses_this;
	bool		 of_function;	/* ( of its parameters */
	bool		 of_for;
	bool		 of_statement;	/* ( of if, while, for, with */
	bool		 chain;		/* a chain is a statement in it */
	unsigned	 call;		/* ( of a call: the line of its name */
};

struct rewriter {
	const char	*p;
	const char	*end;
	unsigned	 line;
	unsigned	 added;		/* line breaks that the source has not */
	struct lines	*lines;		/* or NULL: none are to be added */
	struct buf	*out;
	struct buf	*err;
	struct frame	 frame[DEPTH_MAX];
	size_t		 depth;
	struct frame	 closed;	/* the ( ) that was closed last */
	enum before	 before;
	char		 last;		/* first byte of the token before */
	size_t		 last_start;	/* where that is in the output, */
	size_t		 last_end;
	unsigned	 last_line;	/* and in the source */
	struct str	 word;		/* it, if a word */
	struct str	 word_before;	/* what came before it, if a word */
	bool		 newline;	/* since the token before */
	bool		 arrow_body;	/* the next { is one */
	const char	*variable;	/* to take chains apart with, or NULL */
	size_t		 root;		/* where the p2 of a chain is */
	struct literals	*literals;	/* or NULL */
	size_t		 given;		/* calls there, of one that is not closed */
	bool		 chain;		/* as in a frame, where none is open */
	bool		 lacks;		/* it is the language that does */
};

static int
fail(struct rewriter *r, const char *words)
{
	buf_printf(r->err, "%u: %s", r->line, words);
	return -1;
}

/* The same for what is right, and could be said otherwise. */
static int
lack(struct rewriter *r, const char *words)
{
	r->lacks = true;
	return fail(r, words);
}

static bool
is(struct str s, const char *word)
{
	return s.p != NULL && str_eq(s, str_of(word));
}

/* All that is still to come. */
static struct str
ahead(const struct rewriter *r)
{
	return (struct str){ r->p, (size_t)(r->end - r->p) };
}

static char
peek(const struct rewriter *r, size_t i)
{
	return (size_t)(r->end - r->p) > i ? r->p[i] : '\0';
}

static void
count(struct rewriter *r, const char *p, size_t n)
{
	for (; n > 0; n--)
		r->line += *p++ == '\n';
}

/* Copy n bytes that are no token. */
static void
pass(struct rewriter *r, size_t n)
{
	if (memchr(r->p, '\n', n) != NULL)
		r->newline = true;
	count(r, r->p, n);
	buf_add(r->out, r->p, n);
	r->p += n;
}

/* Copy n bytes that are one. */
static void
token(struct rewriter *r, size_t n, enum before before)
{
	r->last = *r->p;
	r->last_start = r->out->len;
	r->last_line = r->line;
	count(r, r->p, n);
	buf_add(r->out, r->p, n);
	r->p += n;
	r->last_end = r->out->len;
	r->before = before;
	r->newline = false;
	r->word_before = r->word;
	r->word = (struct str){ 0 };
}

static void
insert(struct rewriter *r, size_t at, const char *s)
{
	size_t n = strlen(s);

	if (buf_room(r->out, n) == NULL)
		return;
	memmove(r->out->p + at + n, r->out->p + at, r->out->len - at);
	memcpy(r->out->p + at, s, n);
	r->out->len += n;
}

static struct frame *
top(struct rewriter *r)
{
	return r->depth == 0 ? NULL : &r->frame[r->depth - 1];
}

static int
push(struct rewriter *r, char kind)
{
	if (r->depth == DEPTH_MAX)
		return fail(r, "nested too deep");
	r->frame[r->depth++] = (struct frame){ .kind = kind,
	    .start = r->out->len };
	return 0;
}

/* The value of an arrow function ends before this. */
static void
end_value(struct rewriter *r)
{
	struct frame *f = top(r);
	const char *s = f->uses_this ? "); }.bind(this))" : "); })";

	insert(r, r->last_end, s);
	r->last_end += strlen(s);
	r->last = ')';
	r->before = VALUE;
	r->word = (struct str){ 0 };
	r->depth--;
}

static void
end_values(struct rewriter *r)
{
	while (top(r) != NULL && top(r)->kind == '=')
		end_value(r);
}

/* After a line break, does a token that starts a statement end the value? */
static void
end_values_at_newline(struct rewriter *r)
{
	if (r->newline && r->before == VALUE)
		end_values(r);
}

/* A byte of a text that becomes a string in quotes. */
static void
quote(struct rewriter *r, char c)
{
	switch (c) {
	case '"':
		buf_puts(r->out, "\\\"");
		break;
	case '\n':		/* the line goes on, so that lines stay */
		buf_puts(r->out, "\\n\\\n");
		r->line++;
		break;
	case '\r':
		buf_puts(r->out, "\\r");
		break;
	default:
		buf_putc(r->out, c);
	}
}

/* From behind "`" or the "}" of a ${} to the next of these. */
static int
template_text(struct rewriter *r)
{
	unsigned line = r->line;

	for (; r->p < r->end; r->p++) {
		if (*r->p == '`') {
			r->p++;
			buf_puts(r->out, "\")");
			r->last_end = r->out->len;
			r->before = VALUE;
			return 0;
		}
		if (*r->p == '$' && peek(r, 1) == '{') {
			r->p += 2;
			buf_puts(r->out, "\" + (");
			r->before = OPERATOR;
			return push(r, '$');
		}
		if (*r->p != '\\' || r->end - r->p < 2) {
			quote(r, *r->p);
			continue;
		}
		r->p++;
		if (strchr("`$", *r->p) == NULL)
			buf_putc(r->out, '\\');
		buf_putc(r->out, *r->p);
		r->line += *r->p == '\n';
	}
	r->line = line;
	return fail(r, "a template literal is not closed");
}

static int
open_template(struct rewriter *r)
{
	if (r->before == VALUE && !r->newline)
		return lack(r, "tagged template literals are not in the "
		    "language: call the function");
	end_values_at_newline(r);
	r->p++;
	r->last = '`';
	r->last_start = r->out->len;
	r->last_line = r->line;
	r->newline = false;
	r->word = (struct str){ 0 };
	buf_puts(r->out, "(\"");
	return template_text(r);
}

/* What is lacking, with what follows the word: "" any word, or that byte. */
static const struct {
	const char	*word;
	const char	*next;
	const char	*words;
} lacking[] = {
	{ "let", "a[{", "let is not in the language: write var" },
	{ "class", "a{", "classes are not in the language: write a function "
	    "that makes an object" },
	{ "const", "[{", "destructuring is not in the language: write "
	    "const a = o.a" },
	{ "var", "[{", "destructuring is not in the language: write "
	    "var a = o.a" },
	{ "async", "a(", "async is not in the language: return a promise" },
	{ "await", "a", "await is not in the language: write "
	    "p.then(function (v) {...})" },
	{ "function", "*", "generators are not in the language: fill an "
	    "array" },
	{ "import", "a{*'\"", "import is not in the language: write "
	    "var m = require('m')" },
	{ "export", "a{*", "export is not in the language: write "
	    "exports.a = a" }
};

/* Of what follows the word of length n: "a" for a word, or the byte. */
static char
next_after(const struct rewriter *r, size_t n)
{
	const char *p = r->p + n;

	while (p < r->end && isspace((unsigned char)*p))
		p++;
	return p == r->end ? '\0' : lexis_is_word(*p) ? 'a' : *p;
}

static int
check_word(struct rewriter *r, struct str word)
{
	char next = next_after(r, word.len);
	size_t i;

	if (r->last == '.' || next == ':' || next == '\0')
		return 0;
	for (i = 0; i < sizeof(lacking) / sizeof(lacking[0]); i++)
		if (is(word, lacking[i].word) &&
		    strchr(lacking[i].next, next) != NULL)
			return lack(r, lacking[i].words);
	if (is(word, "of") && r->before == VALUE && top(r) != NULL &&
	    top(r)->of_for)
		return lack(r, "for-of is not in the language: write "
		    "list.forEach(function (v) {...})");
	return 0;
}

static int
take_word(struct rewriter *r)
{
	struct str word = { r->p, lexis_word(ahead(r)) };
	bool member = r->last == '.';
	size_t i;

	if (check_word(r, word) == -1)
		return -1;
	if (!is(word, "in") && !is(word, "instanceof") && !is(word, "of"))
		end_values_at_newline(r);
	if (is(word, "this"))
		for (i = 0; i < r->depth; i++)
			r->frame[i].uses_this = true;
	token(r, word.len, !member && lexis_is_operator(word) ? OPERATOR :
	    VALUE);
	r->word = word;
	return 0;
}

/* Is the function's body, which starts with {, but a comment?  Its length. */
static size_t
comment_body(const struct rewriter *r, struct str *text)
{
	const char *p = r->p + 1, *close;

	while (p < r->end && isspace((unsigned char)*p))
		p++;
	if (r->end - p < 4 || p[0] != '/' || p[1] != '*' ||
	    (close = memmem(p + 2, (size_t)(r->end - p) - 2, "*/", 2)) == NULL)
		return 0;
	*text = (struct str){ p + 2, (size_t)(close - p) - 2 };
	p = close + 2;
	while (p < r->end && isspace((unsigned char)*p))
		p++;
	return p < r->end && *p == '}' ? (size_t)(p - r->p) : 0;
}

static void
keep_lines(struct rewriter *r, const char *p, const char *end)
{
	for (; p < end; p++)
		if (*p == '\n') {
			buf_putc(r->out, '\n');
			r->line++;
		}
}

/* {/ * text * /} as { if (arguments[0] === __p2comment) return "text";} */
static void
keep_comment(struct rewriter *r, struct str text, size_t n)
{
	const char *p = r->p + 1, *end = r->p + n;

	buf_putc(r->out, '{');
	keep_lines(r, p, text.p);
	p = text.p;
	buf_puts(r->out, "if (arguments[0] === __p2comment) return \"");
	for (; p < text.p + text.len; p++) {
		if (*p == '\\')
			buf_putc(r->out, '\\');
		quote(r, *p);
	}
	buf_puts(r->out, "\";");
	keep_lines(r, p, end);
	r->p = end + 1;
	buf_putc(r->out, '}');
	r->last = '}';
	r->last_end = r->out->len;
	r->before = OPERATOR;
	r->word = (struct str){ 0 };
}

/* "=>": what stands before are the parameters. */
static int
arrow(struct rewriter *r)
{
	size_t at = r->last_start;
	const char *p;

	if (r->last == ')') {
		if (r->closed.odd != NULL)
			return lack(r, r->closed.odd);
		at = r->closed.start;
		insert(r, at, "(function ");
	} else {
		insert(r, r->last_end, ")");
		insert(r, at, "(function (");
	}
	r->p += 2;
	for (p = r->p; p < r->end && isspace((unsigned char)*p); p++)
		;
	r->before = OPERATOR;
	r->last = '=';
	r->word = (struct str){ 0 };
	r->newline = false;
	if (p < r->end && *p == '{') {
		r->arrow_body = true;
		return 0;
	}
	buf_puts(r->out, "{ return (");
	return push(r, '=');
}

static int
open_bracket(struct rewriter *r)
{
	enum before before_it = r->before;
	struct str text, word = r->word, before = r->word_before;
	bool follows = r->last == ')' || r->arrow_body;
	char c = *r->p;
	size_t n;

	if (c == '{' && !r->arrow_body)
		end_values_at_newline(r);
	if (c == '{' && follows && (n = comment_body(r, &text)) > 0) {
		keep_comment(r, text, n);
		if (r->arrow_body)
			buf_putc(r->out, ')');
		r->last_end = r->out->len;
		r->before = r->arrow_body ? VALUE : OPERATOR;
		r->last = r->arrow_body ? ')' : '}';
		r->arrow_body = false;
		return 0;
	}
	if (c != '(' && top(r) != NULL && top(r)->kind == '(')
		top(r)->odd = "destructuring is not in the language: name "
		    "the parameter and take its members";
	if (push(r, c) == -1)
		return -1;
	if (c == '(') {
		top(r)->of_for = is(word, "for");
		top(r)->of_statement = lexis_is_statement(word);
		top(r)->of_function = is(word, "function") ||
		    (word.p != NULL && is(before, "function"));
		if (before_it == VALUE && !top(r)->of_statement &&
		    !top(r)->of_function)
			top(r)->call = r->last_line;
	}
	if (c == '{')
		top(r)->arrow = r->arrow_body;
	r->arrow_body = false;
	token(r, 1, OPERATOR);
	return 0;
}

static void
break_line(struct rewriter *r)
{
	buf_putc(r->out, '\n');
	r->added++;
}

/*
 * The engine takes a call to be where its ")" is.  One of several lines gets a
 * line of its own for that, which stands for the one that the call's name is
 * on.  What comes behind it is on another line again, unless the break might
 * end a statement there.
 */
static void
close_call(struct rewriter *r, unsigned line)
{
	const char *p = r->p + 1;

	break_line(r);
	lines_add(r->lines, r->line + r->added, line);
	token(r, 1, VALUE);
	while (p < r->end && (*p == ' ' || *p == '\t'))
		p++;
	if (p < r->end && (*p == '.' || *p == '(' || *p == '['))
		break_line(r);
	else
		line = 0;
	lines_add(r->lines, r->line + r->added + (line == 0),
	    r->line + (line == 0));
}

static int
close_bracket(struct rewriter *r)
{
	struct frame f = { 0 };
	char c = *r->p;

	end_values(r);
	if (r->depth > 0)
		f = r->frame[--r->depth];
	if (c == '}' && f.kind == '$') {
		r->p++;
		buf_puts(r->out, ") + \"");
		return template_text(r);
	}
	if (c == ')') {
		if (r->last == ',' && f.kind == '(')
			r->out->p[r->last_end - 1] = ' ';
		if (f.of_function && f.odd != NULL)
			return lack(r, f.odd);
		r->closed = f;
		if (f.call != 0 && f.call != r->line && r->lines != NULL) {
			close_call(r, f.call);
			return 0;
		}
	}
	token(r, 1, c == '}' || f.of_statement ? OPERATOR : VALUE);
	if (c == '}' && f.arrow) {
		buf_puts(r->out, f.uses_this ? ".bind(this))" : ")");
		r->last_end = r->out->len;
		r->before = VALUE;
		r->last = ')';
	}
	return 0;
}

/* "," ";" and ":" may end an arrow's value; "?" may come before a ":". */
static void
separate(struct rewriter *r)
{
	struct frame *f = top(r);
	char c = *r->p;

	if (c == '?' && f != NULL && f->kind == '=')
		f->ternaries++;
	else if (c == ':')
		while ((f = top(r)) != NULL && f->kind == '=') {
			if (f->ternaries > 0) {
				f->ternaries--;
				break;
			}
			end_value(r);
		}
	else if (c != '?')
		end_values(r);
	token(r, 1, OPERATOR);
}

static int
punctuation(struct rewriter *r)
{
	char c = *r->p, next = peek(r, 1), third = peek(r, 2);
	size_t n = 1;

	if (c == '=' && next == '>')
		return arrow(r);
	if (c == '.' && next == '.' && third == '.')
		return lack(r, "spread and rest are not in the language: "
		    "write f.apply(null, list) or a.concat(b)");
	if (c == '?' && next == '.' && !isdigit((unsigned char)third))
		return lack(r, "?. is not in the language: write a && a.b");
	if (c == '?' && next == '?')
		return lack(r, "?? is not in the language: write "
		    "a === undefined ? b : a");
	if (strchr(",;:?", c) != NULL) {
		separate(r);
		return 0;
	}
	if (c == '=' && next != '=' && top(r) != NULL &&
	    top(r)->kind == '(')
		top(r)->odd = "default parameters are not in the language: "
		    "write if (a === undefined) a = 1;";
	while (n < 3 && peek(r, n) == '=')
		n++;
	if (n == 1 && (c == '+' || c == '-') && next == c) {
		/* After a value it stays one; before one it is none. */
		token(r, 2, r->newline ? OPERATOR : r->before);
		return 0;
	}
	token(r, n, OPERATOR);
	return 0;
}

/* No more calls of literals follow. */
static void
end_literals(struct rewriter *r)
{
	char text[32];

	if (r->given == 0)
		return;
	snprintf(text, sizeof(text), "%zu)", r->given);
	insert(r, r->last_end, text);
	r->last_end += strlen(text);
	r->given = 0;
}

/* Does a call of literals come next in the chain?  Then that is done. */
static bool
take_literal_call(struct rewriter *r)
{
	size_t at, n;

	if (r->literals == NULL)
		return false;
	at = literals_end(r->literals);
	if ((n = literals_add(r->literals, ahead(r), r->line)) == 0)
		return false;
	if (r->given++ == 0)
		buf_printf(r->out, ";%s=__given(%s,%zu,", r->variable,
		    r->variable, at);
	keep_lines(r, r->p, r->p + n);
	r->p += n;
	r->last = ')';
	r->last_start = r->last_end = r->out->len;
	r->last_line = r->line;
	r->before = VALUE;
	r->newline = false;
	r->word = (struct str){ 0 };
	return true;
}

/* Is this a statement's first token? */
static bool
starts_statement(const struct rewriter *r)
{
	return r->last == '\0' || strchr(";{}", r->last) != NULL ||
	    (r->newline && r->before == VALUE);
}

/*
 * A statement p2.a().b() is written as p2.a(); p2.b(), each call of what the
 * one before has returned: the engine takes new registers for each call of a
 * chain, sets all of them anew at each return, and has not enough for tens of
 * thousands.  True if the token is done.
 */
static bool
take_chain_apart(struct rewriter *r)
{
	bool *chain = r->depth == 0 ? &r->chain : &top(r)->chain;
	bool word = lexis_is_word(*r->p);

	if (r->variable == NULL || (r->depth > 0 && top(r)->kind != '{'))
		return false;
	if (*chain && *r->p == '.' &&
	    (r->last == ')' || r->last_start == r->root) &&
	    take_literal_call(r))
		return true;
	end_literals(r);
	if (*chain && *r->p == '.' && r->last == ')') {
		buf_puts(r->out, ";");
		buf_puts(r->out, r->variable);
		buf_puts(r->out, "=");
		buf_puts(r->out, r->variable);
	} else if (*chain)
		*chain = word ? r->last == '.' : *r->p != '\0' &&
		    strchr(".([", *r->p) != NULL;
	if (!*chain && word && starts_statement(r) &&
	    is((struct str){ r->p, lexis_word(ahead(r)) }, "p2") &&
	    next_after(r, 2) == '.') {
		buf_puts(r->out, r->variable);
		buf_puts(r->out, "=");
		r->root = r->out->len;
		*chain = true;
	}
	return false;
}

static int
step(struct rewriter *r)
{
	char c = *r->p, next = peek(r, 1);

	if (isspace((unsigned char)c)) {
		pass(r, 1);
		return 0;
	}
	if (c == '/' && (next == '/' || next == '*')) {
		pass(r, lexis_comment(ahead(r)));
		return 0;
	}
	if (take_chain_apart(r))
		return 0;
	if (c == '"' || c == '\'') {
		end_values_at_newline(r);
		token(r, lexis_string(ahead(r)), VALUE);
	} else if (c == '`')
		return open_template(r);
	else if (c == '/' && r->before == OPERATOR)
		token(r, lexis_regex(ahead(r)), VALUE);
	else if (lexis_is_word(c))
		return take_word(r);
	else if (strchr("([{", c) != NULL && c != '\0')
		return open_bracket(r);
	else if (strchr(")]}", c) != NULL && c != '\0')
		return close_bracket(r);
	else
		return punctuation(r);
	return 0;
}

int
rewrite(struct str source, const char *variable, struct literals *literals,
    struct buf *out, struct lines *lines, struct buf *err)
{
	struct rewriter r = { .p = source.p, .end = source.p + source.len,
	    .line = 1, .out = out, .lines = lines, .err = err,
	    .variable = variable, .literals = literals };

	while (r.p < r.end)
		if (step(&r) == -1)
			return r.lacks ? REWRITE_LACKS : REWRITE_BAD;
	end_literals(&r);
	end_values(&r);
	return 0;
}
