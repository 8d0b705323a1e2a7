#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include <errno.h>
#include <linux/fs.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/attrs.h"
#include "base/why.h"

#define ACL_NAME	"system.posix_acl_access"
#define CAPS_NAME	"security.capability"

static const char *const content_bound[] = {
	"security.evm", "security.ima", NULL
};

static int
set_owner(int fd, const struct stat *st, const struct attrs *a,
    const char *path, struct buf *why)
{
	uid_t uid = a->uid == st->st_uid ? (uid_t)-1 : a->uid;
	gid_t gid = a->gid == st->st_gid ? (gid_t)-1 : a->gid;

	if (uid == (uid_t)-1 && gid == (gid_t)-1)
		return 0;
	if (TEMP_FAILURE_RETRY(fchown(fd, uid, gid)) == -1)
		return why_errno(why, path, "fchown");
	return 0;
}

/* After the owner: a change of that may have cleared the set-id bits. */
static int
set_mode(int fd, mode_t mode, const char *path, struct buf *why)
{
	struct stat st;

	if (mode == (mode_t)-1)
		return 0;
	if (fstat(fd, &st) == -1)
		return why_errno(why, path, "fstat");
	if ((st.st_mode & 07777) == mode)
		return 0;
	if (TEMP_FAILURE_RETRY(fchmod(fd, mode)) == -1)
		return why_errno(why, path, "fchmod");
	return 0;
}

int
attrs_set(int fd, const struct attrs *a, const char *path, struct buf *why)
{
	struct stat st;
	mode_t mode = a->mode;

	if (fstat(fd, &st) == -1)
		return why_errno(why, path, "fstat");
	if (mode == (mode_t)-1)
		mode = st.st_mode & 07777;
	if (set_owner(fd, &st, a, path, why) == -1)
		return -1;
	return set_mode(fd, mode, path, why);
}

/* The names of fd's attributes, each with its NUL; to be freed. */
static char *
list_names(int fd, size_t *len, const char *path, struct buf *why)
{
	char *names = NULL, *p;
	ssize_t n;

	for (;;) {
		n = flistxattr(fd, NULL, 0);
		if (n == -1 && errno == ENOTSUP)
			n = 0;
		if (n == -1)
			break;
		if ((p = realloc(names, (size_t)n + 1)) == NULL)
			break;
		names = p;
		*len = 0;
		if (n == 0)
			return names;
		if ((n = flistxattr(fd, names, (size_t)n)) != -1) {
			*len = (size_t)n;
			return names;
		}
		if (errno != ERANGE)	/* grown meanwhile: once more */
			break;
	}
	free(names);
	why_errno(why, path, "flistxattr");
	return NULL;
}

/* Read a value into b; 1 if it has gone meanwhile. */
static int
read_value(int fd, const char *name, struct buf *b)
{
	ssize_t n;

	for (;;) {
		buf_reset(b);
		if ((n = fgetxattr(fd, name, NULL, 0)) == -1)
			return errno == ENODATA ? 1 : -1;
		if (buf_room(b, (size_t)n + 1) == NULL) {
			errno = ENOMEM;
			return -1;
		}
		n = fgetxattr(fd, name, b->p, (size_t)n + 1);
		if (n != -1) {
			b->len = (size_t)n;
			return 0;
		}
		if (errno == ENODATA)
			return 1;
		if (errno != ERANGE)
			return -1;
	}
}

static bool
has_same(int fd, const char *name, const struct buf *value)
{
	struct buf b = { 0 };
	bool same;

	same = read_value(fd, name, &b) == 0 &&
	    str_eq(buf_view(&b), buf_view(value));
	buf_clear(&b);
	return same;
}

static int
copy_one(int from, int to, const char *name, const char *path,
    struct buf *why)
{
	struct buf b = { 0 };
	int e, rc = 0;

	switch (read_value(from, name, &b)) {
	case 0:
		/* A label, say, that policy forbids to set may be right. */
		if (has_same(to, name, &b) ||
		    TEMP_FAILURE_RETRY(fsetxattr(to, name, b.p, b.len, 0)) == 0)
			break;
		e = errno;
		why_say(why, "%s: fsetxattr %s: %s", path, name, strerror(e));
		errno = e;
		rc = -1;
		break;
	case -1:
		e = errno;
		why_say(why, "%s: fgetxattr %s: %s", path, name, strerror(e));
		errno = e;
		rc = -1;
	}
	buf_clear(&b);
	return rc;
}

static bool
is_content_bound(const char *name)
{
	size_t i;

	for (i = 0; content_bound[i] != NULL; i++)
		if (strcmp(content_bound[i], name) == 0)
			return true;
	return false;
}

static int
copy_xattrs(int from, int to, const char *path, struct buf *why)
{
	char *names, *name;
	size_t len;
	bool acl = false;
	int rc = 0;

	if ((names = list_names(from, &len, path, why)) == NULL)
		return -1;
	for (name = names; rc == 0 && name < names + len;
	    name += strlen(name) + 1) {
		if (is_content_bound(name))
			continue;
		acl = acl || strcmp(name, ACL_NAME) == 0;
		rc = copy_one(from, to, name, path, why);
	}
	free(names);
	/* What the directory's default ACL gave the new file was not there. */
	if (rc == 0 && !acl && fremovexattr(to, ACL_NAME) == -1 &&
	    errno != ENODATA && errno != ENOTSUP)
		return why_errno(why, path, "fremovexattr");
	return rc;
}

int
attrs_copy(int from, int to, const struct attrs *a, const char *path,
    struct buf *why)
{
	struct attrs all = *a;
	struct stat old, st;

	if (fstat(from, &old) == -1 || fstat(to, &st) == -1)
		return why_errno(why, path, "fstat");
	if (all.uid == (uid_t)-1)
		all.uid = old.st_uid;
	if (all.gid == (gid_t)-1)
		all.gid = old.st_gid;
	if (all.mode == (mode_t)-1)
		all.mode = old.st_mode & 07777;
	if (set_owner(to, &st, &all, path, why) == -1 ||
	    copy_xattrs(from, to, path, why) == -1)
		return -1;
	return set_mode(to, all.mode, path, why);
}

static int
name_cmp(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Pointers to the names of a list, in order; to be freed. */
static const char **
sort_names(const char *names, size_t len, size_t *n)
{
	const char **v, *name;

	*n = 0;
	for (name = names; name < names + len; name += strlen(name) + 1)
		++*n;
	if ((v = reallocarray(NULL, *n + 1, sizeof(*v))) == NULL)
		return NULL;
	*n = 0;
	for (name = names; name < names + len; name += strlen(name) + 1)
		v[(*n)++] = name;
	qsort(v, *n, sizeof(*v), name_cmp);
	return v;
}

/* One that has gone meanwhile is left out. */
static int
list_one(int fd, const char *name, struct buf *b)
{
	struct buf value = { 0 };
	int rc = read_value(fd, name, &value);
	size_t i;

	if (rc == 0) {
		buf_add(b, name, strlen(name) + 1);
		for (i = 4; i-- > 0;)
			buf_putc(b, (char)(value.len >> 8 * i & 0xff));
		buf_str(b, buf_view(&value));
	}
	buf_clear(&value);
	return rc == -1 ? -1 : 0;
}

int
attrs_list_get(int fd, struct buf *b, const char *path, struct buf *why)
{
	const char **v = NULL;
	char *names;
	size_t len, n, i;
	int rc = 0;

	if ((names = list_names(fd, &len, path, why)) == NULL)
		return -1;
	if ((v = sort_names(names, len, &n)) == NULL) {
		free(names);
		return why_errno(why, path, "malloc");
	}
	for (i = 0; rc == 0 && i < n; i++)
		if (!is_content_bound(v[i]) &&
		    (rc = list_one(fd, v[i], b)) == -1)
			why_errno(why, path, "fgetxattr");
	free(v);
	free(names);
	return rc;
}

bool
attrs_list_next(struct str *list, struct str *name, struct str *value)
{
	const char *nul = list->len == 0 ? NULL :
	    memchr(list->p, '\0', list->len);
	const unsigned char *p;
	size_t left;

	if (nul == NULL)
		return false;
	*name = (struct str){ list->p, (size_t)(nul - list->p) };
	if ((left = list->len - name->len - 1) < 4)
		return false;
	p = (const unsigned char *)nul + 1;
	*value = (struct str){ nul + 5, (size_t)p[0] << 24 |
	    (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3] };
	if (left - 4 < value->len)
		return false;
	list->len = left - 4 - value->len;
	list->p = value->p + value->len;
	return true;
}

static bool
is_listed(struct str list, const char *wanted)
{
	struct str name, value;

	while (attrs_list_next(&list, &name, &value))
		if (str_eq(name, str_of(wanted)))
			return true;
	return false;
}

static int
drop_unlisted(int fd, struct str list, const char *path, struct buf *why)
{
	char *names, *name;
	size_t len;
	int rc = 0;

	if ((names = list_names(fd, &len, path, why)) == NULL)
		return -1;
	for (name = names; rc == 0 && name < names + len;
	    name += strlen(name) + 1)
		if (!is_content_bound(name) && !is_listed(list, name) &&
		    fremovexattr(fd, name) == -1 && errno != ENODATA &&
		    strncmp(name, "security.", 9) != 0)
			rc = why_errno(why, path, "fremovexattr");
	free(names);
	return rc;
}

int
attrs_list_set(int fd, struct str list, const char *path, struct buf *why)
{
	struct str name, value;
	struct buf now = { 0 };
	int rc;

	rc = drop_unlisted(fd, list, path, why);
	while (rc == 0 && attrs_list_next(&list, &name, &value)) {
		if (read_value(fd, name.p, &now) == 0 &&
		    str_eq(buf_view(&now), value))
			continue;
		if (TEMP_FAILURE_RETRY(fsetxattr(fd, name.p, value.p,
		    value.len, 0)) == -1)
			rc = why_errno(why, path, "fsetxattr");
	}
	buf_clear(&now);
	return rc;
}

int
attrs_caps_get(int fd, struct buf *b, const char *path, struct buf *why)
{
	if (read_value(fd, CAPS_NAME, b) != -1)
		return 0;
	buf_reset(b);
	return errno == ENOTSUP ? 0 : why_errno(why, path, "fgetxattr");
}

int
attrs_caps_set(int fd, const struct buf *b, const char *path,
    struct buf *why)
{
	if (b->len == 0 ||
	    TEMP_FAILURE_RETRY(fsetxattr(fd, CAPS_NAME, b->p, b->len, 0)) == 0)
		return 0;
	return why_errno(why, path, "fsetxattr");
}

int
attrs_flags_clear(int fd, int *flags, const char *path, struct buf *why)
{
	int bad = FS_IMMUTABLE_FL | FS_APPEND_FL, now;

	*flags = 0;
	if (ioctl(fd, FS_IOC_GETFLAGS, &now) == -1)
		return errno == ENOTTY || errno == EOPNOTSUPP ? 0 :
		    why_errno(why, path, "FS_IOC_GETFLAGS");
	if ((now & bad) == 0)
		return 0;
	*flags = now & bad;
	now &= ~bad;
	if (ioctl(fd, FS_IOC_SETFLAGS, &now) == -1)
		return why_errno(why, path, "FS_IOC_SETFLAGS");
	return 0;
}

int
attrs_flags_set(int fd, int flags, const char *path, struct buf *why)
{
	int now;

	if (flags == 0)
		return 0;
	if (ioctl(fd, FS_IOC_GETFLAGS, &now) == -1)
		return why_errno(why, path, "FS_IOC_GETFLAGS");
	now |= flags;
	if (ioctl(fd, FS_IOC_SETFLAGS, &now) == -1)
		return why_errno(why, path, "FS_IOC_SETFLAGS");
	return 0;
}
