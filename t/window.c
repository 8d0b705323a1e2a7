/*
 * window WINDOW [SECONDS ...]: tell of each moment, in seconds since 1970 and
 * by the zone in TZ, whether it is in the window.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/window.h"

int
main(int argc, char **argv)
{
	const char *errstr;
	struct window w;
	int i;

	if (argc < 2)
		errx(2, "usage: window window [seconds ...]");
	if (window_parse(&w, str_of(argv[1]), &errstr) == -1)
		errx(1, "'%s' %s", argv[1], errstr);
	for (i = 2; i < argc; i++)
		puts(window_has(&w, (time_t)atoll(argv[i])) ? "in" : "out");
	return 0;
}
