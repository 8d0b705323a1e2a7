#include <errno.h>
#include <sha2.h>
#include <string.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "store/env.h"
#include "store/state.h"

enum { POLICY_MAX = 100, DIGEST_PART = 8 };

/*
 * Titles are paths, and two of them may be longer than a key: what tells rows
 * of one policy apart is a digest.
 */
static void
owed_key(struct key *k, const struct owed_row *r)
{
	unsigned char digest[SHA256_DIGEST_LENGTH];
	SHA2_CTX ctx;

	SHA256Init(&ctx);
	SHA256Update(&ctx, (const uint8_t *)r->resource.p, r->resource.len);
	SHA256Update(&ctx, (const uint8_t *)"", 1);
	SHA256Update(&ctx, (const uint8_t *)r->handler.p, r->handler.len);
	if (r->file.len > 0) {
		SHA256Update(&ctx, (const uint8_t *)"", 1);
		SHA256Update(&ctx, (const uint8_t *)r->file.p, r->file.len);
	}
	SHA256Final(digest, &ctx);
	key_init(k);
	key_text(k, utf8_cut(r->policy, POLICY_MAX));
	key_num(k, num_get(digest, DIGEST_PART), DIGEST_PART);
	key_num(k, num_get(digest + DIGEST_PART, DIGEST_PART), DIGEST_PART);
}

/*
 * A format byte, the time, then the resource, NUL, the handler, and if the file
 * is known, NUL and that.
 */
int
store_owed_put(struct store_tx *t, const struct owed_row *r)
{
	unsigned char head[5] = { RECORD_FORMAT };
	struct buf b = { 0 };
	struct key k;
	MDB_val d;
	int rc;

	num_put(head + 1, r->time, 4);
	buf_add(&b, head, sizeof(head));
	buf_str(&b, r->resource);
	buf_putc(&b, '\0');
	buf_str(&b, r->handler);
	if (r->file.len > 0) {
		buf_putc(&b, '\0');
		buf_str(&b, r->file);
	}
	owed_key(&k, r);
	d = (MDB_val){ b.len, b.p };
	rc = buf_failed(&b) ? ENOMEM :
	    mdb_put(t->txn, t->s->dbi[T_OWED], &k.val, &d, 0);
	buf_clear(&b);
	return rc;
}

int
store_owed_del(struct store_tx *t, const struct owed_row *r)
{
	struct key k;
	int rc;

	owed_key(&k, r);
	rc = mdb_del(t->txn, t->s->dbi[T_OWED], &k.val, NULL);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

struct walk {
	int	(*fn)(const struct owed_row *, void *);
	void	*arg;
	int	 rc;
};

static int
owed_unpack(const MDB_val *k, const MDB_val *d, struct owed_row *r)
{
	size_t at = 0, dat;
	uint64_t time;
	const char *p, *nul;
	int rc;

	if ((rc = key_take_text(k, &at, &r->policy)) != 0 ||
	    (rc = value_open(d, &dat)) != 0 ||
	    (rc = value_take_num(d, &dat, &time, 4)) != 0)
		return rc;
	r->time = (uint32_t)time;
	p = (const char *)d->mv_data + dat;
	if ((nul = memchr(p, '\0', d->mv_size - dat)) == NULL)
		return STORE_ERECORD;
	r->resource = (struct str){ p, (size_t)(nul - p) };
	r->handler = (struct str){ nul + 1, d->mv_size - dat -
	    r->resource.len - 1 };
	r->file = str_of("");
	if ((nul = memchr(r->handler.p, '\0', r->handler.len)) == NULL)
		return 0;
	r->file = (struct str){ nul + 1, r->handler.len -
	    (size_t)(nul + 1 - r->handler.p) };
	r->handler.len = (size_t)(nul - r->handler.p);
	return r->file.len == 0 || memchr(r->file.p, '\0',
	    r->file.len) != NULL ? STORE_ERECORD : 0;
}

static int
each(const MDB_val *k, const MDB_val *d, void *arg)
{
	struct walk *w = arg;
	struct owed_row r;

	struct key should;

	if ((w->rc = owed_unpack(k, d, &r)) != 0)
		return 1;
	owed_key(&should, &r);
	if ((w->rc = key_same(k, &should)) != 0)
		return 1;
	return w->fn(&r, w->arg);
}

int
store_each_owed(struct store_view *v, struct str policy,
    int (*fn)(const struct owed_row *row, void *arg), void *arg)
{
	struct walk w = { fn, arg, 0 };
	struct str prefix = { "", 0 };
	struct key k;
	int rc;

	if (policy.len > 0) {
		key_init(&k);
		key_text(&k, utf8_cut(policy, POLICY_MAX));
		prefix = (struct str){ k.val.mv_data, k.val.mv_size };
	}
	rc = view_walk(v, T_OWED, prefix, (struct str){ "", 0 }, each, &w);
	return w.rc != 0 ? w.rc : rc;
}
