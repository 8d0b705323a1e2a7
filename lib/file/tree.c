#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/replace.h"
#include "base/why.h"
#include "file/plan.h"

/* What is done with each entry of a directory. */
typedef int (*each_fn)(struct job *, struct file_plan *,
    const struct file_want *, const char *name, const char *path,
    struct buf *);

/* Not ours to touch: what the policy says, and what a living run writes. */
static bool
ignored(const struct file_want *w, const char *name)
{
	size_t i;

	if (replace_is_temp(name))
		return true;
	for (i = 0; i < w->nignore; i++)
		if (fnmatch(w->ignore[i].p, name, 0) == 0)
			return true;
	return false;
}

/* For each entry of dir, in order, until one fails. */
static int
each(struct job *j, struct file_plan *p, const struct file_want *w,
    const char *dir, each_fn fn, struct buf *why)
{
	struct file_names names;
	char *path;
	size_t i;
	int rc = 0;

	if (file_names(j, dir, &names, why) == -1)
		return -1;
	for (i = 0; rc == 0 && i < names.n; i++) {
		if ((path = file_join(dir, names.v[i])) == NULL) {
			rc = why_errno(why, dir, "malloc");
			break;
		}
		rc = fn(j, p, w, names.v[i], path, why);
		free(path);
	}
	file_names_free(&names);
	return rc;
}

static int
remove_one(struct job *j, struct file_plan *p, const struct file_want *w,
    const char *name, const char *path, struct buf *why)
{
	struct file_seen seen;
	int rc = -1;

	(void)name;
	if (file_look(j, path, false, &seen, why) == 0 &&
	    (seen.kind == NODE_NONE || file_may_go(w, &seen, why) == 0)) {
		rc = 0;
		if (seen.kind != NODE_NONE)
			file_why(j, path, "is to go");
		if (seen.kind == NODE_DIR)
			rc = file_tree_remove(j, p, w, &seen, why);
		else if (seen.kind != NODE_NONE && file_step(j, p,
		    FILE_OP_UNLINK, &seen, why) == NULL)
			rc = -1;
	}
	file_seen_clear(&seen);
	return rc;
}

int
file_tree_remove(struct job *j, struct file_plan *p,
    const struct file_want *w, const struct file_seen *seen, struct buf *why)
{
	struct file_step *s;

	if (each(j, p, w, seen->path, remove_one, why) == -1)
		return -1;
	if ((s = file_step(j, p, FILE_OP_RMDIR, seen, why)) == NULL)
		return -1;
	s->sync = true;
	return 0;
}

/*
 * What the policy says of a tree, for one path in it: its own mode counts for
 * all, else each has its source's permissions.  digits is room for that.
 */
static struct file_want
want_below(const struct file_want *w, const char *path,
    const struct file_seen *source, char digits[8])
{
	struct file_want below = {
		.path = path,
		.mode = w->mode,
		.uid = w->uid,
		.gid = w->gid,
		.replace = w->replace,
		.force = w->force,
		.override = w->override,
		.keep_links = w->keep_links,
		.recurse = true,
		.fresh = w->fresh
	};

	if (w->mode == NULL && source->kind != NODE_LINK) {
		snprintf(digits, 8, "0%03o",
		    (unsigned)source->st.st_mode & 0777);
		below.mode = digits;
		below.recurse = false;
	}
	return below;
}

static int	copy_dir(struct job *, struct file_plan *,
		    struct file_want *, const struct file_want *,
		    const char *, struct buf *);

/* path is the source's; w->path is the directory that it is copied to. */
static int
copy_one(struct job *j, struct file_plan *p, const struct file_want *w,
    const char *name, const char *path, struct buf *why)
{
	struct file_seen source;
	struct file_want below;
	char digits[8], *to = NULL;
	int rc = -1;

	if (ignored(w, name))
		return 0;
	if (file_look(j, path, false, &source, why) == -1)
		goto clear;
	if ((to = file_join(w->path, name)) == NULL) {
		why_errno(why, path, "malloc");
		goto clear;
	}
	below = want_below(w, to, &source, digits);
	switch (source.kind) {
	case NODE_FILE:
		below.source = path;
		rc = file_plan_present(j, p, &below, why);
		break;
	case NODE_LINK:
		below.target = source.target;
		rc = file_plan_link(j, p, &below, why);
		break;
	case NODE_DIR:
		rc = copy_dir(j, p, &below, w, path, why);
		break;
	case NODE_NONE:
		rc = 0;
		break;
	default:
		errno = EINVAL;
		why_say(why, "%s: a source has to be a file, a directory or a "
		    "link", path);
	}
clear:
	free(to);
	file_seen_clear(&source);
	return rc;
}

/* In a directory that is yet to be made there is nothing to look at. */
static int
copy_dir(struct job *j, struct file_plan *p, struct file_want *dir,
    const struct file_want *w, const char *source, struct buf *why)
{
	struct file_want below = *w;
	size_t n = p->n;

	if (file_plan_dir(j, p, dir, why) == -1)
		return -1;
	below.path = dir->path;
	below.fresh = dir->fresh ||
	    (p->n > n && p->steps[p->n - 1].op == FILE_OP_MKDIR);
	return each(j, p, &below, source, copy_one, why);
}

/* Is one of them the other, or below it? */
static bool
nested(const char *a, const char *b)
{
	char *x = realpath(a, NULL), *y = realpath(b, NULL);
	size_t n, m;
	bool is = false;

	if (x != NULL && y != NULL) {
		n = strlen(x);
		m = strlen(y);
		is = strncmp(x, y, n < m ? n : m) == 0 &&
		    (n == m || (n < m ? y[n] : x[m]) == '/');
	}
	free(x);
	free(y);
	return is;
}

int
file_tree_copy(struct job *j, struct file_plan *p,
    const struct file_want *w, struct buf *why)
{
	struct file_want below = *w;

	if (nested(w->source, w->path)) {
		errno = EINVAL;
		return why_say(why, "source: %s and %s are one within the "
		    "other", w->source, w->path);
	}
	below.fresh = p->n > 0 && p->steps[p->n - 1].op == FILE_OP_MKDIR;
	return each(j, p, &below, w->source, copy_one, why);
}

static int
attrs_one(struct job *j, struct file_plan *p, const struct file_want *w,
    const char *name, const char *path, struct buf *why)
{
	struct file_seen seen;
	int rc = 0;

	if (ignored(w, name))
		return 0;
	if (file_look(j, path, false, &seen, why) == -1)
		rc = -1;
	else if (seen.kind != NODE_NONE && seen.kind != NODE_OTHER)
		rc = file_plan_attrs(j, p, w, &seen, why);
	if (rc == 0 && seen.kind == NODE_DIR)
		rc = each(j, p, w, path, attrs_one, why);
	file_seen_clear(&seen);
	return rc;
}

static bool
is_dir(struct job *j, const char *path)
{
	struct buf why = { 0 };
	struct file_seen seen;
	bool is;

	is = file_look(j, path, true, &seen, &why) == 0 &&
	    seen.kind == NODE_DIR;
	file_seen_clear(&seen);
	buf_clear(&why);
	return is;
}

int
file_tree_attrs(struct job *j, struct file_plan *p,
    const struct file_want *w, struct buf *why)
{
	if (!is_dir(j, w->path) ||
	    (w->mode == NULL && w->uid == (uid_t)-1 && w->gid == (gid_t)-1))
		return 0;
	return each(j, p, w, w->path, attrs_one, why);
}

/* w->source is the directory that w->path has to agree with, or NULL. */
static int
purge_one(struct job *j, struct file_plan *p, const struct file_want *w,
    const char *name, const char *path, struct buf *why)
{
	struct file_seen seen, source = { .kind = NODE_NONE };
	struct file_want below = *w;
	char *from = NULL;
	int rc = -1;

	if (ignored(w, name))
		return 0;
	if (file_look(j, path, false, &seen, why) == -1)
		goto clear;
	if (w->source != NULL) {
		if ((from = file_join(w->source, name)) == NULL) {
			why_errno(why, path, "malloc");
			goto clear;
		}
		if (file_look(j, from, false, &source, why) == -1)
			goto clear;
	}
	rc = 0;
	if (source.kind == NODE_NONE) {
		rc = remove_one(j, p, w, name, path, why);
	} else if (source.kind == NODE_DIR && seen.kind == NODE_DIR) {
		below.source = from;
		rc = each(j, p, &below, path, purge_one, why);
	}
clear:
	free(from);
	file_seen_clear(&seen);
	file_seen_clear(&source);
	return rc;
}

int
file_tree_purge(struct job *j, struct file_plan *p,
    const struct file_want *w, struct buf *why)
{
	if (!is_dir(j, w->path))
		return 0;
	return each(j, p, w, w->path, purge_one, why);
}
