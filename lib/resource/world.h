#ifndef RESOURCE_WORLD_H
#define RESOURCE_WORLD_H

#include <sys/types.h>

#include <stdbool.h>

#include "base/str.h"

/*
 * world: what would be on this host, had the resources before done what they
 * planned.  A dry run has one, and each plan looks there first; a path that
 * nobody has entered is as the host has it.
 *
 * Paths are absolute or relative to the current directory; "//" and "/./" do
 * not matter.  Symbolic links on the way are not followed: who plans to go
 * through one asks for the path behind it.
 */
struct world;

enum node_kind {
	NODE_NONE,			/* nothing there */
	NODE_FILE,
	NODE_DIR,
	NODE_LINK,
	NODE_OTHER
};

struct node {
	enum node_kind	kind;
	mode_t		mode;		/* permission bits */
	uid_t		uid;
	gid_t		gid;
	/*
	 * A file's content or a link's target.  p is NULL where it is what the
	 * host has at that path: only mode or owner are other.
	 */
	struct str	data;
	/* A directory that was not there: what the host has below is gone. */
	bool		fresh;
};

/* NULL if memory runs out.  world_free(NULL) does nothing. */
struct world *world_new(void);
void	world_free(struct world *w);

/*
 * True with *n where the path is not as the host has it; n->data is lent until
 * the next world_set().  Below what is gone, nothing is.  False for NULL.
 */
bool	world_look(const struct world *w, const char *path, struct node *n);

/* Enter it; data is copied.  Returns 0, or -1 if memory runs out. */
int	world_set(struct world *w, const char *path, const struct node *n);

/*
 * The same, of a file whose content is that of fd: it is mapped, not copied,
 * so that its size is no matter, and fd can be closed.  -1 has set errno.
 */
int	world_set_file(struct world *w, const char *path,
	    const struct node *n, int fd, size_t size);

/*
 * Something before has done more than it can tell: a package has files of its
 * own, a command makes what it likes.  A path that has not been entered, and
 * that the host has not, may then be there after all.
 */
void	world_set_vague(struct world *w);
bool	world_is_vague(const struct world *w);	/* false for NULL */

/*
 * Call fn for each entered name directly in dir, in order, NODE_NONE too; the
 * name is lent.  Until fn returns nonzero.
 */
void	world_each(const struct world *w, const char *dir,
	    int (*fn)(const char *name, const struct node *n, void *arg),
	    void *arg);

#endif
