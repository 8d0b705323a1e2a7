#include <sys/prctl.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "policy/stuck.h"

enum { PATIENCE = 2 };		/* seconds */

static volatile sig_atomic_t is_child;

bool
stuck_is_child(void)
{
	return is_child;
}

/* The prelude says where an error was made, and one is made here. */
static duk_ret_t
ask(duk_context *ctx, void *udata)
{
	(void)udata;
	duk_push_global_stash(ctx);
	duk_get_prop_string(ctx, -1, "describe");
	duk_push_error_object(ctx, DUK_ERR_ERROR, "%s", "");
	duk_call(ctx, 1);
	duk_require_string(ctx, -1);
	return 1;
}

static _Noreturn void
ask_and_tell(duk_context *ctx, int fd)
{
	static const int deadly[] = { SIGALRM, SIGSEGV, SIGBUS, SIGABRT };
	sigset_t set;
	const char *s;
	size_t i;

	is_child = 1;
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	(void)sigemptyset(&set);
	for (i = 0; i < sizeof(deadly) / sizeof(deadly[0]); i++) {
		(void)signal(deadly[i], SIG_DFL);
		(void)sigaddset(&set, deadly[i]);
	}
	(void)sigprocmask(SIG_UNBLOCK, &set, NULL);
	(void)alarm(PATIENCE);
	if (duk_safe_call(ctx, ask, NULL, 0, 1) == DUK_EXEC_SUCCESS) {
		s = duk_get_string(ctx, -1);
		(void)!write(fd, s, strlen(s));
	}
	_exit(0);
}

/* What the child has to say, if it ends in time. */
static void
listen_to(int fd, char *at, size_t size)
{
	int64_t until = clock_ms() + PATIENCE * 1000, left;
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	size_t len = 0;
	ssize_t n = 1;

	while (n > 0 && len < size - 1 && (left = until - clock_ms()) > 0) {
		if (poll(&pfd, 1, (int)left) != 1)
			continue;
		if ((n = read(fd, at + len, size - 1 - len)) > 0)
			len += (size_t)n;
	}
	/* "FILE:LINE: ", and no message. */
	at[len > 2 && memcmp(at + len - 2, ": ", 2) == 0 ? len - 2 : 0] = '\0';
}

void
stuck_ask(duk_context *ctx, char *at, size_t size)
{
	int fds[2];
	pid_t pid;

	*at = '\0';
	if (pipe2(fds, O_CLOEXEC) == -1)
		return;
	if ((pid = fork()) == 0)
		ask_and_tell(ctx, fds[1]);
	(void)close(fds[1]);
	if (pid != -1) {
		listen_to(fds[0], at, size);
		(void)kill(pid, SIGKILL);
		while (waitpid(pid, NULL, 0) == -1 && errno == EINTR)
			;
	}
	(void)close(fds[0]);
}
