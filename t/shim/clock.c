/*
 * clock: with LD_PRELOAD, the clocks of the host are so many seconds ahead as
 * the file in CLOCK_AHEAD says, and whoever waits for a time looks at them
 * again and again.  What the process starts has the real ones.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { LOOK_NS = 5 * 1000 * 1000 };

static const char *ahead_in;

static time_t
ahead(void)
{
	char text[32];
	int e = errno, fd;
	ssize_t n = -1;

	if (ahead_in != NULL &&
	    (fd = open(ahead_in, O_RDONLY | O_CLOEXEC)) != -1) {
		n = read(fd, text, sizeof(text) - 1);
		close(fd);
	}
	errno = e;
	if (n <= 0)
		return 0;
	text[n] = '\0';
	return atol(text);
}

int
clock_gettime(clockid_t id, struct timespec *t)
{
	if (syscall(SYS_clock_gettime, id, t) == -1)
		return -1;
	if (id == CLOCK_REALTIME || id == CLOCK_MONOTONIC)
		t->tv_sec += ahead();
	return 0;
}

time_t
time(time_t *p)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_REALTIME, &t);
	if (p != NULL)
		*p = t.tv_sec;
	return t.tv_sec;
}

/* A timeout that the caller finds to have come too early. */
int
ppoll(struct pollfd *fds, nfds_t n, const struct timespec *timeout,
    const sigset_t *mask)
{
	struct timespec t = { .tv_nsec = LOOK_NS };

	if (timeout != NULL && timeout->tv_sec == 0 &&
	    timeout->tv_nsec < LOOK_NS)
		t = *timeout;
	return (int)syscall(SYS_ppoll, fds, n, timeout == NULL ? NULL : &t,
	    mask, _NSIG / 8);
}

static void __attribute__((constructor))
begin(void)
{
	ahead_in = getenv("CLOCK_AHEAD");
	unsetenv("LD_PRELOAD");
}
