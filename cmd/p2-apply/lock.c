#include <sys/file.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "apply.h"

/*
 * The lock is held by an open file, so it ends with its holder, whatever ends
 * him.  The pid in it is only for the message.
 */
static void __attribute__((noreturn))
give_up(int fd, const char *dir)
{
	char pid[32];
	ssize_t n = pread(fd, pid, sizeof(pid) - 1, 0);

	if (n <= 0)
		errx(2, "%s: another run holds it", dir);
	pid[n] = '\0';
	pid[strcspn(pid, "\n")] = '\0';
	errx(2, "%s: process %s holds it", dir, pid);
}

void
lock_store(const char *dir, unsigned seconds)
{
	struct timespec pause = { .tv_nsec = 50 * 1000000 };
	unsigned long tries = seconds * 20UL;
	char path[4096];
	int fd;

	if ((size_t)snprintf(path, sizeof(path), "%s/apply.lock", dir) >=
	    sizeof(path))
		errx(2, "%s: %s", dir, strerror(ENAMETOOLONG));
	if ((fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW,
	    0600)) == -1)
		err(2, "%s", path);
	while (flock(fd, LOCK_EX | LOCK_NB) == -1) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			err(2, "%s", path);
		if (tries-- == 0)
			give_up(fd, dir);
		nanosleep(&pause, NULL);
	}
	if (ftruncate(fd, 0) == -1 || dprintf(fd, "%d\n", (int)getpid()) < 0)
		err(2, "%s", path);
	/* fd stays open until the process ends. */
}
