#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include <lmdb.h>

#include "base/clock.h"
#include "ingest/pipeline.h"

/*
 * Records a transaction: its pages are held in memory until it is committed,
 * and a record of a large store may touch five.
 */
enum { TX_RECORDS = 2048 };

/* Where a record that was put is, to be told to "known" after the commit. */
struct placed {
	uint64_t	who;
	uint32_t	slot;
	bool		fresh;		/* the slot was free before */
};

struct drain {
	struct ingest		*in;
	struct load		*load;
	struct store_tx		*t;
	const struct change	**changes;	/* sorted; posted groups first */
	size_t			 count;
	size_t			 at;		/* what has been put so far */
	size_t			 posted;	/* end of the posted groups */
	struct placed		*placed;	/* in this transaction */
	size_t			 nplaced;
	size_t			 added;		/* in this transaction */
	size_t			 changed;	/* in this transaction */
	size_t			 writes;	/* in this transaction */
};

static size_t
group_end(const struct drain *d, size_t i)
{
	struct str key = change_key(d->changes[i]);

	while (++i < d->count && str_eq(key, change_key(d->changes[i])))
		continue;
	return i;
}

static bool
group_posted(const struct drain *d, size_t i, size_t end)
{
	for (; i < end; i++)
		if (d->changes[i]->posted)
			return true;
	return false;
}

/*
 * Groups that somebody waits for go first, so that they are all in the first
 * transaction: a post is stored whole or not at all.
 */
static int
posted_first(struct drain *d)
{
	const struct change **out;
	size_t i, j, end, n = 0;
	int want;

	d->posted = 0;
	if (d->load->batch.posted == 0)
		return 0;
	if ((out = calloc(d->count + 1, sizeof(*out))) == NULL)
		return ENOMEM;
	for (want = 1; want >= 0; want--) {
		for (i = 0; i < d->count; i = end) {
			end = group_end(d, i);
			if (group_posted(d, i, end) != want)
				continue;
			for (j = i; j < end; j++)
				out[n++] = d->changes[j];
		}
		if (want == 1)
			d->posted = n;
	}
	free(d->changes);
	d->changes = out;
	return 0;
}

/* Put all that one record became, one after the other. */
static int
put_group(struct drain *d, size_t end)
{
	const struct change *c, *before = NULL;
	struct placed *p = &d->placed[d->nplaced];
	enum store_news news;
	struct sighting s;
	uint32_t slot;
	int rc;

	p->fresh = false;
	for (; d->at < end; d->at++, before = c) {
		c = d->changes[d->at];
		if (before != NULL && change_equal(before, c))
			continue;
		change_sighting(c, &s);
		if ((rc = store_put(d->t, &s, &slot, &news)) != 0)
			return rc;
		if (slot >= d->in->seen.slots)
			return MDB_MAP_FULL;
		p->who = c->who;
		p->slot = slot;
		p->fresh |= news == STORE_NEW;
		d->added += news == STORE_NEW;
		d->changed += news == STORE_CHANGED;
	}
	assert(before != NULL);		/* a group has one change at least */
	d->nplaced++;
	d->writes++;
	/*
	 * A record without a time is none.  One that has an older time is
	 * sound: so where a load takes many transactions, which come in an
	 * order of their own, not each of them rewrites all pages.
	 */
	seen_raise(&d->in->seen, p->slot, before->time);
	seen_mark(&d->in->seen, p->slot, p->fresh ? DIRTY_NEW :
	    d->at <= d->posted ? DIRTY_POST : DIRTY_CHANGED);
	return 0;
}

static int
put_refusals(struct drain *d)
{
	const struct refusal *r;
	size_t i;
	int rc;

	for (i = 0; i < d->load->nrefusals; i++, d->writes++) {
		r = &d->load->refusals[i];
		if ((rc = store_event(d->t, str_of(r->ip), str_of("recv"),
		    str_of(r->transport), str_of(r->reason), r->time,
		    r->count)) != 0)
			return rc;
	}
	return 0;
}

static int
clear_all(struct drain *d)
{
	struct ingest *in = d->in;
	int rc;

	if ((rc = store_clear(d->t)) != 0)
		return rc;
	d->writes++;
	/*
	 * What came before the clearing is gone, and so is what is in this
	 * load; what arrives from here on is news.
	 */
	ingest_lock(in);
	rc = known_renew(in->known, 0) == -1 ? ENOMEM : 0;
	seen_reset(&in->seen);
	batch_clear(&in->kept);
	batch_clear(&d->load->batch);
	ingest_unlock(in);
	return rc;
}

static void
tell_waiters(struct load *load, int rc)
{
	struct ingest_waiter *w, *next;

	for (w = load->waiters; w != NULL; w = next) {
		next = w->next;
		w->done(w, rc);
	}
	load->waiters = NULL;
}

/* After the commit: these records are known, and where. */
static void
place(struct drain *d)
{
	size_t i;

	ingest_lock(d->in);
	for (i = 0; i < d->nplaced; i++)
		known_place(d->in->known, d->placed[i].who,
		    d->placed[i].slot);
	ingest_unlock(d->in);
	d->nplaced = 0;
}

/* After a failure: the slots that were to be taken are free. */
static void
unplace(struct drain *d)
{
	size_t i;

	for (i = 0; i < d->nplaced; i++)
		if (d->placed[i].fresh)
			seen_set(&d->in->seen, d->placed[i].slot, 0);
	d->nplaced = 0;
	seen_mark_all(&d->in->seen);
}

static int
commit(struct drain *d, unsigned why)
{
	struct ingest *in = d->in;
	struct store_tx *t;
	int64_t start;
	int rc;

	in->pages = 0;
	if ((rc = seen_write(&in->seen, d->t, why, &in->pages)) != 0)
		return rc;
	d->writes += in->pages;
	t = d->t;
	d->t = NULL;
	if (d->writes == 0) {
		ingest_abort(in, t);
		return 0;
	}
	d->writes = 0;
	start = clock_us();
	if ((rc = ingest_commit(in, t)) != 0)
		return rc;
	in->stats.commits++;
	in->stats.added += d->added;
	in->stats.changed += d->changed;
	d->added = d->changed = 0;
	in->stats.commit_us += (unsigned long long)(clock_us() - start);
	place(d);
	return 0;
}

/* One transaction; the first has all that was posted. */
static int
drain_some(struct drain *d)
{
	unsigned why = DIRTY_POST | DIRTY_NEW;
	int rc;

	if ((rc = ingest_begin(d->in, &d->t)) != 0)
		return rc;
	while (d->at < d->count && (d->at < d->posted ||
	    d->nplaced < TX_RECORDS))
		if ((rc = put_group(d, group_end(d, d->at))) != 0)
			return rc;
	if (d->at == d->count) {
		if ((rc = put_refusals(d)) != 0)
			return rc;
		why |= DIRTY_CHANGED | (d->load->hearts ? DIRTY_UDP : 0U);
	}
	return commit(d, why);
}

static int
drain_all(struct drain *d)
{
	int rc;

	if (d->load->clear) {
		if ((rc = ingest_begin(d->in, &d->t)) != 0 ||
		    (rc = clear_all(d)) != 0 || (rc = commit(d, 0)) != 0)
			return rc;
	}
	d->count = d->load->batch.count;
	if ((d->changes = batch_sort(&d->load->batch)) == NULL)
		return ENOMEM;
	if ((rc = posted_first(d)) != 0)
		return rc;
	if ((d->placed = calloc(d->posted + TX_RECORDS,
	    sizeof(*d->placed))) == NULL)
		return ENOMEM;
	do {
		if ((rc = drain_some(d)) != 0)
			return rc;
		tell_waiters(d->load, 0);
	} while (d->at < d->count);
	return 0;
}

/* What was posted is given up, what came by UDP is tried again. */
static void
keep_rest(struct drain *d)
{
	struct ingest *in = d->in;
	const struct block *block = NULL;
	const struct change *c;
	struct batch *b = &d->load->batch;

	ingest_lock(in);
	for (c = batch_next(b, &block, NULL); c != NULL;
	    c = batch_next(b, &block, c))
		if (c->posted)
			known_doubt(in->known, c->who);
	if (d->load->hearts)
		in->heard = true;
	if (d->load->clear)
		in->generation = UINT64_MAX;	/* memory is ahead: read again */
	ingest_unlock(in);
	if (batch_drop_posted(b) == -1) {
		in->stats.dropped += b->count;
		batch_clear(b);
	}
	in->kept = *b;
	*b = (struct batch){ 0 };
	in->retry_us = clock_us() + 1000000;
}

void
ingest_drain(struct ingest *in, struct load *load)
{
	struct drain d = { .in = in, .load = load };
	int rc;

	/* What was kept comes first: it is older. */
	batch_append(&in->kept, &load->batch);
	load->batch = in->kept;
	in->kept = (struct batch){ 0 };
	rc = drain_all(&d);
	free(d.changes);
	if (rc != 0) {
		ingest_abort(in, d.t);
		unplace(&d);
		in->stats.failures++;
		keep_rest(&d);
	}
	free(d.placed);
	if (rc != in->rc && in->config.trouble != NULL)
		in->config.trouble("store", rc, in->config.arg);
	in->rc = rc;
	tell_waiters(load, rc);
	batch_clear(&load->batch);
	ingest_lock(in);
	in->held = in->kept.bytes;
	ingest_unlock(in);
}
