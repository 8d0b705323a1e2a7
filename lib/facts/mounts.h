#ifndef FACTS_MOUNTS_H
#define FACTS_MOUNTS_H

#include <sys/types.h>

#include <stdint.h>

#include "facts/collect.h"

/*
 * mounts: sizes of file systems, and of those that may never answer.
 */
struct mount_size {
	uint64_t	block_bytes;
	uint64_t	blocks;
	uint64_t	free;
	uint64_t	available;
	uint64_t	inodes;
	uint64_t	inodes_free;
};

/* Returns 0 or an errno value. */
int	mount_ask(struct mount_size *s, const char *path);
void	mount_put_size(struct val *o, const struct mount_size *s);

/*
 * A helper process for each remote file system, all at once; who has not
 * answered after two seconds is left behind.  A zeroed one is empty.
 */
enum { REMOTE_MAX = 64, REMOTE_MS = 2000 };

struct remote {
	size_t	n;
	struct {
		struct val	*o;
		pid_t		 pid;
		int		 fd;
	} helper[REMOTE_MAX];
};

/* What it says, or that it timed out, goes into o in remote_await(). */
void	remote_ask(struct facts *f, struct remote *r, const char *path,
	    struct val *o);
void	remote_await(struct facts *f, struct remote *r);

#endif
