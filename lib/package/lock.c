#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "package/plan.h"

/*
 * Who has the manager?  We only look, and leave the lock to the manager; a
 * lock that cannot be looked at is for it to complain of.
 */
enum { PAUSE_MS = 100 };

/* The process that holds a lock on the file, or 0. */
static pid_t
fcntl_holder(const char *path)
{
	struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int fd;

	if ((fd = open(path, O_RDWR | O_CLOEXEC)) == -1)
		return 0;
	if (fcntl(fd, F_GETLK, &l) == -1 || l.l_type == F_UNLCK)
		l.l_pid = 0;
	close(fd);
	return l.l_pid;
}

/* The number in the file, if such a process lives. */
static pid_t
pid_holder(const char *path)
{
	long pid = 0;
	FILE *f;

	if ((f = fopen(path, "re")) == NULL)
		return 0;
	if (fscanf(f, "%ld", &pid) != 1 || pid <= 0 ||
	    kill((pid_t)pid, 0) == -1)
		pid = 0;
	fclose(f);
	return (pid_t)pid;
}

/* "unattended-upgr (process 123)"; -1 is somebody. */
static void
put_holder(struct buf *b, pid_t pid)
{
	char path[64], name[64] = "";
	FILE *f;

	if (pid <= 0) {
		buf_puts(b, "somebody");
		return;
	}
	(void)snprintf(path, sizeof(path), "/proc/%ld/comm", (long)pid);
	if ((f = fopen(path, "re")) != NULL) {
		if (fgets(name, sizeof(name), f) != NULL)
			name[strcspn(name, "\n")] = '\0';
		fclose(f);
	}
	if (*name != '\0')
		buf_printf(b, "%s (process %ld)", name, (long)pid);
	else
		buf_printf(b, "process %ld", (long)pid);
}

/* The index of the first lock that is held, with its holder, or -1. */
static int
find_held(const struct manager *m, pid_t *pid)
{
	int i;

	for (i = 0; i < PACKAGE_LOCKS && m->locks[i].path != NULL; i++) {
		*pid = 0;
		if (m->locks[i].kind == LOCK_FCNTL)
			*pid = fcntl_holder(m->locks[i].path);
		else if (m->locks[i].kind == LOCK_PID)
			*pid = pid_holder(m->locks[i].path);
		else if (access(m->locks[i].path, F_OK) == 0)
			*pid = -1;
		if (*pid != 0)
			return i;
	}
	return -1;
}

int
manager_wait(const struct manager *m, long ms, struct buf *why)
{
	const struct timespec pause = { .tv_nsec = PAUSE_MS * 1000000L };
	int64_t until = clock_ms() + ms;
	pid_t pid;
	int i;

	while ((i = find_held(m, &pid)) != -1) {
		if (clock_ms() >= until ||
		    (nanosleep(&pause, NULL) == -1 && errno == EINTR)) {
			buf_printf(why, "%s is locked by ", m->locks[i].path);
			put_holder(why, pid);
			buf_printf(why, "; waited %g s", (double)ms / 1000);
			return -1;
		}
	}
	return 0;
}
