#include <string.h>
#include <time.h>

#include "base/window.h"
#include "policy/native.h"
#include "policy/watching.h"

/* Maintenance windows: when a step may change something. */

static void
parse(duk_context *ctx, struct window *w, struct str times)
{
	const char *errstr;

	if (window_parse(w, times, &errstr) == -1)
		(void)duk_error(ctx, DUK_ERR_ERROR, "window: '%s' %s",
		    times.p, errstr);
}

/* checkTimes(times): throws where they are none. */
static duk_ret_t
n_check_times(duk_context *ctx)
{
	struct window w;

	parse(ctx, &w, arg_text(ctx, 0, 0));
	return 0;
}

/* Is it the time for a step with these times?  For a repair, for any? */
static void
look(duk_context *ctx, struct policy *p, struct str times)
{
	struct str all = str_of(p->o.window != NULL &&
	    watching_repairing(p) ? p->o.window : "");
	time_t now = time(NULL);
	struct window w;

	if (times.len > 0)
		parse(ctx, &w, times);
	if (times.len > 0 && !window_has(&w, now))
		buf_str(&p->shut, times);
	else if (all.len > 0) {
		parse(ctx, &w, all);
		if (!window_has(&w, now))
			buf_str(&p->shut, all);
	}
}

/*
 * shut(times): those that the step, to which nothing is to be done now, has to
 * wait for; or undefined.  A dry run does not ask for the time.
 */
static duk_ret_t
n_shut(duk_context *ctx)
{
	struct policy *p = policy_of(ctx);

	buf_reset(&p->shut);
	if (!p->o.noop)
		look(ctx, p, arg_text(ctx, 0, 0));
	if (buf_failed(&p->shut))
		return duk_error(ctx, DUK_ERR_RANGE_ERROR, "out of memory");
	if (p->shut.len == 0)
		return 0;
	engine_push(ctx, buf_view(&p->shut));
	return 1;
}

void
window_wait(struct policy *p)
{
	const char *errstr;
	struct window w;
	time_t opens;

	if (window_parse(&w, buf_view(&p->shut), &errstr) == -1)
		return;
	opens = window_next(&w, time(NULL));
	if (p->waits == 0 || opens < p->waits)
		p->waits = opens;
}

/* waits(): the step is left for its times. */
static duk_ret_t
n_waits(duk_context *ctx)
{
	window_wait(policy_of(ctx));
	return 0;
}

time_t
policy_waits(struct policy *p)
{
	time_t opens = p->waits;

	p->waits = 0;
	return opens;
}

const struct native natives_window[] = {
	{ "checkTimes", n_check_times, 1 },
	{ "shut", n_shut, 1 },
	{ "waits", n_waits, 0 },
	{ NULL, NULL, 0 }
};
