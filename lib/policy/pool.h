#ifndef POLICY_POOL_H
#define POLICY_POOL_H

#include <sys/queue.h>

#include <stddef.h>
#include <stdint.h>

/*
 * pool: memory for very many small blocks that are all given up at once.
 *
 * Small blocks lie in runs of blocks of one size, without headers; larger
 * ones come from malloc(3).  Nothing here is safe to be interrupted and
 * entered again.
 */
enum {
	POOL_STEP = 16,			/* sizes are multiples of it */
	POOL_SMALL_MAX = 512,
	POOL_SIZES = POOL_SMALL_MAX / POOL_STEP
};

struct pool_large;
LIST_HEAD(pool_larges, pool_large);

struct pool {
	char		*base;		/* address space for runs, or NULL */
	size_t		 len;		/* of it, */
	size_t		 ready;		/* of which so much may be written, */
	size_t		 taken;		/* and so much is runs */
	uint8_t		*size_of;	/* by run: which size its blocks have */
	void		*free[POOL_SIZES];	/* each starts with the next */
	char		*next[POOL_SIZES];	/* not yet used, of a run, */
	char		*end[POOL_SIZES];	/* up to here */
	struct pool_larges larges;
	size_t		 used;		/* bytes of all blocks */
};

/* Small blocks will be at most max bytes altogether. */
void	 pool_init(struct pool *p, size_t max);
/* Every block is gone then. */
void	 pool_clear(struct pool *p);

/* As malloc(3) and its like; old may be NULL. */
void	*pool_alloc(struct pool *p, size_t size);
void	*pool_realloc(struct pool *p, void *old, size_t size);
void	 pool_free(struct pool *p, void *old);

/* What a block takes, which is not less than what was asked for. */
size_t	 pool_size(const struct pool *p, const void *block);

#endif
