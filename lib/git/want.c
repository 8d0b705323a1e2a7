#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "git/plan.h"
#include "git/refs.h"

enum { NAME_LEN_MAX = 1000 };

const struct resource_option git_options[] = {
	[GIT_PATH] = { "path", OPTION_STRING, "the title", "the directory" },
	[GIT_SOURCE] = { "source", OPTION_STRING, NULL,
	    "the repository: a URL, host:path or a directory" },
	[GIT_REVISION] = { "revision", OPTION_STRING,
	    "the branch that the repository names",
	    "a branch, a tag, or a commit in full" },
	[GIT_REMOTE] = { "remote", OPTION_STRING, "origin",
	    "what the repository is called" },
	[GIT_DEPTH] = { "depth", OPTION_INT, NULL,
	    "fetch so many commits of its history" },
	[GIT_SUBMODULES] = { "submodules", OPTION_BOOL, "false",
	    "fetch those, too, and what is in them" },
	[GIT_BARE] = { "bare", OPTION_BOOL, "false",
	    "only the repository, with all branches and tags" },
	[GIT_UPDATE] = { "update", OPTION_BOOL, "true",
	    "follow the branch; false: stay with what is there" },
	[GIT_FORCE] = { "force", OPTION_BOOL, "false",
	    "local changes and commits may go" },
	[GIT_USER] = { "user", OPTION_STRING, NULL,
	    "whose it is, and who runs git" },
	[GIT_IDENTITY] = { "identity", OPTION_STRING, NULL,
	    "a file with the key for ssh" },
	[GIT_TIMEOUT] = { "timeout", OPTION_SECONDS, "300",
	    "how long one call of git may take" },
	{ NULL, 0, NULL, NULL }
};

static const char *
text(const struct job *j, int i)
{
	return j->values[i].type == VALUE_STRING ? j->values[i].str.p : NULL;
}

static bool
flag(const struct job *j, int i, bool def)
{
	return j->values[i].type == VALUE_BOOL ? j->values[i].yes : def;
}

const char *
git_path(const struct job *j)
{
	const char *path = text(j, GIT_PATH);

	return path != NULL ? path : j->title.p;
}

void
git_plan_free(void *state)
{
	struct git_plan *p = state;

	free(p->dir);
	free(p->source);
	free(p->home);
	free(p->on);
	free(p->name);
	buf_clear(&p->url);
	buf_clear(&p->listing);
	free(p);
}

/* "ext::COMMAND" and its like run whatever they say. */
static bool
is_helper(const char *s)
{
	while (isalnum((unsigned char)*s) || *s == '-')
		s++;
	return s[0] == ':' && s[1] == ':';
}

/* git runs elsewhere: a directory that is relative is so to where we are. */
static int
want_source(struct job *j, struct git_plan *p)
{
	const char *s = text(j, GIT_SOURCE);
	char *cwd = NULL;
	int rc;

	if (s == NULL)
		return job_fail(j, "source: is missing"), -1;
	if (*s == '-' || *s == '\0' || is_helper(s))
		return job_fail(j, "source: is no repository"), -1;
	if (*s == '/' || strchr(s, ':') != NULL)
		rc = asprintf(&p->source, "%s", s);
	else {
		cwd = getcwd(NULL, 0);
		rc = asprintf(&p->source, "%s/%s", cwd == NULL ? "." : cwd, s);
	}
	free(cwd);
	if (rc != -1)
		return 0;
	p->source = NULL;
	return job_fail(j, "out of memory"), -1;
}

static int
want_names(struct job *j, struct git_plan *p)
{
	const char *s;

	p->revision = text(j, GIT_REVISION);
	if (p->revision != NULL && (strlen(p->revision) > NAME_LEN_MAX ||
	    !git_is_ref(str_of(p->revision))))
		return job_fail(j, "revision %s: is neither a branch, a tag "
		    "nor a commit", p->revision), -1;
	p->remote = text(j, GIT_REMOTE);
	if (p->remote == NULL)
		p->remote = "origin";
	for (s = p->remote; isalnum((unsigned char)*s) ||
	    (s > p->remote && *s != '\0' && strchr("-_.", *s) != NULL); s++)
		;
	if (*s != '\0' || s == p->remote || s - p->remote > NAME_LEN_MAX ||
	    !git_is_ref(str_of(p->remote)))
		return job_fail(j, "remote %s: is no name for one",
		    p->remote), -1;
	if (p->bare && p->revision != NULL &&
	    git_is_id(str_of(p->revision)))
		return job_fail(j, "revision: a bare repository is at a "
		    "branch"), -1;
	if (p->bare && p->submodules)
		return job_fail(j, "submodules: a bare repository has "
		    "none"), -1;
	return 0;
}

/* In a dry run he may be yet to come. */
static int
want_user(struct job *j, struct git_plan *p)
{
	const struct passwd *pw;

	p->uid = geteuid();
	p->gid = getegid();
	if ((p->user = text(j, GIT_USER)) == NULL)
		return 0;
	if ((pw = getpwnam(p->user)) == NULL) {
		if (j->world == NULL)
			return job_fail(j, "user: no user is called %s",
			    p->user), -1;
		p->user = NULL;
		return 0;
	}
	p->uid = pw->pw_uid;
	p->gid = pw->pw_gid;
	if ((p->home = strdup(pw->pw_dir)) == NULL)
		return job_fail(j, "out of memory"), -1;
	/* It is nobody's business to become who he is already. */
	if (p->uid == geteuid())
		p->user = NULL;
	return 0;
}

static int
want_numbers(struct job *j, struct git_plan *p)
{
	const struct value *depth = &j->values[GIT_DEPTH],
	    *timeout = &j->values[GIT_TIMEOUT];

	if (depth->type == VALUE_INT) {
		if (depth->num < 1 || depth->num > INT_MAX)
			return job_fail(j, "depth: %lld is not a number of "
			    "commits", (long long)depth->num), -1;
		p->depth = depth->num;
	}
	p->timeout_ms = timeout->type == VALUE_INT ? (long)timeout->num :
	    300000;
	return 0;
}

int
git_want(struct job *j, struct git_plan *p)
{
	p->path = git_path(j);
	p->submodules = flag(j, GIT_SUBMODULES, false);
	p->bare = flag(j, GIT_BARE, false);
	p->update = flag(j, GIT_UPDATE, true);
	p->force = flag(j, GIT_FORCE, false);
	p->identity = text(j, GIT_IDENTITY);
	if (asprintf(&p->dir, "%s%s", p->path, p->bare ? "" : "/.git") == -1) {
		p->dir = NULL;
		return job_fail(j, "out of memory"), -1;
	}
	if (want_source(j, p) == -1 || want_names(j, p) == -1 ||
	    want_user(j, p) == -1 || want_numbers(j, p) == -1)
		return -1;
	if (p->identity != NULL && access(p->identity, R_OK) == -1 &&
	    j->world == NULL)
		return job_fail(j, "identity %s: %s", p->identity,
		    strerror(errno)), -1;
	return 0;
}
