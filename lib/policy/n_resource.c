#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "policy/native.h"
#include "policy/watching.h"
#include "service/service.h"
#include "types/types.h"

/* Options are checked as they are declared, and made values when they count. */

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

const struct resource_option *
find_option(const struct resource_type *type, const char *name, int *i)
{
	const struct resource_option *table = type->options;

	if ((*i = option_find(table, str_of(name))) == -1) {
		table = resource_common;
		*i = option_find(table, str_of(name));
	}
	return *i == -1 || (table[*i].types & OPTION_HIDDEN) ? NULL : table;
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

/* Room for n strings more, in one piece. */
static struct str *
list_room(duk_context *ctx, struct policy *p, size_t n)
{
	struct str *more;

	engine_hold(ctx);
	more = reallocarray(p->list, p->nlist + n + 1, sizeof(*more));
	engine_let(ctx);
	if (more == NULL)
		(void)duk_error(ctx, DUK_ERR_RANGE_ERROR, "out of memory");
	p->list = more;
	more += p->nlist;
	p->nlist += n;
	return more;
}

/*
 * The string on top of the stack as UTF-8.  It stays on the stack, at the
 * bottom of which there is an array that keeps all of them.
 */
static struct str
keep_string(duk_context *ctx, duk_idx_t keep, const char *name, bool text)
{
	struct buf *b = scratch(ctx, 0);
	struct str s;
	duk_size_t n;
	char *copy;

	engine_text(ctx, -1, b);
	if (duk_is_string(ctx, -1) && b->len == duk_get_length(ctx, -1) &&
	    memchr(b->p == NULL ? "" : b->p, 0xed, b->len) == NULL) {
		s.p = duk_get_lstring(ctx, -1, &n);
		s.len = n;
	} else {
		copy = duk_push_fixed_buffer(ctx, b->len + 1);
		if (b->len > 0)
			memcpy(copy, b->p, b->len);
		s = (struct str){ copy, b->len };
		duk_replace(ctx, -2);
	}
	if (buf_failed(b))
		(void)duk_error(ctx, DUK_ERR_RANGE_ERROR, "out of memory");
	if (!text && s.len > 0 && memchr(s.p, '\0', s.len) != NULL)
		(void)duk_error(ctx, DUK_ERR_TYPE_ERROR,
		    "option %s: a NUL in it", name);
	duk_put_prop_index(ctx, keep, (duk_uarridx_t)duk_get_length(ctx, keep));
	return s;
}

static void
set_list(duk_context *ctx, struct policy *p, duk_idx_t keep, const char *name,
    struct value *v)
{
	duk_size_t i, n = duk_get_length(ctx, -1);
	struct str s;
	size_t at;

	at = (size_t)(list_room(ctx, p, n) - p->list);
	for (i = 0; i < n; i++) {
		duk_get_prop_index(ctx, -1, (duk_uarridx_t)i);
		duk_to_string(ctx, -1);
		s = keep_string(ctx, keep, name, false);
		p->list[at + i] = s;
	}
	/* The room may move as it grows, so it is an offset until the end. */
	v->type = VALUE_LIST;
	v->num = (int64_t)at;
	v->n = n;
	duk_pop(ctx);
}

/* {a: 'b'} as a list of "a=b". */
static void
set_map(duk_context *ctx, struct policy *p, duk_idx_t keep, const char *name,
    struct value *v)
{
	duk_push_array(ctx);
	duk_enum(ctx, -2, DUK_ENUM_OWN_PROPERTIES_ONLY);
	while (duk_next(ctx, -1, 1)) {
		duk_push_string(ctx, "=");
		duk_insert(ctx, -2);
		duk_to_string(ctx, -1);
		duk_concat(ctx, 3);
		duk_put_prop_index(ctx, -3,
		    (duk_uarridx_t)duk_get_length(ctx, -3));
	}
	duk_pop(ctx);
	duk_remove(ctx, -2);
	set_list(ctx, p, keep, name, v);
}

/* The value on top of the stack, which is popped. */
static void
set_value(duk_context *ctx, struct policy *p, duk_idx_t keep,
    const struct resource_option *o, struct value *v)
{
	double num;

	switch (duk_get_type(ctx, -1)) {
	case DUK_TYPE_BOOLEAN:
		v->type = VALUE_BOOL;
		v->yes = duk_get_boolean(ctx, -1);
		duk_pop(ctx);
		return;
	case DUK_TYPE_NUMBER:
		num = duk_get_number(ctx, -1);
		if (o->types & OPTION_SECONDS)
			num *= 1000;
		v->type = VALUE_INT;
		v->num = num > 9e15 ? INT64_C(9000000000000000) :
		    num < -9e15 ? INT64_C(-9000000000000000) : (int64_t)num;
		duk_pop(ctx);
		return;
	case DUK_TYPE_STRING:
	case DUK_TYPE_BUFFER:
		break;
	case DUK_TYPE_OBJECT:
		if (duk_is_array(ctx, -1)) {
			set_list(ctx, p, keep, o->name, v);
			return;
		}
		if (!duk_is_buffer_data(ctx, -1)) {
			set_map(ctx, p, keep, o->name, v);
			return;
		}
		break;
	default:
		duk_pop(ctx);
		return;
	}
	v->type = VALUE_STRING;
	v->str = keep_string(ctx, keep, o->name, o->types & OPTION_TEXT);
}

static void
values_room(duk_context *ctx, struct policy *p,
    const struct resource_type *type)
{
	struct value *more;
	size_t n = 0;

	while (type->options[n].name != NULL)
		n++;
	if (n > p->nvalues) {
		engine_hold(ctx);
		more = reallocarray(p->values, n, sizeof(*more));
		engine_let(ctx);
		if (more == NULL)
			(void)duk_error(ctx, DUK_ERR_RANGE_ERROR,
			    "out of memory");
		p->values = more;
		p->nvalues = n;
	}
	if (n > 0)
		memset(p->values, 0, n * sizeof(*p->values));
	p->nlist = 0;
}

/* Fill the job's values from the options at idx. */
static void
set_values(duk_context *ctx, struct policy *p,
    const struct resource_type *type, duk_idx_t idx, duk_idx_t keep)
{
	size_t k;
	int i;

	values_room(ctx, p, type);
	duk_enum(ctx, idx, 0);
	while (duk_next(ctx, -1, 1)) {
		i = option_find(type->options,
		    str_of(duk_get_string(ctx, -2)));
		if (i == -1)
			duk_pop_2(ctx);
		else {
			set_value(ctx, p, keep, &type->options[i],
			    &p->values[i]);
			duk_pop(ctx);
		}
	}
	duk_pop(ctx);
	for (k = 0; type->options[k].name != NULL; k++)
		if (p->values[k].type == VALUE_LIST)
			p->values[k].list = p->list + p->values[k].num;
}

static bool
flag(duk_context *ctx, duk_idx_t idx, const char *name)
{
	bool yes;

	duk_get_prop_string(ctx, idx, name);
	yes = duk_get_boolean_default(ctx, -1, 0);
	duk_pop(ctx);
	return yes;
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
	    .owed = p->owing.v, .nowed = p->owing.n };

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

void
set_job(duk_context *ctx, struct policy *p, const struct resource_type *type,
    const char *role)
{
	struct job *j = &p->job;

	duk_push_array(ctx);			/* keeps the strings */
	set_values(ctx, p, type, 2, duk_get_top_index(ctx));
	j->title = arg_path(ctx, 1, 1)[0] == '\0' ? str_of("") :
	    (struct str){ p->scratch[1].p, p->scratch[1].len - 1 };
	j->type = type;
	j->values = p->values;
	j->options = owned_hash(j);
	j->owns = type->owns == NULL ? OWNS_NOTHING : type->owns(j);
	j->world = p->world;
	j->packages = p->packages;
	j->services = p->services;
	j->refresh = duk_get_boolean(ctx, 5);
	j->journal = p->world == NULL ? p->o.journal : NULL;
	j->role = role;
	j->trees = p->o.trees;
	j->owed = p->owing.v;
	j->nowed = p->owing.n;
	j->sensitive = flag(ctx, 2, "sensitive");
	j->want_diff = p->o.want_diff;
	j->want_detail = p->o.want_detail;
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
	r.held_back = flag(ctx, 2, "noop");
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
