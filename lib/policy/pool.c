#include <sys/mman.h>

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "policy/pool.h"

enum { RUN = 32 * 1024, AHEAD = 16 * RUN };

struct pool_large {
	LIST_ENTRY(pool_large) entry;
	size_t		 size;
	_Alignas(max_align_t) char bytes[];
};

/*
 * Address space costs nothing until it is written.  Where there is none, as
 * under ulimit -v, all blocks are large.
 */
void
pool_init(struct pool *p, size_t max)
{
	*p = (struct pool){ .len = (max / RUN + 1) * RUN };
	LIST_INIT(&p->larges);
	p->base = mmap(NULL, p->len, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS |
	    MAP_NORESERVE, -1, 0);
	if (p->base == MAP_FAILED ||
	    (p->size_of = calloc(p->len / RUN, 1)) == NULL) {
		if (p->base != MAP_FAILED)
			munmap(p->base, p->len);
		p->base = NULL;
		p->len = 0;
	}
}

void
pool_clear(struct pool *p)
{
	struct pool_large *l;

	while ((l = LIST_FIRST(&p->larges)) != NULL) {
		LIST_REMOVE(l, entry);
		free(l);
	}
	if (p->base != NULL)
		munmap(p->base, p->len);
	free(p->size_of);
	*p = (struct pool){ 0 };
}

static bool
is_small(const struct pool *p, const void *block)
{
	return (uintptr_t)block - (uintptr_t)p->base < p->len;
}

static struct pool_large *
large_of(const void *block)
{
	return (struct pool_large *)((uintptr_t)block -
	    offsetof(struct pool_large, bytes));
}

static unsigned
size_index(const struct pool *p, const void *block)
{
	return p->size_of[((uintptr_t)block - (uintptr_t)p->base) / RUN];
}

size_t
pool_size(const struct pool *p, const void *block)
{
	return is_small(p, block) ? (size_index(p, block) + 1U) * POOL_STEP :
	    large_of(block)->size;
}

/* A new run for blocks of that size; false if there is no room. */
static bool
new_run(struct pool *p, unsigned i)
{
	char *run = p->base + p->taken;

	if (p->taken == p->ready) {
		if (p->len - p->ready < AHEAD || mprotect(p->base + p->ready,
		    AHEAD, PROT_READ | PROT_WRITE) == -1)
			return false;
		p->ready += AHEAD;
	}
	p->size_of[p->taken / RUN] = (uint8_t)i;
	p->taken += RUN;
	p->next[i] = run;
	p->end[i] = run + RUN / ((i + 1) * POOL_STEP) * ((i + 1) * POOL_STEP);
	return true;
}

static void *
alloc_small(struct pool *p, unsigned i)
{
	void *block = p->free[i];

	if (block != NULL)
		memcpy(&p->free[i], block, sizeof(void *));
	else {
		if (p->next[i] == p->end[i] && !new_run(p, i))
			return NULL;
		block = p->next[i];
		p->next[i] += (i + 1) * POOL_STEP;
	}
	p->used += (i + 1) * POOL_STEP;
	return block;
}

static void *
alloc_large(struct pool *p, size_t size)
{
	struct pool_large *l;

	if (size > SIZE_MAX - sizeof(*l) ||
	    (l = malloc(sizeof(*l) + size)) == NULL)
		return NULL;
	l->size = size;
	LIST_INSERT_HEAD(&p->larges, l, entry);
	p->used += size;
	return l->bytes;
}

void *
pool_alloc(struct pool *p, size_t size)
{
	void *block = NULL;

	if (size == 0)
		return NULL;
	if (size <= POOL_SMALL_MAX)
		block = alloc_small(p, (unsigned)(size - 1) / POOL_STEP);
	return block != NULL ? block : alloc_large(p, size);
}

void
pool_free(struct pool *p, void *old)
{
	unsigned i;

	if (old == NULL)
		return;
	p->used -= pool_size(p, old);
	if (is_small(p, old)) {
		i = size_index(p, old);
		memcpy(old, &p->free[i], sizeof(void *));
		p->free[i] = old;
	} else {
		LIST_REMOVE(large_of(old), entry);
		free(large_of(old));
	}
}

/* realloc(3) may move it, so it leaves the list meanwhile. */
static void *
realloc_large(struct pool *p, void *old, size_t size)
{
	struct pool_large *l = large_of(old), *moved;

	if (size > SIZE_MAX - sizeof(*l))
		return NULL;
	LIST_REMOVE(l, entry);
	if ((moved = realloc(l, sizeof(*l) + size)) != NULL) {
		p->used += size - moved->size;
		moved->size = size;
		l = moved;
	}
	LIST_INSERT_HEAD(&p->larges, l, entry);
	return moved == NULL ? NULL : l->bytes;
}

void *
pool_realloc(struct pool *p, void *old, size_t size)
{
	size_t before;
	void *block;

	if (old == NULL)
		return pool_alloc(p, size);
	if (size == 0) {
		pool_free(p, old);
		return NULL;
	}
	before = pool_size(p, old);
	if (is_small(p, old) && size <= before && size + POOL_STEP > before)
		return old;
	if (!is_small(p, old) && size > POOL_SMALL_MAX)
		return realloc_large(p, old, size);
	if ((block = pool_alloc(p, size)) == NULL)
		return NULL;
	memcpy(block, old, size < before ? size : before);
	pool_free(p, old);
	return block;
}
