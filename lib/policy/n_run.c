#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/child.h"
#include "base/clock.h"
#include "policy/native.h"

/* describe(fn): how errors are put into words. */
static duk_ret_t
n_describe(duk_context *ctx)
{
	duk_push_global_stash(ctx);
	duk_dup(ctx, 0);
	duk_put_prop_string(ctx, -2, "describe");
	return 0;
}

/* print(fd, text) */
static duk_ret_t
n_print(duk_context *ctx)
{
	struct policy *p = policy_of(ctx);
	int fd = duk_require_int(ctx, 0);
	struct str s = arg_text(ctx, 1, 0);

	engine_hold(ctx);
	p->o.hooks.print(p->o.hooks.arg, fd, s);
	engine_let(ctx);
	return 0;
}

static duk_ret_t
n_now(duk_context *ctx)
{
	duk_push_number(ctx, clock_fine_ms());
	return 1;
}

/* stop(): is the run to end here? */
static duk_ret_t
n_stop(duk_context *ctx)
{
	struct policy *p = policy_of(ctx);

	engine_progress(&p->engine);
	if (!p->stopped)
		p->stopped = p->o.hooks.stop(p->o.hooks.arg);
	duk_push_boolean(ctx, p->stopped);
	return 1;
}

/* late(): why what is left is not done, if that is to be told. */
static duk_ret_t
n_late(duk_context *ctx)
{
	struct policy *p = policy_of(ctx);
	const char *why = NULL;

	if (p->o.hooks.late != NULL)
		why = p->o.hooks.late(p->o.hooks.arg);
	if (why == NULL)
		return 0;
	duk_push_string(ctx, why);
	return 1;
}

/* begin(type, title, file, line): the step; without them, there is none. */
static duk_ret_t
n_begin(duk_context *ctx)
{
	struct policy *p = policy_of(ctx);
	struct begun *b = &p->begun;
	struct str type, title, file;

	buf_reset(&b->label);
	if (!duk_is_string(ctx, 0))
		return 0;
	type = arg_text(ctx, 0, 0);
	title = arg_text(ctx, 1, 1);
	file = arg_text(ctx, 2, 2);
	b->line = duk_get_uint_default(ctx, 3, 0);
	engine_hold(ctx);
	buf_reset(&b->file);
	buf_str(&b->file, file);
	buf_str(&b->label, type);
	buf_putc(&b->label, ' ');
	buf_str(&b->label, title);
	engine_let(ctx);
	return 0;
}

/* starts(type, title, left): the next step, and how many come after it. */
static duk_ret_t
n_starts(duk_context *ctx)
{
	struct policy *p = policy_of(ctx);
	struct str type = arg_text(ctx, 0, 0), title = arg_text(ctx, 1, 1);
	uint64_t left = (uint64_t)duk_get_number_default(ctx, 2, 0);

	p->taken++;
	engine_hold(ctx);
	p->o.hooks.step(p->o.hooks.arg, p->taken, p->taken + left, type,
	    title);
	engine_let(ctx);
	return 0;
}

/* event(module, object, message) */
static duk_ret_t
n_event(duk_context *ctx)
{
	struct policy *p = policy_of(ctx);
	struct str module = arg_text(ctx, 0, 0), object = arg_text(ctx, 1, 1),
	    msg = arg_text(ctx, 2, 2);

	engine_hold(ctx);
	if (p->o.hooks.event != NULL && !p->o.noop)
		p->o.hooks.event(p->o.hooks.arg, module, object, msg);
	engine_let(ctx);
	return 0;
}

/* version(text): what the policy calls itself. */
static duk_ret_t
n_version(duk_context *ctx)
{
	struct policy *p = policy_of(ctx);
	struct str s = arg_text(ctx, 0, 0);

	engine_hold(ctx);
	buf_reset(&p->version);
	buf_str(&p->version, s);
	engine_let(ctx);
	return 0;
}

/* looking(+1 or -1): what is run from now on only looks. */
static duk_ret_t
n_looking(duk_context *ctx)
{
	policy_of(ctx)->looking += duk_require_int(ctx, 0);
	return 0;
}

/* dryReason(): what the function that has just ended would have done. */
static duk_ret_t
n_dry_reason(duk_context *ctx)
{
	duk_push_global_stash(ctx);
	duk_get_prop_string(ctx, -1, "dryReason");
	return 1;
}

static bool
has_tag(duk_context *ctx, duk_idx_t idx, const char *const *tags)
{
	const char *s = duk_get_string(ctx, idx);

	for (; s != NULL && *tags != NULL; tags++)
		if (strcmp(*tags, s) == 0)
			return true;
	return false;
}

/* tagged(tag or list of tags): are we to run what has these? */
static duk_ret_t
n_tagged(duk_context *ctx)
{
	const char *const *tags = policy_of(ctx)->o.tags;
	bool yes = tags == NULL || has_tag(ctx, 0, tags);
	duk_size_t i, n;

	if (!yes && duk_is_array(ctx, 0)) {
		n = duk_get_length(ctx, 0);
		for (i = 0; !yes && i < n; i++) {
			duk_get_prop_index(ctx, 0, (duk_uarridx_t)i);
			yes = has_tag(ctx, -1, tags);
			duk_pop(ctx);
		}
	}
	duk_push_boolean(ctx, yes);
	return 1;
}

static duk_ret_t
n_is_buffer(duk_context *ctx)
{
	duk_push_boolean(ctx, duk_is_buffer_data(ctx, 0));
	return 1;
}

/* ask(script): does the shell say 0? */
static duk_ret_t
n_ask(duk_context *ctx)
{
	struct policy *p = policy_of(ctx);
	const char *argv[] = { "/bin/sh", "-c", arg_text(ctx, 0, 0).p, NULL };
	struct buf *out = scratch(ctx, 1);
	struct child c = { .argv = argv, .out = out, .err = out };
	const char *what;
	int rc, error;

	engine_hold(ctx);
	rc = child_run(&c, &what);
	error = errno;
	if (rc == 0 && p->o.verbose && out->len > 0)
		p->o.hooks.print(p->o.hooks.arg, STDERR_FILENO, buf_view(out));
	engine_let(ctx);
	engine_progress(&p->engine);
	if (rc == -1)
		return throw_errno(ctx, error, "spawn", what);
	duk_push_boolean(ctx, c.status == 0 && c.signal == 0);
	return 1;
}

/* The strings of the array at idx, up to NULL; or NULL if it is no array. */
static const char **
string_array(duk_context *ctx, duk_idx_t idx)
{
	duk_size_t i, n;
	const char **v;

	if (!duk_is_array(ctx, idx))
		return NULL;
	n = duk_get_length(ctx, idx);
	v = duk_push_fixed_buffer(ctx, (n + 1) * sizeof(*v));
	for (i = 0; i < n; i++) {
		duk_get_prop_index(ctx, idx, (duk_uarridx_t)i);
		v[i] = duk_to_string(ctx, -1);
		/* The array keeps the string, as it is now one. */
		duk_put_prop_index(ctx, idx, (duk_uarridx_t)i);
	}
	return v;
}

static long
get_long(duk_context *ctx, duk_idx_t idx, const char *name, bool *given)
{
	long n = 0;

	duk_get_prop_string(ctx, idx, name);
	*given = duk_is_number(ctx, -1);
	if (*given)
		n = (long)duk_get_number(ctx, -1);
	duk_pop(ctx);
	return n;
}

static void
child_options(duk_context *ctx, duk_idx_t idx, struct child *c)
{
	bool given;

	duk_get_prop_string(ctx, idx, "cwd");
	c->cwd = duk_get_string(ctx, -1);	/* the object keeps it */
	duk_pop(ctx);
	duk_get_prop_string(ctx, idx, "env");
	c->env = string_array(ctx, duk_get_top_index(ctx));
	duk_get_prop_string(ctx, idx, "input");
	if (!duk_is_undefined(ctx, -1)) {
		c->input = arg_text(ctx, -1, 3).p;
		c->input_len = policy_of(ctx)->scratch[3].len - 1;
	}
	c->uid = (uid_t)get_long(ctx, idx, "uid", &c->set_uid);
	c->gid = (gid_t)get_long(ctx, idx, "gid", &c->set_gid);
	c->timeout_ms = get_long(ctx, idx, "timeout", &given);
	duk_get_prop_string(ctx, idx, "inherit");
	c->inherit = duk_get_boolean(ctx, -1);
	duk_pop(ctx);
}

static void
put_text(duk_context *ctx, const char *name, const struct buf *b, bool raw)
{
	void *p;

	if (raw) {
		p = duk_push_fixed_buffer(ctx, b->len);
		if (b->len > 0)
			memcpy(p, b->p, b->len);
		duk_push_buffer_object(ctx, -1, 0, b->len,
		    DUK_BUFOBJ_NODEJS_BUFFER);
		duk_remove(ctx, -2);
	} else
		engine_push(ctx, buf_view(b));
	duk_put_prop_string(ctx, -2, name);
}

/*
 * exec(argv, {cwd, env, uid, gid, input, timeout, inherit, raw}):
 * {status, signal, stdout, stderr, timedOut}.
 */
static duk_ret_t
n_exec(duk_context *ctx)
{
	struct policy *p = policy_of(ctx);
	struct child c = { 0 };
	struct buf *out, *errors;
	const char *what;
	int rc, error;
	bool raw;

	duk_require_object(ctx, 1);
	c.argv = string_array(ctx, 0);
	if (c.argv == NULL || c.argv[0] == NULL)
		return duk_error(ctx, DUK_ERR_TYPE_ERROR, "nothing to run");
	if (p->looking <= 0)
		will_write(ctx, "exec", c.argv[0]);
	child_options(ctx, 1, &c);
	duk_get_prop_string(ctx, 1, "raw");
	raw = duk_get_boolean(ctx, -1);
	out = scratch(ctx, 0);
	errors = scratch(ctx, 1);
	c.out = c.inherit ? NULL : out;
	c.err = c.inherit ? NULL : errors;
	engine_hold(ctx);
	rc = child_run(&c, &what);
	error = errno;
	engine_let(ctx);
	engine_progress(&p->engine);
	if (rc == -1)
		return throw_errno(ctx, error, "spawn", what);
	duk_push_object(ctx);
	if (c.signal != 0)
		duk_push_null(ctx);
	else
		duk_push_int(ctx, c.status);
	duk_put_prop_string(ctx, -2, "status");
	if (c.signal == 0)
		duk_push_null(ctx);
	else
		duk_push_sprintf(ctx, "SIG%s", sigabbrev_np(c.signal));
	duk_put_prop_string(ctx, -2, "signal");
	duk_push_boolean(ctx, c.timed_out);
	duk_put_prop_string(ctx, -2, "timedOut");
	put_text(ctx, "stdout", out, raw);
	put_text(ctx, "stderr", errors, raw);
	return 1;
}

/* getenv(name), setenv(name, value or undefined), environment() */
static duk_ret_t
n_getenv(duk_context *ctx)
{
	const char *s = getenv(arg_text(ctx, 0, 0).p);

	if (s == NULL)
		return 0;
	engine_push(ctx, str_of(s));
	return 1;
}

static duk_ret_t
n_setenv(duk_context *ctx)
{
	const char *name = arg_text(ctx, 0, 0).p, *value = NULL;
	int rc;

	if (!duk_is_undefined(ctx, 1))
		value = arg_text(ctx, 1, 1).p;
	engine_hold(ctx);
	rc = value == NULL ? unsetenv(name) : setenv(name, value, 1);
	engine_let(ctx);
	if (rc == -1)
		return throw_errno(ctx, errno, "setenv", name);
	return 0;
}

static duk_ret_t
n_environment(duk_context *ctx)
{
	duk_uarridx_t i;

	duk_push_array(ctx);
	for (i = 0; environ[i] != NULL; i++) {
		engine_push(ctx, str_of(environ[i]));
		duk_put_prop_index(ctx, -2, i);
	}
	return 1;
}

/* exit(status): end the run, at once. */
static duk_ret_t
n_exit(duk_context *ctx)
{
	struct policy *p = policy_of(ctx);

	p->exit_status = duk_get_int_default(ctx, 0, 0) & 0xff;
	p->stopped = true;
	return duk_error(ctx, DUK_ERR_ERROR, "process.exit(%d)",
	    p->exit_status);
}

const struct native natives_run[] = {
	{ "describe", n_describe, 1 },
	{ "print", n_print, 2 },
	{ "now", n_now, 0 },
	{ "stop", n_stop, 0 },
	{ "late", n_late, 0 },
	{ "begin", n_begin, 4 },
	{ "starts", n_starts, 3 },
	{ "event", n_event, 3 },
	{ "version", n_version, 1 },
	{ "looking", n_looking, 1 },
	{ "dryReason", n_dry_reason, 0 },
	{ "tagged", n_tagged, 1 },
	{ "isBuffer", n_is_buffer, 1 },
	{ "ask", n_ask, 1 },
	{ "exec", n_exec, 2 },
	{ "getenv", n_getenv, 1 },
	{ "setenv", n_setenv, 2 },
	{ "environment", n_environment, 0 },
	{ "exit", n_exit, 1 },
	{ NULL, NULL, 0 }
};
