#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "base/clock.h"
#include "facts/mounts.h"

void
remote_ask(struct facts *f, struct remote *r, const char *path,
    struct val *o)
{
	struct mount_size s;
	int fds[2];
	pid_t pid;

	if (r->n == REMOTE_MAX) {
		src_error(f, path, "not asked: there are too many");
		return;
	}
	if (pipe2(fds, O_CLOEXEC) == -1) {
		src_errno(f, path, errno);
		return;
	}
	if ((pid = fork()) == 0) {
		/* Only calls that are safe between fork and exit. */
		if (mount_ask(&s, path) == 0)
			(void)!write(fds[1], &s, sizeof(s));
		_exit(0);
	}
	close(fds[1]);
	if (pid == -1) {
		src_errno(f, path, errno);
		close(fds[0]);
		return;
	}
	r->helper[r->n].o = o;
	r->helper[r->n].pid = pid;
	r->helper[r->n++].fd = fds[0];
}

/* Where it hangs in the kernel, nothing ends it: so do not wait then. */
static void
finish(struct remote *r, size_t i, bool answered)
{
	struct mount_size s;
	pid_t pid = r->helper[i].pid;

	if (!answered) {
		val_bool(r->helper[i].o, "timed_out", true);
		(void)kill(pid, SIGKILL);
		(void)waitpid(pid, NULL, WNOHANG);
	} else {
		if (read(r->helper[i].fd, &s, sizeof(s)) == sizeof(s))
			mount_put_size(r->helper[i].o, &s);
		while (waitpid(pid, NULL, 0) == -1 && errno == EINTR)
			;
	}
	close(r->helper[i].fd);
}

void
remote_await(struct facts *f, struct remote *r)
{
	int64_t until = clock_us() + (int64_t)REMOTE_MS * 1000, left;
	struct pollfd pfd;
	size_t i;

	(void)f;
	for (i = 0; i < r->n; i++) {
		pfd = (struct pollfd){ .fd = r->helper[i].fd,
		    .events = POLLIN };
		left = (until - clock_us()) / 1000;
		finish(r, i, poll(&pfd, 1, left > 0 ? (int)left : 0) > 0);
	}
	r->n = 0;
}
