#include <sys/stat.h>

#include <sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/diff.h"
#include "file/plan.h"

/* The step that has the last word on the path's content, or NULL. */
static const struct file_step *
last_step(const struct file_plan *p, const char *path)
{
	const struct file_step *found = NULL;
	size_t i;

	for (i = 0; p != NULL && i < p->n; i++)
		if (strcmp(p->steps[i].path, path) == 0)
			found = &p->steps[i];
	return found;
}

static enum node_kind
kind_after(const struct file_step *s, const struct file_seen *seen)
{
	if (s == NULL)
		return seen->kind;
	switch (s->op) {
	case FILE_OP_MKDIR:
		return NODE_DIR;
	case FILE_OP_WRITE:
		return NODE_FILE;
	case FILE_OP_LINK:
		return NODE_LINK;
	case FILE_OP_ATTRS:
		return s->was;
	default:
		return NODE_NONE;
	}
}

static void
put_digest(struct job *j, const struct file_step *s,
    const struct file_seen *seen)
{
	char hex[SHA256_DIGEST_STRING_LENGTH] = "";
	struct buf b = { 0 }, why = { 0 };

	if (s != NULL && s->op == FILE_OP_WRITE && s->from != NULL)
		SHA256File(s->from, hex);
	else if (s != NULL && s->op == FILE_OP_WRITE)
		SHA256Data((const uint8_t *)s->data.p, s->data.len, hex);
	else if (seen->st.st_size <= DIFF_BYTES_MAX &&
	    file_load(seen, &b, &why) == 0)
		SHA256Data((const uint8_t *)(b.len > 0 ? b.p : ""), b.len,
		    hex);
	if (hex[0] != '\0')
		job_detail(j, "sha256", str_of(hex));
	buf_clear(&b);
	buf_clear(&why);
}

static void
put_attrs(struct job *j, const struct file_step *s,
    const struct file_seen *seen, enum node_kind kind)
{
	struct attrs a = { seen->st.st_uid, seen->st.st_gid,
	    seen->st.st_mode & 07777 };
	bool made = s != NULL && (s->op == FILE_OP_MKDIR ||
	    (s->op == FILE_OP_WRITE && s->was != NODE_FILE));
	char digits[8];

	if (made)
		a = (struct attrs){ geteuid(), getegid(),
		    file_default_mode(kind == NODE_DIR) };
	if (s != NULL && s->attrs.mode != (mode_t)-1)
		a.mode = s->attrs.mode;
	if (s != NULL && s->attrs.uid != (uid_t)-1)
		a.uid = s->attrs.uid;
	if (s != NULL && s->attrs.gid != (gid_t)-1)
		a.gid = s->attrs.gid;
	snprintf(digits, sizeof(digits), "%04o", (unsigned)a.mode & 07777);
	job_detail(j, "mode", str_of(digits));
	job_detail_num(j, "owner", a.uid);
	job_detail_num(j, "group", a.gid);
}

void
file_detail(struct job *j, const struct file_plan *p,
    const struct file_want *w)
{
	static const char *const kinds[] = { "none", "file", "directory",
	    "link", "other" };
	struct file_seen seen;
	struct buf why = { 0 };
	const struct file_step *s;
	enum node_kind kind;
	bool follow = w->follow && w->ensure != FILE_LINK &&
	    w->ensure != FILE_ABSENT;

	if (file_look(j, w->path, follow, &seen, &why) == -1)
		goto clear;
	s = last_step(p, seen.path);
	kind = kind_after(s, &seen);
	job_detail(j, "path", str_of(seen.path));
	job_detail(j, "kind", str_of(kinds[kind]));
	if (kind == NODE_FILE || kind == NODE_DIR)
		put_attrs(j, s, &seen, kind);
	if (kind == NODE_LINK && w->target != NULL)
		job_detail(j, "target", str_of(w->target));
	if (kind == NODE_FILE && !j->sensitive &&
	    (w->has_content || w->source != NULL || w->has_edit))
		put_digest(j, s, &seen);
clear:
	file_seen_clear(&seen);
	buf_clear(&why);
}
