#ifndef BASE_PATH_H
#define BASE_PATH_H

#include "base/buf.h"

/*
 * Append the path from the root, by its letters alone: without ".", "..", and
 * doubled slashes.  A relative one is below the current directory as the shell
 * calls it (PWD), if that is right, with the links in it.  0, or -1 with errno.
 */
int	path_absolute(struct buf *b, const char *path);

#endif
