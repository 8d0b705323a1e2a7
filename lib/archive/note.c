#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "archive/plan.h"
#include "base/why.h"
#include "resource/journal.h"

/*
 * The new directory and the one that it takes the place of, side by side: -1
 * where there is none.  Of each name in one of them there is one step, or two
 * where a directory becomes something else, or the other way round.
 */
struct pair {
	const struct job *job;
	int		 new;
	int		 old;
	const char	*path;		/* where it will be */
	const char	*temp;		/* and where the new one is now */
	struct buf	*why;
};

enum { DIR_FLAGS = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC };

static int	note_dir(const struct pair *p);

static bool
look(int dir, const char *name, struct stat *st)
{
	return dir != -1 &&
	    fstatat(dir, name, st, AT_SYMLINK_NOFOLLOW) == 0;
}

/* What is at old/name, and becomes what the step says. */
static int
note(const struct job *j, int old, const char *name, struct journal_step *s,
    struct buf *why)
{
	char target[PATH_MAX];
	ssize_t n;
	int rc;

	s->dir = old;
	s->name = name;
	s->old = -1;
	s->sensitive = j->sensitive;
	if (look(old, name, &s->st)) {
		s->was = S_ISREG(s->st.st_mode) ? NODE_FILE :
		    S_ISDIR(s->st.st_mode) ? NODE_DIR :
		    S_ISLNK(s->st.st_mode) ? NODE_LINK : NODE_OTHER;
		n = readlinkat(old, name, target, sizeof(target) - 1);
		target[n == -1 ? 0 : n] = '\0';
		s->old_target = target;
		if (s->was == NODE_FILE)
			s->old = openat(old, name, O_RDONLY | O_NONBLOCK |
			    O_NOCTTY | O_NOFOLLOW | O_CLOEXEC);
	}
	rc = journal_note(j, s, why);
	if (s->old != -1)
		close(s->old);
	return rc;
}

/* What is new at new/name. */
static int
note_new(const struct pair *p, const char *name, const struct stat *st,
    const char *path, const char *temp)
{
	struct journal_step s = { .path = path, .from = temp,
	    .attrs = { st->st_uid, st->st_gid, st->st_mode & 07777 } };
	char target[PATH_MAX];
	ssize_t n;

	s.op = S_ISDIR(st->st_mode) ? JOURNAL_MKDIR :
	    S_ISLNK(st->st_mode) ? JOURNAL_LINK : JOURNAL_WRITE;
	if (s.op == JOURNAL_LINK) {
		n = readlinkat(p->new, name, target, sizeof(target) - 1);
		if (n == -1)
			return why_errno(p->why, temp, "readlinkat");
		target[n] = '\0';
		s.target = target;
		s.attrs.mode = (mode_t)-1;
	}
	return note(p->job, p->old, name, &s, p->why);
}

static int
note_gone(const struct pair *p, const char *name, const struct stat *st,
    const char *path)
{
	struct journal_step s = { .op = S_ISDIR(st->st_mode) ?
	    JOURNAL_RMDIR : JOURNAL_UNLINK, .path = path,
	    .attrs = ATTRS_NONE };

	return note(p->job, p->old, name, &s, p->why);
}

static int
note_below(const struct pair *p, const char *name, bool new, bool old,
    const char *path, const char *temp)
{
	struct pair below = { .job = p->job, .new = -1, .old = -1,
	    .path = path, .temp = temp, .why = p->why };
	int rc = 0;

	if (new && (below.new = openat(p->new, name, DIR_FLAGS)) == -1)
		return why_errno(p->why, temp, "open");
	if (old && (below.old = openat(p->old, name, DIR_FLAGS)) == -1)
		rc = why_errno(p->why, path, "open");
	if (rc == 0)
		rc = note_dir(&below);
	if (below.new != -1)
		close(below.new);
	if (below.old != -1)
		close(below.old);
	return rc;
}

/* What goes, goes from below; what comes, from above. */
static int
note_name(const struct pair *p, const char *name)
{
	struct stat new, old;
	bool is_new = look(p->new, name, &new), was = look(p->old, name, &old);
	bool dir = is_new && S_ISDIR(new.st_mode),
	    old_dir = was && S_ISDIR(old.st_mode);
	char *path = NULL, *temp = NULL;
	int rc = -1;

	if (asprintf(&path, "%s/%s", p->path, name) == -1 ||
	    asprintf(&temp, "%s/%s", p->temp, name) == -1) {
		why_errno(p->why, p->path, "malloc");
		goto free_both;
	}
	rc = 0;
	if (old_dir && !dir)
		rc = note_below(p, name, false, true, path, temp);
	if (rc == 0 && was && (!is_new || dir != old_dir))
		rc = note_gone(p, name, &old, path);
	if (rc == 0 && is_new && !(dir && old_dir))
		rc = note_new(p, name, &new, path, temp);
	if (rc == 0 && dir)
		rc = note_below(p, name, true, old_dir, path, temp);
free_both:
	free(temp);
	free(path);
	return rc;
}

/* All names in dir, but for those that are in but as well. */
static int
note_names(const struct pair *p, int dir, int but)
{
	struct dirent *e;
	struct stat st;
	int fd, rc = 0;
	DIR *d;

	if (dir == -1)
		return 0;
	if ((fd = openat(dir, ".", DIR_FLAGS)) == -1)
		return why_errno(p->why, p->path, "open");
	if ((d = fdopendir(fd)) == NULL) {
		close(fd);
		return why_errno(p->why, p->path, "opendir");
	}
	while (rc == 0 && (e = readdir(d)) != NULL)
		if (strcmp(e->d_name, ".") != 0 &&
		    strcmp(e->d_name, "..") != 0 &&
		    !look(but, e->d_name, &st))
			rc = note_name(p, e->d_name);
	closedir(d);
	return rc;
}

static int
note_dir(const struct pair *p)
{
	return note_names(p, p->old, p->new) == -1 ? -1 :
	    note_names(p, p->new, -1);
}

/* Of the directory itself only that it comes. */
int
archive_note(const struct job *j, const struct beside *b, struct buf *why)
{
	struct pair p = { .job = j, .new = b->fd, .old = -1,
	    .path = b->at.path, .temp = b->path, .why = why };
	struct stat st;
	int rc = 0;

	if (j->journal == NULL)
		return 0;
	if (look(b->at.dir, b->at.name, &st)) {
		p.old = openat(b->at.dir, b->at.name, DIR_FLAGS);
		if (p.old == -1)
			return why_errno(why, b->at.path, "open");
	} else if (fstat(b->fd, &st) == 0) {
		struct journal_step s = { .op = JOURNAL_MKDIR,
		    .path = b->at.path, .old = -1,
		    .attrs = { st.st_uid, st.st_gid, st.st_mode & 07777 } };

		rc = note(j, b->at.dir, b->at.name, &s, why);
	}
	if (rc == 0)
		rc = note_dir(&p);
	if (p.old != -1)
		close(p.old);
	return rc;
}
