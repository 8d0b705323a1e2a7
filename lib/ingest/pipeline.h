#ifndef INGEST_PIPELINE_H
#define INGEST_PIPELINE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "ingest/batch.h"
#include "ingest/ingest.h"
#include "ingest/known.h"

/* pipeline: what the files of lib/ingest share, and nobody else sees. */

/* Why a page of "seen" has to be written. */
enum {
	DIRTY_UDP = 1,		/* soon */
	DIRTY_POST = 2,		/* before the post is answered */
	DIRTY_NEW = 4,		/* with the record whose slot is in it */
	DIRTY_CHANGED = 8	/* with the last of the load it came in */
};

/*
 * The times of all slots, as they are in memory.  Receivers set a time, then
 * mark its page; the writer clears the mark, then reads the page: nothing is
 * missed.  Both arrays are mapped at their largest and filled as needed.
 */
struct seen {
	_Atomic uint32_t	*times;
	_Atomic unsigned char	*dirty;		/* a byte a page */
	uint32_t		 slots;		/* room there is */
	_Atomic uint32_t	 pages;		/* in use */
};

int	seen_init(struct seen *s);
void	seen_clear(struct seen *s);
void	seen_reset(struct seen *s);		/* as if nothing was ever seen */

void	seen_set(struct seen *s, uint32_t slot, uint32_t time);

/* Unless a later time is there. */
void	seen_raise(struct seen *s, uint32_t slot, uint32_t time);
void	seen_mark(struct seen *s, uint32_t slot, unsigned why);
void	seen_mark_all(struct seen *s);		/* for all but DIRTY_NEW */

/* Put the pages that are marked for one of those reasons into t. */
int	seen_write(struct seen *s, struct store_tx *t, unsigned why,
	    size_t *written);

/* Refusals, counted until they are stored as events. */
enum { REFUSALS = 64 };

struct refusal {
	char		ip[64];
	const char	*transport;
	const char	*reason;
	uint32_t	count;
	uint32_t	time;
};

/* What is handed to the writer at once. */
struct load {
	struct batch		 batch;
	struct ingest_waiter	*waiters;
	struct ingest_waiter	**tail;
	size_t			 nwaiters;
	bool			 clear;		/* empty the store first */
	bool			 hearts;	/* write all times, not just posted */
	struct refusal		 refusals[REFUSALS];
	size_t			 nrefusals;
};

/* What the writer sleeps through. */
enum doze {
	AWAKE,			/* it looks by itself before it sleeps */
	ANYTHING,		/* nothing */
	NO_HURRY,		/* heartbeats and refusals */
	GROUPING		/* whatever comes before "group" waiters do */
};

struct ingest {
	struct store		*store;
	struct ingest_config	 config;
	struct ingest_stats	 stats;
	pthread_t		 writer;
	/* What the lock guards, as far down as the next comment says. */
	pthread_mutex_t		 lock;
	pthread_cond_t		 work;
	struct known		*known;
	struct load		 filling;
	bool			 heard;		/* heartbeats by UDP to write */
	bool			 stop;
	enum doze		 doze;
	size_t			 held;		/* bytes taken, not yet stored */
	struct batch		*draining;	/* what the writer has taken */
	bool			 astray;	/* the store moved past "ours" */
	/* Not under the lock: */
	struct seen		 seen;
	/*
	 * Up to that commit the store has nothing that memory lacks: the last
	 * one that was looked at or, in a transaction, the one it will be.
	 */
	atomic_ullong		 ours;
	/* The writer's own. */
	struct batch		 kept;		/* not stored for want of room */
	uint64_t		 generation;
	int64_t			 hearts_us;	/* when times are due again */
	int64_t			 retry_us;	/* when to try "kept" again */
	int64_t			 trim_us;	/* when to look again */
	int64_t			 group_us;	/* how long to wait for a group */
	size_t			 group;		/* how many came last time */
	size_t			 pages;		/* of times, written last */
	int			 rc;		/* of the last commit */
	struct buf		 trim_after;	/* where the look goes on */
};

/* Read records and times from the store; under the lock once running. */
int	ingest_load(struct ingest *in);

/* Commit a load and tell who waits for it. */
void	ingest_drain(struct ingest *in, struct load *load);

/* Begin a transaction; what is in memory is true while it lasts. */
int	ingest_begin(struct ingest *in, struct store_tx **tp);
int	ingest_commit(struct ingest *in, struct store_tx *t);
void	ingest_abort(struct ingest *in, struct store_tx *t);

/* Forget some of what is too old; false when there is no more to do now. */
bool	ingest_trim(struct ingest *in);

#endif
