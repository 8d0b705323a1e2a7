#include <unistd.h>

#include "facts/collect.h"
#include "facts/dbus.h"
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

/* Returns the socket to be asked, and sets is_bus. */
static const char *
find_socket(bool *is_bus)
{
	*is_bus = geteuid() != 0;
	return *is_bus ? "/run/dbus/system_bus_socket" :
	    "/run/systemd/private";
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
	const char *socket = find_socket(&c.is_bus);
	struct buf args = { 0 }, room = { 0 };
	struct dbus_args a = { .bad = true };
	bool told;

	add_args(&args);
	c.args = buf_view(&args);
	told = facts_live(f) ? dbus_ask(f, socket, &c, &room, &a) :
	    dbus_recorded(f, "/.record/systemd", &c, &room, &a);
	if (told)
		take_units(&a, fn, arg);
	if (told && a.bad)
		src_error(f, socket, "its answer is malformed");
	buf_clear(&args);
	buf_clear(&room);
	return told;
}

/* The name of an interface, and that of a property of it. */
static void
add_property(struct buf *b)
{
	static const char interface[] = "org.freedesktop.systemd1.Service",
	    name[] = "MainPID";
	const uint32_t sizes[] = { sizeof(interface) - 1, sizeof(name) - 1 };

	buf_add(b, &sizes[0], sizeof(sizes[0]));
	buf_add(b, interface, sizeof(interface));
	while (b->len % sizeof(sizes[1]) != 0 && !buf_failed(b))
		buf_putc(b, '\0');
	buf_add(b, &sizes[1], sizeof(sizes[1]));
	buf_add(b, name, sizeof(name));
}

bool
units_main_pids(struct facts *f, const char *const *objects, size_t n,
    uint32_t *pids)
{
	struct dbus_call calls[UNITS_PIDS];
	struct dbus_args answers[UNITS_PIDS];
	struct buf args = { 0 }, room = { 0 };
	const char *socket;
	bool told, is_bus;
	size_t i;

	socket = find_socket(&is_bus);
	add_property(&args);
	for (i = 0; i < n; i++) {
		answers[i] = (struct dbus_args){ .bad = true };
		calls[i] = (struct dbus_call){ .is_bus = is_bus,
		    .destination = "org.freedesktop.systemd1",
		    .path = objects[i],
		    .interface = "org.freedesktop.DBus.Properties",
		    .member = "Get", .signature = "ss",
		    .args = buf_view(&args), .answer = "v" };
	}
	told = !buf_failed(&args) &&
	    dbus_ask_all(f, socket, calls, n, &room, answers);
	for (i = 0; told && i < n; i++) {
		pids[i] = answers[i].bad ? 0 : dbus_variant_u32(&answers[i]);
		if (answers[i].bad)
			pids[i] = 0;
	}
	buf_clear(&args);
	buf_clear(&room);
	return told;
}
