#include <stdio.h>
#include <string.h>

#include "facts/collect.h"

static const struct fact facts[] = {
	{ "*.manager", "string", "systemd, openrc or sysv", false },
	{ "*.enabled", "boolean", "links below /etc/systemd/system; "
	    "/etc/runlevels; /etc/rc?.d", false },
	{ "*.masked", "boolean", "a link to /dev/null", false },
	{ "*.active", "boolean", "/run/systemd/units; /run/openrc/started",
	    true },
	{ "*.main_pid", "integer", "/sys/fs/cgroup/system.slice, the first "
	    "process", true },
	{ NULL, NULL, NULL, false }
};

static const struct fact old_facts[] = {
	{ "services.*.desired", "string", "active, else unknown; for sysv "
	    "start", true },
	{ "services.*.actual", "string", "running or exited, else enabled "
	    "or disabled", true },
	{ "services.*.provider", "string", "systemd, openrc or sysv", false },
	{ NULL, NULL, NULL, false }
};

static struct val *
new_service(struct val *o, struct str name, const char *manager)
{
	struct val *v = val_obj(o, val_key(o, name));

	val_cstr(v, "manager", manager);
	return v;
}

static struct val *
service(struct val *o, struct str name, const char *manager)
{
	struct val *v;

	if (name.len == 0)
		return NULL;
	if ((v = val_get_str(o, name)) == NULL)
		v = new_service(o, name, manager);
	return v;
}

static void
set_bool(struct val *o, const char *key, bool yes)
{
	struct val *v = val_get(o, key);

	if (v == NULL)
		val_bool(o, key, yes);
	else if (yes)
		v->u.yes = true;
}

/* "ssh.service": its name without the end, or an empty one. */
static struct str
unit_name(const char *file)
{
	struct str s = str_of(file);

	if (!text_ends(s, ".service"))
		return (struct str){ NULL, 0 };
	s.len -= strlen(".service");
	return s;
}

/* Unit files that are there, the first of all that is looked at.  Of
 * templates only instances are services. */
static void
list_units(struct facts *f, struct val *o, const char *path)
{
	struct str name;
	struct dir d;
	size_t i;

	if (!dir_open(f, NULL, path, &d))
		return;
	for (i = 0; i < d.n; i++) {
		name = unit_name(d.names[i]);
		if (name.len > 0 && name.p[name.len - 1] != '@')
			(void)new_service(o, name, "systemd");
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
		set_bool(service(o, unit_name(wants.names[i]), "systemd"),
		    "enabled", true);
	dir_close(&wants);
}

/* What the administrator has enabled, masked, or brought himself. */
static void
take_links(struct facts *f, struct val *o)
{
	char room[PATH_MAX];
	struct str name, link;
	struct dir d;
	size_t i;

	if (!dir_open(f, NULL, "/etc/systemd/system", &d))
		return;
	for (i = 0; i < d.n; i++) {
		name = str_of(d.names[i]);
		if (text_ends(name, ".wants") || text_ends(name, ".requires"))
			take_wants(f, o, &d, d.names[i]);
		name = unit_name(d.names[i]);
		if (name.len == 0 || name.p[name.len - 1] == '@')
			continue;
		link = src_link(f, &d, d.names[i], room);
		if (text_is(link, "/dev/null")) {
			set_bool(service(o, name, "systemd"), "enabled",
			    false);
			set_bool(service(o, name, "systemd"), "masked", true);
		}
		else if (link.p == NULL)
			(void)service(o, name, "systemd");
		else		/* an alias of something that is enabled */
			set_bool(service(o, name, "systemd"), "enabled",
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

	for (v = o->u.list.first; v != NULL; v = v->next)
		set_bool(v, "enabled", false);
	if (!dir_open(f, NULL, "/run/systemd/units", &d))
		return;
	for (i = 0; i < d.n; i++) {
		if (strncmp(d.names[i], prefix, strlen(prefix)) != 0)
			continue;
		name = unit_name(d.names[i] + strlen(prefix));
		v = service(o, name, "systemd");
		if (v != NULL && val_get(v, "enabled") == NULL)
			val_bool(v, "enabled", false);
		set_bool(v, "active", true);
	}
	for (v = o->u.list.first; v != NULL; v = v->next)
		set_bool(v, "active", false);
	dir_close(&d);
}

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
		v = val_get_str(o, unit_name(d.names[i]));
		if (v == NULL)
			continue;
		(void)snprintf(path, sizeof(path), "%s/cgroup.procs",
		    d.names[i]);
		if (src_num(f, &d, path, &pid))
			val_int(v, "main_pid", pid);
	}
	dir_close(&d);
}

static void
put_systemd(struct facts *f, struct val *o)
{
	static const char *const dirs[] = { "/usr/lib/systemd/system",
	    "/lib/systemd/system" };

	list_units(f, o, dirs[0]);
	if (o->u.list.first == NULL)
		list_units(f, o, dirs[1]);
	take_links(f, o);
	take_active(f, o);
	if (src_exists(f, "/run/systemd/system"))
		put_pids(f, o);
}

static void
put_openrc(struct facts *f, struct val *o)
{
	struct dir d, level;
	size_t i, j;
	struct val *v;

	if (dir_open(f, NULL, "/etc/init.d", &d)) {
		for (i = 0; i < d.n; i++)
			if (!text_ends(str_of(d.names[i]), ".sh"))
				(void)service(o, str_of(d.names[i]),
				    "openrc");
		dir_close(&d);
	}
	if (dir_open(f, NULL, "/etc/runlevels", &d)) {
		for (i = 0; i < d.n; i++) {
			if (!dir_open(f, &d, d.names[i], &level))
				continue;
			for (j = 0; j < level.n; j++)
				set_bool(service(o, str_of(level.names[j]),
				    "openrc"), "enabled", true);
			dir_close(&level);
		}
		dir_close(&d);
	}
	for (v = o->u.list.first; v != NULL; v = v->next)
		set_bool(v, "enabled", false);
	if (!dir_open(f, NULL, "/run/openrc/started", &d))
		return;
	for (i = 0; i < d.n; i++)
		set_bool(service(o, str_of(d.names[i]), "openrc"), "active",
		    true);
	for (v = o->u.list.first; v != NULL; v = v->next)
		set_bool(v, "active", false);
	dir_close(&d);
}

/* "S20name" in the directory of a runlevel. */
static void
put_sysv(struct facts *f, struct val *o)
{
	char path[32];
	struct dir d;
	struct val *v;
	size_t i;
	int level;

	if (!dir_open(f, NULL, "/etc/init.d", &d))
		return;
	for (i = 0; i < d.n; i++)
		if (strcmp(d.names[i], "README") != 0 &&
		    strcmp(d.names[i], "skeleton") != 0)
			(void)service(o, str_of(d.names[i]), "sysv");
	dir_close(&d);
	for (level = 2; level <= 5; level++) {
		(void)snprintf(path, sizeof(path), "/etc/rc%d.d", level);
		if (!dir_open(f, NULL, path, &d))
			continue;
		for (i = 0; i < d.n; i++)
			if (d.names[i][0] == 'S' && strlen(d.names[i]) > 3)
				set_bool(service(o, str_of(d.names[i] + 3),
				    "sysv"), "enabled", true);
		dir_close(&d);
	}
	for (v = o->u.list.first; v != NULL; v = v->next)
		set_bool(v, "enabled", false);
}

static void
run(struct facts *f, struct val *o)
{
	if (src_exists(f, "/run/systemd/system") || (!src_exists(f,
	    "/run/openrc") && src_exists(f, "/etc/systemd/system") &&
	    !src_exists(f, "/etc/runlevels")))
		put_systemd(f, o);
	else if (src_exists(f, "/etc/runlevels"))
		put_openrc(f, o);
	else
		put_sysv(f, o);
	val_sort(o);
}

static bool
yes(const struct val *o, const char *key)
{
	const struct val *v = val_get(o, key);

	return v != NULL && v->type == VAL_BOOL && v->u.yes;
}

/* Of systemd only where it runs: nothing else knows what is active. */
static void
run_old(struct facts *f, struct val *o)
{
	struct val *all, *v;
	struct str manager;
	bool systemd = src_exists(f, "/run/systemd/system");

	facts_run_named(f, "services");
	all = val_get(o, "services");
	v = all == NULL ? NULL : all->u.list.first;
	for (; v != NULL; v = v->next) {
		manager = val_text(val_get(v, "manager"));
		if (text_is(manager, "systemd") && !systemd)
			continue;
		if (text_is(manager, "systemd"))
			val_cstr(v, "desired", yes(v, "active") ? "active" :
			    "unknown");
		else
			val_cstr(v, "desired", yes(v, "enabled") ? "start" :
			    "unknown");
		if (yes(v, "active"))
			val_cstr(v, "actual", val_get(v, "main_pid") != NULL ||
			    !systemd ? "running" : "exited");
		else if (text_is(manager, "systemd"))
			val_cstr(v, "actual", yes(v, "masked") ? "masked" :
			    yes(v, "enabled") ? "enabled" : "disabled");
		else
			val_cstr(v, "actual", val_get(v, "active") == NULL ?
			    "unknown" : "stopped");
		val_str(v, "provider", manager);
	}
}

const struct collector collect_services = {
	.name = "services", .help = "services, and whether they start",
	.facts = facts, .cost = 120, .run = run
};

const struct collector collect_old_services = {
	.name = "", .help = "services, by their old names", .when = COMPAT,
	.facts = old_facts, .cost = 120, .run = run_old
};
