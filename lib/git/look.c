#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "file/part.h"
#include "git/plan.h"
#include "git/refs.h"

/* A file of the repository, on the host or by then; false: there is none. */
static bool
read_file(const struct job *j, const struct git_plan *p, const char *name,
    struct buf *b)
{
	char *path;
	bool found;

	if (asprintf(&path, "%s/%s", p->dir, name) == -1)
		return false;
	found = part_read(j, path, b) && b->len > 0;
	free(path);
	return found;
}

static void
copy_id(char to[GIT_ID_SIZE], struct str id)
{
	snprintf(to, GIT_ID_SIZE, "%.*s", (int)id.len, id.p);
}

/* One that is in a file of its own counts before one that is packed. */
bool
git_look_ref(const struct job *j, const struct git_plan *p, const char *ref,
    char id[GIT_ID_SIZE], char peeled[GIT_ID_SIZE])
{
	struct buf b = { 0 };
	struct str one, other;
	bool found;

	*id = *peeled = '\0';
	if ((found = read_file(j, p, ref, &b))) {
		found = git_ref(buf_view(&b), &one, &other) && one.len > 0;
		if (found)
			copy_id(id, one);
	} else {
		buf_reset(&b);
		found = read_file(j, p, "packed-refs", &b) &&
		    git_packed(buf_view(&b), str_of(ref), &one, &other);
		if (found) {
			copy_id(id, one);
			copy_id(peeled, other);
		}
	}
	buf_clear(&b);
	return found;
}

bool
git_look(const struct job *j, struct git_plan *p)
{
	char peeled[GIT_ID_SIZE], *name;
	struct buf b = { 0 };
	struct str id, ref;
	bool found;

	found = read_file(j, p, "HEAD", &b) &&
	    git_ref(buf_view(&b), &id, &ref);
	if (found && ref.len == 0)
		copy_id(p->at, id);
	else if (found && (name = strndup(ref.p, ref.len)) != NULL) {
		git_look_ref(j, p, name, p->at, peeled);
		if (strncmp(name, "refs/heads/", 11) == 0)
			p->on = strdup(name + 11);
		free(name);
	}
	buf_reset(&b);
	if (found && read_file(j, p, "config", &b))
		git_remote_url(buf_view(&b), str_of(p->remote), &p->url);
	buf_clear(&b);
	return found;
}
