#ifndef STORE_KEPT_H
#define STORE_KEPT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"
#include "store/store.h"

/*
 * kept: what p2-apply has changed on this host, and what was there before, so
 * that it can be put back; and what its policies own.
 *
 * A change is one path that became something else.  It belongs to a run, and
 * is numbered within it.  The content that a file had is kept apart, once
 * whatever names it had, under its digest, and goes with the last change that
 * refers to it.  Content is put first, change after change follows, and one
 * commit makes all of it count.
 *
 * Rows are lent until the callback returns, which is nonzero to stop.
 */
enum kept_kind {
	KEPT_NONE,			/* nothing there */
	KEPT_FILE,
	KEPT_DIR,
	KEPT_LINK,
	KEPT_OTHER			/* FIFO, socket or device */
};

/* What of a state is known; the members below say nothing without it. */
enum {
	KEPT_HAS_MODE	= 1 << 0,
	KEPT_HAS_UID	= 1 << 1,
	KEPT_HAS_GID	= 1 << 2,
	KEPT_HAS_DIGEST	= 1 << 3,	/* and size */
	KEPT_HAS_XATTRS	= 1 << 4,
	KEPT_HAS_TIME	= 1 << 5,
	KEPT_HAS_CONTENT = 1 << 6,	/* the store has it, by digest */
	KEPT_SENSITIVE	= 1 << 7,	/* why it has not: nobody may see it, */
	KEPT_TOO_LARGE	= 1 << 8,	/* or it is larger than is kept, */
	KEPT_UNREADABLE	= 1 << 9,	/* or it could not be read */
	KEPT_HAS_PART	= 1 << 10	/* xattrs but those of mode and owner */
};

struct kept_state {
	enum kept_kind	kind;
	unsigned	has;
	uint32_t	mode;		/* as st_mode, type and all */
	uint32_t	uid;
	uint32_t	gid;
	uint64_t	rdev;		/* of a device */
	uint64_t	size;
	int64_t		time;		/* of modification, ... */
	uint32_t	nsec;
	unsigned char	digest[32];	/* SHA-256 */
	struct str	target;		/* of a link */
	struct str	xattrs;		/* packed by lib/keep */
};

struct change_row {
	uint64_t	run;		/* when it began, ms since 1970 */
	uint32_t	number;		/* within the run, from 1 on */
	struct str	policy;
	struct str	type;		/* of the resource */
	struct str	title;
	struct str	path;		/* absolute */
	uint64_t	undoes;		/* what a run had done, or 0 */
	struct kept_state was;
	struct kept_state is;
};

/*
 * Content, in pieces of up to KEPT_PIECE bytes; how they are encoded is the
 * caller's.  content_put() makes room for it, MDB_KEYEXIST where it is there
 * already; then each piece in order.  content_get() is MDB_NOTFOUND where there
 * is none; a piece is lent until the view ends.
 */
enum { KEPT_PIECE = 1024 * 1024 };

int	store_content_put(struct store_tx *t, const unsigned char digest[32],
	    uint64_t size);
int	store_content_piece(struct store_tx *t,
	    const unsigned char digest[32], uint32_t piece, struct str bytes);
int	store_content_get(struct store_view *v,
	    const unsigned char digest[32], uint64_t *size);
int	store_content_get_piece(struct store_view *v,
	    const unsigned char digest[32], uint32_t piece,
	    struct str *bytes);

/*
 * Content that no change refers to goes, if there may be some: there may from
 * the first store_content_put() on, until somebody says that there is none.
 */
int	store_content_sweep(struct store_tx *t);
int	store_content_settled(struct store_tx *t);

/* Bytes that changes and content take, about. */
int	store_kept_size(struct store_tx *t, uint64_t *size);

/* r->number is given by the store. */
int	store_change(struct store_tx *t, const struct change_row *r);

/*
 * Drop the changes of runs that began before then, and the oldest of what is
 * left until all take no more than size; but none of the run "but".
 */
int	store_kept_trim(struct store_tx *t, uint64_t then, uint64_t size,
	    uint64_t but);

/* The number of the last run that changed something, or 0. */
int	store_last_change(struct store_view *v, uint64_t *run);

/* The last ones first: of runs after "after"; or of one path. */
int	store_each_change(struct store_view *v, uint64_t after,
	    int (*fn)(const struct change_row *r, void *arg), void *arg);
int	store_each_change_of(struct store_view *v, struct str path,
	    int (*fn)(const struct change_row *r, void *arg), void *arg);

/*
 * Who owns what: the resources that a policy declared when it last ran to its
 * end, and of each the paths that it has changed, as it left them.  A policy is
 * known by the path of its file.  The sum is of all that a policy owns, made by the caller,
 * so that he who finds it the same need not look at the rows: 0 where there is
 * none.
 */
struct owner {
	struct str	policy;
	struct str	type;
	struct str	title;
};

struct holding_row {
	struct owner	who;
	uint64_t	options;	/* a hash of what was declared */
	struct str	role;		/* those it came from, outermost first, */
	struct str	hears;		/* and whom it notifies: one a line */
	bool		whole;		/* nobody else's content is in it */
	bool		told;		/* that the policy no longer has it */
};

struct left_row {
	struct str	path;
	struct kept_state is;
	bool		made;		/* there was nothing when we came */
	bool		undone;		/* put back to that, not left so */
};

int	store_holding_sum(struct store_view *v, struct str policy,
	    uint64_t *sum);
int	store_holding_set_sum(struct store_tx *t, struct str policy,
	    uint64_t sum);
int	store_holding_put(struct store_tx *t, const struct holding_row *r);

/* Each policy that has a sum, in no particular order. */
int	store_each_holder(struct store_view *v,
	    int (*fn)(struct str policy, void *arg), void *arg);

/*
 * All that one policy owns is another's from now on, which then has no sum.
 * Where both have a row, it is that of the latter that stays; but a path that
 * either has made is one that was made.
 */
int	store_holding_move(struct store_tx *t, struct str from, struct str to);

/* MDB_NOTFOUND where there is none; r is lent until the view ends. */
int	store_holding(struct store_view *v, const struct owner *who,
	    struct holding_row *r);

/* With all that it has left.  No row is no failure. */
int	store_holding_del(struct store_tx *t, const struct owner *who);

/* Of one policy, in order of type and title; or of all (policy is empty). */
int	store_each_holding(struct store_view *v, struct str policy,
	    int (*fn)(const struct holding_row *r, void *arg), void *arg);

int	store_left_put(struct store_tx *t, const struct owner *who,
	    const struct left_row *r);
int	store_left_del(struct store_tx *t, const struct owner *who,
	    struct str path);
int	store_left(struct store_view *v, const struct owner *who,
	    struct str path, struct left_row *r);
int	store_each_left(struct store_view *v, const struct owner *who,
	    int (*fn)(const struct left_row *r, void *arg), void *arg);

#endif
