#include <string.h>

#include "store/state.h"

/* Texts here may be longer than in other values: their length has 4 bytes. */

void
wide_num(struct buf *b, uint64_t n, unsigned bytes)
{
	unsigned char room[8];

	num_put(room, n, bytes);
	buf_add(b, room, bytes);
}

void
wide_text(struct buf *b, struct str s)
{
	wide_num(b, s.len, 4);
	buf_str(b, s);
}

int
wide_take_num32(const MDB_val *d, size_t *at, uint32_t *n)
{
	uint64_t wide;
	int rc;

	if ((rc = value_take_num(d, at, &wide, 4)) == 0)
		*n = (uint32_t)wide;
	return rc;
}

int
wide_take_text(const MDB_val *d, size_t *at, struct str *s)
{
	uint64_t len;
	int rc;

	if ((rc = value_take_num(d, at, &len, 4)) != 0)
		return rc;
	if (d->mv_size - *at < len)
		return STORE_ERECORD;
	*s = (struct str){ (const char *)d->mv_data + *at, (size_t)len };
	*at += s->len;
	return 0;
}

void
state_pack(struct buf *b, const struct kept_state *s)
{
	wide_num(b, s->kind, 1);
	wide_num(b, s->has, 4);
	if (s->kind == KEPT_NONE)
		return;
	wide_num(b, s->mode, 4);
	wide_num(b, s->uid, 4);
	wide_num(b, s->gid, 4);
	wide_num(b, s->rdev, 8);
	wide_num(b, s->size, 8);
	wide_num(b, (uint64_t)s->time, 8);
	wide_num(b, s->nsec, 4);
	if (s->has & KEPT_HAS_DIGEST)
		buf_add(b, s->digest, sizeof(s->digest));
	wide_text(b, s->target);
	wide_text(b, s->xattrs);
}

static int
take_digest(const MDB_val *d, size_t *at, unsigned char digest[32])
{
	if (d->mv_size - *at < 32)
		return STORE_ERECORD;
	memcpy(digest, (const char *)d->mv_data + *at, 32);
	*at += 32;
	return 0;
}

int
state_take(const MDB_val *d, size_t *at, struct kept_state *s)
{
	uint64_t kind, mtime;
	int rc;

	*s = (struct kept_state){ .kind = KEPT_NONE };
	if ((rc = value_take_num(d, at, &kind, 1)) != 0 ||
	    (rc = wide_take_num32(d, at, &s->has)) != 0)
		return rc;
	if (kind > KEPT_OTHER)
		return STORE_ERECORD;
	s->kind = (enum kept_kind)kind;
	if (kind == KEPT_NONE)
		return 0;
	if ((rc = wide_take_num32(d, at, &s->mode)) != 0 ||
	    (rc = wide_take_num32(d, at, &s->uid)) != 0 ||
	    (rc = wide_take_num32(d, at, &s->gid)) != 0 ||
	    (rc = value_take_num(d, at, &s->rdev, 8)) != 0 ||
	    (rc = value_take_num(d, at, &s->size, 8)) != 0 ||
	    (rc = value_take_num(d, at, &mtime, 8)) != 0 ||
	    (rc = wide_take_num32(d, at, &s->nsec)) != 0)
		return rc;
	s->time = (int64_t)mtime;
	if ((s->has & KEPT_HAS_DIGEST) &&
	    (rc = take_digest(d, at, s->digest)) != 0)
		return rc;
	if ((s->has & KEPT_HAS_CONTENT) && !(s->has & KEPT_HAS_DIGEST))
		return STORE_ERECORD;
	if ((rc = wide_take_text(d, at, &s->target)) != 0)
		return rc;
	return wide_take_text(d, at, &s->xattrs);
}

int
key_same(const MDB_val *k, const struct key *should)
{
	return k->mv_size == should->val.mv_size &&
	    memcmp(k->mv_data, should->room, k->mv_size) == 0 ? 0 :
	    STORE_ERECORD;
}

void
sum_put(struct buf *b)
{
	if (!buf_failed(b))
		wide_num(b, hash64(0, b->p, b->len), 8);
}

int
sum_end(const MDB_val *d, size_t at)
{
	uint64_t sum;
	size_t end = at;
	int rc;

	if (at == d->mv_size)
		return 0;
	if ((rc = value_take_num(d, &at, &sum, 8)) != 0)
		return rc;
	return sum == hash64(0, d->mv_data, end) ? key_end(d, at) :
	    STORE_ERECORD;
}

int
path_check(struct str path)
{
	return path.len > 0 && path.p[0] == '/' &&
	    memchr(path.p, '\0', path.len) == NULL ? 0 : STORE_ERECORD;
}

/* Where the path is too long for a key, a hash stands for its end. */
void
path_key(struct key *k, struct str path)
{
	enum { WHOLE = 400, HEX = 16 };
	static const char digits[] = "0123456789abcdef";
	char room[WHOLE + HEX];
	uint64_t hash;
	int i;

	if (path.len > sizeof(room)) {
		hash = hash64(0, path.p, path.len);
		memcpy(room, path.p, WHOLE);
		for (i = 0; i < HEX; i++)
			room[WHOLE + i] = digits[hash >> 4 * i & 15];
		path = (struct str){ room, sizeof(room) };
	}
	key_text(k, path);
}
