#include <stdlib.h>
#include <string.h>

#include "store/env.h"

/* Look up k through a cursor; records come in order, so it is often near. */
static int
find(struct store_tx *t, enum table table, const struct key *k, MDB_val *d)
{
	MDB_val key = k->val;
	MDB_cursor *c;
	int rc;

	if ((rc = tx_cursor(t, table, &c)) != 0)
		return rc;
	return mdb_cursor_get(c, &key, d, MDB_SET);
}

static int
put(struct store_tx *t, enum table table, const struct key *k, MDB_val d)
{
	MDB_val key = k->val;
	MDB_cursor *c;
	int rc;

	if ((rc = tx_cursor(t, table, &c)) != 0)
		return rc;
	return mdb_cursor_put(c, &key, &d, 0);
}

static int
del(struct store_tx *t, enum table table, const struct key *k)
{
	MDB_val key = k->val;

	return mdb_del(t->txn, t->s->dbi[table], &key, NULL);
}

/* The summary of one host: a few words, so it is read and written each time. */
static int
host_count(struct store_tx *t, struct str host, int apps, int records)
{
	struct summary sum = { 0 };
	struct value v;
	struct key k;
	MDB_val d;
	int rc;

	key_init(&k);
	key_text(&k, host);
	if ((rc = find(t, T_HOST, &k, &d)) == 0)
		rc = summary_unpack(&d, &sum);
	if (rc != 0 && rc != MDB_NOTFOUND)
		return rc;
	sum.others += (uint32_t)apps;
	sum.records += (uint32_t)records;
	sum.name = (struct str){ "", 0 };
	if (sum.records == 0)
		return del(t, T_HOST, &k);
	summary_pack(&v, &sum);
	return put(t, T_HOST, &k, v.val);
}

static int
app_flush(struct store_tx *t)
{
	struct held *h = &t->app;
	struct summary sum;
	struct value v;

	if (!h->valid || !h->dirty)
		return 0;
	h->dirty = false;
	if (h->records == 0)
		return del(t, T_APP, &h->key);
	sum.others = h->others;
	sum.records = h->records;
	sum.name = (struct str){ h->name, h->namelen };
	summary_pack(&v, &sum);
	return put(t, T_APP, &h->key, v.val);
}

/* Hold the summary of app_id, a new one if there is none. */
static int
app_hold(struct store_tx *t, struct str app_id)
{
	struct summary sum = { 0 };
	struct held *h = &t->app;
	struct key k;
	MDB_val d;
	int rc;

	key_init(&k);
	key_text(&k, app_id);
	if (h->valid && k.val.mv_size == h->key.val.mv_size &&
	    memcmp(k.room, h->key.room, k.val.mv_size) == 0)
		return 0;
	if ((rc = app_flush(t)) != 0)
		return rc;
	h->valid = false;
	if ((rc = find(t, T_APP, &k, &d)) == 0)
		rc = summary_unpack(&d, &sum);
	if (rc != 0 && rc != MDB_NOTFOUND)
		return rc;
	h->key = k;
	h->key.val.mv_data = h->key.room;
	h->others = sum.others;
	h->records = sum.records;
	if ((h->namelen = sum.name.len) > 0)
		memcpy(h->name, sum.name.p, sum.name.len);
	h->valid = true;
	h->dirty = false;
	return 0;
}

/* Count in the held summary, and keep the spelling unless it is empty. */
static void
app_count(struct store_tx *t, struct str app, int hosts, int records)
{
	struct held *h = &t->app;

	if (app.len > 0 && !str_eq(app, (struct str){ h->name, h->namelen })) {
		memcpy(h->name, app.p, app.len);
		h->namelen = app.len;
		h->dirty = true;
	}
	h->others += (uint32_t)hosts;
	h->records += (uint32_t)records;
	h->dirty |= hosts != 0 || records != 0;
}

static int
slots_load(struct store_tx *t)
{
	uint64_t n;
	int rc;

	if (t->slot_known)
		return 0;
	if ((rc = meta_get(t->s, t->txn, "next_slot", &n)) != 0)
		return rc;
	if (n > UINT32_MAX)
		return STORE_ERECORD;
	t->next_slot = (uint32_t)n;
	t->slot_known = true;
	return 0;
}

int
tx_flush(struct store_tx *t)
{
	int rc;

	if ((rc = app_flush(t)) != 0)
		return rc;
	if (t->slot_dirty && (rc = meta_put(t->s, t->txn, "next_slot",
	    t->next_slot)) != 0)
		return rc;
	t->slot_dirty = false;
	return 0;
}

/* A slot for a new record: one that was freed, or the next. */
static int
slot_take(struct store_tx *t, uint32_t *slot)
{
	MDB_cursor *c;
	MDB_val k, d;
	uint64_t n;
	size_t at = 0;
	int rc;

	if (!t->no_free) {
		if ((rc = tx_cursor(t, T_SLOT, &c)) != 0)
			return rc;
		if ((rc = mdb_cursor_get(c, &k, &d, MDB_FIRST)) == 0) {
			if ((rc = key_take_num(&k, &at, &n, 4)) != 0)
				return rc;
			*slot = (uint32_t)n;
			return mdb_cursor_del(c, 0);
		}
		if (rc != MDB_NOTFOUND)
			return rc;
		t->no_free = true;
	}
	if ((rc = slots_load(t)) != 0)
		return rc;
	if (t->next_slot == UINT32_MAX)
		return MDB_MAP_FULL;
	*slot = t->next_slot++;
	t->slot_dirty = true;
	return 0;
}

static int
slot_give(struct store_tx *t, uint32_t slot)
{
	struct value v;
	struct key k;

	key_init(&k);
	key_num(&k, slot, 4);
	value_init(&v);
	t->no_free = false;
	return put(t, T_SLOT, &k, v.val);
}

/* Does the host run the application at all, in whichever instance? */
static int
pair_exists(struct store_tx *t, struct str host, struct str app_id, bool *yes)
{
	struct key prefix;
	MDB_cursor *c;
	MDB_val k, d;
	int rc;

	key_init(&prefix);
	key_text(&prefix, host);
	key_text(&prefix, app_id);
	k = prefix.val;
	*yes = false;
	if ((rc = tx_cursor(t, T_BY_HOST, &c)) != 0)
		return rc;
	rc = mdb_cursor_get(c, &k, &d, MDB_SET_RANGE);
	if (rc == MDB_NOTFOUND)
		return 0;
	if (rc == 0)
		*yes = k.mv_size > prefix.val.mv_size &&
		    memcmp(k.mv_data, prefix.room, prefix.val.mv_size) == 0;
	return rc;
}

static int
put_index(struct store_tx *t, enum table table, const struct key *k,
    uint32_t slot)
{
	struct value v;

	slot_pack(&v, slot);
	return put(t, table, k, v.val);
}

static int
put_by_ver(struct store_tx *t, struct str app_id, const struct sighting *s,
    uint32_t slot)
{
	struct key k;

	by_ver_key(&k, app_id, s->ver, s->host, s->instance);
	return put_index(t, T_BY_VER, &k, slot);
}

static int
put_history(struct store_tx *t, struct str app_id, const struct sighting *s)
{
	struct value v;
	struct key k;

	triple_key(&k, app_id, s->host, s->instance);
	key_num(&k, s->time, 4);
	value_init(&v);
	value_text(&v, s->ver);
	return put(t, T_HISTORY, &k, v.val);
}

static int
put_version(struct store_tx *t, const struct key *k, const struct sighting *s,
    uint32_t slot, uint32_t first_seen)
{
	struct version_value r = { slot, first_seen, s->app, s->ver,
	    s->host_ip };
	struct value v;

	version_pack(&v, &r);
	return put(t, T_VERSION, k, v.val);
}

static int
put_new(struct store_tx *t, const struct key *k, struct str app_id,
    const struct sighting *s, uint32_t *slot)
{
	struct key by_host;
	bool known;
	int rc;

	if ((rc = slot_take(t, slot)) != 0 ||
	    (rc = put_version(t, k, s, *slot, s->time)) != 0 ||
	    (rc = pair_exists(t, s->host, app_id, &known)) != 0)
		return rc;
	triple_key(&by_host, s->host, app_id, s->instance);
	if ((rc = put_index(t, T_BY_HOST, &by_host, *slot)) != 0 ||
	    (rc = put_by_ver(t, app_id, s, *slot)) != 0 ||
	    (rc = put_history(t, app_id, s)) != 0)
		return rc;
	app_count(t, s->app, !known, 1);
	return host_count(t, s->host, !known, 1);
}

static int
put_changed(struct store_tx *t, const struct key *k, struct str app_id,
    const struct sighting *s, const struct version_value *old)
{
	struct key by_ver;
	uint32_t slot = old->slot, first_seen = old->first_seen;
	int rc;

	/* Before the first write, which ends what old lends. */
	by_ver_key(&by_ver, app_id, old->ver, s->host, s->instance);
	if ((rc = put_version(t, k, s, slot, first_seen)) != 0 ||
	    (rc = del(t, T_BY_VER, &by_ver)) != 0 ||
	    (rc = put_by_ver(t, app_id, s, slot)) != 0)
		return rc;
	return put_history(t, app_id, s);
}

int
store_put(struct store_tx *t, const struct sighting *s, uint32_t *slot,
    enum store_news *news)
{
	struct version_value old;
	char room[UPDATE_ID_MAX];
	struct str app_id = { room, update_app_id(room, s->app) };
	struct key k;
	MDB_val d;
	int rc;

	if ((rc = app_hold(t, app_id)) != 0)
		return rc;
	triple_key(&k, app_id, s->host, s->instance);
	if ((rc = find(t, T_VERSION, &k, &d)) == MDB_NOTFOUND) {
		*news = STORE_NEW;
		return put_new(t, &k, app_id, s, slot);
	}
	if (rc != 0 || (rc = version_unpack(&d, &old)) != 0)
		return rc;
	*slot = old.slot;
	app_count(t, s->app, 0, 0);
	if (!str_eq(old.ver, s->ver)) {
		*news = STORE_CHANGED;
		return put_changed(t, &k, app_id, s, &old);
	}
	if (str_eq(old.app, s->app) && str_eq(old.host_ip, s->host_ip)) {
		*news = STORE_SAME;
		return 0;
	}
	*news = STORE_DETAIL;
	return put_version(t, &k, s, old.slot, old.first_seen);
}

static void
seen_key(struct key *k, uint32_t page)
{
	key_init(k);
	key_num(k, page, 4);
}

int
store_seen(struct store_tx *t, uint32_t slot, uint32_t time)
{
	unsigned char room[RECORD_SEEN_SIZE];
	struct key k;
	MDB_val d;
	int rc;

	seen_key(&k, slot / STORE_PAGE_SLOTS);
	if ((rc = find(t, T_SEEN, &k, &d)) == 0)
		rc = times_check(&d);
	if (rc == 0) {
		memcpy(room, d.mv_data, sizeof(room));
	} else if (rc == MDB_NOTFOUND) {
		memset(room, 0, sizeof(room));
		room[0] = RECORD_FORMAT;
	} else
		return rc;
	times_set(room, slot % STORE_PAGE_SLOTS, time);
	return put(t, T_SEEN, &k, (MDB_val){ sizeof(room), room });
}

int
store_seen_page(struct store_tx *t, uint32_t page,
    const uint32_t times[STORE_PAGE_SLOTS])
{
	struct key k;
	MDB_cursor *c;
	MDB_val d = { RECORD_SEEN_SIZE, NULL };
	int rc;

	seen_key(&k, page);
	if ((rc = tx_cursor(t, T_SEEN, &c)) != 0 ||
	    (rc = mdb_cursor_put(c, &k.val, &d, MDB_RESERVE)) != 0)
		return rc;
	times_pack(d.mv_data, times);
	return 0;
}

int
store_update(struct store_tx *t, const struct sighting *s)
{
	enum store_news news;
	uint32_t slot;
	int rc;

	if ((rc = store_put(t, s, &slot, &news)) != 0)
		return rc;
	return store_seen(t, slot, s->time);
}

int
store_forget(struct store_tx *t, struct str app_id, struct str host,
    unsigned instance, uint32_t *slot)
{
	struct key k, by_host, by_ver;
	struct version_value old;
	MDB_val d;
	bool known;
	int rc;

	triple_key(&k, app_id, host, instance);
	if ((rc = app_hold(t, app_id)) != 0 ||
	    (rc = find(t, T_VERSION, &k, &d)) != 0 ||
	    (rc = version_unpack(&d, &old)) != 0)
		return rc;
	*slot = old.slot;
	by_ver_key(&by_ver, app_id, old.ver, host, instance);
	triple_key(&by_host, host, app_id, instance);
	if ((rc = del(t, T_VERSION, &k)) != 0 ||
	    (rc = del(t, T_BY_VER, &by_ver)) != 0 ||
	    (rc = del(t, T_BY_HOST, &by_host)) != 0 ||
	    (rc = pair_exists(t, host, app_id, &known)) != 0 ||
	    (rc = store_seen(t, *slot, 0)) != 0 ||
	    (rc = slot_give(t, *slot)) != 0)
		return rc;
	app_count(t, (struct str){ "", 0 }, known ? 0 : -1, -1);
	return host_count(t, host, known ? 0 : -1, -1);
}

int
store_clear(struct store_tx *t)
{
	static const enum table tables[] = {
		T_VERSION, T_BY_HOST, T_BY_VER, T_SEEN, T_SLOT, T_APP, T_HOST,
		T_HISTORY, T_EVENT
	};
	size_t i;
	int rc;

	for (i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		if ((rc = mdb_drop(t->txn, t->s->dbi[tables[i]], 0)) != 0)
			return rc;
	t->app.valid = false;
	t->next_slot = 0;
	t->slot_known = t->slot_dirty = true;
	return 0;
}
