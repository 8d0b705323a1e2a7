#include <sys/types.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "facts/collect.h"
#include "facts/link.h"
#include "facts/state.h"

/* In the order of the tree; what is a part of a group comes behind it. */
static const struct collector *const collectors[] = {
	&collect_p2, &collect_os, &collect_kernel, &collect_sysctl,
	&collect_security, &collect_processors, &collect_memory,
	&collect_system, &collect_sensors, &collect_identity,
	&collect_hardware, &collect_pci, &collect_usb, &collect_virtual,
	&collect_cgroup, &collect_networking, &collect_wireless, &collect_rules,
	&collect_neighbours, &collect_hosts, &collect_listening,
	&collect_disks, &collect_partitions, &collect_mountpoints,
	&collect_fstab, &collect_storage, &collect_storage_io,
	&collect_packages, &collect_package_list, &collect_upgradable,
	&collect_language,
	&collect_services, &collect_timers, &collect_cron, &collect_users,
	&collect_groups, &collect_sudoers, &collect_ssh,
	&collect_certificates,
	&collect_containers, &collect_kubernetes, &collect_languages,
	&collect_shells, &collect_processes, &collect_counters,
	&collect_external,
	&collect_old_os, &collect_old_dist, &collect_old_cpus,
	&collect_old_nics, &collect_old_dmi, &collect_old_self, &collect_old_accounts,
	&collect_old_packages, &collect_old_services
};
enum { NCOLLECTORS = sizeof(collectors) / sizeof(collectors[0]) };

/* So much is not worth to be handed on before the end. */
enum { STREAM_BYTES = 256 * 1024 };
_Static_assert((int)NCOLLECTORS <= (int)COLLECTORS_MAX, "too many");

const struct collector *
facts_collector(size_t i)
{
	return i < NCOLLECTORS ? collectors[i] : NULL;
}

int
facts_new(struct facts **fp, const struct facts_options *o)
{
	struct facts *f;
	size_t i;
	int rc = ENOMEM;

	if ((f = calloc(1, sizeof(*f))) == NULL)
		return ENOMEM;
	f->opt = *o;
	f->rootfd = -1;
	f->began = clock_us();
	for (i = 0; i < COLLECTORS_MAX; i++)
		f->usec[i] = -1;
	if (o->root != NULL && (f->rootfd = open(o->root, O_RDONLY |
	    O_DIRECTORY | O_CLOEXEC)) == -1) {
		rc = errno;
		goto free_facts;
	}
	f->tree = val_new(&f->vals, VAL_OBJ);
	f->errors = val_new(&f->arena, VAL_ARR);
	if (f->tree == NULL || f->errors == NULL)
		goto close_root;
	*fp = f;
	return 0;
close_root:
	arena_clear(&f->arena);
	arena_clear(&f->vals);
	if (f->rootfd != -1)
		close(f->rootfd);
free_facts:
	free(f);
	return rc;
}

void
facts_free(struct facts *f)
{
	if (f == NULL)
		return;
	if (f->has_blocks)
		dir_close(f->blocks);
	net_clear(f->net);
	arena_clear(&f->arena);
	arena_clear(&f->vals);
	buf_clear(&f->io);
	buf_clear(&f->db);
	buf_clear(&f->packages);
	if (f->rootfd != -1)
		close(f->rootfd);
	free(f);
}

bool
facts_live(const struct facts *f)
{
	return f->rootfd == -1;
}

const char *
facts_host(struct facts *f)
{
	return host_name(f)->nodename;
}

struct val *
facts_top(struct facts *f)
{
	return f->tree;
}

struct arena *
facts_arena(struct facts *f)
{
	return &f->arena;
}

const struct facts_options *
facts_opt(const struct facts *f)
{
	return &f->opt;
}

/* Where in the tree a collector puts its facts; *above is what holds it. */
static struct val *
place(struct facts *f, const struct collector *c, struct val **above)
{
	const char *dot = strchr(c->name, '.'), *leaf = c->name;
	struct str group = { c->name, dot == NULL ? 0 :
	    (size_t)(dot - c->name) };
	struct val *o;

	*above = f->tree;
	if (dot != NULL) {
		leaf = dot + 1;
		if ((*above = val_get_str(f->tree, group)) == NULL)
			*above = val_obj(f->tree, val_key(f->tree, group));
	}
	if (*leaf == '\0')
		return f->tree;
	if ((o = val_get(*above, leaf)) != NULL)
		return o;
	return c->is_array ? val_arr(*above, leaf) : val_obj(*above, leaf);
}

static void
drop_empty(struct val *above, struct val *o)
{
	if (above != NULL && o != NULL && o != above &&
	    o->u.list.first == NULL && !o->begun)
		val_drop(above, o);
}

static void	strip_group(struct val *o, const struct collector *c);

void
facts_stream(struct facts *f, const struct facts_stream *s)
{
	f->stream = *s;
}

static void
tidy(struct facts *f)
{
	if (f->stream.stable)
		strip_group(f->group, f->running);
	if (f->group != f->tree)
		val_prune(f->group);
}

void
facts_more(struct facts *f, struct val *o)
{
	if (f->stream.fn == NULL || o == NULL ||
	    f->vals.size < STREAM_BYTES)
		return;
	tidy(f);
	f->stream.fn(facts_tree(f), o, f->stream.arg);
	arena_release(&f->vals, o, sizeof(*o));
}

static void
run(struct facts *f, const struct collector *c)
{
	struct val *o, *above, *top;

	o = place(f, c, &above);
	top = above == f->tree ? o : above;
	f->running = c;
	f->group = o;
	if (o != NULL)
		c->run(f, o);
	tidy(f);
	/* Parts of the group may follow, so it is not at its end. */
	facts_more(f, top == f->tree->u.list.last ? top : f->tree);
	drop_empty(above, o);
	drop_empty(f->tree, above);
}

void
facts_run(struct facts *f, size_t i)
{
	const struct collector *before = f->running;
	struct val *group = f->group;
	int64_t began;

	if (f->usec[i] != -1)
		return;
	f->usec[i] = 0;			/* so that none runs itself */
	began = clock_us();
	run(f, collectors[i]);
	f->running = before;
	f->group = group;
	f->usec[i] = clock_us() - began;
}

void
facts_run_named(struct facts *f, const char *name)
{
	size_t i;

	for (i = 0; i < NCOLLECTORS; i++)
		if (strcmp(collectors[i]->name, name) == 0)
			facts_run(f, i);
}

bool
facts_within(struct str path, const char *group)
{
	size_t n = strlen(group);

	return path.len >= n && memcmp(path.p, group, n) == 0 &&
	    (path.len == n || path.p[n] == '.');
}

/* One step of a pattern against one of a path; a key may hold dots. */
static bool
match(struct str pattern, struct str path)
{
	struct str want, rest = pattern;
	size_t n;

	if (path.len == 0)
		return true;		/* what holds the fact is known, too */
	if (pattern.len == 0)
		return false;
	want = text_cut(&rest, '.');
	if (text_ends(want, "[]") && want.len > 2) {
		/* "a[].b": as "a", then any number, then "b". */
		want.len -= 2;
		if (!str_starts(path, want))
			return false;
		path = (struct str){ path.p + want.len, path.len - want.len };
		if (path.len == 0)
			return true;
		if (*path.p != '.')
			return false;
		path = (struct str){ path.p + 1, path.len - 1 };
		(void)text_cut(&path, '.');
		return match(rest, path);
	}
	for (n = 1; n <= path.len; n++) {
		if (n < path.len && path.p[n] != '.')
			continue;
		if (!text_is(want, "*") &&
		    !str_eq(want, (struct str){ path.p, n }))
			continue;
		if (n == path.len || match(rest, (struct str){ path.p + n + 1,
		    path.len - n - 1 }))
			return true;
	}
	return false;
}

static bool
match_name(const char *pattern, struct str path)
{
	size_t n = strcspn(pattern, "*");

	/* "os_dist_*": the star stands for the rest of a word. */
	if (n > 0 && pattern[n] == '*' && pattern[n - 1] != '.')
		return path.len > n && memcmp(pattern, path.p, n) == 0;
	return match(str_of(pattern), path);
}

/* Does that collector make such facts? */
static bool
makes(const struct collector *c, struct str path)
{
	size_t n = strlen(c->name);
	const struct fact *t;

	if (n > 0) {
		if (!facts_within(path, c->name))
			return false;
		if (path.len == n)
			return true;
		path = (struct str){ path.p + n + 1, path.len - n - 1 };
	}
	for (t = c->facts; t->name != NULL; t++)
		if (match_name(t->name, path))
			return true;
	return false;
}

bool
facts_known(struct str path)
{
	size_t i;

	for (i = 0; i < NCOLLECTORS; i++)
		if (makes(collectors[i], path))
			return true;
	return false;
}

/* Is there a part with a price of its own that path is in?  -1: no. */
static int
own_part(struct str path)
{
	int found = -1, i;

	for (i = 0; i < NCOLLECTORS; i++)
		if (strchr(collectors[i]->name, '.') != NULL &&
		    facts_within(path, collectors[i]->name))
			found = i;
	return found;
}

/* Run what is at or below path, and what path is in. */
static void
run_groups(struct facts *f, struct str path)
{
	const struct collector *c;
	size_t i;

	for (i = 0; i < NCOLLECTORS; i++) {
		c = collectors[i];
		if (c->name[0] != '\0' && (facts_within(path, c->name) ||
		    (c->when == BY_DEFAULT &&
		    facts_within(str_of(c->name), path.p))))
			facts_run(f, i);
	}
}

static void
run_for(struct facts *f, struct str path)
{
	int part = own_part(path);
	size_t i;

	if (part != -1)
		facts_run(f, (size_t)part);
	else
		run_groups(f, path);
	/* An old name is asked for by who wants them, or means nothing else. */
	if (!f->opt.compat && val_find(f->tree, path) != NULL)
		return;
	for (i = 0; i < NCOLLECTORS; i++)
		if (collectors[i]->name[0] == '\0' &&
		    makes(collectors[i], path))
			facts_run(f, i);
}

struct val *
facts_get(struct facts *f, struct str path)
{
	char *name = arena_cstr(&f->arena, path);
	struct val *v;

	if (name == NULL)
		return NULL;
	run_for(f, (struct str){ name, path.len });
	if ((v = val_find(f->tree, path)) != NULL || facts_known(path))
		return v;
	/* Custom facts may stand at the top. */
	facts_run_named(f, "external");
	return val_find(f->tree, path);
}

struct val *
facts_tree(struct facts *f)
{
	struct val *v = val_get(val_get(f->tree, "p2"), "duration_us");

	if (v != NULL)
		v->u.num = clock_us() - f->began;
	return f->tree;
}

const struct val *
facts_errors(const struct facts *f)
{
	return f->errors;
}

int64_t
facts_usec(const struct facts *f, size_t i)
{
	return f->usec[i];
}

bool
facts_failed(const struct facts *f)
{
	return arena_failed(&f->arena) || arena_failed(&f->vals) ||
	    buf_failed(&f->io) || buf_failed(&f->packages);
}

static void	strip(struct val *v, struct str pattern);

static void
strip_member(struct val *v, struct val *m, bool array, struct str rest)
{
	struct val *e;

	if (rest.len == 0)
		val_drop(v, m);
	else if (!array)
		strip(m, rest);
	else if (m->type == VAL_ARR)
		for (e = m->u.list.first; e != NULL; e = e->next)
			strip(e, rest);
}

/* Take what the pattern is about out of v. */
static void
strip(struct val *v, struct str pattern)
{
	struct str want = text_cut(&pattern, '.');
	struct val *m, *next;
	bool array = text_ends(want, "[]");

	if (v != NULL && v->type == VAL_ARR && text_is(want, "[]"))
		for (m = v->u.list.first; m != NULL; m = m->next)
			strip(m, pattern);
	if (v == NULL || v->type != VAL_OBJ)
		return;
	if (array)
		want.len -= 2;
	for (m = v->u.list.first; m != NULL; m = next) {
		next = m->next;
		if (text_is(want, "*") || text_is(want, m->key))
			strip_member(v, m, array, pattern);
	}
}

static void
strip_group(struct val *o, const struct collector *c)
{
	const struct fact *t;

	for (t = c->facts; t->name != NULL; t++)
		if (t->moves)
			strip(o, str_of(t->name));
}

void
facts_strip(struct facts *f)
{
	const struct collector *c;
	size_t i;

	for (i = 0; i < NCOLLECTORS; i++) {
		c = collectors[i];
		if (f->usec[i] != -1)
			strip_group(c->name[0] == '\0' ? f->tree :
			    val_find(f->tree, str_of(c->name)), c);
	}
	val_prune(f->tree);
}
