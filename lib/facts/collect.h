#ifndef FACTS_COLLECT_H
#define FACTS_COLLECT_H

#include <sys/stat.h>

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"
#include "facts/facts.h"
#include "facts/text.h"
#include "facts/val.h"

/*
 * collect: what collectors are made with, and nobody else sees.
 *
 * Sources are named from the root, "/proc/meminfo", and read below the root
 * that was chosen; there symbolic links stay below it, too.  What is no
 * regular file is not read.  Nothing here waits.
 */
enum {
	SRC_MAX = 64 * 1024,		/* bytes that are read of a source */
	SRC_LARGE = 4 * 1024 * 1024	/* where thousands of entries are usual */
};

/* A directory, or NULL for the root: what names are relative to. */
struct dir {
	int		  fd;
	const char	 *path;
	size_t		  n;
	const char	**names;	/* sorted as text_cmp() does */
	bool		  here;		/* it is not below the root */
};

/*
 * The content of a source; p is NULL where it cannot be had.  Lent until the
 * next src_ function is called: take out what you need first.  What exceeds
 * the limit is cut at a line and told as an error.
 */
struct str src_text(struct facts *f, const struct dir *d, const char *path);
struct str src_text_max(struct facts *f, const struct dir *d,
	    const char *path, size_t max);

/* The same, for sources that several collectors use: read once, and kept. */
struct str src_keep(struct facts *f, const char *path, size_t max);

/* The same for one large source, of which there is no copy: lent until the
 * next call with another path, a literal. */
struct str src_database(struct facts *f, const char *path, size_t max);

/* Its bytes appended to b, to be cleared by the caller.  False: none. */
bool	src_load(struct facts *f, const struct dir *d, const char *path,
	    size_t max, struct buf *b);

/* A descriptor of the source, for who reads it piece by piece and closes it;
 * or -1, which was told. */
int	src_open(struct facts *f, const struct dir *d, const char *path);

/* Its first n bytes, of however many. */
bool	src_head(struct facts *f, const char *path, size_t n, struct buf *b);

/* The source as one trimmed line; as a number. */
struct str src_line(struct facts *f, const struct dir *d, const char *path);
bool	src_num(struct facts *f, const struct dir *d, const char *path,
	    int64_t *n);

/* Straight from a source into a fact; nothing there, no fact. */
void	src_put_line(struct facts *f, const struct dir *d, const char *path,
	    struct val *o, const char *key);
void	src_put_num(struct facts *f, const struct dir *d, const char *path,
	    struct val *o, const char *key);
void	src_put_bool(struct facts *f, const struct dir *d, const char *path,
	    struct val *o, const char *key);

/* Where a symbolic link leads, in room; p is NULL if it is none. */
struct str src_link(struct facts *f, const struct dir *d, const char *path,
	    char room[PATH_MAX]);

bool	src_exists(struct facts *f, const char *path);
bool	src_stat(struct facts *f, const struct dir *d, const char *path,
	    struct stat *st);

/*
 * List a directory, but for names that start with a dot.  False if it cannot
 * be had; otherwise close it with dir_close(), whose names outlive it.
 * dir_open_here() takes the path as the caller does, not below the root; the
 * files in it are then read so, too.
 */
bool	dir_open(struct facts *f, const struct dir *above, const char *path,
	    struct dir *d);
bool	dir_open_here(struct facts *f, const char *path, struct dir *d);
void	dir_close(struct dir *d);
bool	dir_reopen(struct facts *f, struct dir *d);	/* not listed again */
bool	dir_has(const struct dir *d, const char *name);
bool	dir_is_dir(struct facts *f, const struct dir *d, size_t i);
bool	dir_may_be_link(const struct dir *d, size_t i);

/* Something could not be had, for a reason in words or an errno. */
void	src_error(struct facts *f, const char *source, const char *reason);
void	src_errno(struct facts *f, const char *source, int error);

/*
 * The members of o are as they will be, and more may follow, of which there
 * may be thousands.  o is the last of all that was put into the group; what
 * was in it may be gone then.
 */
void	facts_more(struct facts *f, struct val *o);

/* Run the collectors of that name first: their facts are needed. */
void	facts_run_named(struct facts *f, const char *name);

/* Is it the live host?  Only there do system calls tell about it. */
bool	facts_live(const struct facts *f);
struct val *facts_top(struct facts *f);
struct arena *facts_arena(struct facts *f);
const struct facts_options *facts_opt(const struct facts *f);

/* uname(2), also below a root. */
struct host_name {
	const char	*sysname;
	const char	*nodename;
	const char	*release;
	const char	*version;
	const char	*machine;
};
const struct host_name *host_name(struct facts *f);
int	host_elf_class(struct facts *f);	/* 32, 64; 0: not known */
const char *host_node_arch(struct facts *f);	/* "x64", as old policies say */

/* os-release(5), first file that is there: its value for a key, unquoted. */
struct str os_release(struct facts *f, const char *key);
struct str os_release_text(struct facts *f);
struct str os_family(struct facts *f);
/* A value in the shell's quoting, as os-release has it, in the arena. */
struct str os_unquote(struct facts *f, struct str s);

/* Pieces of facts that more than one collector needs. */
void	host_names(struct facts *f, struct val *o);	/* hostname ... fqdn */
int64_t	cgroup_memory_max(struct facts *f);		/* -1: none */
double	cgroup_cpu_quota(struct facts *f);		/* in CPUs; 0: none */
int64_t	meminfo(struct facts *f, const char *key);	/* bytes; -1: none */
int64_t	boot_time(struct facts *f);			/* 0: not known */
struct str proc_status(struct facts *f, const char *key);

extern const struct collector
    collect_p2, collect_os, collect_kernel, collect_sysctl, collect_security,
    collect_processors, collect_memory, collect_system, collect_sensors,
    collect_identity, collect_hardware, collect_pci, collect_usb,
    collect_virtual, collect_cgroup, collect_networking, collect_wireless, collect_rules,
    collect_neighbours, collect_hosts, collect_listening, collect_sockets,
    collect_disks, collect_partitions, collect_mountpoints, collect_fstab,
    collect_storage, collect_storage_io, collect_packages,
    collect_package_list, collect_upgradable, collect_language,
    collect_services, collect_timers, collect_cron, collect_users,
    collect_groups, collect_sudoers, collect_ssh, collect_certificates,
    collect_containers, collect_kubernetes, collect_languages, collect_shells,
    collect_processes, collect_counters, collect_external,
    collect_old_os, collect_old_dist, collect_old_cpus, collect_old_nics, collect_old_dmi,
    collect_old_self, collect_old_packages, collect_old_accounts,
    collect_old_services;

#endif
