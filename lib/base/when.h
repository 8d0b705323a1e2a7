#ifndef BASE_WHEN_H
#define BASE_WHEN_H

#include <stdint.h>
#include <time.h>

#include "base/buf.h"
#include "base/str.h"

/*
 * when: moments as people write them, in seconds since 1970 UTC.
 *
 *	90s 30m 24h 7d 2w		so long before now
 *	1769850000			seconds since 1970
 *	2026-01-31			that day's first second
 *	2026-01-31T10:00		or with a blank for the T, with seconds,
 *	2026-01-31T10:00:00Z		with a fraction (which is dropped),
 *	2026-01-31T10:00:00+01:00	with a zone
 *
 * Without a zone it is local time, as in a log that somebody looks at.
 */

/* Returns 0, or -1 with *errstr (static). */
int	when_parse(uint32_t *when, struct str s, uint32_t now,
	    const char **errstr);

/*
 * The same asked as an age: how many seconds before now.  Here a plain number
 * below 1000000000 is a number of seconds; the moment of that name lies in
 * the last century.  A moment to come is an error.
 */
int	when_parse_age(uint32_t *seconds, struct str s, uint32_t now,
	    const char **errstr);

/* Append the local time as "2026-01-31 10:00:00", which when_parse() reads. */
void	when_format(struct buf *b, uint32_t when);

/* Append it as "2026-01-31T10:00:00Z". */
void	when_format_utc(struct buf *b, time_t when);

#endif
