#ifndef POLICY_SRCMAP_H
#define POLICY_SRCMAP_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"

/*
 * srcmap: source maps, revision 3, as compilers to JavaScript write them.
 *
 * Of what they tell, only lines are kept: each line of the code is from the
 * place that the first thing on it is from, or, if there is none, from that of
 * the line before.
 */
struct srcmap;

/* On success *mp is the caller's; -1 with a reason, which is static. */
int	srcmap_parse(struct srcmap **mp, struct str json, const char **why);
void	srcmap_free(struct srcmap *m);

/*
 * Where a line of the code, counted from 1, is from.  False if the map does not
 * say; else source, which is lent until srcmap_free(), is relative to the
 * directory of the map.
 */
bool	srcmap_find(const struct srcmap *m, unsigned line, struct str *source,
	    unsigned *written);

/* What the last line of code that names a map names: a URL, or nothing. */
struct str srcmap_url(struct str code);

/* Append what is in a data: URL in base64; false if it is none, or broken. */
bool	srcmap_data(struct str url, struct buf *out);

#endif
