#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

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
 * him.  Nothing is written into it, for a run that changes nothing writes
 * nothing; the kernel knows who holds it.
 */

/* 0 where it is not to be found out, as across pid namespaces. */
static long
holder_of(int fd)
{
	char line[256], file[64];
	long pid, holder = 0;
	struct stat st;
	FILE *f;

	if (fstat(fd, &st) == -1 || (f = fopen("/proc/locks", "re")) == NULL)
		return 0;
	snprintf(file, sizeof(file), " %02x:%02x:%llu ", major(st.st_dev),
	    minor(st.st_dev), (unsigned long long)st.st_ino);
	while (holder == 0 && fgets(line, sizeof(line), f) != NULL)
		if (strstr(line, file) != NULL && strstr(line, "->") == NULL &&
		    sscanf(line, "%*s FLOCK %*s %*s %ld", &pid) == 1 &&
		    pid > 0)
			holder = pid;
	fclose(f);
	return holder;
}

static void __attribute__((noreturn))
give_up(int fd, const char *dir)
{
	long pid = holder_of(fd);

	if (pid == 0)
		errx(2, "%s: another run holds it", dir);
	errx(2, "%s: process %ld holds it", dir, pid);
}

static int
open_lock(const char *path)
{
	int flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW, fd;

	if ((fd = open(path, flags)) == -1 && errno == ENOENT)
		fd = open(path, flags | O_CREAT, 0600);
	return fd;
}

static int held = -1;

void
lock_release(void)
{
	(void)flock(held, LOCK_UN);
}

bool
lock_again(const char *dir)
{
	if (flock(held, LOCK_EX) == -1) {
		if (errno == EINTR)
			return false;
		err(2, "%s/apply.lock", dir);
	}
	return true;
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
	if ((fd = open_lock(path)) == -1)
		err(2, "%s", path);
	while (TEMP_FAILURE_RETRY(flock(fd, LOCK_EX | LOCK_NB)) == -1) {
		if (errno != EWOULDBLOCK)
			err(2, "%s", path);
		if (tries-- == 0)
			give_up(fd, dir);
		nanosleep(&pause, NULL);
	}
	held = fd;		/* until the process ends */
}
