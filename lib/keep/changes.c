#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "keep/look.h"

/*
 * Changes come newest first.  One that comes for a path that is there already
 * is an earlier one: what was before that is what is to be put back.
 */
struct gather {
	struct keep_changes *all;
	size_t		*slots;		/* indices + 1, by hash; 0: free */
	size_t		 nslots;	/* a power of two */
	const char	*path;
	int		 rc;
};

static int
row_copy(struct change_row *to, const struct change_row *from)
{
	*to = (struct change_row){ .run = from->run, .number = from->number,
	    .undoes = from->undoes };
	if (text_copy(&to->policy, from->policy) == 0 &&
	    text_copy(&to->type, from->type) == 0 &&
	    text_copy(&to->title, from->title) == 0 &&
	    text_copy(&to->path, from->path) == 0 &&
	    state_copy(&to->was, &from->was) == 0) {
		if (state_copy(&to->is, &from->is) == 0)
			return 0;
		to->is.target = to->is.xattrs = (struct str){ NULL, 0 };
	} else
		to->was.target = to->was.xattrs = (struct str){ NULL, 0 };
	row_free(to);
	return ENOMEM;
}

/* The slot of a path, or the free one where it belongs. */
static size_t *
slot_of(const struct gather *g, struct str path)
{
	size_t at = (size_t)hash64(0, path.p, path.len) & (g->nslots - 1);

	while (g->slots[at] != 0 &&
	    !str_eq(g->all->v[g->slots[at] - 1].row.path, path))
		at = (at + 1) & (g->nslots - 1);
	return &g->slots[at];
}

/* At least twice as many slots as there are paths, one more included. */
static int
grow(struct gather *g)
{
	struct keep_changes *all = g->all;
	struct keep_change *more;
	size_t i, size = all->size == 0 ? 64 : all->size * 2;

	if (all->n < all->size)
		return 0;
	if ((more = reallocarray(all->v, size, sizeof(*more))) == NULL)
		return ENOMEM;
	all->v = more;
	all->size = size;
	free(g->slots);
	g->nslots = size * 2;
	if ((g->slots = calloc(g->nslots, sizeof(*g->slots))) == NULL)
		return ENOMEM;
	for (i = 0; i < all->n; i++)
		*slot_of(g, all->v[i].row.path) = i + 1;
	return 0;
}

static void
take_content(struct kept_state *to, const struct kept_state *from)
{
	unsigned what = KEPT_HAS_DIGEST | KEPT_HAS_CONTENT | KEPT_HAS_TIME |
	    KEPT_SENSITIVE | KEPT_TOO_LARGE | KEPT_UNREADABLE;

	to->has = (to->has & ~what) | (from->has & what);
	to->size = from->size;
	to->time = from->time;
	to->nsec = from->nsec;
	memcpy(to->digest, from->digest, sizeof(to->digest));
}

/* A file of which only mode, owner or the like was to change. */
static bool
is_bare(const struct kept_state *s)
{
	return s->kind == KEPT_FILE && (s->has & KEPT_HAS_CONTENT) == 0 &&
	    keep_why_not(s) == NULL;
}

/*
 * first came before last; where one of them left the content as it was, that
 * is told by the other.
 */
static void
join_content(const struct change_row *first, struct kept_state *was,
    struct change_row *last)
{
	if (first->is.kind != KEPT_FILE || last->was.kind != KEPT_FILE)
		return;
	if (is_bare(&last->was) && last->is.kind == KEPT_FILE)
		take_content(&last->is, &first->is);
	if (is_bare(was))
		take_content(was, &last->was);
}

static int
earlier(struct keep_change *c, const struct change_row *r)
{
	struct kept_state was;

	if (state_copy(&was, &r->was) == -1)
		return ENOMEM;
	join_content(r, &was, &c->row);
	state_free(&c->row.was);
	c->row.was = was;
	c->first = r->run;
	return 0;
}

static int
gather(const struct change_row *r, void *arg)
{
	struct gather *g = arg;
	struct keep_changes *all = g->all;
	size_t *slot;

	if ((g->rc = grow(g)) != 0)
		return 1;
	slot = slot_of(g, r->path);
	if (*slot != 0) {
		g->rc = earlier(&all->v[*slot - 1], r);
		return g->rc != 0;
	}
	if ((g->rc = row_copy(&all->v[all->n].row, r)) != 0)
		return 1;
	if (state_copy(&all->v[all->n].before, &r->was) == -1) {
		row_free(&all->v[all->n].row);
		g->rc = ENOMEM;
		return 1;
	}
	all->v[all->n++].first = r->run;
	*slot = all->n;
	return 0;
}

struct until {
	struct gather	*g;
	uint64_t	 after;
};

static int
gather_until(const struct change_row *r, void *arg)
{
	struct until *u = arg;

	return r->run <= u->after ? 1 : gather(r, u->g);
}

/*
 * What came to be goes first, what is in a directory before that; then the
 * rest comes back, directories before what is in them.
 */
static int
compare(const void *a, const void *b)
{
	const struct change_row *x = &((const struct keep_change *)a)->row;
	const struct change_row *y = &((const struct keep_change *)b)->row;
	bool goes = x->was.kind == KEPT_NONE;

	if (goes != (y->was.kind == KEPT_NONE))
		return goes ? -1 : 1;
	return goes ? strcmp(y->path.p, x->path.p) :
	    strcmp(x->path.p, y->path.p);
}

int
keep_changes(struct store *s, uint64_t after, const char *path,
    struct keep_changes *all)
{
	struct gather g = { .all = all };
	struct until u = { &g, after };
	struct store_view *v;
	int rc;

	*all = (struct keep_changes){ .v = NULL };
	if ((rc = store_view(s, &v)) != 0)
		return rc;
	rc = path != NULL ?
	    store_each_change_of(v, str_of(path), gather_until, &u) :
	    store_each_change(v, after, gather, &g);
	store_view_end(v);
	free(g.slots);
	if (all->n > 0)
		qsort(all->v, all->n, sizeof(*all->v), compare);
	return g.rc != 0 ? g.rc : rc;
}

void
keep_changes_free(struct keep_changes *all)
{
	while (all->n > 0) {
		row_free(&all->v[--all->n].row);
		state_free(&all->v[all->n].before);
	}
	free(all->v);
	*all = (struct keep_changes){ .v = NULL };
}
