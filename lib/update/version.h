#ifndef UPDATE_VERSION_H
#define UPDATE_VERSION_H

#include <stdbool.h>

#include "base/str.h"

/*
 * version: the order of version strings, which is that of deb-version(7):
 * [epoch:]upstream[-revision], runs of digits by value, "~" before the end of
 * a part, letters before other characters.  It is a total preorder on all
 * strings: what is no valid Debian version (blanks, "_", UTF-8, an epoch that
 * is no number) is ordered by the same rules, its bytes standing for themselves.
 */

/* Less than, equal to or greater than 0 as a is before, like or after b. */
int	version_cmp(struct str a, struct str b);

/* A comparison as people write it: "1.2", "=1.2", "<1.2.3", ">=2.0", ... */
enum version_op {
	VERSION_IS,		/* the very same string */
	VERSION_LT,
	VERSION_LE,
	VERSION_GT,
	VERSION_GE
};

struct version_test {
	enum version_op	op;
	struct str	ver;	/* lent by what was parsed */
};

/*
 * Split "<1.2", "<=1.2", ">1.2", ">=1.2", "=1.2" or "1.2".  Blanks after the
 * operator are skipped.  Returns 0, or -1 with *errstr where no version is
 * left.
 */
int	version_parse_test(struct version_test *t, struct str s,
	    const char **errstr);

bool	version_passes(const struct version_test *t, struct str ver);

#endif
