#include <string.h>
#include <time.h>

#include <lmdb.h>

#include "ingest/pipeline.h"

/*
 * The look for what is too old goes through the store in steps, between two
 * batches, so that neither the look nor the forgetting holds up the ingest.
 */
enum { LOOK = 10000, FORGET = 500 };

struct look {
	struct ingest	*in;
	uint32_t	 before;	/* last heard of earlier than that */
	size_t		 rows;
	size_t		 found;
	struct buf	 keys;		/* of what was found; length first */
};

static uint32_t
last_heard(struct ingest *in, uint32_t slot)
{
	return slot < in->seen.slots ? atomic_load(&in->seen.times[slot]) : 0;
}

static int
look_at(const struct version_row *row, struct str key, void *arg)
{
	struct look *l = arg;
	uint16_t len = (uint16_t)key.len;

	buf_reset(&l->in->trim_after);
	buf_str(&l->in->trim_after, key);
	/* The time in memory is newer than the one in the row. */
	if (last_heard(l->in, row->slot) < l->before) {
		buf_add(&l->keys, &row->slot, sizeof(row->slot));
		buf_add(&l->keys, &len, sizeof(len));
		buf_str(&l->keys, key);
		l->found++;
	}
	return ++l->rows == LOOK || l->found == FORGET;
}

/* Under the lock: whoever it is may just have been heard of again. */
static bool
still_old(struct look *l, uint32_t slot, struct str key)
{
	static const struct str none = { "", 0 };
	struct known_digest d;
	bool old;

	ingest_lock(l->in);
	if ((old = last_heard(l->in, slot) < l->before)) {
		known_digest(l->in->known, &d, key, none, none, none);
		known_forget(l->in->known, d.who);
	}
	ingest_unlock(l->in);
	return old;
}

static int
forget_one(struct store_tx *t, struct str key, uint32_t *slot)
{
	struct str app_id = str_of(key.p);
	struct str host = str_of(key.p + app_id.len + 1);
	const unsigned char *n = (const unsigned char *)key.p + key.len - 2;
	int rc;

	rc = store_forget(t, app_id, host, (unsigned)n[0] << 8 | n[1], slot);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

static int
forget(struct look *l)
{
	const char *p = l->keys.p, *end = p + l->keys.len;
	uint32_t slot, freed[FORGET];
	struct store_tx *t;
	size_t i, n = 0;
	uint16_t len;
	int rc;

	if ((rc = ingest_begin(l->in, &t)) != 0)
		return rc;
	for (; p < end; p += len) {
		memcpy(&slot, p, sizeof(slot));
		memcpy(&len, p + sizeof(slot), sizeof(len));
		p += sizeof(slot) + sizeof(len);
		if (!still_old(l, slot, (struct str){ p, len }))
			continue;
		freed[n] = slot;
		if ((rc = forget_one(t, (struct str){ p, len },
		    &freed[n++])) != 0) {
			ingest_abort(l->in, t);
			return rc;
		}
	}
	if ((rc = ingest_commit(l->in, t)) != 0)
		return rc;
	for (i = 0; i < n; i++)
		seen_set(&l->in->seen, freed[i], 0);
	l->in->stats.trimmed += n;
	return 0;
}

bool
ingest_trim(struct ingest *in)
{
	struct look l = { .in = in };
	uint32_t now = (uint32_t)time(NULL);
	struct store_view *v;
	struct buf after = in->trim_after;
	int rc;

	if (now <= in->config.trim)
		return false;
	l.before = now - in->config.trim;
	in->trim_after = (struct buf){ 0 };
	if ((rc = store_view(in->store, &v)) == 0) {
		rc = store_each_version(v, STORE_BY_APP,
		    (struct str){ NULL, 0 }, buf_view(&after), look_at, &l);
		store_view_end(v);
	}
	buf_clear(&after);
	if (rc == 0 && l.found > 0 && !buf_failed(&l.keys))
		rc = forget(&l);
	if (rc != 0 || (l.rows < LOOK && l.found < FORGET))
		buf_clear(&in->trim_after);	/* from the start, next time */
	buf_clear(&l.keys);
	return in->trim_after.p != NULL;
}
