#ifndef BASE_SPOTS_H
#define BASE_SPOTS_H

#include <sys/queue.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/mounted.h"

/*
 * spots: what watch.c and spots.c share: the paths that are watched, as a tree
 * of names, and the directories that inotify watches for them.
 *
 * A spot is a path as it is written, whatever is there; "/" is the root of all.
 * Where it leads to a directory, be it by a link, it stands at a struct inode,
 * at which others may stand as well; so an event for a name there concerns
 * the spots of that name below all that stand there.
 */
struct spot;
LIST_HEAD(spot_list, spot);
TAILQ_HEAD(spot_queue, spot);

struct user {
	SLIST_ENTRY(user) next;
	unsigned	 id;
	int		 flags;
};

SLIST_HEAD(user_list, user);

/* A directory with its watch descriptor; there is one while spots are at it. */
struct inode {
	struct inode	*next;		/* in the table */
	int		 wd;
	struct spot_list at;
};

enum spot_kind { SPOT_NONE, SPOT_DIR, SPOT_LINK, SPOT_OTHER };

struct spot {
	struct spot	*next;		/* in the table */
	struct spot	*up;		/* NULL: it is "/" */
	struct spot_list below;
	LIST_ENTRY(spot) beside;	/* in up->below */
	struct inode	*inode;		/* if it leads to a directory */
	LIST_ENTRY(spot) at;		/* in inode->at */
	struct spot	*to;		/* of a link */
	struct spot_list from;		/* links that lead here */
	LIST_ENTRY(spot) link;		/* in to->from */
	TAILQ_ENTRY(spot) due;
	struct user_list users;
	enum spot_kind	 kind;
	unsigned	 what;		/* told when its turn comes */
	bool		 is_due;
	bool		 names;		/* what happens to names in it counts */
	bool		 branch;	/* found by the search of a tree */
	char		 name[];
};

/* What is due for a spot, beside what watch.h has. */
enum {
	DUE_LOOK = 16,		/* something else may be there */
	DUE_BELOW = 32,		/* and below */
	DUE_TREE = 64,		/* tell those who watch the tree it is in */
	DUE_SEARCH = 128	/* there may be new directories in it */
};

struct table {
	void		**v;
	size_t		 size;		/* a power of two */
	size_t		 n;
};

struct watch {
	int		 fd;
	struct mounted	*mounted;	/* NULL: there is no telling */
	struct table	 spots;
	struct table	 inodes;
	struct spot	*root;
	struct spot_queue due;
	uint32_t	 cookie;	/* of a rename that is ours */
	bool		 lost;		/* events */
	struct buf	*why;		/* of the call that goes on */
	bool		 failed;
};

/* 0, or -1 without memory. */
int	spots_init(struct watch *w);
void	spots_clear(struct watch *w);

/* The spot of a path, made if need be; NULL with errno. */
struct spot *spot_get(struct watch *w, const char *path);

/* The one that there is, or NULL; *deepest is as near as there is one. */
struct spot *spot_find(struct watch *w, const char *path,
	    struct spot **deepest);
struct spot *spot_below(struct watch *w, const struct spot *up,
	    const char *name, size_t len);
struct inode *spot_inode(struct watch *w, int wd);

/* See what is there now; true if it is not what was there. */
bool	spot_look(struct watch *w, struct spot *s);

/* Names in it count from now on; s may be NULL. */
void	spot_names(struct watch *w, struct spot *s);

/* What is below a directory that is watched as a tree, down to the bottom. */
void	spot_search(struct watch *w, struct spot *s);

/* It is free to go, and so may be those above it. */
void	spot_drop(struct watch *w, struct spot *s);

/* The inode is gone, and the spots at it are at none. */
void	spot_forget(struct watch *w, struct inode *n);

void	spot_due(struct watch *w, struct spot *s, unsigned what);

/* Does somebody watch a tree that s is in? */
bool	spot_in_tree(const struct spot *s);

#endif
