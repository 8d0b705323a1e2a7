#include <sys/stat.h>
#include <sys/syscall.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/place.h"
#include "base/why.h"

enum { LINKS_MAX = 40 };	/* as in the kernel: then it is a circle */

/*
 * A walk under way.  While it goes component by component, shown says how far
 * it has come, for messages.
 */
struct walk {
	int		 flags;
	int		 links;		/* followed so far */
	struct buf	 shown;
	struct buf	*why;
};

static atomic_bool no_openat2;

/* As openat2(2) without links; ENOSYS where the kernel or a filter has none. */
static int
open_no_links(int dir, const char *path, int flags)
{
	struct open_how how = {
		.flags = (unsigned)flags | O_CLOEXEC,
		.resolve = RESOLVE_NO_SYMLINKS
	};
	int fd;

	if (atomic_load_explicit(&no_openat2, memory_order_relaxed)) {
		errno = ENOSYS;
		return -1;
	}
	fd = (int)TEMP_FAILURE_RETRY(syscall(SYS_openat2, dir, path, &how,
	    sizeof(how)));
	if (fd == -1 && (errno == ENOSYS || errno == EPERM)) {
		if (errno == ENOSYS)
			atomic_store(&no_openat2, true);
		errno = ENOSYS;
	}
	return fd;
}

/* openat(2), made again when a signal comes in between. */
static int
open_again(int dir, const char *name, int flags)
{
	return TEMP_FAILURE_RETRY(openat(dir, name, flags | O_CLOEXEC));
}

static const char *
shown(struct walk *w)
{
	buf_putc(&w->shown, '\0');
	if (buf_failed(&w->shown))
		return "?";
	w->shown.len--;
	return w->shown.len == 0 ? "." : w->shown.p;
}

/* A link's text counts from where the link is. */
static void
show_parent(struct walk *w)
{
	while (w->shown.len > 0 && w->shown.p[w->shown.len - 1] != '/')
		w->shown.len--;
}

static void
show(struct walk *w, const char *name)
{
	if (w->shown.len > 0 && w->shown.p[w->shown.len - 1] != '/')
		buf_putc(&w->shown, '/');
	buf_puts(&w->shown, name);
}

static int
fail(struct walk *w, const char *call)
{
	return why_errno(w->why, shown(w), call);
}

/* The text of a link that is held open, for the caller to free. */
static char *
link_text(struct walk *w, int fd)
{
	char *text = malloc(PATH_MAX);
	ssize_t n;

	if (text == NULL) {
		fail(w, "malloc");
		return NULL;
	}
	if ((n = readlinkat(fd, "", text, PATH_MAX - 1)) == -1) {
		fail(w, "readlinkat");
		free(text);
		return NULL;
	}
	text[n] = '\0';
	return text;
}

/* May the link be followed to what belongs to owner, or to nobody yet? */
static int
trusted(struct walk *w, const struct stat *ln, const struct stat *target)
{
	if (ln->st_uid == 0 || ln->st_uid == geteuid() ||
	    (target != NULL && ln->st_uid == target->st_uid))
		return 0;
	errno = EPERM;
	return why_say(w->why, "%s: leads through a link of user %u, who is "
	    "neither root nor the owner of what it leads to", shown(w),
	    (unsigned)ln->st_uid);
}

static int
count_link(struct walk *w)
{
	if (++w->links <= LINKS_MAX)
		return 0;
	errno = ELOOP;
	return fail(w, "openat");
}

static int	walk_dir(struct walk *, int, char *);

/* Follow a link that stands for a directory; fd is given. */
static int
follow_dir(struct walk *w, int dir, int fd, const struct stat *ln)
{
	struct stat st;
	char *text = NULL;
	int next = -1;

	if (count_link(w) == 0 && (text = link_text(w, fd)) != NULL) {
		show_parent(w);
		next = walk_dir(w, dir, text);
	}
	free(text);
	close(fd);
	if (next == -1)
		return -1;
	if (fstat(next, &st) == -1)
		fail(w, "fstat");
	else if (trusted(w, ln, &st) == 0)
		return next;
	close(next);
	return -1;
}

static int
open_component(struct walk *w, int dir, const char *name)
{
	int fd = open_again(dir, name, O_PATH | O_NOFOLLOW);

	if (fd != -1 || errno != ENOENT || !(w->flags & PLACE_PARENTS))
		return fd;
	if (mkdirat(dir, name, 0755) == -1 && errno != EEXIST)
		return -1;
	return open_again(dir, name, O_PATH | O_NOFOLLOW);
}

/* From dir to one directory in it, through a link if need be. */
static int
step(struct walk *w, int dir, const char *name)
{
	struct stat st;
	int fd;

	show(w, name);
	if ((fd = open_component(w, dir, name)) == -1)
		return fail(w, "openat");
	if (fstat(fd, &st) == -1) {
		fail(w, "fstat");
		close(fd);
		return -1;
	}
	if (S_ISLNK(st.st_mode))
		return follow_dir(w, dir, fd, &st);
	if (!S_ISDIR(st.st_mode)) {
		close(fd);
		errno = ENOTDIR;
		return fail(w, "openat");
	}
	return fd;
}

/*
 * The directory that path leads to from dir (which stays the caller's): in one
 * call if it can be, else component by component.  path is cut to pieces.
 */
static int
walk_dir(struct walk *w, int dir, char *path)
{
	char *name, *rest = path;
	int fd, next;

	fd = open_no_links(dir, path[0] == '\0' ? "." : path,
	    O_PATH | O_DIRECTORY);
	if (path[0] == '/')
		buf_reset(&w->shown);
	if (fd != -1) {
		if (path[0] != '\0')
			show(w, path);
		return fd;
	}
	if (path[0] == '/')
		fd = open_again(AT_FDCWD, "/", O_PATH | O_DIRECTORY);
	else
		fd = open_again(dir, ".", O_PATH | O_DIRECTORY);
	if (fd == -1)
		return fail(w, "open");
	if (path[0] == '/')
		buf_putc(&w->shown, '/');
	while ((name = strsep(&rest, "/")) != NULL) {
		if (name[0] == '\0' || strcmp(name, ".") == 0)
			continue;
		next = step(w, fd, name);
		close(fd);
		if ((fd = next) == -1)
			return -1;
	}
	return fd;
}

/* Cut path into its directory and last name; slashes at the end go. */
static int
split(struct walk *w, char *path, char **dir, char **name)
{
	static char here[] = "", root[] = "/";
	size_t n = strlen(path);
	char *slash;

	while (n > 1 && path[n - 1] == '/')
		path[--n] = '\0';
	slash = strrchr(path, '/');
	*name = slash == NULL ? path : slash + 1;
	*dir = slash == NULL ? here : slash == path ? root : path;
	if ((*name)[0] == '\0' || strcmp(*name, ".") == 0 ||
	    strcmp(*name, "..") == 0) {
		errno = EINVAL;
		return why_say(w->why, "%s: not the path of a file", path);
	}
	if (slash != NULL && slash != path)
		*slash = '\0';
	return 0;
}

/* Where links have led, or else what the policy calls it. */
static char *
path_of(const struct walk *w, int dir, const char *name, const char *path)
{
	char link[64], real[PATH_MAX], *s;
	ssize_t n = -1;

	if (w->links > 0) {
		snprintf(link, sizeof(link), "/proc/self/fd/%d", dir);
		n = readlink(link, real, sizeof(real) - 1);
	}
	if (n == -1)
		return strdup(path);
	real[n] = '\0';
	if (asprintf(&s, "%s/%s", n == 1 ? "" : real, name) == -1)
		return NULL;
	return s;
}

static int	walk_place(struct walk *, struct place *, int, const char *);

/* p ends in a link, held open as fd, which is given: go where it leads. */
static int
follow_end(struct walk *w, struct place *p, int fd, const struct stat *ln)
{
	struct place to;
	struct stat st;
	char *text = NULL;
	int rc = -1;

	buf_reset(&w->shown);
	buf_puts(&w->shown, p->path);
	if (count_link(w) == 0 && (text = link_text(w, fd)) != NULL) {
		show_parent(w);
		rc = walk_place(w, &to, p->dir, text);
	}
	free(text);
	close(fd);
	if (rc == -1)
		return -1;
	rc = fstatat(to.dir, to.name, &st, AT_SYMLINK_NOFOLLOW);
	buf_reset(&w->shown);
	buf_puts(&w->shown, p->path);
	if (trusted(w, ln, rc == 0 ? &st : NULL) == -1) {
		place_clear(&to);
		return -1;
	}
	place_clear(p);
	*p = to;
	return 0;
}

static int
walk_end(struct walk *w, struct place *p)
{
	struct stat st;
	int fd;

	fd = open_again(p->dir, p->name, O_PATH | O_NOFOLLOW);
	if (fd == -1)
		return errno == ENOENT ? 0 :
		    why_errno(w->why, p->path, "openat");
	if (fstat(fd, &st) == 0 && S_ISLNK(st.st_mode))
		return follow_end(w, p, fd, &st);
	close(fd);
	return 0;
}

/* As walk_dir() for the whole of path; a link at its end if that is asked. */
static int
walk_place(struct walk *w, struct place *p, int dir, const char *path)
{
	char *copy, *dname, *name;

	*p = (struct place){ .dir = -1 };
	if ((copy = strdup(path)) == NULL)
		return why_errno(w->why, path, "strdup");
	if (split(w, copy, &dname, &name) == -1)
		goto fail;
	if ((p->dir = walk_dir(w, dir, dname)) == -1)
		goto fail;
	p->name = strdup(name);
	p->path = path_of(w, p->dir, name, path);
	if (p->name == NULL || p->path == NULL) {
		why_errno(w->why, path, "strdup");
		goto fail;
	}
	free(copy);
	copy = NULL;
	if (!(w->flags & PLACE_FOLLOW) || walk_end(w, p) == 0)
		return 0;
fail:
	free(copy);
	place_clear(p);
	return -1;
}

int
place_find(struct place *p, const char *path, int flags, struct buf *why)
{
	struct walk w = { .flags = flags, .why = why };
	int rc;

	rc = walk_place(&w, p, AT_FDCWD, path);
	buf_clear(&w.shown);
	return rc;
}

int
place_at(struct place *p, int dir, const char *path, const char *name,
    struct buf *why)
{
	p->dir = dir;
	p->name = strdup(name);
	p->path = strdup(path);
	if (p->name != NULL && p->path != NULL)
		return 0;
	why_errno(why, path, "strdup");
	place_clear(p);
	return -1;
}

void
place_clear(struct place *p)
{
	if (p->dir != -1)
		close(p->dir);
	free(p->name);
	free(p->path);
	*p = (struct place){ .dir = -1 };
}

int
place_open_plain(const char *path, int flags)
{
	return open_no_links(AT_FDCWD, path, flags | O_NOFOLLOW);
}

bool
place_near(struct place_near *n, const char *path, const char **name)
{
	const char *slash = strrchr(path, '/');
	size_t len = slash == NULL ? 0 : (size_t)(slash - path);

	if (len == 0 || slash[1] == '\0' || strcmp(slash, "/.") == 0 ||
	    strcmp(slash, "/..") == 0)
		return false;
	*name = slash + 1;
	if (n->path != NULL && strncmp(n->path, path, len) == 0 &&
	    n->path[len] == '\0')
		return n->dir != -1;
	place_near_clear(n);
	if ((n->path = strndup(path, len)) == NULL)
		return false;
	n->dir = open_no_links(AT_FDCWD, n->path, O_PATH | O_DIRECTORY);
	return n->dir != -1;
}

void
place_near_clear(struct place_near *n)
{
	if (n->path != NULL && n->dir != -1)
		close(n->dir);
	free(n->path);
	n->path = NULL;
}

int
place_near_open(const struct place_near *n, const char *name, int flags)
{
	return open_again(n->dir, name, flags | O_NOFOLLOW);
}

int
place_open(const struct place *p, int flags)
{
	return open_again(p->dir, p->name, flags | O_NOFOLLOW);
}

int
place_open_dir(const struct place *p)
{
	return open_again(p->dir, ".", O_RDONLY | O_DIRECTORY);
}
