#include <sys/endian.h>

#include <string.h>

#include "base/utf8.h"
#include "store/record.h"

void
num_put(unsigned char *p, uint64_t n, unsigned bytes)
{
	while (bytes-- > 0) {
		p[bytes] = (unsigned char)n;
		n >>= 8;
	}
}

uint64_t
num_get(const unsigned char *p, unsigned bytes)
{
	uint64_t n = 0;

	while (bytes-- > 0)
		n = n << 8 | *p++;
	return n;
}

/* Room for n more bytes of a key, or NULL once it has become too long. */
static unsigned char *
key_room(struct key *k, size_t n)
{
	unsigned char *p;

	if (k->val.mv_data == NULL || k->val.mv_size + n > sizeof(k->room)) {
		k->val = (MDB_val){ 0, NULL };
		return NULL;
	}
	p = k->room + k->val.mv_size;
	k->val.mv_size += n;
	return p;
}

void
key_init(struct key *k)
{
	k->val.mv_size = 0;
	k->val.mv_data = k->room;
}

void
key_text(struct key *k, struct str s)
{
	unsigned char *p;

	if ((p = key_room(k, s.len + 1)) == NULL)
		return;
	if (s.len > 0)
		memcpy(p, s.p, s.len);
	p[s.len] = '\0';
}

struct str
key_part(struct str s, size_t max)
{
	const char *nul = s.len > 0 ? memchr(s.p, '\0', s.len) : NULL;

	if (nul != NULL)
		s.len = (size_t)(nul - s.p);
	return utf8_cut(s, max);
}

void
key_num(struct key *k, uint64_t n, unsigned bytes)
{
	unsigned char *p;

	if ((p = key_room(k, bytes)) != NULL)
		num_put(p, n, bytes);
}

int
key_take_text(const MDB_val *k, size_t *at, struct str *s)
{
	const char *p = (const char *)k->mv_data + *at, *nul;

	if ((nul = memchr(p, '\0', k->mv_size - *at)) == NULL)
		return STORE_ERECORD;
	*s = (struct str){ p, (size_t)(nul - p) };
	*at += s->len + 1;
	return 0;
}

int
key_take_num(const MDB_val *k, size_t *at, uint64_t *n, unsigned bytes)
{
	if (k->mv_size - *at < bytes)
		return STORE_ERECORD;
	*n = num_get((const unsigned char *)k->mv_data + *at, bytes);
	*at += bytes;
	return 0;
}

int
key_end(const MDB_val *k, size_t at)
{
	return at == k->mv_size ? 0 : STORE_ERECORD;
}

void
value_init(struct value *v)
{
	v->room[0] = RECORD_FORMAT;
	v->val.mv_size = 1;
	v->val.mv_data = v->room;
}

void
value_text(struct value *v, struct str s)
{
	size_t len = s.len > RECORD_TEXT_MAX ? RECORD_TEXT_MAX : s.len;

	value_num(v, len, 1);
	if (len > 0)
		memcpy(v->room + v->val.mv_size, s.p, len);
	v->val.mv_size += len;
}

void
value_num(struct value *v, uint64_t n, unsigned bytes)
{
	num_put(v->room + v->val.mv_size, n, bytes);
	v->val.mv_size += bytes;
}

int
value_open(const MDB_val *v, size_t *at)
{
	*at = 1;
	return v->mv_size > 0 &&
	    *(const unsigned char *)v->mv_data == RECORD_FORMAT ? 0 :
	    STORE_ERECORD;
}

int
value_take_text(const MDB_val *v, size_t *at, struct str *s)
{
	uint64_t len;
	int rc;

	if ((rc = key_take_num(v, at, &len, 1)) != 0)
		return rc;
	if (v->mv_size - *at < len)
		return STORE_ERECORD;
	*s = (struct str){ (const char *)v->mv_data + *at, (size_t)len };
	*at += s->len;
	return 0;
}

int
value_take_num(const MDB_val *v, size_t *at, uint64_t *n, unsigned bytes)
{
	return key_take_num(v, at, n, bytes);
}

void
version_pack(struct value *v, const struct version_value *r)
{
	value_init(v);
	value_num(v, r->slot, 4);
	value_num(v, r->first_seen, 4);
	value_text(v, r->app);
	value_text(v, r->ver);
	value_text(v, r->host_ip);
}

int
version_unpack(const MDB_val *v, struct version_value *r)
{
	uint64_t slot, first;
	size_t at;
	int rc;

	if ((rc = value_open(v, &at)) != 0 ||
	    (rc = value_take_num(v, &at, &slot, 4)) != 0 ||
	    (rc = value_take_num(v, &at, &first, 4)) != 0 ||
	    (rc = value_take_text(v, &at, &r->app)) != 0 ||
	    (rc = value_take_text(v, &at, &r->ver)) != 0 ||
	    (rc = value_take_text(v, &at, &r->host_ip)) != 0)
		return rc;
	r->slot = (uint32_t)slot;
	r->first_seen = (uint32_t)first;
	return key_end(v, at);
}

void
triple_key(struct key *k, struct str a, struct str b, unsigned instance)
{
	key_init(k);
	key_text(k, a);
	key_text(k, b);
	key_num(k, instance, 2);
}

int
triple_split(const MDB_val *k, struct str *a, struct str *b,
    unsigned *instance)
{
	uint64_t n;
	size_t at = 0;
	int rc;

	if ((rc = key_take_text(k, &at, a)) != 0 ||
	    (rc = key_take_text(k, &at, b)) != 0 ||
	    (rc = key_take_num(k, &at, &n, 2)) != 0)
		return rc;
	*instance = (unsigned)n;
	return key_end(k, at);
}

void
by_ver_key(struct key *k, struct str app_id, struct str ver, struct str host,
    unsigned instance)
{
	key_init(k);
	key_text(k, app_id);
	key_text(k, ver);
	key_text(k, host);
	key_num(k, instance, 2);
}

int
by_ver_split(const MDB_val *k, struct str *app_id, struct str *ver,
    struct str *host, unsigned *instance)
{
	uint64_t n;
	size_t at = 0;
	int rc;

	if ((rc = key_take_text(k, &at, app_id)) != 0 ||
	    (rc = key_take_text(k, &at, ver)) != 0 ||
	    (rc = key_take_text(k, &at, host)) != 0 ||
	    (rc = key_take_num(k, &at, &n, 2)) != 0)
		return rc;
	*instance = (unsigned)n;
	return key_end(k, at);
}

void
slot_pack(struct value *v, uint32_t slot)
{
	value_init(v);
	value_num(v, slot, 4);
}

int
slot_unpack(const MDB_val *v, uint32_t *slot)
{
	uint64_t n;
	size_t at;
	int rc;

	if ((rc = value_open(v, &at)) != 0 ||
	    (rc = value_take_num(v, &at, &n, 4)) != 0)
		return rc;
	*slot = (uint32_t)n;
	return key_end(v, at);
}

void
summary_pack(struct value *v, const struct summary *s)
{
	value_init(v);
	value_num(v, s->others, 4);
	value_num(v, s->records, 4);
	value_text(v, s->name);
}

int
summary_unpack(const MDB_val *v, struct summary *s)
{
	uint64_t others, records;
	size_t at;
	int rc;

	if ((rc = value_open(v, &at)) != 0 ||
	    (rc = value_take_num(v, &at, &others, 4)) != 0 ||
	    (rc = value_take_num(v, &at, &records, 4)) != 0 ||
	    (rc = value_take_text(v, &at, &s->name)) != 0)
		return rc;
	s->others = (uint32_t)others;
	s->records = (uint32_t)records;
	return key_end(v, at);
}

/* The format byte and three of padding, so that the times are aligned. */
void
times_pack(unsigned char room[RECORD_SEEN_SIZE],
    const uint32_t times[STORE_PAGE_SLOTS])
{
	uint32_t i;

	memset(room, 0, 4);
	room[0] = RECORD_FORMAT;
	for (i = 0; i < STORE_PAGE_SLOTS; i++)
		times_set(room, i, times[i]);
}

int
times_check(const MDB_val *v)
{
	return v->mv_size == RECORD_SEEN_SIZE &&
	    *(const unsigned char *)v->mv_data == RECORD_FORMAT ? 0 :
	    STORE_ERECORD;
}

uint32_t
times_get(const void *page, uint32_t index)
{
	return be32dec((const unsigned char *)page + 4 + 4 * index);
}

void
times_set(void *page, uint32_t index, uint32_t time)
{
	be32enc((unsigned char *)page + 4 + 4 * index, time);
}
