#include <stdio.h>
#include <string.h>
#include <utmpx.h>

#include "facts/services.h"

/*
 * oldservices: services as policies have found them for long.
 */

static const struct fact facts[] = {
	{ "services.*.desired", "string", "active, inactive, failed, ... as "
	    "services.*.state, else unknown; for sysv start", true },
	{ "services.*.actual", "string", "services.*.state, else that of the "
	    "unit file: enabled, disabled, static, ...; for sysv running, "
	    "stopped, unknown", true },
	{ "services.*.provider", "string", "systemd, openrc, runit or sysv", false },
	{ "services.*.order", "string", "for sysv, two digits of the link "
	    "below /etc/rc?.d", false },
	{ NULL, NULL, NULL, false }
};

static bool
yes(const struct val *o, const char *key)
{
	const struct val *v = val_get(o, key);

	return v != NULL && v->type == VAL_BOOL && v->u.yes;
}

/* The active state that has this sub-state, as systemd has it for services. */
static const char *
active_of(struct str sub)
{
	static const char *const states[][2] = { { "running", "active" },
	    { "exited", "active" }, { "dead", "inactive" },
	    { "failed", "failed" }, { "reload", "reloading" },
	    { "start", "activating" }, { "condition", "activating" },
	    { "auto-restart", "activating" }, { "stop", "deactivating" },
	    { "final", "deactivating" }, { "cleaning", "maintenance" } };
	size_t i;

	for (i = 0; i < sizeof(states) / sizeof(states[0]); i++)
		if (str_starts(sub, str_of(states[i][0])))
			return states[i][1];
	return "unknown";
}

/* Without systemd's own word: by its files. */
static const char *
by_files(struct facts *f, const struct val *v)
{
	if (yes(v, "active"))
		return val_get(v, "main_pid") != NULL ? "running" : "exited";
	return yes(v, "masked") ? "masked" : yes(v, "enabled") ? "enabled" :
	    systemd_file_state(f, v->key);
}

static void
put_systemd(struct facts *f, struct val *o, const struct val *from)
{
	struct str state = val_text(val_get(from, "state"));

	if (state.len > 0) {
		val_cstr(o, "desired", active_of(state));
		val_str(o, "actual", state);
	} else {
		val_cstr(o, "desired", yes(from, "active") ? "active" :
		    "unknown");
		val_cstr(o, "actual", by_files(f, from));
	}
	val_cstr(o, "provider", "systemd");
}

static void
put_other(struct val *v, const char *desired, const char *provider)
{
	val_cstr(v, "desired", desired);
	val_cstr(v, "actual", yes(v, "active") ? "running" :
	    val_get(v, "active") == NULL ? "unknown" : "stopped");
	val_cstr(v, "provider", provider);
}

/* The runlevel, as init wrote it down; 0 where none did. */
static int
runlevel(struct facts *f)
{
	struct str text = src_text_max(f, NULL, "/run/utmp", SRC_LARGE);
	struct utmpx u;
	int level = 0;

	for (; text.len >= sizeof(u); text.p += sizeof(u),
	    text.len -= sizeof(u)) {
		memcpy(&u, text.p, sizeof(u));
		if (u.ut_type == RUN_LVL)
			level = u.ut_pid % 256 - '0';
	}
	return level >= 1 && level <= 5 ? level : 0;
}

/* "S20name" has its script started, as the 20th. */
static void
take_link(struct val *orders, const char *name)
{
	if (*name == 'S' && strlen(name) > 3 &&
	    val_get(orders, name + 3) == NULL)
		val_str(orders, name + 3, (struct str){ name + 1, 2 });
}

/* By script its number: in the level at hand, or in any where none is. */
static struct val *
read_orders(struct facts *f)
{
	struct val *orders = val_new(facts_arena(f), VAL_OBJ);
	char path[] = "/etc/rc0.d";
	int now = runlevel(f), level;
	struct dir d;
	size_t i;

	for (level = 1; level <= 5; level++) {
		if (now != 0 ? level != now : level == 1)
			continue;
		path[7] = (char)('0' + level);
		if (!dir_open(f, NULL, path, &d))
			continue;
		for (i = 0; i < d.n; i++)
			take_link(orders, d.names[i]);
		dir_close(&d);
	}
	return orders;
}

/* Scripts count where no other manager has a service of that name. */
static void
put_sysv(struct facts *f, struct val *all)
{
	struct val *orders, *v;
	struct str order;
	struct dir d;
	size_t i;

	if (!dir_open(f, NULL, "/etc/init.d", &d))
		return;
	orders = read_orders(f);
	for (i = 0; i < d.n; i++) {
		if (!service_is_script(d.names[i]))
			continue;
		if ((v = val_get(all, d.names[i])) == NULL)
			v = val_obj(all, d.names[i]);
		if (val_get(v, "provider") != NULL)
			continue;
		if (val_get(v, "active") == NULL)
			service_put_pidfile(f, v, d.names[i]);
		order = val_text(val_get(orders, d.names[i]));
		put_other(v, order.len > 0 ? "start" : "unknown", "sysv");
		val_str(v, "order", order);
	}
	dir_close(&d);
}

/* On the Red Hat family the names of units keep their end. */
static struct val *
with_end(struct val *all, const struct val *v)
{
	char name[NAME_MAX + 16];

	(void)snprintf(name, sizeof(name), "%s.service", v->key);
	return val_obj(all, val_key(all, str_of(name)));
}

/* Of systemd only where it runs: nothing else knows what is active. */
static void
run(struct facts *f, struct val *o)
{
	bool systemd = src_exists(f, "/run/systemd/system");
	bool ends = text_is(os_family(f), "redhat");
	struct val *all, *v, *last;
	struct str manager;

	facts_run_named(f, "services");
	if ((all = val_get(o, "services")) == NULL &&
	    (all = val_obj(o, "services")) == NULL)
		return;
	last = all->u.list.last;
	for (v = all->u.list.first; v != NULL;
	    v = v == last ? NULL : v->next) {
		manager = val_text(val_get(v, "manager"));
		if (text_is(manager, "systemd") && systemd)
			put_systemd(f, ends ? with_end(all, v) : v, v);
		else if (text_is(manager, "openrc") ||
		    text_is(manager, "runit"))
			put_other(v, yes(v, "enabled") ? "start" : "unknown",
			    text_is(manager, "runit") ? "runit" : "openrc");
	}
	if (!src_exists(f, "/etc/runlevels"))
		put_sysv(f, all);
}

const struct collector collect_old_services = {
	.name = "", .help = "services, by their old names", .when = COMPAT,
	.facts = facts, .cost = 700, .run = run
};
