#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "facts/lz4.h"

enum {
	MAGIC = 0x184d2204,
	HAS_ID = 1, HAS_SIZE = 8, HAS_BLOCK_SUMS = 16, HAS_SUM = 4,
	HISTORY = 64 * 1024, BLOCK_MOST = 4 * 1024 * 1024,
	MIN_MATCH = 4, RUN = 15		/* a length goes on in the next byte */
};
static const uint32_t plain = 0x80000000U;	/* a block as it is */

struct lz4 {
	int		 fd;
	bool		 begun;		/* in a frame */
	unsigned	 flags;
	unsigned char	*in;		/* a block */
	char		*out;		/* history, then what is made */
	size_t		 kept;		/* of history */
	size_t		 len;
};

struct lz4 *
lz4_new(int fd)
{
	struct lz4 *z = calloc(1, sizeof(*z));

	if (z == NULL)
		return NULL;
	z->fd = fd;
	z->in = malloc(BLOCK_MOST);
	z->out = malloc(HISTORY + BLOCK_MOST);
	if (z->in != NULL && z->out != NULL)
		return z;
	lz4_free(z);
	return NULL;
}

void
lz4_free(struct lz4 *z)
{
	if (z == NULL)
		return;
	free(z->in);
	free(z->out);
	free(z);
}

/* How many bytes of n came before the end, or -1. */
static long
get(struct lz4 *z, void *to, size_t n)
{
	size_t got = 0;
	ssize_t one;

	while (got < n) {
		one = read(z->fd, (char *)to + got, n - got);
		if (one == -1 && errno == EINTR)
			continue;
		if (one == -1)
			return -1;
		if (one == 0)
			break;
		got += (size_t)one;
	}
	return (long)got;
}

static uint32_t
u32(const unsigned char *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
	    (uint32_t)p[3] << 24;
}

/* Returns 1, 0 where nothing more comes, or -1. */
static int
begin_frame(struct lz4 *z)
{
	unsigned char head[4 + 2], rest[8 + 4 + 1];
	size_t n = 1;			/* a checksum of the head */
	long got = get(z, head, sizeof(head));

	if (got == 0)
		return 0;
	if (got != (long)sizeof(head) || u32(head) != MAGIC ||
	    head[4] >> 6 != 1)
		return -1;
	z->flags = head[4];
	if (z->flags & HAS_SIZE)
		n += 8;
	if (z->flags & HAS_ID)
		n += 4;
	z->begun = true;
	z->kept = z->len = 0;
	return get(z, rest, n) == (long)n ? 1 : -1;
}

/* A length of which four bits were n, and more bytes may follow. */
static bool
take_length(const unsigned char **p, const unsigned char *end, size_t *n)
{
	unsigned more;

	if (*n != RUN)
		return true;
	do {
		if (*p == end || *n > BLOCK_MOST)
			return false;
		more = *(*p)++;
		*n += more;
	} while (more == 255);
	return true;
}

/* A match may overlap with what it makes: so byte by byte. */
static bool
copy_match(struct lz4 *z, size_t distance, size_t n)
{
	char *to = z->out + z->kept + z->len;

	if (distance == 0 || distance > z->kept + z->len ||
	    n > BLOCK_MOST - z->len)
		return false;
	z->len += n;
	if (distance >= n) {
		memcpy(to, to - distance, n);
		return true;
	}
	for (; n > 0; n--, to++)
		*to = *(to - distance);
	return true;
}

/* Sequences: literals, then a match with what is behind us. */
static bool
inflate(struct lz4 *z, size_t size)
{
	const unsigned char *p = z->in, *end = p + size;
	size_t literals, match, distance;

	while (p < end) {
		literals = *p >> 4;
		match = *p++ & 15;
		if (!take_length(&p, end, &literals) ||
		    literals > (size_t)(end - p) ||
		    literals > BLOCK_MOST - z->len)
			return false;
		memcpy(z->out + z->kept + z->len, p, literals);
		z->len += literals;
		p += literals;
		if (p == end)		/* the last has no match */
			return true;
		if (end - p < 2)
			return false;
		distance = p[0] | (size_t)p[1] << 8;
		p += 2;
		if (!take_length(&p, end, &match) ||
		    !copy_match(z, distance, match + MIN_MATCH))
			return false;
	}
	return false;
}

/* What was made last becomes history. */
static void
shift(struct lz4 *z)
{
	size_t all = z->kept + z->len, n = all < HISTORY ? all : HISTORY;

	memmove(z->out, z->out + all - n, n);
	z->kept = n;
	z->len = 0;
}

static bool
take_block(struct lz4 *z, uint32_t size)
{
	unsigned char sum[4];
	size_t n = size & ~plain;

	shift(z);
	if (n > BLOCK_MOST || get(z, z->in, n) != (long)n)
		return false;
	if ((z->flags & HAS_BLOCK_SUMS) != 0 &&
	    get(z, sum, sizeof(sum)) != (long)sizeof(sum))
		return false;
	if ((size & plain) == 0)
		return inflate(z, n);
	memcpy(z->out + z->kept, z->in, n);
	z->len = n;
	return true;
}

long
lz4_next(struct lz4 *z, const char **p)
{
	unsigned char word[4];
	int rc;

	for (;;) {
		if (!z->begun && (rc = begin_frame(z)) != 1)
			return rc;
		if (get(z, word, sizeof(word)) != (long)sizeof(word))
			return -1;
		if (u32(word) != 0)
			break;
		/* The end of the frame; another one may follow. */
		z->begun = false;
		if ((z->flags & HAS_SUM) != 0 &&
		    get(z, word, sizeof(word)) != (long)sizeof(word))
			return -1;
	}
	if (!take_block(z, u32(word)))
		return -1;
	*p = z->out + z->kept;
	/* An empty block is not the end. */
	return z->len > 0 ? (long)z->len : lz4_next(z, p);
}
