#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/beside.h"
#include "facts/text.h"
#include "git/plan.h"
#include "resource/journal.h"

enum { WORDS_MAX = 16, REF_MAX = 4096 };

static int
fail(struct job *j, struct buf *why)
{
	job_fail(j, "%.*s", (int)why->len, why->p);
	buf_clear(why);
	return -1;
}

/*
 * --- What is only here ---------------------------------------------------
 */

static int
check_changes(struct job *j, struct git_plan *p)
{
	static const char *const words[] = { "status", "--porcelain",
	    "--untracked-files=no", NULL };
	struct buf out = { 0 };
	struct str rest, line;
	int rc;

	if ((rc = git_run(j, p, p->path, words, &out, false)) == 0 &&
	    out.len > 0) {
		rest = buf_view(&out);
		text_line(&rest, &line);
		line = line.len < 3 ? line :
		    (struct str){ line.p + 3, line.len - 3 };
		job_fail(j, "%.*s has local changes; with force they go",
		    (int)line.len, line.p);
		rc = -1;
	}
	buf_clear(&out);
	return rc;
}

/* Of HEAD, and of a branch of the same name as the one that is wanted. */
static int
check_commits(struct job *j, struct git_plan *p)
{
	char ref[REF_MAX], id[GIT_ID_SIZE], peeled[GIT_ID_SIZE];
	const char *words[WORDS_MAX] = { "rev-list", "--max-count=1" };
	struct buf out = { 0 };
	size_t n = 2;
	int rc;

	if (*p->at != '\0')
		words[n++] = p->at;
	snprintf(ref, sizeof(ref), "refs/heads/%s",
	    p->name == NULL ? "" : p->name);
	if (p->kind == GIT_BRANCH && git_look_ref(j, p, ref, id, peeled))
		words[n++] = id;
	if (n == 2)
		return 0;
	words[n++] = "--not";
	words[n++] = "--remotes";
	words[n++] = "--tags";
	words[n++] = "--glob=refs/p2/*";
	rc = git_run(j, p, p->path, words, &out, false);
	if (rc == 0 && out.len > 0) {
		job_fail(j, "commit %.12s has been made here; with force it "
		    "goes", out.p);
		rc = -1;
	}
	buf_clear(&out);
	return rc;
}

int
git_check_local(struct job *j, struct git_plan *p)
{
	struct node n;

	/* What a dry run has made up, has nothing of anybody's. */
	if (p->force || p->bare || world_look(j->world, p->path, &n))
		return 0;
	return check_changes(j, p) == -1 ? -1 : check_commits(j, p);
}

/*
 * --- Steps ---------------------------------------------------------------
 */

static int
set_url(struct job *j, const struct git_plan *p, const char *cwd)
{
	const char *words[] = { "remote", "set-url", p->remote, p->source,
	    NULL }, *add[] = { "remote", "add", p->remote, p->source,
	    p->bare ? "--mirror=fetch" : NULL, NULL };

	return git_run(j, p, cwd, !p->clones && p->url.len > 0 ? words : add,
	    NULL, false);
}

/* Is the commit that is wanted here already? */
static bool
has_commit(struct job *j, const struct git_plan *p, const char *cwd)
{
	char spec[GIT_ID_SIZE + 16];
	const char *words[] = { "cat-file", "-e", spec, NULL };

	snprintf(spec, sizeof(spec), "%s^{commit}", p->to);
	if (git_run(j, p, cwd, words, NULL, true) == 0)
		return true;
	buf_reset(&j->why);
	return false;
}

/* ref: of the remote, all branches and tags if it is NULL. */
static int
fetch_ref(struct job *j, const struct git_plan *p, const char *cwd,
    const char *ref)
{
	const char *words[WORDS_MAX] = { "fetch", "-q", "--force",
	    "--no-recurse-submodules" };
	char depth[32], all[REF_MAX];
	size_t n = 4;

	snprintf(all, sizeof(all), "+refs/heads/*:refs/remotes/%s/*",
	    p->remote);
	snprintf(depth, sizeof(depth), "--depth=%lld", (long long)p->depth);
	if (p->depth > 0)
		words[n++] = depth;
	if (p->bare || ref == NULL)
		words[n++] = "--prune";
	if (ref == NULL && !p->bare)
		words[n++] = "--tags";
	words[n++] = p->remote;
	if (p->bare) {
		words[n++] = "+refs/heads/*:refs/heads/*";
		words[n++] = "+refs/tags/*:refs/tags/*";
	} else
		words[n++] = ref == NULL ? all : ref;
	return git_run(j, p, cwd, words, NULL, false);
}

static int
fetch(struct job *j, const struct git_plan *p, const char *cwd)
{
	char ref[2 * REF_MAX];

	if (p->bare)
		return fetch_ref(j, p, cwd, NULL);
	if (!p->clones && (p->kind != GIT_BRANCH || !p->update) &&
	    has_commit(j, p, cwd))
		return 0;
	if (p->depth > 0 && p->kind == GIT_TAG)
		snprintf(ref, sizeof(ref), "+refs/tags/%s:refs/tags/%s",
		    p->name, p->name);
	else if (p->depth > 0 && p->kind == GIT_BRANCH)
		snprintf(ref, sizeof(ref), "+refs/heads/%s:refs/remotes/%s/%s",
		    p->name, p->remote, p->name);
	else
		snprintf(ref, sizeof(ref), "%s", p->to);
	if (p->depth > 0)
		return fetch_ref(j, p, cwd, ref);
	if (fetch_ref(j, p, cwd, NULL) == -1)
		return -1;
	/* No branch leads to it, but it may be given all the same. */
	return p->kind != GIT_COMMIT || has_commit(j, p, cwd) ? 0 :
	    fetch_ref(j, p, cwd, ref);
}

static int
check_out(struct job *j, const struct git_plan *p, const char *cwd)
{
	const char *words[WORDS_MAX] = { "checkout", "-q" };
	char ref[REF_MAX];
	size_t n = 2;

	if (p->force)
		words[n++] = "-f";
	if (p->kind == GIT_BRANCH) {
		snprintf(ref, sizeof(ref), "refs/remotes/%s/%s", p->remote,
		    p->name);
		words[n++] = "-B";
		words[n++] = p->name;
	} else {
		snprintf(ref, sizeof(ref), "%s", p->to);
		words[n++] = "--detach";
	}
	words[n++] = ref;
	return git_run(j, p, cwd, words, NULL, false);
}

static int
point_head(struct job *j, const struct git_plan *p, const char *cwd)
{
	char ref[REF_MAX];
	const char *words[] = { "symbolic-ref", "HEAD", ref, NULL };

	if (p->name == NULL)
		return 0;
	snprintf(ref, sizeof(ref), "refs/heads/%s", p->name);
	return git_run(j, p, cwd, words, NULL, false);
}

static int
fill(struct job *j, const struct git_plan *p, const char *cwd)
{
	static const char *const sync[] = { "submodule", "-q", "sync",
	    "--recursive", NULL };
	const char *words[WORDS_MAX] = { "submodule", "-q", "update", "--init",
	    "--recursive" };
	char depth[32];
	size_t n = 5;

	if (!p->submodules)
		return 0;
	if (p->force)
		words[n++] = "--force";
	snprintf(depth, sizeof(depth), "--depth=%lld", (long long)p->depth);
	if (p->depth > 0)
		words[n++] = depth;
	return git_run(j, p, cwd, sync, NULL, false) == -1 ? -1 :
	    git_run(j, p, cwd, words, NULL, false);
}

/* What the next plan is to find in the files: see also GIT_REF_AT. */
static int
remember(struct job *j, const struct git_plan *p, const char *cwd)
{
	static const char *const at[] = { "update-ref", GIT_REF_AT, "HEAD",
	    NULL }, *const pack[] = { "pack-refs", NULL };

	if (p->bare)
		return 0;
	if (p->kind == GIT_TAG && git_run(j, p, cwd, pack, NULL, false) == -1)
		return -1;
	return git_run(j, p, cwd, at, NULL, false);
}

static int
bring(struct job *j, const struct git_plan *p, const char *cwd)
{
	if ((p->sets_url || p->clones) && set_url(j, p, cwd) == -1)
		return -1;
	if ((p->moves || p->clones) && (fetch(j, p, cwd) == -1 ||
	    (p->bare ? point_head(j, p, cwd) : check_out(j, p, cwd)) == -1))
		return -1;
	if ((p->moves || p->clones || p->fills) && fill(j, p, cwd) == -1)
		return -1;
	return p->moves || p->clones || p->fills ? remember(j, p, cwd) : 0;
}

/*
 * --- All of it -----------------------------------------------------------
 */

static int
init(struct job *j, const struct git_plan *p, const char *cwd)
{
	const char *words[] = { "init", "-q", p->bare ? "--bare" : NULL, NULL };

	return git_run(j, p, cwd, words, NULL, false);
}

static int
clone(struct job *j, struct git_plan *p)
{
	struct attrs own = ATTRS_NONE, all;
	struct buf why = { 0 };
	struct beside b;

	if (p->user != NULL) {
		own.uid = p->uid;
		own.gid = p->gid;
	}
	all = own;
	all.mode = 0755;
	if (beside_begin(&b, p->path, &why) == -1 ||
	    attrs_set(b.fd, &own, b.path, &why) == -1)
		goto abort;
	if (init(j, p, b.path) == -1 || bring(j, p, b.path) == -1)
		goto abort;
	if (beside_attrs(&b, &all, false, &why) == 0 &&
	    beside_commit(&b, &why) == 0)
		return 0;
abort:
	beside_abort(&b);
	return why.len > 0 ? fail(j, &why) : -1;
}

/* HEAD, as it is now. */
static void
tell(struct job *j, struct git_plan *p)
{
	char from[GIT_ID_SIZE];

	memcpy(from, p->at, sizeof(from));
	*p->at = '\0';
	free(p->on);
	p->on = NULL;
	git_look(j, p);
	job_detail(j, "from", str_of(from));
	job_detail(j, "to", str_of(p->at));
	if (p->clones)
		job_did(j, "Cloned at %.12s.", p->at);
	else if (p->moves && strcmp(from, p->at) != 0)
		job_did(j, "Moved from %.12s to %.12s.", from, p->at);
	else if (p->bare && p->moves)
		job_did(j, "Fetched branches and tags.");
	else if (p->moves)
		job_did(j, "Changed to branch %s.", p->name);
	if (p->fills)
		job_did(j, "Fetched submodules.");
	if (p->sets_url)
		job_did(j, "Set the URL of %s.", p->remote);
}

int
git_act(struct job *j, struct git_plan *p)
{
	struct buf why = { 0 };

	if (journal_commit(j, &why) == -1)
		return fail(j, &why);
	if (p->sweeps) {
		if (beside_sweep(p->path, &why) == -1)
			return fail(j, &why);
		job_did(j, "Removed what an unfinished run had left.");
		return 0;
	}
	if ((p->clones ? clone(j, p) : bring(j, p, p->path)) == -1)
		return -1;
	tell(j, p);
	return 0;
}
