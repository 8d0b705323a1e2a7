#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/place.h"
#include "base/replace.h"
#include "base/why.h"
#include "file/plan.h"
#include "resource/journal.h"

/*
 * Files that are written and then wait for others, to take their places with
 * them: two barriers for all, in place of two for each.
 */
struct file_ready {
	struct place	 at;
	struct replace	 r;
	struct stat	 dir;		/* what at->dir is */
	struct stat	 old;		/* what is at the place now, if any */
	bool		 was_there;
};

void
file_ready_free(struct file_ready *r)
{
	if (r == NULL)
		return;
	replace_abort(&r->r);
	place_clear(&r->at);
	free(r);
}

/* What getpwnam(3) and its like may look into, for the plans of others. */
static bool
is_looked_into(const char *path)
{
	static const char *const names[] = { "passwd", "group",
	    "nsswitch.conf", "login.defs" };
	size_t i;

	if (strncmp(path, "/etc/", 5) != 0)
		return false;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(path + 5, names[i]) == 0)
			return true;
	return false;
}

static bool
may_wait(const struct file_plan *p)
{
	const struct file_step *s = p->steps;

	return p->n == 1 && s->op == FILE_OP_WRITE && !s->in_place &&
	    (s->was == NODE_NONE || s->was == NODE_FILE) &&
	    s->from == NULL && p->want.validate == NULL &&
	    !p->want.override && !is_looked_into(s->path);
}

static int
make_ready(struct job *j, struct file_plan *p, struct file_ready *r,
    struct buf *why)
{
	struct file_step *s = p->steps;

	if (place_find(&r->at, s->path, 0, why) == -1)
		return -1;
	if (file_begin(p, s, &r->at, &r->r, why) == -1)
		goto clear;
	r->was_there = fstatat(r->at.dir, r->at.name, &r->old,
	    AT_SYMLINK_NOFOLLOW) == 0;
	if (fstat(r->r.dir, &r->dir) == 0 && file_note(j, why) == 0)
		return 0;
	replace_abort(&r->r);
clear:
	place_clear(&r->at);
	return -1;
}

bool
file_stage(struct job *j)
{
	struct file_plan *p = j->state;
	struct buf why = { 0 };

	if (!may_wait(p) || (p->ready = calloc(1, sizeof(*p->ready))) == NULL)
		return false;
	if (make_ready(j, p, p->ready, &why) == -1) {
		free(p->ready);
		p->ready = NULL;
	} else {
		/* What the job lent is gone when it ends. */
		p->noted = true;
		p->want.path = p->steps->path;
		p->steps->data = str_of("");
	}
	buf_clear(&why);
	return p->ready != NULL;
}

static bool
same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* One that is not there: is it the place of r, or of the copy it keeps? */
static bool
is_at(const struct file_ready *r, const struct stat *dir, const char *name)
{
	size_t n = strlen(r->at.name);

	return same_file(&r->dir, dir) &&
	    strncmp(name, r->at.name, n) == 0 &&
	    (name[n] == '\0' || strcmp(name + n, FILE_ORIG_SUFFIX) == 0);
}

static bool
is_apart(const struct file_plan *p, const struct stat *st, bool there,
    const struct stat *dir, const char *name)
{
	const struct file_ready *r = p->ready;

	if (there)
		return !r->was_there || !same_file(&r->old, st);
	return !is_at(r, dir, name);
}

/*
 * Whatever is not as plain as a file, or the absence of one, is said to depend
 * on those that wait: a link may lead to one.
 */
bool
file_apart(const struct job *j, struct job *const *v, size_t n)
{
	const char *path = file_path(j);
	struct stat st, dir;
	bool there, apart = true;
	char *up;
	size_t i;

	there = lstat(path, &st) == 0;
	if (there ? !S_ISREG(st.st_mode) : errno != ENOENT)
		return false;
	if (!there) {
		if ((up = file_dir(path)) == NULL)
			return false;
		apart = stat(up, &dir) == 0;
		free(up);
	}
	for (i = 0; apart && i < n; i++)
		apart = is_apart(v[i]->state, &st, there, &dir,
		    file_name(path));
	return apart;
}

/* The copies that are kept of old files; how many of n have theirs. */
static size_t
keep_origs(struct job *const *v, size_t n, struct buf *why)
{
	const struct file_plan *p;
	size_t i;

	for (i = 0; i < n; i++) {
		p = v[i]->state;
		if (file_still(p->steps, &p->ready->at, why) == -1 ||
		    (p->steps->keep_orig &&
		    file_keep_orig(p->steps, &p->ready->at, why) == -1))
			break;
	}
	return i;
}

/* Those that can be, in order; returns how many have been. */
static size_t
commit(struct job *const *v, size_t n, struct buf *why)
{
	struct replace *all[FILE_GATHER_MAX];
	struct file_plan *p;
	size_t done = 0, i, may;

	may = keep_origs(v, n, why);
	for (i = 0; i < may; i++) {
		p = v[i]->state;
		all[i] = &p->ready->r;
	}
	if (replace_commit_all(all, may, false, &done, why) == -1 &&
	    done == may && done > 0)
		done--;			/* they may not last */
	return done;
}

size_t
file_finish(struct job *const *v, size_t n)
{
	struct buf why = { 0 };
	struct file_plan *p;
	size_t done = 0, i;

	if (journal_commit_all(v, n, &why) == 0)
		done = commit(v, n, &why);
	for (i = 0; i < done; i++) {
		p = v[i]->state;
		file_tell(v[i], p, p->steps, &p->ready->r);
	}
	if (done < n)
		job_fail(v[done], "%.*s", (int)why.len, why.p);
	buf_clear(&why);
	return done;
}
