#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "facts/text.h"
#include "git/plan.h"
#include "git/refs.h"

enum { REF_MAX = 4096 };

static void
copy_id(char to[GIT_ID_SIZE], struct str id)
{
	snprintf(to, GIT_ID_SIZE, "%.*s", (int)id.len, id.p);
}

static int
set_name(struct job *j, struct git_plan *p, enum git_kind kind,
    struct str name)
{
	free(p->name);
	p->kind = kind;
	if ((p->name = strndup(name.p, name.len)) != NULL)
		return 0;
	return job_fail(j, "out of memory"), -1;
}

/* In a dry run: a repository that is not there yet, but may be by then. */
static bool
is_yet_to_be(const struct job *j, const struct git_plan *p)
{
	struct node n;

	if (j->world == NULL || *p->source != '/' ||
	    access(p->source, F_OK) == 0)
		return false;
	return world_is_vague(j->world) ||
	    (world_look(j->world, p->source, &n) && n.kind != NODE_NONE);
}

/*
 * --- What the remote says ------------------------------------------------
 */

static int
ask(struct job *j, struct git_plan *p, const char *const *refs,
    struct buf *out)
{
	const char *words[8] = { "ls-remote", "--symref", "--", p->source };
	size_t n = 4;

	while (*refs != NULL)
		words[n++] = *refs++;
	return git_run(j, p, "/", words, out, false);
}

/* The branch that its HEAD names; or a commit, if it names none. */
static int
take_head(struct job *j, struct git_plan *p, struct str text)
{
	struct str id = git_listed(text, "HEAD"),
	    ref = git_listed_symref(text, "HEAD");

	if (id.len == 0)
		return job_fail(j, "source: there is no commit in it"), -1;
	copy_id(p->to, id);
	if (!str_starts(ref, str_of("refs/heads/"))) {
		p->kind = GIT_COMMIT;
		return 0;
	}
	ref.p += 11;
	ref.len -= 11;
	return set_name(j, p, GIT_BRANCH, ref);
}

/* A branch, else a tag; of a tag, the commit that it is of. */
static int
take_name(struct job *j, struct git_plan *p, struct str text,
    const char refs[3][REF_MAX], const char *name)
{
	struct str id = git_listed(text, refs[0]);
	enum git_kind kind = GIT_BRANCH;

	if (id.len == 0) {
		kind = GIT_TAG;
		if ((id = git_listed(text, refs[2])).len == 0)
			id = git_listed(text, refs[1]);
	}
	if (id.len == 0)
		return job_fail(j, "revision %s: the repository has neither a "
		    "branch nor a tag of that name", p->revision), -1;
	copy_id(p->to, id);
	return set_name(j, p, kind, str_of(name));
}

/* kind: what the name has to be, unless that is open. */
static int
ask_for(struct job *j, struct git_plan *p, const char *name,
    enum git_kind kind)
{
	char refs[3][REF_MAX] = { "", "", "" };
	const char *words[4] = { NULL };
	struct buf out = { 0 };
	size_t i, n = 0;
	int rc;

	if (is_yet_to_be(j, p))
		return 0;
	if (name != NULL && kind != GIT_TAG)
		snprintf(refs[0], REF_MAX, "refs/heads/%s", name);
	if (name != NULL && kind != GIT_BRANCH) {
		snprintf(refs[1], REF_MAX, "refs/tags/%s", name);
		snprintf(refs[2], REF_MAX, "refs/tags/%s^{}", name);
	}
	for (i = 0; i < 3; i++)
		if (*refs[i] != '\0')
			words[n++] = refs[i];
	if (name == NULL)
		words[n++] = "HEAD";
	if ((rc = ask(j, p, words, &out)) == 0)
		rc = name == NULL ? take_head(j, p, buf_view(&out)) :
		    take_name(j, p, out.len == 0 ? str_of("") :
		    buf_view(&out), (const char (*)[REF_MAX])refs, name);
	buf_clear(&out);
	return rc;
}

/* All of it, to be compared ref by ref. */
static int
ask_all(struct job *j, struct git_plan *p)
{
	static const char *const none[] = { NULL };
	char ref[REF_MAX];
	struct str id;

	if (is_yet_to_be(j, p))
		return 0;
	if (ask(j, p, none, &p->listing) == -1)
		return -1;
	if (p->listing.len == 0)
		return job_fail(j, "source: there is no commit in it"), -1;
	if (p->revision == NULL)
		return take_head(j, p, buf_view(&p->listing));
	snprintf(ref, sizeof(ref), "refs/heads/%s", p->revision);
	if ((id = git_listed(buf_view(&p->listing), ref)).len == 0)
		return job_fail(j, "revision %s: the repository has no branch "
		    "of that name", p->revision), -1;
	copy_id(p->to, id);
	return set_name(j, p, GIT_BRANCH, str_of(p->revision));
}

/*
 * --- What is known here --------------------------------------------------
 */

/* Only git can tell what the object of a tag is of. */
static int
peel(struct job *j, struct git_plan *p, const char *ref)
{
	char spec[REF_MAX + 16];
	const char *words[] = { "rev-parse", "--verify", "-q", spec, NULL };
	struct buf out = { 0 };
	int rc;

	snprintf(spec, sizeof(spec), "%s^{commit}", ref);
	if ((rc = git_run(j, p, p->path, words, &out, false)) == 0)
		copy_id(p->to, text_trim(buf_view(&out)));
	buf_clear(&out);
	return rc;
}

/* 1: it is a tag that is here; 0: it is not. */
static int
find_tag(struct job *j, struct git_plan *p, const char *name,
    enum git_kind kind)
{
	char ref[REF_MAX], id[GIT_ID_SIZE], peeled[GIT_ID_SIZE];

	snprintf(ref, sizeof(ref), "refs/remotes/%s/%s", p->remote, name);
	if (kind == GIT_BRANCH ||
	    (kind == GIT_UNKNOWN && git_look_ref(j, p, ref, id, peeled)))
		return 0;
	snprintf(ref, sizeof(ref), "refs/tags/%s", name);
	if (!git_look_ref(j, p, ref, id, peeled))
		return 0;
	if (set_name(j, p, GIT_TAG, str_of(name)) == -1)
		return -1;
	if (*peeled != '\0')
		copy_id(p->to, str_of(peeled));
	else if (strcmp(id, p->at) == 0)
		copy_id(p->to, str_of(id));
	else if (peel(j, p, ref) == -1)
		return -1;
	return 1;
}

/* The same of a branch, which is not to be followed. */
static int
find_branch(struct job *j, struct git_plan *p, const char *name)
{
	char ref[REF_MAX], id[GIT_ID_SIZE], peeled[GIT_ID_SIZE];

	if (p->on != NULL && strcmp(p->on, name) == 0) {
		copy_id(p->to, str_of(p->at));
		return set_name(j, p, GIT_BRANCH, str_of(name)) == -1 ? -1 : 1;
	}
	snprintf(ref, sizeof(ref), "refs/remotes/%s/%s", p->remote, name);
	if (!git_look_ref(j, p, ref, id, peeled))
		return 0;
	copy_id(p->to, str_of(id));
	return set_name(j, p, GIT_BRANCH, str_of(name)) == -1 ? -1 : 1;
}

static int
find(struct job *j, struct git_plan *p, const char *name, enum git_kind kind)
{
	int rc;

	if (name == NULL) {
		if (!p->update)
			copy_id(p->to, str_of(p->at));
		return !p->update;
	}
	if ((rc = find_tag(j, p, name, kind)) != 0)
		return rc;
	return p->update || kind == GIT_TAG ? 0 : find_branch(j, p, name);
}

int
git_resolve(struct job *j, struct git_plan *p)
{
	enum git_kind kind = GIT_UNKNOWN;
	const char *name = p->revision;
	int rc;

	if (name != NULL && git_is_id(str_of(name))) {
		p->kind = GIT_COMMIT;
		copy_id(p->to, str_of(name));
		return 0;
	}
	if (p->bare) {
		if (p->update || p->clones)
			return ask_all(j, p);
		copy_id(p->to, str_of(p->at));
		return 0;
	}
	if (name != NULL && strncmp(name, "refs/heads/", 11) == 0) {
		kind = GIT_BRANCH;
		name += 11;
	} else if (name != NULL && strncmp(name, "refs/tags/", 10) == 0) {
		kind = GIT_TAG;
		name += 10;
	}
	if (!p->clones && (rc = find(j, p, name, kind)) != 0)
		return rc == -1 ? -1 : 0;
	return ask_for(j, p, name, kind);
}
