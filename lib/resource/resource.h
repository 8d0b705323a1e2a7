#ifndef RESOURCE_RESOURCE_H
#define RESOURCE_RESOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"
#include "resource/world.h"
#include "sign/tree.h"

/*
 * resource: the things of a host that a policy wants to be so and not
 * otherwise, each kind described by a struct resource_type.
 *
 * One resource goes through plan(), which looks and lists what differs, then,
 * where something does, through apply(), which does what was listed and no
 * more, or in a dry run through pretend(), which tells the world.  What a
 * resource is, and what came of it, is in its struct job.
 *
 * Nothing here prints, exits, or writes to the store: who called does that
 * with what it finds in the job.  Nothing here knows the policy language:
 * what is a function or a template there has been called or rendered before.
 */
struct job;
struct journal;
struct owed;
struct packages;
struct place_near;
struct services;

/* The types an option may have, or'd together. */
enum {
	OPTION_STRING	= 1 << 0,
	OPTION_BOOL	= 1 << 1,
	OPTION_INT	= 1 << 2,
	OPTION_LIST	= 1 << 3,	/* strings; numbers as text */
	OPTION_MAP	= 1 << 4,	/* a list of "name=value" */
	OPTION_SECONDS	= 1 << 5,	/* here an int: milliseconds */
	/* These the language deals with, and they never get here. */
	OPTION_OBJECT	= 1 << 6,
	OPTION_FUNCTION	= 1 << 7,
	OPTION_HIDDEN	= 1 << 8,	/* set by the language alone */
	OPTION_TEXT	= 1 << 9,	/* a string that may have a NUL in it */
	OPTION_REGEXP	= 1 << 10	/* one of the language's; nor does it */
};

/* A row of the table that options are checked by; the manual shows it, too. */
struct resource_option {
	const char	*name;
	unsigned	 types;
	const char	*def;		/* the default in words; NULL: none */
	const char	*help;		/* a phrase */
};

enum value_type {
	VALUE_NONE,			/* not given: the default applies */
	VALUE_BOOL,
	VALUE_INT,
	VALUE_STRING,
	VALUE_LIST
};

/*
 * What the policy gave for an option.  Strings are UTF-8 or bytes; behind
 * each is a NUL, and there is none in it unless the option has OPTION_TEXT.
 */
struct value {
	enum value_type	 type;
	bool		 yes;		/* VALUE_BOOL */
	int64_t		 num;		/* VALUE_INT */
	struct str	 str;		/* VALUE_STRING */
	const struct str *list;		/* VALUE_LIST: n of them */
	size_t		 n;
};

enum outcome {
	OUTCOME_OK,			/* as wanted already */
	OUTCOME_CHANGED,		/* plan: differs; apply: was changed */
	OUTCOME_SKIPPED,		/* not to be done; why says why */
	OUTCOME_FAILED			/* why says what is wrong */
};

/*
 * Several changes at less cost than each by itself: those that can wait are
 * made ready by stage() in place of apply(), and finished all at once.  Of the
 * job, what is lent may go in between; but for title, owed and journal.
 */
enum { RESOURCE_GATHER_MAX = 64 };

struct resource_gather {
	/* May j be looked at before n that wait have been finished? */
	bool	(*apart)(const struct job *j, struct job *const *v, size_t n);
	/* After OUTCOME_CHANGED: false if it cannot wait; nothing is done. */
	bool	(*stage)(struct job *j);
	/*
	 * Returns how many of them have been done, in order.  The one behind
	 * these, if there is one, has failed, and those behind it are given up.
	 */
	size_t	(*finish)(struct job *const *v, size_t n);
};
typedef void resource_watch_fn(const char *path, int flags, void *arg);

/* What a resource that has left its policy leaves on the host. */
enum resource_owns {
	OWNS_NOTHING,			/* it is an act, or that something goes */
	OWNS_PART,			/* of a thing that others have a part in */
	OWNS_WHOLE			/* a thing, which may go with it */
};

struct resource_type {
	const char	*name;		/* the method of p2 */
	const struct resource_option *options;	/* up to one without name */
	bool		 plain;		/* plan() is all that the usual one takes */
	/* Look, and say in j->why what differs.  Changes nothing at all. */
	enum outcome	(*plan)(struct job *j);
	/* After OUTCOME_CHANGED only: do it.  Never OUTCOME_SKIPPED. */
	enum outcome	(*apply)(struct job *j);
	/* After OUTCOME_CHANGED, in a dry run: enter it in j->world. */
	enum outcome	(*pretend)(struct job *j);
	/*
	 * Call fn for each path of which a change concerns it, with flags of
	 * base/watch.h.  It is asked before plan(), so that nothing that
	 * happens from then on is missed, and after it, when more may be
	 * known.  NULL: there is none.
	 */
	void		(*watch)(const struct job *j, resource_watch_fn *fn,
			    void *arg);
	/*
	 * Told of jobs that are about to come, in order, from the next on:
	 * the type may do them together.  NULL: it never does.
	 */
	void		(*ahead)(struct job *j);
	const struct resource_gather *gather;	/* NULL: none can wait */
	/* NULL: nothing. */
	enum resource_owns (*owns)(const struct job *j);
};

/*
 * The upper half is lent to the type from before plan() until job_clear();
 * values stand in the order of the type's options.  The lower half is filled
 * by the type and belongs to the job.
 */
struct job {
	const struct resource_type *type;
	struct str	 title;
	const struct value *values;
	uint64_t	 options;	/* a hash of them */
	enum resource_owns owns;
	struct world	*world;		/* NULL: the host as it is */
	struct journal	*journal;	/* told before a change; NULL: none */
	struct packages	*packages;	/* what is known of them in this run */
	struct services	*services;	/* what is known of them in this run */
	struct place_near *near;	/* nothing is done meanwhile; or NULL */
	bool		 refresh;	/* it was notified */
	const char	*role;		/* in whose name it is done, or NULL */
	struct trees	*trees;		/* judges sources; NULL: nobody does */
	const struct owed *owed;	/* nowed to be told of a change */
	size_t		 nowed;
	bool		 sensitive;	/* show no content, in why or diff */
	bool		 want_diff;	/* somebody will look at diff */
	bool		 want_detail;	/* ... at detail */

	struct buf	 why;		/* reasons, joined by "; " */
	struct buf	 did;		/* "Created file.", a line each */
	struct buf	 diff;		/* unified, whole lines */
	struct buf	 detail;	/* members of an object */
	int		 status;	/* of a command: exit status, ... */
	int		 signal;	/* ... or the signal that ended it, or 0 */
	struct buf	 out;		/* what it wrote to stdout, ... */
	struct buf	 err;		/* ... and stderr */
	bool		 show;		/* let the user see that */
	bool		 soft;		/* a failure that does not end the run */
	void		*state;		/* from plan() for apply() */
	void		(*drop)(void *state);	/* frees state; may be NULL */
};

/* Frees what the lower half holds, and empties it. */
void	job_clear(struct job *j);

/* Add a reason. */
void	job_why(struct job *j, const char *fmt, ...)
	    __attribute__((format(printf, 2, 3)));

/* The same, and OUTCOME_FAILED to be returned; reasons so far are dropped. */
enum outcome job_fail(struct job *j, const char *fmt, ...)
	    __attribute__((format(printf, 2, 3)));

/*
 * Does the option "ensure" say present, as it does by default, or absent?  0,
 * or -1 after job_fail() where it is another word.
 */
int	job_ensure(struct job *j, bool *absent);

/* Add an action that was taken: "Created file." */
void	job_did(struct job *j, const char *fmt, ...)
	    __attribute__((format(printf, 2, 3)));

/* Add a member to the detail: what --json shows beside outcome and reasons. */
void	job_detail(struct job *j, const char *name, struct str value);
void	job_detail_num(struct job *j, const char *name, int64_t value);

/* What every resource takes; none of it gets here. */
extern const struct resource_option resource_common[];

/* Index of an option in a table, or -1. */
int	option_find(const struct resource_option *table, struct str name);

/* The known name that name was probably meant to be, or NULL. */
const char *option_nearest(const struct resource_type *type, struct str name);

/* The type, or types, of that name, such as "string"; 0: there is none. */
unsigned option_type(struct str name);

/* Append what an option may be: "a string or a number". */
void	option_types(struct buf *b, unsigned types);

#endif
