#ifndef SESSION_H
#define SESSION_H

#include <poll.h>
#include <signal.h>

#include "apply.h"

/*
 * What run.c and watch.c share: the runs of one process.
 */
struct session {
	const struct asked *asked;
	struct tally	 tally;
	bool		 silent;	/* only count */
	bool		 late;		/* results are of what is not done */
	uint64_t	 left;		/* of them */
	struct store	*store;		/* NULL: none */
	struct trees	*trees;		/* NULL: nothing has to be signed */
	struct journal	*journal;	/* NULL: none */
	const char *const *fact_names;
	struct buf	 stdin_text;
	struct buf	 repaired;	/* "file /etc/motd": told last */
	struct buf	 versions;	/* of each policy, NUL behind each */
};

/* The signal that is to end all, or 0; that SIGHUP has come. */
extern volatile sig_atomic_t stopped_by;
extern volatile sig_atomic_t hung_up;

/*
 * Read the trees and the facts anew; -1 when that has failed and was told.
 * The old trees remain with the policy that was applied with them, and come
 * back with end_run() where there was no run after all.
 */
int	begin_run(struct session *s);
void	end_run(struct session *s, struct trees *old);

/*
 * Apply all; returns as policy_apply(), with *status for process.exit(), else
 * -1.  The policy is given to the caller where kept is not NULL, whatever is
 * returned; it is NULL if there is none.
 */
int	apply_all(struct session *s, bool noop, struct policy **kept,
	    int *status);

/* Do the policies load?  If not, why is told, and their files count as p's. */
bool	load_all(struct session *s, struct policy *p);

/* Would there be more changes than may be?  Then say so. */
bool	are_too_many(struct session *s, int *rc);

/* Has a run or a repair, of which rc came, had its time?  Then say so. */
bool	is_late(const struct session *s, int rc);

/*
 * Until one of the descriptors, a signal, or that many ms; for ever if they are
 * negative.
 */
void	wait_for(int64_t ms, struct pollfd *pfd, nfds_t n);

/* The path that one of the policies goes by. */
const char *policy_path(const struct session *s, int policy);

/* Put what a repair has done in the store. */
void	keep_repair(struct session *s, struct policy *p, int policy,
	    const struct tally *before, bool failed, double ms);

/*
 * watch.c: stay, after a first run that returned rc, until a signal ends it;
 * p is given.  Returns the exit status.
 */
int	stay(struct session *s, struct policy *p, int rc);

#endif
