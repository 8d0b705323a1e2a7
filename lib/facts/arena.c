#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "facts/arena.h"

enum { CHUNK = 16 * 1024, ALIGN = 8 };

struct chunk {
	struct chunk	*next;
	size_t		 size;		/* keeps what follows aligned */
};

static void
drop_chunk(struct arena *a)
{
	struct chunk *c = a->chunks;

	a->chunks = c->next;
	a->size -= c->size;
	free(c);
}

void
arena_clear(struct arena *a)
{
	while (a->chunks != NULL)
		drop_chunk(a);
	*a = (struct arena){ 0 };
}

bool
arena_failed(const struct arena *a)
{
	return a->failed;
}

/* The newest chunk is the last in order of time, too: see arena_release(). */
static bool
add_chunk(struct arena *a, size_t n)
{
	size_t size = n > CHUNK ? n : CHUNK;
	struct chunk *c;

	if (a->failed || n > SIZE_MAX / 2 ||
	    (c = malloc(sizeof(*c) + size)) == NULL) {
		a->failed = true;
		return false;
	}
	c->size = size;
	c->next = a->chunks;
	a->chunks = c;
	a->size += size;
	a->p = (char *)(c + 1);
	a->left = size;
	return true;
}

static size_t
aligned(size_t n)
{
	return (n + ALIGN - 1) / ALIGN * ALIGN;
}

static char *
take(struct arena *a, size_t n)
{
	char *p;

	n = aligned(n);
	if (n > a->left && !add_chunk(a, n))
		return NULL;
	p = a->p;
	a->p += n;
	a->left -= n;
	return p;
}

void *
arena_alloc(struct arena *a, size_t n)
{
	char *p = take(a, n);

	return p == NULL ? NULL : memset(p, 0, n);
}

char *
arena_cstr(struct arena *a, struct str s)
{
	char *p = take(a, s.len + 1);

	if (p == NULL)
		return NULL;
	if (s.len > 0)
		memcpy(p, s.p, s.len);
	p[s.len] = '\0';
	return p;
}

struct str
arena_str(struct arena *a, struct str s)
{
	s.p = arena_cstr(a, s);
	return s.p == NULL ? (struct str){ "", 0 } : s;
}

static bool
holds(const struct chunk *c, const char *p)
{
	const char *start = (const char *)(c + 1);

	return p >= start && p < start + c->size;
}

void
arena_release(struct arena *a, void *p, size_t n)
{
	while (!holds(a->chunks, p))
		drop_chunk(a);
	a->p = (char *)p + aligned(n);
	a->left = a->chunks->size - (size_t)(a->p -
	    (char *)(a->chunks + 1));
}
