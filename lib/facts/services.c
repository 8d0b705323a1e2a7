#include <stdio.h>
#include <string.h>

#include "facts/services.h"

static const struct fact facts[] = {
	{ "*.manager", "string", "systemd, openrc, runit or sysv", false },
	{ "*.enabled", "boolean", "links below /etc/systemd/system; "
	    "/etc/runlevels; where runsvdir looks; /etc/rc?.d", false },
	{ "*.masked", "boolean", "a link to /dev/null", false },
	{ "*.active", "boolean", "systemd's own socket, else "
	    "/run/systemd/units; /run/openrc/started; supervise/stat; "
	    "/run/*.pid", true },
	{ "*.state", "string", "systemd's own socket: running, exited, dead, "
	    "failed, ...", true },
	{ "*.failed", "boolean", "same", true },
	{ "*.main_pid", "integer", "systemd's own socket, else "
	    "/sys/fs/cgroup/system.slice, the first process; "
	    "supervise/pid; /run/*.pid", true },
	{ "failed", "array", "systemd's own socket: names", true },
	{ NULL, NULL, NULL, false }
};

struct val *
service_new(struct val *o, struct str name, const char *manager)
{
	struct val *v = val_obj(o, val_key(o, name));

	val_cstr(v, "manager", manager);
	return v;
}

struct val *
service_get(struct val *o, struct str name, const char *manager)
{
	struct val *v;

	if (name.len == 0)
		return NULL;
	if ((v = val_get_str(o, name)) == NULL)
		v = service_new(o, name, manager);
	return v;
}

void
service_set(struct val *v, const char *key, bool yes)
{
	struct val *m = val_get(v, key);

	if (m == NULL)
		val_bool(v, key, yes);
	else if (yes)
		m->u.yes = true;
}

void
service_set_all(struct val *o, const char *key, bool yes)
{
	struct val *v;

	for (v = o->u.list.first; v != NULL; v = v->next)
		service_set(v, key, yes);
}

void
service_put_pidfile(struct facts *f, struct val *v, const char *name)
{
	char path[NAME_MAX + 16];
	int64_t pid;

	(void)snprintf(path, sizeof(path), "/run/%s.pid", name);
	if (v == NULL || !src_num(f, NULL, path, &pid) || pid <= 0)
		return;
	(void)snprintf(path, sizeof(path), "/proc/%lld/stat", (long long)pid);
	service_set(v, "active", src_exists(f, path));
	if (src_exists(f, path))
		val_int(v, "main_pid", pid);
}

bool
service_is_script(const char *name)
{
	return strcmp(name, "README") != 0 && strcmp(name, "skeleton") != 0;
}

static void
put_openrc(struct facts *f, struct val *o)
{
	struct dir d, level;
	size_t i, j;

	if (dir_open(f, NULL, "/etc/init.d", &d)) {
		for (i = 0; i < d.n; i++)
			if (!text_ends(str_of(d.names[i]), ".sh"))
				(void)service_get(o, str_of(d.names[i]),
				    "openrc");
		dir_close(&d);
	}
	if (dir_open(f, NULL, "/etc/runlevels", &d)) {
		for (i = 0; i < d.n; i++) {
			if (!dir_open(f, &d, d.names[i], &level))
				continue;
			for (j = 0; j < level.n; j++)
				service_set(service_get(o, str_of(level.names[j]),
				    "openrc"), "enabled", true);
			dir_close(&level);
		}
		dir_close(&d);
	}
	service_set_all(o, "enabled", false);
	if (!dir_open(f, NULL, "/run/openrc/started", &d))
		return;
	for (i = 0; i < d.n; i++)
		service_set(service_get(o, str_of(d.names[i]), "openrc"), "active",
		    true);
	service_set_all(o, "active", false);
	dir_close(&d);
}

/* What runsv(8) has written down of the service in d, for those who may see. */
static void
put_supervised(struct facts *f, struct val *v, const struct dir *d,
    const char *name)
{
	char path[NAME_MAX + 32];
	struct str word;
	int64_t pid;
	bool runs;

	(void)snprintf(path, sizeof(path), "%s/supervise/stat", name);
	word = src_line(f, d, path);
	if (v == NULL || word.len == 0)
		return;
	runs = str_starts(word, str_of("run"));
	service_set(v, "active", runs);
	(void)snprintf(path, sizeof(path), "%s/supervise/pid", name);
	if (runs && src_num(f, d, path, &pid))
		val_int(v, "main_pid", pid);
}

/* A directory for each, and a link to it where runsvdir(8) looks. */
static void
put_runit(struct facts *f, struct val *o)
{
	static const char *const places[] = { "/etc/service", "/var/service",
	    "/service", "/run/runit/service", NULL };
	const char *const *place = places;
	struct val *v;
	struct dir d;
	size_t i;

	if (!dir_open(f, NULL, "/etc/sv", &d))
		return;
	for (i = 0; i < d.n; i++)
		(void)service_new(o, str_of(d.names[i]), "runit");
	dir_close(&d);
	while (*place != NULL && !src_exists(f, *place))
		place++;
	if (*place != NULL && dir_open(f, NULL, *place, &d)) {
		for (i = 0; i < d.n; i++) {
			v = service_get(o, str_of(d.names[i]), "runit");
			service_set(v, "enabled", true);
			put_supervised(f, v, &d, d.names[i]);
		}
		dir_close(&d);
	}
	service_set_all(o, "enabled", false);
}

static bool
is_script(const struct val *v)
{
	return v != NULL && text_is(val_text(val_get(v, "manager")), "sysv");
}

/* "S20name" in the directory of a runlevel. */
static void
put_sysv(struct facts *f, struct val *o)
{
	char path[32];
	struct val *v;
	struct dir d;
	size_t i;
	int level;

	if (!dir_open(f, NULL, "/etc/init.d", &d))
		return;
	for (i = 0; i < d.n; i++)
		if (service_is_script(d.names[i]))
			(void)service_get(o, str_of(d.names[i]), "sysv");
	dir_close(&d);
	for (level = 2; level <= 5; level++) {
		(void)snprintf(path, sizeof(path), "/etc/rc%d.d", level);
		if (!dir_open(f, NULL, path, &d))
			continue;
		for (i = 0; i < d.n; i++) {
			if (d.names[i][0] != 'S' || strlen(d.names[i]) <= 3)
				continue;
			v = service_get(o, str_of(d.names[i] + 3), "sysv");
			if (is_script(v))
				service_set(v, "enabled", true);
		}
		dir_close(&d);
	}
	service_set_all(o, "enabled", false);
	for (v = o->u.list.first; v != NULL; v = v->next)
		if (is_script(v))
			service_put_pidfile(f, v, v->key);
}

/*
 * Unit files are there on hosts of other managers, too; and where nothing runs
 * there may be no init at all.
 */
static bool
has_systemd(struct facts *f)
{
	char room[PATH_MAX];
	struct str init;

	if (src_exists(f, "/run/systemd/system"))
		return true;
	if (src_exists(f, "/run/openrc") || src_exists(f, "/etc/runlevels") ||
	    !src_exists(f, "/etc/systemd/system"))
		return false;
	init = src_link(f, NULL, "/sbin/init", room);
	return init.p != NULL ? text_has(init, "systemd") :
	    !src_exists(f, "/sbin/init");
}

static void
run(struct facts *f, struct val *o)
{
	struct val *failed = val_new(facts_arena(f), VAL_ARR);
	bool told = false;

	if (has_systemd(f))
		told = systemd_put(f, o, failed);
	else if (src_exists(f, "/etc/runlevels"))
		put_openrc(f, o);
	else {
		/* Its first stages run scripts. */
		if (src_exists(f, "/etc/sv"))
			put_runit(f, o);
		put_sysv(f, o);
	}
	val_sort(o);
	if (told)
		val_add(o, "failed", failed);
}

const struct collector collect_services = {
	.name = "services", .help = "services, and whether they start",
	.facts = facts, .cost = 60, .run = run
};

