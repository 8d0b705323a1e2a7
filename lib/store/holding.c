#include <errno.h>
#include <string.h>

#include "store/env.h"
#include "store/kept.h"
#include "store/state.h"

/*
 * "holding" has a row for each policy, whose key is a hash of its name, and
 * behind that one for each resource.  In "left", a hash stands for the owner.
 */
enum { TYPE_MAX = 60, HOLDING_WHOLE = 1, HOLDING_TOLD = 2 };

static struct str
upto_nul(struct str s, size_t max)
{
	const char *nul = s.len > 0 ? memchr(s.p, '\0', s.len) : NULL;

	if (nul != NULL)
		s.len = (size_t)(nul - s.p);
	if (s.len > max)
		s.len = max;
	return s;
}

static void
policy_key(struct key *k, struct str policy)
{
	key_init(k);
	key_num(k, hash64(0, policy.p, policy.len), 8);
}

static void
holding_key(struct key *k, const struct owner *who)
{
	policy_key(k, who->policy);
	key_text(k, upto_nul(who->type, TYPE_MAX));
	path_key(k, upto_nul(who->title, SIZE_MAX));
}

static void
owner_key(struct key *k, const struct owner *who)
{
	uint64_t seed, hash;

	key_init(k);
	for (seed = 1; seed <= 2; seed++) {
		hash = hash64(seed, who->policy.p, who->policy.len);
		hash = hash64(hash, who->type.p, who->type.len);
		hash = hash64(hash, who->title.p, who->title.len);
		key_num(k, hash, 8);
	}
}

static void
left_key(struct key *k, const struct owner *who, struct str path)
{
	owner_key(k, who);
	path_key(k, path);
}

static int
put(struct store_tx *t, enum table table, struct key *k, struct buf *b)
{
	MDB_val d = { b->len, b->p };
	int rc = ENOMEM;

	if (!buf_failed(b))
		rc = mdb_put(t->txn, t->s->dbi[table], &k->val, &d, 0);
	buf_clear(b);
	return rc;
}

static int
get(struct store_view *v, enum table table, struct key *k, MDB_val *d,
    size_t *at)
{
	int rc;

	if (v->s->dbi[table] == NO_TABLE)
		return MDB_NOTFOUND;
	rc = mdb_get(v->txn, v->s->dbi[table], &k->val, d);
	return rc != 0 ? rc : value_open(d, at);
}

int
store_holding_sum(struct store_view *v, struct str policy, uint64_t *sum)
{
	struct key k;
	MDB_val d;
	size_t at;
	int rc;

	*sum = 0;
	policy_key(&k, policy);
	if ((rc = get(v, T_HOLDING, &k, &d, &at)) != 0)
		return rc == MDB_NOTFOUND ? 0 : rc;
	return value_take_num(&d, &at, sum, 8);
}

int
store_holding_set_sum(struct store_tx *t, struct str policy, uint64_t sum)
{
	struct buf b = { 0 };
	struct key k;

	policy_key(&k, policy);
	buf_putc(&b, RECORD_FORMAT);
	wide_num(&b, sum, 8);
	wide_text(&b, policy);
	return put(t, T_HOLDING, &k, &b);
}

int
store_holding_put(struct store_tx *t, const struct holding_row *r)
{
	struct buf b = { 0 };
	struct key k;

	holding_key(&k, &r->who);
	buf_putc(&b, RECORD_FORMAT);
	wide_text(&b, r->who.policy);
	wide_text(&b, r->who.type);
	wide_text(&b, r->who.title);
	wide_num(&b, r->options, 8);
	wide_text(&b, r->role);
	wide_text(&b, r->hears);
	wide_num(&b, (r->whole ? HOLDING_WHOLE : 0U) |
	    (r->told ? HOLDING_TOLD : 0U), 1);
	sum_put(&b);
	return put(t, T_HOLDING, &k, &b);
}

static int
holding_unpack(const MDB_val *k, const MDB_val *d, size_t at,
    struct holding_row *r)
{
	struct key should;
	uint64_t flags;
	int rc;

	if ((rc = wide_take_text(d, &at, &r->who.policy)) != 0 ||
	    (rc = wide_take_text(d, &at, &r->who.type)) != 0 ||
	    (rc = wide_take_text(d, &at, &r->who.title)) != 0 ||
	    (rc = value_take_num(d, &at, &r->options, 8)) != 0 ||
	    (rc = wide_take_text(d, &at, &r->role)) != 0 ||
	    (rc = wide_take_text(d, &at, &r->hears)) != 0 ||
	    (rc = value_take_num(d, &at, &flags, 1)) != 0)
		return rc;
	r->whole = flags & HOLDING_WHOLE;
	r->told = flags & HOLDING_TOLD;
	if ((rc = sum_end(d, at)) != 0)
		return rc;
	holding_key(&should, &r->who);
	return key_same(k, &should);
}

int
store_holding(struct store_view *v, const struct owner *who,
    struct holding_row *r)
{
	struct key k;
	MDB_val d;
	size_t at;
	int rc;

	holding_key(&k, who);
	if ((rc = get(v, T_HOLDING, &k, &d, &at)) != 0)
		return rc;
	return holding_unpack(&k.val, &d, at, r);
}

/* All that starts so; no row is no failure. */
static int
del_prefix(struct store_tx *t, enum table table, const struct key *prefix)
{
	size_t len = prefix->val.mv_size;
	MDB_val k, d;
	MDB_cursor *c;
	int rc;

	if ((rc = tx_cursor(t, table, &c)) != 0)
		return rc;
	for (;;) {
		k = (MDB_val){ len, (void *)(uintptr_t)prefix->room };
		rc = mdb_cursor_get(c, &k, &d, MDB_SET_RANGE);
		if (rc != 0 || k.mv_size < len ||
		    memcmp(k.mv_data, prefix->room, len) != 0)
			break;
		if ((rc = mdb_cursor_del(c, 0)) != 0)
			return rc;
	}
	return rc == MDB_NOTFOUND ? 0 : rc;
}

int
store_holding_del(struct store_tx *t, const struct owner *who)
{
	struct key k;
	int rc;

	holding_key(&k, who);
	rc = mdb_del(t->txn, t->s->dbi[T_HOLDING], &k.val, NULL);
	if (rc != 0 && rc != MDB_NOTFOUND)
		return rc;
	owner_key(&k, who);
	return del_prefix(t, T_LEFT, &k);
}

struct rows {
	int	(*holding)(const struct holding_row *, void *);
	int	(*left)(const struct left_row *, void *);
	void	*arg;
	int	 rc;
};

static int
each_holding(const MDB_val *k, const MDB_val *d, void *arg)
{
	struct rows *rows = arg;
	struct holding_row r;
	size_t at;

	if (k->mv_size <= 8)
		return 0;
	if ((rows->rc = value_open(d, &at)) != 0 ||
	    (rows->rc = holding_unpack(k, d, at, &r)) != 0)
		return 1;
	return rows->holding(&r, rows->arg);
}

int
store_each_holding(struct store_view *v, struct str policy,
    int (*fn)(const struct holding_row *r, void *arg), void *arg)
{
	struct rows rows = { .holding = fn, .arg = arg };
	struct str prefix = { "", 0 };
	struct key k;
	int rc;

	policy_key(&k, policy);
	if (policy.len > 0)
		prefix = (struct str){ (const char *)k.room, k.val.mv_size };
	rc = view_walk(v, T_HOLDING, prefix, (struct str){ NULL, 0 },
	    each_holding, &rows);
	return rows.rc != 0 ? rows.rc : rc;
}

enum { LEFT_MADE = 1, LEFT_UNDONE = 2 };

int
store_left_put(struct store_tx *t, const struct owner *who,
    const struct left_row *r)
{
	struct buf b = { 0 };
	struct key k;

	left_key(&k, who, r->path);
	buf_putc(&b, RECORD_FORMAT);
	wide_num(&b, (r->made ? LEFT_MADE : 0U) |
	    (r->undone ? LEFT_UNDONE : 0U), 1);
	wide_text(&b, r->path);
	state_pack(&b, &r->is);
	sum_put(&b);
	return put(t, T_LEFT, &k, &b);
}

int
store_left_del(struct store_tx *t, const struct owner *who, struct str path)
{
	struct key k;
	int rc;

	left_key(&k, who, path);
	rc = mdb_del(t->txn, t->s->dbi[T_LEFT], &k.val, NULL);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

static int
left_unpack(const MDB_val *d, size_t at, struct left_row *r)
{
	uint64_t flags;
	int rc;

	if ((rc = value_take_num(d, &at, &flags, 1)) != 0 ||
	    (rc = wide_take_text(d, &at, &r->path)) != 0 ||
	    (rc = path_check(r->path)) != 0 ||
	    (rc = state_take(d, &at, &r->is)) != 0)
		return rc;
	r->made = flags & LEFT_MADE;
	r->undone = flags & LEFT_UNDONE;
	return sum_end(d, at);
}

int
store_left(struct store_view *v, const struct owner *who, struct str path,
    struct left_row *r)
{
	struct key k;
	MDB_val d;
	size_t at;
	int rc;

	left_key(&k, who, path);
	if ((rc = get(v, T_LEFT, &k, &d, &at)) != 0)
		return rc;
	return left_unpack(&d, at, r);
}

static int
each_left(const MDB_val *k, const MDB_val *d, void *arg)
{
	struct rows *rows = arg;
	struct left_row r;
	size_t at;

	(void)k;
	if ((rows->rc = value_open(d, &at)) != 0 ||
	    (rows->rc = left_unpack(d, at, &r)) != 0)
		return 1;
	return rows->left(&r, rows->arg);
}

int
store_each_left(struct store_view *v, const struct owner *who,
    int (*fn)(const struct left_row *r, void *arg), void *arg)
{
	struct rows rows = { .left = fn, .arg = arg };
	struct key k;
	int rc;

	owner_key(&k, who);
	rc = view_walk(v, T_LEFT, (struct str){ (const char *)k.room,
	    k.val.mv_size }, (struct str){ NULL, 0 }, each_left, &rows);
	return rows.rc != 0 ? rows.rc : rc;
}

/* --- Of whole policies --------------------------------------------------- */

struct holders {
	int		(*fn)(struct str policy, void *arg);
	void		*arg;
	unsigned char	 next[9];	/* behind all of this policy's */
	bool		 found;
	bool		 stopped;
	int		 rc;
};

/* The first row of a policy: its sum, or a resource. */
static int
first_of(const MDB_val *k, const MDB_val *d, void *arg)
{
	struct holders *h = arg;
	struct holding_row r;
	uint64_t sum;
	size_t at;

	if (k->mv_size < 8)
		h->rc = STORE_ERECORD;
	else if ((h->rc = value_open(d, &at)) == 0 && k->mv_size > 8)
		h->rc = holding_unpack(k, d, at, &r);
	else if (h->rc == 0 &&
	    (h->rc = value_take_num(d, &at, &sum, 8)) == 0)
		h->rc = wide_take_text(d, &at, &r.who.policy);
	if (h->rc != 0)
		return 1;
	memcpy(h->next, k->mv_data, 8);
	h->next[8] = 0xff;
	h->found = true;
	h->stopped = h->fn(r.who.policy, h->arg) != 0;
	return 1;
}

int
store_each_holder(struct store_view *v,
    int (*fn)(struct str policy, void *arg), void *arg)
{
	struct holders h = { .fn = fn, .arg = arg, .found = true };
	struct str after = { "", 0 };
	int rc = 0;

	while (rc == 0 && h.rc == 0 && h.found && !h.stopped) {
		h.found = false;
		rc = view_walk(v, T_HOLDING, (struct str){ "", 0 }, after,
		    first_of, &h);
		after = (struct str){ (const char *)h.next, sizeof(h.next) };
	}
	return h.rc != 0 ? h.rc : rc;
}

/*
 * Take the first row that starts so out of its table: its key, and its value in
 * b, which is emptied first.  MDB_NOTFOUND where there is none.
 */
static int
take_row(struct store_tx *t, enum table table, const struct key *prefix,
    struct key *key, struct buf *b)
{
	size_t len = prefix->val.mv_size;
	MDB_val k = { len, (void *)(uintptr_t)prefix->room }, d;
	MDB_cursor *c;
	int rc;

	buf_reset(b);
	if ((rc = tx_cursor(t, table, &c)) != 0 ||
	    (rc = mdb_cursor_get(c, &k, &d, MDB_SET_RANGE)) != 0)
		return rc;
	if (k.mv_size < len || memcmp(k.mv_data, prefix->room, len) != 0)
		return MDB_NOTFOUND;
	key_init(key);
	memcpy(key->room, k.mv_data, k.mv_size);
	key->val.mv_size = k.mv_size;
	buf_add(b, d.mv_data, d.mv_size);
	return buf_failed(b) ? ENOMEM : mdb_cursor_del(c, 0);
}

static int
put_left(struct store_tx *t, const struct owner *to, struct left_row *l)
{
	struct left_row there;
	struct key k;
	MDB_val d;
	size_t at;
	int rc;

	left_key(&k, to, l->path);
	rc = mdb_get(t->txn, t->s->dbi[T_LEFT], &k.val, &d);
	if (rc == 0 && (rc = value_open(&d, &at)) == 0 &&
	    (rc = left_unpack(&d, at, &there)) == 0) {
		there.made = there.made || l->made;
		l = &there;
	}
	return rc != 0 && rc != MDB_NOTFOUND ? rc : store_left_put(t, to, l);
}

static int
move_left(struct store_tx *t, const struct owner *from,
    const struct owner *to)
{
	struct buf b = { 0 };
	struct left_row l;
	struct key k, key;
	MDB_val d;
	size_t at;
	int rc;

	owner_key(&k, from);
	while ((rc = take_row(t, T_LEFT, &k, &key, &b)) == 0) {
		d = (MDB_val){ b.len, b.p };
		if ((rc = value_open(&d, &at)) != 0 ||
		    (rc = left_unpack(&d, at, &l)) != 0 ||
		    (rc = put_left(t, to, &l)) != 0)
			break;
	}
	buf_clear(&b);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

static int
move_row(struct store_tx *t, const struct key *k, struct buf *b,
    struct str to)
{
	MDB_val d = { b->len, b->p }, there;
	struct holding_row r;
	struct owner from;
	struct key other;
	size_t at;
	int rc;

	if ((rc = value_open(&d, &at)) != 0 ||
	    (rc = holding_unpack(&k->val, &d, at, &r)) != 0)
		return rc;
	from = r.who;
	r.who.policy = to;
	holding_key(&other, &r.who);
	rc = mdb_get(t->txn, t->s->dbi[T_HOLDING], &other.val, &there);
	if (rc == MDB_NOTFOUND)
		rc = store_holding_put(t, &r);
	return rc != 0 ? rc : move_left(t, &from, &r.who);
}

int
store_holding_move(struct store_tx *t, struct str from, struct str to)
{
	struct buf b = { 0 };
	struct key k, key;
	int rc;

	policy_key(&k, to);
	rc = mdb_del(t->txn, t->s->dbi[T_HOLDING], &k.val, NULL);
	if (rc != 0 && rc != MDB_NOTFOUND)
		return rc;
	policy_key(&k, from);
	while ((rc = take_row(t, T_HOLDING, &k, &key, &b)) == 0)
		if (key.val.mv_size > k.val.mv_size &&
		    (rc = move_row(t, &key, &b, to)) != 0)
			break;
	buf_clear(&b);
	return rc == MDB_NOTFOUND ? 0 : rc;
}
