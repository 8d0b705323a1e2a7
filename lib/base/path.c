#include <sys/stat.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/path.h"

/* Put part behind a path, where ".." takes one away. */
static void
put_part(struct buf *b, size_t root, struct str part)
{
	if (part.len == 0 || str_eq(part, str_of(".")))
		return;
	if (!str_eq(part, str_of(".."))) {
		buf_putc(b, '/');
		buf_str(b, part);
		return;
	}
	while (b->len > root && b->p[--b->len] != '/')
		;
}

static void
put_path(struct buf *b, size_t root, const char *path)
{
	size_t n;

	for (; *path != '\0'; path += n + (path[n] != '\0')) {
		n = strcspn(path, "/");
		put_part(b, root, (struct str){ path, n });
	}
}

/* Is it a name of the current directory? */
static bool
is_here(const char *path)
{
	struct stat there, here;

	return path != NULL && *path == '/' && stat(path, &there) == 0 &&
	    stat(".", &here) == 0 && there.st_dev == here.st_dev &&
	    there.st_ino == here.st_ino;
}

int
path_absolute(struct buf *b, const char *path)
{
	const char *pwd = getenv("PWD");
	size_t root = b->len;
	char *cwd;

	if (*path != '/' && is_here(pwd))
		put_path(b, root, pwd);
	else if (*path != '/') {
		if ((cwd = getcwd(NULL, 0)) == NULL)
			return -1;
		put_path(b, root, cwd);
		free(cwd);
	}
	put_path(b, root, path);
	if (!buf_failed(b))
		return 0;
	errno = ENOMEM;
	return -1;
}
