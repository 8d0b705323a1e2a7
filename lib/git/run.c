#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/child.h"
#include "facts/text.h"
#include "git/plan.h"

enum { WORDS_MAX = 32, OURS_MAX = 8 };

/*
 * What would send git to another repository, or let it ask; and what is set
 * here instead.
 */
static const char *const dropped[] = { "GIT_DIR", "GIT_WORK_TREE",
    "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_COMMON_DIR", "GIT_NAMESPACE",
    "GIT_PREFIX", "GIT_ASKPASS", "SSH_ASKPASS", "GIT_TERMINAL_PROMPT",
    "GIT_SSH", "GIT_SSH_COMMAND", "LC_ALL", "LANGUAGE" };
static const char *const of_user[] = { "HOME", "USER", "LOGNAME",
    "XDG_CONFIG_HOME" };

static bool
is_one_of(const char *entry, const char *const *names, size_t n)
{
	size_t i, len;

	for (i = 0; i < n; i++) {
		len = strlen(names[i]);
		if (strncmp(entry, names[i], len) == 0 && entry[len] == '=')
			return true;
	}
	return false;
}

/* For sh(1), in single quotes. */
static void
put_quoted(struct buf *b, const char *s)
{
	buf_putc(b, '\'');
	for (; *s != '\0'; s++)
		if (*s == '\'')
			buf_puts(b, "'\\''");
		else
			buf_putc(b, *s);
	buf_putc(b, '\'');
}

/* Each with NUL. */
static void
put_ours(struct buf *b, const struct git_plan *p)
{
	buf_puts(b, "GIT_TERMINAL_PROMPT=0");
	buf_putc(b, '\0');
	buf_puts(b, "LC_ALL=C");
	buf_putc(b, '\0');
	buf_puts(b, "GIT_SSH_COMMAND=ssh -o BatchMode=yes");
	if (p->identity != NULL) {
		buf_puts(b, " -o IdentitiesOnly=yes -i ");
		put_quoted(b, p->identity);
	}
	buf_putc(b, '\0');
	if (p->user == NULL)
		return;
	buf_printf(b, "HOME=%s", p->home);
	buf_putc(b, '\0');
	buf_printf(b, "USER=%s", p->user);
	buf_putc(b, '\0');
	buf_printf(b, "LOGNAME=%s", p->user);
	buf_putc(b, '\0');
}

/* To be freed, or NULL; what it points to is ours, and b's. */
static const char **
environment(const struct git_plan *p, struct buf *b)
{
	const char **env, *s;
	size_t i, n = 0;

	put_ours(b, p);
	for (i = 0; environ[i] != NULL; i++)
		;
	if (buf_failed(b) ||
	    (env = calloc(i + OURS_MAX + 1, sizeof(*env))) == NULL)
		return NULL;
	for (i = 0; environ[i] != NULL; i++)
		if (!is_one_of(environ[i], dropped,
		    sizeof(dropped) / sizeof(dropped[0])) &&
		    (p->user == NULL || !is_one_of(environ[i], of_user,
		    sizeof(of_user) / sizeof(of_user[0]))))
			env[n++] = environ[i];
	for (s = b->p; s < b->p + b->len; s += strlen(s) + 1)
		env[n++] = s;
	return env;
}

/* The line that says what is wrong, or the last one. */
static struct str
reason(struct str text)
{
	static const char *const marks[] = { "fatal: ", "error: " };
	struct str line, last = { "", 0 };
	size_t i;

	while (text_line(&text, &line)) {
		for (i = 0; i < 2; i++)
			if (str_starts(line, str_of(marks[i])))
				return (struct str){ line.p + strlen(marks[i]),
				    line.len - strlen(marks[i]) };
		if (text_trim(line).len > 0)
			last = line;
	}
	return last;
}

static int
judge(struct job *j, const struct child *c, const char *verb, bool may_fail)
{
	struct str why;

	if (c->status == 0 && c->signal == 0 && !c->timed_out)
		return 0;
	if (c->timed_out)
		job_fail(j, "git %s: took longer than %g s", verb,
		    (double)c->timeout_ms / 1000);
	else if (c->signal != 0)
		job_fail(j, "git %s: ended by signal %d, %s", verb, c->signal,
		    strsignal(c->signal));
	else if (may_fail && c->status < 128)
		return c->status;
	else {
		why = c->err->len == 0 ? (struct str){ "", 0 } :
		    reason(buf_view(c->err));
		if (why.len > 0)
			job_fail(j, "git %s: %.*s", verb, (int)why.len, why.p);
		else
			job_fail(j, "git %s: exit status %d", verb, c->status);
	}
	return -1;
}

int
git_run(struct job *j, const struct git_plan *p, const char *cwd,
    const char *const *words, struct buf *out, bool may_fail)
{
	const char *argv[WORDS_MAX] = { "git", "--no-optional-locks", "-c",
	    "advice.detachedHead=false", "-c", "init.defaultBranch=main" },
	    *what;
	struct buf ours = { 0 }, err = { 0 };
	struct child c = { .argv = argv, .cwd = cwd, .out = out, .err = &err,
	    .timeout_ms = p->timeout_ms };
	const char **env;
	size_t i, n = 6;
	int rc = -1;

	for (i = 0; words[i] != NULL && n + 1 < WORDS_MAX; i++)
		argv[n++] = words[i];
	if (p->user != NULL) {
		c.set_uid = c.set_gid = true;
		c.uid = p->uid;
		c.gid = p->gid;
		c.user = p->user;
	}
	if ((env = environment(p, &ours)) == NULL)
		job_fail(j, "out of memory");
	else {
		c.env = env;
		if (child_run(&c, &what) == -1)
			job_fail(j, "%s: %s", what, strerror(errno));
		else
			rc = judge(j, &c, words[0], may_fail);
	}
	free(env);
	buf_clear(&ours);
	buf_clear(&err);
	return rc;
}
