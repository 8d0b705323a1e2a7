#ifndef INGEST_BATCH_H
#define INGEST_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "store/store.h"

/*
 * batch: updates that say something new, packed one behind the other in the
 * order in which they came, until they can be stored together.
 */
struct change {
	uint64_t	who;		/* see known.h */
	uint32_t	time;
	uint16_t	keylen;
	uint8_t		verlen;
	uint8_t		applen;
	uint8_t		iplen;
	bool		posted;		/* somebody waits for an answer */
	char		text[];		/* key, ver, app, ip */
};

struct block;

struct batch {
	struct block	*first;
	struct block	*last;
	size_t		 bytes;		/* taken from the system */
	size_t		 count;
	size_t		 posted;	/* of them by POST */
};

/* key is app_id NUL host NUL and the instance in two bytes, big-endian. */
struct str change_key(const struct change *c);

/* The change as the store wants it; lent as long as the change itself. */
void	change_sighting(const struct change *c, struct sighting *s);

/* Do both say the same of the same? */
bool	change_equal(const struct change *a, const struct change *b);

/* A zeroed struct batch is an empty one; batch_clear() makes it so again. */
void	batch_clear(struct batch *b);

/* Returns 0, or -1 where there is no memory. */
int	batch_add(struct batch *b, uint64_t who, struct str key,
	    const struct sighting *s, bool posted);

/* Move all of "from" behind what b has. */
void	batch_append(struct batch *b, struct batch *from);

/* Every change in turn; begin with *block and c NULL.  NULL is the end. */
const struct change *batch_next(const struct batch *b,
	    const struct block **block, const struct change *c);

/* Drop what was posted and keep the rest; -1 where there is no memory. */
int	batch_drop_posted(struct batch *b);

/*
 * All changes sorted by key, those of equal key in the order of arrival; the
 * array is the caller's to free, the changes stay the batch's.  NULL where
 * there is no memory.
 */
const struct change **batch_sort(const struct batch *b);

#endif
