#ifndef BASE_WATCH_H
#define BASE_WATCH_H

#include <poll.h>

#include "base/buf.h"

/*
 * watch: be told when what is at a path changes.
 *
 * It is directories that are watched (inotify(7)): one watch a directory, and
 * what happens to a name in it concerns the paths of that name.  So a file that
 * is removed, replaced by rename, or made anew is followed as one that is
 * written to.  Where a path is not there yet, its longest part that is there is
 * watched; directories on the way are, so that they may be moved, removed,
 * made again, or mounted over, and links on the way and what they lead to.
 *
 * What we ourselves rename into place (base/replace.h) is not told.  What the
 * kernel does not tell is not seen: what another host writes to a shared
 * filesystem, what goes past an overlay to the layers below it, and what is
 * written by mmap(2).
 */
struct watch;

/* What happened, or'd together. */
enum {
	WATCH_CHANGED = 1,	/* it is another, or other now, and complete */
	WATCH_CHANGING = 2,	/* gone, begun or written to: more may follow */
	WATCH_NAME = 4		/* the name is new, gone or another's */
};

enum {
	WATCH_FOLLOW = 1,	/* a link at its end is followed as well */
	WATCH_TREE = 2		/* if it is a directory, all below it */
};

/* 0, or an errno; *wp is to be given back with watch_close(). */
int	watch_open(struct watch **wp);
void	watch_close(struct watch *w);

/*
 * Watch path, which is copied, in the name of id; to say so twice is to say it
 * once.  A relative one is below the current directory.  Returns 0, or -1 with
 * a reason in why (base/why.h); what can be watched of it is.
 */
int	watch_add(struct watch *w, const char *path, int flags, unsigned id,
	    struct buf *why);

/* The path is no longer watched in the name of id. */
void	watch_remove(struct watch *w, const char *path, unsigned id);

/* What to wait for: poll(2) these, then watch_read(). */
enum { WATCH_FDS = 2 };
void	watch_fds(const struct watch *w, struct pollfd pfd[WATCH_FDS]);

/*
 * Take in what has happened, and call fn once or more for each id that it
 * concerns; does not wait.  fn must not call anything in here.  When too much
 * happened for the kernel to remember, it concerns all.  Returns 0, or -1 with
 * a reason: something can no longer be watched.
 */
typedef void watch_fn(void *arg, unsigned id, unsigned what);
int	watch_read(struct watch *w, watch_fn *fn, void *arg, struct buf *why);

#endif
