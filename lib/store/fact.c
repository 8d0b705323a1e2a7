#include <stdio.h>
#include <string.h>

#include "store/env.h"

/* Facts are longer than a text in a packed value: a format byte, then JSON. */
int
store_fact_put(struct store_tx *t, struct str host, struct str json)
{
	struct key key;
	MDB_val d = { json.len + 1, NULL };
	char *p;
	int rc;

	key_init(&key);
	key_text(&key, host);
	if ((rc = mdb_put(t->txn, t->s->dbi[T_FACT], &key.val, &d,
	    MDB_RESERVE)) != 0)
		return rc;
	p = d.mv_data;
	*p = RECORD_FORMAT;
	memcpy(p + 1, json.p, json.len);
	return 0;
}

struct walk {
	int	(*fn)(struct str, struct str, void *);
	void	*arg;
	int	 rc;
};

static int
each_fact(const MDB_val *k, const MDB_val *d, void *arg)
{
	struct walk *w = arg;
	struct str host;
	size_t at = 0, dat;

	if ((w->rc = key_take_text(k, &at, &host)) != 0 ||
	    (w->rc = key_end(k, at)) != 0 ||
	    (w->rc = value_open(d, &dat)) != 0)
		return 1;
	return w->fn(host, (struct str){ (const char *)d->mv_data + dat,
	    d->mv_size - dat }, w->arg);
}

/* The key of a host; of an empty one, or where it is too long, nothing. */
static struct str
host_key(struct key *key, struct str host)
{
	if (host.len == 0)
		return (struct str){ NULL, 0 };
	key_init(key);
	key_text(key, host);
	return (struct str){ key->val.mv_data, key->val.mv_size };
}

int
store_each_fact(struct store_view *v, struct str host, struct str after,
    int (*fn)(struct str host, struct str json, void *arg), void *arg)
{
	struct walk w = { fn, arg, 0 };
	struct key prefix, behind;
	struct str p = host_key(&prefix, host);
	int walked;

	if (host.len > 0 && p.len == 0)
		return 0;
	walked = view_walk(v, T_FACT, p, host_key(&behind, after), each_fact,
	    &w);
	return w.rc != 0 ? w.rc : walked;
}

/* Apart from the store's own numbers. */
static void
note_name(char room[64], const char *name)
{
	(void)snprintf(room, 64, "note.%s", name);
}

int
store_note_put(struct store_tx *t, const char *name, uint64_t n)
{
	char room[64];

	note_name(room, name);
	return meta_put(t->s, t->txn, room, n);
}

int
store_note(struct store_view *v, const char *name, uint64_t *n)
{
	char room[64];

	note_name(room, name);
	return meta_get(v->s, v->txn, room, n);
}
