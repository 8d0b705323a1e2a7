#include "store/env.h"

/*
 * The parts of an event make its key, so they are cut to what a key can hold;
 * texts that differ only beyond that are one event.
 */
enum { HOST_MAX = 200, MODULE_MAX = 50, OBJECT_MAX = 140, MSG_MAX = 110 };

struct counts {
	uint64_t	count;
	uint64_t	first;
	uint64_t	last;
};

static int
event_unpack(const MDB_val *d, struct counts *c)
{
	size_t at;
	int rc;

	if ((rc = value_open(d, &at)) != 0 ||
	    (rc = value_take_num(d, &at, &c->count, 4)) != 0 ||
	    (rc = value_take_num(d, &at, &c->first, 4)) != 0 ||
	    (rc = value_take_num(d, &at, &c->last, 4)) != 0)
		return rc;
	return key_end(d, at);
}

int
store_event(struct store_tx *t, struct str host, struct str module,
    struct str object, struct str msg, uint32_t time, uint32_t count)
{
	struct counts c = { 0, time, time };
	struct value v;
	struct key k;
	MDB_val d;
	int rc;

	key_init(&k);
	key_text(&k, key_part(host, HOST_MAX));
	key_text(&k, key_part(module, MODULE_MAX));
	key_text(&k, key_part(object, OBJECT_MAX));
	key_text(&k, key_part(msg, MSG_MAX));
	rc = mdb_get(t->txn, t->s->dbi[T_EVENT], &k.val, &d);
	if (rc == 0)
		rc = event_unpack(&d, &c);
	if (rc != 0 && rc != MDB_NOTFOUND)
		return rc;
	c.count += count;
	if (c.count > UINT32_MAX)
		c.count = UINT32_MAX;
	value_init(&v);
	value_num(&v, c.count, 4);
	value_num(&v, c.first, 4);
	value_num(&v, time, 4);
	return mdb_put(t->txn, t->s->dbi[T_EVENT], &k.val, &v.val, 0);
}

struct events {
	int	(*fn)(const struct event_row *, struct str, void *);
	void	*arg;
	int	 rc;
};

static int
each_event(const MDB_val *k, const MDB_val *d, void *arg)
{
	struct events *e = arg;
	struct event_row row;
	struct counts c;
	size_t at = 0;

	if ((e->rc = key_take_text(k, &at, &row.host)) != 0 ||
	    (e->rc = key_take_text(k, &at, &row.module)) != 0 ||
	    (e->rc = key_take_text(k, &at, &row.object)) != 0 ||
	    (e->rc = key_take_text(k, &at, &row.msg)) != 0 ||
	    (e->rc = key_end(k, at)) != 0 ||
	    (e->rc = event_unpack(d, &c)) != 0)
		return 1;
	row.count = (uint32_t)c.count;
	row.first = (uint32_t)c.first;
	row.last = (uint32_t)c.last;
	return e->fn(&row, (struct str){ k->mv_data, k->mv_size }, e->arg);
}

int
store_each_event(struct store_view *v, struct str prefix, struct str after,
    int (*fn)(const struct event_row *row, struct str key, void *arg),
    void *arg)
{
	struct events e = { fn, arg, 0 };
	int walked;

	walked = view_walk(v, T_EVENT, prefix, after, each_event, &e);
	return e.rc != 0 ? e.rc : walked;
}
