#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "keep/look.h"

/* What resources have left, against what is there now. */
struct gather {
	struct keep_left *all;
	unsigned	 flags;
	int		 rc;
};

/*
 * What is there now, as far as the row knows it; false where that cannot be
 * looked at.
 */
static bool
look(const struct left_row *r, struct kept_state *now)
{
	char *path = strndup(r->path.p, r->path.len);
	struct buf ignored = { 0 };
	struct place at;
	bool looked;
	int fd = -1;

	*now = (struct kept_state){ .kind = KEPT_NONE };
	if (path == NULL)
		return false;
	if (place_of(&at, path, &ignored) == -1)
		looked = errno == ENOENT || errno == ENOTDIR || errno == ELOOP;
	else {
		looked = state_look(now, at.dir, at.name, &fd, path,
		    &ignored) == 0;
		if (looked && now->kind == KEPT_FILE && fd != -1 &&
		    (r->is.has & KEPT_HAS_DIGEST) && now->size == r->is.size &&
		    content_digest(fd, now->digest, &now->size) == 0)
			now->has |= KEPT_HAS_DIGEST;
		if (fd != -1)
			close(fd);
		place_clear(&at);
	}
	buf_clear(&ignored);
	free(path);
	return looked;
}

static bool
is_same(const struct left_row *r, const struct kept_state *now)
{
	return state_same(&r->is, now) && (r->is.kind != KEPT_FILE ||
	    (r->is.has & KEPT_HAS_DIGEST) == 0 || now->size == r->is.size);
}

static int
compare(const struct left_row *r, void *arg)
{
	struct gather *g = arg;
	struct kept_state now;

	if (!look(r, &now))
		return 0;
	g->flags |= !is_same(r, &now) ? KEEP_DRIFTED :
	    r->undone ? KEEP_UNDONE : KEEP_AS_LEFT;
	state_free(&now);
	return (g->flags & KEEP_DRIFTED) != 0;
}

unsigned
keep_compare(struct store *s, const struct owner *who)
{
	struct gather g = { .flags = 0 };
	struct store_view *v;

	if (store_view(s, &v) != 0)
		return 0;
	if (store_each_left(v, who, compare, &g) != 0)
		g.flags = 0;
	store_view_end(v);
	return g.flags;
}

/* Of a file whose content is not known, nobody can tell. */
static bool
has_changed(const struct left_row *r, const struct kept_state *now)
{
	return !is_same(r, now) || (r->is.kind == KEPT_FILE &&
	    (r->is.has & KEPT_HAS_DIGEST) == 0);
}

static int
add(struct keep_left *all, const struct left_row *r, bool changed)
{
	size_t size = all->size == 0 ? 8 : all->size * 2;
	struct keep_left_path *more;

	if (all->n == all->size) {
		if ((more = reallocarray(all->v, size, sizeof(*more))) ==
		    NULL)
			return ENOMEM;
		all->v = more;
		all->size = size;
	}
	all->v[all->n].changed = changed;
	if ((all->v[all->n].path = strndup(r->path.p, r->path.len)) == NULL)
		return ENOMEM;
	all->n++;
	return 0;
}

static int
gather(const struct left_row *r, void *arg)
{
	struct gather *g = arg;
	struct kept_state now;

	if (!r->made || r->undone || r->is.kind == KEPT_NONE ||
	    !look(r, &now))
		return 0;
	if (now.kind != KEPT_NONE)
		g->rc = add(g->all, r, has_changed(r, &now));
	state_free(&now);
	return g->rc;
}

static int
path_compare(const void *a, const void *b)
{
	const struct keep_left_path *x = a, *y = b;

	return strcmp(y->path, x->path);
}

int
keep_left(struct store *s, const struct owner *who, struct keep_left *all)
{
	struct gather g = { .all = all };
	struct store_view *v;
	int rc;

	*all = (struct keep_left){ .v = NULL };
	if ((rc = store_view(s, &v)) != 0)
		return rc;
	rc = store_each_left(v, who, gather, &g);
	store_view_end(v);
	if (all->n > 0)
		qsort(all->v, all->n, sizeof(*all->v), path_compare);
	return g.rc != 0 ? g.rc : rc;
}

void
keep_left_free(struct keep_left *all)
{
	while (all->n > 0)
		free(all->v[--all->n].path);
	free(all->v);
	*all = (struct keep_left){ .v = NULL };
}
