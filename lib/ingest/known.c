#include <sys/mman.h>

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "ingest/known.h"
#include "update/update.h"

/*
 * An open table, probed in line.  An entry's home grows with its digest, so
 * that growing moves entries in order, from one end to the other.
 */
struct entry {
	uint64_t	a;	/* who: 48 bits; what: the upper 16 of 48 */
	uint32_t	b;	/* what: the lower 32 */
	uint32_t	slot;	/* plus one; 0: the entry is empty */
};

struct known {
	struct entry	*table;
	size_t		 size;		/* entries at table */
	size_t		 count;		/* of them in use: at most 7 of 8 */
	unsigned char	 who_key[crypto_shorthash_KEYBYTES];
	unsigned char	 what_key[crypto_shorthash_KEYBYTES];
};

enum { LEAST = 4096 };
static const uint64_t mask48 = ((uint64_t)1 << 48) - 1;

/* Mapped, not allocated: pages come when they are touched and go at once. */
static struct entry *
table_new(size_t size)
{
	void *p;

	p = mmap(NULL, size * sizeof(struct entry), PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return p == MAP_FAILED ? NULL : p;
}

int
known_renew(struct known *k, size_t n)
{
	struct entry *table;
	size_t size = n + n / 4 + LEAST;

	if ((table = table_new(size)) == NULL)
		return -1;
	if (k->table != NULL)
		munmap(k->table, k->size * sizeof(*k->table));
	k->table = table;
	k->size = size;
	k->count = 0;
	return 0;
}

struct known *
known_new(size_t n)
{
	struct known *k;

	if ((k = calloc(1, sizeof(*k))) == NULL)
		return NULL;
	if (sodium_init() == -1 || known_renew(k, n) == -1) {
		free(k);
		return NULL;
	}
	randombytes_buf(k->who_key, sizeof(k->who_key));
	randombytes_buf(k->what_key, sizeof(k->what_key));
	return k;
}

void
known_free(struct known *k)
{
	if (k == NULL)
		return;
	munmap(k->table, k->size * sizeof(*k->table));
	free(k);
}

size_t
known_count(const struct known *k)
{
	return k->count;
}

static uint64_t
hash48(const unsigned char *key, const void *p, size_t len)
{
	unsigned char out[crypto_shorthash_BYTES];
	uint64_t h;

	crypto_shorthash(out, p, len, key);
	memcpy(&h, out, sizeof(h));
	return h & mask48;
}

void
known_digest(const struct known *k, struct known_digest *d, struct str key,
    struct str ver, struct str app, struct str ip)
{
	char room[3 * (UPDATE_BYTES_MAX + 1)], *p = room;
	const struct str parts[] = { ver, app, ip };
	size_t i;

	for (i = 0; i < 3; i++) {
		memcpy(p, parts[i].p, parts[i].len);
		p += parts[i].len;
		*p++ = '\0';
	}
	d->who = hash48(k->who_key, key.p, key.len);
	d->what = hash48(k->what_key, room, (size_t)(p - room));
}

static size_t
home(const struct known *k, uint64_t who)
{
	return (size_t)((who >> 16) * (uint64_t)k->size >> 32);
}

static uint64_t
entry_who(const struct entry *e)
{
	return e->a >> 16;
}

/* The entry of who, or the empty one where it would be. */
static size_t
find(const struct known *k, uint64_t who)
{
	size_t i = home(k, who);

	while (k->table[i].slot != 0 && entry_who(&k->table[i]) != who)
		if (++i == k->size)
			i = 0;
	return i;
}

uint32_t
known_same(const struct known *k, const struct known_digest *d)
{
	const struct entry *e = &k->table[find(k, d->who)];

	if (e->slot == 0 || e->a != (d->who << 16 | d->what >> 32) ||
	    e->b != (uint32_t)d->what)
		return KNOWN_NO_SLOT;
	return e->slot - 1;
}

static int
grow(struct known *k)
{
	struct entry *old = k->table;
	size_t i, oldsize = k->size;

	if ((k->table = table_new(oldsize + oldsize / 2)) == NULL) {
		k->table = old;
		return -1;
	}
	k->size = oldsize + oldsize / 2;
	for (i = 0; i < oldsize; i++)
		if (old[i].slot != 0)
			k->table[find(k, entry_who(&old[i]))] = old[i];
	munmap(old, oldsize * sizeof(*old));
	return 0;
}

int
known_say(struct known *k, const struct known_digest *d)
{
	struct entry *e = &k->table[find(k, d->who)];

	if (e->slot == 0) {
		if (k->count >= k->size - k->size / 8) {
			if (grow(k) == -1)
				return -1;
			e = &k->table[find(k, d->who)];
		}
		e->slot = KNOWN_NO_SLOT + 1;
		k->count++;
	}
	e->a = d->who << 16 | d->what >> 32;
	e->b = (uint32_t)d->what;
	return 0;
}

void
known_place(struct known *k, uint64_t who, uint32_t slot)
{
	struct entry *e = &k->table[find(k, who)];

	if (e->slot != 0)
		e->slot = slot + 1;
}

void
known_doubt(struct known *k, uint64_t who)
{
	struct entry *e = &k->table[find(k, who)];

	/* Without a slot, nothing that he says is "the same". */
	if (e->slot != 0)
		e->slot = KNOWN_NO_SLOT + 1;
}

/* May the entry at j, whose home is h, be moved to the gap at i? */
static bool
movable(size_t i, size_t j, size_t h)
{
	return i <= j ? h <= i || h > j : h <= i && h > j;
}

void
known_forget(struct known *k, uint64_t who)
{
	size_t i = find(k, who), j = i;

	if (k->table[i].slot == 0)
		return;
	k->count--;
	/* Close the gap, so that no search ends at it too early. */
	for (;;) {
		if (++j == k->size)
			j = 0;
		if (k->table[j].slot == 0)
			break;
		if (movable(i, j, home(k, entry_who(&k->table[j])))) {
			k->table[i] = k->table[j];
			i = j;
		}
	}
	k->table[i] = (struct entry){ 0 };
}
