#include <errno.h>
#include <string.h>

#include <lmdb.h>

#include "ingest/pipeline.h"

/*
 * A row of the store, as known.c digests it.  The instance follows the host
 * in the key just as the row's key has it: they are the same bytes.
 */
static int
load_row(const struct version_row *row, struct str key, void *arg)
{
	struct ingest *in = arg;
	struct known_digest d;

	if (row->slot >= in->seen.slots)
		return 0;
	known_digest(in->known, &d, key, row->ver, row->app, row->host_ip);
	if (known_say(in->known, &d) == 0)
		known_place(in->known, d.who, row->slot);
	seen_raise(&in->seen, row->slot, row->last_update);
	if (row->slot / STORE_PAGE_SLOTS >= in->seen.pages)
		in->seen.pages = row->slot / STORE_PAGE_SLOTS + 1;
	return 0;
}

/* What waits to be stored says more than the store does. */
static void
load_batch(struct ingest *in, const struct batch *b)
{
	const struct block *block = NULL;
	const struct change *c;
	struct known_digest d;
	struct sighting s;

	for (c = batch_next(b, &block, NULL); c != NULL;
	    c = batch_next(b, &block, c)) {
		change_sighting(c, &s);
		known_digest(in->known, &d, change_key(c), s.ver, s.app,
		    s.host_ip);
		(void)known_say(in->known, &d);
	}
}

int
ingest_load(struct ingest *in)
{
	struct store_counts counts;
	struct store_view *v;
	int rc;

	if ((rc = store_view(in->store, &v)) != 0)
		return rc;
	if ((rc = store_counts(v, &counts)) == 0) {
		if (known_renew(in->known, counts.versions) == -1)
			rc = ENOMEM;
		else
			rc = store_each_version(v, STORE_BY_APP,
			    (struct str){ NULL, 0 }, (struct str){ NULL, 0 },
			    load_row, in);
	}
	store_view_end(v);
	load_batch(in, &in->kept);
	if (in->draining != NULL)
		load_batch(in, in->draining);
	load_batch(in, &in->filling.batch);
	return rc;
}

int
ingest_begin(struct ingest *in, struct store_tx **tp)
{
	uint64_t gen;
	int rc;

	if ((rc = store_begin(in->store, tp)) != 0)
		return rc;
	in->ours = store_next_commit(*tp);
	if ((rc = store_generation(*tp, &gen)) == 0 && gen != in->generation) {
		/* We are the only writer now: what is read stays true. */
		ingest_lock(in);
		if ((rc = ingest_load(in)) == 0)
			in->generation = gen;
		ingest_unlock(in);
	}
	if (rc != 0) {
		ingest_abort(in, *tp);
		*tp = NULL;
	}
	return rc;
}

int
ingest_commit(struct ingest *in, struct store_tx *t)
{
	int rc;

	if ((rc = store_commit(t)) != 0)
		in->ours--;
	return rc;
}

void
ingest_abort(struct ingest *in, struct store_tx *t)
{
	if (t == NULL)
		return;
	/* Before somebody else can make the commit that t will not. */
	in->ours--;
	store_abort(t);
}
