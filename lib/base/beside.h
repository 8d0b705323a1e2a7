#ifndef BASE_BESIDE_H
#define BASE_BESIDE_H

#include <stdbool.h>

#include "base/attrs.h"
#include "base/buf.h"
#include "base/place.h"

/*
 * beside: a directory that is made complete beside the place that it is to
 * take, and takes it in a single step, or not at all.
 *
 *	beside_begin()		an empty directory, 0700, in the same one
 *	...			what is to be in it, at fd or by its path
 *	beside_commit()		made durable, then renamed
 *
 * beside_abort() gives up at any moment: what was there is as it was, and
 * nothing is left beside it.  Should we be killed in between, the next one to
 * begin for that place removes what is left, as does beside_sweep(); a lock on
 * the directory tells it who is dead.
 *
 * What fails here has said why (base/why.h), and has to be followed by
 * beside_abort().
 */
struct beside {
	struct place	 at;		/* what it is to be */
	int		 parent;	/* the directory of that */
	int		 fd;		/* the new one, open for reading */
	char		*path;		/* by which it can be found meanwhile */
	char		 temp[32];	/* its name; empty: there is none */
};

/* path may be a link to the directory that is meant; its parents are there. */
int	beside_begin(struct beside *b, const char *path, struct buf *why);

/*
 * The attributes of an old directory there, but for the owner that a says; its
 * mode is for a new one, or for both if so told.
 */
int	beside_attrs(const struct beside *b, const struct attrs *a,
	    bool mode, struct buf *why);

/*
 * An old directory there is exchanged for the new one and removed, with what
 * is in it on the same filesystem; anything else in the way is a failure.  It
 * ends what was begun, if it succeeds.
 */
int	beside_commit(struct beside *b, struct buf *why);
void	beside_abort(struct beside *b);

/* Is there something left that was begun for this path, and not ended? */
bool	beside_left(const char *path);

/* Remove that, unless somebody is still at it. */
int	beside_sweep(const char *path, struct buf *why);

#endif
