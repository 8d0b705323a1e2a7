#ifndef BASE_PLACE_H
#define BASE_PLACE_H

#include <stdbool.h>

#include "base/buf.h"

/*
 * place: a directory that is held open, and a name in it.
 *
 * A path is walked once, and from then on all is done relative to the
 * directory that it led to, so that nobody who renames things on the way can
 * send us elsewhere.  Links on the way are followed only where they belong to
 * root, to us, or to the owner of what they lead to: another's link in, say,
 * /tmp sends nobody anywhere.
 *
 * What fails here has said why (base/why.h) and set errno.
 */
struct place {
	int	 dir;		/* O_PATH */
	char	*name;		/* one component, neither "." nor ".." */
	char	*path;		/* for messages: where the walk has ended */
};

enum {
	PLACE_FOLLOW = 1,	/* a link at the end is followed as well */
	PLACE_PARENTS = 2	/* make the directories that are missing, 0755 */
};

/*
 * The end of the path need not exist.  On success p is the caller's, to give
 * back with place_clear(); on failure it is empty.
 */
int	place_find(struct place *p, const char *path, int flags,
	    struct buf *why);

/* What is already open as dir, which is given, and a name in it. */
int	place_at(struct place *p, int dir, const char *path, const char *name,
	    struct buf *why);
void	place_clear(struct place *p);

/*
 * Open the path in one call, where the kernel can and no link is on the way or
 * at its end.  Else -1 with errno: then place_find() knows more.  flags are
 * those of open(2); nothing is created.
 */
int	place_open_plain(const char *path, int flags);

/*
 * The directory of the file that was looked at last, for who looks at many.
 * What is renamed above it meanwhile is not seen: so it is for a while in which
 * we do nothing but look.  A zeroed one is empty.
 */
struct place_near {
	int	 dir;		/* O_PATH; -1: it cannot be held */
	char	*path;		/* of the directory; NULL: none yet */
};

/*
 * True if the directory of path can be held open, and no link leads to it: then
 * *name is what path ends in.
 */
bool	place_near(struct place_near *n, const char *path, const char **name);
void	place_near_clear(struct place_near *n);

/* The file of that name there, as place_open_plain() does. */
int	place_near_open(const struct place_near *n, const char *name,
	    int flags);

/* openat(2) on the place, which never follows a link at its end. */
int	place_open(const struct place *p, int flags);

/* The directory itself, open for reading, so that it can be synced. */
int	place_open_dir(const struct place *p);

#endif
