#ifndef KEEP_KEEP_H
#define KEEP_KEEP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"
#include "resource/journal.h"
#include "store/kept.h"

/*
 * keep: what a run replaces and removes is kept in the store before it goes,
 * so that it can be put back.
 *
 * keep_note() looks at what is at a path before a step, keep_put() enters all
 * that was noted since in a transaction of the caller's, and keep_done() says
 * that this is durable, or keep_forget() that the steps will not be done.
 *
 * What fails here has said why (base/why.h).
 */
struct keep;

struct keep_limits {
	uint64_t	file_max;	/* larger files are not kept */
	uint64_t	size_max;	/* of all that is kept */
	uint64_t	age_max;	/* seconds */
};

#define KEEP_DEFAULT { \
	UINT64_C(64) << 20, UINT64_C(512) << 20, UINT64_C(90) * 86400 }

/* *kp is the caller's, to be freed; s is lent until then.  0, or a code. */
int	keep_new(struct keep **kp, struct store *s,
	    const struct keep_limits *limits);
void	keep_free(struct keep *k);

/* In whose name: the policy's file, say. */
int	keep_policy(struct keep *k, struct str policy);

/* The number of this run, by which its changes are known. */
uint64_t keep_run(const struct keep *k);

int	keep_note(struct keep *k, const struct journal_step *s,
	    struct str type, struct str title, struct buf *why);
int	keep_put(struct keep *k, struct store_tx *t);
void	keep_done(struct keep *k);
void	keep_forget(struct keep *k);
bool	keep_is_empty(const struct keep *k);

/*
 * How what was noted in the name of a resource since this was last asked
 * compares with what that resource had left there.
 */
enum {
	KEEP_DRIFTED	= 1 << 0,	/* somebody has changed it since */
	KEEP_UNDONE	= 1 << 1,	/* it was put back, by --undo */
	KEEP_AS_LEFT	= 1 << 2	/* it was as we had left it */
};
unsigned keep_compared(struct keep *k, struct str type, struct str title);

/*
 * The same, of what a resource has left and what is there now; for a dry run.
 */
unsigned keep_compare(struct store *s, const struct owner *who);

/*
 * The paths that a resource has made and that are there still, what is in a
 * directory before it: as they were left, or not.  0, or a code of the store;
 * free it in either case.
 */
struct keep_left_path {
	char		*path;
	bool		 changed;
};

struct keep_left {
	struct keep_left_path *v;
	size_t		 n;
	size_t		 size;
};

int	keep_left(struct store *s, const struct owner *who,
	    struct keep_left *all);
void	keep_left_free(struct keep_left *all);

/*
 * Of what is noted and not yet put: a path whose content is not kept though it
 * is not sensitive, and the reason; each once, then NULL.
 */
const char *keep_next_lost(struct keep *k, const char **why);

/* Why a state's content was not kept, in words; NULL where it was. */
const char *keep_why_not(const struct kept_state *s);

/*
 * The path by which changes are found: absolute, with the links resolved that
 * lead to its directory, as far as there is one; NUL behind it.  0, or -1 with
 * errno.
 */
int	keep_path(struct buf *b, const char *path);

/* Write content that the store has to fd, and see that it is whole. */
int	keep_content(struct store *s, const struct kept_state *state, int fd,
	    const char *path, struct buf *why);

/*
 * Putting back: paths that changed after a moment, each once, in the order in
 * which they have to be put back.
 */
struct keep_change {
	struct change_row row;		/* the last change; was is as of then */
	uint64_t	 first;		/* the first run that is undone by it */
	/* Before the last change, in case that was noted and not made. */
	struct kept_state before;
};

struct keep_changes {
	struct keep_change *v;		/* their texts are their own */
	size_t		 n;
	size_t		 size;
};

/*
 * Of all runs after that one, or in ms since 1970; of one path alone if path
 * is not NULL (as keep_path() has it).  0, or a code of the store; free it in
 * either case.
 */
int	keep_changes(struct store *s, uint64_t after, const char *path,
	    struct keep_changes *all);
void	keep_changes_free(struct keep_changes *all);

/* How much is asked before something is put back. */
enum keep_care {
	KEEP_UNCHANGED,			/* it has to be as we left it, ... */
	KEEP_KEPT,			/* ... or what goes has to be kept */
	KEEP_FORCED
};

/* What putting it back would mean. */
enum keep_verdict {
	KEEP_SAME,			/* it is so already */
	KEEP_BACK,			/* it differs, and can be put back */
	KEEP_REFUSED			/* why says why */
};

/*
 * Look at the path as it is now.  what gets that which would be done, in words.
 * Where it is to be put back, it is noted as a change of this run, unless dry.
 */
enum keep_verdict keep_look_back(struct keep *k, const struct keep_change *c,
	    enum keep_care care, bool dry, struct buf *what, struct buf *why);

/*
 * Do that, after keep_put() and a commit.  Flags of chattr(1) are worked around
 * where it is forced.  A directory that is not empty stays.
 */
int	keep_back(struct store *s, const struct keep_change *c, bool forced,
	    struct buf *why);

#endif
