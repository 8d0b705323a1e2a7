#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

/*
 * hash: 64 bits that tell bytes apart that were not made to be alike.  They
 * may be stored: they are the same on every host.  Nothing that a stranger
 * chooses may depend on them.  Chain them by giving one as the next one's seed.
 */
uint64_t hash64(uint64_t seed, const void *p, size_t n);

#endif
