#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/child.h"
#include "base/why.h"
#include "file/validate.h"

enum { TIMEOUT_MS = 60 * 1000, SAID_MAX = 400 };

/* A command being split: each word has NUL behind it. */
struct splitter {
	const char	*p;
	const char	*path;
	struct buf	 words;
	size_t		 n;
	bool		 has_path;
};

/* One character, or the path for it. */
static void
put(struct splitter *s)
{
	if (s->p[0] != '%')
		buf_putc(&s->words, *s->p);
	else if (s->p[1] == '%')
		buf_putc(&s->words, *s->p++);
	else {
		buf_puts(&s->words, s->path);
		s->has_path = true;
	}
	s->p++;
}

/* Up to the quote that ends it; in '' a backslash is itself. */
static int
quoted(struct splitter *s)
{
	char quote = *s->p++;

	while (*s->p != quote) {
		if (*s->p == '\\' && quote == '"' &&
		    (s->p[1] == '"' || s->p[1] == '\\')) {
			buf_putc(&s->words, s->p[1]);
			s->p += 2;
		} else if (*s->p == '\0')
			return -1;
		else
			put(s);
	}
	s->p++;
	return 0;
}

static int
word(struct splitter *s)
{
	while (*s->p != '\0' && strchr(" \t\n", *s->p) == NULL) {
		if (*s->p == '\'' || *s->p == '"') {
			if (quoted(s) == -1)
				return -1;
		} else if (*s->p == '\\' && s->p[1] != '\0') {
			buf_putc(&s->words, s->p[1]);
			s->p += 2;
		} else
			put(s);
	}
	buf_putc(&s->words, '\0');
	s->n++;
	return 0;
}

static int
split(struct splitter *s, const char *text, struct buf *why)
{
	errno = EINVAL;
	while (*(s->p += strspn(s->p, " \t\n")) != '\0')
		if (word(s) == -1)
			return why_say(why, "validate: %s: a quote is open",
			    text);
	if (s->n == 0 || !s->has_path)
		return why_say(why, "validate: %s: has to be a command with %% "
		    "for the file", text);
	if (!buf_failed(&s->words))
		return 0;
	errno = ENOMEM;
	return why_errno(why, "validate", "malloc");
}

int
file_command(struct file_command *c, const char *text, const char *path,
    struct buf *why)
{
	struct splitter s = { .p = text, .path = path };
	char *p;
	size_t i;

	if (split(&s, text, why) == -1)
		goto clear;
	if ((c->argv = reallocarray(NULL, s.n + 1, sizeof(*c->argv))) == NULL) {
		why_errno(why, "validate", "malloc");
		goto clear;
	}
	c->words = p = s.words.p;
	for (i = 0; i < s.n; i++, p += strlen(p) + 1)
		c->argv[i] = p;
	c->argv[i] = NULL;
	return 0;
clear:
	buf_clear(&s.words);
	return -1;
}

void
file_command_clear(struct file_command *c)
{
	free(c->argv);
	free(c->words);
	*c = (struct file_command){ NULL, NULL };
}

/* The end of what it has said, in one line. */
static void
add_said(struct buf *why, const struct buf *said)
{
	size_t n = said->len, from, i;

	while (n > 0 && said->p[n - 1] == '\n')
		n--;
	if (n == 0)
		return;
	from = n > SAID_MAX ? n - SAID_MAX : 0;
	buf_puts(why, ": ");
	for (i = from; i < n; i++)
		buf_putc(why, said->p[i] == '\n' ? ' ' : said->p[i]);
}

static int
refused(const struct child *c, const char *path, const char *name,
    const struct buf *said, struct buf *why)
{
	errno = EINVAL;
	if (c->timed_out)
		why_say(why, "%s: validate: %s has not ended in %d s", path,
		    name, TIMEOUT_MS / 1000);
	else if (c->signal != 0)
		why_say(why, "%s: validate: %s was ended by signal %d", path,
		    name, c->signal);
	else
		why_say(why, "%s: validate: %s exits %d", path, name,
		    c->status);
	add_said(why, said);
	return -1;
}

int
file_validate(const char *text, const struct replace *r, const char *path,
    struct buf *why)
{
	struct file_command cmd = { NULL, NULL };
	struct buf temp = { 0 }, said = { 0 };
	struct child c = { .timeout_ms = TIMEOUT_MS, .out = &said,
	    .err = &said };
	const char *what;
	int e, rc = -1;

	replace_path(r, &temp);
	buf_putc(&temp, '\0');
	if (buf_failed(&temp)) {
		errno = ENOMEM;
		why_errno(why, path, "malloc");
		goto clear;
	}
	if (file_command(&cmd, text, temp.p, why) == -1)
		goto clear;
	c.argv = (const char *const *)cmd.argv;
	if (child_run(&c, &what) == -1) {
		e = errno;
		why_say(why, "%s: validate: %s: %s", path, what, strerror(e));
		errno = e;
	} else if (c.timed_out || c.signal != 0 || c.status != 0)
		refused(&c, path, cmd.argv[0], &said, why);
	else
		rc = 0;
clear:
	file_command_clear(&cmd);
	buf_clear(&temp);
	buf_clear(&said);
	return rc;
}
