#ifndef PACKAGE_PLAN_H
#define PACKAGE_PLAN_H

#include <sys/stat.h>

#include "package/package.h"
#include "update/order.h"

/*
 * plan: what the files of package share.
 *
 * Options become a struct package_want (want.c), which is compared
 * with what is there (find.c, language.c) and with what the
 * manager offers (offer.c, apt.c).  What comes of it is a list
 * of changes (change.c), for act.c to carry out by what
 * manager.c has of the manager, after lock.c has found it
 * free.
 */

/* What is done to a package; the order is that in which it is done. */
enum package_verb {
	VERB_REMOVE,
	VERB_PURGE,			/* its configuration, too */
	VERB_RELEASE,			/* it is no longer held */
	VERB_INSTALL,
	VERB_UPGRADE,
	VERB_DOWNGRADE,
	VERB_HOLD,
	VERBS
};

enum { PACKAGE_PATHS = 3, PACKAGE_LOCKS = 4, PACKAGE_REFRESHED_MAX = 8 };

enum package_lock_kind {
	LOCK_NONE,
	LOCK_FCNTL,			/* fcntl(2), on the whole file */
	LOCK_PID,			/* the file has the holder's number */
	LOCK_EXISTS			/* that it is there is the lock */
};

struct manager {
	const char	*name;		/* the provider */
	const char	*alias;		/* another name, or NULL */
	const char	*family;	/* the os_family it belongs to, or NULL */
	enum order	 order;
	/* Words of the commands, up to NULL; a verb that it has not is NULL. */
	const char *const *verbs[VERBS];
	const char *const *refresh;
	/*
	 * Prints what could be upgraded of the names, in whatever way;
	 * update() calls fn for each.  NULL: there is no telling.
	 */
	const char *const *latest;
	bool		 latest_all;	/* it takes no names */
	void		(*update)(struct str out, void (*fn)(struct str name,
			    struct str version, void *arg), void *arg);
	/* Name, version: "%n=%v"; with a comparison: "%n%o%v". */
	const char	*exact;
	const char	*compare;
	/* The words for recommends: false and true; NULL: none. */
	const char	*recommends[2];
	/* Of the facts that are its database; NULL: look() knows. */
	const char	*database;
	const char	*paths[PACKAGE_PATHS];	/* what changes with it */
	/* The version that is there, appended to b; false: it is not. */
	bool		(*look)(const char *prefix, const char *name,
			    struct buf *b);
	struct {
		enum package_lock_kind kind;
		const char	*path;
	} locks[PACKAGE_LOCKS];
	/* To be run first if there is anything in a directory. */
	const char	*unfinished;
	const char *const *finish;
	/* Installs files, not names: prints the version that is in one. */
	const char *const *file;
};

extern const struct manager managers[];		/* up to one without name */

const struct manager *manager_called(const char *name);
const struct manager *manager_of(const char *family);

enum package_state {
	PACKAGE_NONE,
	PACKAGE_LEFT,			/* its configuration alone */
	PACKAGE_PARTLY,			/* unpacked, half configured */
	PACKAGE_INSTALLED
};

struct package_found {
	enum package_state state;
	const char	*version;	/* lent; "" if there is none */
	bool		 held;
};

/* What a manager could install. */
struct package_offer {
	struct package_offer *next;
	const struct manager *m;
	char		*name;
	bool		 known;		/* there is one, or what provides it */
	char		*best;		/* NULL: not known, or nothing newer */
	struct buf	 versions;	/* each with NUL; only of apt */
};

enum package_ensure {
	ENSURE_PRESENT, ENSURE_LATEST, ENSURE_ABSENT, ENSURE_PURGED
};

struct package_change {
	enum package_verb verb;
	const char	*name;		/* one of the want's */
	char		*from;		/* a version, or NULL */
	char		*to;
};

struct package_want {
	struct package_want *next;	/* of those ahead */
	char		*title;
	const struct manager *m;
	enum package_ensure ensure;
	char		*version;	/* what the test lends from, or NULL */
	struct version_test test;
	char		**names;
	size_t		 nnames;
	char		*source;	/* a file, or NULL */
	char		*prefix;	/* or NULL */
	int		 recommends;	/* -1: as the manager has it */
	int		 hold;		/* -1: as it is */
	long		 timeout_ms;
	long		 lock_ms;

	struct package_change *changes;
	size_t		 nchanges;
	bool		 unsure;	/* whether there is something newer */

	/* Of one ahead: who is to be told, two strings each with NUL. */
	struct buf	 owed;
	size_t		 nowed;

	/* What came of it, once a transaction has had it. */
	bool		 done;
	enum outcome	 outcome;
	bool		 hard;		/* a failure that ends the run */
	struct buf	 why;
	struct buf	 did;
	struct buf	 out;		/* of what it was tried with, alone */
	struct buf	 err;
};

/* A package in the table of those that are there; all in packages.text. */
struct package_entry {
	const char	*name;
	const char	*version;
	const char	*arch;
	const char	*provides;
	enum package_state state;
	bool		 held;
};

/* What a dry run, or its like, has changed. */
struct package_pretended {
	struct package_pretended *next;
	char		*key;		/* database or manager, prefix, name */
	char		*version;
	enum package_state state;
	bool		 held;
};

struct packages {
	const char	*database;	/* what the table is of, or NULL */
	struct stat	 seen[PACKAGE_PATHS];
	struct buf	 text;
	struct package_entry *entries;	/* sorted by name */
	size_t		 nentries;
	struct buf	 version;	/* what was lent last by look() */
	struct package_pretended *pretended;
	struct package_offer *offers;
	const struct manager *refreshed[PACKAGE_REFRESHED_MAX];
	size_t		 nrefreshed;
	struct package_want *ahead;	/* in order */
	bool		 dry;		/* nobody may write, managers neither */
};

/* --- want.c */
extern const struct resource_option package_options[];
/* What the job's options say; NULL after job_fail(). */
struct package_want *want_new(struct job *j);
void	want_free(struct package_want *w);
/* Are both for one transaction? */
bool	want_same(const struct package_want *a, const struct package_want *b);
/* Do both ask for the same thing? */
bool	want_equal(const struct package_want *a,
	    const struct package_want *b);

/* What it leaves on the host when it has left its policy. */
enum resource_owns package_owns(const struct job *j);

/* --- find.c */
void	package_find(struct packages *ps, const struct package_want *w,
	    const char *name, struct package_found *f);
/* The database has been changed: read it again. */
void	packages_forget(struct packages *ps);
/* 0, or -1: out of memory. */
int	package_pretend(struct packages *ps, const struct package_want *w,
	    const char *name, enum package_state state, const char *version,
	    bool held);

/* --- offer.c */
/* What is offered by that name; NULL with words in why. */
const struct package_offer *package_offer(struct packages *ps,
	    const struct package_want *w, const char *name, struct buf *why);
void	packages_forget_offers(struct packages *ps);

/* --- apt.c */
/* Fill the offers for these, which are there already.  0, or -1 with why. */
int	apt_offers(struct packages *ps, struct package_offer **v, size_t n,
	    struct buf *why);
/* What a list of packages has of them; or "apt-cache policy" prints. */
void	apt_take_list(struct package_offer *const *v, size_t n,
	    struct str arch, struct str text);
void	apt_take_policy(struct package_offer *const *v, size_t n,
	    struct str text);

/* --- change.c */
/*
 * Compare, and list in w->changes what differs.  0, or -1 with why.  unheard:
 * a name that nobody offers is no failure, for the index will be read again.
 */
int	want_compare(struct packages *ps, struct package_want *w, bool unheard,
	    struct buf *why);
/* The list in words, as reasons. */
void	want_reasons(const struct package_want *w, struct job *j);
/* Has the change come true?  Then what was done, else why not. */
bool	change_done(struct packages *ps, struct package_want *w,
	    const struct package_change *c, struct buf *did, struct buf *why);

/* --- act.c */
/*
 * Carry out the changes of all, which are for one transaction.  What it prints
 * is of the first, and of those that fail.
 */
void	package_act(struct packages *ps, struct package_want *const *v,
	    size_t n, struct buf *out, struct buf *err);
/* Have the manager tell something of the names; 0, or -1 with why. */
int	package_ask(const struct package_want *w, const char *const *words,
	    const char *const *names, struct buf *out, struct buf *why);

/* --- lock.c */
/* Wait until nobody has the manager.  0, or -1 with words in why. */
int	manager_wait(const struct manager *m, long ms, struct buf *why);

/* --- language.c */
bool	npm_look(const char *prefix, const char *name, struct buf *b);
bool	pip_look(const char *prefix, const char *name, struct buf *b);
bool	gem_look(const char *prefix, const char *name, struct buf *b);
/* The program's path in PATH, to be freed, or NULL. */
char	*program_path(const char *name);
/* pip, of that prefix; to be freed. */
char	*pip_program(const char *prefix);

/* --- package_update.c: what managers print of upgrades */
typedef void update_fn(struct str name, struct str version, void *arg);
void	dnf_update(struct str out, update_fn *fn, void *arg);
void	zypper_update(struct str out, update_fn *fn, void *arg);
void	pacman_update(struct str out, update_fn *fn, void *arg);
void	apk_update(struct str out, update_fn *fn, void *arg);
void	npm_update(struct str out, update_fn *fn, void *arg);
void	pip_update(struct str out, update_fn *fn, void *arg);
void	gem_update(struct str out, update_fn *fn, void *arg);
void	portage_update(struct str out, update_fn *fn, void *arg);

#endif
