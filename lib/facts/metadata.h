#ifndef FACTS_METADATA_H
#define FACTS_METADATA_H

#include "facts/collect.h"

/*
 * metadata: what a cloud tells its guests about themselves, over HTTP at an
 * address that is the same for all of them.
 */
enum { METADATA_MS = 1000 };		/* for all that is asked */

/* Empty is not known. */
struct cloud {
	struct str	provider;
	struct str	instance_id;
	struct str	region;
	struct str	zone;
};

/*
 * Fill in what is empty, in the arena, as the provider tells it.  One that is
 * not known is not asked; one that does not tell it in time costs an error.
 */
void	metadata_ask(struct facts *f, struct cloud *c);

#endif
