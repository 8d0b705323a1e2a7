#include <endian.h>
#include <string.h>

#include "base/hash.h"

/*
 * Eight bytes at a time are added in and spread by a multiplication with an
 * odd number whose bits look random (the golden ratio's, as usual), and a
 * shift back down.
 */
static const uint64_t golden = UINT64_C(0x9e3779b97f4a7c15);

static uint64_t
mix(uint64_t h, uint64_t word)
{
	h = (h ^ word) * golden;
	return h ^ h >> 29;
}

/* The next n bytes, 8 at most, the first one lowest. */
static uint64_t
word_at(const unsigned char *p, size_t n)
{
	uint64_t w = 0;

	memcpy(&w, p, n);
	return le64toh(w);
}

uint64_t
hash64(uint64_t seed, const void *bytes, size_t n)
{
	const unsigned char *p = bytes;
	uint64_t h = mix(seed ^ golden, n);

	for (; n >= 8; n -= 8, p += 8)
		h = mix(h, word_at(p, 8));
	if (n > 0)
		h = mix(h, word_at(p, n));
	return mix(mix(h, h >> 32), n);
}
