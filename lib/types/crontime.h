#ifndef TYPES_CRONTIME_H
#define TYPES_CRONTIME_H

#include "base/buf.h"
#include "resource/resource.h"

/*
 * crontime: when cron(8) is to run a command, as a line of crontab(5) says it.
 *
 * Functions append to b, and return 0, or -1 with a reason in why.
 */
enum cron_field { CRON_MINUTE, CRON_HOUR, CRON_MONTHDAY, CRON_MONTH,
    CRON_WEEKDAY, CRON_FIELDS };

/*
 * A number, or text such as "1-5,10", or a list of these; "*" if it is not
 * given.  Names of months and of days become numbers, since not every cron
 * knows ranges of names.
 */
int	cron_field(struct buf *b, enum cron_field f, const struct value *v,
	    struct buf *why);

/* "daily" or "@daily" as "@daily". */
int	cron_special(struct buf *b, struct str s, struct buf *why);

#endif
