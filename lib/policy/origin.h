#ifndef POLICY_ORIGIN_H
#define POLICY_ORIGIN_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"
#include "policy/lines.h"
#include "policy/srcmap.h"

/*
 * origin: where the code that the engine runs was written.
 *
 * What the engine calls a line is one of what the file was rewritten to, and
 * the file itself may be what some compiler made of another one and left a
 * source map to.  A map is read when a place in it is first asked for.
 */
struct origin {
	struct origin	*next;
	char		*path;		/* as the engine knows the file */
	struct lines	 lines;		/* of the file */
	struct buf	 url;		/* of its source map; empty: none */
	bool		 tried;		/* to read that */
	struct srcmap	*map;		/* or NULL */
	struct buf	 base;		/* what its sources lie beside */
};

/* Add one for the file, or empty the one there is; NULL: no memory. */
struct origin *origin_add(struct origin **list, const char *path);
void	origin_clear(struct origin **list);

/* The line of the file that is behind the engine's. */
unsigned origin_line(const struct origin *list, const char *path,
	    unsigned line);

/*
 * Follow the source map of the file, if it has one: true, and file and *line
 * are where line was written.  trouble is given what is wrong with the map,
 * once.  Who calls reads it: read() appends the file at path and returns true,
 * or a reason.
 */
bool	origin_source(struct origin *list, const char *path, unsigned *line,
	    struct buf *file, bool (*read)(const char *path, struct buf *out,
	    struct buf *why), struct buf *trouble);

#endif
