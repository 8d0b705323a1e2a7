#ifndef RESOURCE_JOURNAL_H
#define RESOURCE_JOURNAL_H

#include <sys/stat.h>
#include <sys/types.h>

#include <stdbool.h>

#include "base/attrs.h"
#include "base/buf.h"
#include "base/str.h"
#include "resource/resource.h"

/*
 * journal: what a resource is about to do, told to whoever keeps promises
 * about it, before anything of it can be seen.
 *
 * Once all that can be made ready has been, a resource calls note() for each
 * thing that it will do to the filesystem, then commit() once, and only then
 * does the first of them.  What was promised (an old content that can be had
 * back, somebody who is to be told) has to be durable when commit() returns.
 * A resource that does other things than these, a command, only commits.
 * With the commit goes whoever the job says is to be told.  Several resources
 * that act together have one commit, that of the last; owe() is for the others.
 *
 * note() and commit() return 0, or -1 with a sentence in why.  Then the
 * resource fails, with nothing changed.  Where a resource gives up after a
 * note() and before the commit(), it calls forget().
 *
 * A step that has been committed may still fail, and we may be killed before
 * it: that it is in the journal says that it was begun, no more.  A step that
 * is not, was not.
 */
enum journal_op {
	JOURNAL_MKDIR,
	JOURNAL_WRITE,			/* content, and attributes with it */
	JOURNAL_LINK,
	JOURNAL_ATTRS,
	JOURNAL_UNLINK,
	JOURNAL_RMDIR
};

/* All of it is lent until note() returns. */
struct journal_step {
	enum journal_op	 op;
	const char	*path;		/* no link is followed at its end */
	/*
	 * The same as a name in a directory, opened with O_PATH; -1 where the
	 * directory is yet to be made, and then there was nothing.
	 */
	int		 dir;
	const char	*name;

	/*
	 * What was there before the first of the steps, if two have one path.
	 * Of NODE_NONE, st is zeroed.
	 */
	enum node_kind	 was;
	struct stat	 st;
	/*
	 * A file whose content goes, open for reading; it may be read with
	 * pread(2).  Else, or where it cannot be read, -1.
	 */
	int		 old;
	const char	*old_target;	/* of a link */

	/* What will be: attributes that are set, the rest as it comes. */
	struct attrs	 attrs;
	const char	*target;	/* JOURNAL_LINK: where to */
	struct str	 data;		/* JOURNAL_WRITE: the content, or */
	const char	*from;		/* ... the file that has it, or NULL */
	bool		 sensitive;	/* nothing of it is to be kept */
};

/* Who is to be told when a resource has changed. */
struct owed {
	struct str	 resource;	/* "file:/etc/motd" */
	struct str	 handler;	/* as the policy language calls it */
};

struct journal {
	int	(*note)(struct journal *jn, const struct job *j,
		    const struct journal_step *s, struct buf *why);
	int	(*commit)(struct journal *jn, const struct job *j,
		    struct buf *why);
	void	(*forget)(struct journal *jn);
	int	(*owe)(struct journal *jn, const struct job *j,
		    struct buf *why);
};

/* SHA-256 of the content that a JOURNAL_WRITE brings; 0 or -1. */
int	journal_digest(const struct journal_step *s, unsigned char digest[32],
	    struct buf *why);

/* These do nothing, with success, where the job has no journal. */
int	journal_note(const struct job *j, const struct journal_step *s,
	    struct buf *why);
int	journal_commit(const struct job *j, struct buf *why);
int	journal_commit_all(struct job *const *v, size_t n, struct buf *why);
void	journal_forget(const struct job *j);

#endif
