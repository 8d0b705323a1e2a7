#ifndef TYPES_ENTRY_H
#define TYPES_ENTRY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/str.h"
#include "file/part.h"
#include "resource/resource.h"

/*
 * entry: a resource that is a line of one file, or a few of them.  All other
 * lines are somebody else's, and stay as they are to the byte.
 *
 * Its type has the options "ensure", present or absent, and "target", the
 * file, with the default in the table.  What it is to be is set by the type's
 * own plan(), which ends in entry_plan(); entry_apply(), entry_pretend() and
 * entry_watch() are those of the type.
 */

/* What a type's state, if it has more, begins with. */
struct entry {
	struct part	 part;
	const struct entry_kind *kind;
	struct buf	 line;		/* as it is to be, without its end */
	bool		 absent;
};

struct entry_kind {
	const char	*what;		/* "key", for "Wrote the key." */
	const char	*mode;		/* of a new file; NULL: the umask's */
	bool		 goes_empty;	/* the file, with the last line */
	/* Is a line about it?  Then, does it say the same as ours? */
	bool		(*is_about)(const struct job *j, struct str line);
	bool		(*is_same)(const struct job *j, struct str line);
	/*
	 * Or, where these are not enough: append to b what text is to become.
	 * False if it is in order as it is.
	 */
	bool		(*edit)(const struct job *j, struct str text,
			    struct buf *b);
};

/*
 * A state of that size, zeroed, as j's; NULL after job_fail().  It goes with
 * the job, by entry_drop(); what has more to free, sets its own j->drop.
 */
void	*entry_new(struct job *j, size_t size);
void	entry_drop(void *state);

/* The file that target says. */
const char *entry_target(const struct job *j);

/*
 * One line about it stands in the file at path, the first that does now or
 * else the last; or none.
 */
enum outcome entry_plan(struct job *j, const struct entry_kind *kind,
	    const char *path);

enum outcome entry_apply(struct job *j);
enum outcome entry_pretend(struct job *j);
void	entry_watch(const struct job *j, resource_watch_fn *fn, void *arg);

/* The next line of *rest with its end; false where there is none. */
bool	entry_line(struct str *rest, struct str *raw);

/* Append a line of ours, behind one that has an end. */
void	entry_put(struct buf *b, struct str line);

#endif
