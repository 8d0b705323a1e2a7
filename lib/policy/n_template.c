#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "policy/native.h"
#include "policy/watching.h"
#include "template/template.h"

/*
 * A value of a template is an index on the engine's stack.  Whatever is asked
 * of one may run a policy's code, so it is asked in a protected call, and what
 * that throws is handed up in words.
 */
struct rendering {
	duk_context	*ctx;
	const char	*dir;		/* of partials */
	struct str	 name;		/* what is being looked up */
	struct template_run *run;	/* for the function a lambda is given */
	struct buf	*err;		/* for what cannot fail */
};

enum { PARTIAL_MAX = 4 * 1024 * 1024 };

static duk_idx_t
idx_of(template_value v)
{
	return (duk_idx_t)v;
}

/* The error on top of the stack goes to err and off the stack. */
static int
hand_up(duk_context *ctx, struct buf *err)
{
	duk_safe_to_string(ctx, -1);
	engine_text(ctx, -1, err);
	duk_pop(ctx);
	return -1;
}

static enum template_kind
kind(void *arg, template_value v)
{
	duk_context *ctx = ((struct rendering *)arg)->ctx;

	if (duk_is_function(ctx, idx_of(v)))
		return TEMPLATE_LAMBDA;
	if (duk_is_array(ctx, idx_of(v)))
		return TEMPLATE_LIST;
	duk_dup(ctx, idx_of(v));
	return duk_to_boolean(ctx, -1) ? TEMPLATE_TRUE : TEMPLATE_FALSE;
}

/* [object] -> [member or undefined] */
static duk_ret_t
get_member(duk_context *ctx, void *udata)
{
	struct rendering *r = udata;

	duk_push_lstring(ctx, r->name.p, r->name.len);
	if (!duk_has_prop(ctx, -2))
		return 0;
	duk_get_prop_lstring(ctx, -1, r->name.p, r->name.len);
	return 1;
}

/*
 * Call fn on a copy of v; what it returns is left on the stack.  Meanwhile the
 * policy's code may be jumped out of, as nowhere else while rendering.
 */
static int
ask(struct rendering *r, template_value v, duk_safe_call_function fn,
    void *udata, struct buf *err)
{
	int rc;

	if (!duk_check_stack(r->ctx, 8)) {
		buf_puts(err, "out of memory");
		return -1;
	}
	duk_dup(r->ctx, idx_of(v));
	engine_let(r->ctx);
	rc = duk_safe_call(r->ctx, fn, udata, 1, 1);
	engine_hold(r->ctx);
	return rc == DUK_EXEC_SUCCESS ? 0 : hand_up(r->ctx, err);
}

static int
get(void *arg, template_value v, struct str name, template_value *member,
    struct buf *err)
{
	struct rendering *r = arg;
	duk_context *ctx = r->ctx;

	if (!duk_is_object(ctx, idx_of(v)))
		return 0;
	r->name = name;
	if (ask(r, v, get_member, r, err) == -1)
		return -1;
	*member = (template_value)duk_get_top_index(ctx);
	return !duk_is_undefined(ctx, -1);
}

static size_t
length(void *arg, template_value list)
{
	return duk_get_length(((struct rendering *)arg)->ctx, idx_of(list));
}

static duk_ret_t
get_item(duk_context *ctx, void *udata)
{
	duk_get_prop_index(ctx, -1, *(duk_uarridx_t *)udata);
	return 1;
}

static template_value
item(void *arg, template_value list, size_t i)
{
	struct rendering *r = arg;
	duk_uarridx_t at = (duk_uarridx_t)i;

	if (ask(r, list, get_item, &at, r->err) == -1)
		duk_push_undefined(r->ctx);
	return (template_value)duk_get_top_index(r->ctx);
}

static duk_ret_t
to_text(duk_context *ctx, void *udata)
{
	(void)udata;
	if (duk_is_function(ctx, -1))
		duk_call(ctx, 0);
	if (duk_is_null_or_undefined(ctx, -1))
		duk_push_string(ctx, "");
	if (!duk_is_buffer_data(ctx, -1))
		duk_to_string(ctx, -1);
	return 1;
}

static int
text(void *arg, template_value v, struct buf *out, struct buf *err)
{
	struct rendering *r = arg;

	if (ask(r, v, to_text, NULL, err) == -1)
		return -1;
	engine_text(r->ctx, -1, out);
	duk_pop(r->ctx);
	return 0;
}

/* Push what there is in b, and give it back. */
static void
push_and_clear(duk_context *ctx, struct buf *b)
{
	size_t n = b->len;
	void *p;

	p = duk_push_fixed_buffer(ctx, n);
	if (n > 0)
		memcpy(p, b->p, n);
	engine_hold(ctx);
	buf_clear(b);
	engine_let(ctx);
	engine_push(ctx, (struct str){ p, n });
	duk_remove(ctx, -2);
}

/* The text, or the error in its place. */
static duk_ret_t
answer(duk_context *ctx, int rc, struct buf *out, struct buf *err)
{
	push_and_clear(ctx, err);
	push_and_clear(ctx, out);
	if (rc == -1)
		return duk_error(ctx, DUK_ERR_ERROR, "template: %s",
		    duk_get_string(ctx, -2));
	return 1;
}

/* The function that a section's function is given to render text with. */
static duk_ret_t
n_render_section(duk_context *ctx)
{
	struct buf out = { 0 }, err = { 0 };
	struct rendering *r;
	struct str s;
	int rc;

	s.p = duk_require_lstring(ctx, 0, &s.len);
	duk_push_current_function(ctx);
	duk_get_prop_string(ctx, -1, DUK_HIDDEN_SYMBOL("r"));
	if ((r = duk_get_pointer(ctx, -1)) == NULL || r->run == NULL)
		return duk_error(ctx, DUK_ERR_ERROR,
		    "the template has been rendered");
	engine_hold(ctx);
	rc = template_section(r->run, s, &out, &err);
	engine_let(ctx);
	return answer(ctx, rc, &out, &err);
}

struct lambda_call {
	struct rendering *r;
	struct str	 text;
};

static duk_ret_t
call_lambda(duk_context *ctx, void *udata)
{
	struct lambda_call *c = udata;

	engine_push(ctx, c->text);
	duk_push_c_function(ctx, n_render_section, 1);
	duk_push_pointer(ctx, c->r);
	duk_put_prop_string(ctx, -2, DUK_HIDDEN_SYMBOL("r"));
	duk_call(ctx, 2);
	if (duk_is_null_or_undefined(ctx, -1))
		duk_push_string(ctx, "");
	duk_to_string(ctx, -1);
	return 1;
}

static int
call(void *arg, template_value lambda, struct str body,
    struct template_run *run, struct buf *out, struct buf *err)
{
	struct rendering *r = arg;
	struct template_run *outer = r->run;
	struct lambda_call c = { r, body };
	int rc;

	r->run = run;
	if ((rc = ask(r, lambda, call_lambda, &c, err)) == 0) {
		engine_text(r->ctx, -1, out);
		duk_pop(r->ctx);
	}
	r->run = outer;
	return rc;
}

/*
 * A partial is a file beside the policy: NAME, or NAME.mustache.  1: it is
 * there; -1: it is not what was signed.
 */
static int
read_partial(const struct rendering *r, struct str name, const char *suffix,
    struct buf *out, struct buf *err)
{
	struct trees *trees = policy_of(r->ctx)->o.trees;
	struct buf path = { 0 };
	int fd = -1, rc = 0;

	buf_printf(&path, "%s/%.*s%s", r->dir, (int)name.len, name.p, suffix);
	buf_putc(&path, '\0');
	if (!buf_failed(&path))
		watching_read(policy_of(r->ctx), path.p);
	if (!buf_failed(&path))
		fd = open(path.p, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd != -1) {
		rc = buf_read(out, fd, PARTIAL_MAX) == 0;
		close(fd);
	}
	if (rc == 1 && trees != NULL &&
	    trees_judge_data(trees, path.p, buf_view(out), err) == -1)
		rc = -1;
	buf_clear(&path);
	return rc;
}

static int
partial(void *arg, struct str name, struct buf *out, struct buf *err)
{
	struct rendering *r = arg;
	duk_context *ctx = r->ctx;
	int rc;

	if (name.len > 200 || memchr(name.p, '\0', name.len) != NULL ||
	    memmem(name.p, name.len, "..", 2) != NULL)
		return 0;
	engine_hold(ctx);
	if ((rc = read_partial(r, name, ".mustache", out, err)) == 0)
		rc = read_partial(r, name, "", out, err);
	engine_let(ctx);
	return rc;
}

static size_t
mark(void *arg)
{
	return (size_t)duk_get_top(((struct rendering *)arg)->ctx);
}

static void
release(void *arg, size_t to)
{
	duk_set_top(((struct rendering *)arg)->ctx, (duk_idx_t)to);
}

/* render(template, context, directory of partials): text. */
static duk_ret_t
n_render(duk_context *ctx)
{
	/* Scratch would be reused where a lambda renders. */
	struct buf out = { 0 }, err = { 0 }, in = { 0 };
	struct rendering r = { .ctx = ctx, .err = &err,
	    .dir = duk_require_string(ctx, 2) };
	struct template_data d = { kind, get, length, item, text, call,
	    partial, mark, release, &r };
	int rc = -1;

	duk_require_stack(ctx, 64);
	engine_hold(ctx);
	if (!engine_text(ctx, 0, &in))
		buf_puts(&err, "neither a string nor a buffer");
	else
		rc = template_render(buf_view(&in), &d, 1, &out, &err);
	r.run = NULL;
	buf_clear(&in);
	engine_let(ctx);
	duk_set_top(ctx, 3);
	return answer(ctx, rc, &out, &err);
}

const struct native natives_template[] = {
	{ "render", n_render, 3 },
	{ NULL, NULL, 0 }
};
