#include <errno.h>
#include <string.h>

#include "store/env.h"
#include "store/kept.h"
#include "store/state.h"

/* "change" and "by_path" have the same rows. */

static void
change_key(struct key *k, uint64_t run, uint32_t number)
{
	key_init(k);
	key_num(k, run, 8);
	key_num(k, number, 4);
}

static void
by_path_key(struct key *k, const struct change_row *r)
{
	key_init(k);
	path_key(k, r->path);
	key_num(k, r->run, 8);
	key_num(k, r->number, 4);
}

static void
change_pack(struct buf *b, const struct change_row *r)
{
	buf_putc(b, RECORD_FORMAT);
	wide_text(b, r->policy);
	wide_text(b, r->type);
	wide_text(b, r->title);
	wide_text(b, r->path);
	wide_num(b, r->undoes, 8);
	state_pack(b, &r->was);
	state_pack(b, &r->is);
	sum_put(b);
}

static int
change_unpack(const MDB_val *k, const MDB_val *d, struct change_row *r)
{
	uint64_t number;
	size_t at = 0;
	int rc;

	if ((rc = key_take_num(k, &at, &r->run, 8)) != 0 ||
	    (rc = key_take_num(k, &at, &number, 4)) != 0 ||
	    (rc = key_end(k, at)) != 0 ||
	    (rc = value_open(d, &at)) != 0 ||
	    (rc = wide_take_text(d, &at, &r->policy)) != 0 ||
	    (rc = wide_take_text(d, &at, &r->type)) != 0 ||
	    (rc = wide_take_text(d, &at, &r->title)) != 0 ||
	    (rc = wide_take_text(d, &at, &r->path)) != 0 ||
	    (rc = path_check(r->path)) != 0 ||
	    (rc = value_take_num(d, &at, &r->undoes, 8)) != 0 ||
	    (rc = state_take(d, &at, &r->was)) != 0 ||
	    (rc = state_take(d, &at, &r->is)) != 0)
		return rc;
	r->number = (uint32_t)number;
	return sum_end(d, at);
}

/* The number behind the last one of that run. */
static int
next_number(struct store_tx *t, uint64_t run, uint32_t *number)
{
	uint64_t last_run, last;
	MDB_cursor *c;
	MDB_val k, d;
	size_t at = 0;
	int rc;

	*number = 1;
	if ((rc = tx_cursor(t, T_CHANGE, &c)) != 0)
		return rc;
	if ((rc = mdb_cursor_get(c, &k, &d, MDB_LAST)) == MDB_NOTFOUND)
		return 0;
	if (rc != 0 || (rc = key_take_num(&k, &at, &last_run, 8)) != 0 ||
	    (rc = key_take_num(&k, &at, &last, 4)) != 0)
		return rc;
	if (last_run == run)
		*number = (uint32_t)last + 1;
	return 0;
}

int
store_change(struct store_tx *t, const struct change_row *row)
{
	struct change_row r = *row;
	struct buf b = { 0 };
	struct key k, path;
	MDB_val d;
	int rc;

	if ((rc = next_number(t, r.run, &r.number)) != 0)
		return rc;
	change_pack(&b, &r);
	if (buf_failed(&b)) {
		buf_clear(&b);
		return ENOMEM;
	}
	change_key(&k, r.run, r.number);
	by_path_key(&path, &r);
	d = (MDB_val){ b.len, b.p };
	if ((rc = mdb_put(t->txn, t->s->dbi[T_CHANGE], &k.val, &d, 0)) == 0) {
		d = (MDB_val){ 0, NULL };
		rc = mdb_put(t->txn, t->s->dbi[T_BY_PATH], &path.val, &d, 0);
	}
	if (rc == 0 && (rc = kept_ref(t, &r.was, 1)) == 0)
		rc = kept_count(t, (int64_t)b.len);
	buf_clear(&b);
	return rc;
}

/* The first row goes, and what only it refers to. */
static int
drop_first(struct store_tx *t, const MDB_val *k, const MDB_val *d)
{
	struct change_row r;
	MDB_cursor *c;
	MDB_val first, row;
	struct key path;
	int rc;

	if ((rc = change_unpack(k, d, &r)) != 0)
		return rc;
	by_path_key(&path, &r);
	if ((rc = mdb_del(t->txn, t->s->dbi[T_BY_PATH], &path.val,
	    NULL)) != 0 && rc != MDB_NOTFOUND)
		return rc;
	if ((rc = kept_count(t, -(int64_t)d->mv_size)) != 0 ||
	    (rc = kept_ref(t, &r.was, -1)) != 0 ||
	    (rc = tx_cursor(t, T_CHANGE, &c)) != 0 ||
	    (rc = mdb_cursor_get(c, &first, &row, MDB_FIRST)) != 0)
		return rc;
	return mdb_cursor_del(c, 0);
}

int
store_kept_trim(struct store_tx *t, uint64_t then, uint64_t size,
    uint64_t but)
{
	uint64_t taken, run;
	struct buf copy = { 0 };
	MDB_cursor *c;
	MDB_val k, d;
	struct key key;
	size_t at;
	int rc;

	for (;;) {
		if ((rc = tx_cursor(t, T_CHANGE, &c)) != 0 ||
		    (rc = mdb_cursor_get(c, &k, &d, MDB_FIRST)) != 0)
			break;
		at = 0;
		if ((rc = key_take_num(&k, &at, &run, 8)) != 0 ||
		    (rc = store_kept_size(t, &taken)) != 0 ||
		    run == but || (run >= then && taken <= size))
			break;
		/* What the tree lends is gone with the first write to it. */
		buf_reset(&copy);
		buf_add(&copy, d.mv_data, d.mv_size);
		key_init(&key);
		memcpy(key.room, k.mv_data, k.mv_size);
		key.val.mv_size = k.mv_size;
		d.mv_data = copy.p;
		rc = buf_failed(&copy) ? ENOMEM : drop_first(t, &key.val, &d);
		if (rc != 0)
			break;
	}
	buf_clear(&copy);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

int
store_last_change(struct store_view *v, uint64_t *run)
{
	MDB_cursor *c;
	MDB_val k, d;
	size_t at = 0;
	int rc;

	*run = 0;
	if (v->s->dbi[T_CHANGE] == NO_TABLE)
		return 0;
	if ((rc = mdb_cursor_open(v->txn, v->s->dbi[T_CHANGE], &c)) != 0)
		return rc;
	if ((rc = mdb_cursor_get(c, &k, &d, MDB_LAST)) == 0)
		rc = key_take_num(&k, &at, run, 8);
	mdb_cursor_close(c);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

int
store_each_change(struct store_view *v, uint64_t after,
    int (*fn)(const struct change_row *r, void *arg), void *arg)
{
	struct change_row r;
	MDB_cursor *c;
	MDB_val k, d;
	int rc;

	if (v->s->dbi[T_CHANGE] == NO_TABLE)
		return 0;
	if ((rc = mdb_cursor_open(v->txn, v->s->dbi[T_CHANGE], &c)) != 0)
		return rc;
	rc = mdb_cursor_get(c, &k, &d, MDB_LAST);
	for (; rc == 0; rc = mdb_cursor_get(c, &k, &d, MDB_PREV))
		if ((rc = change_unpack(&k, &d, &r)) != 0 || r.run <= after ||
		    fn(&r, arg) != 0)
			break;
	mdb_cursor_close(c);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

/* The change that a row of by_path stands for. */
static int
change_of(struct store_view *v, const MDB_val *by_path, size_t prefix,
    struct change_row *r)
{
	MDB_val k = { 12, (char *)by_path->mv_data + prefix }, d;
	struct key should;
	int rc;

	if (by_path->mv_size != prefix + 12)
		return STORE_ERECORD;
	rc = mdb_get(v->txn, v->s->dbi[T_CHANGE], &k, &d);
	if (rc != 0)
		return rc == MDB_NOTFOUND ? STORE_ERECORD : rc;
	if ((rc = change_unpack(&k, &d, r)) != 0)
		return rc;
	by_path_key(&should, r);
	return key_same(by_path, &should);
}

int
store_each_change_of(struct store_view *v, struct str path,
    int (*fn)(const struct change_row *r, void *arg), void *arg)
{
	struct change_row r;
	struct key prefix, end;
	MDB_cursor *c;
	MDB_val k, d;
	size_t len;
	int rc;

	if (v->s->dbi[T_BY_PATH] == NO_TABLE)
		return 0;
	if ((rc = mdb_cursor_open(v->txn, v->s->dbi[T_BY_PATH], &c)) != 0)
		return rc;
	key_init(&prefix);
	path_key(&prefix, path);
	end = prefix;
	end.val.mv_data = end.room;
	key_num(&end, UINT64_MAX, 8);
	len = prefix.val.mv_size;
	k = end.val;
	/* Behind the last one of this path, and back from there. */
	if ((rc = mdb_cursor_get(c, &k, &d, MDB_SET_RANGE)) == MDB_NOTFOUND)
		rc = mdb_cursor_get(c, &k, &d, MDB_LAST);
	else if (rc == 0)
		rc = mdb_cursor_get(c, &k, &d, MDB_PREV);
	for (; rc == 0; rc = mdb_cursor_get(c, &k, &d, MDB_PREV)) {
		if (k.mv_size < len || memcmp(k.mv_data, prefix.room,
		    len) != 0)
			break;
		if ((rc = change_of(v, &k, len, &r)) != 0 ||
		    fn(&r, arg) != 0)
			break;
	}
	mdb_cursor_close(c);
	return rc == MDB_NOTFOUND ? 0 : rc;
}
