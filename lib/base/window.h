#ifndef BASE_WINDOW_H
#define BASE_WINDOW_H

#include <stdbool.h>
#include <time.h>

#include "base/str.h"

/*
 * window: times of the week, as people write them.
 *
 *	02:00-04:00			every day
 *	Mon-Fri 02:00-04:00		on these days
 *	Sat,Sun				all day long
 *	Fri 22:00-04:00			until Saturday, 04:00
 *	Mon-Fri 02:00-04:00; Sun	several
 *
 * Days are English, of three letters or whole, in either case; a range of them
 * may go round the week.  A time of day begins with its minute, and its end is
 * not in it; 24:00 is midnight.
 */
struct window_part {
	unsigned char	days;		/* on which it begins; bit 0: Sunday */
	unsigned short	from;		/* minutes since midnight */
	unsigned short	to;		/* after from; over 1440: next day */
};

enum { WINDOW_PARTS = 32 };

struct window {
	struct window_part parts[WINDOW_PARTS];
	unsigned	 n;
};

/* Returns 0, or -1 with *errstr (static). */
int	window_parse(struct window *w, struct str s, const char **errstr);

/* Is that moment, in local time, within it? */
bool	window_has(const struct window *w, time_t t);

/* The first moment from t on that is, to the minute. */
time_t	window_next(const struct window *w, time_t t);

#endif
