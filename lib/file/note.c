#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/place.h"
#include "base/why.h"
#include "file/plan.h"
#include "resource/journal.h"

static const enum journal_op ops[] = {
	[FILE_OP_MKDIR] = JOURNAL_MKDIR,
	[FILE_OP_WRITE] = JOURNAL_WRITE,
	[FILE_OP_LINK] = JOURNAL_LINK,
	[FILE_OP_ATTRS] = JOURNAL_ATTRS,
	[FILE_OP_UNLINK] = JOURNAL_UNLINK,
	[FILE_OP_RMDIR] = JOURNAL_RMDIR
};

/* What was there, as it is now. */
static int
look_back(struct journal_step *js, char target[PATH_MAX], struct buf *why)
{
	ssize_t n;

	if (fstatat(js->dir, js->name, &js->st, AT_SYMLINK_NOFOLLOW) == -1) {
		if (errno != ENOENT)
			return why_errno(why, js->path, "fstatat");
		js->was = NODE_NONE;
		return 0;
	}
	js->was = S_ISREG(js->st.st_mode) ? NODE_FILE :
	    S_ISDIR(js->st.st_mode) ? NODE_DIR :
	    S_ISLNK(js->st.st_mode) ? NODE_LINK : NODE_OTHER;
	if (js->was == NODE_LINK) {
		n = readlinkat(js->dir, js->name, target, PATH_MAX - 1);
		if (n == -1)
			return why_errno(why, js->path, "readlinkat");
		target[n] = '\0';
		js->old_target = target;
	}
	return 0;
}

/* The copy that is kept of a file that a policy replaces for the first time. */
static int
note_orig(const struct job *j, const struct journal_step *js, struct buf *why)
{
	struct journal_step orig = *js;
	char *name = NULL, *path = NULL;
	int rc = -1;

	if (asprintf(&name, "%s" FILE_ORIG_SUFFIX, js->name) == -1 ||
	    asprintf(&path, "%s" FILE_ORIG_SUFFIX, js->path) == -1) {
		why_errno(why, js->path, "asprintf");
		goto free_names;
	}
	orig.op = JOURNAL_WRITE;
	orig.path = path;
	orig.name = name;
	orig.from = js->path;
	orig.data = str_of("");
	orig.attrs = (struct attrs){ js->st.st_uid, js->st.st_gid,
	    js->st.st_mode & 07777 };
	orig.was = NODE_NONE;
	orig.old = -1;
	if (faccessat(js->dir, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		rc = 0;
	else {
		orig.st = (struct stat){ 0 };
		rc = journal_note(j, &orig, why);
	}
free_names:
	free(name);
	free(path);
	return rc;
}

static int
note_at(const struct job *j, const struct file_step *s,
    struct journal_step *js, const struct place *at, struct buf *why)
{
	char target[PATH_MAX];
	int rc = 0;

	js->dir = at->dir;
	js->name = at->name;
	if (look_back(js, target, why) == -1)
		return -1;
	if (js->was == NODE_FILE && s->op != FILE_OP_ATTRS)
		js->old = place_open(at, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	if (s->keep_orig && js->was == NODE_FILE)
		rc = note_orig(j, js, why);
	if (rc == 0)
		rc = journal_note(j, js, why);
	if (js->old != -1)
		close(js->old);
	return rc;
}

/* Is path in the directory, or below one in it? */
static bool
is_below(const char *path, const char *dir)
{
	size_t n = dir == NULL ? 0 : strlen(dir);

	return n > 0 && strncmp(path, dir, n) == 0 && path[n] == '/';
}

/* fresh is a directory that an earlier step makes: there is nothing below. */
static int
note(const struct job *j, const struct file_step *s, const char *fresh,
    struct buf *why)
{
	struct journal_step js = { .op = ops[s->op], .path = s->path,
	    .dir = -1, .name = file_name(s->path), .was = NODE_NONE,
	    .old = -1, .attrs = s->attrs, .from = s->from,
	    .sensitive = j->sensitive };
	struct buf ignored = { 0 };
	struct place at;
	int rc;

	if (s->op == FILE_OP_LINK)
		js.target = s->data.p;
	else if (s->data.p != NULL)
		js.data = s->data;
	if (is_below(s->path, fresh))
		return journal_note(j, &js, why);
	if (place_find(&at, s->path, 0, &ignored) == 0) {
		rc = note_at(j, s, &js, &at, why);
		place_clear(&at);
	} else if (errno == ENOENT || errno == ENOTDIR)
		rc = journal_note(j, &js, why);
	else
		rc = why_say(why, "%.*s", (int)ignored.len, ignored.p);
	buf_clear(&ignored);
	return rc;
}

int
file_note(struct job *j, struct buf *why)
{
	const struct file_plan *p = j->state;
	const struct file_step *s;
	const char *fresh = NULL;
	size_t i;

	if (j->journal == NULL)
		return 0;
	for (i = 0; i < p->n; i++) {
		s = &p->steps[i];
		if (note(j, s, fresh, why) == -1)
			return -1;
		if (s->op == FILE_OP_MKDIR && !is_below(s->path, fresh))
			fresh = s->path;
	}
	return 0;
}
