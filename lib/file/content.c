#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/diff.h"
#include "base/place.h"
#include "base/why.h"
#include "file/plan.h"

static void
show_diff(struct job *j, const struct file_seen *seen, struct str new)
{
	struct buf old = { 0 }, why = { 0 };
	bool is_new = seen->kind != NODE_FILE;

	if (!j->want_diff || j->sensitive)
		return;
	if (!is_new && (seen->st.st_size > DIFF_BYTES_MAX ||
	    new.len > DIFF_BYTES_MAX))
		buf_printf(&j->diff, "Files %s and %s differ\n", seen->path,
		    seen->path);
	else if (is_new || file_load(seen, &old, &why) == 0)
		diff_unified(&j->diff, buf_view(&old), new,
		    is_new ? "/dev/null" : seen->path, seen->path);
	buf_clear(&old);
	buf_clear(&why);
}

static void
show_diff_fd(struct job *j, const struct file_seen *seen, int fd, off_t size)
{
	struct str new = { "", 0 };
	struct buf b = { 0 };

	if (!j->want_diff || j->sensitive)
		return;
	if (size > DIFF_BYTES_MAX || lseek(fd, 0, SEEK_SET) == -1) {
		buf_printf(&j->diff, "Files %s and %s differ\n", seen->path,
		    seen->path);
		return;
	}
	if (buf_read(&b, fd, SIZE_MAX) == 0) {
		if (b.len > 0)
			new = buf_view(&b);
		show_diff(j, seen, new);
	}
	buf_clear(&b);
}

/* Does what was seen hold data?  The size is asked first, and may do. */
static int
same_as_data(const struct file_seen *seen, struct str data, bool *same,
    struct buf *why)
{
	struct place at;
	int fd, rc = 0;

	*same = seen->kind == NODE_FILE &&
	    seen->st.st_size == (off_t)data.len;
	if (!*same || data.len == 0)
		return 0;
	if (!seen->host_data) {
		*same = str_eq(seen->data, data);
		return 0;
	}
	if (place_find(&at, seen->path, 0, why) == -1)
		return -1;
	fd = place_open(&at, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	if (fd == -1)
		rc = why_errno(why, seen->path, "openat");
	else if (file_same_data(fd, data, same) == -1)
		rc = why_errno(why, seen->path, "read");
	if (fd != -1)
		close(fd);
	place_clear(&at);
	return rc;
}

static int
same_as_fd(const struct file_seen *seen, int other, const char *source,
    const struct stat *st, bool *same, struct buf *why)
{
	struct place at;
	int fd, rc = 0;

	*same = seen->kind == NODE_FILE && seen->st.st_size == st->st_size;
	if (!*same || st->st_size == 0)
		return 0;
	if (!seen->host_data) {
		if (file_same_data(other, seen->data, same) == -1)
			rc = why_errno(why, source, "read");
		return rc;
	}
	if (place_find(&at, seen->path, 0, why) == -1)
		return -1;
	fd = place_open(&at, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	if (fd == -1)
		rc = why_errno(why, seen->path, "openat");
	else if (file_same_fd(fd, other, same) == -1)
		rc = why_errno(why, seen->path, "read");
	if (fd != -1)
		close(fd);
	place_clear(&at);
	return rc;
}

/* The step that writes; its content is for the caller to fill in. */
static struct file_step *
plan_write(struct job *j, struct file_plan *p, const struct file_want *w,
    const struct file_seen *seen, struct buf *why)
{
	bool in_place = seen->kind == NODE_FILE &&
	    (seen->mounted || (w->keep_links && seen->st.st_nlink > 1));
	struct file_step *s;

	if (file_blocked(w, seen, why) == -1 ||
	    (!in_place && file_open_dir(seen, why) == -1))
		return NULL;
	if (seen->kind != NODE_FILE)
		file_why(j, seen->path, "%s", seen->kind == NODE_NONE ?
		    "is missing" : "is to become a file");
	else
		file_why(j, seen->path, "content differs");
	if ((s = file_step(j, p, FILE_OP_WRITE, seen, why)) == NULL)
		return NULL;
	s->keep_orig = w->keep_orig && seen->kind == NODE_FILE &&
	    seen->st.st_size > 0;
	s->sync = true;
	if (seen->kind != NODE_FILE) {
		if (file_new_attrs(w, seen, false, &s->attrs, why) == -1)
			return NULL;
		return s;
	}
	if (file_attrs(j, w, seen, &s->attrs, why) == -1)
		return NULL;
	if (in_place) {
		s->in_place = true;
		file_why(j, seen->path,
		    "will be written in place, not atomically");
		job_detail(j, "non_atomic", str_of(seen->path));
	} else if (seen->st.st_nlink > 1)
		file_why(j, seen->path,
		    "%lu other names of it keep the old content",
		    (unsigned long)seen->st.st_nlink - 1);
	return s;
}

static int
plan_data(struct job *j, struct file_plan *p, const struct file_want *w,
    const struct file_seen *seen, struct str data, struct buf *why)
{
	struct file_step *s;
	bool same;

	if (same_as_data(seen, data, &same, why) == -1)
		return -1;
	if (same)
		return file_plan_attrs(j, p, w, seen, why);
	if ((s = plan_write(j, p, w, seen, why)) == NULL)
		return -1;
	s->data = data;
	show_diff(j, seen, data);
	return 0;
}

/* The world only lends what it has. */
static int
plan_copied(struct job *j, struct file_plan *p, const struct file_want *w,
    const struct file_seen *seen, struct str data, struct buf *why)
{
	struct file_step *s;
	size_t n = p->n;

	if (plan_data(j, p, w, seen, data, why) == -1)
		return -1;
	if (p->n == n || data.len == 0)
		return 0;
	s = &p->steps[p->n - 1];
	if (s->op != FILE_OP_WRITE)
		return 0;
	if ((s->owned = malloc(data.len)) == NULL)
		return why_errno(why, w->source, "malloc");
	memcpy(s->owned, data.p, data.len);
	s->data.p = s->owned;
	return 0;
}

static int
plan_source(struct job *j, struct file_plan *p, const struct file_want *w,
    const struct file_seen *seen, struct buf *why)
{
	struct file_step *s;
	struct str data;
	struct stat st;
	bool same;
	int fd, rc = -1;

	if (file_source(j, w->source, &data, &fd, &st, why) == -1)
		return -1;
	if (fd == -1)
		return plan_copied(j, p, w, seen, data, why);
	if (j->trees != NULL &&
	    trees_judge_fd(j->trees, w->source, fd, why) == -1)
		goto close_fd;
	if (same_as_fd(seen, fd, w->source, &st, &same, why) == -1)
		goto close_fd;
	if (same) {
		rc = file_plan_attrs(j, p, w, seen, why);
		goto close_fd;
	}
	if ((s = plan_write(j, p, w, seen, why)) == NULL)
		goto close_fd;
	s->from_time = st.st_mtim;
	s->from_size = st.st_size;
	s->trees = j->trees;
	if ((s->from = strdup(w->source)) == NULL) {
		why_errno(why, w->source, "strdup");
		goto close_fd;
	}
	show_diff_fd(j, seen, fd, st.st_size);
	rc = 0;
close_fd:
	close(fd);
	return rc;
}

static int
plan_edit(struct job *j, struct file_plan *p, const struct file_want *w,
    const struct file_seen *seen, struct buf *why)
{
	struct buf old = { 0 }, new = { 0 }, reason = { 0 };
	struct str text;
	size_t n = p->n;
	int rc = -1;

	if (seen->kind == NODE_FILE && file_load(seen, &old, why) == -1)
		goto done;
	text = old.len == 0 ? str_of("") : buf_view(&old);
	if (file_edit(&new, text, &w->edit, &reason) == -1) {
		why_say(why, "%s: %.*s", seen->path, (int)reason.len,
		    reason.p);
		goto done;
	}
	text = new.len == 0 ? str_of("") : buf_view(&new);
	if ((rc = plan_data(j, p, w, seen, text, why)) == 0 && p->n > n &&
	    p->steps[p->n - 1].op == FILE_OP_WRITE && new.len > 0) {
		p->steps[p->n - 1].owned = new.p;
		new = (struct buf){ 0 };
	}
done:
	buf_clear(&old);
	buf_clear(&new);
	buf_clear(&reason);
	return rc;
}

int
file_plan_content(struct job *j, struct file_plan *p, const struct file_want *w,
    const struct file_seen *seen, struct buf *why)
{
	bool new = seen->kind != NODE_FILE;

	if (w->has_edit)
		return plan_edit(j, p, w, seen, why);
	if (!new && (!w->replace || (!w->has_content && w->source == NULL)))
		return file_plan_attrs(j, p, w, seen, why);
	if (w->source != NULL)
		return plan_source(j, p, w, seen, why);
	return plan_data(j, p, w, seen, w->has_content ? w->content :
	    str_of(""), why);
}
