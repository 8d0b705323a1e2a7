#include <string.h>

#include "base/utf8.h"
#include "store/env.h"

enum { POLICY_MAX = 100, TITLE_MAX = 400, TYPE_MAX = 60, WHY_MAX = 200 };

/* Drop the oldest run where there are too many. */
static int
trim(struct store_tx *t)
{
	MDB_cursor *c;
	MDB_stat stat;
	MDB_val k, d;
	int rc;

	if ((rc = mdb_stat(t->txn, t->s->dbi[T_RUN], &stat)) != 0 ||
	    stat.ms_entries < STORE_RUNS_MAX ||
	    (rc = tx_cursor(t, T_RUN, &c)) != 0 ||
	    (rc = mdb_cursor_get(c, &k, &d, MDB_FIRST)) != 0)
		return rc;
	return mdb_cursor_del(c, 0);
}

int
store_run(struct store_tx *t, const struct run_row *r)
{
	struct value v;
	struct key k;
	int rc;

	if ((rc = trim(t)) != 0)
		return rc;
	key_init(&k);
	key_num(&k, r->time, 8);
	key_text(&k, key_part(r->policy, POLICY_MAX));
	value_init(&v);
	value_text(&v, key_part(r->ver, POLICY_MAX));
	value_text(&v, r->outcome);
	value_num(&v, r->changed, 4);
	value_num(&v, r->ok, 4);
	value_num(&v, r->skipped, 4);
	value_num(&v, r->failed, 4);
	value_num(&v, r->ms, 4);
	return mdb_put(t->txn, t->s->dbi[T_RUN], &k.val, &v.val, 0);
}

static int
take_num32(const MDB_val *d, size_t *at, uint32_t *n)
{
	uint64_t wide;
	int rc;

	if ((rc = value_take_num(d, at, &wide, 4)) == 0)
		*n = (uint32_t)wide;
	return rc;
}

static int
run_unpack(const MDB_val *k, const MDB_val *d, struct run_row *r)
{
	size_t at = 0;
	int rc;

	if ((rc = key_take_num(k, &at, &r->time, 8)) != 0 ||
	    (rc = key_take_text(k, &at, &r->policy)) != 0 ||
	    (rc = key_end(k, at)) != 0 ||
	    (rc = value_open(d, &at)) != 0 ||
	    (rc = value_take_text(d, &at, &r->ver)) != 0 ||
	    (rc = value_take_text(d, &at, &r->outcome)) != 0 ||
	    (rc = take_num32(d, &at, &r->changed)) != 0 ||
	    (rc = take_num32(d, &at, &r->ok)) != 0 ||
	    (rc = take_num32(d, &at, &r->skipped)) != 0 ||
	    (rc = take_num32(d, &at, &r->failed)) != 0 ||
	    (rc = take_num32(d, &at, &r->ms)) != 0)
		return rc;
	return key_end(d, at);
}

/* Of a change, the cause stands behind all else, unless it is not known. */
static int
result_unpack(const MDB_val *k, const MDB_val *d, struct result_row *r)
{
	size_t at = 0;
	int rc;

	if ((rc = key_take_text(k, &at, &r->type)) != 0 ||
	    (rc = key_take_text(k, &at, &r->title)) != 0 ||
	    (rc = key_end(k, at)) != 0 ||
	    (rc = value_open(d, &at)) != 0 ||
	    (rc = value_take_text(d, &at, &r->policy)) != 0 ||
	    (rc = value_take_text(d, &at, &r->outcome)) != 0 ||
	    (rc = value_take_text(d, &at, &r->why)) != 0 ||
	    (rc = take_num32(d, &at, &r->time)) != 0)
		return rc;
	r->cause = str_of("");
	if (at < d->mv_size &&
	    (rc = value_take_text(d, &at, &r->cause)) != 0)
		return rc;
	return key_end(d, at);
}

/* Is what the store has the same, and nothing that happened anew? */
static bool
is_no_news(const struct result_row *old, const struct result_row *r)
{
	return str_eq(old->policy, r->policy) &&
	    str_eq(old->outcome, r->outcome) && str_eq(old->why, r->why) &&
	    !str_eq(r->outcome, str_of("changed"));
}

/* Cut to what the store keeps; and what it has there. */
static int
find_result(MDB_txn *txn, MDB_dbi dbi, struct result_row *r, struct key *k,
    struct result_row *old)
{
	MDB_val d;
	int rc;

	r->policy = key_part(r->policy, POLICY_MAX);
	r->why = utf8_cut(r->why, WHY_MAX);
	key_init(k);
	key_text(k, key_part(r->type, TYPE_MAX));
	key_text(k, key_part(r->title, TITLE_MAX));
	if ((rc = mdb_get(txn, dbi, &k->val, &d)) != 0)
		return rc;
	return result_unpack(&k->val, &d, old);
}

int
store_is_told(struct store_view *v, const struct result_row *row, bool *told)
{
	struct result_row r = *row, old;
	struct key k;
	int rc;

	*told = false;
	if (v->s->dbi[T_RESULT] == NO_TABLE)
		return 0;
	rc = find_result(v->txn, v->s->dbi[T_RESULT], &r, &k, &old);
	if (rc == 0)
		*told = is_no_news(&old, &r) ||
		    (str_eq(old.policy, r.policy) &&
		    (str_eq(r.outcome, str_of("ok")) ||
		    str_eq(r.outcome, str_of("skipped"))) &&
		    str_eq(old.outcome, str_of("changed")));
	return rc == MDB_NOTFOUND ? 0 : rc;
}

int
store_last_run(struct store_view *v, struct str policy, struct run_row *r)
{
	MDB_cursor *c;
	MDB_val k, d;
	int rc;

	policy = key_part(policy, POLICY_MAX);
	if (v->s->dbi[T_RUN] == NO_TABLE)
		return MDB_NOTFOUND;
	if ((rc = mdb_cursor_open(v->txn, v->s->dbi[T_RUN], &c)) != 0)
		return rc;
	rc = mdb_cursor_get(c, &k, &d, MDB_LAST);
	while (rc == 0 && (rc = run_unpack(&k, &d, r)) == 0 &&
	    !str_eq(r->policy, policy))
		rc = mdb_cursor_get(c, &k, &d, MDB_PREV);
	mdb_cursor_close(c);
	return rc;
}

int
store_result(struct store_tx *t, const struct result_row *row)
{
	struct result_row r = *row, old;
	struct value v;
	struct key k;
	int rc;

	rc = find_result(t->txn, t->s->dbi[T_RESULT], &r, &k, &old);
	if (rc == 0 && is_no_news(&old, &r))
		return 0;
	/* What is damaged is replaced: the rest of the run is to be kept. */
	if (rc != 0 && rc != MDB_NOTFOUND && rc != STORE_ERECORD)
		return rc;
	value_init(&v);
	value_text(&v, r.policy);
	value_text(&v, r.outcome);
	value_text(&v, r.why);
	value_num(&v, r.time, 4);
	if (r.cause.len > 0)
		value_text(&v, r.cause);
	return mdb_put(t->txn, t->s->dbi[T_RESULT], &k.val, &v.val, 0);
}

struct rows {
	int	(*run)(const struct run_row *, struct str, void *);
	int	(*result)(const struct result_row *, struct str, void *);
	void	*arg;
	int	 rc;
};

static int
each_run(const MDB_val *k, const MDB_val *d, void *arg)
{
	struct rows *rows = arg;
	struct run_row r;

	if ((rows->rc = run_unpack(k, d, &r)) != 0)
		return 1;
	return rows->run(&r, (struct str){ k->mv_data, k->mv_size },
	    rows->arg);
}

static int
each_result(const MDB_val *k, const MDB_val *d, void *arg)
{
	struct rows *rows = arg;
	struct result_row r;

	if ((rows->rc = result_unpack(k, d, &r)) != 0)
		return 1;
	return rows->result(&r, (struct str){ k->mv_data, k->mv_size },
	    rows->arg);
}

int
store_each_run(struct store_view *v, struct str after,
    int (*fn)(const struct run_row *row, struct str key, void *arg), void *arg)
{
	struct rows rows = { .run = fn, .arg = arg };
	int rc = view_walk(v, T_RUN, (struct str){ "", 0 }, after, each_run,
	    &rows);

	return rows.rc != 0 ? rows.rc : rc;
}

int
store_each_result(struct store_view *v, struct str prefix, struct str after,
    int (*fn)(const struct result_row *row, struct str key, void *arg),
    void *arg)
{
	struct rows rows = { .result = fn, .arg = arg };
	int rc = view_walk(v, T_RESULT, prefix, after, each_result, &rows);

	return rows.rc != 0 ? rows.rc : rc;
}
