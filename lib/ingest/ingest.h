#ifndef INGEST_INGEST_H
#define INGEST_INGEST_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "store/store.h"
#include "update/update.h"

/*
 * ingest: from updates that arrive to records on disk.
 *
 * Whoever receives adds updates to the batch that is filling; one thread, the
 * writer, takes that batch whenever it is free, sorts it and commits it while
 * the next one fills.  So a commit costs what one commit costs, however many
 * updates share it, and nobody who receives ever waits for the disk.
 *
 * What says nothing new (a heartbeat) does not enter the batch: its time is
 * noted in memory and written with the page of "seen" that it belongs to.
 * Those that came by POST are on disk before they are answered; those that
 * came by UDP within five seconds, and at once when there is little to do.
 */
struct ingest;

struct ingest_config {
	size_t		 max_bytes;	/* that a batch may grow to; 0: 256 MiB */
	uint32_t	 trim;		/* forget after so many seconds; 0: never */
	/* Told of what goes wrong with the store, and that it goes on again. */
	void		(*trouble)(const char *what, int rc, void *arg);
	void		*arg;
};

/* Counters since start.  They only grow. */
struct ingest_stats {
	atomic_ullong	updates;	/* accepted, both transports */
	atomic_ullong	heartbeats;	/* of them that said nothing new */
	atomic_ullong	refused;	/* broke a rule */
	atomic_ullong	dropped;	/* by UDP, for want of room */
	atomic_ullong	turned_away;	/* by POST, for want of room */
	atomic_ullong	changed;	/* records stored: another version */
	atomic_ullong	added;		/* records stored: a new one */
	atomic_ullong	trimmed;	/* records forgotten */
	atomic_ullong	commits;
	atomic_ullong	failures;	/* commits that failed */
	atomic_ullong	commit_us;	/* time in commits, microseconds */
};

/*
 * Read what the store knows (some 3 s for 10 million records) and start the
 * writer.  The store is lent until ingest_free() and has to be claimed.
 * Returns 0, or a code of the store.
 */
int	ingest_new(struct ingest **ip, struct store *s,
	    const struct ingest_config *config);

/*
 * Commit what has been added, tell all who wait, and end the writer.  Returns
 * 0 or the last commit's code.  Nothing may be added after that.
 */
int	ingest_stop(struct ingest *in);
void	ingest_free(struct ingest *in);

struct ingest_stats *ingest_stats(struct ingest *in);

/* Records known, and bytes that wait to be stored. */
size_t	ingest_known(struct ingest *in);
size_t	ingest_waiting(struct ingest *in);

/* Adding is done with the lock held, and holding it for a few ms is fine. */
void	ingest_lock(struct ingest *in);
void	ingest_unlock(struct ingest *in);

/*
 * Add an update that came by UDP from ip at that time, in seconds since 1970.
 * Where there is no room it is dropped, and counted.
 */
void	ingest_add(struct ingest *in, const struct update *u, struct str ip,
	    uint32_t time);

/*
 * Is there room to POST that many bytes?  If so, they may be added under the
 * same lock, and then ingest_wait() is owed.
 */
bool	ingest_room(struct ingest *in, size_t bytes);

/* Returns 0, or -1 where memory has run out. */
int	ingest_post(struct ingest *in, const struct update *u, struct str ip,
	    uint32_t time);

/*
 * What is to be told when the batch at hand has been committed.  done() runs
 * on the writer's thread, with no lock held; rc is 0, or the code of the store
 * for which nothing of the post was stored.  The caller keeps w until then.
 */
struct ingest_waiter {
	void	(*done)(struct ingest_waiter *w, int rc);
	struct ingest_waiter	*next;		/* ingest's own */
};

void	ingest_wait(struct ingest *in, struct ingest_waiter *w);

/* The batch at hand begins with emptying the store; ingest_wait() is owed. */
void	ingest_clear(struct ingest *in);

/* Note that what came from ip was refused: an event of the module "recv". */
void	ingest_refused(struct ingest *in, struct str ip, const char *transport,
	    const char *reason);

#endif
