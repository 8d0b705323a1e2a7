#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/trust.h"
#include "policy/native.h"
#include "policy/watching.h"

/* Policies, and what they ask for, are found, judged and read. */

enum { SOURCE_MAX = 256 * 1024 * 1024 };

/* Why a file of which this is true is not to be believed, or NULL. */
static const char *
distrust(const struct stat *st)
{
	return S_ISREG(st->st_mode) ? trust_why_not(st) : "not a regular file";
}

/* Read a file; why says what is wrong with it if it is to be trusted. */
static int
read_file(const char *path, bool trust, struct buf *out, const char **why)
{
	struct stat st;
	int fd, rc = -1, saved;

	*why = NULL;
	if ((fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)) == -1)
		return -1;
	if (fstat(fd, &st) == 0) {
		if (S_ISDIR(st.st_mode))
			errno = EISDIR;
		else if (!trust || (*why = distrust(&st)) == NULL)
			rc = buf_read(out, fd, SOURCE_MAX);
	}
	saved = errno;
	close(fd);
	errno = saved;
	return rc;
}

void
judge(duk_context *ctx, const char *path, struct str bytes, bool code)
{
	struct trees *t = policy_of(ctx)->o.trees;
	struct buf *why;
	int rc;

	if (t == NULL)
		return;
	engine_hold(ctx);
	why = scratch(ctx, 3);
	rc = code ? trees_judge_code(t, path, bytes, why) :
	    trees_judge_data(t, path, bytes, why);
	buf_putc(why, '\0');
	engine_let(ctx);
	if (rc == -1)
		(void)duk_error(ctx, DUK_ERR_ERROR, "%s", buf_failed(why) ?
		    "out of memory" : why->p);
}

bool
source_read(const char *path, struct buf *out, struct buf *why)
{
	const char *words;

	if (read_file(path, true, out, &words) == 0)
		return true;
	if (words == NULL)
		buf_printf(why, "%s: %s", path, strerror(errno));
	else
		buf_printf(why, "%s is refused: %s", path, words);
	return false;
}

static struct str
without_shebang(struct str s)
{
	if (str_starts(s, str_of("\xef\xbb\xbf")))
		s = (struct str){ s.p + 3, s.len - 3 };
	if (str_starts(s, str_of("#!")))
		while (s.len > 0 && *s.p != '\n')
			s = (struct str){ s.p + 1, s.len - 1 };
	return s;
}

static void
digest_of_source(struct str source, unsigned char digest[32])
{
	SHA2_CTX sha;

	SHA256Init(&sha);
	SHA256Update(&sha, (const uint8_t *)source.p, source.len);
	SHA256Final(digest, &sha);
}

static void
put_hex(char hex[65], const unsigned char digest[32])
{
	int i;

	for (i = 0; i < 32; i++)
		snprintf(hex + 2 * i, 3, "%02x", digest[i]);
}

static struct origin *
add_origin(duk_context *ctx, const char *path, struct str source)
{
	struct origin *origin;

	engine_hold(ctx);
	if ((origin = origin_add(&policy_of(ctx)->origins, path)) != NULL)
		buf_str(&origin->url, srcmap_url(source));
	engine_let(ctx);
	if (origin == NULL)
		(void)duk_error(ctx, DUK_ERR_RANGE_ERROR, "out of memory");
	return origin;
}

/* compile(path, text or undefined): the function of a module. */
static duk_ret_t
n_compile(duk_context *ctx)
{
	struct policy *p = policy_of(ctx);
	const char *path = duk_require_string(ctx, 0), *why = NULL;
	struct buf *b = scratch(ctx, 1);
	unsigned char digest[32];
	struct str source;
	int rc = 0, error;

	engine_progress(&p->engine);
	if (duk_is_string(ctx, 1))
		engine_text(ctx, 1, b);
	else {
		engine_hold(ctx);
		watching_policy(p, path);
		rc = read_file(path, true, b, &why);
		error = errno;
		engine_let(ctx);
		if (rc == -1 && why == NULL)
			return throw_errno(ctx, error, "open", path);
		if (rc == -1)
			return duk_error(ctx, DUK_ERR_ERROR,
			    "%s is refused: %s", path, why);
		judge(ctx, path, buf_view(b), true);
	}
	source = without_shebang(buf_view(b));
	digest_of_source(source, digest);
	if (p->hash[0] == '\0')
		put_hex(p->hash, digest);
	push_compiled(ctx, path, source, digest, true,
	    add_origin(ctx, path, source));
	return 1;
}

/* load(name), loadRole(name): what comes with the kit. */
static duk_ret_t
load_embedded(duk_context *ctx, const char *dir, const char *suffix,
    bool is_module)
{
	const char *name = duk_push_sprintf(ctx, "%s/%s%s", dir,
	    duk_require_string(ctx, 0), suffix);
	const struct embedded *e = embedded_find(name);

	if (e == NULL)
		return duk_error(ctx, DUK_ERR_ERROR, "there is no %s",
		    duk_get_string(ctx, 0));
	push_compiled(ctx, duk_push_sprintf(ctx, "p2:%s",
	    duk_get_string(ctx, 0)),
	    (struct str){ (const char *)e->bytes, e->len }, e->digest,
	    is_module, NULL);
	return 1;
}

static duk_ret_t
n_load(duk_context *ctx)
{
	return load_embedded(ctx, "p2", ".js", false);
}

static duk_ret_t
n_has(duk_context *ctx)
{
	duk_push_boolean(ctx, embedded_find(duk_push_sprintf(ctx, "p2/%s.js",
	    duk_require_string(ctx, 0))) != NULL);
	return 1;
}

static duk_ret_t
n_load_role(duk_context *ctx)
{
	return load_embedded(ctx, "roles", ".p2", true);
}

/*
 * In a dry run, a file may be what some resource would have made of it; then
 * it is not the host's.
 */
static int
read_world(const struct world *w, const char *path, struct buf *out,
    bool *host)
{
	const char *why;
	struct node n;

	*host = !world_look(w, path, &n) ||
	    (n.kind == NODE_FILE && n.data.p == NULL);
	if (*host)
		return read_file(path, false, out, &why);
	if (n.kind == NODE_FILE) {
		buf_str(out, n.data);
		return 0;
	}
	errno = n.kind == NODE_DIR ? EISDIR : ENOENT;
	return -1;
}

/* Each byte of b as a character of its own. */
static void
push_bytes(duk_context *ctx, const struct buf *b)
{
	struct buf *wide = scratch(ctx, 2);
	unsigned char c;
	size_t i;

	engine_hold(ctx);
	for (i = 0; i < b->len; i++) {
		c = (unsigned char)b->p[i];
		if (c >= 0x80)
			buf_putc(wide, (char)(0xc0 | c >> 6));
		buf_putc(wide, (char)(c < 0x80 ? c : 0x80 | (c & 0x3f)));
	}
	engine_let(ctx);
	if (buf_failed(wide))
		(void)duk_error(ctx, DUK_ERR_RANGE_ERROR, "out of memory");
	engine_push(ctx, buf_view(wide));
}

/* readText(path, bytes): a file as a string, of bytes if so. */
static duk_ret_t
n_read_text(duk_context *ctx)
{
	const char *path = arg_path(ctx, 0, 0);
	struct buf *b = scratch(ctx, 1);
	int rc, error;
	bool host;

	engine_hold(ctx);
	watching_read(policy_of(ctx), path);
	rc = read_world(policy_of(ctx)->world, path, b, &host);
	error = errno;
	engine_let(ctx);
	if (rc == -1)
		return throw_errno(ctx, error, "open", path);
	if (host)
		judge(ctx, path, buf_view(b), false);
	if (duk_get_boolean_default(ctx, 1, 0))
		push_bytes(ctx, b);
	else
		engine_push(ctx, buf_view(b));
	return 1;
}

/* readTrusted(path): the same for what is code, or leads to some. */
static duk_ret_t
n_read_trusted(duk_context *ctx)
{
	const char *path = arg_path(ctx, 0, 0);
	struct buf *b = scratch(ctx, 1), *why = scratch(ctx, 2);
	bool done;

	engine_hold(ctx);
	done = source_read(path, b, why);
	buf_putc(why, '\0');
	engine_let(ctx);
	if (!done)
		return duk_error(ctx, DUK_ERR_ERROR, "%s", buf_failed(why) ?
		    "out of memory" : why->p);
	judge(ctx, path, buf_view(b), true);
	engine_push(ctx, buf_view(b));
	return 1;
}

/* Is it there?  A directory stands for its index.p2, so b may get longer. */
static bool
is_policy(struct buf *b)
{
	struct stat st;

	buf_putc(b, '\0');
	b->len--;
	if (buf_failed(b) || stat(b->p, &st) == -1)
		return false;
	if (!S_ISDIR(st.st_mode))
		return true;
	buf_puts(b, "/index.p2");
	buf_putc(b, '\0');
	b->len--;
	return !buf_failed(b) && stat(b->p, &st) == 0;
}

static bool
ends_in(struct str s, const char *suffix)
{
	struct str end = str_of(suffix);

	return s.len >= end.len && str_eq(end,
	    (struct str){ s.p + s.len - end.len, end.len });
}

static bool
find_in(const char *dir, struct str name, struct buf *b)
{
	bool bare = !ends_in(name, ".p2") && !ends_in(name, ".js");

	buf_reset(b);
	if (name.p[0] != '/') {
		buf_puts(b, dir);
		buf_putc(b, '/');
	}
	buf_str(b, name);
	if (is_policy(b))
		return true;
	if (bare)
		buf_puts(b, ".p2");
	return bare && is_policy(b);
}

/* findPolicy(name, dir): the path that include(name) means. */
static duk_ret_t
n_find_policy(duk_context *ctx)
{
	struct policy *p = policy_of(ctx);
	struct str name = str_of(arg_path(ctx, 0, 0));
	const char *dir = duk_require_string(ctx, 1);
	struct buf *b = scratch(ctx, 1);
	bool found;

	engine_hold(ctx);
	found = find_in(dir, name, b) ||
	    (p->o.include != NULL && find_in(p->o.include, name, b));
	if (!found) {
		buf_putc(b, '\0');
		if (!buf_failed(b))
			watching_policy(p, b->p);
	}
	engine_let(ctx);
	if (!found)
		return duk_error(ctx, DUK_ERR_ERROR,
		    "include %s: no such file", duk_get_string(ctx, 0));
	engine_push(ctx, buf_view(b));
	return 1;
}

/* Is DIR/NAME.js there, or DIR/NAME if it ends so? */
static bool
module_in(const char *dir, struct str name, struct buf *b)
{
	struct stat st;

	buf_reset(b);
	if (name.p[0] != '/') {
		buf_puts(b, dir);
		buf_putc(b, '/');
	}
	buf_str(b, name);
	buf_puts(b, ends_in(name, ".js") ? "" : ".js");
	buf_putc(b, '\0');
	b->len--;
	return !buf_failed(b) && stat(b->p, &st) == 0;
}

/* findModule(name, dir): the path that module(name) means. */
static duk_ret_t
n_find_module(duk_context *ctx)
{
	struct policy *p = policy_of(ctx);
	struct str name = str_of(arg_path(ctx, 0, 0));
	const char *dir = duk_require_string(ctx, 1);
	struct buf *b = scratch(ctx, 1);
	bool found;

	engine_hold(ctx);
	found = module_in(dir, name, b) ||
	    (p->o.include != NULL && module_in(p->o.include, name, b)) ||
	    module_in(POLICY_MODULES, name, b);
	engine_let(ctx);
	if (!found)
		return duk_error(ctx, DUK_ERR_ERROR, "module %s: no such file",
		    duk_get_string(ctx, 0));
	engine_push(ctx, buf_view(b));
	return 1;
}

const struct native natives_source[] = {
	{ "compile", n_compile, 2 },
	{ "load", n_load, 1 },
	{ "has", n_has, 1 },
	{ "loadRole", n_load_role, 1 },
	{ "readText", n_read_text, 2 },
	{ "readTrusted", n_read_trusted, 1 },
	{ "findPolicy", n_find_policy, 2 },
	{ "findModule", n_find_module, 2 },
	{ NULL, NULL, 0 }
};
