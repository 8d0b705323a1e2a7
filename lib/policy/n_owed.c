#include <stdlib.h>
#include <string.h>

#include "policy/native.h"

/* Notifications: who is to be told of a change is in the journal before. */

void
owing_clear(struct owing *g)
{
	buf_clear(&g->text);
	buf_clear(&g->why);
	free(g->v);
	*g = (struct owing){ 0 };
}

/* The strings of a resource and its handlers, one behind the other. */
static void
take_texts(duk_context *ctx, struct owing *g)
{
	duk_size_t i, n = duk_get_length(ctx, 1);

	engine_text(ctx, 0, &g->text);
	buf_putc(&g->text, '\0');
	for (i = 0; i < n; i++) {
		duk_get_prop_index(ctx, 1, (duk_uarridx_t)i);
		engine_text(ctx, -1, &g->text);
		buf_putc(&g->text, '\0');
		duk_pop(ctx);
	}
}

/* owing(resource, handlers): of the step that comes now. */
static duk_ret_t
n_owing(duk_context *ctx)
{
	struct owing *g = &policy_of(ctx)->owing;
	size_t i, n = duk_get_length(ctx, 1);
	struct owed *more = NULL;
	struct str resource;
	const char *p;

	g->n = 0;
	buf_reset(&g->text);
	engine_hold(ctx);
	if (n > 0 && (more = reallocarray(g->v, n, sizeof(*more))) != NULL)
		g->v = more;
	engine_let(ctx);
	if (n == 0)
		return 0;
	take_texts(ctx, g);
	if (more == NULL || buf_failed(&g->text))
		return duk_error(ctx, DUK_ERR_RANGE_ERROR, "out of memory");
	resource = str_of(g->text.p);
	p = resource.p + resource.len + 1;
	for (i = 0; i < n; i++, p += strlen(p) + 1)
		g->v[i] = (struct owed){ resource, str_of(p) };
	g->n = n;
	return 0;
}

void
owing_commit(duk_context *ctx)
{
	static const struct resource_type type = { .name = "policy" };
	struct policy *p = policy_of(ctx);
	struct job j = { .type = &type, .journal = p->o.journal,
	    .owed = p->owing.v, .nowed = p->owing.n };
	struct buf *why = &p->owing.why;
	int rc;

	if (p->owing.n == 0 || p->o.noop)
		return;
	engine_hold(ctx);
	buf_reset(why);
	rc = journal_commit(&j, why);
	buf_putc(why, '\0');
	engine_let(ctx);
	if (rc == -1)
		(void)duk_error(ctx, DUK_ERR_ERROR, "%s",
		    buf_failed(why) ? "out of memory" : why->p);
}

/* owe(): it has changed, and whoever is to be told has to be in the journal. */
static duk_ret_t
n_owe(duk_context *ctx)
{
	owing_commit(ctx);
	return 0;
}

/* strike(resource, handler, why): told, or why not. */
static duk_ret_t
n_strike(duk_context *ctx)
{
	struct policy *p = policy_of(ctx);
	struct owed o = { .resource = arg_text(ctx, 0, 0),
	    .handler = arg_text(ctx, 1, 1) };
	struct str why = { "", 0 };

	if (!duk_is_undefined(ctx, 2))
		why = arg_text(ctx, 2, 2);
	engine_hold(ctx);
	if (!p->o.noop && p->o.hooks.strike != NULL)
		p->o.hooks.strike(p->o.hooks.arg, &o, why);
	engine_let(ctx);
	return 0;
}

/* In C memory first: what pushes strings throws where there is none. */
static void
collect(const struct owed *o, void *arg)
{
	struct buf *b = arg;

	buf_str(b, o->resource);
	buf_putc(b, '\0');
	buf_str(b, o->handler);
	buf_putc(b, '\0');
}

/* debts(): {resource: [handler ...]} that are owed, or null. */
static duk_ret_t
n_debts(duk_context *ctx)
{
	struct policy *p = policy_of(ctx);
	struct buf *b = scratch(ctx, 0);
	size_t at = 0, len;

	engine_hold(ctx);
	if (p->o.hooks.owed != NULL)
		p->o.hooks.owed(p->o.hooks.arg, collect, b);
	engine_let(ctx);
	if (buf_failed(b))
		return duk_error(ctx, DUK_ERR_RANGE_ERROR, "out of memory");
	if (b->len == 0) {
		duk_push_null(ctx);
		return 1;
	}
	duk_push_object(ctx);
	while (at < b->len) {
		len = strlen(b->p + at);
		engine_push(ctx, (struct str){ b->p + at, len });
		at += len + 1;
		duk_dup_top(ctx);
		if (!duk_get_prop(ctx, -3)) {
			duk_pop(ctx);
			duk_push_array(ctx);
			duk_dup(ctx, -2);
			duk_dup(ctx, -2);
			duk_put_prop(ctx, -5);
		}
		len = strlen(b->p + at);
		engine_push(ctx, (struct str){ b->p + at, len });
		duk_put_prop_index(ctx, -2,
		    (duk_uarridx_t)duk_get_length(ctx, -2));
		duk_pop_2(ctx);
		at += len + 1;
	}
	return 1;
}

const struct native natives_owed[] = {
	{ "owing", n_owing, 2 },
	{ "owe", n_owe, 0 },
	{ "strike", n_strike, 3 },
	{ "debts", n_debts, 0 },
	{ NULL, NULL, 0 }
};
