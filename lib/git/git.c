#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/beside.h"
#include "base/diff.h"
#include "base/watch.h"
#include "facts/text.h"
#include "file/part.h"
#include "git/git.h"
#include "git/plan.h"
#include "git/refs.h"

/* "://USER:PASSWORD@" shows nobody the password. */
static struct str
shown(struct str url)
{
	const char *at = memrchr(url.p, '@', url.len);
	struct str rest = url;

	if (at == NULL || memmem(url.p, url.len, "://", 3) == NULL)
		return url;
	rest.len -= (size_t)(at + 1 - url.p);
	rest.p = at + 1;
	return rest;
}

/*
 * --- Plan ----------------------------------------------------------------
 */

static int
look(struct job *j, struct git_plan *p)
{
	struct part_seen seen, repository;

	part_look(j, p->path, &seen);
	if (seen.kind == NODE_NONE && seen.no_parent &&
	    !world_is_vague(j->world))
		return job_fail(j, "the directory that %s is to be in is "
		    "missing", p->path), -1;
	if (seen.kind == NODE_NONE || seen.empty) {
		p->clones = true;
		job_why(j, seen.empty ? "is empty" : "is missing");
		return 0;
	}
	if (seen.kind != NODE_DIR)
		return job_fail(j, "%s is not a directory", p->path), -1;
	part_look(j, p->dir, &repository);
	if (repository.kind == NODE_FILE)
		return job_fail(j, "%s: its repository is elsewhere",
		    p->path), -1;
	if (repository.kind != NODE_DIR || !git_look(j, p))
		return job_fail(j, "%s has something in it, and is no %s of "
		    "git", p->path, p->bare ? "repository" : "working copy"),
		    -1;
	return 0;
}

/* Does a bare one have all that the remote has? */
static bool
has_all(const struct job *j, const struct git_plan *p)
{
	char have[GIT_ID_SIZE], peeled[GIT_ID_SIZE], *name;
	struct str rest, id, ref;
	bool same = true;

	rest = p->listing.len == 0 ? str_of("") : buf_view(&p->listing);
	while (same && git_listed_next(&rest, &id, &ref)) {
		if (text_ends(ref, "^{}") ||
		    (!str_starts(ref, str_of("refs/heads/")) &&
		    !str_starts(ref, str_of("refs/tags/"))) || !git_is_ref(ref))
			continue;
		if ((name = strndup(ref.p, ref.len)) == NULL)
			return false;
		same = git_look_ref(j, p, name, have, peeled) &&
		    str_eq(str_of(have), id);
		free(name);
	}
	return same;
}

static bool
is_on_branch(const struct git_plan *p)
{
	return p->kind != GIT_BRANCH || p->name == NULL ||
	    (p->on != NULL && strcmp(p->on, p->name) == 0);
}

static void
compare(struct job *j, struct git_plan *p)
{
	if (*p->to == '\0') {
		p->moves = true;
		job_why(j, "its repository may have another commit by then");
	} else if (strcmp(p->at, p->to) != 0) {
		p->moves = true;
		job_why(j, "is at %.12s, not %.12s", *p->at == '\0' ?
		    "no commit" : p->at, p->to);
	} else if (!is_on_branch(p)) {
		p->moves = true;
		job_why(j, "is on %s, not on branch %s", p->on == NULL ?
		    "no branch" : p->on, p->name);
	} else if (p->bare && !has_all(j, p)) {
		p->moves = true;
		job_why(j, "lacks branches or tags");
	}
}

/* Have they been seen to since the commit was checked out? */
static bool
has_submodules(const struct job *j, const struct git_plan *p)
{
	char id[GIT_ID_SIZE], peeled[GIT_ID_SIZE], *dir;
	struct part_seen seen = { .kind = NODE_NONE };

	if (asprintf(&dir, "%s/modules", p->dir) != -1) {
		part_look(j, dir, &seen);
		free(dir);
	}
	return seen.kind == NODE_DIR &&
	    git_look_ref(j, p, GIT_REF_AT, id, peeled) &&
	    strcmp(id, p->at) == 0;
}

static void
look_submodules(struct job *j, struct git_plan *p)
{
	struct part_seen seen;
	char *list;

	if (!p->submodules || p->moves ||
	    asprintf(&list, "%s/.gitmodules", p->path) == -1)
		return;
	part_look(j, list, &seen);
	free(list);
	if (seen.kind == NODE_FILE && !has_submodules(j, p)) {
		p->fills = true;
		job_why(j, "its submodules are not up to date");
	}
}

static void
show_diff(struct job *j, const struct git_plan *p)
{
	struct buf old = { 0 }, new = { 0 };

	if (!j->want_diff || (!p->moves && !p->clones) || *p->to == '\0')
		return;
	if (*p->at != '\0')
		buf_printf(&old, "commit %s\n", p->at);
	buf_printf(&new, "commit %s\n", p->to);
	diff_unified(&j->diff, old.len == 0 ? str_of("") : buf_view(&old),
	    buf_view(&new), old.len == 0 ? "/dev/null" : p->path, p->path);
	buf_clear(&old);
	buf_clear(&new);
}

static int
plan_changes(struct job *j, struct git_plan *p)
{
	struct str url;

	if (look(j, p) == -1)
		return -1;
	url = p->url.len == 0 ? str_of("") : buf_view(&p->url);
	if (!p->clones && !str_eq(url, str_of(p->source))) {
		p->sets_url = true;
		url = shown(url);
		job_why(j, "%s is %.*s, not %.*s", p->remote, (int)url.len,
		    url.p, (int)shown(str_of(p->source)).len,
		    shown(str_of(p->source)).p);
	}
	if (git_resolve(j, p) == -1)
		return -1;
	if (p->clones) {
		if (*p->to != '\0')
			job_why(j, "is to be at %.12s", p->to);
		return 0;
	}
	compare(j, p);
	look_submodules(j, p);
	return p->moves && *p->at != '\0' ? git_check_local(j, p) : 0;
}

static enum outcome
plan(struct job *j)
{
	struct git_plan *p;

	if ((p = calloc(1, sizeof(*p))) == NULL)
		return job_fail(j, "out of memory");
	j->state = p;
	j->drop = git_plan_free;
	if (git_want(j, p) == -1 || plan_changes(j, p) == -1)
		return OUTCOME_FAILED;
	if (j->why.len == 0 && beside_left(p->path)) {
		p->sweeps = true;
		job_why(j, "what an unfinished run has left is beside it");
	}
	show_diff(j, p);
	return j->why.len > 0 ? OUTCOME_CHANGED : OUTCOME_OK;
}

static enum outcome
apply(struct job *j)
{
	return git_act(j, j->state) == -1 ? OUTCOME_FAILED : OUTCOME_CHANGED;
}

/*
 * --- A dry run -----------------------------------------------------------
 */

static int
pretend_file(struct job *j, const struct git_plan *p, const char *name,
    const char *fmt, const char *a, const char *b)
{
	struct node n = { .kind = NODE_FILE, .mode = 0644, .uid = p->uid,
	    .gid = p->gid };
	char *path = NULL, *text = NULL;
	int rc = -1;

	if (asprintf(&path, "%s/%s", p->dir, name) != -1 &&
	    asprintf(&text, fmt, a, b) != -1) {
		n.data = str_of(text);
		rc = world_set(j->world, path, &n);
	}
	free(text);
	free(path);
	return rc;
}

static int
pretend_head(struct job *j, const struct git_plan *p)
{
	char *ref;
	int rc;

	if (p->kind != GIT_BRANCH || p->name == NULL)
		return pretend_file(j, p, "HEAD", "%s%s\n", p->to, "");
	if (asprintf(&ref, "refs/heads/%s", p->name) == -1)
		return -1;
	rc = pretend_file(j, p, "HEAD", "ref: %s%s\n", ref, "") == -1 ||
	    pretend_file(j, p, ref, "%s%s\n", p->to, "") == -1 ? -1 : 0;
	free(ref);
	return rc;
}

/* What else there is by then, only the commit could tell. */
static enum outcome
pretend(struct job *j)
{
	struct git_plan *p = j->state;
	struct node dir = { .kind = NODE_DIR, .mode = 0755, .fresh = true,
	    .uid = p->uid, .gid = p->gid };
	int rc = 0;

	if (p->sweeps)
		return OUTCOME_CHANGED;
	world_set_vague(j->world);
	if (p->clones)
		rc = world_set(j->world, p->path, &dir) == -1 ||
		    world_set(j->world, p->dir, &dir) == -1;
	if (rc == 0 && (p->clones || p->sets_url))
		rc = pretend_file(j, p, "config", "[remote \"%s\"]\n"
		    "url = \"%s\"\n", p->remote, p->source);
	if (rc == 0 && (p->clones || p->moves))
		rc = pretend_head(j, p);
	return rc != 0 ? job_fail(j, "out of memory") : OUTCOME_CHANGED;
}

/*
 * --- A watch -------------------------------------------------------------
 */

static void
watch_in(const char *dir, const char *name, resource_watch_fn *fn, void *arg)
{
	char *path;

	if (asprintf(&path, "%s/%s", dir, name) == -1)
		return;
	fn(path, WATCH_FOLLOW, arg);
	free(path);
}

static void
watch(const struct job *j, resource_watch_fn *fn, void *arg)
{
	const struct git_plan *p = j->state;
	char *ref;

	fn(git_path(j), WATCH_FOLLOW, arg);
	if (p == NULL || p->dir == NULL)
		return;
	watch_in(p->dir, "HEAD", fn, arg);
	watch_in(p->dir, "config", fn, arg);
	if (p->name != NULL && p->kind == GIT_BRANCH &&
	    asprintf(&ref, "refs/heads/%s", p->name) != -1) {
		watch_in(p->dir, ref, fn, arg);
		free(ref);
	}
}

const struct resource_type resource_git = {
	.name = "git", .options = git_options, .plan = plan, .apply = apply,
	.pretend = pretend, .watch = watch, .owns = part_owns
};
