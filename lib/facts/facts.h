#ifndef FACTS_FACTS_H
#define FACTS_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"
#include "facts/val.h"

/*
 * facts: what this host is.
 *
 * Facts form one tree, whose top has a group for each subject: os, kernel,
 * memory.  A collector finds out about one group, or about a part of one that
 * has its own price, such as kernel.sysctl.  It runs when somebody asks for
 * something in it, and once at most.
 *
 * Nothing here fails because of what the host is like.  A source that is
 * missing, unreadable, no regular file or not what it should be costs the
 * facts that are made of it, and is told by facts_errors().  No child is
 * started, no name service asked, and nothing is sent to other hosts, except
 * by the collectors that say so: external, network_mounts and metadata.
 */
struct facts;

struct facts_options {
	const char	*root;		/* look below it; NULL: the live host */
	const char	*external;	/* directory of custom facts, or NULL */
	bool		 compat;	/* the names old policies use, too */
	bool		 network_mounts;	/* ask remote file systems, too */
	bool		 metadata;	/* ask the cloud, over HTTP */
};

/* The schema of the tree, p2.facts_version. */
enum { FACTS_VERSION = 1 };

/* A row of the table of facts. */
struct fact {
	/*
	 * Below the collector's own name.  "*" stands for any key, "[]" for
	 * each element of an array: "interfaces.*.addresses[].prefix".
	 */
	const char	*name;
	const char	*type;	/* string, integer, number, boolean,
				   array, object; any: as it comes */
	const char	*help;	/* where it comes from */
	bool		 moves;	/* changes from moment to moment */
};

enum collector_when {
	BY_DEFAULT,
	ON_REQUEST,		/* when it is named, or everything is */
	COMPAT,			/* names at the top that old policies use */
	COMPAT_ON_REQUEST
};

struct collector {
	/* "os"; "kernel.sysctl" is a part of "kernel"; "" are compat names. */
	const char		*name;
	const char		*group;	/* what else it is called, or NULL */
	const char		*help;
	enum collector_when	 when;
	bool			 is_array;
	unsigned		 cost;	/* system calls, on a usual host */
	const struct fact	*facts;	/* up to one without a name */
	/* Put what is found into o, which is the group's own. */
	void			(*run)(struct facts *f, struct val *o);
};

/* Of all collectors the i-th, in the order of the tree; NULL past the end. */
const struct collector *facts_collector(size_t i);

/* On success *fp is the caller's, to give back with facts_free().  Returns 0
 * or an errno value: no memory, or o->root cannot be opened.  o is copied, its
 * strings are lent. */
int	facts_new(struct facts **fp, const struct facts_options *o);
void	facts_free(struct facts *f);

/* Run a collector, unless it has run. */
void	facts_run(struct facts *f, size_t i);

/*
 * The value at that dotted path, or NULL: there is no such fact on this host.
 * Runs the collectors it takes.  Lent until facts_free().
 */
struct val *facts_get(struct facts *f, struct str path);

/* Could there be such a fact, on some host? */
bool	facts_known(struct str path);

/* The fact whose name is most like path: of those in the tables, and of those
 * that were found by now.  Lent until facts_free(). */
const char *facts_nearest(struct facts *f, struct str path);

/* All that was found by now; in the order of the tables, if it was run so. */
struct val *facts_tree(struct facts *f);

/* Take out what changes from moment to moment. */
void	facts_strip(struct facts *f);

/*
 * For who prints the facts of whole groups, and needs none of them twice: so
 * that they need not all be in memory at once.  Whenever there are many, fn
 * gets the tree, to take out what it holds: see emit_part().  Facts that may
 * change are left out, if stable.  What was found last remains in the tree.
 */
struct facts_stream {
	void	(*fn)(struct val *tree, const struct val *open, void *arg);
	void	*arg;
	bool	 stable;
};
void	facts_stream(struct facts *f, const struct facts_stream *s);

/* [{"source": ..., "reason": ...}, ...] */
const struct val *facts_errors(const struct facts *f);

/* How long the i-th collector took; -1 if it has not run. */
int64_t	facts_usec(const struct facts *f, size_t i);

/* The name of the host, as uname(2) has it; it may be empty. */
const char *facts_host(struct facts *f);

/* Has memory run out, so that facts may be missing? */
bool	facts_failed(const struct facts *f);

/* Is path the name of the group, or of something in it? */
bool	facts_within(struct str path, const char *group);

/*
 * Installed packages, for who wants all of them and no tree.  fn is called in
 * order of the database; what it gets is lent until it returns.
 */
struct package {
	struct str	name;
	struct str	version;
	struct str	arch;
	struct str	source;
	struct str	section;
	struct str	status;		/* empty: installed, and all is well */
	struct str	state;		/* dpkg's: "installed", "config-files" */
	struct str	provides;	/* as the database has it */
	int64_t		bytes;		/* -1: not known */
	const char	*provider;	/* apt, rpm, apk, pacman, ... */
};

void	facts_each_package(struct facts *f,
	    void (*fn)(const struct package *p, void *arg), void *arg);

/*
 * The same of one database, that of apt, rpm, apk, pacman or portage.  Of dpkg's
 * those that are not installed come as well, as their state says.  False where
 * there is no such database.
 */
bool	facts_packages_of(struct facts *f, const char *manager,
	    void (*fn)(const struct package *p, void *arg), void *arg);

/* Is there a package in the database of rpm that provides this? */
bool	facts_rpm_provides(struct facts *f, const char *what);

/* The digest of the set of packages, as packages.digest. */
void	facts_package_digest(struct facts *f, char hex[65]);

#endif
