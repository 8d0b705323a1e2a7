#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "facts/collect.h"
#include "facts/state.h"

enum {
	TRIES = 16,
	FIRST = 4095,		/* the kernel sets aside a byte more */
	STEP = 16 * 1024,
	ROOM = 8192,		/* for entries of a directory */
	ENTRY_MAX = 280,	/* bytes of the longest */
	NAMES_MAX = 100000
};

void
src_error(struct facts *f, const char *source, const char *reason)
{
	struct val *e = val_obj(f->errors, NULL);

	val_cstr(e, "source", source);
	val_cstr(e, "reason", reason);
}

/* That something is not there is no error: nobody has everything. */
void
src_errno(struct facts *f, const char *source, int error)
{
	if (error != ENOENT && error != ENOTDIR && error != ENODEV &&
	    error != ENXIO)
		src_error(f, source, strerror(error));
}

/* How errors call it. */
static const char *
full_path(const struct dir *d, const char *path, char room[PATH_MAX])
{
	if (d == NULL)
		return path;
	(void)snprintf(room, PATH_MAX, "%s/%s", d->path, path);
	return room;
}

static int
open_rooted(struct facts *f, const char *path, int flags)
{
	struct open_how how = {
		.flags = (unsigned)flags,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS
	};
	long fd;

	fd = syscall(SYS_openat2, f->rootfd, path, &how, sizeof(how));
	if (fd != -1 || errno != ENOSYS)
		return (int)fd;
	while (*path == '/')
		path++;
	return openat(f->rootfd, *path == '\0' ? "." : path, flags);
}

static int
open_below(struct facts *f, const struct dir *d, const char *path, int flags)
{
	char room[PATH_MAX];
	int fd, tries;

	for (tries = 0; tries < TRIES; tries++) {
		if (f->rootfd != -1 && (d == NULL || !d->here))
			fd = open_rooted(f, full_path(d, path, room), flags);
		else
			fd = openat(d == NULL ? AT_FDCWD : d->fd, path, flags);
		if (fd != -1 || (errno != EINTR && errno != EAGAIN))
			return fd;
	}
	return -1;
}

/*
 * What procfs and sysfs do when they are read spares half of the calls.  In
 * the others anything may stand: a FIFO, a device.
 */
static enum src_kind
probe(const char *mount, long magic, enum src_kind kind)
{
	struct statfs s;

	return statfs(mount, &s) == 0 && (long)s.f_type == magic ? kind :
	    SRC_ANY;
}

static enum src_kind
kind_of(struct facts *f, const struct dir *d, const char *path)
{
	const char *top = d == NULL ? path : d->path;

	if (f->rootfd != -1 || (d != NULL && d->here))
		return SRC_ANY;
	if (strncmp(top, "/sys/", 5) == 0) {
		if (f->sysfs == SRC_UNKNOWN)
			f->sysfs = probe("/sys", SYSFS_MAGIC, SRC_SYSFS);
		return f->sysfs;
	}
	if (strncmp(top, "/proc/", 6) != 0)
		return SRC_ANY;
	if (f->procfs == SRC_UNKNOWN)
		f->procfs = probe("/proc", PROC_SUPER_MAGIC, SRC_PROCFS);
	return f->procfs == SRC_PROCFS && strncmp(top, "/proc/sys/", 10) == 0 ?
	    SRC_SYSCTL : f->procfs;
}

/*
 * Does a read of n bytes, of want, leave nothing behind?  A setting comes in
 * one piece.  So does an attribute in sysfs, up to a page; longer ones, and
 * lists, by the page: then at least half of it is full.
 */
static bool
is_all(enum src_kind kind, off_t size, size_t n, size_t want)
{
	switch (kind) {
	case SRC_SYSCTL:
		return n < want;
	case SRC_SYSFS:
		return n < want && n <= 2048;
	case SRC_PROCFS:
		return false;
	default:
		return size > 0 && n < want;
	}
}

static ssize_t
read_some(int fd, char *p, size_t n)
{
	ssize_t got;
	int tries;

	for (tries = 0; tries < TRIES; tries++)
		if ((got = read(fd, p, n)) != -1 || errno != EINTR)
			return got;
	return -1;
}

/*
 * Read up to max bytes of fd.  A regular file says how long it is; where
 * nothing is known, only an empty read tells the end.  Returns 0, an errno
 * value, or -1 for too long.
 */
static int
read_all(int fd, enum src_kind kind, off_t size, size_t max, struct buf *b)
{
	size_t want = size > 0 ? (size_t)size : FIRST, start = b->len;
	ssize_t n;
	char *room;

	for (;;) {
		if (want > max - (b->len - start))
			want = max - (b->len - start);
		if ((room = buf_room(b, want + 1)) == NULL)
			return ENOMEM;
		if ((n = read_some(fd, room, want + 1)) == -1)
			return errno;
		b->len += (size_t)n;
		if (b->len - start > max)
			return -1;
		if (n == 0 || is_all(kind, size, (size_t)n, want + 1))
			return 0;
		if (kind == SRC_SYSCTL && want < max) {
			/* There is no rest of a setting, but all of it. */
			b->len = start;
			if (lseek(fd, 0, SEEK_SET) == -1)
				return errno;
			want = max;
			continue;
		}
		want = STEP;
	}
}

/* What is cut is cut behind a line, so that no value is half there. */
static void
cut(struct buf *b, size_t start, size_t max)
{
	const char *nl;

	b->len = start + max;
	nl = memrchr(b->p + start, '\n', max);
	b->len = nl == NULL ? start : (size_t)(nl - b->p) + 1;
}

bool
src_load(struct facts *f, const struct dir *d, const char *path, size_t max,
    struct buf *b)
{
	enum src_kind kind = kind_of(f, d, path);
	size_t start = b->len;
	char room[PATH_MAX];
	struct stat st = { .st_mode = S_IFREG };
	int fd, error;

	if ((fd = open_below(f, d, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK |
	    O_NOCTTY)) == -1) {
		src_errno(f, full_path(d, path, room), errno);
		return false;
	}
	if (kind == SRC_ANY && fstat(fd, &st) == -1)
		error = errno;
	else if (!S_ISREG(st.st_mode)) {
		src_error(f, full_path(d, path, room), "not a regular file");
		error = ENOENT;
	} else
		error = read_all(fd, kind, st.st_size, max, b);
	close(fd);
	if (error == -1) {
		cut(b, start, max);
		src_error(f, full_path(d, path, room), "too long: cut");
	} else if (error != 0) {
		/* A part of it may be half a line. */
		b->len = start;
		src_errno(f, full_path(d, path, room), error);
		return false;
	}
	return true;
}

int
src_open(struct facts *f, const struct dir *d, const char *path)
{
	char room[PATH_MAX];
	struct stat st;
	int fd;

	if ((fd = open_below(f, d, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK |
	    O_NOCTTY)) == -1) {
		src_errno(f, full_path(d, path, room), errno);
		return -1;
	}
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		return fd;
	src_error(f, full_path(d, path, room), "not a regular file");
	close(fd);
	return -1;
}

bool
src_head(struct facts *f, const char *path, size_t n, struct buf *b)
{
	struct stat st;
	char *room = buf_room(b, n);
	ssize_t got = -1;
	int fd;

	if (room == NULL || (fd = open_below(f, NULL, path, O_RDONLY |
	    O_CLOEXEC | O_NONBLOCK | O_NOCTTY)) == -1)
		return false;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		got = read_some(fd, room, n);
	close(fd);
	if (got > 0)
		b->len += (size_t)got;
	return got > 0;
}

struct str
src_text_max(struct facts *f, const struct dir *d, const char *path,
    size_t max)
{
	buf_reset(&f->io);
	if (!src_load(f, d, path, max, &f->io))
		return (struct str){ NULL, 0 };
	return (struct str){ f->io.p, f->io.len };
}

struct str
src_text(struct facts *f, const struct dir *d, const char *path)
{
	return src_text_max(f, d, path, SRC_MAX);
}

struct str
src_keep(struct facts *f, const char *path, size_t max)
{
	struct kept *k;
	struct str text;

	for (k = f->kept; k != NULL; k = k->next)
		if (strcmp(k->path, path) == 0)
			return k->text;
	text = src_text_max(f, NULL, path, max);
	if ((k = arena_alloc(&f->arena, sizeof(*k))) == NULL)
		return (struct str){ NULL, 0 };
	k->path = path;
	if (text.p != NULL && (k->text.p = arena_cstr(&f->arena,
	    text)) != NULL)
		k->text.len = text.len;
	k->next = f->kept;
	f->kept = k;
	return k->text;
}

struct str
src_database(struct facts *f, const char *path, size_t max)
{
	if (f->db_path == NULL || strcmp(f->db_path, path) != 0) {
		buf_reset(&f->db);
		f->db_path = src_load(f, NULL, path, max, &f->db) ? path :
		    NULL;
	}
	if (f->db_path == NULL)
		return (struct str){ NULL, 0 };
	return (struct str){ f->db.p, f->db.len };
}

struct str
src_line(struct facts *f, const struct dir *d, const char *path)
{
	struct str text = src_text(f, d, path), line;

	if (!text_line(&text, &line))
		return (struct str){ "", 0 };
	return text_trim(line);
}

bool
src_num(struct facts *f, const struct dir *d, const char *path, int64_t *n)
{
	return text_num(src_line(f, d, path), n);
}

void
src_put_line(struct facts *f, const struct dir *d, const char *path,
    struct val *o, const char *key)
{
	val_str(o, key, src_line(f, d, path));
}

void
src_put_num(struct facts *f, const struct dir *d, const char *path,
    struct val *o, const char *key)
{
	int64_t n;

	if (src_num(f, d, path, &n))
		val_int(o, key, n);
}

/* 0 and 1, or N and Y as modules have it. */
void
src_put_bool(struct facts *f, const struct dir *d, const char *path,
    struct val *o, const char *key)
{
	struct str s = src_line(f, d, path);

	if (text_is(s, "0") || text_is(s, "N"))
		val_bool(o, key, false);
	else if (text_is(s, "1") || text_is(s, "Y"))
		val_bool(o, key, true);
}

struct str
src_link(struct facts *f, const struct dir *d, const char *path,
    char room[PATH_MAX])
{
	ssize_t n = -1;
	int fd;

	if (f->rootfd == -1 || (d != NULL && d->here))
		n = readlinkat(d == NULL ? AT_FDCWD : d->fd, path, room,
		    PATH_MAX);
	else if ((fd = open_below(f, d, path, O_PATH | O_NOFOLLOW |
	    O_CLOEXEC)) != -1) {
		n = readlinkat(fd, "", room, PATH_MAX);
		close(fd);
	}
	if (n <= 0 || n == PATH_MAX)
		return (struct str){ NULL, 0 };
	return (struct str){ room, (size_t)n };
}

bool
src_stat(struct facts *f, const struct dir *d, const char *path,
    struct stat *st)
{
	int fd, rc;

	if (f->rootfd == -1 || (d != NULL && d->here))
		return fstatat(d == NULL ? AT_FDCWD : d->fd, path, st, 0) == 0;
	if ((fd = open_below(f, d, path, O_PATH | O_CLOEXEC)) == -1)
		return false;
	rc = fstat(fd, st);
	close(fd);
	return rc == 0;
}

bool
src_exists(struct facts *f, const char *path)
{
	struct stat st;

	return src_stat(f, NULL, path, &st);
}

/* As getdents64(2) gives them. */
struct entry {
	uint64_t	ino;
	int64_t		off;
	unsigned short	reclen;
	unsigned char	type;
	char		name[];
};

static int
by_name(const void *a, const void *b)
{
	return text_cmp_names(*(const char *const *)a,
	    *(const char *const *)b);
}

/* Copy the names in a block of entries, each with NUL and its type, to b. */
static void
take_names(struct buf *b, const char *p, size_t n, size_t *count)
{
	struct entry e;
	const char *name;

	while (n >= sizeof(e)) {
		memcpy(&e, p, sizeof(e));
		if (e.reclen <= offsetof(struct entry, name) || e.reclen > n)
			return;
		name = p + offsetof(struct entry, name);
		if (*name != '.') {
			buf_add(b, name, strnlen(name, e.reclen -
			    offsetof(struct entry, name)));
			buf_putc(b, '\0');
			buf_putc(b, (char)e.type);
			++*count;
		}
		p += e.reclen;
		n -= e.reclen;
	}
}

static void
sort_names(struct facts *f, struct dir *d, const struct buf *b, size_t count)
{
	struct str rest = buf_view(b);
	const char *p = arena_cstr(&f->arena, rest);
	size_t i;

	d->names = arena_alloc(&f->arena, (count + 1) * sizeof(*d->names));
	if (p == NULL || d->names == NULL)
		return;
	for (i = 0; i < count; i++, p += strlen(p) + 2)
		d->names[i] = p;
	d->n = count;
	qsort(d->names, count, sizeof(*d->names), by_name);
}

/* Procfs and sysfs fill what they are given, as long as there is more. */
static int
list(struct facts *f, struct dir *d, enum src_kind kind)
{
	_Alignas(8) char block[ROOM];
	size_t count = 0;
	long n;

	buf_reset(&f->io);
	while ((n = syscall(SYS_getdents64, d->fd, block,
	    sizeof(block))) > 0 && count < NAMES_MAX) {
		take_names(&f->io, block, (size_t)n, &count);
		if (kind != SRC_ANY && n <= ROOM - ENTRY_MAX)
			break;
	}
	if (n == -1)
		return errno;
	if (buf_failed(&f->io))
		return ENOMEM;
	sort_names(f, d, &f->io, count);
	return 0;
}

static bool
dir_begin(struct facts *f, struct dir *d, const char *path)
{
	int error;

	d->path = arena_cstr(&f->arena, str_of(path));
	if (d->path == NULL) {
		close(d->fd);
		return false;
	}
	if ((error = list(f, d, kind_of(f, NULL, d->path))) != 0)
		src_errno(f, d->path, error);
	return true;
}

bool
dir_open(struct facts *f, const struct dir *above, const char *path,
    struct dir *d)
{
	char room[PATH_MAX];

	*d = (struct dir){ .fd = open_below(f, above, path, O_RDONLY |
	    O_DIRECTORY | O_CLOEXEC | O_NONBLOCK) };
	if (d->fd == -1) {
		src_errno(f, full_path(above, path, room), errno);
		return false;
	}
	return dir_begin(f, d, full_path(above, path, room));
}

bool
dir_open_here(struct facts *f, const char *path, struct dir *d)
{
	*d = (struct dir){ .fd = open(path, O_RDONLY | O_DIRECTORY |
	    O_CLOEXEC | O_NONBLOCK), .here = true };
	if (d->fd == -1) {
		src_error(f, path, strerror(errno));
		return false;
	}
	return dir_begin(f, d, path);
}

void
dir_close(struct dir *d)
{
	close(d->fd);
}

bool
dir_reopen(struct facts *f, struct dir *d)
{
	d->fd = open_below(f, NULL, d->path, O_RDONLY | O_DIRECTORY |
	    O_CLOEXEC | O_NONBLOCK);
	if (d->fd == -1)
		src_errno(f, d->path, errno);
	return d->fd != -1;
}

bool
dir_may_be_link(const struct dir *d, size_t i)
{
	char type = d->names[i][strlen(d->names[i]) + 1];

	return type == DT_LNK || type == DT_UNKNOWN;
}

bool
dir_is_dir(struct facts *f, const struct dir *d, size_t i)
{
	unsigned char type = (unsigned char)d->names[i][strlen(
	    d->names[i]) + 1];
	struct stat st;

	if (type != DT_UNKNOWN && type != DT_LNK)
		return type == DT_DIR;
	return src_stat(f, d, d->names[i], &st) && S_ISDIR(st.st_mode);
}

bool
dir_has(const struct dir *d, const char *name)
{
	return d->n > 0 && bsearch(&name, d->names, d->n, sizeof(*d->names),
	    by_name) != NULL;
}
