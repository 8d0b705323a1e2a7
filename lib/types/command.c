#include <sys/stat.h>

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/child.h"
#include "base/watch.h"
#include "file/owner.h"
#include "types/command.h"
#include "types/tool.h"

/* In the order of the table. */
enum { CMD, CREATES, RETURNS, CWD, USER, UID, GID, ENV, UMASK, TIMEOUT, TRIES,
    TRY_SLEEP, REFRESHONLY, LOGOUTPUT };

static const struct resource_option options[] = {
	[CMD] = { "cmd", OPTION_STRING, "the title",
	    "the command, a template" },
	[CREATES] = { "creates", OPTION_STRING, NULL,
	    "run only if there is nothing at this path, a template" },
	[RETURNS] = { "returns", OPTION_INT | OPTION_LIST | OPTION_STRING,
	    "0", "the exit status of success, several, or ignore" },
	[CWD] = { "cwd", OPTION_STRING, NULL, "directory to run in" },
	[USER] = { "user", OPTION_STRING, NULL,
	    "user to run as, with his groups" },
	[UID] = { "uid", OPTION_INT | OPTION_STRING, NULL,
	    "user to run as, by number or name" },
	[GID] = { "gid", OPTION_INT | OPTION_STRING, NULL,
	    "group to run as, by number or name" },
	[ENV] = { "env", OPTION_MAP, "that of the run",
	    "the complete environment" },
	[UMASK] = { "umask", OPTION_STRING, NULL,
	    "mask of file modes, in octal digits" },
	[TIMEOUT] = { "timeout", OPTION_SECONDS, NULL,
	    "end it and all it has started after that" },
	[TRIES] = { "tries", OPTION_INT, "1", "so many times at most" },
	[TRY_SLEEP] = { "try_sleep", OPTION_SECONDS, "1",
	    "pause between two tries" },
	[REFRESHONLY] = { "refreshonly", OPTION_BOOL, "false",
	    "run only when another resource notifies it" },
	[LOGOUTPUT] = { "logoutput", OPTION_BOOL, "false",
	    "show what it prints, also when it succeeds" },
	{ NULL, 0, NULL, NULL }
};

static bool
given(const struct job *j, int i)
{
	return j->values[i].type != VALUE_NONE;
}

static bool
exists(const struct job *j, const char *path)
{
	struct node n;
	struct stat st;

	if (world_look(j->world, path, &n))
		return n.kind != NODE_NONE;
	return stat(path, &st) == 0;
}

/*
 * In a dry run: a user or group whom nobody is called may come with a package
 * or another command; one who would be gone stays away.
 */
static int
look_for(struct job *j, int option, const char *what,
    int (*find)(id_t *, const char *, const struct world *, struct buf *))
{
	const struct value *v = &j->values[option];
	struct buf why = { 0 };
	id_t id;
	int rc = 0;

	if (j->world == NULL || v->type != VALUE_STRING ||
	    find(&id, v->str.p, j->world, &why) == 0)
		;
	else if (errno == ENOENT || errno == ESRCH)
		job_why(j, "%s %s does not exist yet", what, v->str.p);
	else {
		job_fail(j, "%.*s", (int)why.len, why.p);
		rc = -1;
	}
	buf_clear(&why);
	return rc;
}

static enum outcome
plan(struct job *j)
{
	const char *path = j->values[CREATES].str.p;

	if (given(j, CREATES) && exists(j, path)) {
		job_why(j, "%s exists", path);
		return OUTCOME_SKIPPED;
	}
	if (given(j, CREATES))
		job_why(j, "%s does not exist", path);
	else
		job_why(j, "runs each time");
	if (look_for(j, given(j, USER) ? USER : UID, "user",
	    file_owner_user) == -1 ||
	    look_for(j, GID, "group", file_owner_group) == -1)
		return OUTCOME_FAILED;
	return OUTCOME_CHANGED;
}

/* A dry run takes it that the command creates what it says, and maybe more. */
static enum outcome
pretend(struct job *j)
{
	struct node n = { .kind = NODE_OTHER };

	world_set_vague(j->world);
	if (given(j, CREATES) &&
	    world_set(j->world, j->values[CREATES].str.p, &n) == -1)
		return job_fail(j, "out of memory");
	return OUTCOME_CHANGED;
}

static int
set_user(struct job *j, struct child *c)
{
	const struct value *v = &j->values[given(j, USER) ? USER : UID];
	const struct passwd *pw;

	if (v->type == VALUE_NONE)
		return 0;
	c->set_uid = true;
	if (v->type == VALUE_INT) {
		c->uid = (uid_t)v->num;
		return 0;
	}
	if ((pw = getpwnam(v->str.p)) == NULL) {
		job_fail(j, "there is no user %s", v->str.p);
		return -1;
	}
	c->uid = pw->pw_uid;
	c->gid = pw->pw_gid;
	c->set_gid = true;
	c->user = given(j, USER) ? v->str.p : NULL;
	return 0;
}

static int
set_group(struct job *j, struct child *c)
{
	const struct value *v = &j->values[GID];
	const struct group *gr;

	if (v->type == VALUE_NONE)
		return 0;
	c->set_gid = true;
	if (v->type == VALUE_INT) {
		c->gid = (gid_t)v->num;
		return 0;
	}
	if ((gr = getgrnam(v->str.p)) == NULL) {
		job_fail(j, "there is no group %s", v->str.p);
		return -1;
	}
	c->gid = gr->gr_gid;
	return 0;
}

static int
set_umask(struct job *j, struct child *c)
{
	const char *s = j->values[UMASK].str.p;

	if (!given(j, UMASK))
		return 0;
	if (*s == '\0' || strlen(s) > 4 || s[strspn(s, "01234567")] != '\0') {
		job_fail(j, "umask %s: not in octal digits", s);
		return -1;
	}
	c->set_umask = true;
	c->umask = (mode_t)strtoul(s, NULL, 8) & 0777;
	return 0;
}

/* To be freed; NULL if there is none, or no memory. */
static const char **
environment(const struct value *v)
{
	const char **env;
	size_t i;

	if (v->type == VALUE_NONE ||
	    (env = calloc(v->n + 1, sizeof(*env))) == NULL)
		return NULL;
	for (i = 0; i < v->n; i++)
		env[i] = v->list[i].p;
	return env;
}

/* Is the status that it ended with among those of success? */
static bool
is_success(const struct value *v, int status, int sig)
{
	char text[16];
	size_t i;

	if (v->type == VALUE_STRING && strcmp(v->str.p, "ignore") == 0)
		return true;
	if (sig != 0)
		return false;
	if (v->type == VALUE_NONE)
		return status == 0;
	if (v->type == VALUE_INT)
		return status == v->num;
	snprintf(text, sizeof(text), "%d", status);
	if (v->type == VALUE_STRING)
		return strcmp(v->str.p, text) == 0;
	for (i = 0; i < v->n; i++)
		if (str_eq(v->list[i], str_of(text)))
			return true;
	return false;
}

static enum outcome
judge(struct job *j, const struct child *c)
{
	j->status = c->status;
	j->signal = c->signal;
	j->show = given(j, LOGOUTPUT) && j->values[LOGOUTPUT].yes;
	if (c->signal == 0)
		job_detail_num(j, "status", c->status);
	else
		job_detail_num(j, "signal", c->signal);
	if (c->dropped > 0)
		job_detail_num(j, "dropped", (int64_t)c->dropped);
	if (!c->timed_out &&
	    is_success(&j->values[RETURNS], c->status, c->signal))
		return OUTCOME_CHANGED;
	j->show = true;
	if (c->timed_out)
		return job_fail(j, "took longer than %g s",
		    (double)c->timeout_ms / 1000);
	if (c->signal != 0)
		return job_fail(j, "ended by signal %d, %s", c->signal,
		    strsignal(c->signal));
	return job_fail(j, "exit status %d", c->status);
}

static enum outcome
run_once(struct job *j, struct child *c)
{
	const char *what;

	buf_reset(&j->out);
	buf_reset(&j->err);
	buf_reset(&j->detail);
	c->out = &j->out;
	c->err = &j->err;
	if (child_run(c, &what) == -1)
		return job_fail(j, "%s: %s", what, strerror(errno));
	return judge(j, c);
}

static void
pause_ms(int64_t ms)
{
	struct timespec t = { .tv_sec = ms / 1000,
	    .tv_nsec = ms % 1000 * 1000000 };

	while (nanosleep(&t, &t) == -1 && errno == EINTR)
		;
}

static enum outcome
run(struct job *j, const char *const *argv)
{
	struct child c = { .argv = argv, .cwd = j->values[CWD].str.p,
	    .timeout_ms = (long)j->values[TIMEOUT].num };
	int64_t tries = given(j, TRIES) ? j->values[TRIES].num : 1;
	int64_t pause = given(j, TRY_SLEEP) ? j->values[TRY_SLEEP].num : 1000;
	enum outcome outcome;
	const char **env;

	if (set_user(j, &c) == -1 || set_group(j, &c) == -1 ||
	    set_umask(j, &c) == -1)
		return OUTCOME_FAILED;
	if (tool_commit(j) == -1)
		return OUTCOME_FAILED;
	c.env = env = environment(&j->values[ENV]);
	while ((outcome = run_once(j, &c)) == OUTCOME_FAILED && --tries > 0 &&
	    j->signal == 0)
		pause_ms(pause);
	free(env);
	return outcome;
}

static const char *
text(const struct job *j)
{
	return given(j, CMD) ? j->values[CMD].str.p : j->title.p;
}

static enum outcome
apply(struct job *j)
{
	const char *argv[] = { "/bin/sh", "-c", text(j), NULL };

	return run(j, argv);
}

static enum outcome
apply_powershell(struct job *j)
{
	const char *argv[] = { "pwsh", "-NoProfile", "-NonInteractive",
	    "-Command", text(j), NULL };
	enum outcome outcome = run(j, argv);

	if (outcome == OUTCOME_FAILED &&
	    str_starts(buf_view(&j->why), str_of("pwsh: ")))
		return job_fail(j, "pwsh was not found: PowerShell is not "
		    "installed here");
	j->show = true;
	return outcome;
}

static void
watch(const struct job *j, resource_watch_fn *fn, void *arg)
{
	if (given(j, CREATES))
		fn(j->values[CREATES].str.p, WATCH_FOLLOW, arg);
}

const struct resource_type resource_command = {
	.name = "command", .options = options, .plan = plan, .apply = apply,
	.pretend = pretend, .watch = watch
};

const struct resource_type resource_powershell = {
	.name = "powershell", .options = options, .plan = plan,
	.apply = apply_powershell, .pretend = pretend, .watch = watch
};
