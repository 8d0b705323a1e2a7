#include "base/clock.h"
#include "policy/native.h"
#include "types/types.h"

/*
 * In most runs most resources are as they should be.  For plain ones, that need
 * nothing of the prelude, this is found out here, one after the other.
 */

/* The step at that place of the array at 0, if it is plain; or NULL. */
static struct plain *
plain_at(duk_context *ctx, struct policy *p, duk_uarridx_t at)
{
	struct plain *s = NULL;

	duk_get_prop_index(ctx, 0, at);
	if (duk_is_number(ctx, -1))
		s = p->plains.v[duk_get_uint(ctx, -1)];
	duk_pop(ctx);
	return s == NULL || s->is_made ? NULL : s;
}

/* Is the step as it should be?  Then that is told. */
static bool
is_wanted(duk_context *ctx, struct policy *p, const struct plain *s)
{
	struct result r = { .line = s->line,
	    .file = p->plains.files[s->file].text };

	engine_hold(ctx);
	job_clear(&p->job);
	engine_let(ctx);
	set_plain_job(ctx, p, s);
	engine_hold(ctx);
	r.outcome = p->job.type->plan(&p->job);
	r.ms = -p->started;
	p->started = clock_fine_ms();
	r.ms += p->started;
	if (r.outcome == OUTCOME_OK)
		result_tell(p, &p->job, &r);
	engine_let(ctx);
	engine_progress(&p->engine);
	return r.outcome == OUTCOME_OK;
}

static bool
is_stopped(struct policy *p)
{
	if (!p->stopped)
		p->stopped = p->o.hooks.stop(p->o.hooks.arg);
	return p->stopped;
}

/* Show how far it is: so many are left. */
static void
show(struct policy *p, const struct plain *s, uint64_t left)
{
	if (p->o.hooks.step != NULL)
		p->o.hooks.step(p->o.hooks.arg, p->taken + 1, p->taken + left,
		    str_of(resource_types[s->type]->name), s->title);
}

/*
 * wanted(steps, at, left): take steps of the array, from that place on, as long
 * as they are plain and as they should be; the place behind them.
 */
static duk_ret_t
n_wanted(duk_context *ctx)
{
	struct policy *p = policy_of(ctx);
	duk_uarridx_t at = duk_require_uint(ctx, 1);
	uint64_t left = duk_require_uint(ctx, 2);
	struct plain *s;

	p->started = clock_fine_ms();
	while (!is_stopped(p) && (s = plain_at(ctx, p, at)) != NULL) {
		show(p, s, left);
		if (!is_wanted(ctx, p, s))
			break;
		s->done = true;
		at++;
		left--;
		p->taken++;
	}
	place_near_clear(&p->near);
	duk_push_uint(ctx, at);
	return 1;
}

const struct native natives_wanted[] = {
	{ "wanted", n_wanted, 3 },
	{ NULL, NULL, 0 }
};
