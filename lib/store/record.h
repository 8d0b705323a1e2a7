#ifndef STORE_RECORD_H
#define STORE_RECORD_H

#include <stddef.h>
#include <stdint.h>

#include <lmdb.h>

#include "base/str.h"
#include "store/store.h"

/*
 * record: how keys and values lie in the store.
 *
 * Keys are text parts, each closed by NUL, then numbers, big-endian.  Values
 * begin with a format byte; texts in them carry their length.  Packing gives
 * an MDB_val that points into the room it was given; unpacking lends from the
 * value and returns STORE_ERECORD for whatever it could not have packed.
 */
enum {
	RECORD_FORMAT = 1,
	RECORD_KEY_MAX = 511,			/* LMDB's own limit */
	RECORD_TEXT_MAX = 255,			/* a text in a value */
	RECORD_VALUE_MAX = 2048,
	RECORD_SEEN_SIZE = 4 + 4 * STORE_PAGE_SLOTS
};

struct key {
	MDB_val		val;
	unsigned char	room[RECORD_KEY_MAX];
};

struct value {
	MDB_val		val;
	unsigned char	room[RECORD_VALUE_MAX];
};

/*
 * Build a key part by part: key_init(), then any of the others.  A part that
 * does not fit leaves the key with a size of 0, which LMDB refuses.
 */
void	key_init(struct key *k);
void	key_text(struct key *k, struct str s);
void	key_num(struct key *k, uint64_t n, unsigned bytes);

/* What of s can be a part of a key: up to its first NUL, and max bytes. */
struct str key_part(struct str s, size_t max);

/* Split a key from its start on; *at is where the next part begins. */
int	key_take_text(const MDB_val *k, size_t *at, struct str *s);
int	key_take_num(const MDB_val *k, size_t *at, uint64_t *n, unsigned bytes);
int	key_end(const MDB_val *k, size_t at);	/* 0 if nothing is left */

/* Values, in the same manner; they begin with the format byte by themselves. */
void	value_init(struct value *v);
void	value_text(struct value *v, struct str s);	/* up to 255 bytes */
void	value_num(struct value *v, uint64_t n, unsigned bytes);
int	value_open(const MDB_val *v, size_t *at);
int	value_take_text(const MDB_val *v, size_t *at, struct str *s);
int	value_take_num(const MDB_val *v, size_t *at, uint64_t *n,
	    unsigned bytes);

/* The record of one version, in the table "version". */
struct version_value {
	uint32_t	slot;
	uint32_t	first_seen;
	struct str	app;
	struct str	ver;
	struct str	host_ip;
};

void	version_pack(struct value *v, const struct version_value *r);
int	version_unpack(const MDB_val *v, struct version_value *r);

/* Keys of two texts and an instance: "version" and "by_host"; of three: by_ver. */
void	triple_key(struct key *k, struct str a, struct str b, unsigned instance);
int	triple_split(const MDB_val *k, struct str *a, struct str *b,
	    unsigned *instance);
void	by_ver_key(struct key *k, struct str app_id, struct str ver,
	    struct str host, unsigned instance);
int	by_ver_split(const MDB_val *k, struct str *app_id, struct str *ver,
	    struct str *host, unsigned *instance);

/* What an index points to. */
void	slot_pack(struct value *v, uint32_t slot);
int	slot_unpack(const MDB_val *v, uint32_t *slot);

/* "app" and "host": how many, and for an app how it is spelt. */
struct summary {
	uint32_t	others;		/* an app's hosts, a host's apps */
	uint32_t	records;
	struct str	name;
};

void	summary_pack(struct value *v, const struct summary *s);
int	summary_unpack(const MDB_val *v, struct summary *s);

/* "seen": the times of STORE_PAGE_SLOTS slots. */
void	times_pack(unsigned char room[RECORD_SEEN_SIZE],
	    const uint32_t times[STORE_PAGE_SLOTS]);
int	times_check(const MDB_val *v);
uint32_t times_get(const void *page, uint32_t index);
void	times_set(void *page, uint32_t index, uint32_t time);

/* Numbers as they lie in keys and values. */
void	num_put(unsigned char *p, uint64_t n, unsigned bytes);
uint64_t num_get(const unsigned char *p, unsigned bytes);

#endif
