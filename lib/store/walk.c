#include <string.h>

#include "store/env.h"

/* Place c at the first key that has the prefix and comes after "after". */
static int
walk_start(MDB_cursor *c, struct str prefix, struct str after, MDB_val *k,
    MDB_val *d)
{
	struct str from = str_cmp(after, prefix) > 0 ? after : prefix;
	int rc;

	if (from.len == 0)
		return mdb_cursor_get(c, k, d, MDB_FIRST);
	if (from.len > RECORD_KEY_MAX)
		return MDB_NOTFOUND;
	*k = (MDB_val){ from.len, (void *)(uintptr_t)from.p };
	if ((rc = mdb_cursor_get(c, k, d, MDB_SET_RANGE)) != 0)
		return rc;
	if (str_eq((struct str){ k->mv_data, k->mv_size }, after))
		rc = mdb_cursor_get(c, k, d, MDB_NEXT);
	return rc;
}

int
view_walk(struct store_view *v, enum table table, struct str prefix,
    struct str after, int (*fn)(const MDB_val *k, const MDB_val *d, void *arg),
    void *arg)
{
	MDB_cursor *c;
	MDB_val k, d;
	int rc;

	if (v->s->dbi[table] == NO_TABLE)
		return 0;
	if ((rc = mdb_cursor_open(v->txn, v->s->dbi[table], &c)) != 0)
		return rc;
	rc = walk_start(c, prefix, after, &k, &d);
	while (rc == 0 && str_starts((struct str){ k.mv_data, k.mv_size },
	    prefix)) {
		if (fn(&k, &d, arg) != 0)
			break;
		rc = mdb_cursor_get(c, &k, &d, MDB_NEXT);
	}
	mdb_cursor_close(c);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

int
view_seen(struct store_view *v, uint32_t slot, uint32_t *time)
{
	unsigned char room[4];
	uint32_t page = slot / STORE_PAGE_SLOTS;
	MDB_val k = { sizeof(room), room }, d;
	int rc;

	*time = 0;
	if (page >= v->pages)
		return 0;
	if (v->seen[page] == NULL) {
		num_put(room, page, sizeof(room));
		rc = mdb_get(v->txn, v->s->dbi[T_SEEN], &k, &d);
		if (rc == MDB_NOTFOUND)
			return 0;
		if (rc != 0 || (rc = times_check(&d)) != 0)
			return rc;
		v->seen[page] = d.mv_data;
	}
	*time = times_get(v->seen[page], slot % STORE_PAGE_SLOTS);
	return 0;
}

void
store_prefix(struct buf *b, struct str first, struct str second)
{
	buf_str(b, first);
	buf_putc(b, '\0');
	if (second.p == NULL)
		return;
	buf_str(b, second);
	buf_putc(b, '\0');
}

/* A walk over rows: what the caller wants, and what went wrong inside. */
struct rows {
	struct store_view	*v;
	enum store_order	 order;
	int			(*fn)(const struct version_row *, struct str,
				    void *);
	void			*arg;
	int			 rc;
};

/* Fill in the fields of row that the record at its key has. */
static int
row_record(struct store_view *v, struct version_row *row, const MDB_val *d)
{
	struct version_value r;
	int rc;

	if ((rc = version_unpack(d, &r)) != 0)
		return rc;
	row->app = r.app;
	row->ver = r.ver;
	row->host_ip = r.host_ip;
	row->slot = r.slot;
	row->first_seen = r.first_seen;
	return view_seen(v, r.slot, &row->last_update);
}

static int
row_lookup(struct store_view *v, struct version_row *row)
{
	struct key k;
	MDB_val d;
	int rc;

	triple_key(&k, row->app_id, row->host, row->instance);
	if ((rc = mdb_get(v->txn, v->s->dbi[T_VERSION], &k.val, &d)) != 0)
		return rc == MDB_NOTFOUND ? STORE_ERECORD : rc;
	return row_record(v, row, &d);
}

static int
each_version(const MDB_val *k, const MDB_val *d, void *arg)
{
	struct rows *r = arg;
	struct version_row row;
	struct str ver;
	int rc;

	switch (r->order) {
	case STORE_BY_APP:
		if ((rc = triple_split(k, &row.app_id, &row.host,
		    &row.instance)) == 0)
			rc = row_record(r->v, &row, d);
		break;
	case STORE_BY_HOST:
		if ((rc = triple_split(k, &row.host, &row.app_id,
		    &row.instance)) == 0)
			rc = row_lookup(r->v, &row);
		break;
	default:
		if ((rc = by_ver_split(k, &row.app_id, &ver, &row.host,
		    &row.instance)) == 0)
			rc = row_lookup(r->v, &row);
		break;
	}
	if ((r->rc = rc) != 0)
		return 1;
	return r->fn(&row, (struct str){ k->mv_data, k->mv_size }, r->arg);
}

/* What went wrong in a callback comes before what went wrong around it. */
static int
verdict(int walked, int rc)
{
	return rc != 0 ? rc : walked;
}

int
store_each_version(struct store_view *v, enum store_order order,
    struct str prefix, struct str after,
    int (*fn)(const struct version_row *row, struct str key, void *arg),
    void *arg)
{
	static const enum table tables[] = {
		[STORE_BY_APP] = T_VERSION,
		[STORE_BY_HOST] = T_BY_HOST,
		[STORE_BY_VER] = T_BY_VER
	};
	struct rows r = { v, order, fn, arg, 0 };
	int walked;

	walked = view_walk(v, tables[order], prefix, after, each_version, &r);
	return verdict(walked, r.rc);
}

/* The newest of a walk, and for an app the spelling that came with it. */
struct newest {
	struct store_view	*v;
	uint32_t		 time;
	bool			 kept;	/* spelling is among the newest */
	struct str		 name;
	int			 rc;
};

static int
newest_app(const MDB_val *k, const MDB_val *d, void *arg)
{
	struct newest *n = arg;
	struct version_value r;
	uint32_t time;

	(void)k;
	if ((n->rc = version_unpack(d, &r)) != 0 ||
	    (n->rc = view_seen(n->v, r.slot, &time)) != 0)
		return 1;
	if (time < n->time || (time == n->time && n->kept))
		return 0;
	n->kept = str_eq(r.app, n->name);
	n->time = time;
	if (!n->kept)
		n->name = r.app;
	return 0;
}

static int
newest_host(const MDB_val *k, const MDB_val *d, void *arg)
{
	struct newest *n = arg;
	uint32_t slot, time;

	(void)k;
	if ((n->rc = slot_unpack(d, &slot)) != 0 ||
	    (n->rc = view_seen(n->v, slot, &time)) != 0)
		return 1;
	if (time > n->time)
		n->time = time;
	return 0;
}

/* The prefix of all keys of an app or a host is its own key. */
static int
app_row(struct store_view *v, const MDB_val *k, const MDB_val *d,
    struct app_row *row)
{
	struct newest n = { .v = v };
	struct summary sum;
	size_t at = 0;
	int rc;

	if ((rc = key_take_text(k, &at, &row->app_id)) != 0 ||
	    (rc = key_end(k, at)) != 0 || (rc = summary_unpack(d, &sum)) != 0)
		return rc;
	n.name = sum.name;
	rc = view_walk(v, T_VERSION, (struct str){ k->mv_data, k->mv_size },
	    (struct str){ NULL, 0 }, newest_app, &n);
	row->app = n.name;
	row->host_count = sum.others;
	row->record_count = sum.records;
	row->last_update = n.time;
	return verdict(rc, n.rc);
}

static int
host_row(struct store_view *v, const MDB_val *k, const MDB_val *d,
    struct host_row *row)
{
	struct newest n = { .v = v };
	struct summary sum;
	size_t at = 0;
	int rc;

	if ((rc = key_take_text(k, &at, &row->host)) != 0 ||
	    (rc = key_end(k, at)) != 0 || (rc = summary_unpack(d, &sum)) != 0)
		return rc;
	rc = view_walk(v, T_BY_HOST, (struct str){ k->mv_data, k->mv_size },
	    (struct str){ NULL, 0 }, newest_host, &n);
	row->app_count = sum.others;
	row->record_count = sum.records;
	row->last_update = n.time;
	return verdict(rc, n.rc);
}

/* Find the row named s; k then is its key as it lies in the store. */
static int
find_row(struct store_view *v, enum table table, struct str s, MDB_cursor **c,
    MDB_val *k, MDB_val *d)
{
	struct key key;
	int rc;

	key_init(&key);
	key_text(&key, s);
	*k = key.val;
	if (k->mv_size == 0)
		return MDB_NOTFOUND;
	if ((rc = mdb_cursor_open(v->txn, v->s->dbi[table], c)) != 0)
		return rc;
	if ((rc = mdb_cursor_get(*c, k, d, MDB_SET_KEY)) != 0)
		mdb_cursor_close(*c);
	return rc;
}

int
store_app(struct store_view *v, struct str app_id, struct app_row *row)
{
	MDB_cursor *c;
	MDB_val k, d;
	int rc;

	if ((rc = find_row(v, T_APP, app_id, &c, &k, &d)) != 0)
		return rc;
	rc = app_row(v, &k, &d, row);
	mdb_cursor_close(c);
	return rc;
}

int
store_host(struct store_view *v, struct str host, struct host_row *row)
{
	MDB_cursor *c;
	MDB_val k, d;
	int rc;

	if ((rc = find_row(v, T_HOST, host, &c, &k, &d)) != 0)
		return rc;
	rc = host_row(v, &k, &d, row);
	mdb_cursor_close(c);
	return rc;
}

struct summaries {
	struct store_view	*v;
	int			(*app)(const struct app_row *, void *);
	int			(*host)(const struct host_row *, void *);
	void			*arg;
	int			 rc;
};

static int
each_app(const MDB_val *k, const MDB_val *d, void *arg)
{
	struct summaries *s = arg;
	struct app_row row;

	if ((s->rc = app_row(s->v, k, d, &row)) != 0)
		return 1;
	return s->app(&row, s->arg);
}

static int
each_host(const MDB_val *k, const MDB_val *d, void *arg)
{
	struct summaries *s = arg;
	struct host_row row;

	if ((s->rc = host_row(s->v, k, d, &row)) != 0)
		return 1;
	return s->host(&row, s->arg);
}

static int
walk_summaries(enum table table, struct str after,
    int (*fn)(const MDB_val *, const MDB_val *, void *), struct summaries *s)
{
	struct key k;
	int walked;

	key_init(&k);
	if (after.len > 0)
		key_text(&k, after);
	walked = view_walk(s->v, table, (struct str){ NULL, 0 },
	    (struct str){ (const char *)k.room, k.val.mv_size }, fn, s);
	return verdict(walked, s->rc);
}

int
store_each_app(struct store_view *v, struct str after,
    int (*fn)(const struct app_row *row, void *arg), void *arg)
{
	struct summaries s = { v, fn, NULL, arg, 0 };

	return walk_summaries(T_APP, after, each_app, &s);
}

int
store_each_host(struct store_view *v, struct str after,
    int (*fn)(const struct host_row *row, void *arg), void *arg)
{
	struct summaries s = { v, NULL, fn, arg, 0 };

	return walk_summaries(T_HOST, after, each_host, &s);
}

struct histories {
	int	(*fn)(const struct history_row *, struct str, void *);
	void	*arg;
	int	 rc;
};

static int
history_split(const MDB_val *k, const MDB_val *d, struct history_row *row)
{
	uint64_t instance, time;
	size_t at = 0, vat;
	int rc;

	if ((rc = key_take_text(k, &at, &row->app_id)) != 0 ||
	    (rc = key_take_text(k, &at, &row->host)) != 0 ||
	    (rc = key_take_num(k, &at, &instance, 2)) != 0 ||
	    (rc = key_take_num(k, &at, &time, 4)) != 0 ||
	    (rc = key_end(k, at)) != 0 ||
	    (rc = value_open(d, &vat)) != 0 ||
	    (rc = value_take_text(d, &vat, &row->ver)) != 0)
		return rc;
	row->instance = (unsigned)instance;
	row->time = (uint32_t)time;
	return key_end(d, vat);
}

static int
each_history(const MDB_val *k, const MDB_val *d, void *arg)
{
	struct histories *h = arg;
	struct history_row row;

	if ((h->rc = history_split(k, d, &row)) != 0)
		return 1;
	return h->fn(&row, (struct str){ k->mv_data, k->mv_size }, h->arg);
}

int
store_each_history(struct store_view *v, struct str prefix, struct str after,
    int (*fn)(const struct history_row *row, struct str key, void *arg),
    void *arg)
{
	struct histories h = { fn, arg, 0 };
	int walked;

	walked = view_walk(v, T_HISTORY, prefix, after, each_history, &h);
	return verdict(walked, h.rc);
}
