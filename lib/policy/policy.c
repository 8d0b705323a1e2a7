#include <limits.h>
#include <poll.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "package/package.h"
#include "policy/native.h"
#include "policy/watching.h"
#include "service/service.h"
#include "types/types.h"

static void
put_natives(duk_context *ctx, const struct native *n)
{
	for (; n->name != NULL; n++) {
		duk_push_c_function(ctx, n->fn, n->nargs);
		duk_put_prop_string(ctx, -2, n->name);
	}
}

static void
put_types(duk_context *ctx)
{
	duk_uarridx_t i;

	duk_push_array(ctx);
	for (i = 0; resource_types[i] != NULL; i++) {
		duk_push_string(ctx, resource_types[i]->name);
		duk_put_prop_index(ctx, -2, i);
	}
	duk_put_prop_string(ctx, -2, "types");
}

/* The names of the roles that come with the kit. */
static void
put_roles(duk_context *ctx)
{
	const struct embedded *e;
	const char *name;
	duk_uarridx_t i = 0;

	duk_push_array(ctx);
	for (e = embedded; e->name != NULL; e++) {
		name = e->name;
		if (strncmp(name, "roles/", 6) != 0)
			continue;
		duk_push_lstring(ctx, name + 6, strcspn(name + 6, "."));
		duk_put_prop_index(ctx, -2, i++);
	}
	duk_put_prop_string(ctx, -2, "roles");
}

static void
push_native_object(duk_context *ctx)
{
	struct policy *p = policy_of(ctx);

	duk_push_object(ctx);
	put_natives(ctx, natives_declare);
	put_natives(ctx, natives_plain);
	put_natives(ctx, natives_wanted);
	put_natives(ctx, natives_resource);
	put_natives(ctx, natives_owed);
	put_natives(ctx, natives_owned);
	put_natives(ctx, natives_run);
	put_natives(ctx, natives_facts);
	put_natives(ctx, natives_origin);
	put_natives(ctx, natives_module);
	put_natives(ctx, natives_source);
	put_natives(ctx, natives_fs);
	put_natives(ctx, natives_template);
	put_natives(ctx, natives_watch);
	put_natives(ctx, natives_window);
	put_types(ctx);
	put_roles(ctx);
	push_facts(ctx);
	duk_put_prop_string(ctx, -2, "facts");
	duk_push_boolean(ctx, p->o.hooks.rollback != NULL);
	duk_put_prop_string(ctx, -2, "canRollback");
	duk_push_boolean(ctx, p->o.noop);
	duk_put_prop_string(ctx, -2, "dry");
	duk_push_boolean(ctx, p->o.hooks.step != NULL);
	duk_put_prop_string(ctx, -2, "progress");
	duk_push_boolean(ctx, p->o.watch);
	duk_put_prop_string(ctx, -2, "watching");
	duk_push_boolean(ctx, p->o.verbose);
	duk_put_prop_string(ctx, -2, "verbose");
	duk_push_boolean(ctx, p->o.debug);
	duk_put_prop_string(ctx, -2, "debug");
	duk_push_int(ctx, getpid());
	duk_put_prop_string(ctx, -2, "pid");
}

static void
load_part(duk_context *ctx, const char *name)
{
	const struct embedded *e = embedded_find(name);

	push_compiled(ctx, duk_push_sprintf(ctx, "p2:%s", name + 3),
	    (struct str){ (const char *)e->bytes, e->len }, e->digest, false,
	    NULL);
	duk_remove(ctx, -2);
}

/* Run the parts of the prelude; what the first returns is for the others. */
static void
load_prelude(duk_context *ctx, void *arg)
{
	struct policy *p = policy_of(ctx);
	duk_idx_t native;

	(void)arg;
	push_native_object(ctx);
	native = duk_get_top_index(ctx);
	load_part(ctx, "p2/core.js");
	duk_dup(ctx, native);
	duk_push_global_object(ctx);
	duk_call(ctx, 2);
	p->api = duk_get_heapptr(ctx, -1);
	duk_push_global_stash(ctx);
	duk_dup(ctx, -2);
	duk_put_prop_string(ctx, -2, "api");	/* so that it stays */
	duk_dup(ctx, native);
	duk_put_prop_string(ctx, -2, "native");
	load_part(ctx, "p2/polyfill.js");
	duk_dup(ctx, native);
	duk_push_global_object(ctx);
	duk_push_heapptr(ctx, p->api);
	duk_call(ctx, 3);
	load_part(ctx, "p2/modules.js");
	duk_dup(ctx, native);
	duk_push_global_object(ctx);
	duk_push_heapptr(ctx, p->api);
	duk_call(ctx, 3);
}

int
policy_new(struct policy **pp, const struct policy_options *o,
    struct buf *err)
{
	struct policy *p;

	if ((p = calloc(1, sizeof(*p))) == NULL)
		goto no_memory;
	p->o = *o;
	p->exit_status = -1;
	if ((p->packages = packages_new()) == NULL ||
	    (p->services = services_new()) == NULL ||
	    (o->noop && (p->world = world_new()) == NULL))
		goto free_world;
	if (engine_open(&p->engine, o->memory_max != 0 ? o->memory_max :
	    POLICY_MEMORY_DEFAULT, o->seconds_max != 0 ? o->seconds_max :
	    POLICY_SECONDS_DEFAULT, p) == -1)
		goto free_world;
	if ((o->watch && watching_open(p, err) == -1) ||
	    engine_run(&p->engine, load_prelude, NULL, err) == -1) {
		policy_free(p);
		return -1;
	}
	*pp = p;
	return 0;
free_world:
	world_free(p->world);
	packages_free(p->packages);
	services_free(p->services);
	free(p);
no_memory:
	buf_puts(err, "out of memory");
	return -1;
}

void
policy_free(struct policy *p)
{
	struct compiled *c;
	int i;

	if (p == NULL)
		return;
	engine_close(&p->engine);
	watching_close(p);
	job_clear(&p->job);
	place_near_clear(&p->near);
	free(p->values);
	free(p->list);
	for (i = 0; i < SCRATCH; i++)
		buf_clear(&p->scratch[i]);
	buf_clear(&p->version);
	buf_clear(&p->begun.label);
	buf_clear(&p->begun.file);
	owing_clear(&p->owing);
	buf_clear(&p->shut);
	held_free(p);
	buf_clear(&p->lacks);
	while (p->nliterals > 0) {
		literals_clear(p->literals[--p->nliterals]);
		free(p->literals[p->nliterals]);
	}
	free(p->literals);
	buble_clear(&p->buble);
	origin_clear(&p->origins);
	while ((c = p->compiled) != NULL) {
		p->compiled = c->next;
		buf_clear(&c->code);
		free(c);
	}
	world_free(p->world);
	packages_free(p->packages);
	services_free(p->services);
	free(p);
}

struct applying {
	const char	*path;
	const char	*dir;
	const struct str *text;
};

static void
declare(duk_context *ctx, void *arg)
{
	struct applying *a = arg;

	duk_push_heapptr(ctx, policy_of(ctx)->api);
	duk_get_prop_string(ctx, -1, "declare");
	engine_push(ctx, str_of(a->path));
	engine_push(ctx, str_of(a->dir));
	if (a->text == NULL)
		duk_push_undefined(ctx);
	else
		engine_push(ctx, *a->text);
	duk_call(ctx, 3);
}

static void
pump(duk_context *ctx, void *arg)
{
	double *wait = arg;

	duk_push_heapptr(ctx, policy_of(ctx)->api);
	duk_get_prop_string(ctx, -1, "pump");
	duk_call(ctx, 0);
	*wait = duk_get_number(ctx, -1);
}

int
policy_pump(struct policy *p, struct buf *err)
{
	double wait = -1;
	int rc;

	do {
		rc = engine_run(&p->engine, pump, &wait, err);
		if (p->stopped)
			return 1;
		if (rc == -1)
			return -1;
		if (wait > 0)
			poll(NULL, 0, wait > 1000 ? 1000 : (int)(wait + 1));
		if (!p->stopped)
			p->stopped = p->o.hooks.stop(p->o.hooks.arg);
		if (p->stopped)
			return 1;
	} while (wait >= 0);
	return 0;
}

static char *
directory_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (slash == NULL)
		return strdup(".");
	return strndup(path, slash == path ? 1 : (size_t)(slash - path));
}

void
policy_tell_begun(struct policy *p, const char *path, struct buf *err)
{
	struct str file = buf_view(&p->begun.file);
	unsigned line = p->begun.line;
	bool step = p->begun.label.len > 0;
	struct buf room = { 0 };

	if (*p->engine.at != '\0')
		buf_puts(err, p->engine.at);
	else if (!step)
		buf_puts(err, path);
	else if (line == 0)
		buf_str(err, file);
	else {
		find_source(p, &file, &line, &room);
		buf_printf(err, "%.*s:%u", (int)file.len, file.p, line);
	}
	if (step) {
		buf_puts(err, ": ");
		buf_str(err, buf_view(&p->begun.label));
	}
	buf_puts(err, ": ");
	buf_clear(&room);
}

int
policy_apply(struct policy *p, const char *path, const struct str *text,
    struct buf *err)
{
	struct applying a = { .path = path, .text = text };
	struct buf why = { 0 }, late = { 0 };
	char *full = NULL, *dir;
	int rc;

	p->hash[0] = '\0';
	p->stopped = p->is_declared = false;
	buf_reset(&p->begun.label);
	buf_reset(&p->version);
	if (text == NULL)
		watching_policy(p, path);
	if (text == NULL && (full = realpath(path, NULL)) == NULL) {
		buf_printf(err, "%s: %s", path, strerror(errno));
		return -1;
	}
	if ((dir = text == NULL ? directory_of(full) : getcwd(NULL, 0)) ==
	    NULL) {
		buf_puts(err, strerror(errno));
		free(full);
		return -1;
	}
	if (full != NULL)
		a.path = full;
	a.dir = dir;
	watching_declare(p, true);
	rc = engine_run(&p->engine, declare, &a, &why);
	watching_declare(p, false);
	p->is_declared = rc == 0;
	if (rc == 0 && !p->o.check)
		rc = policy_pump(p, &why);
	if (services_settle(p->services, &late) == -1 && rc != -1) {
		rc = -1;
		buf_str(&why, buf_view(&late));
	}
	buf_clear(&late);
	if (p->exit_status != -1)
		rc = 1;
	if (p->engine.dead)
		policy_tell_begun(p, a.path, err);
	buf_str(err, buf_view(&why));
	buf_clear(&why);
	free(full);
	free(dir);
	return rc;
}

struct str
policy_version(const struct policy *p)
{
	return p->version.len > 0 ? buf_view(&p->version) : str_of(p->hash);
}

int
policy_exit_status(const struct policy *p)
{
	return p->exit_status;
}

bool
policy_bytecode_is_kept(const struct policy *p)
{
	const struct compiled *c;

	for (c = p->compiled; c != NULL; c = c->next)
		if (!c->kept)
			return false;
	return true;
}

bool
policy_is_declared(const struct policy *p)
{
	return p->is_declared;
}

bool
policy_is_usable(const struct policy *p)
{
	return !p->engine.dead;
}

int
policy_keep_bytecode(struct policy *p, struct store_tx *t)
{
	struct compiled *c;
	int rc = 0;

	for (c = p->compiled; c != NULL && rc == 0; c = c->next)
		if (!c->kept && !buf_failed(&c->code)) {
			rc = store_bytecode_put(t, c->digest,
			    buf_view(&c->code));
			c->kept = true;
		}
	return rc;
}
