#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/diff.h"
#include "base/why.h"
#include "file/plan.h"

/* The node n, with the content of the host's file from. */
static int
set_from(struct world *w, const char *path, struct node n, const char *from,
    off_t size, struct buf *why)
{
	struct buf b = { 0 };
	int fd, rc;

	fd = open(from, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd == -1)
		return why_errno(why, from, "open");
	if (size > DIFF_BYTES_MAX)
		rc = world_set_file(w, path, &n, fd, (size_t)size);
	else if ((rc = buf_read(&b, fd, SIZE_MAX)) == 0) {
		n.data = b.len > 0 ? buf_view(&b) : str_of("");
		rc = world_set(w, path, &n);
	}
	if (rc == -1)
		why_errno(why, from, "read");
	buf_clear(&b);
	close(fd);
	return rc;
}

static mode_t
new_mode(const struct file_step *s)
{
	if (s->attrs.mode != (mode_t)-1)
		return s->attrs.mode;
	if (s->was == NODE_FILE || (s->was == NODE_DIR &&
	    s->op == FILE_OP_ATTRS))
		return s->mode;
	return file_default_mode(s->op == FILE_OP_MKDIR);
}

static bool
is_new(const struct file_step *s)
{
	return s->op == FILE_OP_MKDIR || s->op == FILE_OP_LINK ||
	    (s->op == FILE_OP_WRITE && s->was != NODE_FILE);
}

/* The copy that apply would keep, if there is none yet. */
static int
pretend_orig(struct job *j, const struct file_step *s, struct buf *why)
{
	struct file_seen seen = { .kind = NODE_NONE }, orig;
	struct node n;
	char *path;
	int rc = -1;

	if (asprintf(&path, "%s" FILE_ORIG_SUFFIX, s->path) == -1)
		return why_errno(why, s->path, "asprintf");
	if (file_look(j, path, false, &orig, why) == -1)
		goto clear;
	rc = 0;
	if (orig.kind != NODE_NONE)
		goto clear;
	rc = -1;
	if (file_look(j, s->path, false, &seen, why) == -1)
		goto clear;
	n = (struct node){ .kind = NODE_FILE, .mode = s->mode, .uid = s->uid,
	    .gid = s->gid, .data = seen.data };
	if (seen.host_data)
		rc = set_from(j->world, path, n, seen.path, seen.st.st_size,
		    why);
	else if ((rc = world_set(j->world, path, &n)) == -1)
		why_errno(why, path, "malloc");
clear:
	free(path);
	file_seen_clear(&seen);
	file_seen_clear(&orig);
	return rc;
}

static int
pretend_step(struct job *j, const struct file_step *s, struct buf *why)
{
	struct node n = { .kind = NODE_NONE }, now;
	bool known = world_look(j->world, s->path, &now);

	n.mode = new_mode(s);
	n.uid = s->attrs.uid != (uid_t)-1 ? s->attrs.uid :
	    is_new(s) ? geteuid() : s->uid;
	n.gid = s->attrs.gid != (gid_t)-1 ? s->attrs.gid :
	    is_new(s) ? getegid() : s->gid;
	switch (s->op) {
	case FILE_OP_MKDIR:
		n.kind = NODE_DIR;
		n.fresh = true;
		break;
	case FILE_OP_WRITE:
		n.kind = NODE_FILE;
		n.data = s->data.p != NULL ? s->data : str_of("");
		if (s->from != NULL)
			return set_from(j->world, s->path, n, s->from,
			    s->from_size, why);
		break;
	case FILE_OP_LINK:
		n.kind = NODE_LINK;
		n.data = s->data;
		break;
	case FILE_OP_ATTRS:
		n.kind = s->was;
		if (known) {
			n.data = now.data;
			n.fresh = now.fresh;
		}
		break;
	default:
		break;
	}
	if (world_set(j->world, s->path, &n) == -1)
		return why_errno(why, s->path, "malloc");
	return 0;
}

enum outcome
file_pretend(struct job *j)
{
	const struct file_plan *p = j->state;
	struct buf why = { 0 };
	size_t i;
	int rc = 0;

	for (i = 0; rc == 0 && i < p->n; i++) {
		if (p->steps[i].keep_orig)
			rc = pretend_orig(j, &p->steps[i], &why);
		if (rc == 0)
			rc = pretend_step(j, &p->steps[i], &why);
	}
	if (rc == -1)
		job_fail(j, "%.*s", (int)why.len, why.p);
	buf_clear(&why);
	return rc == 0 ? OUTCOME_CHANGED : OUTCOME_FAILED;
}
