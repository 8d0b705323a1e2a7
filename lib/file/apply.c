#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/place.h"
#include "base/replace.h"
#include "base/why.h"
#include "file/plan.h"
#include "file/validate.h"
#include "resource/journal.h"

enum { BATCH_MAX = 64 };	/* three descriptors each */

int
file_still(const struct file_step *s, const struct place *at, struct buf *why)
{
	enum node_kind now;
	struct stat st;

	if (fstatat(at->dir, at->name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		now = S_ISREG(st.st_mode) ? NODE_FILE :
		    S_ISDIR(st.st_mode) ? NODE_DIR :
		    S_ISLNK(st.st_mode) ? NODE_LINK : NODE_OTHER;
	else if (errno == ENOENT)
		now = NODE_NONE;
	else
		return why_errno(why, s->path, "fstatat");
	if (now == s->was)
		return 0;
	errno = EAGAIN;
	return why_say(why, "%s: has become something else meanwhile",
	    s->path);
}

/* Before the first step that can be seen: tell the journal of all of them. */
static int
announce(struct job *j, struct buf *why)
{
	struct file_plan *p = j->state;

	if (p->noted)
		return 0;
	if (file_note(j, why) == -1) {
		journal_forget(j);
		return -1;
	}
	if (journal_commit(j, why) == -1)
		return -1;
	p->noted = true;
	return 0;
}

static int
copy_orig(const struct place *at, const struct place *orig, struct buf *why)
{
	static const struct attrs same = ATTRS_NONE;
	struct replace r;
	int old, rc = -1;

	old = place_open(at, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	if (old == -1)
		return why_errno(why, at->path, "openat");
	if (replace_begin(&r, orig, 0, why) == 0 &&
	    replace_copy(&r, old, why) == 0 &&
	    replace_attrs(&r, old, &same, why) == 0 &&
	    replace_commit(&r, false, why) == 0)
		rc = 0;
	replace_abort(&r);
	close(old);
	return rc;
}

/* A second name does where the old inode stays as it is; else a copy. */
int
file_keep_orig(const struct file_step *s, const struct place *at, struct buf *why)
{
	struct place orig = { .dir = -1 };
	struct stat st;
	char *name = NULL, *path = NULL;
	int dir, rc = -1;

	if (asprintf(&name, "%s" FILE_ORIG_SUFFIX, at->name) == -1 ||
	    asprintf(&path, "%s" FILE_ORIG_SUFFIX, at->path) == -1) {
		why_errno(why, at->path, "asprintf");
		goto free_names;
	}
	rc = 0;
	if (fstatat(at->dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		goto free_names;
	if (!s->in_place && fstatat(at->dir, at->name, &st,
	    AT_SYMLINK_NOFOLLOW) == 0 && st.st_nlink == 1 &&
	    linkat(at->dir, at->name, at->dir, name, 0) == 0)
		goto free_names;
	rc = -1;
	if ((dir = dup(at->dir)) == -1)
		why_errno(why, at->path, "dup");
	else if (place_at(&orig, dir, path, name, why) == 0) {
		rc = copy_orig(at, &orig, why);
		place_clear(&orig);
	}
free_names:
	free(name);
	free(path);
	return rc;
}

/* Of a source that it is still the one that the plan was made with. */
static int
write_source(struct replace *r, const struct file_step *s, struct buf *why)
{
	struct stat st;
	int fd, rc;

	fd = TEMP_FAILURE_RETRY(open(s->from, O_RDONLY | O_NONBLOCK |
	    O_NOCTTY | O_CLOEXEC));
	if (fd == -1)
		return why_errno(why, s->from, "open");
	if (fstat(fd, &st) == -1)
		rc = why_errno(why, s->from, "fstat");
	else if (!S_ISREG(st.st_mode) || st.st_size != s->from_size ||
	    st.st_mtim.tv_sec != s->from_time.tv_sec ||
	    st.st_mtim.tv_nsec != s->from_time.tv_nsec) {
		errno = EAGAIN;
		rc = why_say(why, "%s: has changed meanwhile", s->from);
	} else
		rc = replace_copy(r, fd, why);
	close(fd);
	/* What is judged is the copy: nobody else can write that any more. */
	if (rc == 0 && s->trees != NULL)
		rc = trees_judge_fd(s->trees, s->from, r->fd, why);
	return rc;
}

static int
fill(struct replace *r, const struct file_plan *p, const struct file_step *s,
    int old, struct buf *why)
{
	if (s->from != NULL) {
		if (write_source(r, s, why) == -1)
			return -1;
	} else if (replace_write(r, s->data, why) == -1)
		return -1;
	if (replace_attrs(r, old, &s->attrs, why) == -1)
		return -1;
	if (p->want.validate != NULL)
		return file_validate(p->want.validate, r, s->path, why);
	return 0;
}

int
file_begin(const struct file_plan *p, const struct file_step *s,
    const struct place *at, struct replace *r, struct buf *why)
{
	int flags, old = -1, rc = -1;

	if (file_still(s, at, why) == -1)
		return -1;
	if (s->was == NODE_FILE) {
		old = place_open(at, O_RDONLY | O_NONBLOCK | O_NOCTTY);
		if (old == -1)
			return why_errno(why, s->path, "openat");
	}
	flags = (s->in_place ? REPLACE_IN_PLACE : 0) |
	    (old == -1 && s->attrs.mode == (mode_t)-1 ? REPLACE_PUBLIC : 0);
	if (replace_begin(r, at, flags, why) == 0 &&
	    fill(r, p, s, old, why) == 0)
		rc = 0;
	else
		replace_abort(r);
	if (old != -1)
		close(old);
	return rc;
}

static void
tell_in_place(struct job *j, const struct file_step *s,
    const struct replace *r)
{
	if (!r->non_atomic || s->in_place)
		return;
	file_why(j, s->path, "was written in place, not atomically");
	job_detail(j, "non_atomic", str_of(s->path));
}

static int
take_write(struct job *j, const struct file_plan *p,
    const struct file_step *s, const struct place *at, struct buf *why)
{
	struct replace r;
	int rc;

	if (file_begin(p, s, at, &r, why) == -1)
		return -1;
	if ((rc = announce(j, why)) == 0 && s->keep_orig)
		rc = file_keep_orig(s, at, why);
	if (rc == 0 &&
	    (rc = replace_commit(&r, p->want.override, why)) == 0)
		tell_in_place(j, s, &r);
	replace_abort(&r);
	return rc;
}

/* Of a link, all there is to set is the owner; others are opened. */
static int
take_attrs(const struct file_plan *p, const struct file_step *s,
    const struct place *at, struct buf *why)
{
	int fd, flags = 0, rc;

	if (s->was == NODE_LINK) {
		if (TEMP_FAILURE_RETRY(fchownat(at->dir, at->name,
		    s->attrs.uid, s->attrs.gid, AT_SYMLINK_NOFOLLOW)) == -1)
			return why_errno(why, s->path, "fchownat");
		return 0;
	}
	fd = place_open(at, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	if (fd == -1 && errno == EACCES && s->was == NODE_FILE)
		fd = place_open(at, O_WRONLY | O_NONBLOCK | O_NOCTTY);
	if (fd == -1)
		return why_errno(why, s->path, "openat");
	rc = 0;
	if (p->want.override)
		rc = attrs_flags_clear(fd, &flags, s->path, why);
	if (rc == 0)
		rc = attrs_set(fd, &s->attrs, s->path, why);
	if (flags != 0 && attrs_flags_set(fd, flags, s->path, why) == -1)
		rc = -1;
	close(fd);
	return rc;
}

static int
take_mkdir(const struct file_step *s, const struct place *at,
    struct buf *why)
{
	mode_t mode = file_attrs_any(&s->attrs) &&
	    s->attrs.mode != (mode_t)-1 ? 0700 : 0777;
	int fd, rc;

	if (TEMP_FAILURE_RETRY(mkdirat(at->dir, at->name, mode)) == -1)
		return why_errno(why, s->path, "mkdirat");
	if (!file_attrs_any(&s->attrs))
		return 0;
	fd = place_open(at, O_RDONLY | O_DIRECTORY);
	if (fd == -1)
		return why_errno(why, s->path, "openat");
	rc = attrs_set(fd, &s->attrs, s->path, why);
	close(fd);
	return rc;
}

static int
clear_flags(const struct file_step *s, const struct place *at,
    struct buf *why)
{
	int fd, flags, rc;

	if (s->was == NODE_LINK || s->was == NODE_OTHER)
		return 0;
	fd = place_open(at, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	if (fd == -1)
		return why_errno(why, s->path, "openat");
	rc = attrs_flags_clear(fd, &flags, s->path, why);
	close(fd);
	return rc;
}

static int
take_unlink(const struct file_plan *p, const struct file_step *s,
    const struct place *at, struct buf *why)
{
	int flags = s->op == FILE_OP_RMDIR ? AT_REMOVEDIR : 0;

	if (p->want.override && clear_flags(s, at, why) == -1)
		return -1;
	if (TEMP_FAILURE_RETRY(unlinkat(at->dir, at->name, flags)) == -1)
		return why_errno(why, s->path, "unlinkat");
	return 0;
}

/* After what changes a directory, unless the step has done it already. */
static int
sync_dir(const struct file_step *s, const struct place *at, bool all,
    struct buf *why)
{
	int fd, rc;

	if ((fd = place_open_dir(at)) == -1)
		return why_errno(why, s->path, "open its directory");
	if (all)
		rc = TEMP_FAILURE_RETRY(syncfs(fd));
	else
		rc = TEMP_FAILURE_RETRY(fsync(fd));
	if (rc == -1)
		why_errno(why, s->path, all ? "syncfs" : "fsync its directory");
	close(fd);
	return rc;
}

static const char *
did_what(const struct file_step *s)
{
	switch (s->op) {
	case FILE_OP_MKDIR:
		return "Created directory";
	case FILE_OP_WRITE:
		return s->was == NODE_FILE ? "Content Replaced" :
		    "Created file";
	case FILE_OP_LINK:
		return s->was == NODE_LINK ? "Changed link" : "Created link";
	case FILE_OP_UNLINK:
		return "Deleted file";
	case FILE_OP_RMDIR:
		return "Deleted directory";
	default:
		return NULL;
	}
}

/* Which of several it was is said as well. */
static void
tell(struct job *j, const struct file_plan *p, const struct file_step *s)
{
	const char *colon = p->n > 1 ? " " : "", *what = did_what(s);
	const char *path = p->n > 1 ? s->path : "";
	bool old = s->op == FILE_OP_ATTRS ||
	    (s->op == FILE_OP_WRITE && s->was == NODE_FILE);

	if (what != NULL)
		job_did(j, "%s%s%s.", what, colon, path);
	if (!old)
		return;
	if (s->attrs.mode != (mode_t)-1)
		job_did(j, "Changed mode from %04o to %04o%s%s.", s->mode,
		    s->attrs.mode, colon, path);
	if (s->attrs.uid != (uid_t)-1)
		job_did(j, "Changed owner from %u to %u%s%s.", s->uid,
		    s->attrs.uid, colon, path);
	if (s->attrs.gid != (gid_t)-1)
		job_did(j, "Changed group from %u to %u%s%s.", s->gid,
		    s->attrs.gid, colon, path);
}

void
file_tell(struct job *j, const struct file_plan *p, const struct file_step *s,
    const struct replace *r)
{
	tell_in_place(j, s, r);
	tell(j, p, s);
}

static int
take(struct job *j, const struct file_plan *p, const struct file_step *s,
    const struct place *at, struct buf *why)
{
	if (s->op == FILE_OP_WRITE)
		return take_write(j, p, s, at, why);
	if (announce(j, why) == -1)
		return -1;
	switch (s->op) {
	case FILE_OP_LINK:
		return replace_with_link(at, s->data.p, &s->attrs, why);
	case FILE_OP_ATTRS:
		return take_attrs(p, s, at, why);
	case FILE_OP_MKDIR:
		return take_mkdir(s, at, why);
	default:
		return take_unlink(p, s, at, why);
	}
}

static int
take_step(struct job *j, const struct file_plan *p,
    const struct file_step *s, bool last, struct buf *why)
{
	struct place at;
	bool many = last && p->n > 1;
	int rc;

	if (place_find(&at, s->path, 0, why) == -1)
		return -1;
	rc = s->op == FILE_OP_WRITE ? 0 : file_still(s, &at, why);
	if (rc == 0)
		rc = take(j, p, s, &at, why);
	if (rc == 0 && s->sync && s->op != FILE_OP_WRITE &&
	    s->op != FILE_OP_LINK)
		rc = sync_dir(s, &at, false, why);
	else if (rc == 0 && many)
		rc = sync_dir(s, &at, true, why);
	place_clear(&at);
	if (rc == 0)
		tell(j, p, s);
	return rc;
}

/*
 * --- Many at once --------------------------------------------------------
 */

/* Written, and to be renamed together. */
struct batch {
	size_t		 n;
	struct {
		const struct file_step *step;
		struct place	 at;
		struct replace	 r;
	} v[BATCH_MAX];
};

static int
batch_end(struct batch *b, struct job *j, const struct file_plan *p,
    struct buf *why)
{
	struct replace *all[BATCH_MAX];
	size_t done, i;
	int rc;

	if (b->n == 0)
		return 0;
	if (announce(j, why) == -1)
		return -1;
	for (i = 0; i < b->n; i++) {
		all[i] = &b->v[i].r;
		if (b->v[i].step->keep_orig &&
		    file_keep_orig(b->v[i].step, &b->v[i].at, why) == -1)
			return -1;
	}
	rc = replace_commit_all(all, b->n, p->want.override, &done, why);
	for (i = 0; i < b->n; i++) {
		if (i < done) {
			file_tell(j, p, b->v[i].step, &b->v[i].r);
		}
		place_clear(&b->v[i].at);
	}
	b->n = 0;
	return rc;
}

static void
batch_drop(struct batch *b)
{
	while (b->n > 0) {
		replace_abort(&b->v[--b->n].r);
		place_clear(&b->v[b->n].at);
	}
}

static int
batch_add(struct batch *b, struct job *j, const struct file_plan *p,
    const struct file_step *s, struct buf *why)
{
	struct place *at = &b->v[b->n].at;

	if (place_find(at, s->path, 0, why) == -1)
		return -1;
	if (file_begin(p, s, at, &b->v[b->n].r, why) == -1) {
		place_clear(at);
		return -1;
	}
	b->v[b->n++].step = s;
	return b->n == BATCH_MAX ? batch_end(b, j, p, why) : 0;
}

/*
 * No two steps of a plan are for the same path, but where what is in the way
 * goes first; and that is not put off.  So what is written may come later than
 * the steps behind it.
 */
static int
take_many(struct job *j, const struct file_plan *p, struct buf *why)
{
	const struct file_step *s;
	struct batch *b;
	size_t i;
	int rc = 0;

	if ((b = calloc(1, sizeof(*b))) == NULL)
		return why_errno(why, p->want.path, "calloc");
	for (i = 0; rc == 0 && i < p->n; i++) {
		s = &p->steps[i];
		if (s->op == FILE_OP_WRITE)
			rc = batch_add(b, j, p, s, why);
		else
			rc = take_step(j, p, s, i + 1 == p->n, why);
	}
	if (rc == 0)
		rc = batch_end(b, j, p, why);
	batch_drop(b);
	free(b);
	return rc;
}

enum outcome
file_apply(struct job *j)
{
	const struct file_plan *p = j->state;
	struct buf why = { 0 };
	size_t i;
	int rc = 0;

	if (p->n > FILE_MANY)
		rc = take_many(j, p, &why);
	else
		for (i = 0; rc == 0 && i < p->n; i++)
			rc = take_step(j, p, &p->steps[i], i + 1 == p->n,
			    &why);
	if (rc == -1)
		job_fail(j, "%.*s", (int)why.len, why.p);
	buf_clear(&why);
	return rc == 0 ? OUTCOME_CHANGED : OUTCOME_FAILED;
}
