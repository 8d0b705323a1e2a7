#include <string.h>

#include "base/hash.h"
#include "policy/native.h"

/* Ownership: what the policy has, and what it had.  See orphans.js. */

static uint64_t
hash_value(uint64_t h, const struct value *v)
{
	size_t i;

	switch (v->type) {
	case VALUE_STRING:
		return hash64(h, v->str.p, v->str.len);
	case VALUE_LIST:
		for (i = 0; i < v->n; i++)
			h = hash64(h, v->list[i].p, v->list[i].len);
		return h;
	case VALUE_BOOL:
		return hash64(h, v->yes ? "y" : "n", 1);
	default:
		return hash64(h, &v->num, sizeof(v->num));
	}
}

/*
 * By the names of the options, so that a new one changes nothing; of those that
 * the policy has given.
 */
uint64_t
owned_hash(const struct job *j)
{
	const struct resource_option *o = j->type->options;
	uint64_t h = 0;
	size_t i;

	if (j->type->owns == NULL)
		return 0;
	for (i = 0; o[i].name != NULL; i++)
		if (j->values[i].type != VALUE_NONE &&
		    (o[i].types & OPTION_HIDDEN) == 0) {
			h = hash64(h, o[i].name, strlen(o[i].name));
			h = hash_value(h, &j->values[i]);
		}
	return h;
}

/* In C memory first: what pushes strings throws where there is none. */
static void
collect(const struct policy_owned *o, void *arg)
{
	const struct str *texts[] = { &o->type, &o->title, &o->role,
	    &o->hears };
	struct buf *b = arg;
	size_t i;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		buf_str(b, *texts[i]);
		buf_putc(b, '\0');
	}
}

/* Those in b as an array of arrays. */
static void
push_all(duk_context *ctx, const struct buf *b)
{
	duk_uarridx_t i = 0, k;
	size_t at = 0, len;

	if (buf_failed(b))
		(void)duk_error(ctx, DUK_ERR_RANGE_ERROR, "out of memory");
	duk_push_array(ctx);
	while (at < b->len) {
		duk_push_array(ctx);
		for (k = 0; k < 4; k++) {
			len = strlen(b->p + at);
			engine_push(ctx, (struct str){ b->p + at, len });
			duk_put_prop_index(ctx, -2, k);
			at += len + 1;
		}
		duk_put_prop_index(ctx, -2, i++);
	}
}

/* owned(): [new ones, missing ones], or undefined if all is as it was. */
static duk_ret_t
n_owned(duk_context *ctx)
{
	struct policy *p = policy_of(ctx);
	struct buf *fresh = scratch(ctx, 0), *gone = scratch(ctx, 1);

	if (p->o.hooks.fresh == NULL)
		return 0;
	engine_hold(ctx);
	p->o.hooks.fresh(p->o.hooks.arg, collect, fresh);
	p->o.hooks.gone(p->o.hooks.arg, collect, gone);
	engine_let(ctx);
	if (fresh->len + gone->len == 0 && !buf_failed(fresh) &&
	    !buf_failed(gone))
		return 0;
	duk_push_array(ctx);
	push_all(ctx, fresh);
	duk_put_prop_index(ctx, -2, 0);
	push_all(ctx, gone);
	duk_put_prop_index(ctx, -2, 1);
	return 1;
}

/* own(type, title, role, hears) */
static duk_ret_t
n_own(duk_context *ctx)
{
	struct policy *p = policy_of(ctx);
	struct policy_owned o = { arg_text(ctx, 0, 0), arg_text(ctx, 1, 1),
	    arg_text(ctx, 2, 2), arg_text(ctx, 3, 3) };

	engine_hold(ctx);
	p->o.hooks.own(p->o.hooks.arg, &o);
	engine_let(ctx);
	return 0;
}

static void
collect_path(struct str path, void *arg)
{
	buf_str(arg, path);
	buf_putc(arg, '\0');
}

/* orphan(type, title, remove): the paths to be removed. */
static duk_ret_t
n_orphan(duk_context *ctx)
{
	struct policy *p = policy_of(ctx);
	struct policy_owned o = { .type = arg_text(ctx, 0, 0),
	    .title = arg_text(ctx, 1, 1) };
	struct buf *paths = scratch(ctx, 2);
	duk_uarridx_t i = 0;
	size_t at, len;

	engine_hold(ctx);
	p->o.hooks.orphan(p->o.hooks.arg, &o, duk_get_boolean(ctx, 2),
	    collect_path, paths);
	engine_let(ctx);
	if (buf_failed(paths))
		return duk_error(ctx, DUK_ERR_RANGE_ERROR, "out of memory");
	duk_push_array(ctx);
	for (at = 0; at < paths->len; at += len + 1) {
		len = strlen(paths->p + at);
		engine_push(ctx, (struct str){ paths->p + at, len });
		duk_put_prop_index(ctx, -2, i++);
	}
	return 1;
}

/* rollback(type, title): what it has changed in this run is as it was. */
static duk_ret_t
n_rollback(duk_context *ctx)
{
	struct policy *p = policy_of(ctx);
	struct str type = arg_text(ctx, 0, 0), title = arg_text(ctx, 1, 1);
	bool back = false;

	engine_hold(ctx);
	if (p->o.hooks.rollback != NULL)
		back = p->o.hooks.rollback(p->o.hooks.arg, type, title);
	engine_let(ctx);
	duk_push_boolean(ctx, back);
	return 1;
}

const struct native natives_owned[] = {
	{ "rollback", n_rollback, 2 },
	{ "owned", n_owned, 0 },
	{ "own", n_own, 4 },
	{ "orphan", n_orphan, 3 },
	{ NULL, NULL, 0 }
};
