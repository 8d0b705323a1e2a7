/*
 * udiff: print the unified diff of two files, by lib/base/diff.c.
 *
 *	udiff OLD NEW
 */
#include <sys/stat.h>

#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/diff.h"

static void
load(struct buf *b, const char *path)
{
	ssize_t n;
	int fd;

	if ((fd = open(path, O_RDONLY)) == -1)
		err(2, "%s", path);
	do {
		if (buf_room(b, 65536) == NULL)
			err(2, NULL);
		if ((n = read(fd, b->p + b->len, 65536)) == -1)
			err(2, "%s", path);
		b->len += (size_t)n;
	} while (n > 0);
	close(fd);
}

int
main(int argc, char **argv)
{
	struct buf a = { 0 }, b = { 0 }, out = { 0 };

	if (argc != 3)
		errx(2, "two files, please");
	load(&a, argv[1]);
	load(&b, argv[2]);
	diff_unified(&out, buf_view(&a), buf_view(&b), "old", "new");
	if (buf_failed(&out))
		err(2, NULL);
	if (buf_write(&out, STDOUT_FILENO) == -1)
		err(2, "stdout");
	buf_clear(&a);
	buf_clear(&b);
	buf_clear(&out);
	return 0;
}
