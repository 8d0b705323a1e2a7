#ifndef FACTS_STATE_H
#define FACTS_STATE_H

#include "facts/collect.h"

/* state: what is inside of struct facts; for facts.c, src.c and host.c. */
enum { COLLECTORS_MAX = 64 };

/* On which file system a source is. */
enum src_kind {
	SRC_UNKNOWN,
	SRC_ANY,
	SRC_SYSFS,		/* or what is mounted in it: cgroups, ... */
	SRC_PROCFS,
	SRC_SYSCTL		/* /proc/sys */
};

/* A source that is read once. */
struct kept {
	struct kept	*next;
	const char	*path;
	struct str	 text;
};

struct facts {
	struct arena		 arena;
	struct arena		 vals;		/* the tree */
	struct facts_stream	 stream;	/* fn is NULL: none */
	const struct collector	*running;
	struct val		*group;		/* where it puts its facts */
	struct facts_options	 opt;
	int			 rootfd;	/* -1: the live host */
	enum src_kind		 procfs;	/* what is at /proc */
	enum src_kind		 sysfs;		/* what is at /sys */
	int64_t			 began;
	struct val		*tree;
	struct val		*errors;
	struct buf		 io;		/* what src_text() lends */
	struct kept		*kept;
	struct buf		 db;		/* see src_database() */
	const char		*db_path;
	struct buf		 packages;	/* of dpkg: see dpkg.c */
	bool			 packages_known;
	bool			 has_packages;
	struct host_name	 name;
	bool			 named;
	struct str		 domain;	/* p is NULL: not asked for */
	bool			 cgroup_known;
	int			 cgroup_version;	/* 0: none */
	bool			 elf_known;
	unsigned		 elf_bits;
	unsigned		 elf_machine;
	struct net		*net;		/* NULL: not asked for */
	struct dir		*blocks;	/* block_dir(); NULL: likewise */
	bool			 has_blocks;
	struct block		*block;		/* block_all() */
	size_t			 nblocks;
	int64_t			 usec[COLLECTORS_MAX];	/* -1: not run */
};

#endif
