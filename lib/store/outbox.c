#include <string.h>

#include "store/env.h"

/*
 * A line may be longer than a text in a packed value, so an entry is the
 * format byte, the destination closed by NUL, and the rest is the line.
 */
int
store_outbox_add(struct store_tx *t, struct str dest, struct str line)
{
	MDB_val k, d;
	struct key key;
	MDB_cursor *c;
	uint64_t last = 0;
	size_t at = 0;
	char *p;
	int rc;

	if ((rc = tx_cursor(t, T_OUTBOX, &c)) != 0)
		return rc;
	if ((rc = mdb_cursor_get(c, &k, &d, MDB_LAST)) == 0)
		rc = key_take_num(&k, &at, &last, 8);
	if (rc != 0 && rc != MDB_NOTFOUND)
		return rc;
	key_init(&key);
	key_num(&key, last + 1, 8);
	d = (MDB_val){ 1 + dest.len + 1 + line.len, NULL };
	if ((rc = mdb_cursor_put(c, &key.val, &d, MDB_RESERVE)) != 0)
		return rc;
	p = d.mv_data;
	*p++ = RECORD_FORMAT;
	memcpy(p, dest.p, dest.len);
	p[dest.len] = '\0';
	memcpy(p + dest.len + 1, line.p, line.len);
	return 0;
}

int
store_outbox_del(struct store_tx *t, uint64_t number)
{
	struct key key;

	key_init(&key);
	key_num(&key, number, 8);
	return mdb_del(t->txn, t->s->dbi[T_OUTBOX], &key.val, NULL);
}

struct entries {
	int	(*fn)(uint64_t, struct str, struct str, void *);
	void	*arg;
	int	 rc;
};

static int
each_entry(const MDB_val *k, const MDB_val *d, void *arg)
{
	struct entries *e = arg;
	struct str dest;
	uint64_t number;
	size_t at = 0, dat;

	if ((e->rc = key_take_num(k, &at, &number, 8)) != 0 ||
	    (e->rc = key_end(k, at)) != 0 ||
	    (e->rc = value_open(d, &dat)) != 0 ||
	    (e->rc = key_take_text(d, &dat, &dest)) != 0)
		return 1;
	return e->fn(number, dest, (struct str){ (const char *)d->mv_data +
	    dat, d->mv_size - dat }, e->arg);
}

int
store_each_outbox(struct store_view *v, uint64_t after,
    int (*fn)(uint64_t number, struct str dest, struct str line, void *arg),
    void *arg)
{
	struct entries e = { fn, arg, 0 };
	unsigned char room[8];
	int walked;

	num_put(room, after, sizeof(room));
	walked = view_walk(v, T_OUTBOX, (struct str){ NULL, 0 },
	    (struct str){ (const char *)room, sizeof(room) }, each_entry, &e);
	return e.rc != 0 ? e.rc : walked;
}
