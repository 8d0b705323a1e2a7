#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "account/account.h"
#include "base/clock.h"
#include "base/place.h"
#include "base/replace.h"
#include "base/why.h"
#include "facts/text.h"

/*
 * Two kinds of lock are in use, and both are taken: that of lckpwdf(3), which
 * ends with its holder, and beside each file one of shadow-utils, a file that
 * holds a process id and NUL, which is void when there is no such process.
 */
#define PWD_LOCK	"/etc/.pwd.lock"

enum { PAUSE_MS = 50 };

/* False when it is time to give up. */
static bool
wait_until(int64_t end)
{
	if (clock_ms() >= end)
		return false;
	poll(NULL, 0, PAUSE_MS);
	return true;
}

static int
held(struct buf *why, const char *path, long pid)
{
	char comm[64] = "";
	struct buf name = { 0 }, b = { 0 }, ignored = { 0 };

	buf_printf(&name, "/proc/%ld/comm", pid);
	buf_putc(&name, '\0');
	if (pid > 0 && !buf_failed(&name) &&
	    account_slurp(name.p, &b, &ignored) == 0 && b.len > 1 &&
	    b.len < sizeof(comm))
		memcpy(comm, b.p, b.len - 1);
	buf_clear(&name);
	buf_clear(&b);
	buf_clear(&ignored);
	errno = EAGAIN;
	if (pid <= 0)
		return why_say(why, "%s: is held by somebody else", path);
	return why_say(why, "%s: is held by process %ld%s%s%s", path, pid,
	    *comm != '\0' ? " (" : "", comm, *comm != '\0' ? ")" : "");
}

static int
lock_pwd(struct account_lock *l, int64_t end, struct buf *why)
{
	struct flock fl = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	l->fd = open(PWD_LOCK, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC,
	    0600);
	if (l->fd == -1)
		return why_errno(why, PWD_LOCK, "open");
	while (fcntl(l->fd, F_SETLK, &fl) == -1) {
		if (errno != EACCES && errno != EAGAIN && errno != EINTR)
			return why_errno(why, PWD_LOCK, "fcntl");
		if (wait_until(end))
			continue;
		if (fcntl(l->fd, F_GETLK, &fl) == -1 || fl.l_type == F_UNLCK)
			fl.l_pid = 0;
		return held(why, PWD_LOCK, fl.l_pid);
	}
	return 0;
}

/* Who holds the lock file; 0 if it cannot be told, -1 if nobody does. */
static long
holder(const char *path)
{
	struct buf b = { 0 }, ignored = { 0 };
	int64_t pid;
	struct str s;

	if (account_slurp(path, &b, &ignored) == -1)
		pid = errno == ENOENT ? -1 : 0;
	else {
		s = buf_view(&b);
		s = text_cut(&s, '\0');
		if (!text_num(text_trim(s), &pid) || pid <= 0)
			pid = 0;
		else if (kill((pid_t)pid, 0) == -1 && errno == ESRCH)
			pid = -1;
	}
	buf_clear(&b);
	buf_clear(&ignored);
	return (long)pid;
}

/*
 * It comes into being whole, by a link: one that is empty would keep others
 * out for ever.  The temporary name is one that is swept after a kill.
 */
static int
make_lock(const struct place *at, struct buf *why)
{
	struct replace r;
	struct buf pid = { 0 };
	int e, rc;

	buf_printf(&pid, "%ld", (long)getpid());
	buf_putc(&pid, '\0');
	if ((rc = replace_begin(&r, at, 0, why)) == 0 &&
	    (rc = replace_write(&r, buf_view(&pid), why)) == 0 &&
	    (rc = linkat(r.dir, r.temp, r.dir, at->name, 0)) == -1 &&
	    errno != EEXIST)
		why_errno(why, at->path, "linkat");
	e = errno;
	replace_abort(&r);
	buf_clear(&pid);
	errno = e;
	return rc;
}

static int
lock_file(const char *path, int64_t end, struct buf *why)
{
	struct place at;
	long pid;
	int rc;

	if (place_find(&at, path, 0, why) == -1)
		return -1;
	while ((rc = make_lock(&at, why)) == -1 && errno == EEXIST) {
		if ((pid = holder(path)) == -1)
			unlink(path);
		else if (!wait_until(end)) {
			held(why, path, pid);
			break;
		}
	}
	place_clear(&at);
	return rc;
}

static void
lock_name(char *name, size_t size, size_t i)
{
	strlcpy(name, account_paths[i], size);
	strlcat(name, ".lock", size);
}

int
account_lock(struct account_lock *l, const struct accounts *a,
    int64_t timeout_ms, struct buf *why)
{
	int64_t end = clock_ms() + timeout_ms;
	char name[64];
	size_t i;

	*l = (struct account_lock){ .fd = -1 };
	if (lock_pwd(l, end, why) == -1)
		goto unlock;
	for (i = 0; i < ACCOUNT_FILES; i++) {
		if (!a->f[i].there)
			continue;
		lock_name(name, sizeof(name), i);
		if (lock_file(name, end, why) == -1)
			goto unlock;
		l->has[i] = true;
	}
	return 0;
unlock:
	account_unlock(l);
	return -1;
}

void
account_unlock(struct account_lock *l)
{
	char name[64];
	size_t i;

	for (i = ACCOUNT_FILES; i-- > 0;)
		if (l->has[i]) {
			lock_name(name, sizeof(name), i);
			unlink(name);
			l->has[i] = false;
		}
	if (l->fd != -1)
		close(l->fd);
	l->fd = -1;
}
