#include <string.h>
#include <unistd.h>

#include "policy/native.h"

/* Where something is declared, or goes wrong. */

/* The file whose code runs at that level of the call stack, which is below. */
static const char *
push_file(duk_context *ctx)
{
	const char *s;

	duk_get_prop_literal(ctx, -1, "function");
	if (!duk_is_ecmascript_function(ctx, -1)) {
		duk_pop(ctx);
		duk_push_undefined(ctx);
		return NULL;
	}
	duk_get_prop_literal(ctx, -1, "fileName");
	duk_remove(ctx, -2);
	s = duk_get_string(ctx, -1);
	return s == NULL || strncmp(s, "p2:", 3) == 0 ? NULL : s;
}

bool
push_line(duk_context *ctx, int level)
{
	struct policy *p = policy_of(ctx);
	const char *file;
	unsigned line;

	for (;; level--) {
		duk_inspect_callstack_entry(ctx, level);
		if (duk_is_undefined(ctx, -1)) {
			p->at = NULL;
			return false;
		}
		if ((file = push_file(ctx)) != NULL)
			break;
		duk_pop_2(ctx);
	}
	p->at = duk_get_heapptr(ctx, -1);
	duk_get_prop_literal(ctx, -2, "lineNumber");
	line = origin_line(p->origins, file, duk_get_uint(ctx, -1));
	duk_pop_3(ctx);
	duk_push_uint(ctx, line);
	return true;
}

void
push_place(duk_context *ctx, int level)
{
	bool found = push_line(ctx, level);

	duk_push_global_stash(ctx);
	duk_get_prop_literal(ctx, -1, "native");
	if (found)
		duk_push_heapptr(ctx, policy_of(ctx)->at);
	else
		duk_push_undefined(ctx);
	duk_put_prop_literal(ctx, -2, "at");
	duk_pop_2(ctx);
}

/* line(level): what push_place() says. */
static duk_ret_t
n_line(duk_context *ctx)
{
	push_place(ctx, duk_require_int(ctx, 0));
	return 1;
}

void
find_source(struct policy *p, struct str *file, unsigned *line,
    struct buf *room)
{
	struct buf trouble = { 0 }, found = { 0 };
	char *path;

	if (p->origins == NULL || (path = strndup(file->p, file->len)) == NULL)
		return;
	if (origin_source(p->origins, path, line, &found, source_read,
	    &trouble)) {
		buf_reset(room);
		buf_str(room, buf_view(&found));
		*file = buf_view(room);
	}
	if (trouble.len > 0) {
		buf_putc(&trouble, '\n');
		p->o.hooks.print(p->o.hooks.arg, STDERR_FILENO,
		    str_of("p2-apply: "));
		p->o.hooks.print(p->o.hooks.arg, STDERR_FILENO,
		    buf_view(&trouble));
	}
	buf_clear(&trouble);
	buf_clear(&found);
	free(path);
}

static duk_ret_t
push_source(duk_context *ctx, unsigned line)
{
	struct policy *p = policy_of(ctx);
	struct str file = arg_text(ctx, 0, 0);
	struct buf *b = scratch(ctx, 1);

	engine_hold(ctx);
	find_source(p, &file, &line, b);
	engine_let(ctx);
	engine_push(ctx, file);
	duk_push_sprintf(ctx, ":%u", line);
	duk_concat(ctx, 2);
	return 1;
}

/* source(file, line): "FILE:LINE" of what that was compiled from. */
static duk_ret_t
n_source(duk_context *ctx)
{
	return push_source(ctx, duk_get_uint(ctx, 1));
}

/* written(file, line): the same, for a line as the engine has it. */
static duk_ret_t
n_written(duk_context *ctx)
{
	return push_source(ctx, origin_line(policy_of(ctx)->origins,
	    duk_require_string(ctx, 0), duk_get_uint(ctx, 1)));
}

/*
 * writtenLine(file, line): only the line, in the file that was loaded.
 */
static duk_ret_t
n_written_line(duk_context *ctx)
{
	duk_push_uint(ctx, origin_line(policy_of(ctx)->origins,
	    duk_require_string(ctx, 0), duk_get_uint(ctx, 1)));
	return 1;
}

const struct native natives_origin[] = {
	{ "line", n_line, 1 },
	{ "source", n_source, 2 },
	{ "written", n_written, 2 },
	{ "writtenLine", n_written_line, 2 },
	{ NULL, NULL, 0 }
};
