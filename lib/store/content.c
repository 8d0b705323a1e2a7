#include <string.h>

#include "store/env.h"
#include "store/kept.h"
#include "store/state.h"

/*
 * A digest alone is the key of the head: how many changes refer to it, its
 * size, and how much it takes here.  With a number behind it, it is the key of
 * a piece: a format byte and the bytes.
 */
struct head {
	uint32_t	refs;
	uint64_t	size;
	uint64_t	taken;
};

/* In "meta": what all of it takes; and whether some has no change yet. */
static const char total_name[] = "kept_bytes", loose_name[] = "kept_loose";

static int
head_get(MDB_txn *txn, MDB_dbi dbi, const unsigned char digest[32],
    struct head *h)
{
	MDB_val k = { 32, (void *)(uintptr_t)digest }, d;
	uint64_t refs;
	size_t at;
	int rc;

	if (dbi == NO_TABLE)
		return MDB_NOTFOUND;
	if ((rc = mdb_get(txn, dbi, &k, &d)) != 0 ||
	    (rc = value_open(&d, &at)) != 0 ||
	    (rc = value_take_num(&d, &at, &refs, 4)) != 0 ||
	    (rc = value_take_num(&d, &at, &h->size, 8)) != 0 ||
	    (rc = value_take_num(&d, &at, &h->taken, 8)) != 0)
		return rc;
	h->refs = (uint32_t)refs;
	return key_end(&d, at);
}

static int
head_put(struct store_tx *t, const unsigned char digest[32],
    const struct head *h)
{
	MDB_val k = { 32, (void *)(uintptr_t)digest };
	struct value v;

	value_init(&v);
	value_num(&v, h->refs, 4);
	value_num(&v, h->size, 8);
	value_num(&v, h->taken, 8);
	return mdb_put(t->txn, t->s->dbi[T_CONTENT], &k, &v.val, 0);
}

static void
piece_key(struct key *k, const unsigned char digest[32], uint32_t piece)
{
	key_init(k);
	memcpy(k->room, digest, 32);
	k->val.mv_size = 32;
	key_num(k, piece, 4);
}

int
kept_count(struct store_tx *t, int64_t bytes)
{
	uint64_t total;
	int rc;

	if ((rc = store_kept_size(t, &total)) != 0)
		return rc;
	if (bytes < 0 && (uint64_t)-bytes > total)
		total = 0;
	else
		total += (uint64_t)bytes;
	return meta_put(t->s, t->txn, total_name, total);
}

int
store_kept_size(struct store_tx *t, uint64_t *size)
{
	return meta_get(t->s, t->txn, total_name, size);
}

int
store_content_put(struct store_tx *t, const unsigned char digest[32],
    uint64_t size)
{
	struct head h;
	int rc;

	rc = head_get(t->txn, t->s->dbi[T_CONTENT], digest, &h);
	if (rc != MDB_NOTFOUND)
		return rc == 0 ? MDB_KEYEXIST : rc;
	h = (struct head){ .size = size };
	if ((rc = meta_put(t->s, t->txn, loose_name, 1)) != 0)
		return rc;
	return head_put(t, digest, &h);
}

int
store_content_piece(struct store_tx *t, const unsigned char digest[32],
    uint32_t piece, struct str bytes)
{
	MDB_val d = { 1 + bytes.len, NULL };
	struct head h;
	struct key k;
	int rc;

	if ((rc = head_get(t->txn, t->s->dbi[T_CONTENT], digest, &h)) != 0)
		return rc;
	piece_key(&k, digest, piece);
	if ((rc = mdb_put(t->txn, t->s->dbi[T_CONTENT], &k.val, &d,
	    MDB_RESERVE)) != 0)
		return rc;
	*(unsigned char *)d.mv_data = RECORD_FORMAT;
	memcpy((char *)d.mv_data + 1, bytes.p, bytes.len);
	h.taken += bytes.len;
	if ((rc = head_put(t, digest, &h)) != 0)
		return rc;
	return kept_count(t, (int64_t)bytes.len);
}

int
store_content_get(struct store_view *v, const unsigned char digest[32],
    uint64_t *size)
{
	struct head h;
	int rc = head_get(v->txn, v->s->dbi[T_CONTENT], digest, &h);

	*size = h.size;
	return rc;
}

int
store_content_get_piece(struct store_view *v,
    const unsigned char digest[32], uint32_t piece, struct str *bytes)
{
	struct key k;
	MDB_val d;
	size_t at;
	int rc;

	if (v->s->dbi[T_CONTENT] == NO_TABLE)
		return MDB_NOTFOUND;
	piece_key(&k, digest, piece);
	if ((rc = mdb_get(v->txn, v->s->dbi[T_CONTENT], &k.val, &d)) != 0 ||
	    (rc = value_open(&d, &at)) != 0)
		return rc;
	*bytes = (struct str){ (const char *)d.mv_data + at, d.mv_size - at };
	return 0;
}

/* Head and pieces, which stand together. */
static int
content_del(struct store_tx *t, const unsigned char digest[32],
    const struct head *h)
{
	unsigned char room[32];
	MDB_val k, d;
	MDB_cursor *c;
	int rc;

	memcpy(room, digest, 32);
	if ((rc = tx_cursor(t, T_CONTENT, &c)) != 0)
		return rc;
	for (;;) {
		k = (MDB_val){ 32, room };
		rc = mdb_cursor_get(c, &k, &d, MDB_SET_RANGE);
		if (rc != 0 || k.mv_size < 32 ||
		    memcmp(k.mv_data, room, 32) != 0)
			break;
		if ((rc = mdb_cursor_del(c, 0)) != 0)
			return rc;
	}
	if (rc != 0 && rc != MDB_NOTFOUND)
		return rc;
	return kept_count(t, -(int64_t)h->taken);
}

int
kept_ref(struct store_tx *t, const struct kept_state *s, int by)
{
	struct head h;
	int rc;

	if ((s->has & KEPT_HAS_CONTENT) == 0)
		return 0;
	if ((rc = head_get(t->txn, t->s->dbi[T_CONTENT], s->digest,
	    &h)) != 0)
		return rc == MDB_NOTFOUND ? STORE_ERECORD : rc;
	if (by < 0 && h.refs <= 1)
		return content_del(t, s->digest, &h);
	h.refs += (uint32_t)by;
	return head_put(t, s->digest, &h);
}

/* The next head behind digest that nothing refers to. */
static int
next_loose(struct store_tx *t, unsigned char digest[32], struct head *h)
{
	MDB_val k = { 32, digest }, d;
	MDB_cursor *c;
	int rc;

	if ((rc = tx_cursor(t, T_CONTENT, &c)) != 0)
		return rc;
	rc = mdb_cursor_get(c, &k, &d, MDB_SET_RANGE);
	for (; rc == 0; rc = mdb_cursor_get(c, &k, &d, MDB_NEXT)) {
		if (k.mv_size != 32)
			continue;
		if ((rc = head_get(t->txn, t->s->dbi[T_CONTENT], k.mv_data,
		    h)) != 0)
			return rc;
		if (h->refs == 0) {
			memcpy(digest, k.mv_data, 32);
			return 0;
		}
	}
	return rc;
}

int
store_content_sweep(struct store_tx *t)
{
	unsigned char digest[32] = { 0 };
	struct head h;
	uint64_t loose;
	int rc;

	if ((rc = meta_get(t->s, t->txn, loose_name, &loose)) != 0 ||
	    loose == 0)
		return rc;
	while ((rc = next_loose(t, digest, &h)) == 0)
		if ((rc = content_del(t, digest, &h)) != 0)
			return rc;
	if (rc != MDB_NOTFOUND)
		return rc;
	return meta_put(t->s, t->txn, loose_name, 0);
}

int
store_content_settled(struct store_tx *t)
{
	uint64_t loose;
	int rc;

	if ((rc = meta_get(t->s, t->txn, loose_name, &loose)) != 0 ||
	    loose == 0)
		return rc;
	return meta_put(t->s, t->txn, loose_name, 0);
}
