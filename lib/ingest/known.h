#ifndef INGEST_KNOWN_H
#define INGEST_KNOWN_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/*
 * known: which updates say nothing new, at 16 bytes a record.
 *
 * A record is held as two digests under a key drawn at start: one of who it is
 * (app_id, host, instance) and one of what it says (version, spelling,
 * address); 48 bits each.  That two records are taken for one another needs
 * all 96 to agree, that a change goes unseen the second 48; and nobody who
 * does not know the key can look for such a pair.
 *
 * Not for several threads at once: the caller has a lock.
 */
struct known;

#define KNOWN_NO_SLOT	UINT32_C(0xfffffffe)	/* told of, but not stored yet */

/* Who says what.  key is app_id NUL host NUL and the instance in two bytes. */
struct known_digest {
	uint64_t	who;
	uint64_t	what;
};

/* Sized for n records to begin with; it grows by itself.  NULL: no memory. */
struct known *known_new(size_t n);
void	known_free(struct known *k);
size_t	known_count(const struct known *k);

/* Forget all, and make room for n.  0, or -1 (and nothing is forgotten). */
int	known_renew(struct known *k, size_t n);

void	known_digest(const struct known *k, struct known_digest *d,
	    struct str key, struct str ver, struct str app, struct str ip);

/*
 * If who is known to say just that, and is stored, its slot; KNOWN_NO_SLOT
 * otherwise.
 */
uint32_t known_same(const struct known *k, const struct known_digest *d);

/*
 * From now on who says that.  The slot stays as it was, or is KNOWN_NO_SLOT.
 * Returns 0, or -1 where memory for more is not to be had: nothing is lost
 * but speed, for who is not known is looked up in the store.
 */
int	known_say(struct known *k, const struct known_digest *d);

/* The record of who, if he is known at all, is at slot. */
void	known_place(struct known *k, uint64_t who, uint32_t slot);

/* What he last said did not come to be: what he says next is news. */
void	known_doubt(struct known *k, uint64_t who);

void	known_forget(struct known *k, uint64_t who);

#endif
