/*
 * replace: stdin becomes the content of a file, by lib/base/replace.c.
 *
 *	replace [-fiop] [-m mode] [-u uid] path
 *	replace -l target path		a symbolic link instead
 *
 * -f follows links, -i keeps the inode, -o overrides chattr's flags, -p makes
 * parents.  Prints "non-atomic" if it was, and on failure the reason; exits 1.
 */
#include <sys/stat.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/replace.h"
#include "base/why.h"

static struct attrs attrs = ATTRS_NONE;
static bool in_place, override;

static int
replace(const struct place *at, struct buf *why)
{
	struct replace r;
	int flags, old, rc = -1;

	flags = in_place ? REPLACE_IN_PLACE : 0;
	old = place_open(at, O_RDONLY | O_NONBLOCK);
	if (old == -1 && errno != ENOENT && errno != ELOOP)
		return why_errno(why, at->path, "openat");
	if (old == -1 && attrs.mode == (mode_t)-1)
		flags |= REPLACE_PUBLIC;
	if (replace_begin(&r, at, flags, why) == 0 &&
	    replace_copy(&r, STDIN_FILENO, why) == 0 &&
	    replace_attrs(&r, old, &attrs, why) == 0 &&
	    replace_commit(&r, override, why) == 0)
		rc = 0;
	replace_abort(&r);
	if (old != -1)
		close(old);
	if (rc == 0 && r.non_atomic)
		puts("non-atomic");
	return rc;
}

int
main(int argc, char **argv)
{
	struct buf why = { 0 };
	struct place at;
	const char *target = NULL;
	int ch, flags = 0, rc;

	while ((ch = getopt(argc, argv, "fil:m:opu:")) != -1)
		switch (ch) {
		case 'f':
			flags |= PLACE_FOLLOW;
			break;
		case 'i':
			in_place = true;
			break;
		case 'l':
			target = optarg;
			break;
		case 'm':
			attrs.mode = (mode_t)strtoul(optarg, NULL, 8);
			break;
		case 'o':
			override = true;
			break;
		case 'p':
			flags |= PLACE_PARENTS;
			break;
		case 'u':
			attrs.uid = (uid_t)atoi(optarg);
			break;
		default:
			return 2;
		}
	if (optind + 1 != argc)
		errx(2, "one path, please");
	if ((rc = place_find(&at, argv[optind], flags, &why)) == 0) {
		rc = target != NULL ?
		    replace_with_link(&at, target, &attrs, &why) :
		    replace(&at, &why);
		place_clear(&at);
	}
	if (rc == -1)
		printf("%.*s\n", (int)why.len, why.p);
	buf_clear(&why);
	return rc == 0 ? 0 : 1;
}
