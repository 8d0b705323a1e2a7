#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/env.h"
#include "store/kept.h"
#include "store/state.h"

/*
 * "change" against "by_path", and the digests that changes refer to against
 * the heads of "content", both in order.
 */
struct digest {
	unsigned char	b[32];
};

struct kept_check {
	struct store_view *v;
	void		(*fn)(const char *, void *);
	void		*arg;
	uint64_t	 faults;
	struct digest	*refs;
	size_t		 n;
	size_t		 size;
	int		 rc;
};

static void
fault(struct kept_check *c, const char *what)
{
	c->faults++;
	c->fn(what, c->arg);
}

static void
fault_content(struct kept_check *c, const unsigned char *digest,
    const char *what)
{
	char line[128];

	snprintf(line, sizeof(line), "content: %02x%02x%02x%02x... %s",
	    digest[0], digest[1], digest[2], digest[3], what);
	fault(c, line);
}

static int
add_ref(struct kept_check *c, const unsigned char digest[32])
{
	size_t size = c->size == 0 ? 64 : c->size * 2;
	struct digest *more;

	if (c->n == c->size) {
		if ((more = reallocarray(c->refs, size, sizeof(*more))) ==
		    NULL)
			return ENOMEM;
		c->refs = more;
		c->size = size;
	}
	memcpy(c->refs[c->n++].b, digest, 32);
	return 0;
}

static int
check_change(const struct change_row *r, void *arg)
{
	struct kept_check *c = arg;
	struct key k;
	MDB_val d;

	key_init(&k);
	path_key(&k, r->path);
	key_num(&k, r->run, 8);
	key_num(&k, r->number, 4);
	if (mdb_get(c->v->txn, c->v->s->dbi[T_BY_PATH], &k.val, &d) != 0)
		fault(c, "change: one is not in by_path");
	if (r->was.has & KEPT_HAS_CONTENT)
		c->rc = add_ref(c, r->was.digest);
	return c->rc;
}

static int
compare(const void *a, const void *b)
{
	return memcmp(a, b, 32);
}

/* How many of the changes refer to it; they are sorted. */
static uint64_t
count(const struct kept_check *c, const unsigned char *digest)
{
	const struct digest *at = c->n == 0 ? NULL :
	    bsearch(digest, c->refs, c->n, sizeof(*c->refs), compare);
	const struct digest *end = at;

	if (at == NULL)
		return 0;
	while (at > c->refs && compare(at - 1, digest) == 0)
		at--;
	while (end < c->refs + c->n && compare(end, digest) == 0)
		end++;
	return (uint64_t)(end - at);
}

static int
check_content(const MDB_val *k, const MDB_val *d, void *arg)
{
	struct kept_check *c = arg;
	uint64_t refs, size, pieces, i;
	struct str bytes;
	size_t at;

	if (k->mv_size != 32)
		return 0;
	if ((c->rc = value_open(d, &at)) != 0 ||
	    (c->rc = value_take_num(d, &at, &refs, 4)) != 0 ||
	    (c->rc = value_take_num(d, &at, &size, 8)) != 0)
		return 1;
	/* Content that no change has come for is swept by the next run. */
	if (refs == 0)
		return 0;
	if (refs != count(c, k->mv_data))
		fault_content(c, k->mv_data, "has a wrong number of changes");
	pieces = size == 0 ? 1 : (size + KEPT_PIECE - 1) / KEPT_PIECE;
	/* A damaged size may stand for any number of them: one is enough. */
	for (i = 0; i < pieces; i++)
		if (store_content_get_piece(c->v, k->mv_data, (uint32_t)i,
		    &bytes) != 0) {
			fault_content(c, k->mv_data, "lacks a piece");
			break;
		}
	return 0;
}

static int
check_refs(struct kept_check *c)
{
	uint64_t size;
	size_t i;

	for (i = 0; i < c->n; i++)
		if ((i == 0 || compare(&c->refs[i - 1], &c->refs[i]) != 0) &&
		    store_content_get(c->v, c->refs[i].b, &size) != 0)
			fault_content(c, c->refs[i].b, "is missing");
	return 0;
}

static int
check_sizes(struct kept_check *c)
{
	MDB_stat changes, paths;
	int rc;

	if (c->v->s->dbi[T_CHANGE] == NO_TABLE)
		return 0;
	if ((rc = mdb_stat(c->v->txn, c->v->s->dbi[T_CHANGE],
	    &changes)) != 0 ||
	    (rc = mdb_stat(c->v->txn, c->v->s->dbi[T_BY_PATH],
	    &paths)) != 0)
		return rc;
	if (changes.ms_entries != paths.ms_entries)
		fault(c, "by_path: not as many rows as there are changes");
	return 0;
}

int
kept_check(struct store_view *v, uint64_t *faults,
    void (*fn)(const char *what, void *arg), void *arg)
{
	struct kept_check c = { .v = v, .fn = fn, .arg = arg };
	int rc;

	if ((rc = store_each_change(v, 0, check_change, &c)) == 0 &&
	    (rc = c.rc) == 0) {
		if (c.n > 0)
			qsort(c.refs, c.n, sizeof(*c.refs), compare);
		if ((rc = view_walk(v, T_CONTENT, (struct str){ NULL, 0 },
		    (struct str){ NULL, 0 }, check_content, &c)) == 0 &&
		    (rc = c.rc) == 0 && (rc = check_refs(&c)) == 0)
			rc = check_sizes(&c);
	}
	free(c.refs);
	*faults += c.faults;
	return rc;
}
