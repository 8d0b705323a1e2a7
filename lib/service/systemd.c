#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <systemd/sd-bus.h>

#include "base/clock.h"
#include "base/symbol.h"
#include "base/why.h"
#include "service/plan.h"
#include "service/systemd.h"

/*
 * systemd: what is done to its units, with signals that say when it is.
 */
#define SERVICE	"org.freedesktop.systemd1.Service"

struct systemd {
	sd_bus		*bus;
	bool		 subscribed;
	bool		 stale;		/* has to load its units again */
	/* The job that is waited for, and how it ended. */
	char		*job;
	char		*result;
};

/* What we call in libsystemd, which is loaded where systemd runs. */
static struct {
	int	(*new)(sd_bus **);
	int	(*set_address)(sd_bus *, const char *);
	int	(*start)(sd_bus *);
	int	(*open_system)(sd_bus **);
	sd_bus	*(*close)(sd_bus *);
	int	(*call_method)(sd_bus *, const char *, const char *,
		    const char *, const char *, sd_bus_error *,
		    sd_bus_message **, const char *, ...);
	int	(*read)(sd_bus_message *, const char *, ...);
	sd_bus_message *(*unref)(sd_bus_message *);
	int	(*get_string)(sd_bus *, const char *, const char *,
		    const char *, const char *, sd_bus_error *, char **);
	int	(*get_trivial)(sd_bus *, const char *, const char *,
		    const char *, const char *, sd_bus_error *, char, void *);
	void	(*error_free)(sd_bus_error *);
	int	(*match_signal)(sd_bus *, sd_bus_slot **, const char *,
		    const char *, const char *, const char *,
		    sd_bus_message_handler_t, void *);
	int	(*process)(sd_bus *, sd_bus_message **);
	int	(*wait)(sd_bus *, uint64_t);
} lib;

#define BIND(name, fn)	symbol_bind(so, "sd_bus_" name, &lib.fn, sizeof(lib.fn))

static int
load(struct buf *why)
{
	void *so;

	if (lib.new != NULL)
		return 0;
	if ((so = dlopen("libsystemd.so.0", RTLD_NOW | RTLD_LOCAL)) == NULL)
		return why_say(why, "libsystemd.so.0 cannot be loaded");
	if (!BIND("set_address", set_address) || !BIND("start", start) ||
	    !BIND("open_system", open_system) ||
	    !BIND("flush_close_unref", close) ||
	    !BIND("call_method", call_method) || !BIND("message_read", read) ||
	    !BIND("message_unref", unref) ||
	    !BIND("get_property_string", get_string) ||
	    !BIND("get_property_trivial", get_trivial) ||
	    !BIND("error_free", error_free) ||
	    !BIND("match_signal", match_signal) ||
	    !BIND("process", process) || !BIND("wait", wait) ||
	    !BIND("new", new))
		return why_say(why, "libsystemd lacks a function");
	return 0;
}

/*
 * --- Connecting ----------------------------------------------------------
 */

static int
open_private(sd_bus **bus)
{
	int rc;

	if (geteuid() != 0 || access(PRIVATE, F_OK) == -1)
		return -ENOENT;
	if ((rc = lib.new(bus)) < 0)
		return rc;
	if ((rc = lib.set_address(*bus, "unix:path=" PRIVATE)) >= 0)
		rc = lib.start(*bus);
	if (rc < 0)
		*bus = lib.close(*bus);
	return rc;
}

static int
open_bus(struct services *s, struct buf *why)
{
	struct systemd *d;
	int rc;

	if (s->systemd != NULL)
		return 0;
	if (load(why) == -1)
		return -1;
	if ((d = calloc(1, sizeof(*d))) == NULL)
		return why_say(why, "out of memory");
	if ((rc = open_private(&d->bus)) < 0 &&
	    (rc = lib.open_system(&d->bus)) < 0) {
		free(d);
		return why_say(why, "systemd cannot be reached: %s",
		    strerror(-rc));
	}
	s->systemd = d;
	return 0;
}

void
systemd_close(struct systemd *d)
{
	if (d == NULL)
		return;
	lib.close(d->bus);
	free(d->job);
	free(d->result);
	free(d);
}

static int
fail(const char *name, int rc, sd_bus_error *e, struct buf *why)
{
	why_say(why, "%s: %s", name, e->message != NULL ? e->message :
	    strerror(-rc));
	lib.error_free(e);
	return -1;
}

/*
 * --- What of a unit an action has to know --------------------------------
 */

/* The unit's object, to be freed. */
static int
find(struct systemd *d, const char *unit, char **path, struct buf *why)
{
	sd_bus_error e = SD_BUS_ERROR_NULL;
	sd_bus_message *m = NULL;
	const char *p;
	int rc;

	rc = lib.call_method(d->bus, DEST, PATH, MANAGER, "LoadUnit", &e, &m,
	    "s", unit);
	if (rc < 0)
		return fail(unit, rc, &e, why);
	if ((rc = lib.read(m, "o", &p)) >= 0 && (*path = strdup(p)) == NULL)
		rc = -ENOMEM;
	lib.unref(m);
	return rc < 0 ? fail(unit, rc, &e, why) : 0;
}

static int
property(struct systemd *d, const char *path, const char *interface,
    const char *name, char **value, struct buf *why)
{
	sd_bus_error e = SD_BUS_ERROR_NULL;
	int rc;

	rc = lib.get_string(d->bus, DEST, path, interface, name, &e, value);
	return rc < 0 ? fail(name, rc, &e, why) : 0;
}

/*
 * --- Doing ---------------------------------------------------------------
 */

static int
reload_units(struct systemd *d, struct buf *why)
{
	sd_bus_error e = SD_BUS_ERROR_NULL;
	int rc;

	d->stale = false;
	rc = lib.call_method(d->bus, DEST, PATH, MANAGER, "Reload", &e, NULL,
	    "");
	return rc < 0 ? fail("daemon-reload", rc, &e, why) : 0;
}

static int
settle(struct services *s, struct buf *why)
{
	systemd_forget(s);
	return s->systemd != NULL && s->systemd->stale ?
	    reload_units(s->systemd, why) : 0;
}

/* A signal: some job has ended. */
static int
job_removed(sd_bus_message *m, void *arg, sd_bus_error *e)
{
	struct systemd *d = arg;
	const char *path, *unit, *result;
	uint32_t id;

	(void)e;
	if (lib.read(m, "uoss", &id, &path, &unit, &result) < 0)
		return 0;
	if (d->job != NULL && strcmp(path, d->job) == 0 && d->result == NULL)
		d->result = strdup(result);
	return 0;
}

static int
subscribe(struct systemd *d, struct buf *why)
{
	sd_bus_error e = SD_BUS_ERROR_NULL;
	int rc;

	if (d->subscribed)
		return 0;
	rc = lib.match_signal(d->bus, NULL, NULL, PATH, MANAGER, "JobRemoved",
	    job_removed, d);
	if (rc >= 0)
		rc = lib.call_method(d->bus, DEST, PATH, MANAGER, "Subscribe",
		    &e, NULL, "");
	if (rc < 0)
		return fail("Subscribe", rc, &e, why);
	d->subscribed = true;
	return 0;
}

/* Until the job that was made has ended; its result is in d then. */
static int
await_job(struct systemd *d, const struct service_order *o, struct buf *why)
{
	int64_t end = clock_ms() + o->timeout_ms, left;
	int rc;

	while (d->result == NULL) {
		if ((rc = lib.process(d->bus, NULL)) > 0)
			continue;
		left = end - clock_ms();
		if (rc == 0 && left > 0)
			rc = lib.wait(d->bus, (uint64_t)left * 1000);
		if (rc < 0 && rc != -EINTR)
			return why_say(why, "%s: systemd cannot be reached: "
			    "%s", o->name, strerror(-rc));
		if (left <= 0)
			return why_say(why, "%s: took longer than %g s",
			    o->name, (double)o->timeout_ms / 1000);
	}
	return 0;
}

/* Why it ended so, as far as the unit can tell. */
static int
explain(struct systemd *d, const char *unit, const char *what,
    struct buf *why)
{
	char *path = NULL, *result = NULL;
	struct buf none = { 0 };
	int32_t status = 0;

	if (find(d, unit, &path, &none) == -1 ||
	    property(d, path, SERVICE, "Result", &result, &none) == -1 ||
	    lib.get_trivial(d->bus, DEST, path, SERVICE, "ExecMainStatus",
	    NULL, 'i', &status) < 0 || strcmp(result, "success") == 0)
		why_say(why, "%s: %s: %s", unit, what, d->result);
	else
		why_say(why, "%s: %s: %s, %s, status %d", unit, what,
		    d->result, result, (int)status);
	buf_clear(&none);
	free(path);
	free(result);
	return -1;
}

static int
run_job(struct systemd *d, const struct service_order *o, const char *unit,
    const char *method, const char *what, struct buf *why)
{
	sd_bus_error e = SD_BUS_ERROR_NULL;
	sd_bus_message *m = NULL;
	const char *path;
	int rc;

	if (subscribe(d, why) == -1)
		return -1;
	free(d->job);
	free(d->result);
	d->job = d->result = NULL;
	rc = lib.call_method(d->bus, DEST, PATH, MANAGER, method, &e, &m,
	    "ss", unit, "replace");
	if (rc < 0)
		return fail(unit, rc, &e, why);
	rc = lib.read(m, "o", &path);
	d->job = rc < 0 ? NULL : strdup(path);
	lib.unref(m);
	if (d->job == NULL)
		return why_say(why, "%s: out of memory", unit);
	if (await_job(d, o, why) == -1)
		return -1;
	return strcmp(d->result, "done") == 0 ||
	    strcmp(d->result, "skipped") == 0 ? 0 :
	    explain(d, unit, what, why);
}

/* Has its file changed since systemd has read it? */
static int
refresh_unit(struct systemd *d, const char *unit, struct buf *why)
{
	char *path;
	int stale = 0, rc;

	if (find(d, unit, &path, why) == -1)
		return -1;
	rc = lib.get_trivial(d->bus, DEST, path, UNIT, "NeedDaemonReload",
	    NULL, 'b', &stale);
	free(path);
	return rc >= 0 && stale ? reload_units(d, why) : 0;
}

/* Links that say when a unit is started. */
static int
change_links(struct systemd *d, const char *unit, enum service_action action,
    struct buf *why)
{
	sd_bus_error e = SD_BUS_ERROR_NULL;
	int rc;

	switch (action) {
	case SERVICE_ENABLE:
		rc = lib.call_method(d->bus, DEST, PATH, MANAGER,
		    "EnableUnitFiles", &e, NULL, "asbb", 1, unit, 0, 0);
		break;
	case SERVICE_DISABLE:
		rc = lib.call_method(d->bus, DEST, PATH, MANAGER,
		    "DisableUnitFiles", &e, NULL, "asb", 1, unit, 0);
		break;
	case SERVICE_MASK:
		rc = lib.call_method(d->bus, DEST, PATH, MANAGER,
		    "MaskUnitFiles", &e, NULL, "asbb", 1, unit, 0, 0);
		break;
	default:
		rc = lib.call_method(d->bus, DEST, PATH, MANAGER,
		    "UnmaskUnitFiles", &e, NULL, "asb", 1, unit, 0);
	}
	if (rc < 0)
		return fail(unit, rc, &e, why);
	d->stale = true;
	/* What is unmasked is read again at once, or it cannot be started. */
	return action == SERVICE_UNMASK ? reload_units(d, why) : 0;
}

static int
act_on(struct systemd *d, const struct service_order *o, const char *unit,
    struct buf *why)
{
	static const struct {
		const char	*method, *what;
	} jobs[SERVICE_ACTIONS] = {
		[SERVICE_STOP] = { "StopUnit", "to stop it" },
		[SERVICE_START] = { "StartUnit", "to start it" },
		[SERVICE_RESTART] = { "RestartUnit", "to restart it" },
		[SERVICE_RELOAD] = { "ReloadUnit", "to reload it" }
	};

	if (jobs[o->action].method == NULL)
		return change_links(d, unit, o->action, why);
	if (o->action != SERVICE_STOP && refresh_unit(d, unit, why) == -1)
		return -1;
	return run_job(d, o, unit, jobs[o->action].method,
	    jobs[o->action].what, why);
}

/* Is it to be enabled, or not, behind systemd's back? */
static int
is_script(struct systemd *d, const struct service_order *o, const char *unit,
    bool *script, struct buf *why)
{
	char *path, *file = NULL;
	int rc;

	*script = false;
	if (o->action != SERVICE_ENABLE && o->action != SERVICE_DISABLE)
		return 0;
	if (find(d, unit, &path, why) == -1)
		return -1;
	if ((rc = property(d, path, UNIT, "UnitFileState", &file, why)) == 0)
		*script = strcmp(file, GENERATED) == 0;
	free(path);
	free(file);
	return rc;
}

static int
act(struct services *s, const struct service_order *o, struct buf *why)
{
	bool script;
	char *unit;
	int rc;

	systemd_forget(s);
	if (open_bus(s, why) == -1)
		return -1;
	if ((unit = systemd_unit(o->name)) == NULL)
		return why_say(why, "out of memory");
	if ((rc = is_script(s->systemd, o, unit, &script, why)) == 0 && script)
		rc = service_sysv.act(s, o, why);
	else if (rc == 0)
		rc = act_on(s->systemd, o, unit, why);
	free(unit);
	return rc;
}

/* As sd_booted(3) tells it. */
static bool
here(void)
{
	return access("/run/systemd/system", F_OK) == 0;
}

const struct service_provider service_systemd = {
	.name = "systemd", .masks = true, .here = here, .look = systemd_look,
	.ahead = systemd_ahead, .act = act, .settle = settle
};
