#include <sha2.h>
#include <stdlib.h>
#include <string.h>

#include "policy/buble.h"
#include "policy/native.h"
#include "policy/rewrite.h"

/* Sources are rewritten and compiled, and what is compiled is kept. */

/* What is to be compiled, and what came of it so far. */
struct unit {
	const char	*path;
	struct str	 source;
	unsigned char	 digest[32];	/* of all that the code depends on */
	bool		 is_module;
	struct lines	*lines;		/* of its place; NULL: part of the kit */
	struct literals	*literals;	/* NULL with them */
};

/* Compiled code is good for the same engine, path and source only. */
static void
digest_of(duk_context *ctx, struct unit *u, const unsigned char source[32])
{
	const char *env;
	SHA2_CTX sha;

	duk_push_global_object(ctx);
	duk_get_prop_string(ctx, -1, "Duktape");
	duk_get_prop_string(ctx, -1, "env");
	duk_get_prop_string(ctx, -2, "version");
	env = duk_push_sprintf(ctx, "%s %s %d %ld %s %d literals", VERSION,
	    duk_safe_to_string(ctx, -2), duk_get_int(ctx, -1),
	    (long)DUK_VERSION, u->path, u->is_module);
	SHA256Init(&sha);
	SHA256Update(&sha, (const uint8_t *)env, strlen(env) + 1);
	SHA256Update(&sha, source, 32);
	SHA256Final(u->digest, &sha);
	duk_pop_n(ctx, 5);
}

/* What was as long as a policy is not needed any more. */
static void
give_back(duk_context *ctx, int i)
{
	engine_hold(ctx);
	buf_clear(scratch(ctx, i));
	engine_let(ctx);
}

/* Load from the store: true with the function on the stack. */
static bool
load_code(duk_context *ctx, struct unit *u)
{
	struct policy *p = policy_of(ctx);
	struct buf *code = scratch(ctx, 3);
	bool found = false;

	if (p->o.store == NULL)
		return false;
	engine_hold(ctx);
	found = store_bytecode_get(p->o.store, u->digest, code) == 0 &&
	    (u->lines == NULL || (literals_unpack(u->literals, code) &&
	    lines_unpack(u->lines, code)));
	engine_let(ctx);
	if (!found || code->len == 0)
		return false;
	duk_push_external_buffer(ctx);
	duk_config_buffer(ctx, -1, code->p, code->len);
	duk_load_function(ctx);
	give_back(ctx, 3);
	return true;
}

/* Keep the code of the function on top of the stack, until it can be stored. */
static void
keep_code(duk_context *ctx, const struct unit *u)
{
	struct policy *p = policy_of(ctx);
	struct compiled *c;
	duk_size_t n;
	void *code;

	if (p->o.store == NULL)
		return;
	duk_dup(ctx, -1);
	duk_dump_function(ctx);
	code = duk_get_buffer(ctx, -1, &n);
	engine_hold(ctx);
	if ((c = calloc(1, sizeof(*c))) != NULL) {
		memcpy(c->digest, u->digest, sizeof(c->digest));
		buf_add(&c->code, code, n);
		if (u->lines != NULL) {
			lines_pack(&c->code, u->lines);
			literals_pack(&c->code, u->literals);
		}
		c->next = p->compiled;
		p->compiled = c;
	}
	engine_let(ctx);
	duk_pop(ctx);
}

/* Throw what is wrong with the source: "LINE: reason", and perhaps more. */
static void __attribute__((noreturn))
throw_bad(duk_context *ctx, const struct unit *u, struct buf *err,
    const char *more)
{
	int line;

	buf_putc(err, '\0');
	line = atoi(err->p);
	duk_push_error_object(ctx, DUK_ERR_SYNTAX_ERROR, "%s%s",
	    strchr(err->p, ':') + 2, more);
	duk_push_string(ctx, u->path);
	if (line > 0) {
		duk_push_sprintf(ctx, ":%d", line);
		duk_concat(ctx, 2);
	}
	duk_put_prop_string(ctx, -2, "p2where");
	(void)duk_throw(ctx);
	abort();
}

/* The source rewritten, and wrapped as a module's body, in scratch 2. */
static int
rewrite_unit(duk_context *ctx, struct unit *u, struct str source,
    struct buf *err)
{
	struct buf *b = scratch(ctx, 2);
	int rc;

	engine_hold(ctx);
	if (u->lines != NULL) {
		lines_clear(u->lines);
		literals_clear(u->literals);
	}
	if (u->is_module)
		buf_puts(b, "(function (exports, require, module, "
		    "__filename, __dirname, __given, __chain) {");
	if ((rc = rewrite(source, u->is_module ? "__chain" : NULL,
	    u->literals, b, u->lines, err)) == 0 && u->is_module)
		buf_puts(b, "\n})");
	engine_let(ctx);
	if (buf_failed(b))
		(void)duk_error(ctx, DUK_ERR_RANGE_ERROR, "out of memory");
	return rc;
}

static duk_ret_t
compile(duk_context *ctx, void *udata)
{
	const struct unit *u = udata;

	duk_push_string(ctx, u->path);
	duk_compile(ctx, DUK_COMPILE_EVAL);
	return 1;
}

/*
 * The function of what is in scratch 2, which is given back, or an error; the
 * engine puts the line of a syntax error at the end of its message: take it
 * from there to where the place of an error belongs.
 */
static bool
try_compile(duk_context *ctx, struct unit *u)
{
	const char *msg, *at;

	engine_push(ctx, buf_view(&policy_of(ctx)->scratch[2]));
	give_back(ctx, 2);
	if (duk_safe_call(ctx, compile, u, 1, 1) == DUK_EXEC_SUCCESS)
		return true;
	duk_get_prop_string(ctx, -1, "message");
	msg = duk_safe_to_string(ctx, -1);
	if ((at = strstr(msg, " (line ")) != NULL) {
		duk_push_sprintf(ctx, "%s:%u", u->path, u->lines == NULL ?
		    (unsigned)atoi(at + 7) : lines_written(u->lines,
		    (unsigned)atoi(at + 7)));
		duk_put_prop_string(ctx, -3, "p2where");
		duk_push_lstring(ctx, msg, (duk_size_t)(at - msg));
		duk_put_prop_string(ctx, -3, "message");
	}
	duk_pop(ctx);
	return false;
}

static unsigned
count_lines(struct str s)
{
	unsigned n = 1;
	size_t i;

	for (i = 0; i < s.len; i++)
		n += s.p[i] == '\n';
	return n;
}

/* From here on the digest is one of what buble makes of the source. */
static void
digest_buble(struct unit *u, const struct buble *b)
{
	SHA2_CTX sha;

	SHA256Init(&sha);
	SHA256Update(&sha, u->digest, sizeof(u->digest));
	SHA256Update(&sha, (const uint8_t *)b->identity.p, b->identity.len);
	SHA256Final(u->digest, &sha);
}

/*
 * Have buble compile the source to scratch 4, and that rewritten to scratch 2.
 * False with the reason in err.
 */
static bool
rewrite_newer(duk_context *ctx, struct unit *u, const struct buble *b,
    struct buf *err)
{
	struct policy *p = policy_of(ctx);
	struct buf *code = scratch(ctx, 4);
	struct lines before = { 0 };
	bool done;

	engine_hold(ctx);
	done = buble_run(b, u->source, code, &before, err) == 0;
	engine_let(ctx);
	engine_progress(&p->engine);
	if (done && rewrite_unit(ctx, u, buf_view(code), err) != 0)
		done = false;
	engine_hold(ctx);
	if (done) {
		lines_join(u->lines, &before,
		    count_lines(buf_view(&p->scratch[2])));
		literals_move(u->literals, &before);
	}
	lines_clear(&before);
	engine_let(ctx);
	give_back(ctx, 4);
	return done;
}

/*
 * The function of what is too new for the engine, if buble is there and can do
 * it: 1; 0 if it is not there, or -1 if it cannot, with its reason in err.
 */
static int
compile_newer(duk_context *ctx, struct unit *u, struct buf *err)
{
	struct policy *p = policy_of(ctx);
	bool found;

	engine_hold(ctx);
	buble_clear(&p->buble);
	if ((found = buble_find(&p->buble)))
		digest_buble(u, &p->buble);
	engine_let(ctx);
	if (!found)
		return 0;
	if (load_code(ctx, u))
		return 1;
	if (!rewrite_newer(ctx, u, &p->buble, err) || !try_compile(ctx, u))
		return -1;
	keep_code(ctx, u);
	return 1;
}

/* The language lacks something that the source has. */
static void
compile_lacking(duk_context *ctx, struct unit *u)
{
	struct policy *p = policy_of(ctx);
	int line, rc;

	buf_putc(&p->lacks, '\0');
	line = atoi(p->lacks.p);
	p->lacks.len--;
	if ((rc = compile_newer(ctx, u, scratch(ctx, 3))) == 1)
		return;
	if (rc == 0)
		throw_bad(ctx, u, &p->lacks, "; or install node-buble");
	buf_putc(&p->scratch[3], '\0');
	/* Where both stumble over the same, ours says how to write it. */
	if (p->scratch[3].len == 1 || (atoi(p->scratch[3].p) == line &&
	    (strstr(p->scratch[3].p, ": Unexpected") != NULL ||
	    strstr(p->scratch[3].p, ": Transforming") != NULL)))
		throw_bad(ctx, u, &p->lacks, "");
	throw_bad(ctx, u, &p->scratch[3], "");
}

/*
 * What is not known to be lacking, and yet no source for the engine, may be
 * for buble; else it is the engine's error that counts.
 */
static void
compile_unit(duk_context *ctx, struct unit *u)
{
	struct policy *p = policy_of(ctx);
	int rc;

	buf_reset(&p->lacks);
	rc = rewrite_unit(ctx, u, u->source, &p->lacks);
	if (rc == REWRITE_BAD)
		throw_bad(ctx, u, &p->lacks, "");
	if (rc == REWRITE_LACKS) {
		compile_lacking(ctx, u);
		return;
	}
	if (try_compile(ctx, u)) {
		keep_code(ctx, u);
		return;
	}
	if (u->lines == NULL || compile_newer(ctx, u, scratch(ctx, 3)) != 1)
		(void)duk_throw(ctx);
	duk_remove(ctx, -2);
}

/* Room for those of one more source; steps will lend what is there. */
static struct literals *
new_literals(duk_context *ctx)
{
	struct policy *p = policy_of(ctx);
	struct literals **more, *one = NULL;

	engine_hold(ctx);
	more = reallocarray(p->literals, p->nliterals + 1, sizeof(*more));
	if (more != NULL) {
		p->literals = more;
		if ((one = calloc(1, sizeof(*one))) != NULL)
			p->literals[p->nliterals++] = one;
	}
	engine_let(ctx);
	if (one == NULL)
		(void)duk_error(ctx, DUK_ERR_RANGE_ERROR, "out of memory");
	return one;
}

void
push_compiled(duk_context *ctx, const char *path, struct str source,
    const unsigned char source_digest[32], bool is_module,
    struct origin *origin)
{
	struct unit u = { .path = path, .source = source,
	    .is_module = is_module,
	    .lines = origin == NULL ? NULL : &origin->lines };

	if (origin != NULL)
		u.literals = new_literals(ctx);
	digest_of(ctx, &u, source_digest);
	if (!load_code(ctx, &u))
		compile_unit(ctx, &u);
	duk_call(ctx, 0);
}
