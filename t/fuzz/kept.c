/*
 * Rows of what p2-apply keeps, as they may lie in a damaged store: the first
 * byte says in which table, the second how long the key is, then come key and
 * value.  What is read from them lends no byte from outside of the row; what
 * changes rows ends, with whatever code.  Nothing is committed.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "store/env.h"
#include "store/kept.h"
#include "store/state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct store *store;
static MDB_val key, value;		/* the row, as it lies in its page */

/* It has no names from then on, so that nothing is left of it. */
static void
begin(void)
{
	static const char *const names[] = { "data.mdb", "lock.mdb" };
	char dir[] = "/tmp/fuzz.XXXXXX", path[64];
	size_t i;
	int rc;

	if (mkdtemp(dir) == NULL)
		err(2, "%s", dir);
	if ((rc = store_open(&store, dir, STORE_WRITE)) != 0)
		errx(2, "%s: %s", dir, store_strerror(rc));
	for (i = 0; i < 2; i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		(void)unlink(path);
	}
	(void)rmdir(dir);
}

static void
inside(struct str s)
{
	const char *k = key.mv_data, *v = value.mv_data;

	if (s.len > 0 && (s.p < k || s.p + s.len > k + key.mv_size) &&
	    (s.p < v || s.p + s.len > v + value.mv_size))
		abort();
}

static void
state_inside(const struct kept_state *s)
{
	if (s->kind == KEPT_NONE)
		return;
	inside(s->target);
	inside(s->xattrs);
}

static int
on_owed(const struct owed_row *r, void *arg)
{
	(void)arg;
	inside(r->policy);
	inside(r->file);
	inside(r->resource);
	inside(r->handler);
	return 0;
}

static int
on_change(const struct change_row *r, void *arg)
{
	(void)arg;
	inside(r->policy);
	inside(r->type);
	inside(r->title);
	inside(r->path);
	state_inside(&r->was);
	state_inside(&r->is);
	return 0;
}

static int
on_left(const struct left_row *r, void *arg)
{
	(void)arg;
	inside(r->path);
	state_inside(&r->is);
	return 0;
}

static int
on_holding(const struct holding_row *r, void *arg)
{
	(void)arg;
	inside(r->who.policy);
	inside(r->who.type);
	inside(r->who.title);
	inside(r->role);
	inside(r->hears);
	return 0;
}

static int
on_holder(struct str policy, void *arg)
{
	(void)arg;
	inside(policy);
	return 0;
}

static int
on_run(const struct run_row *r, struct str k, void *arg)
{
	(void)arg;
	inside(k);
	inside(r->policy);
	inside(r->ver);
	inside(r->outcome);
	return 0;
}

static int
on_result(const struct result_row *r, struct str k, void *arg)
{
	(void)arg;
	inside(k);
	inside(r->type);
	inside(r->title);
	inside(r->policy);
	inside(r->outcome);
	inside(r->why);
	inside(r->cause);
	return 0;
}

static void
on_fault(const char *what, void *arg)
{
	(void)what;
	(void)arg;
}

static void
read_all(struct store_view *v)
{
	static const struct owner who = { { "p", 1 }, { "t", 1 }, { "x", 1 } };
	struct str path = { "/p", 2 }, none = { "", 0 }, bytes;
	const unsigned char digest[32] = { 0 };
	struct holding_row h;
	struct left_row l;
	struct run_row run;
	uint64_t n;

	(void)store_each_owed(v, none, on_owed, NULL);
	(void)store_each_change(v, 0, on_change, NULL);
	(void)store_each_change_of(v, path, on_change, NULL);
	(void)store_last_change(v, &n);
	(void)store_each_holding(v, none, on_holding, NULL);
	(void)store_each_holder(v, on_holder, NULL);
	(void)store_each_left(v, &who, on_left, NULL);
	if (store_holding(v, &who, &h) == 0)
		on_holding(&h, NULL);
	if (store_left(v, &who, path, &l) == 0)
		on_left(&l, NULL);
	(void)store_holding_sum(v, who.policy, &n);
	(void)store_content_get(v, digest, &n);
	if (store_content_get_piece(v, digest, 0, &bytes) == 0)
		inside(bytes);
	(void)store_each_run(v, none, on_run, NULL);
	(void)store_last_run(v, who.policy, &run);
	(void)store_each_result(v, none, none, on_result, NULL);
	(void)kept_check(v, &n, on_fault, NULL);
}

static void
write_all(struct store_tx *t)
{
	static const struct owner who = { { "p", 1 }, { "t", 1 }, { "x", 1 } };
	struct change_row r = { .run = 1, .path = { "/p", 2 } };
	struct result_row result = { .type = { "t", 1 }, .title = { "x", 1 } };

	(void)store_holding_move(t, who.policy, (struct str){ "q", 1 });
	(void)store_holding_del(t, &who);
	(void)store_result(t, &result);
	(void)store_change(t, &r);
	(void)store_content_sweep(t);
	(void)store_kept_trim(t, UINT64_MAX, 0, 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum table tables[] = { T_OWED, T_CHANGE, T_BY_PATH,
	    T_HOLDING, T_LEFT, T_CONTENT, T_RUN, T_RESULT, T_BYTECODE };
	enum table table;
	struct store_view v;
	struct store_tx *t;
	MDB_cursor *c;
	MDB_val k, d;

	if (store == NULL)
		begin();
	if (size < 3 || data[1] == 0 || size < 2U + data[1])
		return 0;
	table = tables[data[0] % (sizeof(tables) / sizeof(tables[0]))];
	k = (MDB_val){ data[1], (void *)(uintptr_t)(data + 2) };
	d = (MDB_val){ size - 2 - data[1], (uint8_t *)k.mv_data + data[1] };
	if (store_begin(store, &t) != 0)
		return 0;
	key = k;
	if (tx_cursor(t, table, &c) == 0 &&
	    mdb_cursor_put(c, &k, &d, 0) == 0 &&
	    mdb_cursor_get(c, &key, &value, MDB_SET_KEY) == 0) {
		v = (struct store_view){ .s = store, .txn = t->txn };
		read_all(&v);
		write_all(t);
	}
	store_abort(t);
	return 0;
}
