#include <sys/stat.h>

#include <errno.h>
#include <string.h>

#include "apply.h"
#include "base/path.h"

/* What a policy is known by in the store, and where it was known before. */

char *
identity(const char *path)
{
	struct buf b = { 0 };

	if (strcmp(path, "stdin") == 0)
		return strdup(path);
	if (path_absolute(&b, path) == -1) {
		buf_clear(&b);
		return strdup(path);
	}
	buf_putc(&b, '\0');
	if (!buf_failed(&b))
		return b.p;
	buf_clear(&b);
	return NULL;
}

struct str
policy_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	struct str s = str_of(slash == NULL ? path : slash + 1);

	if (s.len > 3 && memcmp(s.p + s.len - 3, ".p2", 3) == 0)
		s.len -= 3;
	return s;
}

enum identity
identity_was(const char *is, const char *was)
{
	struct stat here, there;

	if (strcmp(is, was) == 0)
		return IDENTITY_SAME;
	if (!str_eq(policy_name(is), policy_name(was)))
		return IDENTITY_OTHER;
	if (stat(was, &there) == -1)
		return errno == ENOENT || errno == ENOTDIR ? IDENTITY_GONE :
		    IDENTITY_OTHER;
	return stat(is, &here) == 0 && here.st_dev == there.st_dev &&
	    here.st_ino == there.st_ino ? IDENTITY_SAME : IDENTITY_OTHER;
}
