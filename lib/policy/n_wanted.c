#include "base/clock.h"
#include "policy/native.h"
#include "types/types.h"

/*
 * In most runs most resources are as they should be.  For plain ones, that need
 * nothing of the prelude, this is found out here, one after the other.
 */
enum { PIECE, TITLE, OPTIONS, STEP };

/* Lay out the step that is next in the piece; false if there is no plain one. */
static bool
push_step(duk_context *ctx, duk_uarridx_t at, duk_uint_t *type)
{
	duk_set_top(ctx, PIECE + 1);
	duk_get_prop_literal(ctx, PIECE, "steps");
	duk_get_prop_index(ctx, -1, at);
	duk_remove(ctx, -2);
	if (!duk_is_object(ctx, -1) ||
	    !duk_get_prop_literal(ctx, -1, "plain"))
		return false;
	*type = duk_require_uint(ctx, -1);
	duk_pop(ctx);
	duk_get_prop_literal(ctx, -1, "title");
	duk_insert(ctx, TITLE);
	duk_get_prop_literal(ctx, -1, "opts");
	duk_insert(ctx, OPTIONS);
	return true;
}

/* Is the step as it should be?  Then that is told. */
static bool
is_wanted(duk_context *ctx, struct policy *p, duk_uint_t type)
{
	struct result r = { .outcome = OUTCOME_OK };

	p->started = clock_fine_ms();
	engine_hold(ctx);
	job_clear(&p->job);
	engine_let(ctx);
	duk_get_prop_literal(ctx, STEP, "line");
	r.line = duk_get_uint_default(ctx, -1, 0);
	set_job(ctx, p, resource_types[type], NULL);
	duk_get_prop_literal(ctx, STEP, "file");
	r.file = arg_text(ctx, -1, 2);
	engine_hold(ctx);
	r.outcome = p->job.type->plan(&p->job);
	r.ms = clock_fine_ms() - p->started;
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

/*
 * wanted(piece): take steps of a piece of the queue, as long as they are plain
 * and as they should be.
 */
static duk_ret_t
n_wanted(duk_context *ctx)
{
	struct policy *p = policy_of(ctx);
	duk_uarridx_t at;
	duk_uint_t type;

	duk_get_prop_literal(ctx, PIECE, "at");
	at = duk_require_uint(ctx, -1);
	while (!is_stopped(p) && push_step(ctx, at, &type) &&
	    is_wanted(ctx, p, type)) {
		duk_push_int(ctx, 1);
		duk_put_prop_literal(ctx, STEP, "state");
		duk_push_uint(ctx, ++at);
		duk_put_prop_literal(ctx, PIECE, "at");
	}
	return 0;
}

const struct native natives_wanted[] = {
	{ "wanted", n_wanted, 1 },
	{ NULL, NULL, 0 }
};
