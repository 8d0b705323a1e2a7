#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "policy/native.h"
#include "policy/watching.h"
#include "service/service.h"
#include "types/types.h"

/* Options are checked as they are declared; then resources are done. */

static bool
is_regexp(duk_context *ctx, duk_idx_t idx)
{
	bool yes;

	idx = duk_normalize_index(ctx, idx);
	duk_get_global_literal(ctx, "RegExp");
	yes = duk_instanceof(ctx, idx, -1);
	duk_pop(ctx);
	return yes;
}

unsigned
types_of(duk_context *ctx, duk_idx_t idx)
{
	switch (duk_get_type(ctx, idx)) {
	case DUK_TYPE_STRING:
		return OPTION_STRING | OPTION_TEXT;
	case DUK_TYPE_BOOLEAN:
		return OPTION_BOOL;
	case DUK_TYPE_NUMBER:
		return OPTION_SECONDS |
		    (floor(duk_get_number(ctx, idx)) ==
		    duk_get_number(ctx, idx) ? OPTION_INT : 0);
	case DUK_TYPE_BUFFER:
		return OPTION_TEXT;
	case DUK_TYPE_OBJECT:
		if (duk_is_function(ctx, idx))
			return OPTION_FUNCTION;
		if (duk_is_buffer_data(ctx, idx))
			return OPTION_TEXT;
		if (duk_is_array(ctx, idx))
			return OPTION_LIST;
		return is_regexp(ctx, idx) ? OPTION_REGEXP | OPTION_OBJECT :
		    OPTION_OBJECT | OPTION_MAP;
	}
	return 0;
}

static void __attribute__((noreturn))
refuse_unknown(duk_context *ctx, const struct resource_type *type,
    const char *name)
{
	const char *near = option_nearest(type, str_of(name));

	(void)duk_error(ctx, DUK_ERR_TYPE_ERROR, near == NULL ?
	    "there is no option %s" :
	    "there is no option %s; is it %s?", name, near);
	abort();
}

static void __attribute__((noreturn))
refuse_type(duk_context *ctx, const char *name, unsigned types)
{
	struct buf *b = scratch(ctx, 0);

	option_types(b, types);
	buf_putc(b, '\0');
	(void)duk_error(ctx, DUK_ERR_TYPE_ERROR, "option %s: not %s", name,
	    buf_failed(b) ? "of its type" : b->p);
	abort();
}

static void
check_list(duk_context *ctx, duk_idx_t idx, const char *name)
{
	duk_size_t i, n = duk_get_length(ctx, idx);

	for (i = 0; i < n; i++) {
		duk_get_prop_index(ctx, idx, (duk_uarridx_t)i);
		if (!duk_is_string(ctx, -1) && !duk_is_number(ctx, -1))
			(void)duk_error(ctx, DUK_ERR_TYPE_ERROR,
			    "option %s: a list of more than strings", name);
		duk_pop(ctx);
	}
}

void
check_option(duk_context *ctx, const struct resource_type *type,
    const char *name, bool templated)
{
	unsigned types;
	int i;
	const struct resource_option *table = find_option(type, name, &i);

	if (table == NULL) {
		if (!templated || option_nearest(type, str_of(name)) != NULL)
			refuse_unknown(ctx, type, name);
		return;
	}
	if (duk_is_null_or_undefined(ctx, -1))
		return;
	types = types_of(ctx, -1);
	if ((types & table[i].types) == 0)
		refuse_type(ctx, name, table[i].types);
	if (types == OPTION_LIST && table != resource_common)
		check_list(ctx, duk_normalize_index(ctx, -1), name);
}

/* check(type, options, templated): a copy of options that are in order. */
static duk_ret_t
n_check(duk_context *ctx)
{
	const struct resource_type *type =
	    resource_types[duk_require_int(ctx, 0)];
	bool templated = duk_get_boolean(ctx, 2);

	duk_push_object(ctx);
	duk_enum(ctx, 1, 0);
	while (duk_next(ctx, -1, 1)) {
		check_option(ctx, type, duk_get_string(ctx, -2), templated);
		duk_put_prop(ctx, -4);
	}
	duk_pop(ctx);
	return 1;
}

static const char *
word_of(enum outcome o)
{
	static const char *const words[] = { "ok", "changed", "skipped",
	    "failed" };

	return words[o];
}

/* Where it was written is looked up only if somebody will read it. */
static void
tell_result(struct policy *p, struct policy_result *r)
{
	struct buf room = { 0 };

	if (r->outcome == OUTCOME_FAILED || p->o.want_detail)
		find_source(p, &r->file, &r->line, &room);
	p->o.hooks.result(p->o.hooks.arg, r);
	buf_clear(&room);
}

void
result_tell(struct policy *p, const struct job *j,
    const struct result *res)
{
	bool quiet = res->repair && (res->outcome == OUTCOME_OK ||
	    (res->outcome == OUTCOME_SKIPPED && !res->shut));
	struct policy_result r = {
	    .type = str_of(res->role != NULL ? res->role : j->type->name),
	    .title = j->title, .outcome = res->outcome,
	    .word = str_of(res->shut ? "waits" : res->held_back &&
	    res->outcome == OUTCOME_CHANGED ? "noop" : word_of(res->outcome)),
	    .why = buf_view(&j->why), .diff = buf_view(&j->diff),
	    .did = buf_view(&j->did), .detail = buf_view(&j->detail),
	    .file = res->file, .line = res->line, .sensitive = j->sensitive,
	    .ms = res->ms, .repair = res->repair,
	    .native = str_of(j->type->name),
	    .options = j->options, .owns = j->owns };
	struct buf out = { 0 };

	if ((j->show || p->o.verbose) && !j->sensitive) {
		buf_str(&out, buf_view(&j->out));
		buf_str(&out, buf_view(&j->err));
		r.out = buf_view(&out);
	}
	if (!quiet)
		tell_result(p, &r);
	buf_clear(&out);
}

/*
 * ahead(type, title, options): this will be run, behind others told so; who is
 * owed word of it was told by owing().
 */
static duk_ret_t
n_ahead(duk_context *ctx)
{
	struct policy *p = policy_of(ctx);
	const struct resource_type *type =
	    resource_types[duk_require_int(ctx, 0)];
	struct job j = { .type = type, .packages = p->packages,
	    .services = p->services, .owed = p->owing.v, .nowed = p->owing.n };

	duk_push_array(ctx);			/* keeps the strings */
	set_values(ctx, p, type, 2, duk_get_top_index(ctx));
	j.title = arg_text(ctx, 1, 1);
	j.values = p->values;
	engine_hold(ctx);
	type->ahead(&j);
	job_clear(&j);
	engine_let(ctx);
	return 0;
}

/* soft(): does the run go on, though the last resource has failed? */
static duk_ret_t
n_soft(duk_context *ctx)
{
	duk_push_boolean(ctx, policy_of(ctx)->job.soft);
	return 1;
}

/* Does the prelude say that the step at idx may wait for others? */
static bool
may_wait(duk_context *ctx, duk_idx_t idx)
{
	struct policy *p = policy_of(ctx);
	bool yes;

	if (p->o.noop || p->job.type->gather == NULL ||
	    duk_is_undefined(ctx, idx))
		return false;
	duk_push_heapptr(ctx, p->api);
	duk_get_prop_literal(ctx, -1, "mayWait");
	duk_dup(ctx, idx);
	duk_call(ctx, 1);
	yes = duk_to_boolean(ctx, -1);
	duk_pop_2(ctx);
	return yes;
}

/* Beyond enum outcome, of what n_run() returns. */
enum {
	RUN_HELD = 4,			/* told later */
	RUN_HELD_FULL,			/* and those that wait are to end */
	RUN_AGAIN			/* first those that wait are to end */
};

/* It is not the time for what was planned. */
static void
leave(struct policy *p, struct result *r)
{
	job_why(&p->job, "outside of %.*s", (int)p->shut.len, p->shut.p);
	r->outcome = OUTCOME_SKIPPED;
	/* Of one that is changed again and again, once is enough. */
	r->shut = !r->repair || !watching_waits(p);
	window_wait(p);
}

/*
 * Whether one that is planned is applied, or pretended, or waits.  In a run,
 * what an option "noop" holds back is planned only; what follows sees the host
 * as it is.
 */
static int
go_on(struct policy *p, struct result *r, bool wait)
{
	struct job *j = &p->job;
	bool staged = false;

	if (r->outcome == OUTCOME_FAILED && p->nheld > 0)
		return RUN_AGAIN;
	if (r->outcome == OUTCOME_CHANGED && p->o.noop)
		r->outcome = j->type->pretend(j);
	else if (r->outcome == OUTCOME_CHANGED && !r->held_back &&
	    p->shut.len > 0)
		leave(p, r);
	else if (r->outcome == OUTCOME_CHANGED && !r->held_back) {
		staged = wait && j->type->gather->stage(j);
		if (!staged && p->nheld > 0)
			return RUN_AGAIN;
		if (!staged)
			r->outcome = j->type->apply(j);
	}
	r->ms = clock_fine_ms() - p->started;
	if (!staged && p->nheld == 0)
		result_tell(p, j, r);
	else if (!held_put(p, r, staged)) {
		held_drop(p);
		r->outcome = job_fail(j, "out of memory");
		result_tell(p, j, r);
	} else
		return held_is_full(p) ? RUN_HELD_FULL : RUN_HELD;
	return r->held_back && r->outcome == OUTCOME_CHANGED ?
	    OUTCOME_OK : (int)r->outcome;
}

/*
 * run(type, title, options, file, line, refresh, role, step): the outcome, or
 * one of RUN_.  The step is asked whether it may wait; if it is undefined, it
 * may not.
 */
static duk_ret_t
n_run(duk_context *ctx)
{
	struct policy *p = policy_of(ctx);
	struct result r = { .role = duk_get_string(ctx, 6),
	    .line = duk_get_uint_default(ctx, 4, 0) };
	int rc = RUN_AGAIN;
	bool wait = false;

	engine_progress(&p->engine);
	p->started = clock_fine_ms();
	engine_hold(ctx);
	job_clear(&p->job);
	engine_let(ctx);
	set_job(ctx, p, resource_types[duk_require_int(ctx, 0)], r.role);
	r.file = arg_text(ctx, 3, 2);
	r.held_back = is_set(ctx, 2, "noop");
	engine_hold(ctx);
	r.repair = watching_repairs(p);
	watching_plan(p, &p->job);
	if (p->nheld == 0 || held_apart(p, &p->job)) {
		r.outcome = p->job.type->plan(&p->job);
		watching_plan(p, &p->job);
		if (r.outcome == OUTCOME_CHANGED) {
			engine_let(ctx);
			wait = may_wait(ctx, 7);
			engine_hold(ctx);
		}
		rc = go_on(p, &r, wait);
		watching_done(p, rc);
	}
	engine_let(ctx);
	engine_progress(&p->engine);
	duk_push_int(ctx, rc);
	return 1;
}

/* end(): do what waits; the outcomes of those that were told, in order. */
static duk_ret_t
n_end(duk_context *ctx)
{
	struct policy *p = policy_of(ctx);
	int outcomes[HELD_MAX];
	size_t i, n;

	engine_progress(&p->engine);
	engine_hold(ctx);
	n = held_end(p, outcomes);
	watching_drain(p);
	engine_let(ctx);
	engine_progress(&p->engine);
	duk_push_array(ctx);
	for (i = 0; i < n; i++) {
		duk_push_int(ctx, outcomes[i]);
		duk_put_prop_index(ctx, -2, (duk_uarridx_t)i);
	}
	return 1;
}

/* output(): [rc, stdout, stderr] of the last resource. */
static duk_ret_t
n_output(duk_context *ctx)
{
	const struct job *j = &policy_of(ctx)->job;

	duk_push_array(ctx);
	if (j->signal != 0)
		duk_push_null(ctx);
	else
		duk_push_int(ctx, j->status);
	duk_put_prop_index(ctx, -2, 0);
	engine_push(ctx, buf_view(&j->out));
	duk_put_prop_index(ctx, -2, 1);
	engine_push(ctx, buf_view(&j->err));
	duk_put_prop_index(ctx, -2, 2);
	return 1;
}

/* reason(): why the last resource is what it is. */
static duk_ret_t
n_reason(duk_context *ctx)
{
	engine_push(ctx, buf_view(&policy_of(ctx)->job.why));
	return 1;
}

/*
 * report(type, title, outcome, word, why, file, line, sensitive, did, diff,
 * repair)
 */
static duk_ret_t
n_report(duk_context *ctx)
{
	struct policy *p = policy_of(ctx);
	struct policy_result r = { .type = str_of(duk_require_string(ctx, 0)),
	    .title = arg_text(ctx, 1, 0),
	    .outcome = (enum outcome)duk_require_int(ctx, 2),
	    .word = str_of(duk_require_string(ctx, 3)),
	    .why = arg_text(ctx, 4, 1), .file = arg_text(ctx, 5, 2),
	    .line = duk_get_uint_default(ctx, 6, 0),
	    .sensitive = duk_get_boolean_default(ctx, 7, 0),
	    .repair = duk_get_boolean_default(ctx, 10, 0) };

	if (duk_is_string(ctx, 8)) {
		r.did = arg_text(ctx, 8, 3);
		r.diff = arg_text(ctx, 9, 4);
	}
	engine_progress(&p->engine);
	engine_hold(ctx);
	tell_result(p, &r);
	engine_let(ctx);
	return 0;
}

/* serviceProvider(name): that, or if it is undefined that of this host. */
static duk_ret_t
n_service_provider(duk_context *ctx)
{
	const char *name;

	if (duk_is_string(ctx, 0))
		duk_dup(ctx, 0);
	else if ((name = service_provider()) != NULL)
		duk_push_string(ctx, name);
	else
		duk_push_null(ctx);
	return 1;
}

const struct native natives_resource[] = {
	{ "check", n_check, 3 },
	{ "run", n_run, 8 },
	{ "end", n_end, 0 },
	{ "ahead", n_ahead, 3 },
	{ "soft", n_soft, 0 },
	{ "serviceProvider", n_service_provider, 1 },
	{ "output", n_output, 0 },
	{ "reason", n_reason, 0 },
	{ "report", n_report, 11 },
	{ NULL, NULL, 0 }
};
