#ifndef BASE_CHILD_H
#define BASE_CHILD_H

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/*
 * child: run a program to its end and take in what it writes.
 *
 * It gets a process group of its own, /dev/null as stdin, signals as they are
 * by default, and no descriptor but the first three.  What it leaves behind in
 * the background does not hold us up, even where that keeps stdout open.
 */
enum { CHILD_OUTPUT_MAX = 16 * 1024 * 1024 };

struct child {
	const char *const *argv;	/* up to NULL; PATH is searched */
	const char *const *env;		/* up to NULL; or NULL: ours */
	const char	*cwd;		/* NULL: ours */
	bool		 set_uid;
	uid_t		 uid;
	bool		 set_gid;
	gid_t		 gid;
	const char	*user;		/* for initgroups(3), or NULL */
	bool		 set_umask;
	mode_t		 umask;
	long		 timeout_ms;	/* 0: none; then the group is ended */
	/* For stdin, or NULL.  Who gives some ignores SIGPIPE. */
	const char	*input;
	size_t		 input_len;
	bool		 inherit;	/* let it have our stdout and stderr */
	bool		 no_network;	/* where the kernel can keep it from it */

	/* What came of it. */
	int		 status;	/* exit status */
	int		 signal;	/* or the signal that ended it, or 0 */
	bool		 timed_out;
	struct buf	*out;		/* appended to; NULL: /dev/null */
	struct buf	*err;
	/*
	 * Of more than CHILD_OUTPUT_MAX bytes, the first are dropped, so many
	 * in both together.
	 */
	size_t		 dropped;
};

/*
 * Returns 0 if it ran, however it ended; or -1, errno, and in *what the words
 * for the thing that could not be done (static, or one of the strings above).
 */
int	child_run(struct child *c, const char **what);

/*
 * End the group of the child that is being waited for, if there is one, as
 * Ctrl-C would.  For signal handlers.
 */
void	child_interrupt(void);

#endif
