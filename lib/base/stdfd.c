#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/stdfd.h"

int
stdfd_hold(void)
{
	static const int flags[] = { O_WRONLY, O_RDONLY, O_RDWR };
	int fd;

	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) != -1 || errno != EBADF)
			continue;
		/* The lowest number that is free is this one. */
		if (open("/dev/null", flags[fd]) != fd)
			return -1;
	}
	return 0;
}
