#include <stdio.h>
#include <string.h>

#include "facts/services.h"
#include "facts/units.h"

/*
 * systemd: its services, as files and links have them, and as it tells.
 */

struct str
service_of_unit(const char *file)
{
	struct str s = str_of(file);

	if (!text_ends(s, ".service"))
		return (struct str){ NULL, 0 };
	s.len -= strlen(".service");
	return s;
}

static bool
is_masked(struct facts *f, const struct dir *d, size_t i)
{
	char room[PATH_MAX];

	return dir_may_be_link(d, i) &&
	    text_is(src_link(f, d, d->names[i], room), "/dev/null");
}

/*
 * Unit files that are there; what was there before is what counts.  Of
 * templates only instances are services.
 */
static void
list_units(struct facts *f, struct val *o, const char *path)
{
	bool first = o->u.list.first == NULL;
	struct str name;
	struct val *v;
	struct dir d;
	size_t i;

	if (!dir_open(f, NULL, path, &d))
		return;
	for (i = 0; i < d.n; i++) {
		name = service_of_unit(d.names[i]);
		if (name.len == 0 || name.p[name.len - 1] == '@' ||
		    (!first && val_get_str(o, name) != NULL))
			continue;
		v = service_new(o, name, "systemd");
		if (is_masked(f, &d, i))
			val_bool(v, "masked", true);
	}
	dir_close(&d);
}

static void
take_wants(struct facts *f, struct val *o, const struct dir *d,
    const char *name)
{
	struct dir wants;
	size_t i;

	if (!dir_open(f, d, name, &wants))
		return;
	for (i = 0; i < wants.n; i++)
		service_set(service_get(o, service_of_unit(wants.names[i]), "systemd"),
		    "enabled", true);
	dir_close(&wants);
}

/* A file of the administrator's comes before what is in /usr. */
static void
unmask(struct val *v, const char *path)
{
	struct val *masked = v == NULL ? NULL : val_get(v, "masked");

	if (masked != NULL && text_ends(str_of(path), "/system"))
		masked->u.yes = false;
}

/* What the administrator has enabled, masked, or brought himself. */
static void
take_links(struct facts *f, struct val *o, const char *path)
{
	char room[PATH_MAX];
	struct str name, link;
	struct dir d;
	size_t i;

	if (!dir_open(f, NULL, path, &d))
		return;
	for (i = 0; i < d.n; i++) {
		name = str_of(d.names[i]);
		if (text_ends(name, ".wants") || text_ends(name, ".requires"))
			take_wants(f, o, &d, d.names[i]);
		name = service_of_unit(d.names[i]);
		if (name.len == 0 || name.p[name.len - 1] == '@')
			continue;
		link = src_link(f, &d, d.names[i], room);
		if (text_is(link, "/dev/null")) {
			service_set(service_get(o, name, "systemd"), "enabled",
			    false);
			service_set(service_get(o, name, "systemd"), "masked", true);
		}
		else if (link.p == NULL)
			unmask(service_get(o, name, "systemd"), path);
		else		/* an alias of something that is enabled */
			service_set(service_get(o, name, "systemd"), "enabled",
			    true);
	}
	dir_close(&d);
}

/* There is a link for each unit that is, or is becoming, active. */
static void
take_active(struct facts *f, struct val *o)
{
	static const char prefix[] = "invocation:";
	struct str name;
	struct val *v;
	struct dir d;
	size_t i;

	if (!dir_open(f, NULL, "/run/systemd/units", &d))
		return;
	for (i = 0; i < d.n; i++) {
		if (strncmp(d.names[i], prefix, strlen(prefix)) != 0)
			continue;
		name = service_of_unit(d.names[i] + strlen(prefix));
		v = service_get(o, name, "systemd");
		if (v != NULL && val_get(v, "enabled") == NULL)
			val_bool(v, "enabled", false);
		service_set(v, "active", true);
	}
	service_set_all(o, "active", false);
	dir_close(&d);
}

struct told {
	struct val	*services;
	struct val	*failed;	/* an array */
	struct facts	*f;
	size_t		 n;		/* of those that run, the first: */
	struct val	*running[UNITS_PIDS];
	const char	*objects[UNITS_PIDS];
};

static void
add_running(struct told *t, struct val *v, const struct unit *u)
{
	const char *object = arena_cstr(facts_arena(t->f), u->object);

	if (object == NULL || t->n == UNITS_PIDS)
		return;
	t->running[t->n] = v;
	t->objects[t->n++] = object;
}

static void
take_unit(const struct unit *u, void *arg)
{
	struct told *t = arg;
	struct str name = u->name;
	struct val *v;
	bool failed = text_is(u->active, "failed");

	if (text_is(u->load, "not-found") || !text_ends(name, ".service"))
		return;
	name.len -= strlen(".service");
	v = service_get(t->services, name, "systemd");
	service_set(v, "enabled", false);
	service_set(v, "active", text_is(u->active, "active") ||
	    text_is(u->active, "activating") ||
	    text_is(u->active, "reloading"));
	val_str(v, "state", u->sub);
	val_bool(v, "failed", failed);
	if (failed)
		val_str(t->failed, NULL, name);
	if (text_is(u->sub, "running"))
		add_running(t, v, u);
}

/* Below a root nobody is there to be asked. */
static bool
ask_pids(struct told *t)
{
	uint32_t pids[UNITS_PIDS];
	size_t i;

	if (!facts_live(t->f) || (t->n > 0 &&
	    !units_main_pids(t->f, t->objects, t->n, pids)))
		return false;
	for (i = 0; i < t->n; i++)
		if (pids[i] != 0 && t->running[i] != NULL)
			val_int(t->running[i], "main_pid", pids[i]);
	return true;
}

/* Without systemd's word: the first process of each is most often it. */
static void
put_pids(struct facts *f, struct val *o)
{
	static const char *const slices[] = { "/sys/fs/cgroup/system.slice",
	    "/sys/fs/cgroup/systemd/system.slice" };
	char path[NAME_MAX + 16];
	struct dir d;
	struct val *v;
	int64_t pid;
	size_t i;

	if (!dir_open(f, NULL, slices[0], &d) &&
	    !dir_open(f, NULL, slices[1], &d))
		return;
	for (i = 0; i < d.n; i++) {
		v = val_get_str(o, service_of_unit(d.names[i]));
		if (v == NULL)
			continue;
		(void)snprintf(path, sizeof(path), "%s/cgroup.procs",
		    d.names[i]);
		if (src_num(f, &d, path, &pid))
			val_int(v, "main_pid", pid);
	}
	dir_close(&d);
}

bool
systemd_put(struct facts *f, struct val *o, struct val *failed)
{
	static const char *const local = "/usr/local/lib/systemd/system",
	    *const dirs[] = { "/usr/lib/systemd/system",
	    "/lib/systemd/system" };
	static const char *const links[] = { "/etc/systemd/system",
	    "/run/systemd/system", "/run/systemd/generator",
	    "/run/systemd/generator.late" };
	struct told t = { .services = o, .failed = failed, .f = f };
	bool runs = src_exists(f, "/run/systemd/system"), told;
	size_t i;

	list_units(f, o, local);
	list_units(f, o, dirs[src_exists(f, dirs[0]) ? 0 : 1]);
	for (i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		take_links(f, o, links[i]);
	service_set_all(o, "enabled", false);
	if ((told = runs && units_each(f, take_unit, &t)))
		service_set_all(o, "active", false);
	else
		take_active(f, o);
	if (runs && !(told && ask_pids(&t)))
		put_pids(f, o);
	return told;
}

/* What there is to be done to enable it: systemctl(1), is-enabled. */
static const char *
by_install(struct str text)
{
	static const char *const keys[] = { "WantedBy", "RequiredBy",
	    "UpheldBy", "Alias" };
	struct str line, key;
	bool install = false, also = false;
	size_t i;

	while (text_line(&text, &line)) {
		line = text_trim(line);
		if (line.len > 0 && *line.p == '[')
			install = text_is(line, "[Install]");
		if (!install)
			continue;
		key = text_trim(text_cut(&line, '='));
		for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
			if (text_is(key, keys[i]))
				return "disabled";
		also |= text_is(key, "Also") || text_is(key,
		    "DefaultInstance");
	}
	return also ? "indirect" : "static";
}

const char *
systemd_file_state(struct facts *f, const char *name)
{
	static const char *const dirs[] = { "/etc/systemd/system",
	    "/usr/lib/systemd/system", "/lib/systemd/system",
	    "/run/systemd/generator", "/run/systemd/generator.late" };
	char path[NAME_MAX + 64], room[PATH_MAX];
	struct str text;
	size_t i;

	for (i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s.service", dirs[i],
		    name);
		text = src_text(f, NULL, path);
		if (text.p == NULL)
			continue;
		if (i >= 3)
			return "generated";
		if (src_link(f, NULL, path, room).p != NULL)
			return "alias";
		return by_install(text);
	}
	return "disabled";
}
