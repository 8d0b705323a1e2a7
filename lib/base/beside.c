#include <sys/file.h>
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/beside.h"
#include "base/hash.h"
#include "base/why.h"

enum { DIR_FLAGS = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC };

/*
 * One name for each place, so that what is left can be found; as those of
 * base/replace.h look, so that who goes through a tree passes over it.
 */
static void
temp_name(char temp[32], const char *name)
{
	snprintf(temp, 32, ".p2-%016llx.new",
	    (unsigned long long)hash64(0, name, strlen(name)));
}

/* What is mounted below is somebody else's. */
static int
remove_tree(int dir, const char *name, dev_t dev)
{
	struct dirent *e;
	struct stat st;
	DIR *d = NULL;
	int fd, rc = 0;

	if ((fd = openat(dir, name, DIR_FLAGS)) == -1)
		return errno == ENOTDIR || errno == ELOOP ?
		    unlinkat(dir, name, 0) : -1;
	if (fstat(fd, &st) == -1 || st.st_dev != dev) {
		close(fd);
		errno = EBUSY;
		return -1;
	}
	if ((st.st_mode & 0700) != 0700)
		fchmod(fd, 0700);
	if ((d = fdopendir(fd)) == NULL) {
		close(fd);
		return -1;
	}
	while (rc == 0 && (e = readdir(d)) != NULL)
		if (strcmp(e->d_name, ".") != 0 &&
		    strcmp(e->d_name, "..") != 0 &&
		    unlinkat(dirfd(d), e->d_name, 0) == -1)
			rc = errno == EISDIR || errno == EPERM ?
			    remove_tree(dirfd(d), e->d_name, dev) : -1;
	closedir(d);
	return rc == 0 ? unlinkat(dir, name, AT_REMOVEDIR) : -1;
}

static int
remove_temp(const struct beside *b, struct buf *why)
{
	struct stat st;

	if (fstatat(b->parent, b->temp, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return errno == ENOENT ? 0 : why_errno(why, b->path, "stat");
	if (st.st_uid != geteuid() && geteuid() != 0)
		return why_say(why, "%s: is in the way", b->path);
	if (remove_tree(b->parent, b->temp, st.st_dev) == -1)
		return why_errno(why, b->path, "remove");
	return 0;
}

/* Whoever holds the lock of what is there is alive. */
static int
clear_temp(const struct beside *b, struct buf *why)
{
	int fd, rc;

	if ((fd = openat(b->parent, b->temp, DIR_FLAGS)) != -1 &&
	    flock(fd, LOCK_EX | LOCK_NB) == -1)
		rc = why_say(why, "%s: another process is making it",
		    b->at.path);
	else
		rc = remove_temp(b, why);
	if (fd != -1)
		close(fd);
	return rc;
}

static int
find(struct beside *b, const char *path, struct buf *why)
{
	const char *slash;

	*b = (struct beside){ .parent = -1, .fd = -1, .at = { .dir = -1 } };
	if (place_find(&b->at, path, PLACE_FOLLOW, why) == -1)
		return -1;
	if ((b->parent = place_open_dir(&b->at)) == -1)
		return why_errno(why, b->at.path, "open its directory");
	temp_name(b->temp, b->at.name);
	slash = strrchr(b->at.path, '/');
	if (asprintf(&b->path, "%.*s%s", slash == NULL ? 0 :
	    (int)(slash + 1 - b->at.path), b->at.path, b->temp) == -1) {
		b->path = NULL;
		return why_errno(why, path, "malloc");
	}
	return 0;
}

/* Everything but what is on the disk. */
static void
let_go(struct beside *b)
{
	if (b->fd != -1)
		close(b->fd);
	if (b->parent != -1)
		close(b->parent);
	place_clear(&b->at);
	free(b->path);
	*b = (struct beside){ .parent = -1, .fd = -1, .at = { .dir = -1 } };
}

int
beside_begin(struct beside *b, const char *path, struct buf *why)
{
	if (find(b, path, why) == -1 || clear_temp(b, why) == -1)
		goto not_ours;
	if (mkdirat(b->parent, b->temp, 0700) == -1) {
		why_errno(why, b->path, "mkdir");
		goto not_ours;
	}
	if ((b->fd = openat(b->parent, b->temp, DIR_FLAGS)) == -1)
		return why_errno(why, b->path, "open");
	if (flock(b->fd, LOCK_EX | LOCK_NB) == -1) {
		why_say(why, "%s: another process is making it", b->at.path);
		goto not_ours;
	}
	return 0;
not_ours:
	b->temp[0] = '\0';
	return -1;
}

void
beside_abort(struct beside *b)
{
	struct buf ignored = { 0 };

	if (b->temp[0] != '\0' && b->parent != -1)
		remove_temp(b, &ignored);
	buf_clear(&ignored);
	let_go(b);
}

int
beside_attrs(const struct beside *b, const struct attrs *a, bool mode,
    struct buf *why)
{
	struct attrs as_old = *a;
	int old, rc;

	if ((old = place_open(&b->at, O_RDONLY | O_DIRECTORY)) == -1)
		return attrs_set(b->fd, a, b->at.path, why);
	if (!mode)
		as_old.mode = (mode_t)-1;
	rc = attrs_copy(old, b->fd, &as_old, b->at.path, why);
	close(old);
	return rc;
}

/*
 * For filesystems that cannot exchange, as overlays what a layer below has:
 * what is there has to be empty then.
 */
static int
rename_plain(const struct beside *b)
{
	int e = errno;

	if ((e == EINVAL || e == ENOSYS || e == EXDEV) &&
	    renameat(b->parent, b->temp, b->parent, b->at.name) == 0)
		return 0;
	errno = e;
	return -1;
}

int
beside_commit(struct beside *b, struct buf *why)
{
	struct stat st;
	bool old;

	if (TEMP_FAILURE_RETRY(syncfs(b->fd)) == -1)
		return why_errno(why, b->path, "syncfs");
	old = fstatat(b->parent, b->at.name, &st, AT_SYMLINK_NOFOLLOW) == 0;
	if (old && !S_ISDIR(st.st_mode))
		return why_say(why, "%s: is not a directory", b->at.path);
	if (renameat2(b->parent, b->temp, b->parent, b->at.name,
	    old ? RENAME_EXCHANGE : RENAME_NOREPLACE) == -1 &&
	    rename_plain(b) == -1)
		return why_errno(why, b->at.path, "rename");
	if (TEMP_FAILURE_RETRY(fsync(b->parent)) == -1)
		return why_errno(why, b->at.path, "fsync its directory");
	/* What is left of the old one now, the next run finds. */
	beside_abort(b);
	return 0;
}

bool
beside_left(const char *path)
{
	struct buf ignored = { 0 };
	struct beside b;
	bool left;

	left = find(&b, path, &ignored) == 0 && faccessat(b.parent, b.temp,
	    F_OK, AT_SYMLINK_NOFOLLOW) == 0;
	let_go(&b);
	buf_clear(&ignored);
	return left;
}

int
beside_sweep(const char *path, struct buf *why)
{
	struct beside b;
	int rc;

	if ((rc = find(&b, path, why)) == 0)
		rc = clear_temp(&b, why);
	let_go(&b);
	return rc;
}
