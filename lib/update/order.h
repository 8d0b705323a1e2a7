#ifndef UPDATE_ORDER_H
#define UPDATE_ORDER_H

#include "base/str.h"
#include "update/version.h"

/*
 * order: the orders of versions of those package managers that do not have
 * Debian's.
 */
enum order {
	ORDER_DEBIAN,	/* version.h */
	ORDER_RPM,	/* rpm-version(7) */
	ORDER_PACMAN,	/* vercmp(8): 1.0rc is before 1.0, 1.0.1 behind it */
	/*
	 * Numbers by value, and words: alpha, beta, pre, rc and dev are before
	 * the release, all others behind it.  This is what pip, npm, gem, apk
	 * and portage have in common.
	 */
	ORDER_WORDS
};

/* Less than, equal to or greater than 0 as a is before, like or after b. */
int	order_cmp(enum order o, struct str a, struct str b);

/*
 * Does a version pass?  Where the test names no revision (the part behind the
 * last dash, but for ORDER_DEBIAN), that of the version does not matter.  With
 * VERSION_IS, "1.2*" is every version that begins so.
 */
bool	order_passes(enum order o, const struct version_test *t,
	    struct str ver);

#endif
