#ifndef APPLY_H
#define APPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "keep/keep.h"
#include "policy/policy.h"
#include "store/store.h"

/* What the command line says. */
struct asked {
	const char	*dir;		/* of the store; "" for none */
	const char	*facts;		/* directory of custom facts */
	const char	*include;
	const char	*key;		/* a public key; only what it signed */
	const char	*explain;	/* type:title, or title; or NULL */
	const char	*at;		/* a moment, to put back as it was */
	const char	*history;	/* a path to tell the history of */
	const char	*restore;	/* a path to put back */
	const char	**tags;		/* up to NULL */
	size_t		 ntags;
	bool		 check;
	bool		 force;
	bool		 owed;		/* only list what is owed */
	bool		 noop;
	bool		 undo;
	bool		 json;
	bool		 watch;		/* stay, and repair */
	bool		 verbose;
	struct keep_limits keep;
	unsigned	 every;		/* seconds from run to run; 0: one run */
	unsigned	 splay;		/* and up to so many more */
	const char	*window;	/* times to be active in, or NULL */
	unsigned	 deadline;	/* seconds; 0: none */
	unsigned	 nice;
	unsigned	 wait;		/* seconds for another run to end */
	int64_t		 max_changes;	/* -1: as many as there are */
	unsigned	 seconds;	/* of computing */
	size_t		 memory;	/* bytes of the engine's heap */
	char		**policies;	/* up to NULL */
};

/* What came of a run so far. */
struct tally {
	uint64_t	changed;
	uint64_t	ok;
	uint64_t	skipped;
	uint64_t	failed;
	uint64_t	explained;
	uint64_t	drifted;	/* of those that changed */
	uint64_t	orphans;
};

/* run.c: apply all policies; returns the exit status. */
int	run(const struct asked *a);

/* undo.c: put back the last run, or a path; history.c: tell of a path. */
int	undo(const struct asked *a);
int	history(const struct asked *a);

/* show.c: results, as lines for people or as JSON; on stdout. */
void	show_begin(const struct asked *a);
void	show_result(const struct policy_result *r);
void	show_orphan(const struct policy_result *r);
void	show_summary(const struct tally *t, double ms);
void	show_print(int fd, struct str s);
void	show_end(void);

/*
 * progress.c: how far the run is, on a terminal, between begin and end.  What
 * else goes to it is to be written behind a wipe.
 */
void	progress_begin(const struct asked *a);
bool	progress_is_on(void);
void	progress_step(uint64_t number, uint64_t total, struct str type,
	    struct str title);
void	progress_wipe(void);
void	progress_end(void);

/*
 * record.c: what came of a policy, for the store.  record_put() takes the
 * results since the last call; it returns 0 or a code of the store.  Where
 * record_is_told() the store says as much already, so that there is no need to
 * write; record_drop() then drops the results.
 */
void	record_result(const struct policy_result *r);
bool	record_is_told(struct store *s, const char *path, struct str version,
	    const struct tally *n);
void	record_drop(void);
int	record_put(struct store_tx *t, const char *path, struct str version,
	    const struct tally *n, bool failed, double ms);

/*
 * identity.c: a policy is known by its file's path as it was named, with the
 * links in it: so what /etc/p2/current leads to now is the policy that it led
 * to before.  identity() is the caller's, NULL without memory.
 *
 * Is it one that was known by another path?  It is where that leads to the same
 * file; and it may be, moved, where that leads to none any more.
 */
enum identity { IDENTITY_OTHER, IDENTITY_SAME, IDENTITY_GONE };

char	*identity(const char *path);
enum identity identity_was(const char *is, const char *was);

/*
 * moved.c: what the policy owned where it was known before is its own now.
 * has() says what it declares: one whose file is gone was it, if at least half
 * of what that owned is declared here.
 */
void	moved(struct store *s, const char *policy,
	    bool (*has)(struct str type, struct str title));

/* "site" of /etc/p2/site.p2: what people call it, and results. */
struct str policy_name(const char *path);

/*
 * journal.c: what is in the store before a change, of the policy that is
 * applied.  Functions that can fail return 0 or a code of the store.
 * journal_strike() is false for what is left to another policy, which may have
 * been this one.
 */
struct journal *journal_open(struct store *s, const char *path,
	    const struct keep_limits *l);
int	journal_begin(struct store *s, const char *path);
void	journal_owed(void (*fn)(const struct owed *o, void *fnarg),
	    void *fnarg);
bool	journal_strike(const struct owed *o, bool delivered);
int	journal_put(struct store_tx *t);
bool	journal_is_put(void);
void	journal_end(void);

/* What changes from now on is another run's, to be put back by itself. */
void	journal_renew(void);

/*
 * Put back what a resource has changed in this run, each path told by fn.
 * Returns false if some of it was not; why was told then.
 */
bool	journal_rollback(struct str type, struct str title,
	    void (*fn)(const struct policy_result *r));

/*
 * budget.c: may there be a run now; if not, in how many ms is it worth asking
 * again; at whose expense it is; from when on it, or a repair, has how much
 * time; has it had that?
 */
bool	budget_is_open(const struct asked *a);
int64_t	budget_opens_in(const struct asked *a);
void	budget_nice(const struct asked *a);
void	budget_begin(const struct asked *a);
bool	budget_is_spent(void);

/* As keep_compared(), of the changes of this run. */
unsigned journal_compared(struct str type, struct str title);

/*
 * owned.c: what the policy owns, from owned_begin() on, by its results and then
 * by the hooks of the same names.  owned_orphan() is false for what another
 * policy has.  owned_put() is not needed where owned_is_put().
 */
void	owned_begin(struct store *s, const char *path);
void	owned_result(const struct policy_result *r);
void	owned_fresh(bool dry, void (*fn)(const struct policy_owned *o,
	    void *fnarg), void *fnarg);
void	owned_own(const struct policy_owned *o);
void	owned_gone(void (*fn)(const struct policy_owned *o, void *fnarg),
	    void *fnarg);
bool	owned_orphan(const struct policy_owned *o, bool remove, bool silent,
	    void (*fn)(struct str path, void *fnarg), void *fnarg);
bool	owned_is_put(void);
int	owned_put(struct store_tx *t);
void	owned_done(void);		/* that is durable */
void	owned_end(void);

/* Why it had to be changed: a word for the result, or NULL. */
const char *owned_cause(const struct policy_result *r, bool dry);

/*
 * list.c: what the store has, as lines or as JSON.  rows() puts all there is in
 * l->out and returns 0 or a code of the store.  Returns the exit status.
 */
struct list {
	struct buf	out;
	struct str	path;		/* what it is about, or empty */
	bool		json;
};
int	list_print(const struct asked *a, struct list *l,
	    int (*rows)(struct store_view *v, struct list *l));

/*
 * signed.c: signed trees, of which none may be older than what *where, if that
 * is not NULL when it counts, says was trusted last; but for --force, until
 * signed_keep() has put there what is trusted now.
 */
int	signed_open(struct trees **tp, const struct asked *a,
	    struct store *const *where, struct buf *why);
void	signed_keep(const struct asked *a);

/* owed.c: list it; returns the exit status. */
int	owed_list(const struct asked *a);

/*
 * lock.c: one run at a time on a store.  lock_store() exits if there is no end
 * of waiting.  Between lock_release() and lock_again(), which waits for as long
 * as it takes and returns false if a signal comes first, others may run.
 */
void	lock_store(const char *dir, unsigned seconds);
void	lock_release(void);
bool	lock_again(const char *dir);

/*
 * facts.c: for struct policy_hooks.  facts_begin() gives the names of the
 * facts there can be; custom ones, in "external", come from dir.  All is found
 * out anew after it, or after facts_end().
 */
const char *const *facts_begin(const char *dir);
bool	fact(void *arg, struct str name, struct buf *json);
/* The same, found out anew. */
bool	fact_again(void *arg, struct str name, struct buf *json);
void	facts_end(void);

#endif
