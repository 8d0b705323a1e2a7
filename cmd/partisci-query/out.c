#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ask.h"

/*
 * Nobody reads any more: end as SIGPIPE would have it, which may be held up
 * while a server is heard.  Where the caller ignores SIGPIPE, it is an error.
 */
static void
end_by_sigpipe(void)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGPIPE);
	(void)sigprocmask(SIG_UNBLOCK, &set, NULL);
}

void
out_write(struct buf *b)
{
	if (buf_failed(b)) {
		errno = ENOMEM;
		err(2, NULL);
	}
	if (buf_write(b, STDOUT_FILENO) == 0)
		return;
	if (errno == EPIPE) {
		end_by_sigpipe();
		errno = EPIPE;
	}
	err(2, "stdout");
}

void
out_close(void)
{
	if (close(STDOUT_FILENO) == -1)
		err(2, "stdout");
}
