#include <string.h>

#include "base/diff.h"
#include "policy/native.h"

/* For modules that are written in JavaScript: see share/p2/core/module.js. */

static unsigned
type_at(duk_context *ctx, duk_idx_t idx)
{
	const char *name = duk_get_string(ctx, idx);
	unsigned type = name == NULL ? 0 : option_type(str_of(name));

	if (type == 0)
		(void)duk_error(ctx, DUK_ERR_TYPE_ERROR, "there is no type %s",
		    name == NULL ? duk_safe_to_string(ctx, idx) : name);
	return type;
}

/* The types that are named by the string, or the array of them, at idx. */
static unsigned
types_at(duk_context *ctx, duk_idx_t idx)
{
	duk_size_t i, n = duk_get_length(ctx, idx);
	unsigned types = 0;

	if (!duk_is_array(ctx, idx))
		return type_at(ctx, idx);
	for (i = 0; i < n; i++) {
		duk_get_prop_index(ctx, idx, (duk_uarridx_t)i);
		types |= type_at(ctx, duk_get_top_index(ctx));
		duk_pop(ctx);
	}
	return types;
}

/*
 * table([name, types, name, types, ...]): a table of options, which uses the
 * names, so the array is to be kept with it.
 */
static duk_ret_t
n_table(duk_context *ctx)
{
	duk_size_t i, n = duk_get_length(ctx, 0) / 2;
	struct resource_option *table = duk_push_fixed_buffer(ctx,
	    (n + 1) * sizeof(*table));

	for (i = 0; i < n; i++) {
		duk_get_prop_index(ctx, 0, (duk_uarridx_t)(2 * i));
		table[i].name = duk_require_string(ctx, -1);
		duk_get_prop_index(ctx, 0, (duk_uarridx_t)(2 * i + 1));
		table[i].types = types_at(ctx, duk_get_top_index(ctx));
		duk_pop_2(ctx);
	}
	return 1;
}

/* checkTable(table, options): a copy of options that are in order. */
static duk_ret_t
n_check_table(duk_context *ctx)
{
	struct resource_type type = {
	    .options = duk_require_buffer(ctx, 0, NULL) };

	duk_push_object(ctx);
	duk_enum(ctx, 1, 0);
	while (duk_next(ctx, -1, 1)) {
		check_option(ctx, &type, duk_get_string(ctx, -2), false);
		duk_put_prop(ctx, -4);
	}
	duk_pop(ctx);
	return 1;
}

/* planning(+1 or -1): what runs from now on only looks, in any run. */
static duk_ret_t
n_planning(duk_context *ctx)
{
	struct policy *p = policy_of(ctx);
	int n = duk_require_int(ctx, 0);

	p->looking += n;
	p->planning += n;
	return 0;
}

/* holding(+1 or -1): what runs from now on ends where it would write. */
static duk_ret_t
n_holding(duk_context *ctx)
{
	policy_of(ctx)->holding += duk_require_int(ctx, 0);
	return 0;
}

/* diff(name, before, after): as unified diff. */
static duk_ret_t
n_diff(duk_context *ctx)
{
	const char *name = arg_text(ctx, 0, 0).p;
	struct str a = arg_text(ctx, 1, 1), b = arg_text(ctx, 2, 2);
	struct buf *out = scratch(ctx, 3);

	engine_hold(ctx);
	diff_unified(out, a, b, name, name);
	engine_let(ctx);
	if (buf_failed(out))
		return duk_error(ctx, DUK_ERR_RANGE_ERROR, "out of memory");
	engine_push(ctx, buf_view(out));
	return 1;
}

const struct native natives_module[] = {
	{ "table", n_table, 1 },
	{ "checkTable", n_check_table, 2 },
	{ "planning", n_planning, 1 },
	{ "holding", n_holding, 1 },
	{ "diff", n_diff, 3 },
	{ NULL, NULL, 0 }
};
