#ifndef FILE_PLAN_H
#define FILE_PLAN_H

#include <sys/stat.h>
#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>

#include "base/attrs.h"
#include "base/buf.h"
#include "base/place.h"
#include "base/replace.h"
#include "base/str.h"
#include "file/edit.h"
#include "resource/resource.h"

/*
 * What the sources of the file resource share:
 *
 *	file.c		the options, and what the policy wants
 *	look.c	what is there, on the host or in a dry run's world
 *	plan.c	what one path lacks, as steps
 *	content.c	the same for what is in a file
 *	tree.c	the same for all that is below one
 *	apply.c	the steps taken
 *	gather.c	written, to take their places with those of others
 *	note.c	the steps told to the job's journal before
 *	detail.c	what will be there then, for machines to read
 *	pretend.c	the steps entered in the world
 *	edit.c, mode.c, owner.c, validate.c	as they say
 *
 * A plan is a list of steps; apply takes these and no others.
 */

enum file_ensure {
	FILE_PRESENT,
	FILE_ABSENT,
	FILE_DIRECTORY,
	FILE_LINK
};

/* What the policy wants; all of it is lent by the job's values. */
struct file_want {
	const char	*path;
	enum file_ensure ensure;
	bool		 has_content;
	struct str	 content;
	const char	*source;	/* a path, or NULL */
	const char	*target;
	const char	*mode;		/* NULL: not given */
	uid_t		 uid;		/* (uid_t)-1: not given */
	gid_t		 gid;
	const char	*no_owner;	/* a dry run: who is yet to be, */
	const char	*no_group;	/* or NULL */
	bool		 keep_orig;
	bool		 follow;
	bool		 replace;
	bool		 force;
	bool		 parents;
	bool		 recurse;
	bool		 purge;
	bool		 override;	/* flags of chattr */
	bool		 keep_links;	/* write to what others name, too */
	bool		 has_edit;
	struct file_edit edit;
	const struct str *ignore;
	size_t		 nignore;
	const char	*validate;
	bool		 fresh;		/* below what is yet to be made */
};

/* What is at a path.  To be cleared; zeroed is clear. */
struct file_seen {
	enum node_kind	 kind;
	char		*path;		/* behind links, if they are followed */
	struct stat	 st;		/* of the host's file, or made up */
	bool		 pretended;	/* the world knows, not the host */
	bool		 no_parent;	/* and why says which */
	bool		 host_data;	/* the content is what the host has */
	struct str	 data;		/* else this; lent by the world */
	char		*target;	/* of a link */
	bool		 immutable;	/* or append-only */
	bool		 mounted;	/* on by itself */
	int		 closed;	/* errno why its directory is, or 0 */
};

enum file_op {
	FILE_OP_MKDIR,
	FILE_OP_WRITE,			/* content, and attributes with it */
	FILE_OP_LINK,
	FILE_OP_ATTRS,
	FILE_OP_UNLINK,
	FILE_OP_RMDIR
};

struct file_step {
	enum file_op	 op;
	char		*path;
	enum node_kind	 was;		/* there when the plan was made */
	struct attrs	 attrs;		/* to be set */
	mode_t		 mode;		/* before: for what is told */
	uid_t		 uid;
	gid_t		 gid;
	struct str	 data;		/* content, or a link's target */
	char		*owned;		/* data, if it is the step's own */
	char		*from;		/* the file that the content is in */
	struct trees	*trees;		/* judges that; NULL: nobody does */
	struct timespec	 from_time;	/* when it was planned */
	off_t		 from_size;
	bool		 keep_orig;
	bool		 in_place;
	bool		 sync;		/* by itself, not all at the end */
};

/* More steps than that are made durable together. */
enum { FILE_MANY = 8 };

#define FILE_ORIG_SUFFIX ".orig_partout"

struct file_ready;

struct file_plan {
	struct file_want  want;
	struct file_ready *ready;	/* waits for others, or NULL */
	bool		  noted;	/* the journal knows of it */
	struct file_step *steps;
	size_t		  n;
	size_t		  size;
};

/* file.c: fill in w; false after job_fail().  The path alone. */
bool	file_want(struct job *j, struct file_want *w);
const char *file_path(const struct job *j);

/*
 * look.c.  Returns 0, or -1 with the reason in why; that there is nothing
 * is no failure, nor that the directory is missing.
 */
int	file_look(const struct job *j, const char *path, bool follow,
	    struct file_seen *seen, struct buf *why);
void	file_seen_clear(struct file_seen *seen);

/* The whole content of what was seen into b. */
int	file_load(const struct file_seen *seen, struct buf *b,
	    struct buf *why);

/*
 * A source: its content in the world, with *fd -1, or open as *fd.  Anything
 * but a file is a failure.
 */
int	file_source(const struct job *j, const char *path, struct str *data,
	    int *fd, struct stat *st, struct buf *why);

/* Does fd, from where it stands, hold the same as data, or as other? */
int	file_same_data(int fd, struct str data, bool *same);
int	file_same_fd(int fd, int other, bool *same);

/* Names in a directory, sorted; to be freed with file_names_free(). */
struct file_names {
	char		**v;
	size_t		 n;
};
int	file_names(const struct job *j, const char *path,
	    struct file_names *names, struct buf *why);
void	file_names_free(struct file_names *names);

/* plan.c: 0, or -1 with a reason in why. */
enum outcome file_plan(struct job *j);
int	file_plan_present(struct job *j, struct file_plan *p,
	    const struct file_want *w, struct buf *why);
int	file_plan_dir(struct job *j, struct file_plan *p,
	    const struct file_want *w, struct buf *why);
int	file_plan_link(struct job *j, struct file_plan *p,
	    const struct file_want *w, struct buf *why);

/* content.c: a file's, or what is to become one. */
int	file_plan_content(struct job *j, struct file_plan *p,
	    const struct file_want *w, const struct file_seen *seen,
	    struct buf *why);

/* Attributes alone; the second: of what is made anew. */
int	file_plan_attrs(struct job *j, struct file_plan *p,
	    const struct file_want *w, const struct file_seen *seen,
	    struct buf *why);
int	file_new_attrs(const struct file_want *w,
	    const struct file_seen *seen, bool is_dir, struct attrs *a,
	    struct buf *why);

/* As job_why(); says of what path, if that is not the policy's own. */
void	file_why(struct job *j, const char *path, const char *fmt, ...)
	    __attribute__((format(printf, 3, 4)));

/*
 * NULL with a reason, be it that the directory cannot be written to; which
 * FILE_OP_ATTRS need not, nor FILE_OP_WRITE in place.  The path is copied.
 */
struct file_step *file_step(struct job *j, struct file_plan *p,
	    enum file_op op, const struct file_seen *seen, struct buf *why);

/* Of what is made without a wish: what the umask leaves. */
mode_t	file_default_mode(bool is_dir);

/* Which attributes are to be set, and a reason for each; what's new has all. */
int	file_attrs(struct job *j, const struct file_want *w,
	    const struct file_seen *seen, struct attrs *a, struct buf *why);
bool	file_attrs_any(const struct attrs *a);

int	file_open_dir(const struct file_seen *seen, struct buf *why);

/* May what is there be changed; may it go? */
int	file_blocked(const struct file_want *w, const struct file_seen *seen,
	    struct buf *why);
int	file_may_go(const struct file_want *w, const struct file_seen *seen,
	    struct buf *why);

/* tree.c */
int	file_tree_remove(struct job *j, struct file_plan *p,
	    const struct file_want *w, const struct file_seen *seen,
	    struct buf *why);
int	file_tree_copy(struct job *j, struct file_plan *p,
	    const struct file_want *w, struct buf *why);
int	file_tree_attrs(struct job *j, struct file_plan *p,
	    const struct file_want *w, struct buf *why);
int	file_tree_purge(struct job *j, struct file_plan *p,
	    const struct file_want *w, struct buf *why);

/*
 * detail.c: what will be at the path, for the job's detail.  p is NULL
 * where nothing has to be done.
 */
void	file_detail(struct job *j, const struct file_plan *p,
	    const struct file_want *w);

/* note.c: all the steps into the journal; they are not committed. */
int	file_note(struct job *j, struct buf *why);

/*
 * apply.c: what its neighbours take from it.  That nobody put something
 * else there since it was planned; a new file beside the old one, all but
 * renamed, with r to be aborted or committed; the copy that is kept of the old
 * one; and what was done, said.
 */
enum outcome file_apply(struct job *j);
int	file_still(const struct file_step *s, const struct place *at,
	    struct buf *why);
int	file_begin(const struct file_plan *p, const struct file_step *s,
	    const struct place *at, struct replace *r, struct buf *why);
int	file_keep_orig(const struct file_step *s, const struct place *at,
	    struct buf *why);
void	file_tell(struct job *j, const struct file_plan *p,
	    const struct file_step *s, const struct replace *r);

/* gather.c: see struct resource_gather. */
enum { FILE_GATHER_MAX = RESOURCE_GATHER_MAX };
bool	file_apart(const struct job *j, struct job *const *v, size_t n);
bool	file_stage(struct job *j);
size_t	file_finish(struct job *const *v, size_t n);
void	file_ready_free(struct file_ready *r);

enum outcome file_pretend(struct job *j);
void	file_plan_free(void *p);

/* The last part of a path, and a path made of two; NULL without memory. */
const char *file_name(const char *path);
char	*file_join(const char *dir, const char *name);
char	*file_dir(const char *path);

#endif
