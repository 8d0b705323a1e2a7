#ifndef TYPES_TYPES_H
#define TYPES_TYPES_H

#include "resource/resource.h"

/*
 * types: every kind of resource that there is.  Those that take more than a
 * file have a directory of their own; the others are here.
 */

/* All of them, up to NULL. */
extern const struct resource_type *const resource_types[];

/* The type of that name, or NULL. */
const struct resource_type *resource_find(struct str name);

#endif
