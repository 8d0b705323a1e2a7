#include <errno.h>
#include <string.h>

#include "policy/native.h"

struct policy *
policy_of(duk_context *ctx)
{
	return engine_owner(ctx);
}

struct buf *
scratch(duk_context *ctx, int i)
{
	struct buf *b = &policy_of(ctx)->scratch[i];

	b->failed = false;
	buf_reset(b);
	return b;
}

struct str
arg_text(duk_context *ctx, duk_idx_t idx, int i)
{
	struct buf *b = scratch(ctx, i);

	if (!engine_text(ctx, idx, b)) {
		duk_safe_to_string(ctx, idx);
		duk_error(ctx, DUK_ERR_TYPE_ERROR,
		    "%s: neither a string nor a buffer",
		    duk_get_string(ctx, idx));
	}
	buf_putc(b, '\0');
	if (buf_failed(b))
		duk_error(ctx, DUK_ERR_RANGE_ERROR, "out of memory");
	return (struct str){ b->p, b->len - 1 };
}

const char *
arg_path(duk_context *ctx, duk_idx_t idx, int i)
{
	struct str s = arg_text(ctx, idx, i);

	if (memchr(s.p, '\0', s.len) != NULL)
		duk_error(ctx, DUK_ERR_TYPE_ERROR, "a NUL in a path");
	if (s.len == 0)
		duk_error(ctx, DUK_ERR_TYPE_ERROR, "an empty path");
	return s.p;
}

duk_ret_t
throw_errno(duk_context *ctx, int error, const char *call, const char *path)
{
	duk_push_error_object(ctx, DUK_ERR_ERROR, "%s: %s", path,
	    strerror(error));
	duk_push_string(ctx, strerrorname_np(error));
	duk_put_prop_string(ctx, -2, "code");
	duk_push_int(ctx, -error);
	duk_put_prop_string(ctx, -2, "errno");
	duk_push_string(ctx, call);
	duk_put_prop_string(ctx, -2, "syscall");
	engine_push(ctx, str_of(path));
	duk_put_prop_string(ctx, -2, "path");
	return duk_throw(ctx);
}

void
will_write(duk_context *ctx, const char *call, const char *path)
{
	struct policy *p = policy_of(ctx);

	if (p->planning > 0 && !p->o.noop)
		(void)duk_error(ctx, DUK_ERR_ERROR, "%s: %s is not for what "
		    "only looks", path, call);
	if (!p->o.noop && p->holding <= 0) {
		owing_commit(ctx);
		return;
	}
	duk_push_error_object(ctx, DUK_ERR_ERROR, "%s: %s is not done in a "
	    "dry run", path, call);
	duk_push_true(ctx);
	duk_put_prop_string(ctx, -2, "p2dry");
	duk_push_string(ctx, "EROFS");
	duk_put_prop_string(ctx, -2, "code");
	duk_push_global_stash(ctx);
	duk_push_sprintf(ctx, "would call %s %s", call, path);
	duk_put_prop_string(ctx, -2, "dryReason");
	duk_pop(ctx);
	(void)duk_throw(ctx);
}

const struct embedded *
embedded_find(const char *name)
{
	const struct embedded *e;

	for (e = embedded; e->name != NULL; e++)
		if (strcmp(e->name, name) == 0)
			return e;
	return NULL;
}
