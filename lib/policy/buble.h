#ifndef POLICY_BUBLE_H
#define POLICY_BUBLE_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"
#include "policy/lines.h"

/*
 * buble: a newer JavaScript as ECMAScript 5, by the program of that name,
 * where it is installed (Debian: node-buble).
 */
struct buble {
	struct buf	 path;		/* of the program, with NUL */
	struct buf	 modules;	/* where it and what it uses lie */
	struct buf	 identity;	/* differs from one version to another */
};

/* Look for it in PATH; false if it is not there. */
bool	buble_find(struct buble *b);
void	buble_clear(struct buble *b);

/*
 * Compile source.  Returns 0, with the code in out and in lines what its lines
 * are from; or -1 with "LINE: reason" in err, LINE being 0 where there is none.
 * It is run without a network, and not for ever.  Who calls ignores SIGPIPE.
 */
int	buble_run(const struct buble *b, struct str source, struct buf *out,
	    struct lines *lines, struct buf *err);

#endif
