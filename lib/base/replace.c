#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/replace.h"
#include "base/why.h"

#define TEMP_PREFIX	".p2-"
#define TEMP_SUFFIX	".new"

enum { DIGITS = 16, SWEPT_MAX = 8, MADE_MAX = 256, COPY_SIZE = 64 * 1024 };

/*
 * Directories this thread has swept last.  Whoever else dies while it goes on
 * leaves what a later run finds.
 */
static _Thread_local struct { dev_t dev; ino_t ino; } swept[SWEPT_MAX];
static _Thread_local unsigned nswept;

/* The numbers in the names that were made last. */
static _Thread_local uint64_t made[MADE_MAX];
static _Thread_local unsigned nmade;

bool
replace_is_temp(const char *name)
{
	size_t i, n = strlen(TEMP_PREFIX);

	if (strncmp(name, TEMP_PREFIX, n) != 0)
		return false;
	for (i = 0; i < DIGITS; i++)
		if (!isxdigit((unsigned char)name[n + i]))
			return false;
	return strcmp(name + n + DIGITS, TEMP_SUFFIX) == 0;
}

bool
replace_made(const char *name)
{
	uint64_t n;
	unsigned i;

	if (!replace_is_temp(name))
		return false;
	n = strtoull(name + strlen(TEMP_PREFIX), NULL, 16);
	for (i = 0; i < MADE_MAX; i++)
		if (made[i] == n)
			return true;
	return false;
}

static void
temp_name(char *name, size_t size)
{
	uint64_t n;

	arc4random_buf(&n, sizeof(n));
	made[nmade++ % MADE_MAX] = n;
	snprintf(name, size, TEMP_PREFIX "%016llx" TEMP_SUFFIX,
	    (unsigned long long)n);
}

static bool
was_swept(const struct stat *st)
{
	unsigned i;

	for (i = 0; i < SWEPT_MAX; i++)
		if (swept[i].dev == st->st_dev && swept[i].ino == st->st_ino)
			return true;
	swept[nswept % SWEPT_MAX].dev = st->st_dev;
	swept[nswept++ % SWEPT_MAX].ino = st->st_ino;
	return false;
}

/* For a new owner, a file changes hands before it gets its name. */
static bool
is_ours(const struct stat *st)
{
	return st->st_uid == geteuid() || geteuid() == 0;
}

/*
 * Remove what others of us have left here, if none of them is alive: those
 * hold a shared lock.  Whatever goes wrong, a later run will try again.
 */
static void
sweep(int dir, const struct stat *dst)
{
	struct dirent *e;
	struct stat st;
	DIR *d;
	int fd;

	if (was_swept(dst) || flock(dir, LOCK_EX | LOCK_NB) == -1)
		return;
	if ((fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1)
		return;
	if ((d = fdopendir(fd)) == NULL) {
		close(fd);
		return;
	}
	while ((e = readdir(d)) != NULL)
		if (replace_is_temp(e->d_name) &&
		    fstatat(dir, e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    is_ours(&st))
			unlinkat(dir, e->d_name, 0);
	closedir(d);
}

/* Into r->dir. */
static int
open_dir(struct replace *r, struct buf *why)
{
	const char *path = r->at->path;
	struct stat st;

	if ((r->dir = place_open_dir(r->at)) == -1)
		return why_errno(why, path, "open its directory");
	if (fstat(r->dir, &st) == -1)
		return why_errno(why, path, "fstat its directory");
	r->dev = st.st_dev;
	sweep(r->dir, &st);
	flock(r->dir, LOCK_SH | LOCK_NB);
	return 0;
}

int
replace_begin(struct replace *r, const struct place *at, int flags,
    struct buf *why)
{
	mode_t mode = flags & REPLACE_PUBLIC ? 0666 : 0600;

	*r = (struct replace){ .at = at, .dir = -1, .fd = -1,
	    .attrs = ATTRS_NONE };
	if (flags & REPLACE_IN_PLACE) {
		r->in_place = true;
		r->fd = memfd_create("p2", MFD_CLOEXEC);
		return r->fd == -1 ?
		    why_errno(why, at->path, "memfd_create") : 0;
	}
	if (open_dir(r, why) == -1)
		return -1;
	do {
		temp_name(r->temp, sizeof(r->temp));
		r->fd = openat(r->dir, r->temp, O_RDWR | O_CREAT | O_EXCL |
		    O_NOFOLLOW | O_CLOEXEC, mode);
	} while (r->fd == -1 && (errno == EEXIST || errno == EINTR));
	if (r->fd != -1)
		return 0;
	r->temp[0] = '\0';
	return why_errno(why, at->path, "create a temporary file beside it");
}

static int
write_all(int fd, const char *p, size_t n)
{
	ssize_t k;

	for (; n > 0; p += k, n -= (size_t)k) {
		k = TEMP_FAILURE_RETRY(write(fd, p, n));
		if (k == 0)
			errno = EIO;
		if (k <= 0)
			return -1;
	}
	return 0;
}

int
replace_write(struct replace *r, struct str s, struct buf *why)
{
	if (write_all(r->fd, s.p, s.len) == -1)
		return why_errno(why, r->at->path, "write");
	return 0;
}

/* From where each of them stands; *call says what failed. */
static int
copy_all(int from, int to, const char **call)
{
	char *p;
	ssize_t n;
	int rc = -1;

	*call = "malloc";
	if ((p = malloc(COPY_SIZE)) == NULL)
		return -1;
	for (;;) {
		*call = "read";
		n = TEMP_FAILURE_RETRY(read(from, p, COPY_SIZE));
		if (n <= 0)
			break;
		*call = "write";
		if (write_all(to, p, (size_t)n) == -1)
			goto free_p;
	}
	rc = n == 0 ? 0 : -1;
free_p:
	free(p);
	return rc;
}

int
replace_copy(struct replace *r, int fd, struct buf *why)
{
	const char *call;

	if (copy_all(fd, r->fd, &call) == -1)
		return why_errno(why, r->at->path, call);
	return 0;
}

int
replace_attrs(struct replace *r, int old, const struct attrs *a,
    struct buf *why)
{
	r->attrs = *a;
	if (r->in_place)
		return 0;
	if (old == -1)
		return attrs_set(r->fd, a, r->at->path, why);
	return attrs_copy(old, r->fd, a, r->at->path, why);
}

void
replace_path(const struct replace *r, struct buf *path)
{
	const char *slash = strrchr(r->at->path, '/');

	buf_reset(path);
	if (r->in_place)
		buf_printf(path, "/proc/%ld/fd/%d", (long)getpid(), r->fd);
	else {
		if (slash != NULL)
			buf_add(path, r->at->path,
			    (size_t)(slash + 1 - r->at->path));
		buf_puts(path, r->temp);
	}
}

/* Both from their beginning; to is cut to that length and made durable. */
static int
overwrite(int from, int to, const char **call)
{
	off_t len;

	*call = "lseek";
	if (lseek(from, 0, SEEK_SET) == -1 || lseek(to, 0, SEEK_SET) == -1)
		return -1;
	if (copy_all(from, to, call) == -1)
		return -1;
	*call = "ftruncate";
	if ((len = lseek(to, 0, SEEK_CUR)) == -1 ||
	    TEMP_FAILURE_RETRY(ftruncate(to, len)) == -1)
		return -1;
	*call = "fsync";
	return TEMP_FAILURE_RETRY(fsync(to));
}

/* Take room before the first byte changes, where the filesystem can. */
static int
make_room(int fd, int from, const struct stat *old)
{
	struct stat st;

	if (fstat(from, &st) == -1)
		return -1;
	if (st.st_size <= old->st_size)
		return 0;
	if (TEMP_FAILURE_RETRY(fallocate(fd, FALLOC_FL_KEEP_SIZE, 0,
	    st.st_size)) == 0 || errno == EOPNOTSUPP || errno == ENOSYS)
		return 0;
	return -1;
}

/* The content of r->fd into to, or to as it was. */
static int
write_in_place(struct replace *r, int to, struct buf *why)
{
	const char *call = "memfd_create", *ignored;
	struct stat st;
	int e, keep, rc = -1;

	if ((keep = memfd_create("p2-old", MFD_CLOEXEC)) == -1 ||
	    copy_all(to, keep, &call) == -1)
		goto close_keep;
	call = "fallocate";
	if (fstat(to, &st) == -1 || make_room(to, r->fd, &st) == -1)
		goto close_keep;
	if ((rc = overwrite(r->fd, to, &call)) == -1) {
		e = errno;
		if (overwrite(keep, to, &ignored) == -1)
			call = "write in place (the old content is lost)";
		errno = e;
	}
close_keep:
	if (rc == -1)
		why_errno(why, r->at->path, call);
	if (keep != -1)
		close(keep);
	return rc;
}

/* Content, then attributes, which includes those that writing takes away. */
static int
fill_in_place(struct replace *r, int to, struct buf *why)
{
	const char *path = r->at->path;
	struct attrs a = r->attrs;
	struct buf caps = { 0 };
	struct stat st;
	int rc = -1;

	if (fstat(to, &st) == -1 || !S_ISREG(st.st_mode))
		return why_say(why, "%s: is no longer a file", path);
	if (a.mode == (mode_t)-1)
		a.mode = st.st_mode & 07777;
	if (attrs_caps_get(to, &caps, path, why) == 0 &&
	    write_in_place(r, to, why) == 0 &&
	    attrs_set(to, &a, path, why) == 0 &&
	    attrs_caps_set(to, &caps, path, why) == 0)
		rc = 0;
	buf_clear(&caps);
	return rc;
}

/*
 * Opened without O_TRUNC, and looked at before it is written: it may be a FIFO
 * by now.
 */
static int
commit_in_place(struct replace *r, bool override, struct buf *why)
{
	const char *path = r->at->path;
	int fd, flags = 0, ro, rc = -1;

	ro = place_open(r->at, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	if (ro == -1)
		return why_errno(why, path, "openat");
	if (override && attrs_flags_clear(ro, &flags, path, why) == -1)
		goto close_ro;
	fd = place_open(r->at, O_RDWR | O_NONBLOCK | O_NOCTTY);
	if (fd == -1)
		why_errno(why, path, "openat");
	else {
		rc = fill_in_place(r, fd, why);
		close(fd);
	}
	r->non_atomic = true;
	if (attrs_flags_set(ro, flags, path, why) == -1)
		rc = -1;
close_ro:
	close(ro);
	return rc;
}

/* Whatever has a name in the place; the new file takes over r->flags. */
static int
clear_flags(struct replace *r, struct buf *why)
{
	int fd, rc;

	fd = place_open(r->at, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	if (fd == -1)
		return errno == ENOENT || errno == ELOOP ? 0 :
		    why_errno(why, r->at->path, "openat");
	rc = attrs_flags_clear(fd, &r->flags, r->at->path, why);
	close(fd);
	return rc;
}

/* If there is an old file still, it is to have its flags back. */
static void
restore_flags(struct replace *r)
{
	struct buf ignored = { 0 };
	int fd;

	if (r->flags == 0)
		return;
	fd = place_open(r->at, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	if (fd != -1) {
		attrs_flags_set(fd, r->flags, r->at->path, &ignored);
		close(fd);
	}
	r->flags = 0;
	buf_clear(&ignored);
}

static int
sync_dir(const struct replace *r, struct buf *why)
{
	if (TEMP_FAILURE_RETRY(fsync(r->dir)) == -1)
		return why_errno(why, r->at->path, "fsync its directory");
	return 0;
}

/*
 * What is closed after it has been written to is a change to who watches, under
 * the name that it has by then: so the last to have it open for writing lets go
 * of it before it gets its own.  Where that cannot be, it does no harm.
 */
static void
end_writing(struct replace *r)
{
	char path[64];
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", r->fd);
	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) == -1)
		return;
	close(r->fd);
	r->fd = fd;
}

/* Content is durable: the one step. */
static int
take_place(struct replace *r, bool override, struct buf *why)
{
	const char *path = r->at->path;
	int rc;

	if (r->in_place)
		return commit_in_place(r, override, why);
	if (override && clear_flags(r, why) == -1)
		return -1;
	end_writing(r);
	if (TEMP_FAILURE_RETRY(renameat(r->dir, r->temp, r->dir,
	    r->at->name)) == -1) {
		if (errno == EBUSY)
			return commit_in_place(r, override, why);
		return why_errno(why, path, "renameat");
	}
	r->temp[0] = '\0';
	rc = attrs_flags_set(r->fd, r->flags, path, why);
	if (rc == 0)
		r->flags = 0;
	return rc;
}

int
replace_commit(struct replace *r, bool override, struct buf *why)
{
	if (!r->in_place && TEMP_FAILURE_RETRY(fsync(r->fd)) == -1)
		return why_errno(why, r->at->path, "fsync");
	if (take_place(r, override, why) == -1)
		return -1;
	if (!r->in_place && !r->non_atomic && sync_dir(r, why) == -1)
		return -1;
	replace_abort(r);
	return 0;
}

/* One barrier for each filesystem, at the first of v that is on it. */
static int
barrier(struct replace *const *v, size_t n, struct buf *why)
{
	size_t i, k;

	for (i = 0; i < n; i++) {
		if (v[i]->in_place)
			continue;
		for (k = 0; k < i; k++)
			if (!v[k]->in_place && v[k]->dev == v[i]->dev)
				break;
		if (k == i && TEMP_FAILURE_RETRY(syncfs(v[i]->dir)) == -1)
			return why_errno(why, v[i]->at->path, "syncfs");
	}
	return 0;
}

int
replace_commit_all(struct replace *const *v, size_t n, bool override,
    size_t *done, struct buf *why)
{
	size_t i;
	int e, rc;

	*done = 0;
	if ((rc = barrier(v, n, why)) == 0) {
		while (*done < n && rc == 0)
			if ((rc = take_place(v[*done], override, why)) == 0)
				++*done;
		e = errno;
		if (rc == 0)
			rc = barrier(v, n, why);
		else
			errno = e;
	}
	for (i = 0; i < n; i++)
		replace_abort(v[i]);
	return rc;
}

/* Also what is left to do after a commit. */
void
replace_abort(struct replace *r)
{
	int e = errno;

	restore_flags(r);
	if (r->temp[0] != '\0')
		TEMP_FAILURE_RETRY(unlinkat(r->dir, r->temp, 0));
	r->temp[0] = '\0';
	if (r->fd != -1)
		close(r->fd);
	if (r->dir != -1)
		close(r->dir);
	r->fd = r->dir = -1;
	errno = e;
}

static int
make_link(struct replace *r, const char *target, const struct attrs *a,
    struct buf *why)
{
	const char *path = r->at->path;
	int rc;

	do {
		temp_name(r->temp, sizeof(r->temp));
		rc = symlinkat(target, r->dir, r->temp);
	} while (rc == -1 && (errno == EEXIST || errno == EINTR));
	if (rc == -1) {
		r->temp[0] = '\0';
		return why_errno(why, path, "symlinkat");
	}
	if ((a->uid != (uid_t)-1 || a->gid != (gid_t)-1) &&
	    TEMP_FAILURE_RETRY(fchownat(r->dir, r->temp, a->uid, a->gid,
	    AT_SYMLINK_NOFOLLOW)) == -1)
		return why_errno(why, path, "fchownat");
	if (TEMP_FAILURE_RETRY(renameat(r->dir, r->temp, r->dir,
	    r->at->name)) == -1)
		return why_errno(why, path, "renameat");
	r->temp[0] = '\0';
	return sync_dir(r, why);
}

int
replace_with_link(const struct place *at, const char *target,
    const struct attrs *a, struct buf *why)
{
	struct replace r = { .at = at, .dir = -1, .fd = -1,
	    .attrs = ATTRS_NONE };
	int rc;

	if ((rc = open_dir(&r, why)) == 0)
		rc = make_link(&r, target, a, why);
	replace_abort(&r);
	return rc;
}
