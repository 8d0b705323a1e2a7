#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/place.h"
#include "base/why.h"
#include "file/plan.h"

enum { LINKS_MAX = 40, CHUNK = 64 * 1024 };

void
file_seen_clear(struct file_seen *seen)
{
	free(seen->path);
	free(seen->target);
	*seen = (struct file_seen){ .kind = NODE_NONE };
}

static enum node_kind
kind_of(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG:
		return NODE_FILE;
	case S_IFDIR:
		return NODE_DIR;
	case S_IFLNK:
		return NODE_LINK;
	default:
		return NODE_OTHER;
	}
}

static int
read_target(const struct place *at, struct file_seen *seen, struct buf *why)
{
	ssize_t n;

	if ((seen->target = malloc(PATH_MAX)) == NULL)
		return why_errno(why, at->path, "malloc");
	n = readlinkat(at->dir, at->name, seen->target, PATH_MAX - 1);
	if (n == -1)
		return why_errno(why, at->path, "readlinkat");
	seen->target[n] = '\0';
	return 0;
}

static int
look_at(const struct place *at, struct file_seen *seen, struct buf *why)
{
	struct statx sx;

	if ((seen->path = strdup(at->path)) == NULL)
		return why_errno(why, at->path, "strdup");
	/* Not allowed, immutable, or on what is mounted read-only. */
	if (faccessat(at->dir, ".", W_OK, AT_EACCESS) == -1)
		seen->closed = errno;
	if (fstatat(at->dir, at->name, &seen->st, AT_SYMLINK_NOFOLLOW) == -1)
		return errno == ENOENT ? 0 :
		    why_errno(why, at->path, "fstatat");
	seen->kind = kind_of(seen->st.st_mode);
	seen->host_data = true;
	if (seen->kind == NODE_LINK)
		return read_target(at, seen, why);
	if (statx(at->dir, at->name, AT_SYMLINK_NOFOLLOW, STATX_TYPE,
	    &sx) == 0) {
		seen->immutable = (sx.stx_attributes &
		    (STATX_ATTR_IMMUTABLE | STATX_ATTR_APPEND)) != 0;
		seen->mounted = (sx.stx_attributes &
		    STATX_ATTR_MOUNT_ROOT) != 0;
	}
	return 0;
}

static int
look_host(const char *path, bool follow, struct file_seen *seen,
    struct buf *why)
{
	struct place at;
	int rc;

	if (place_find(&at, path, follow ? PLACE_FOLLOW : 0, why) == -1) {
		if (errno != ENOENT)
			return -1;
		seen->no_parent = true;
		if ((seen->path = strdup(path)) == NULL)
			return why_errno(why, path, "strdup");
		return 0;
	}
	if ((rc = look_at(&at, seen, why)) == -1)
		file_seen_clear(seen);
	place_clear(&at);
	return rc;
}

/* What the world has in place of the host's. */
static int
look_world(const struct job *j, const char *path, const struct node *n,
    struct file_seen *seen, struct buf *why)
{
	struct node up;
	char *dir;

	if ((n->kind == NODE_FILE || n->kind == NODE_LINK) &&
	    n->data.p == NULL && look_host(path, false, seen, why) == -1)
		return -1;
	if (seen->path == NULL && (seen->path = strdup(path)) == NULL)
		return why_errno(why, path, "strdup");
	seen->kind = n->kind;
	seen->pretended = true;
	seen->no_parent = false;
	seen->st.st_mode = n->mode;
	seen->st.st_uid = n->uid;
	seen->st.st_gid = n->gid;
	if (n->data.p != NULL) {
		seen->host_data = false;
		seen->data = n->data;
		seen->st.st_size = (off_t)n->data.len;
		seen->st.st_nlink = 1;
	}
	if (n->kind == NODE_LINK && seen->target == NULL &&
	    (seen->target = strndup(n->data.p, n->data.len)) == NULL)
		return why_errno(why, path, "strndup");
	if (n->kind != NODE_NONE)
		return 0;
	if ((dir = file_dir(path)) == NULL)
		return why_errno(why, path, "malloc");
	if (world_look(j->world, dir, &up) && up.kind != NODE_DIR) {
		seen->no_parent = true;
		why_say(why, "%s: openat: No such file or directory", dir);
	}
	free(dir);
	return 0;
}

/* Where a link leads, and from there on to rest. */
static char *
redirect(const char *link, struct str target, const char *rest)
{
	struct buf b = { 0 };
	const char *slash = strrchr(link, '/');

	if ((target.len == 0 || target.p[0] != '/') && slash != NULL)
		buf_add(&b, link, (size_t)(slash + 1 - link));
	buf_str(&b, target);
	buf_puts(&b, rest);
	buf_putc(&b, '\0');
	if (buf_failed(&b))
		buf_clear(&b);
	return b.p;
}

/*
 * The first link on the path that only the world has, if there is one: 1, and
 * *path is where it leads.
 */
static int
follow_one(const struct job *j, char **path, bool follow)
{
	size_t i, len = strlen(*path);
	char *head, *next = NULL;
	struct node n;

	if ((head = malloc(len + 1)) == NULL)
		return -1;
	for (i = 1; i <= len; i++) {
		if ((*path)[i] != '/' && ((*path)[i] != '\0' || !follow))
			continue;
		memcpy(head, *path, i);
		head[i] = '\0';
		if (!world_look(j->world, head, &n) || n.kind != NODE_LINK ||
		    n.data.p == NULL)
			continue;
		if ((next = redirect(head, n.data, *path + i)) == NULL) {
			free(head);
			return -1;
		}
		free(*path);
		*path = next;
		break;
	}
	free(head);
	return next != NULL;
}

static int
follow_world(const struct job *j, char **path, bool follow)
{
	int i, rc = 1;

	for (i = 0; rc == 1 && i < LINKS_MAX; i++)
		rc = follow_one(j, path, follow);
	if (rc == 1)
		errno = ELOOP;
	return rc == 0 ? 0 : -1;
}

static int
look_on(const struct job *j, char **path, bool follow, struct file_seen *seen,
    struct buf *why)
{
	struct node n;
	char *again;
	int i;

	for (i = 0; i < 2; i++) {
		if (j->world != NULL && follow_world(j, path, follow) == -1)
			return why_errno(why, *path, "openat");
		if (world_look(j->world, *path, &n))
			return look_world(j, *path, &n, seen, why);
		if (look_host(*path, follow, seen, why) == -1)
			return -1;
		if (j->world == NULL || strcmp(seen->path, *path) == 0)
			return 0;
		/* Behind the host's links the world may know better. */
		if ((again = strdup(seen->path)) == NULL)
			return why_errno(why, *path, "strdup");
		file_seen_clear(seen);
		free(*path);
		*path = again;
	}
	return look_host(*path, follow, seen, why);
}

int
file_look(const struct job *j, const char *path, bool follow,
    struct file_seen *seen, struct buf *why)
{
	char *p;
	int rc;

	*seen = (struct file_seen){ .kind = NODE_NONE };
	if ((p = strdup(path)) == NULL)
		return why_errno(why, path, "strdup");
	rc = look_on(j, &p, follow, seen, why);
	free(p);
	return rc;
}

static int
open_file(const char *path, int flags, struct buf *why)
{
	struct place at;
	int fd;

	if (place_find(&at, path, 0, why) == -1)
		return -1;
	fd = place_open(&at, O_RDONLY | O_NONBLOCK | O_NOCTTY | flags);
	if (fd == -1)
		why_errno(why, path, "openat");
	place_clear(&at);
	return fd;
}

int
file_load(const struct file_seen *seen, struct buf *b, struct buf *why)
{
	int fd, rc;

	if (!seen->host_data) {
		buf_str(b, seen->data);
		return buf_failed(b) ? why_errno(why, seen->path, "malloc") : 0;
	}
	if ((fd = open_file(seen->path, 0, why)) == -1)
		return -1;
	if ((rc = buf_read(b, fd, SIZE_MAX)) == -1)
		why_errno(why, seen->path, "read");
	close(fd);
	return rc;
}

int
file_source(const struct job *j, const char *path, struct str *data, int *fd,
    struct stat *st, struct buf *why)
{
	struct node n;

	*fd = -1;
	if (world_look(j->world, path, &n) && n.data.p != NULL &&
	    n.kind == NODE_FILE) {
		*data = n.data;
		*st = (struct stat){ .st_mode = S_IFREG | n.mode,
		    .st_size = (off_t)n.data.len };
		return 0;
	}
	*fd = TEMP_FAILURE_RETRY(open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY |
	    O_CLOEXEC));
	if (*fd == -1)
		return why_errno(why, path, "open");
	if (fstat(*fd, st) == -1)
		why_errno(why, path, "fstat");
	else if (S_ISREG(st->st_mode))
		return 0;
	else {
		errno = EINVAL;
		why_say(why, "%s: a source has to be a file", path);
	}
	close(*fd);
	*fd = -1;
	return -1;
}

/* Up to CHUNK bytes, fewer only at the end. */
static ssize_t
read_chunk(int fd, char *p)
{
	size_t n = 0;
	ssize_t k;

	while (n < CHUNK) {
		k = TEMP_FAILURE_RETRY(read(fd, p + n, CHUNK - n));
		if (k == -1)
			return -1;
		if (k == 0)
			break;
		n += (size_t)k;
	}
	return (ssize_t)n;
}

/*
 * The size agrees already, so a whole file that is shorter than the buffer is
 * read by one call.
 */
int
file_same_data(int fd, struct str data, bool *same)
{
	char p[CHUNK];
	size_t want;
	ssize_t n;

	for (*same = true; *same && data.len > 0;) {
		want = data.len < CHUNK ? data.len : CHUNK;
		n = TEMP_FAILURE_RETRY(read(fd, p, want));
		if (n == -1)
			return -1;
		*same = n > 0 && memcmp(p, data.p, (size_t)n) == 0;
		data.p += n;
		data.len -= (size_t)n;
	}
	return 0;
}

int
file_same_fd(int fd, int other, bool *same)
{
	char *p;
	ssize_t n = -1, k = -1;

	*same = false;
	if ((p = malloc(2 * CHUNK)) == NULL)
		return -1;
	do {
		n = read_chunk(fd, p);
		k = n == -1 ? -1 : read_chunk(other, p + CHUNK);
		*same = n == k && n != -1 &&
		    memcmp(p, p + CHUNK, (size_t)n) == 0;
	} while (*same && n == CHUNK);
	free(p);
	return n == -1 || k == -1 ? -1 : 0;
}

void
file_names_free(struct file_names *names)
{
	size_t i;

	for (i = 0; i < names->n; i++)
		free(names->v[i]);
	free(names->v);
	*names = (struct file_names){ NULL, 0 };
}

static int
add_name(struct file_names *names, const char *name)
{
	char **v;

	if ((names->n & (names->n - 1)) == 0) {
		v = reallocarray(names->v, names->n == 0 ? 1 : names->n * 2,
		    sizeof(*v));
		if (v == NULL)
			return -1;
		names->v = v;
	}
	if ((names->v[names->n] = strdup(name)) == NULL)
		return -1;
	names->n++;
	return 0;
}

static int
host_names(const char *path, struct file_names *names, struct buf *why)
{
	struct dirent *e;
	DIR *d;
	int fd, rc = 0;

	if ((fd = open_file(path, O_DIRECTORY, why)) == -1)
		return -1;
	if ((d = fdopendir(fd)) == NULL) {
		why_errno(why, path, "fdopendir");
		close(fd);
		return -1;
	}
	while (rc == 0 && (errno = 0, (e = readdir(d)) != NULL))
		if (strcmp(e->d_name, ".") != 0 &&
		    strcmp(e->d_name, "..") != 0)
			rc = add_name(names, e->d_name);
	if (rc == -1 || errno != 0)
		rc = why_errno(why, path, "readdir");
	closedir(d);
	return rc;
}

static int
name_cmp(const void *a, const void *b)
{
	const char *const *x = a, *const *y = b;

	return strcmp(*x, *y);
}

static void
sort_names(struct file_names *names)
{
	if (names->n > 0)
		qsort(names->v, names->n, sizeof(*names->v), name_cmp);
}

/* What the world has in the directory: names that come, and names that go. */
static int
merge_name(const char *name, const struct node *n, void *arg)
{
	struct file_names *names = arg;
	size_t i;

	for (i = 0; i < names->n; i++)
		if (strcmp(names->v[i], name) == 0)
			break;
	if (n->kind != NODE_NONE)
		return i == names->n && add_name(names, name) == -1;
	if (i < names->n) {
		free(names->v[i]);
		names->v[i] = names->v[--names->n];
	}
	return 0;
}

int
file_names(const struct job *j, const char *path, struct file_names *names,
    struct buf *why)
{
	struct node n;
	bool fresh;

	*names = (struct file_names){ NULL, 0 };
	fresh = world_look(j->world, path, &n) && n.kind == NODE_DIR && n.fresh;
	if (!fresh && host_names(path, names, why) == -1) {
		file_names_free(names);
		return -1;
	}
	if (j->world != NULL)
		world_each(j->world, path, merge_name, names);
	sort_names(names);
	return 0;
}

const char *
file_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? path : slash + 1;
}

char *
file_join(const char *dir, const char *name)
{
	size_t n = strlen(dir);
	char *p;

	if (asprintf(&p, "%s%s%s", dir, n > 0 && dir[n - 1] == '/' ? "" : "/",
	    name) == -1)
		return NULL;
	return p;
}

/* Slashes at the end do not count. */
char *
file_dir(const char *path)
{
	size_t n = strlen(path);

	while (n > 1 && path[n - 1] == '/')
		n--;
	while (n > 0 && path[n - 1] != '/')
		n--;
	while (n > 1 && path[n - 1] == '/')
		n--;
	return n == 0 ? strdup(".") : strndup(path, n);
}
