#ifndef POLICY_PLAIN_H
#define POLICY_PLAIN_H

#include <stdbool.h>

#include "resource/resource.h"

/*
 * plain: steps that are a title and some options, of which natives need ask
 * nobody what is meant.
 */
enum { PLAIN_OPTIONS_MAX = 16 };

/* An option's row, and its place among the type's own; -1: it is common. */
struct option_row {
	const struct resource_option *row;
	int		 index;
};

/*
 * The table that has the option, with its place in *i; or NULL.
 */
const struct resource_option *find_option(const struct resource_type *type,
	    const char *name, int *i);

/*
 * May the option be of these types, of which 0 is nothing, and does it tie the
 * step to no others?  Its row, then.  Lists are for the prelude.
 */
bool	plain_fits(const struct resource_type *type, const char *name,
	    unsigned types, struct option_row *row);

/* Has the prelude nothing to do with it, and natives little? */
bool	plain_is_easy(const char *name);

#endif
