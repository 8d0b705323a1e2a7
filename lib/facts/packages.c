#include <sha2.h>

#include <stdlib.h>
#include <string.h>

#include "facts/package.h"

static const struct fact facts[] = {
	{ "count", "integer", "/var/lib/dpkg/status, librpm, "
	    "/lib/apk/db/installed, /var/lib/pacman/local, /var/db/xbps, "
	    "/var/db/pkg", false },
	{ "manager", "string", "which of them: apt, rpm, apk, pacman, "
	    "xbps, portage", false },
	{ "digest", "string", "SHA-256 of the sorted lines \"name arch "
	    "version\"", false },
	{ "holds", "array", "/var/lib/dpkg/status", false },
	{ "repositories[].type", "string", "/etc/apt, /etc/yum.repos.d, "
	    "/etc/zypp/repos.d, /etc/apk/repositories", false },
	{ "repositories[].uri", "string", "same", false },
	{ "repositories[].suite", "string", "same", false },
	{ "repositories[].components", "array", "same", false },
	{ "repositories[].name", "string", "same", false },
	{ "repositories[].signed_by", "string", "same", false },
	{ "repositories[].enabled", "boolean", "same", false },
	{ NULL, NULL, NULL, false }
};

static const struct fact list_facts[] = {
	{ "[].name", "string", "the package database", false },
	{ "[].version", "string", "same", false },
	{ "[].architecture", "string", "same", false },
	{ "[].source", "string", "same", false },
	{ "[].section", "string", "same", false },
	{ "[].installed_bytes", "integer", "same", false },
	{ "[].status", "string", "same; without it all is well", false },
	{ "[].manual", "boolean", "/var/lib/apt/extended_states", false },
	{ NULL, NULL, NULL, false }
};

static const struct fact old_facts[] = {
	{ "installed_packages.*.name", "string", "the package database",
	    false },
	{ "installed_packages.*.version", "string", "same", false },
	{ "installed_packages.*.arch", "string", "same", false },
	{ "installed_packages.*.provider", "string", "same", false },
	{ "installed_npm_packages.*.name", "string", "package.json below "
	    "/usr/lib/node_modules and /usr/local/lib/node_modules", false },
	{ "installed_npm_packages.*.version", "string", "same", false },
	{ "installed_npm_packages.*.from", "string", "same", false },
	{ "installed_npm_packages.*.resolved", "string", "same", false },
	{ "installed_npm_packages.*.provider", "string", "npm", false },
	{ "installed_pip_packages.*.name", "string", "*.dist-info and "
	    "*.egg-info below /usr and /usr/local", false },
	{ "installed_pip_packages.*.version", "string", "same", false },
	{ "installed_pip_packages.*.provider", "string", "pip", false },
	{ NULL, NULL, NULL, false }
};

void
facts_each_package(struct facts *f,
    void (*fn)(const struct package *p, void *arg), void *arg)
{
	/* A host with dpkg may have an empty database of rpm beside it. */
	if (!dpkg_each(f, fn, arg) && !rpm_each(f, fn, arg) &&
	    !apk_each(f, fn, arg) && !pacman_each(f, fn, arg) &&
	    !xbps_each(f, fn, arg))
		(void)portage_each(f, fn, arg);
}

bool
facts_packages_of(struct facts *f, const char *manager,
    void (*fn)(const struct package *p, void *arg), void *arg)
{
	static const struct {
		const char	*name;
		bool		(*each)(struct facts *f, package_fn *fn,
				    void *arg);
	} databases[] = {
		{ "apt", dpkg_each_state }, { "rpm", rpm_each },
		{ "apk", apk_each }, { "pacman", pacman_each },
		{ "portage", portage_each }
	};
	size_t i;

	for (i = 0; i < sizeof(databases) / sizeof(databases[0]); i++)
		if (strcmp(databases[i].name, manager) == 0)
			return databases[i].each(f, fn, arg);
	return false;
}

/* Lines to be digested, each with its NUL, and what else is counted. */
struct set {
	struct facts	*f;
	struct buf	 lines;
	int64_t		 count;
	const char	*manager;
	struct val	*holds;
};

static void
take_package(const struct package *p, void *arg)
{
	struct set *s = arg;

	s->count++;
	s->manager = p->provider;
	if (text_is(p->status, "hold"))
		val_str(s->holds, NULL, p->name);
	buf_str(&s->lines, p->name);
	buf_putc(&s->lines, ' ');
	buf_str(&s->lines, p->arch);
	buf_putc(&s->lines, ' ');
	buf_str(&s->lines, p->version);
	buf_add(&s->lines, "\n", 2);
}

static int
by_line(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void
digest(struct set *s, char hex[65])
{
	const char **lines, *p = s->lines.p;
	SHA2_CTX ctx;
	int64_t i;

	hex[0] = '\0';
	if (buf_failed(&s->lines) || (lines = calloc((size_t)s->count + 1,
	    sizeof(*lines))) == NULL)
		return;
	for (i = 0; i < s->count; i++, p += strlen(p) + 1)
		lines[i] = p;
	qsort(lines, (size_t)s->count, sizeof(*lines), by_line);
	SHA256Init(&ctx);
	for (i = 0; i < s->count; i++)
		SHA256Update(&ctx, (const uint8_t *)lines[i],
		    strlen(lines[i]));
	free(lines);
	(void)SHA256End(&ctx, hex);
}

void
facts_package_digest(struct facts *f, char hex[65])
{
	struct set s = { .f = f };

	facts_each_package(f, take_package, &s);
	digest(&s, hex);
	buf_clear(&s.lines);
}

static void
run(struct facts *f, struct val *o)
{
	struct set s = { .f = f };
	char hex[65];

	s.holds = val_new(facts_arena(f), VAL_ARR);
	facts_each_package(f, take_package, &s);
	if (s.count > 0) {
		val_int(o, "count", s.count);
		val_cstr(o, "manager", s.manager);
		digest(&s, hex);
		val_cstr(o, "digest", hex);
		if (strcmp(s.manager, "apt") == 0)
			val_add(o, "holds", s.holds);
	}
	buf_clear(&s.lines);
	repos_put(f, o);
}

struct list {
	struct facts	*f;
	struct val	*o;
	struct autos	 autos;
	bool		 know_autos;
};

static void
put_package(const struct package *p, void *arg)
{
	struct list *l = arg;
	struct val *o = val_obj(l->o, NULL);

	val_str(o, "name", p->name);
	val_str(o, "version", p->version);
	val_str(o, "architecture", p->arch);
	val_str(o, "source", p->source);
	val_str(o, "section", p->section);
	if (p->bytes >= 0)
		val_int(o, "installed_bytes", p->bytes);
	val_str(o, "status", p->status);
	if (l->know_autos)
		val_bool(o, "manual", !dpkg_is_auto(&l->autos, p->name));
	facts_more(l->f, l->o);
}

static void
run_list(struct facts *f, struct val *o)
{
	struct list l = { .f = f, .o = o };

	l.know_autos = dpkg_autos(f, &l.autos);
	facts_each_package(f, put_package, &l);
	dpkg_autos_clear(&l.autos);
}

/* Of two of that name the last counts, as it did upstream. */
static void
put_old(const struct package *p, void *arg)
{
	struct val *all = arg, *o;
	struct str version = p->version;

	if (all == NULL)
		return;
	if (strcmp(p->provider, "rpm") == 0)
		version = text_tail(version, ':');
	o = val_obj(all, val_key(all, p->name));
	val_str(o, "name", p->name);
	val_str(o, "version", version);
	val_str(o, "arch", p->arch);
	val_cstr(o, "provider", p->provider);
}

static void
drop_twins(struct val *all)
{
	struct val *v;

	val_sort(all);
	for (v = all == NULL ? NULL : all->u.list.first;
	    v != NULL && v->next != NULL; )
		if (strcmp(v->key, v->next->key) == 0) {
			if (all->u.list.last == v->next)
				all->u.list.last = v;
			v->next = v->next->next;
		} else
			v = v->next;
}

static void
put_npm(struct val *json, struct str name, void *arg)
{
	struct val *all = arg, *o;

	if (val_get_str(all, name) != NULL)
		return;
	o = val_obj(all, val_key(all, name));
	val_str(o, "name", name);
	val_str(o, "version", val_text(val_get(json, "version")));
	val_str(o, "from", val_text(val_get(json, "_from")));
	val_str(o, "resolved", val_text(val_get(json, "_resolved")));
	val_cstr(o, "provider", "npm");
}

static void
put_pip(struct str name, struct str version, void *arg)
{
	struct val *all = arg, *o;

	if (val_get_str(all, name) != NULL)
		return;
	o = val_obj(all, val_key(all, name));
	val_str(o, "name", name);
	val_str(o, "version", version);
	val_cstr(o, "provider", "pip");
}

static void
run_old(struct facts *f, struct val *o)
{
	struct val *all = val_obj(o, "installed_packages");

	facts_each_package(f, put_old, all);
	drop_twins(all);
	all = val_obj(o, "installed_npm_packages");
	npm_each(f, put_npm, all);
	val_sort(all);
	all = val_obj(o, "installed_pip_packages");
	pip_each(f, put_pip, all);
	val_sort(all);
}

const struct collector collect_packages = {
	.name = "packages", .help = "the set of packages",
	.when = ON_REQUEST, .facts = facts, .cost = 20, .run = run
};

const struct collector collect_package_list = {
	.name = "packages.list", .help = "each package", .when = ON_REQUEST,
	.is_array = true, .facts = list_facts, .cost = 10, .run = run_list
};

const struct collector collect_old_packages = {
	.name = "", .help = "packages, by their old names",
	.when = COMPAT_ON_REQUEST, .facts = old_facts, .cost = 600,
	.run = run_old
};
