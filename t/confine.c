/*
 * confine COMMAND ...: run it with what confine() leaves.  Exits with 77 where
 * the kernel lacks some of that.
 */
#include <err.h>
#include <unistd.h>

#include "base/confine.h"

int
main(int argc, char **argv)
{
	if (argc < 2)
		errx(2, "usage: confine command ...");
	if (confine() != (CONFINE_FILES | CONFINE_CALLS |
	    CONFINE_CAPABILITIES))
		return 77;
	execvp(argv[1], argv + 1);
	err(2, "%s", argv[1]);
}
