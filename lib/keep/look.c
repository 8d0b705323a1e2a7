#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/attrs.h"
#include "base/why.h"
#include "keep/look.h"

int
text_copy(struct str *to, struct str from)
{
	char *p;

	*to = (struct str){ NULL, 0 };
	if (from.len == 0)
		return 0;
	if ((p = malloc(from.len + 1)) == NULL)
		return -1;
	memcpy(p, from.p, from.len);
	p[from.len] = '\0';
	to->p = p;
	to->len = from.len;
	return 0;
}

int
state_copy(struct kept_state *to, const struct kept_state *from)
{
	*to = *from;
	to->xattrs = (struct str){ NULL, 0 };
	if (text_copy(&to->target, from->target) == -1)
		return -1;
	if (text_copy(&to->xattrs, from->xattrs) == 0)
		return 0;
	free((char *)(uintptr_t)to->target.p);
	return -1;
}

void
text_free(struct str *s)
{
	free((char *)(uintptr_t)s->p);
	*s = (struct str){ NULL, 0 };
}

void
state_free(struct kept_state *s)
{
	text_free(&s->target);
	text_free(&s->xattrs);
}

void
row_free(struct change_row *r)
{
	text_free(&r->policy);
	text_free(&r->type);
	text_free(&r->title);
	text_free(&r->path);
	state_free(&r->was);
	state_free(&r->is);
}

/* An ACL has the mode in it, and a change of owner drops capabilities. */
static bool
is_part(struct str name)
{
	return str_eq(name, str_of("system.posix_acl_access")) ||
	    str_eq(name, str_of("security.capability"));
}

/* The next attribute that counts. */
static bool
next_xattr(struct str *list, bool part, struct str *name, struct str *value)
{
	while (attrs_list_next(list, name, value))
		if (!part || !is_part(*name))
			return true;
	return false;
}

static bool
same_xattrs(const struct kept_state *a, const struct kept_state *b)
{
	bool part = ((a->has | b->has) & KEPT_HAS_PART) != 0, more;
	struct str x = a->xattrs, y = b->xattrs, name, value, other, theirs;

	while (next_xattr(&x, part, &name, &value))
		if (!next_xattr(&y, part, &other, &theirs) ||
		    !str_eq(name, other) || !str_eq(value, theirs))
			return false;
	more = next_xattr(&y, part, &other, &theirs);
	return !more;
}

bool
state_same(const struct kept_state *a, const struct kept_state *b)
{
	unsigned has = a->has & b->has;

	if (a->kind != b->kind || (a->kind != KEPT_LINK &&
	    (has & KEPT_HAS_MODE) && a->mode != b->mode) ||
	    ((has & KEPT_HAS_UID) && a->uid != b->uid) ||
	    ((has & KEPT_HAS_GID) && a->gid != b->gid))
		return false;
	if (a->kind == KEPT_LINK && !str_eq(a->target, b->target))
		return false;
	if (a->kind == KEPT_OTHER && a->rdev != b->rdev)
		return false;
	if ((has & KEPT_HAS_DIGEST) && (a->size != b->size ||
	    memcmp(a->digest, b->digest, sizeof(a->digest)) != 0))
		return false;
	return (has & KEPT_HAS_XATTRS) == 0 || same_xattrs(a, b);
}

static enum kept_kind
kind_of(mode_t mode)
{
	return S_ISREG(mode) ? KEPT_FILE : S_ISDIR(mode) ? KEPT_DIR :
	    S_ISLNK(mode) ? KEPT_LINK : KEPT_OTHER;
}

static int
look_target(struct kept_state *s, int dir, const char *name,
    const char *path, struct buf *why)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(dir, name, target, sizeof(target));

	if (n == -1)
		return why_errno(why, path, "readlinkat");
	if (text_copy(&s->target, (struct str){ target, (size_t)n }) == -1)
		return why_errno(why, path, "malloc");
	return 0;
}

/* Those of what cannot be opened stay unknown. */
static int
look_xattrs(struct kept_state *s, int fd, const char *path, struct buf *why)
{
	struct buf b = { 0 };
	int rc;

	if ((rc = attrs_list_get(fd, &b, path, why)) == 0 &&
	    (buf_failed(&b) || text_copy(&s->xattrs, buf_view(&b)) == -1))
		rc = why_errno(why, path, "malloc");
	if (rc == 0)
		s->has |= KEPT_HAS_XATTRS;
	buf_clear(&b);
	return rc;
}

static void
take_stat(struct kept_state *s, const struct stat *st)
{
	s->kind = kind_of(st->st_mode);
	s->has = KEPT_HAS_MODE | KEPT_HAS_UID | KEPT_HAS_GID | KEPT_HAS_TIME;
	s->mode = st->st_mode;
	s->uid = st->st_uid;
	s->gid = st->st_gid;
	s->rdev = st->st_rdev;
	s->size = (uint64_t)st->st_size;
	s->time = st->st_mtim.tv_sec;
	s->nsec = (uint32_t)st->st_mtim.tv_nsec;
}

int
state_look(struct kept_state *s, int dir, const char *name, int *fd,
    const char *path, struct buf *why)
{
	struct stat st;
	int rc = 0;

	*s = (struct kept_state){ .kind = KEPT_NONE };
	*fd = -1;
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return errno == ENOENT ? 0 : why_errno(why, path, "fstatat");
	take_stat(s, &st);
	if (s->kind == KEPT_LINK)
		return look_target(s, dir, name, path, why);
	if (s->kind == KEPT_OTHER)
		return 0;
	*fd = TEMP_FAILURE_RETRY(openat(dir, name, O_RDONLY | O_NONBLOCK |
	    O_NOCTTY | O_NOFOLLOW | O_CLOEXEC));
	if (*fd == -1)
		return 0;
	/* It may be another one by now: then all is of that. */
	if (fstat(*fd, &st) == -1)
		rc = why_errno(why, path, "fstat");
	else {
		take_stat(s, &st);
		rc = look_xattrs(s, *fd, path, why);
	}
	if (rc == -1) {
		close(*fd);
		*fd = -1;
	}
	return rc;
}

static int
path_done(struct buf *b)
{
	if (b->len == 0)
		buf_putc(b, '/');
	buf_putc(b, '\0');
	if (!buf_failed(b)) {
		b->len--;
		return 0;
	}
	errno = ENOMEM;
	return -1;
}

/* Names behind a directory, without what means nothing. */
static void
add_names(struct buf *b, const char *names)
{
	size_t n;

	for (; *names != '\0'; names += n) {
		names += strspn(names, "/");
		n = strcspn(names, "/");
		if (n == 0 || (n == 1 && names[0] == '.'))
			continue;
		buf_putc(b, '/');
		buf_add(b, names, n);
	}
}

/* The target of a link at the path in b, before rest; NULL: it is none. */
static char *
expand(struct buf *b, const char *rest)
{
	char target[PATH_MAX], *s;
	ssize_t n;

	buf_putc(b, '\0');
	if (buf_failed(b))
		return NULL;
	b->len--;
	if ((n = readlink(b->p, target, sizeof(target) - 1)) == -1)
		return NULL;
	target[n] = '\0';
	if (asprintf(&s, "%s/%s", target, rest) == -1)
		return NULL;
	return s;
}

/*
 * As realpath(3), for what need not be there; the last name stays.  A
 * directory that will be made in place of a link is none.
 */
static int
resolve(const struct keep *k, struct buf *b, const char *path)
{
	enum { LINKS_MAX = 40 };
	char *rest = strdup(path), *at = rest, *more;
	size_t n, before;
	int links = 0;

	while (at != NULL && *(at += strspn(at, "/")) != '\0') {
		n = strcspn(at, "/");
		before = b->len;
		if (n == 2 && strncmp(at, "..", 2) == 0) {
			while (b->len > 0 && b->p[--b->len] != '/')
				;
			before = b->len;
		} else if (n != 1 || *at != '.') {
			buf_putc(b, '/');
			buf_add(b, at, n);
		}
		at += n;
		if (b->len == before || at[strspn(at, "/")] == '\0' ||
		    (more = expand(b, at)) == NULL)
			continue;
		if (keep_will_be_dir(k, buf_view(b))) {
			free(more);
			continue;
		}
		free(rest);
		at = rest = more;
		b->len = *more == '/' ? 0 : before;
		if (++links > LINKS_MAX) {
			free(rest);
			errno = ELOOP;
			return -1;
		}
	}
	free(rest);
	return at == NULL ? -1 : path_done(b);
}

int
keep_path_in(const struct keep *k, struct buf *b, const char *path)
{
	char *full = NULL, *cwd;
	int rc;

	buf_reset(b);
	if (path[0] == '/')
		return resolve(k, b, path);
	if ((cwd = getcwd(NULL, 0)) == NULL)
		return -1;
	rc = asprintf(&full, "%s/%s", cwd, path);
	free(cwd);
	if (rc == -1)
		return -1;
	rc = resolve(k, b, full);
	free(full);
	return rc;
}

int
keep_path(struct buf *b, const char *path)
{
	return keep_path_in(NULL, b, path);
}

int
keep_path_at(struct buf *b, int dir, const char *name)
{
	char link[64], real[PATH_MAX];
	ssize_t n;

	buf_reset(b);
	snprintf(link, sizeof(link), "/proc/self/fd/%d", dir);
	if ((n = readlink(link, real, sizeof(real))) == -1 ||
	    n == (ssize_t)sizeof(real))
		return -1;
	if (n > 1)
		buf_add(b, real, (size_t)n);
	add_names(b, name);
	return path_done(b);
}

int
place_of(struct place *p, const char *path, struct buf *why)
{
	struct buf real = { 0 };
	int rc;

	if (place_find(p, path, 0, why) == -1)
		return -1;
	rc = keep_path_at(&real, p->dir, p->name);
	if (rc == -1)
		why_errno(why, path, "readlink");
	else if (strcmp(real.p, path) != 0) {
		errno = ENOTDIR;
		rc = why_errno(why, path, "openat");
	}
	if (rc == -1)
		place_clear(p);
	buf_clear(&real);
	return rc;
}
