#include <string.h>

#include "policy/native.h"
#include "types/types.h"

/*
 * The functions of p2 that declare native resources.  Most declarations are a
 * title and a few options for all hosts; for these, all is done here.  The
 * prelude has the others, and those that are to be refused.
 */

enum { QUICK_QUEUE, QUICK_ALL, QUICK_KINDS };
enum { QUICK = 3, KIND };		/* on the stack, behind the arguments */

/* The options of a step, on the stack. */
struct given {
	duk_idx_t	 pairs;		/* name, value, ... */
	struct option_row rows[PLAIN_OPTIONS_MAX];
	size_t		 n;
	bool		 plain;		/* natives need not ask the prelude */
};

/*
 * quick(array, p2): the array has the end of the queue, the array of all steps,
 * and from QUICK_KINDS on, two for each type, what a step of it inherits, and
 * whether natives keep the plain ones.  Where the former is missing, the
 * prelude has to be asked.
 */
static duk_ret_t
n_quick(duk_context *ctx)
{
	struct policy *p = policy_of(ctx);

	p->quick = duk_require_heapptr(ctx, 0);
	p->p2 = duk_require_heapptr(ctx, 1);
	duk_push_global_stash(ctx);
	duk_dup(ctx, 0);
	duk_put_prop_literal(ctx, -2, "quick");
	return 0;
}

/* Leave names and values of the options at 1 on the stack, if all fit. */
static bool
push_pairs(duk_context *ctx, const struct resource_type *type,
    struct given *g)
{
	duk_idx_t names;
	const char *name;

	if (duk_is_null_or_undefined(ctx, 1))
		return true;
	if (!duk_is_object(ctx, 1) || duk_is_function(ctx, 1))
		return false;
	duk_enum(ctx, 1, 0);
	names = duk_get_top_index(ctx);
	g->pairs = names + 1;
	while (duk_next(ctx, names, 1)) {
		name = duk_get_string(ctx, -2);
		if (g->n == PLAIN_OPTIONS_MAX || !plain_fits(type, name,
		    types_of(ctx, -1), &g->rows[g->n++]))
			return false;
		if (!plain_is_easy(name) || duk_is_object(ctx, -1))
			g->plain = false;
	}
	return true;
}

static void
push_options(duk_context *ctx, const struct given *g)
{
	duk_idx_t i, end = g->pairs + 2 * (duk_idx_t)g->n;

	duk_push_object(ctx);
	for (i = g->pairs; i < end; i += 2) {
		duk_dup(ctx, i);
		duk_dup(ctx, i + 1);
		duk_put_prop(ctx, -3);
	}
}

/* Where the step on top of the stack is declared, if that is in a policy. */
static bool
put_place(duk_context *ctx)
{
	if (!push_line(ctx, -2)) {
		duk_pop(ctx);
		return false;
	}
	duk_put_prop_literal(ctx, -2, "line");
	duk_push_heapptr(ctx, policy_of(ctx)->at);
	duk_get_prop_literal(ctx, -2, "file");	/* inherited */
	if (duk_get_heapptr(ctx, -1) == duk_get_heapptr(ctx, -2)) {
		duk_pop_2(ctx);
		return true;
	}
	duk_pop(ctx);
	duk_put_prop_literal(ctx, -2, "file");
	return true;
}

/* Put the step on top of the stack behind those of an array of quick. */
static void
put_behind(duk_context *ctx, duk_uarridx_t which)
{
	duk_get_prop_index(ctx, QUICK, which);
	duk_dup(ctx, -2);
	duk_put_prop_index(ctx, -2, (duk_uarridx_t)duk_get_length(ctx, -2));
	duk_pop(ctx);
}

/* As an object, which inherits from its kind. */
static bool
push_step(duk_context *ctx, const struct given *g)
{
	duk_push_object(ctx);
	duk_dup(ctx, 0);
	duk_put_prop_literal(ctx, -2, "title");
	push_options(ctx, g);
	duk_put_prop_literal(ctx, -2, "opts");
	duk_dup(ctx, KIND);
	duk_set_prototype(ctx, -2);
	if (!put_place(ctx))
		return false;
	if (!duk_is_undefined(ctx, 2)) {
		duk_dup(ctx, 2);
		duk_put_prop_literal(ctx, -2, "fn");
	}
	return true;
}

static bool
keeps_plain(duk_context *ctx, duk_uarridx_t type)
{
	bool yes;

	if (!resource_types[type]->plain)
		return false;
	yes = duk_get_prop_index(ctx, QUICK, QUICK_KINDS + 2 * type + 1);
	duk_pop(ctx);
	return yes;
}

/* False if it is for the prelude. */
static bool
declare(duk_context *ctx, duk_uarridx_t type)
{
	struct given g = { .plain = duk_is_undefined(ctx, 2) };

	if (!duk_is_string(ctx, 0) ||
	    !duk_get_prop_index(ctx, QUICK, QUICK_KINDS + 2 * type))
		return false;
	if (!push_pairs(ctx, resource_types[type], &g))
		return false;
	if (!(g.plain && keeps_plain(ctx, type) &&
	    plain_put(ctx, type, KIND, g.pairs, g.rows, g.n)) &&
	    !push_step(ctx, &g))
		return false;
	put_behind(ctx, QUICK_QUEUE);
	put_behind(ctx, QUICK_ALL);
	return true;
}

/* p2.TYPE(title, options, callback) */
static duk_ret_t
n_declare(duk_context *ctx)
{
	struct policy *p = policy_of(ctx);
	duk_uarridx_t type = (duk_uarridx_t)duk_get_current_magic(ctx);

	duk_push_heapptr(ctx, p->quick);
	if (!declare(ctx, type)) {
		duk_set_top(ctx, 3);
		duk_push_current_function(ctx);
		duk_get_prop_literal(ctx, -1, DUK_HIDDEN_SYMBOL("other"));
		duk_replace(ctx, -2);
		duk_insert(ctx, 0);
		push_place(ctx, -2);
		duk_call(ctx, 4);
	}
	duk_push_heapptr(ctx, p->p2);
	return 1;
}

/* Push title and options of a call of literals, which are at *at. */
static void
push_arguments(duk_context *ctx, const struct literals *l, size_t *at,
    const struct literal *call)
{
	struct literal_option o;
	size_t i;

	duk_push_lstring(ctx, call->title.p, call->title.len);
	if (!call->has_options) {
		duk_push_undefined(ctx);
		return;
	}
	duk_push_object(ctx);
	for (i = 0; i < call->n; i++) {
		literals_option(l, at, &o);
		if (o.type == LITERAL_STRING)
			duk_push_lstring(ctx, o.str.p, o.str.len);
		else
			duk_push_boolean(ctx, o.type == LITERAL_TRUE);
		duk_put_prop_lstring(ctx, -2, o.name.p, o.name.len);
	}
}

/* Is the method on top of the stack ours? */
static bool
is_declaration(duk_context *ctx, unsigned type)
{
	return duk_get_c_function(ctx, -1) == n_declare &&
	    duk_get_magic(ctx, -1) == (duk_int_t)type;
}

/* Make the call; what it returns is what the next one is called on. */
static void
call_method(duk_context *ctx, const struct literals *l, size_t *at,
    const struct literal *call)
{
	duk_get_prop_string(ctx, 0, resource_types[call->type]->name);
	if (is_declaration(ctx, call->type)) {
		duk_get_prop_literal(ctx, -1, DUK_HIDDEN_SYMBOL("other"));
		push_place(ctx, -2);
		duk_pop(ctx);
		push_arguments(ctx, l, at, call);
		duk_push_undefined(ctx);
		duk_push_uint(ctx, call->line);
		duk_call(ctx, 4);
		duk_push_heapptr(ctx, policy_of(ctx)->p2);
	} else {
		duk_dup(ctx, 0);
		push_arguments(ctx, l, at, call);
		if (!call->has_options)
			duk_pop(ctx);
		duk_call_method(ctx, call->has_options ? 2 : 1);
	}
	duk_replace(ctx, 0);
}

/* Does the prelude want to be asked, or somebody else's method? */
static bool
is_for_others(duk_context *ctx, unsigned type)
{
	bool ours;

	duk_get_prop_string(ctx, 0, resource_types[type]->name);
	ours = is_declaration(ctx, type);
	duk_pop(ctx);
	return !ours || !duk_get_prop_index(ctx, QUICK, QUICK_KINDS + 2 * type)
	    || !keeps_plain(ctx, type);
}

/*
 * (object, at, n): n calls of literals, the first of which is at that place and
 * is made on the object; returns what the last one does.
 */
static duk_ret_t
n_call_given(duk_context *ctx)
{
	struct policy *p = policy_of(ctx);
	size_t at = duk_require_uint(ctx, 1);
	duk_uint_t n = duk_require_uint(ctx, 2);
	const struct literals *l;
	struct literal call;
	void *file;

	duk_push_current_function(ctx);
	duk_get_prop_literal(ctx, -1, DUK_HIDDEN_SYMBOL("literals"));
	l = p->literals[duk_get_uint(ctx, -1)];
	(void)push_line(ctx, -2);
	file = p->at;
	duk_set_top(ctx, 3);
	duk_push_heapptr(ctx, p->quick);
	for (; n > 0 && literals_next(l, &at, &call); n--) {
		if (is_for_others(ctx, call.type))
			call_method(ctx, l, &at, &call);
		else {
			p->at = file;
			plain_put_literal(ctx, KIND, l, &at, &call);
			put_behind(ctx, QUICK_QUEUE);
			put_behind(ctx, QUICK_ALL);
		}
		duk_set_top(ctx, QUICK + 1);
	}
	duk_dup(ctx, 0);
	return 1;
}

/* given(): what calls the literals of the source that was compiled last. */
static duk_ret_t
n_given(duk_context *ctx)
{
	duk_push_c_function(ctx, n_call_given, 3);
	duk_push_uint(ctx, (duk_uint_t)policy_of(ctx)->nliterals - 1);
	duk_put_prop_literal(ctx, -2, DUK_HIDDEN_SYMBOL("literals"));
	return 1;
}

/*
 * declaration(type, other): the function that declares resources of that type,
 * which calls other(title, options, callback, line) where it is not enough.
 */
static duk_ret_t
n_declaration(duk_context *ctx)
{
	duk_push_c_function(ctx, n_declare, 3);
	duk_set_magic(ctx, -1, duk_require_int(ctx, 0));
	duk_dup(ctx, 1);
	duk_put_prop_literal(ctx, -2, DUK_HIDDEN_SYMBOL("other"));
	return 1;
}

const struct native natives_declare[] = {
	{ "quick", n_quick, 2 },
	{ "declaration", n_declaration, 2 },
	{ "given", n_given, 0 },
	{ NULL, NULL, 0 }
};
