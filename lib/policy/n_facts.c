#include "policy/native.h"

/*
 * A fact is asked for when a policy reads it, and from then on is a member
 * like any other; so it is, too, once a policy has set it.
 */

/* [this] name value -> [this], with this[name] a plain member. */
static void
put_member(duk_context *ctx)
{
	duk_def_prop(ctx, -3, DUK_DEFPROP_HAVE_VALUE | DUK_DEFPROP_FORCE |
	    DUK_DEFPROP_SET_WRITABLE | DUK_DEFPROP_SET_ENUMERABLE |
	    DUK_DEFPROP_SET_CONFIGURABLE);
}

static void
push_name(duk_context *ctx)
{
	duk_push_current_function(ctx);
	duk_get_prop_string(ctx, -1, DUK_HIDDEN_SYMBOL("fact"));
	duk_remove(ctx, -2);
}

static duk_ret_t
get_fact(duk_context *ctx)
{
	struct policy *p = policy_of(ctx);
	struct buf *json = scratch(ctx, 0);
	bool found;

	duk_push_this(ctx);
	push_name(ctx);
	engine_hold(ctx);
	found = p->o.hooks.fact(p->o.hooks.arg,
	    str_of(duk_get_string(ctx, -1)), json);
	engine_let(ctx);
	engine_progress(&p->engine);
	if (!found)
		duk_push_undefined(ctx);
	else {
		engine_push(ctx, buf_view(json));
		duk_json_decode(ctx, -1);
	}
	duk_dup(ctx, -1);
	duk_insert(ctx, -4);		/* value this name value */
	put_member(ctx);
	duk_pop(ctx);
	return 1;
}

static duk_ret_t
set_fact(duk_context *ctx)
{
	duk_push_this(ctx);
	push_name(ctx);
	duk_dup(ctx, 0);
	put_member(ctx);
	return 0;
}

static void
push_accessor(duk_context *ctx, duk_c_function fn, duk_idx_t nargs,
    const char *name)
{
	duk_push_c_function(ctx, fn, nargs);
	duk_push_string(ctx, name);
	duk_put_prop_string(ctx, -2, DUK_HIDDEN_SYMBOL("fact"));
}

void
push_facts(duk_context *ctx)
{
	const char *const *name = policy_of(ctx)->o.hooks.fact_names;

	duk_push_object(ctx);
	for (; name != NULL && *name != NULL; name++) {
		duk_push_string(ctx, *name);
		push_accessor(ctx, get_fact, 0, *name);
		push_accessor(ctx, set_fact, 1, *name);
		duk_def_prop(ctx, -4, DUK_DEFPROP_HAVE_GETTER |
		    DUK_DEFPROP_HAVE_SETTER | DUK_DEFPROP_SET_ENUMERABLE |
		    DUK_DEFPROP_SET_CONFIGURABLE);
	}
}

/* factAgain(name): what the fact is now, or undefined. */
static duk_ret_t
n_fact_again(duk_context *ctx)
{
	struct policy *p = policy_of(ctx);
	struct str name = str_of(duk_require_string(ctx, 0));
	struct buf *json = scratch(ctx, 0);
	bool found;

	if (p->o.hooks.fact_again == NULL)
		return 0;
	engine_hold(ctx);
	found = p->o.hooks.fact_again(p->o.hooks.arg, name, json);
	engine_let(ctx);
	engine_progress(&p->engine);
	if (!found)
		return 0;
	engine_push(ctx, buf_view(json));
	duk_json_decode(ctx, -1);
	return 1;
}

const struct native natives_facts[] = {
	{ "factAgain", n_fact_again, 1 },
	{ NULL, NULL, 0 }
};
