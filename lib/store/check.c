#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/env.h"
#include "store/state.h"

/*
 * A walk over each table in turn.  Records come sorted, so what a summary
 * counts stands together and is counted as it goes by.
 */
struct check {
	struct store_view	*v;
	void			(*fn)(const char *, void *);
	void			*arg;
	uint64_t		 faults;
	uint64_t		 rows;		/* in the table at hand */
	unsigned char		*used;		/* a bit a slot */
	uint64_t		 slots;		/* next_slot */
	struct key		 group;		/* the summary being counted */
	struct key		 other;		/* what it counted last */
	uint32_t		 others;
	uint32_t		 records;
	uint64_t		 groups;
};

static void
fault(struct check *c, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static void
fault(struct check *c, const char *fmt, ...)
{
	char line[1024];
	va_list ap;

	c->faults++;
	va_start(ap, fmt);
	(void)vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	c->fn(line, c->arg);
}

/* A slot belongs to one record, or is free. */
static void
claim_slot(struct check *c, const char *table, uint32_t slot)
{
	if (slot >= c->slots)
		fault(c, "%s: slot %u was never handed out", table, slot);
	else if (c->used[slot / 8] >> slot % 8 & 1)
		fault(c, "%s: slot %u is taken twice", table, slot);
	else
		c->used[slot / 8] |= (unsigned char)(1U << slot % 8);
}

static bool
exists(struct check *c, enum table table, const struct key *k, MDB_val *d)
{
	MDB_val key = k->val;

	return mdb_get(c->v->txn, c->v->s->dbi[table], &key, d) == 0;
}

static int
count_one(const MDB_val *k, const MDB_val *d, void *arg)
{
	(void)k;
	(void)d;
	*(bool *)arg = true;
	return 1;
}

static int
check_version(const MDB_val *k, const MDB_val *d, void *arg)
{
	struct check *c = arg;
	struct version_value r;
	struct str app_id, host;
	struct key other;
	unsigned instance;
	uint32_t slot, time;
	bool found = false;
	MDB_val v;

	c->rows++;
	if (triple_split(k, &app_id, &host, &instance) != 0 ||
	    version_unpack(d, &r) != 0) {
		fault(c, "version: record %llu is damaged",
		    (unsigned long long)c->rows);
		return 0;
	}
#define WHO "%.*s on %.*s, instance %u"
#define WHO_ARGS (int)app_id.len, app_id.p, (int)host.len, host.p, instance
	claim_slot(c, "version", r.slot);
	if (view_seen(c->v, r.slot, &time) != 0 || time == 0)
		fault(c, WHO ": was never heard of", WHO_ARGS);
	triple_key(&other, host, app_id, instance);
	if (!exists(c, T_BY_HOST, &other, &v) || slot_unpack(&v, &slot) != 0 ||
	    slot != r.slot)
		fault(c, WHO ": not in by_host", WHO_ARGS);
	by_ver_key(&other, app_id, r.ver, host, instance);
	if (!exists(c, T_BY_VER, &other, &v) || slot_unpack(&v, &slot) != 0 ||
	    slot != r.slot)
		fault(c, WHO ": not in by_ver", WHO_ARGS);
	if (view_walk(c->v, T_HISTORY, (struct str){ k->mv_data, k->mv_size },
	    (struct str){ NULL, 0 }, count_one, &found) != 0 || !found)
		fault(c, WHO ": has no history", WHO_ARGS);
	return 0;
}

/* The group that ends here: does its summary say the same? */
static void
close_group(struct check *c, enum table table, const char *name)
{
	struct summary sum;
	MDB_val d;

	if (c->records == 0)
		return;
	c->groups++;
	if (!exists(c, table, &c->group, &d) || summary_unpack(&d, &sum) != 0)
		fault(c, "%s: no summary of %s", name,
		    (const char *)c->group.room);
	else if (sum.records != c->records || sum.others != c->others)
		fault(c, "%s: %s has %u records of %u, its summary says %u "
		    "of %u", name, (const char *)c->group.room, c->records,
		    c->others, sum.records, sum.others);
	c->records = c->others = 0;
}

/* Count one record, whose key is: group, other, instance. */
static void
count_in_group(struct check *c, const MDB_val *k, enum table table,
    const char *name)
{
	struct str group, other;
	struct key gk, ok;
	unsigned instance;

	c->rows++;
	if (triple_split(k, &group, &other, &instance) != 0) {
		fault(c, "%s: record %llu is damaged", name,
		    (unsigned long long)c->rows);
		return;
	}
	key_init(&gk);
	key_text(&gk, group);
	key_init(&ok);
	key_text(&ok, other);
	if (c->records > 0 && strcmp((char *)gk.room, (char *)c->group.room) != 0)
		close_group(c, table, name);
	if (c->records == 0) {
		c->group = gk;
		c->group.val.mv_data = c->group.room;
	}
	if (c->records == 0 || strcmp((char *)ok.room,
	    (char *)c->other.room) != 0) {
		c->other = ok;
		c->others++;
	}
	c->records++;
}

static int
count_app(const MDB_val *k, const MDB_val *d, void *arg)
{
	(void)d;
	count_in_group(arg, k, T_APP, "app");
	return 0;
}

static int
count_host(const MDB_val *k, const MDB_val *d, void *arg)
{
	(void)d;
	count_in_group(arg, k, T_HOST, "host");
	return 0;
}

static int
check_free(const MDB_val *k, const MDB_val *d, void *arg)
{
	struct check *c = arg;
	uint64_t slot;
	size_t at = 0;

	(void)d;
	if (key_take_num(k, &at, &slot, 4) != 0)
		fault(c, "slot: a key is damaged");
	else
		claim_slot(c, "slot", (uint32_t)slot);
	return 0;
}

static int
walk(struct check *c, enum table table,
    int (*fn)(const MDB_val *k, const MDB_val *d, void *arg))
{
	c->rows = 0;
	return view_walk(c->v, table, (struct str){ NULL, 0 },
	    (struct str){ NULL, 0 }, fn, c);
}

static int
check_groups(struct check *c, enum table table, enum table summaries,
    const char *name,
    int (*fn)(const MDB_val *k, const MDB_val *d, void *arg))
{
	MDB_stat st;
	int rc;

	c->groups = c->records = c->others = 0;
	if ((rc = walk(c, table, fn)) != 0)
		return rc;
	close_group(c, summaries, name);
	if ((rc = mdb_stat(c->v->txn, c->v->s->dbi[summaries], &st)) != 0)
		return rc;
	if (st.ms_entries != c->groups)
		fault(c, "%s: %llu summaries of %llu", name,
		    (unsigned long long)st.ms_entries,
		    (unsigned long long)c->groups);
	return 0;
}

static int
check_sizes(struct check *c)
{
	static const struct { enum table table; const char *name; } same[] = {
		{ T_BY_HOST, "by_host" }, { T_BY_VER, "by_ver" }
	};
	MDB_stat st;
	uint64_t versions, i, free_or_used = 0;
	int rc;

	if ((rc = mdb_stat(c->v->txn, c->v->s->dbi[T_VERSION], &st)) != 0)
		return rc;
	versions = st.ms_entries;
	for (i = 0; i < 2; i++) {
		if ((rc = mdb_stat(c->v->txn, c->v->s->dbi[same[i].table],
		    &st)) != 0)
			return rc;
		if (st.ms_entries != versions)
			fault(c, "%s: %llu rows for %llu records",
			    same[i].name, (unsigned long long)st.ms_entries,
			    (unsigned long long)versions);
	}
	for (i = 0; i < c->slots; i++)
		free_or_used += c->used[i / 8] >> i % 8 & 1;
	if (free_or_used != c->slots)
		fault(c, "slot: %llu are neither used nor free",
		    (unsigned long long)(c->slots - free_or_used));
	return 0;
}

int
store_check(struct store_view *v, uint64_t *faults,
    void (*fn)(const char *what, void *arg), void *arg)
{
	struct check c = { .v = v, .fn = fn, .arg = arg };
	int rc;

	if ((rc = meta_get(v->s, v->txn, "next_slot", &c.slots)) != 0)
		return rc;
	if (c.slots > UINT32_MAX)
		return STORE_ERECORD;
	if ((c.used = calloc(1, c.slots / 8 + 1)) == NULL)
		return ENOMEM;
	if ((rc = walk(&c, T_VERSION, check_version)) == 0 &&
	    (rc = walk(&c, T_SLOT, check_free)) == 0 &&
	    (rc = check_groups(&c, T_VERSION, T_APP, "app", count_app)) == 0 &&
	    (rc = check_groups(&c, T_BY_HOST, T_HOST, "host",
	    count_host)) == 0)
		rc = check_sizes(&c);
	free(c.used);
	*faults = c.faults;
	return rc != 0 ? rc : kept_check(v, faults, fn, arg);
}
