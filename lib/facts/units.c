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
		(void)dbus_str(a);
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
	const char *socket = "/run/systemd/private";
	struct buf args = { 0 }, room = { 0 };
	struct dbus_args a;
	bool told;

	if (geteuid() != 0) {
		socket = "/run/dbus/system_bus_socket";
		c.is_bus = true;
	}
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
