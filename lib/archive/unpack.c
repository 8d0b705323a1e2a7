#include <sys/stat.h>
#include <sys/syscall.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "archive/library.h"
#include "archive/plan.h"
#include "base/why.h"
#include "file/mode.h"

enum {
	BLOCK = 128 * 1024,
	PATH_FLAGS = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
};

/* The mode of a directory is set when nothing more goes into it. */
struct dir {
	char		*path;		/* relative */
	mode_t		 mode;
};

struct unpack {
	const struct libarchive *lib;
	const struct archive_plan *p;
	struct archive	*a;
	int		 root;
	struct buf	 name;		/* of the member, as it is written */
	struct buf	 path;		/* where it goes, relative; with NUL */
	struct dir	*dirs;
	size_t		 ndirs;
	struct buf	 links;		/* their paths, each with NUL */
	size_t		 members;
	struct buf	*why;
};

static int
fail(struct unpack *u, const char *reason)
{
	return why_say(u->why, "source: member %.*s: %s", (int)u->name.len,
	    u->name.len > 0 ? u->name.p : "", reason);
}

static int
fail_read(struct unpack *u)
{
	const char *s = u->lib->error_string(u->a);

	return why_say(u->why, "source: cannot be unpacked: %s",
	    s == NULL ? "no reason is given" : s);
}

/* As a umask of 022 leaves it; never set-id. */
static int
mode_of(struct unpack *u, mode_t perm, bool is_dir, mode_t *mode)
{
	const char *errstr;

	*mode = perm & 0777 & ~(mode_t)022;
	if (u->p->mode == NULL || file_mode(mode, u->p->mode, *mode, is_dir,
	    &errstr) == 0)
		return 0;
	return why_say(u->why, "mode %s: %s", u->p->mode, errstr);
}

static bool
has_owner(const struct unpack *u)
{
	return u->p->uid != (uid_t)-1 || u->p->gid != (gid_t)-1;
}

/*
 * What is to become of a directory that has been made, or, the last word being
 * the archive's own, was made before for what is in it.
 */
static int
add_dir(struct unpack *u, const char *path, mode_t perm)
{
	struct dir *d, *more;
	size_t i = u->ndirs;

	while (i > 0 && strcmp(u->dirs[i - 1].path, path) != 0)
		i--;
	if (i > 0)
		return mode_of(u, perm, true, &u->dirs[i - 1].mode);
	more = reallocarray(u->dirs, u->ndirs + 1, sizeof(*more));
	if (more == NULL)
		return fail(u, strerror(errno));
	u->dirs = more;
	d = &u->dirs[u->ndirs];
	*d = (struct dir){ .path = strdup(path) };
	if (d->path == NULL)
		return fail(u, strerror(errno));
	u->ndirs++;
	return mode_of(u, perm, true, &d->mode);
}

/* No link is followed on the way, so all of it is in the directory. */
static int
open_parent(struct unpack *u, const char **last)
{
	char *p = u->path.p, *slash;
	int dir, next, rc = 0;

	if ((dir = openat(u->root, ".", O_PATH | O_CLOEXEC)) == -1)
		return fail(u, strerror(errno));
	while (rc == 0 && (slash = strchr(p, '/')) != NULL) {
		*slash = '\0';
		next = openat(dir, p, PATH_FLAGS);
		if (next == -1 && errno == ENOENT &&
		    mkdirat(dir, p, 0700) == 0) {
			rc = add_dir(u, u->path.p, 0755);
			next = openat(dir, p, PATH_FLAGS);
		}
		*slash = '/';
		close(dir);
		if ((dir = next) == -1)
			return fail(u, errno == ELOOP || errno == ENOTDIR ?
			    "is below what is no directory" :
			    strerror(errno));
		p = slash + 1;
	}
	*last = p;
	if (rc == -1)
		close(dir);
	return rc == -1 ? -1 : dir;
}

/* --- Of each kind -------------------------------------------------------- */

static int
take_dir(struct unpack *u, struct archive_entry *e, int dir,
    const char *name)
{
	struct stat st;

	if (mkdirat(dir, name, 0700) == -1 && (errno != EEXIST ||
	    fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == -1 ||
	    !S_ISDIR(st.st_mode)))
		return fail(u, "another member is in its place");
	return add_dir(u, u->path.p, u->lib->perm(e));
}

static int
take_data(struct unpack *u, int fd)
{
	const void *p;
	int64_t offset;
	size_t n;
	ssize_t k;
	int rc;

	while ((rc = u->lib->data_block(u->a, &p, &n, &offset)) == LA_OK)
		while (n > 0) {
			k = TEMP_FAILURE_RETRY(pwrite(fd, p, n, offset));
			if (k == -1)
				return fail(u, strerror(errno));
			p = (const char *)p + k;
			n -= (size_t)k;
			offset += k;
		}
	return rc == LA_EOF ? 0 : fail_read(u);
}

static int
set_file(struct unpack *u, struct archive_entry *e, int fd)
{
	struct timespec times[2] = { { .tv_nsec = UTIME_OMIT },
	    { .tv_sec = u->lib->mtime(e) } };
	struct stat st;
	mode_t mode;

	if (mode_of(u, u->lib->perm(e), false, &mode) == -1)
		return -1;
	/* A hole at the end is no block. */
	if (fstat(fd, &st) == -1 || (st.st_size < u->lib->size(e) &&
	    ftruncate(fd, u->lib->size(e)) == -1))
		return fail(u, strerror(errno));
	if (has_owner(u) &&
	    fchown(fd, u->p->uid, u->p->gid) == -1)
		return fail(u, strerror(errno));
	if (fchmod(fd, mode) == -1 ||
	    (u->lib->mtime_is_set(e) && futimens(fd, times) == -1))
		return fail(u, strerror(errno));
	return 0;
}

static int
take_file(struct unpack *u, struct archive_entry *e, int dir,
    const char *name)
{
	int fd, rc;

	/* The last of several members of one name counts. */
	if (unlinkat(dir, name, 0) == -1 && errno != ENOENT)
		return fail(u, "another member is in its place");
	fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW |
	    O_CLOEXEC, 0600);
	if (fd == -1)
		return fail(u, strerror(errno));
	if ((rc = take_data(u, fd)) == 0)
		rc = set_file(u, e, fd);
	if (close(fd) == -1 && rc == 0)
		rc = fail(u, strerror(errno));
	return rc;
}

static int
take_symlink(struct unpack *u, struct archive_entry *e, int dir,
    const char *name)
{
	const char *target = u->lib->symlink_utf8(e);

	if (target == NULL && (target = u->lib->symlink(e)) == NULL)
		return fail(u, "is a link to nothing");
	if (!archive_link_inside(str_of(u->path.p), str_of(target)))
		return fail(u, "is a link that leads out of the archive");
	if (unlinkat(dir, name, 0) == -1 && errno != ENOENT)
		return fail(u, "another member is in its place");
	if (symlinkat(target, dir, name) == -1)
		return fail(u, strerror(errno));
	buf_add(&u->links, u->path.p, strlen(u->path.p) + 1);
	if (has_owner(u) &&
	    fchownat(dir, name, u->p->uid, u->p->gid,
	    AT_SYMLINK_NOFOLLOW) == -1)
		return fail(u, strerror(errno));
	return 0;
}

/* Another name of a file that has been unpacked. */
static int
take_hardlink(struct unpack *u, const char *target, int dir,
    const char *name)
{
	struct buf here = u->path, other = { 0 };
	const char *bad = archive_name(&other, str_of(target), u->p->strip),
	    *last;
	struct stat st;
	int from, rc = -1;

	buf_putc(&other, '\0');
	if (bad != NULL || other.len == 1 || buf_failed(&other)) {
		buf_clear(&other);
		return fail(u, bad != NULL ?
		    "is a link that leads out of the archive" :
		    "is another name of a file that is left out");
	}
	u->path = other;
	if ((from = open_parent(u, &last)) == -1)
		;
	else if (fstatat(from, last, &st, AT_SYMLINK_NOFOLLOW) == -1 ||
	    !S_ISREG(st.st_mode))
		fail(u, "is another name of a file that is not there");
	else if ((unlinkat(dir, name, 0) == -1 && errno != ENOENT) ||
	    linkat(from, last, dir, name, 0) == -1)
		fail(u, strerror(errno));
	else
		rc = 0;
	if (from != -1)
		close(from);
	buf_clear(&other);
	u->path = here;
	return rc;
}

/* --- All of it ----------------------------------------------------------- */

static int
take(struct unpack *u, struct archive_entry *e)
{
	const char *hard = u->lib->hardlink_utf8(e), *name;
	int dir, rc;

	if (hard == NULL)
		hard = u->lib->hardlink(e);
	if ((dir = open_parent(u, &name)) == -1)
		return -1;
	if (hard != NULL)
		rc = take_hardlink(u, hard, dir, name);
	else if (S_ISREG(u->lib->filetype(e)))
		rc = take_file(u, e, dir, name);
	else if (S_ISDIR(u->lib->filetype(e)))
		rc = take_dir(u, e, dir, name);
	else if (S_ISLNK(u->lib->filetype(e)))
		rc = take_symlink(u, e, dir, name);
	else
		rc = fail(u, "is neither a file, a directory nor a link");
	close(dir);
	return rc;
}

/* What is to be stripped altogether is no member. */
static int
member(struct unpack *u, struct archive_entry *e)
{
	const char *name = u->lib->pathname_utf8(e), *bad;

	if (name == NULL && (name = u->lib->pathname(e)) == NULL)
		name = "";
	buf_reset(&u->name);
	buf_puts(&u->name, name);
	buf_reset(&u->path);
	if ((bad = archive_name(&u->path, str_of(name), u->p->strip)) != NULL)
		return fail(u, bad);
	u->members++;
	if (u->path.len == 0)
		return 0;
	buf_putc(&u->path, '\0');
	if (buf_failed(&u->path) || u->path.len > PATH_MAX)
		return fail(u, "its name is too long");
	return take(u, e);
}

/* A deeper one before the one that it is in, which may then be closed to us. */
static int
set_dirs(struct unpack *u)
{
	const struct dir *d;
	int fd, rc = 0;
	size_t i;

	for (i = u->ndirs; i > 0 && rc == 0; i--) {
		d = &u->dirs[i - 1];
		fd = openat(u->root, d->path, O_RDONLY | O_DIRECTORY |
		    O_NOFOLLOW | O_CLOEXEC);
		if (fd == -1)
			return why_errno(u->why, d->path, "open");
		if ((has_owner(u) &&
		    fchown(fd, u->p->uid, u->p->gid) == -1) ||
		    fchmod(fd, d->mode) == -1)
			rc = why_errno(u->why, d->path, "set attributes");
		close(fd);
	}
	return rc;
}

/*
 * Of a link through another one the text does not tell everything.  Where it
 * leads to is the kernel's to say, now that all are there; nothing is opened.
 */
static int
check_links(struct unpack *u)
{
	struct open_how how = { .flags = O_PATH | O_CLOEXEC,
	    .resolve = RESOLVE_BENEATH };
	const char *p;
	size_t i;
	long fd;

	for (i = 0; i < u->links.len; i += strlen(p) + 1) {
		p = u->links.p + i;
		fd = syscall(SYS_openat2, u->root, p, &how, sizeof(how));
		if (fd != -1)
			close((int)fd);
		else if (errno == EXDEV)
			return why_say(u->why, "source: member %s: is a link "
			    "that leads out of the archive", p);
	}
	return 0;
}

static int
take_all(struct unpack *u, int fd)
{
	const struct libarchive *l = u->lib;
	struct archive_entry *e;
	int rc;

	l->format_tar(u->a);
	l->format_zip(u->a);
	l->filter_gzip(u->a);
	l->filter_bzip2(u->a);
	l->filter_xz(u->a);
	l->filter_zstd(u->a);
	if (l->open_fd(u->a, fd, BLOCK) != LA_OK)
		return fail_read(u);
	while ((rc = l->next_header(u->a, &e)) == LA_OK || rc == LA_WARN)
		if (member(u, e) == -1)
			return -1;
	if (rc != LA_EOF)
		return fail_read(u);
	if (u->members == 0)
		return why_say(u->why, "source: there is nothing in it");
	return set_dirs(u) == -1 || check_links(u) == -1 ? -1 : 0;
}

int
archive_unpack(const struct archive_plan *p, int fd, int dir,
    struct buf *why)
{
	struct unpack u = { .p = p, .root = dir, .why = why };
	const char *errstr;
	int rc;

	if ((u.lib = libarchive_load(&errstr)) == NULL)
		return why_say(why, "%s", errstr);
	if ((u.a = u.lib->read_new()) == NULL)
		return why_say(why, "out of memory");
	rc = take_all(&u, fd);
	u.lib->read_free(u.a);
	while (u.ndirs > 0)
		free(u.dirs[--u.ndirs].path);
	free(u.dirs);
	buf_clear(&u.name);
	buf_clear(&u.path);
	buf_clear(&u.links);
	return rc;
}
