#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "store/env.h"

/*
 * A page of LMDB starts with its number, in a word of the machine, and eight
 * bytes more; in the first page LMDB's mark follows.
 */
bool
of_other_words(int dirfd)
{
	enum { OTHER = sizeof(size_t) == 8 ? 4 : 8, MARK_AT = OTHER + 8 };
	const uint32_t mark = 0xbeefc0de;
	unsigned char page[MARK_AT + sizeof(mark)];
	bool found;
	int fd;

	if ((fd = openat(dirfd, "data.mdb", O_RDONLY | O_CLOEXEC)) == -1)
		return false;
	found = pread(fd, page, sizeof(page), 0) == (ssize_t)sizeof(page) &&
	    memcmp(page + MARK_AT, &mark, sizeof(mark)) == 0;
	close(fd);
	return found;
}
