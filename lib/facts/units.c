#include <errno.h>
#include <unistd.h>

#include "base/dbus.h"
#include "facts/collect.h"
#include "facts/units.h"

/*
 * The answer is an array of structures: name, description, load state, active
 * state, sub-state, whom it follows, object, job, its type, its object.
 */
static void
take_units(struct dbus_args *a, void (*fn)(const struct unit *u, void *arg),
    void *arg)
{
	uint32_t len = dbus_u32(a);
	struct unit u;
	size_t end;

	dbus_align(a, 8);
	end = a->at + len;
	while (a->at < end && !a->bad) {
		dbus_align(a, 8);
		u.name = dbus_str(a);
		(void)dbus_str(a);
		u.load = dbus_str(a);
		u.active = dbus_str(a);
		u.sub = dbus_str(a);
		(void)dbus_str(a);
		u.object = dbus_str(a);
		(void)dbus_u32(a);
		(void)dbus_str(a);
		(void)dbus_str(a);
		if (!a->bad)
			fn(&u, arg);
	}
}

/* Two arrays of texts: states, of which there are none, and patterns. */
static void
add_args(struct buf *b)
{
	static const char pattern[] = "*.service";
	const uint32_t none = 0, size = sizeof(uint32_t) + sizeof(pattern),
	    len = sizeof(pattern) - 1;

	buf_add(b, &none, sizeof(none));
	buf_add(b, &size, sizeof(size));
	buf_add(b, &len, sizeof(len));
	buf_add(b, pattern, sizeof(pattern));
}

enum { ASK_MS = 500 };

static const char *
socket_path(void)
{
	return geteuid() != 0 ? "/run/dbus/system_bus_socket" :
	    "/run/systemd/private";
}

/*
 * What is in answers is lent until d is closed.  Where nobody listens, false
 * is all; what else goes wrong is told as an error of the source.
 */
static bool
ask(struct facts *f, struct dbus *d, const struct dbus_call *calls, size_t n,
    struct dbus_args *answers)
{
	const char *path = socket_path(), *why;

	why = dbus_open(d, path, geteuid() != 0, ASK_MS);
	if (why != NULL && errno != 0) {
		/* Others than root may not use that of systemd itself. */
		if (errno != ECONNREFUSED && errno != EACCES)
			src_errno(f, path, errno);
		return false;
	}
	if (why == NULL)
		why = dbus_ask(d, calls, n, ASK_MS, answers);
	if (why != NULL)
		src_error(f, path, why);
	return why == NULL;
}

/* Below a root, what is heard is what was recorded there. */
static bool
hear(struct facts *f, struct dbus *d, const char *source,
    const struct dbus_call *call, struct dbus_args *answer)
{
	const char *why;

	if (facts_live(f))
		return ask(f, d, call, 1, answer);
	if (!src_load(f, NULL, source, DBUS_MAX, &d->room))
		return false;
	why = dbus_recorded(buf_view(&d->room), call, answer);
	if (why != NULL)
		src_error(f, source, why);
	return why == NULL;
}

bool
units_each(struct facts *f, void (*fn)(const struct unit *u, void *arg),
    void *arg)
{
	struct dbus_call c = {
		.destination = "org.freedesktop.systemd1",
		.path = "/org/freedesktop/systemd1",
		.interface = "org.freedesktop.systemd1.Manager",
		.member = "ListUnitsByPatterns",
		.signature = "asas", .answer = "a(ssssssouso)"
	};
	struct dbus d = { .fd = -1 };
	struct buf args = { 0 };
	struct dbus_args a = { .bad = true };
	bool told;

	add_args(&args);
	c.args = buf_view(&args);
	told = hear(f, &d, "/.record/systemd", &c, &a);
	if (told && !a.bad)
		take_units(&a, fn, arg);
	if (told && a.bad)
		src_error(f, socket_path(), a.failure.len == 0 ?
		    "its answer is malformed" :
		    arena_cstr(facts_arena(f), a.failure));
	told = told && a.failure.len == 0;
	buf_clear(&args);
	dbus_close(&d);
	return told;
}

bool
units_main_pids(struct facts *f, const char *const *objects, size_t n,
    uint32_t *pids)
{
	struct dbus_call calls[UNITS_PIDS];
	struct dbus_args answers[UNITS_PIDS];
	struct dbus d = { .fd = -1 };
	struct buf args = { 0 };
	bool told;
	size_t i;

	dbus_put_str(&args, "org.freedesktop.systemd1.Service");
	dbus_put_str(&args, "MainPID");
	for (i = 0; i < n; i++) {
		calls[i] = (struct dbus_call){
		    .destination = "org.freedesktop.systemd1",
		    .path = objects[i],
		    .interface = "org.freedesktop.DBus.Properties",
		    .member = "Get", .signature = "ss",
		    .args = buf_view(&args), .answer = "v" };
	}
	told = !buf_failed(&args) &&
	    ask(f, &d, calls, n, answers);
	for (i = 0; told && i < n; i++) {
		pids[i] = answers[i].bad ? 0 : dbus_variant_u32(&answers[i]);
		if (answers[i].bad)
			pids[i] = 0;
	}
	buf_clear(&args);
	dbus_close(&d);
	return told;
}
