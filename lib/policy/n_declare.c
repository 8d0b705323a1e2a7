#include <string.h>

#include "policy/native.h"
#include "types/types.h"

/*
 * The functions of p2 that declare native resources.  Most declarations are a
 * title and a few options for all hosts; for these, all is done here.  The
 * prelude has the others, and those that are to be refused.
 */

enum { QUICK_QUEUE, QUICK_ALL, QUICK_KINDS };

/*
 * quick(array, p2): the array has the end of the queue, the array of all steps,
 * and from QUICK_KINDS on, two for each type, what a step of it inherits, and
 * what a plain one does.  Where the former is missing, the prelude has to be
 * asked; where the latter is, there are no plain ones.
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

/* Do steps with this one depend on others, or on the time, or others on them? */
static bool
is_involved(const char *name)
{
	static const char *const names[] = { "on", "before", "notify",
	    "notify_now", "require", "subscribe", "window" };
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

/* Is this for the prelude to do, or does it take long to look at twice? */
static bool
is_laborious(duk_context *ctx, const char *name)
{
	static const char *const names[] = { "onlyif", "unless",
	    "is_template", "source", "validate", "watch", "noop" };
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return duk_is_object(ctx, -1);
}

/* Is the option called name, with its value on top of the stack, in order? */
static bool
is_fine(duk_context *ctx, const struct resource_type *type, const char *name)
{
	const struct resource_option *table;
	unsigned types;
	int i;

	if ((table = find_option(type, name, &i)) == NULL ||
	    (table == resource_common && is_involved(name)))
		return false;
	if (duk_is_null_or_undefined(ctx, -1))
		return true;
	types = types_of(ctx, -1);
	return (types & table[i].types) != 0 && types != OPTION_LIST;
}

/* Leave a copy of the options at idx on the stack, if all are in order. */
static bool
push_options(duk_context *ctx, const struct resource_type *type,
    duk_idx_t idx, bool *plain)
{
	const char *name;

	*plain = true;
	duk_push_object(ctx);
	if (duk_is_null_or_undefined(ctx, idx))
		return true;
	if (!duk_is_object(ctx, idx) || duk_is_function(ctx, idx))
		return false;
	duk_enum(ctx, idx, 0);
	while (duk_next(ctx, -1, 1)) {
		name = duk_get_string(ctx, -2);
		if (!is_fine(ctx, type, name))
			return false;
		if (*plain && is_laborious(ctx, name))
			*plain = false;
		duk_put_prop(ctx, -4);
	}
	duk_pop(ctx);
	return true;
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
put_behind(duk_context *ctx, duk_idx_t quick, duk_uarridx_t which)
{
	duk_get_prop_index(ctx, quick, which);
	duk_dup(ctx, -2);
	duk_put_prop_index(ctx, -2, (duk_uarridx_t)duk_get_length(ctx, -2));
	duk_pop(ctx);
}

/* The step inherits from its kind; its plain kind may be missing. */
static void
set_kind(duk_context *ctx, duk_idx_t quick, duk_uarridx_t type, bool plain)
{
	if (!plain || !duk_get_prop_index(ctx, quick, QUICK_KINDS + 2 * type +
	    1)) {
		if (plain)
			duk_pop(ctx);
		duk_get_prop_index(ctx, quick, QUICK_KINDS + 2 * type);
	}
	duk_set_prototype(ctx, -2);
}

/* False if it is for the prelude. */
static bool
declare(duk_context *ctx, duk_uarridx_t type, duk_idx_t quick)
{
	bool plain;

	if (!duk_has_prop_index(ctx, quick, QUICK_KINDS + 2 * type) ||
	    !duk_is_string(ctx, 0))
		return false;
	duk_push_object(ctx);
	duk_dup(ctx, 0);
	duk_put_prop_literal(ctx, -2, "title");
	if (!push_options(ctx, resource_types[type], 1, &plain))
		return false;
	duk_put_prop_literal(ctx, -2, "opts");
	set_kind(ctx, quick, type, plain && duk_is_undefined(ctx, 2));
	if (!put_place(ctx))
		return false;
	if (!duk_is_undefined(ctx, 2)) {
		duk_dup(ctx, 2);
		duk_put_prop_literal(ctx, -2, "fn");
	}
	put_behind(ctx, quick, QUICK_QUEUE);
	put_behind(ctx, quick, QUICK_ALL);
	return true;
}

/* p2.TYPE(title, options, callback) */
static duk_ret_t
n_declare(duk_context *ctx)
{
	struct policy *p = policy_of(ctx);
	duk_uarridx_t type = (duk_uarridx_t)duk_get_current_magic(ctx);

	duk_push_heapptr(ctx, p->quick);
	if (!declare(ctx, type, 3)) {
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
	{ NULL, NULL, 0 }
};
