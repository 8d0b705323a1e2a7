#include <sys/resource.h>
#include <sys/syscall.h>

#include <err.h>
#include <errno.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "apply.h"
#include "base/clock.h"
#include "base/window.h"

/* What a run may cost the host: when, for how long, and at whose expense. */

static int64_t deadline_ms;		/* 0: none */

/* Clocks may be set while somebody waits for them: so none waits for longer. */
enum { LOOK_MS = 60 * 1000 };

static void
parse(const struct asked *a, struct window *w)
{
	const char *errstr;

	if (window_parse(w, str_of(a->window), &errstr) == -1)
		errx(2, "-X '%s' %s", a->window, errstr);
}

bool
budget_is_open(const struct asked *a)
{
	struct window w;

	if (a->window == NULL)
		return true;
	parse(a, &w);
	return a->noop || a->check || window_has(&w, time(NULL));
}

int64_t
budget_opens_in(const struct asked *a)
{
	int64_t ms;
	struct window w;
	time_t now;

	if (a->window == NULL)
		return 0;
	parse(a, &w);
	now = time(NULL);
	ms = (int64_t)(window_next(&w, now) - now) * 1000;
	return ms < LOOK_MS ? ms : LOOK_MS;
}

/*
 * The kernel takes the priority of input and output from the nice value, but
 * for the lowest: that is the idle class, by ioprio_set(2).
 */
static void
set_nice(unsigned nice)
{
	enum { WHO_PROCESS = 1, CLASS_IDLE = 3, CLASS_SHIFT = 13, LOWEST = 19 };

	errno = 0;
	if (setpriority(PRIO_PROCESS, 0, (int)nice) == -1)
		err(2, "-N %u", nice);
	if (nice == LOWEST && syscall(SYS_ioprio_set, WHO_PROCESS, 0,
	    CLASS_IDLE << CLASS_SHIFT) == -1)
		err(2, "-N %u: ioprio_set", nice);
}

void
budget_nice(const struct asked *a)
{
	if (a->nice > 0)
		set_nice(a->nice);
}

void
budget_begin(const struct asked *a)
{
	if (a->deadline > 0)
		deadline_ms = clock_ms() + (int64_t)a->deadline * 1000;
}

bool
budget_is_spent(void)
{
	return deadline_ms != 0 && clock_ms() >= deadline_ms;
}
