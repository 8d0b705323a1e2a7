/*
 * Keys and values of the store, as they may lie in a damaged one.  The first
 * byte says what the others are taken for.  Whatever can be unpacked must be
 * packed to the same bytes, and lends no byte from outside of them.
 */
#include <stdlib.h>
#include <string.h>

#include "store/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
same(const MDB_val *a, const MDB_val *b)
{
	if (a->mv_size != b->mv_size ||
	    memcmp(a->mv_data, b->mv_data, a->mv_size) != 0)
		abort();
}

static void
inside(const MDB_val *v, struct str s)
{
	const char *p = v->mv_data;

	if (s.p < p || s.p + s.len > p + v->mv_size)
		abort();
}

static void
try_triple(const MDB_val *v)
{
	struct str a, b;
	unsigned instance;
	struct key k;

	if (triple_split(v, &a, &b, &instance) != 0)
		return;
	inside(v, a);
	inside(v, b);
	triple_key(&k, a, b, instance);
	if (v->mv_size <= RECORD_KEY_MAX)
		same(v, &k.val);
	else if (k.val.mv_size != 0)
		abort();
}

static void
try_by_ver(const MDB_val *v)
{
	struct str app_id, ver, host;
	unsigned instance;
	struct key k;

	if (by_ver_split(v, &app_id, &ver, &host, &instance) != 0)
		return;
	inside(v, app_id);
	inside(v, ver);
	inside(v, host);
	by_ver_key(&k, app_id, ver, host, instance);
	if (v->mv_size <= RECORD_KEY_MAX)
		same(v, &k.val);
	else if (k.val.mv_size != 0)
		abort();
}

static void
try_version(const MDB_val *v)
{
	struct version_value r;
	struct value out;

	if (version_unpack(v, &r) != 0)
		return;
	inside(v, r.app);
	inside(v, r.ver);
	inside(v, r.host_ip);
	version_pack(&out, &r);
	same(v, &out.val);
}

static void
try_summary(const MDB_val *v)
{
	struct summary s;
	struct value out;

	if (summary_unpack(v, &s) != 0)
		return;
	inside(v, s.name);
	summary_pack(&out, &s);
	same(v, &out.val);
}

static void
try_slot(const MDB_val *v)
{
	struct value out;
	uint32_t slot;

	if (slot_unpack(v, &slot) != 0)
		return;
	slot_pack(&out, slot);
	same(v, &out.val);
}

static void
try_times(const MDB_val *v)
{
	unsigned char room[RECORD_SEEN_SIZE];
	uint32_t times[STORE_PAGE_SLOTS], i;

	if (times_check(v) != 0)
		return;
	for (i = 0; i < STORE_PAGE_SLOTS; i++)
		times[i] = times_get(v->mv_data, i);
	times_pack(room, times);
	if (memcmp(room + 4, (char *)v->mv_data + 4, sizeof(room) - 4) != 0)
		abort();
	times_set(room, times[0] % STORE_PAGE_SLOTS, times[1]);
	if (times_get(room, times[0] % STORE_PAGE_SLOTS) != times[1])
		abort();
}

/* Parts one after the other, as long as there are any. */
static void
try_parts(const MDB_val *v)
{
	struct str s;
	uint64_t n;
	size_t at = 0;

	while (at < v->mv_size && value_take_text(v, &at, &s) == 0)
		inside(v, s);
	if (key_take_num(v, &at, &n, 4) == 0 && at > v->mv_size)
		abort();
	if (value_open(v, &at) == 0 && key_end(v, at) == 0 && v->mv_size != 1)
		abort();
}

/* Texts of any length make a key or none, and a value that is cut. */
static void
try_pack(const MDB_val *v)
{
	struct str s = { v->mv_data, v->mv_size };
	struct version_value r = { 1, 2, s, s, s }, again;
	struct value out;
	struct key k;
	struct str a, b;
	unsigned instance;

	version_pack(&out, &r);
	if (version_unpack(&out.val, &again) != 0 ||
	    !str_starts(s, again.ver))
		abort();
	if (memchr(s.p, '\0', s.len) != NULL)
		return;
	triple_key(&k, s, s, 3);
	if (k.val.mv_size != 0 && (triple_split(&k.val, &a, &b,
	    &instance) != 0 || !str_eq(a, s) || !str_eq(b, s) ||
	    instance != 3))
		abort();
	if ((k.val.mv_size == 0) != (2 * s.len + 4 > RECORD_KEY_MAX))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const tries[])(const MDB_val *) = {
		try_triple, try_by_ver, try_version, try_summary, try_slot,
		try_times, try_parts, try_pack
	};
	MDB_val v;

	if (size < 2)
		return 0;
	v = (MDB_val){ size - 1, (void *)(uintptr_t)(data + 1) };
	tries[data[0] % (sizeof(tries) / sizeof(tries[0]))](&v);
	return 0;
}
