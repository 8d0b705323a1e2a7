#ifndef BASE_REPLACE_H
#define BASE_REPLACE_H

#include <sys/types.h>

#include <stdbool.h>

#include "base/attrs.h"
#include "base/buf.h"
#include "base/place.h"
#include "base/str.h"

/*
 * replace: a file's new content takes the place of the old one in a single
 * step, or not at all.
 *
 *	replace_begin()		a temporary file in the same directory
 *	replace_write() ...	its content
 *	replace_attrs()		owner, extended attributes, mode
 *	replace_commit()	made durable, then renamed over the old one
 *
 * replace_abort() gives up at any moment: the old file is as it was, and
 * nothing is left beside it.  Should we be killed in between, the next one to
 * replace anything in that directory removes the temporary file; a lock on
 * the directory tells it who is dead.
 *
 * A file that is mounted on by itself cannot be renamed over.  It is written
 * in place, with room made beforehand and the old content put back if that
 * fails; then non_atomic is set.
 *
 * What fails here has said why (base/why.h), has set errno, and has to be
 * followed by replace_abort().
 */
struct replace {
	const struct place *at;		/* lent until the end */
	int	 dir;			/* the same directory, to be synced */
	dev_t	 dev;			/* what that is on */
	int	 fd;			/* what is written */
	bool	 in_place;		/* fd is no file in the directory */
	bool	 non_atomic;		/* after the commit: written in place */
	int	 flags;			/* of chattr, to be given back */
	struct attrs attrs;
	char	 temp[32];		/* a name; empty: none */
};

enum {
	REPLACE_IN_PLACE = 1,	/* keep the inode, whatever else has it */
	REPLACE_PUBLIC = 2	/* mode as of a new file: 0666 less umask */
};

int	replace_begin(struct replace *r, const struct place *at, int flags,
	    struct buf *why);
int	replace_write(struct replace *r, struct str s, struct buf *why);

/* All that is left to read from fd. */
int	replace_copy(struct replace *r, int fd, struct buf *why);

/*
 * The attributes of old, unless that is -1, but for what a says otherwise.
 * This after the content: writing takes set-id bits and capabilities away.
 */
int	replace_attrs(struct replace *r, int old, const struct attrs *a,
	    struct buf *why);

/* A path by which another process can open the new content meanwhile. */
void	replace_path(const struct replace *r, struct buf *path);

/*
 * With override, flags of chattr(1) that forbid it are cleared before and set
 * again after.  Ends the replacement if it succeeds.
 */
int	replace_commit(struct replace *r, bool override, struct buf *why);
void	replace_abort(struct replace *r);

/*
 * The same for n at once, which costs two barriers (syncfs(2)) a filesystem
 * and not two a file.  Until the first barrier has been passed none is
 * renamed; when one fails, *done have been, and the others are given up.
 * All have ended, whatever it returns.
 */
int	replace_commit_all(struct replace *const *v, size_t n, bool override,
	    size_t *done, struct buf *why);

/* A symbolic link to target takes the place of whatever but a directory. */
int	replace_with_link(const struct place *at, const char *target,
	    const struct attrs *a, struct buf *why);

/* Is it one of our temporary names? */
bool	replace_is_temp(const char *name);

/* Is it one that this thread has made lately? */
bool	replace_made(const char *name);

#endif
