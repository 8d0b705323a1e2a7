#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/place.h"
#include "base/why.h"
#include "file/mode.h"
#include "file/plan.h"

static const mode_t TWELVE = 07777;

void
file_plan_free(void *arg)
{
	struct file_plan *p = arg;
	size_t i;

	if (p == NULL)
		return;
	for (i = 0; i < p->n; i++) {
		free(p->steps[i].path);
		free(p->steps[i].owned);
		free(p->steps[i].from);
	}
	file_ready_free(p->ready);
	free(p->steps);
	free(p);
}

void
file_why(struct job *j, const char *path, const char *fmt, ...)
{
	const struct file_plan *p = j->state;
	va_list ap;
	char *s;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&s, fmt, ap);
	va_end(ap);
	if (n == -1)
		j->why.failed = true;
	else {
		if (strcmp(path, p->want.path) == 0)
			job_why(j, "%s", s);
		else
			job_why(j, "%s: %s", path, s);
		free(s);
	}
}

int
file_open_dir(const struct file_seen *seen, struct buf *why)
{
	if (seen->closed == 0 || seen->pretended)
		return 0;
	errno = seen->closed;
	return why_errno(why, seen->path, "write to its directory");
}

struct file_step *
file_step(struct job *j, struct file_plan *p, enum file_op op,
    const struct file_seen *seen, struct buf *why)
{
	struct file_step *s;
	size_t size;

	(void)j;
	if (op != FILE_OP_ATTRS && op != FILE_OP_WRITE &&
	    file_open_dir(seen, why) == -1)
		return NULL;
	if (p->n == p->size) {
		size = p->size == 0 ? 4 : p->size * 2;
		s = reallocarray(p->steps, size, sizeof(*s));
		if (s == NULL)
			goto fail;
		p->steps = s;
		p->size = size;
	}
	s = &p->steps[p->n];
	*s = (struct file_step){ .op = op, .was = seen->kind,
	    .attrs = ATTRS_NONE, .mode = seen->st.st_mode & TWELVE,
	    .uid = seen->st.st_uid, .gid = seen->st.st_gid };
	if ((s->path = strdup(seen->path)) == NULL)
		goto fail;
	p->n++;
	return s;
fail:
	why_errno(why, seen->path, "malloc");
	return NULL;
}

bool
file_attrs_any(const struct attrs *a)
{
	return a->mode != (mode_t)-1 || a->uid != (uid_t)-1 ||
	    a->gid != (gid_t)-1;
}

mode_t
file_default_mode(bool is_dir)
{
	mode_t m = umask(022);

	umask(m);
	return (is_dir ? 0777 : 0666) & ~m;
}

/* The mode of what is there, or of what would come to be without a wish. */
static mode_t
mode_before(const struct file_seen *seen, bool is_dir)
{
	if (seen->kind == NODE_FILE || seen->kind == NODE_DIR)
		return seen->st.st_mode & TWELVE;
	return file_default_mode(is_dir);
}

/* Digits for a whole tree are for its files: directories stay searchable. */
static mode_t
searchable(mode_t mode)
{
	return mode | (mode & 0444) >> 2;
}

static int
want_mode(const struct file_want *w, const struct file_seen *seen,
    bool is_dir, mode_t *mode, struct buf *why)
{
	const char *errstr;

	if (file_mode(mode, w->mode, mode_before(seen, is_dir), is_dir,
	    &errstr) == -1) {
		errno = EINVAL;
		return why_say(why, "mode: '%s' %s", w->mode, errstr);
	}
	if (is_dir && w->recurse && file_mode_is_octal(w->mode))
		*mode = searchable(*mode);
	return 0;
}

int
file_attrs(struct job *j, const struct file_want *w,
    const struct file_seen *seen, struct attrs *a, struct buf *why)
{
	bool is_dir = seen->kind == NODE_DIR;
	mode_t mode;

	*a = (struct attrs)ATTRS_NONE;
	if (w->mode != NULL && seen->kind != NODE_LINK) {
		if (want_mode(w, seen, is_dir, &mode, why) == -1)
			return -1;
		if (mode != (seen->st.st_mode & TWELVE)) {
			a->mode = mode;
			file_why(j, seen->path, "mode %04o should be %04o",
			    seen->st.st_mode & TWELVE, mode);
		}
	}
	if (w->uid != (uid_t)-1 && w->uid != seen->st.st_uid) {
		a->uid = w->uid;
		file_why(j, seen->path, "owner %u should be %u",
		    seen->st.st_uid, w->uid);
	}
	if (w->gid != (gid_t)-1 && w->gid != seen->st.st_gid) {
		a->gid = w->gid;
		file_why(j, seen->path, "group %u should be %u",
		    seen->st.st_gid, w->gid);
	}
	return 0;
}

int
file_new_attrs(const struct file_want *w, const struct file_seen *seen,
    bool is_dir, struct attrs *a, struct buf *why)
{
	struct file_seen none = *seen;

	*a = (struct attrs){ w->uid, w->gid, (mode_t)-1 };
	none.kind = NODE_NONE;
	if (w->mode == NULL)
		return 0;
	return want_mode(w, &none, is_dir, &a->mode, why);
}

int
file_blocked(const struct file_want *w, const struct file_seen *seen,
    struct buf *why)
{
	if (!seen->immutable || w->override || seen->pretended)
		return 0;
	errno = EPERM;
	return why_say(why, "%s: is immutable or append-only (chattr); "
	    "immutable: 'override' works around that", seen->path);
}

int
file_may_go(const struct file_want *w, const struct file_seen *seen,
    struct buf *why)
{
	if (!seen->mounted || seen->pretended)
		return file_blocked(w, seen, why);
	errno = EBUSY;
	return why_say(why, "%s: is a mount point", seen->path);
}

/* As file_look(), unless it is known that there is nothing. */
static int
look(struct job *j, const struct file_want *w, bool follow,
    struct file_seen *seen, struct buf *why)
{
	if (!w->fresh)
		return file_look(j, w->path, follow, seen, why);
	*seen = (struct file_seen){ .kind = NODE_NONE };
	if ((seen->path = strdup(w->path)) == NULL)
		return why_errno(why, w->path, "strdup");
	return 0;
}

/* Steps for the directories that are missing above path. */
static int
plan_parents(struct job *j, struct file_plan *p, const char *path,
    struct buf *why)
{
	struct file_seen up;
	struct file_step *s;
	char *dir;
	int rc = -1;

	if ((dir = file_dir(path)) == NULL)
		return why_errno(why, path, "malloc");
	if (file_look(j, dir, true, &up, why) == -1)
		goto free_dir;
	if (up.no_parent && strcmp(dir, path) != 0 &&
	    plan_parents(j, p, dir, why) == -1)
		goto clear_up;
	if (up.kind == NODE_NONE) {
		if ((s = file_step(j, p, FILE_OP_MKDIR, &up, why)) == NULL)
			goto clear_up;
		s->sync = true;
		s->attrs.mode = file_default_mode(true);
		file_why(j, dir, "directory is missing");
	}
	rc = 0;
clear_up:
	file_seen_clear(&up);
free_dir:
	free(dir);
	return rc;
}

/* In a dry run: may what is missing have come by then, from elsewhere? */
static bool
may_come(const struct job *j, const char *dir)
{
	struct node n;

	return world_is_vague(j->world) && !world_look(j->world, dir, &n);
}

/* Nothing there: may it be made, and what has to be made first? */
static int
plan_room(struct job *j, struct file_plan *p, const struct file_want *w,
    const struct file_seen *seen, struct buf *why)
{
	struct file_seen up;
	char *dir;
	int rc;

	if (!seen->no_parent)
		return 0;
	errno = ENOENT;
	if (w->parents)
		return plan_parents(j, p, seen->path, why);
	if ((dir = file_dir(w->path)) == NULL)
		return why_errno(why, w->path, "malloc");
	rc = file_look(j, dir, true, &up, why);
	if (rc == 0 && may_come(j, dir))
		job_why(j, "its directory %s does not exist yet", dir);
	else if (rc == 0 && up.kind == NODE_NONE) {
		errno = ENOENT;
		rc = why_say(why, "%s: its directory %s is missing "
		    "(parents: true would make it)", w->path, dir);
	} else if (rc == 0) {
		errno = ENOENT;
		rc = why_say(why, "%s: is a link into a directory that is "
		    "missing", w->path);
	}
	file_seen_clear(&up);
	free(dir);
	return rc;
}

static const char *
kind_name(const struct file_seen *seen)
{
	switch (seen->kind) {
	case NODE_FILE:
		return "a file";
	case NODE_DIR:
		return "a directory";
	case NODE_LINK:
		return "a symbolic link";
	default:
		break;
	}
	switch (seen->st.st_mode & S_IFMT) {
	case S_IFIFO:
		return "a FIFO";
	case S_IFSOCK:
		return "a socket";
	case S_IFBLK:
	case S_IFCHR:
		return "a device";
	default:
		return "neither file, directory nor link";
	}
}

/* Something of another type: it goes, if the policy insists. */
static int
plan_clear(struct job *j, struct file_plan *p, const struct file_want *w,
    struct file_seen *seen, const char *wanted, bool by_rename,
    struct buf *why)
{
	struct file_step *s;

	if (!w->force) {
		errno = EEXIST;
		return why_say(why, "%s: is %s, not %s "
		    "(force: true would replace it)", seen->path,
		    kind_name(seen), wanted);
	}
	if (file_may_go(w, seen, why) == -1)
		return -1;
	file_why(j, seen->path, "is %s, not %s", kind_name(seen), wanted);
	if (seen->kind == NODE_DIR) {
		if (file_tree_remove(j, p, w, seen, why) == -1)
			return -1;
	} else if (by_rename)
		return 0;
	else {
		s = file_step(j, p, FILE_OP_UNLINK, seen, why);
		if (s == NULL)
			return -1;
		s->sync = true;
	}
	seen->kind = NODE_NONE;
	return 0;
}

int
file_plan_attrs(struct job *j, struct file_plan *p, const struct file_want *w,
    const struct file_seen *seen, struct buf *why)
{
	struct file_step *s;
	struct attrs a;

	if (file_attrs(j, w, seen, &a, why) == -1)
		return -1;
	if (!file_attrs_any(&a))
		return 0;
	if (file_blocked(w, seen, why) == -1)
		return -1;
	if ((s = file_step(j, p, FILE_OP_ATTRS, seen, why)) == NULL)
		return -1;
	s->attrs = a;
	return 0;
}

int
file_plan_present(struct job *j, struct file_plan *p,
    const struct file_want *w, struct buf *why)
{
	struct file_seen seen;
	int rc = -1;

	if (look(j, w, w->follow, &seen, why) == -1)
		goto clear;
	if (seen.kind == NODE_NONE && plan_room(j, p, w, &seen, why) == -1)
		goto clear;
	if ((seen.kind == NODE_DIR || seen.kind == NODE_OTHER) &&
	    plan_clear(j, p, w, &seen, "a file", true, why) == -1)
		goto clear;
	rc = file_plan_content(j, p, w, &seen, why);
clear:
	file_seen_clear(&seen);
	return rc;
}

int
file_plan_dir(struct job *j, struct file_plan *p, const struct file_want *w,
    struct buf *why)
{
	struct file_seen seen;
	struct file_step *s;
	int rc = -1;

	if (look(j, w, w->follow, &seen, why) == -1)
		goto clear;
	if (seen.kind == NODE_DIR) {
		rc = file_plan_attrs(j, p, w, &seen, why);
		goto clear;
	}
	if (seen.kind != NODE_NONE) {
		if (plan_clear(j, p, w, &seen, "a directory", false,
		    why) == -1)
			goto clear;
	} else if (plan_room(j, p, w, &seen, why) == -1)
		goto clear;
	else
		file_why(j, seen.path, "is missing");
	if ((s = file_step(j, p, FILE_OP_MKDIR, &seen, why)) != NULL) {
		s->sync = true;
		rc = file_new_attrs(w, &seen, true, &s->attrs, why);
	}
clear:
	file_seen_clear(&seen);
	return rc;
}

int
file_plan_link(struct job *j, struct file_plan *p, const struct file_want *w,
    struct buf *why)
{
	struct file_seen seen;
	struct file_step *s;
	int rc = -1;

	if (look(j, w, false, &seen, why) == -1)
		goto clear;
	if (seen.kind == NODE_LINK && strcmp(seen.target, w->target) == 0) {
		rc = file_plan_attrs(j, p, w, &seen, why);
		goto clear;
	}
	if (seen.kind == NODE_NONE) {
		if (plan_room(j, p, w, &seen, why) == -1)
			goto clear;
		file_why(j, seen.path, "is missing");
	} else if (seen.kind == NODE_LINK)
		file_why(j, seen.path, "leads to %s, not to %s",
		    seen.target, w->target);
	else if (plan_clear(j, p, w, &seen, "a symbolic link", true,
	    why) == -1)
		goto clear;
	if ((s = file_step(j, p, FILE_OP_LINK, &seen, why)) != NULL) {
		s->attrs.uid = w->uid;
		s->attrs.gid = w->gid;
		s->sync = true;
		rc = 0;
		if ((s->owned = strdup(w->target)) == NULL)
			rc = why_errno(why, seen.path, "strdup");
		else
			s->data = str_of(s->owned);
	}
clear:
	file_seen_clear(&seen);
	return rc;
}

static int
plan_absent(struct job *j, struct file_plan *p, const struct file_want *w,
    struct buf *why)
{
	struct file_names names = { NULL, 0 };
	struct file_seen seen;
	struct file_step *s;
	int rc = -1;

	if (look(j, w, false, &seen, why) == -1)
		goto clear;
	if (seen.kind == NODE_NONE) {
		rc = 0;
		goto clear;
	}
	if (file_may_go(w, &seen, why) == -1)
		goto clear;
	file_why(j, seen.path, "is there");
	if (seen.kind == NODE_DIR && !w->recurse && !w->force) {
		if (file_names(j, seen.path, &names, why) == -1)
			goto clear;
		errno = ENOTEMPTY;
		if (names.n > 0) {
			why_say(why, "%s: is not empty (recurse: true would "
			    "remove it)", seen.path);
			goto clear;
		}
	}
	if (seen.kind == NODE_DIR)
		rc = file_tree_remove(j, p, w, &seen, why);
	else if ((s = file_step(j, p, FILE_OP_UNLINK, &seen, why)) != NULL) {
		s->sync = true;
		rc = 0;
	}
clear:
	file_names_free(&names);
	file_seen_clear(&seen);
	return rc;
}

/* As far as that can be told without a look into it. */
static bool
is_right_outside(const struct file_want *w, const struct stat *st)
{
	const char *errstr;
	mode_t mode;

	if ((w->uid != (uid_t)-1 && w->uid != st->st_uid) ||
	    (w->gid != (gid_t)-1 && w->gid != st->st_gid))
		return false;
	if (w->mode != NULL && (file_mode(&mode, w->mode, st->st_mode & TWELVE,
	    false, &errstr) == -1 || mode != (st->st_mode & TWELVE)))
		return false;
	return !w->has_content || !w->replace ||
	    st->st_size == (off_t)w->content.len;
}

/*
 * The usual case, in the few calls that it takes: a file that is as it should
 * be, with no link on the way.  Anything else is for the long way round.
 */
static bool
is_right(const struct job *j, const struct file_want *w)
{
	bool inside = w->has_content && w->replace, same = true;
	const char *name = w->path;
	bool near;
	struct stat st;
	int fd, flags;

	if (j->world != NULL || w->ensure != FILE_PRESENT || w->has_edit ||
	    w->source != NULL)
		return false;
	near = j->near != NULL && place_near(j->near, w->path, &name);
	if (fstatat(near ? j->near->dir : AT_FDCWD, name, &st,
	    AT_SYMLINK_NOFOLLOW) == -1 || !S_ISREG(st.st_mode) ||
	    !is_right_outside(w, &st))
		return false;
	if (near && !inside)
		return true;
	flags = inside ? O_RDONLY | O_NONBLOCK | O_NOCTTY : O_PATH;
	fd = near ? place_near_open(j->near, name, flags) :
	    place_open_plain(name, flags);
	if (fd == -1)
		return false;
	if (inside && file_same_data(fd, w->content, &same) == -1)
		same = false;
	close(fd);
	return same;
}

/* A directory that is to be as another one is, down to the bottom. */
static int
plan_tree(struct job *j, struct file_plan *p, const struct file_want *w,
    struct buf *why)
{
	if (file_plan_dir(j, p, w, why) == -1)
		return -1;
	if (w->source != NULL && file_tree_copy(j, p, w, why) == -1)
		return -1;
	if (w->purge && file_tree_purge(j, p, w, why) == -1)
		return -1;
	if (w->recurse && w->source == NULL)
		return file_tree_attrs(j, p, w, why);
	return 0;
}

static int
plan_all(struct job *j, struct file_plan *p, struct file_want *w,
    struct buf *why)
{
	struct file_seen source;

	if (w->source != NULL && w->ensure != FILE_ABSENT) {
		if (file_look(j, w->source, true, &source, why) == -1)
			return -1;
		if (source.kind == NODE_DIR) {
			w->ensure = FILE_DIRECTORY;
			w->recurse = true;
		} else if (w->ensure == FILE_DIRECTORY) {
			why_say(why, "%s: a directory's source has to be a "
			    "directory", w->source);
			file_seen_clear(&source);
			return -1;
		}
		file_seen_clear(&source);
	}
	switch (w->ensure) {
	case FILE_PRESENT:
		return file_plan_present(j, p, w, why);
	case FILE_DIRECTORY:
		return plan_tree(j, p, w, why);
	case FILE_LINK:
		return file_plan_link(j, p, w, why);
	default:
		return plan_absent(j, p, w, why);
	}
}

/* At the end, not each by itself, where there are many. */
static void
sync_later(struct file_plan *p)
{
	size_t i;

	for (i = 0; p->n > FILE_MANY && i < p->n; i++)
		if (p->steps[i].op != FILE_OP_WRITE)
			p->steps[i].sync = false;
}

/* Will the path be given to somebody who is yet to be? */
static bool
waits_for_owner(const struct file_want *w)
{
	return w->ensure != FILE_ABSENT &&
	    (w->no_owner != NULL || w->no_group != NULL);
}

static void
tell_owner(struct job *j, const struct file_want *w)
{
	if (w->no_owner != NULL)
		job_why(j, "owner %s does not exist yet", w->no_owner);
	if (w->no_group != NULL)
		job_why(j, "group %s does not exist yet", w->no_group);
}

enum outcome
file_plan(struct job *j)
{
	struct buf why = { 0 };
	struct file_plan *p;
	struct file_want w;

	if (!file_want(j, &w))
		return OUTCOME_FAILED;
	if (is_right(j, &w)) {
		if (j->want_detail)
			file_detail(j, NULL, &w);
		return OUTCOME_OK;
	}
	if ((p = calloc(1, sizeof(*p))) == NULL)
		return job_fail(j, "%s: out of memory", w.path);
	j->state = p;
	j->drop = file_plan_free;
	p->want = w;
	if (plan_all(j, p, &p->want, &why) == -1) {
		job_fail(j, "%.*s", (int)why.len, why.p);
		buf_clear(&why);
		return OUTCOME_FAILED;
	}
	buf_clear(&why);
	sync_later(p);
	if (j->want_detail)
		file_detail(j, p, &p->want);
	if (waits_for_owner(&w)) {
		tell_owner(j, &w);
		return OUTCOME_CHANGED;
	}
	return p->n == 0 ? OUTCOME_OK : OUTCOME_CHANGED;
}
