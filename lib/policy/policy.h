#ifndef POLICY_POLICY_H
#define POLICY_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "base/buf.h"
#include "base/str.h"
#include "base/watch.h"
#include "resource/journal.h"
#include "resource/resource.h"
#include "sign/tree.h"
#include "store/store.h"

/*
 * policy: policies in the p2 language, declared and carried out.
 *
 * A policy is JavaScript for an engine that reaches the host only through
 * what is offered to it.  What happens is told through hooks; nothing here
 * prints or exits.  It is for one thread, for it uses a timer and SIGVTALRM
 * against policies that never end.
 */
struct policy;

/* What came of one resource; all lent until the hook returns. */
struct policy_result {
	struct str	 type;
	struct str	 title;
	enum outcome	 outcome;
	struct str	 word;		/* "changed", or the policy's own */
	struct str	 why;
	struct str	 diff;
	struct str	 did;
	struct str	 detail;	/* members of a JSON object */
	struct str	 out;		/* of a command: its output, if shown */
	struct str	 file;		/* where it is declared */
	unsigned	 line;
	double		 ms;		/* how long it took */
	bool		 sensitive;
	bool		 repair;	/* a change has called for it */
	struct str	 native;	/* the native type; empty: it is none */
	uint64_t	 options;	/* a hash of what was declared */
	enum resource_owns owns;
	const char	*cause;		/* of a change, for who shows it; NULL */
};

/*
 * A resource that the policy owns: the roles it is from, outermost first, and
 * whom it notifies, one a line.
 */
struct policy_owned {
	struct str	 type;
	struct str	 title;
	struct str	 role;
	struct str	 hears;
};

struct policy_hooks {
	void	(*result)(void *arg, const struct policy_result *r);
	/* console.log() and its like: bytes for stdout (1) or stderr (2). */
	void	(*print)(void *arg, int fd, struct str s);
	/* Asked between steps: true to end there. */
	bool	(*stop)(void *arg);
	/* After that: a reason to tell for what is left, or NULL. */
	const char *(*late)(void *arg);
	/* About to carry out a step, one of so many; or NULL. */
	void	(*step)(void *arg, uint64_t number, uint64_t total,
		    struct str type, struct str title);
	/* qEvent(): something to be recorded. */
	void	(*event)(void *arg, struct str module, struct str object,
		    struct str msg);
	/* Call fn for each notification that an earlier run owes. */
	void	(*owed)(void *arg, void (*fn)(const struct owed *o,
		    void *fnarg), void *fnarg);
	/* It is no longer; why says why if it was not delivered. */
	void	(*strike)(void *arg, const struct owed *o, struct str why);
	/*
	 * At the end, if the policy was carried out as a whole: fn for each
	 * result of which role and hears are to be told to own(), then for
	 * each resource of the last time without a result.  NULL: nobody asks.
	 */
	void	(*fresh)(void *arg, void (*fn)(const struct policy_owned *o,
		    void *fnarg), void *fnarg);
	void	(*own)(void *arg, const struct policy_owned *o);
	void	(*gone)(void *arg, void (*fn)(const struct policy_owned *o,
		    void *fnarg), void *fnarg);
	/* That one is an orphan; fn for each path that may be removed. */
	void	(*orphan)(void *arg, const struct policy_owned *o, bool remove,
		    void (*fn)(struct str path, void *fnarg), void *fnarg);
	/*
	 * Put back what that resource has changed in this run, and tell; false
	 * if it failed.  NULL: that cannot be.
	 */
	bool	(*rollback)(void *arg, struct str type, struct str title);
	/* Append the value of a fact as JSON; false if there is none. */
	bool	(*fact)(void *arg, struct str name, struct buf *json);
	/* The same, found out anew: what is installed has changed. */
	bool	(*fact_again)(void *arg, struct str name, struct buf *json);
	/* The names of the facts that can be asked for, up to NULL. */
	const char *const *fact_names;
	void	*arg;
};

/* Where modules are that are for all policies of a host. */
#define POLICY_MODULES	"/etc/p2/modules"

struct policy_options {
	bool		 noop;		/* plan, and change nothing */
	bool		 check;		/* declare only */
	bool		 watch;		/* policy_repair() is to come */
	bool		 verbose;
	bool		 debug;
	bool		 want_diff;
	bool		 want_detail;
	const char	*include;	/* a directory to find includes in */
	const char *const *tags;	/* run only these, up to NULL; or NULL */
	const char	*window;	/* when policy_repair() may; or NULL */
	size_t		 memory_max;	/* bytes; 0: POLICY_MEMORY_DEFAULT */
	unsigned	 seconds_max;	/* of computing; 0: the default */
	struct store	*store;		/* to find bytecode in, or NULL; lent */
	struct journal	*journal;	/* told before a change, or NULL; lent */
	struct trees	*trees;		/* run only what is signed; lent */
	struct policy_hooks hooks;
};

enum {
	POLICY_MEMORY_DEFAULT = 512 * 1024 * 1024,
	POLICY_SECONDS_DEFAULT = 20
};

/*
 * On success *pp is the caller's, to give back with policy_free().  o is
 * copied, what it points to is lent until then.  Returns 0, or -1 with a
 * reason appended to err.
 */
int	policy_new(struct policy **pp, const struct policy_options *o,
	    struct buf *err);
void	policy_free(struct policy *p);

/*
 * Declare and carry out one policy, of the file at path, or of the text where
 * that is not NULL.  Returns 0; or -1 with the reason in err, if declaring it
 * failed or a step did; or 1 where hooks.stop() ended it.  After anything but
 * 0, no other can be applied.
 */
int	policy_apply(struct policy *p, const char *path, const struct str *text,
	    struct buf *err);

/*
 * With the option watch, what happens to the resources that were applied, and
 * to the files of the policies, can be waited for: first policy_watch(), then,
 * while that returns 0, policy_repair(), then wait for one of the descriptors
 * but no longer than that number of ms; -1 is for ever.  With *reload, the
 * policies are other ones now.  Appended to err is what cannot be watched.
 */
void	policy_watch_fds(const struct policy *p,
	    struct pollfd pfd[WATCH_FDS]);
int64_t	policy_watch(struct policy *p, bool *reload, struct buf *err);

/* Of what policy is the resource that is next, from 0; -1: there is none. */
int	policy_next(const struct policy *p);

struct policy_repair {
	unsigned answers;	/* that many repairs were undone at once, ... */
	unsigned pause_ms;	/* ... so the next one has to wait; 0: need not */
	unsigned again;		/* that many, each within the hour; 0: not told */
};

/*
 * Look at one resource that a change concerns, do what it needs, and carry out
 * what this gives rise to.  Returns as policy_apply(), but may be called again
 * whatever it returned, while policy_is_usable().
 */
int	policy_repair(struct policy *p, struct policy_repair *r,
	    struct buf *err);

/* Did the policy that was applied last load, whatever came of it? */
bool	policy_is_declared(const struct policy *p);

/*
 * When the first window opens that something was left for since this was last
 * asked; 0: nothing was.
 */
time_t	policy_waits(struct policy *p);

/* False after it has taken too much time or memory. */
bool	policy_is_usable(const struct policy *p);

/* Files of the other one, which may not have loaded, count as p's as well. */
void	policy_watch_policy(struct policy *p, const struct policy *other);

/* Give back the memory that the next wait does not need. */
void	policy_settle(struct policy *p);

/* What p2.version() was told, or the digest of the policy's file. */
struct str policy_version(const struct policy *p);

/* process.exit(status) was called: then that status, else -1. */
int	policy_exit_status(const struct policy *p);

/* Put the compiled code that the store does not have yet there, if any. */
int	policy_keep_bytecode(struct policy *p, struct store_tx *t);
bool	policy_bytecode_is_kept(const struct policy *p);

#endif
