#ifndef FACTS_ARENA_H
#define FACTS_ARENA_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

/*
 * arena: memory that is given back all at once, or from a point on.
 *
 * When it runs out the arena is marked failed, and NULL is returned from then
 * on.  A zeroed struct is an empty one.
 */
struct arena {
	struct chunk	*chunks;	/* the newest first */
	char		*p;		/* room left in it */
	size_t		 left;
	size_t		 size;		/* of all chunks */
	bool		 failed;
};

void	 arena_clear(struct arena *a);
bool	 arena_failed(const struct arena *a);
void	*arena_alloc(struct arena *a, size_t n);	/* zeroed; or NULL */
char	*arena_cstr(struct arena *a, struct str s);	/* a copy, with NUL */
struct str arena_str(struct arena *a, struct str s);	/* the same; or "" */

/* Give back all that was allocated behind p, a piece of n bytes. */
void	 arena_release(struct arena *a, void *p, size_t n);

#endif
