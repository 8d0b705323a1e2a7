#include <sys/stat.h>
#include <sys/timex.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <utmpx.h>

#include "facts/collect.h"

static const struct fact facts[] = {
	{ "hostname", "string", "uname(2), up to the first dot", false },
	{ "domain", "string", "the rest, else /etc/hosts, else "
	    "/etc/resolv.conf", false },
	{ "fqdn", "string", "both together", false },
	{ "machine_id", "string", "/etc/machine-id", false },
	{ "uptime_seconds", "integer", "/proc/uptime", true },
	{ "idle_seconds", "integer", "/proc/uptime, of all processors", true },
	{ "load.1m", "number", "/proc/loadavg", true },
	{ "load.5m", "number", "/proc/loadavg", true },
	{ "load.15m", "number", "/proc/loadavg", true },
	{ "load.running", "integer", "/proc/loadavg", true },
	{ "load.tasks", "integer", "/proc/loadavg", true },
	{ "load.last_pid", "integer", "/proc/loadavg", true },
	{ "pressure.*", "object", "/proc/pressure: cpu, io, memory; in each "
	    "some and full with avg10, avg60, avg300 and total", true },
	{ "timezone.name", "string", "where /etc/localtime leads, else "
	    "/etc/timezone", false },
	{ "timezone.abbreviation", "string", "the zone at work", false },
	{ "timezone.utc_offset", "integer", "same, in seconds", false },
	{ "time.epoch", "integer", "the clock", true },
	{ "time.iso8601", "string", "the clock, local time", true },
	{ "time.year", "integer", "the clock", true },
	{ "time.week", "integer", "the clock, by ISO 8601", true },
	{ "time.weekday", "string", "the clock", true },
	{ "clock_synchronized", "boolean", "adjtimex(2)", false },
	{ "limits.file_max", "integer", "/proc/sys/fs/file-max", false },
	{ "limits.pid_max", "integer", "/proc/sys/kernel/pid_max", false },
	{ "limits.files_open", "integer", "/proc/sys/fs/file-nr", true },
	{ "users_logged_in[].name", "string", "/run/utmp", true },
	{ "users_logged_in[].line", "string", "same", true },
	{ "users_logged_in[].host", "string", "same", true },
	{ "users_logged_in[].since", "integer", "same", true },
	{ "users_logged_in", "array", "same", true },
	{ "last_boot", "integer", "/proc/stat, seconds since 1970", false },
	{ "chroot", "boolean", "/ and /proc/1/root", false },
	{ "battery.*.capacity", "integer", "/sys/class/power_supply", true },
	{ "battery.*.status", "string", "same", true },
	{ "power.on_ac", "boolean", "same", true },
	{ NULL, NULL, NULL, false }
};

static void
put_uptime(struct facts *f, struct val *o)
{
	struct str line = src_line(f, NULL, "/proc/uptime"), up, idle;
	int64_t n;

	up = text_word(&line);
	idle = text_word(&line);
	if (text_num(text_cut(&up, '.'), &n))
		val_int(o, "uptime_seconds", n);
	if (text_num(text_cut(&idle, '.'), &n))
		val_int(o, "idle_seconds", n);
}

/*
 * The zone is the host's, whatever that of this process is.  A link to what
 * is no file would be opened by the C library, and could hang it.
 */
static void
local_time(struct facts *f, time_t now, struct tm *tm)
{
	char *own = getenv("TZ");
	struct stat st;

	if (src_stat(f, NULL, "/etc/localtime", &st) &&
	    !S_ISREG(st.st_mode)) {
		(void)gmtime_r(&now, tm);
		return;
	}
	if (own == NULL) {
		(void)localtime_r(&now, tm);
		return;
	}
	if ((own = strdup(own)) == NULL)
		return;
	(void)unsetenv("TZ");
	tzset();
	(void)localtime_r(&now, tm);
	(void)setenv("TZ", own, 1);
	tzset();
	free(own);
}

/* "0.15 0.10 0.05 1/123 4567" */
static void
put_load(struct facts *f, struct val *o)
{
	static const char *const names[] = { "1m", "5m", "15m" };
	struct str line = src_line(f, NULL, "/proc/loadavg"), tasks;
	struct val *load = val_obj(o, "load");
	int64_t n;
	size_t i;

	for (i = 0; i < 3; i++)
		val_real(load, names[i], text_word(&line));
	tasks = text_word(&line);
	if (text_num(text_cut(&tasks, '/'), &n))
		val_int(load, "running", n);
	if (text_num(tasks, &n))
		val_int(load, "tasks", n);
	if (text_num(text_word(&line), &n))
		val_int(load, "last_pid", n);
}

/* "some avg10=0.00 avg60=0.00 avg300=0.00 total=0" */
static void
put_pressure_line(struct val *o, struct str line)
{
	struct val *kind = val_obj(o, val_key(o, text_word(&line)));
	struct str word, name;
	int64_t n;

	while ((word = text_word(&line)).len > 0) {
		name = text_cut(&word, '=');
		if (text_num(word, &n))
			val_int(kind, val_key(kind, name), n);
		else
			val_real(kind, val_key(kind, name), word);
	}
}

static void
put_pressure(struct facts *f, struct val *o)
{
	struct val *all = val_obj(o, "pressure"), *one;
	struct str text, line;
	struct dir d;
	size_t i;

	if (!dir_open(f, NULL, "/proc/pressure", &d))
		return;
	for (i = 0; i < d.n; i++) {
		one = val_obj(all, d.names[i]);
		text = src_text(f, &d, d.names[i]);
		while (text_line(&text, &line))
			put_pressure_line(one, line);
	}
	dir_close(&d);
}

static void
put_timezone(struct facts *f, struct val *o, const struct tm *tm)
{
	static const char marker[] = "/zoneinfo/";
	struct val *zone = val_obj(o, "timezone");
	char room[PATH_MAX];
	struct str link;
	const char *at;

	link = src_link(f, NULL, "/etc/localtime", room);
	at = link.len == 0 ? NULL : memmem(link.p, link.len, marker,
	    strlen(marker));
	if (at != NULL) {
		at += strlen(marker);
		val_str(zone, "name", (struct str){ at, link.len -
		    (size_t)(at - link.p) });
	} else
		src_put_line(f, NULL, "/etc/timezone", zone, "name");
	if (!facts_live(f))
		return;
	val_cstr(zone, "abbreviation", tm->tm_zone);
	val_int(zone, "utc_offset", tm->tm_gmtoff);
}

static void
put_time(struct val *o, time_t now, const struct tm *tm)
{
	struct val *t = val_obj(o, "time");
	char text[64];

	val_int(t, "epoch", now);
	if (strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S%z", tm) > 0)
		val_cstr(t, "iso8601", text);
	val_int(t, "year", tm->tm_year + 1900);
	if (strftime(text, sizeof(text), "%V", tm) > 0)
		val_int(t, "week", (text[0] - '0') * 10 + text[1] - '0');
	if (strftime(text, sizeof(text), "%u", tm) > 0) {
		static const char *const days[] = { "Monday", "Tuesday",
		    "Wednesday", "Thursday", "Friday", "Saturday", "Sunday" };

		val_cstr(t, "weekday", days[(text[0] - '1') % 7]);
	}
}

static void
put_clock(struct facts *f, struct val *o)
{
	struct timex t = { .modes = 0 };
	int state;

	if (!facts_live(f) || (state = adjtimex(&t)) == -1)
		return;
	val_bool(o, "clock_synchronized", state != TIME_ERROR &&
	    (t.status & STA_UNSYNC) == 0);
}

static void
put_limits(struct facts *f, struct val *o)
{
	struct val *limits = val_obj(o, "limits");
	struct str line;
	int64_t n;

	src_put_num(f, NULL, "/proc/sys/fs/file-max", limits, "file_max");
	src_put_num(f, NULL, "/proc/sys/kernel/pid_max", limits, "pid_max");
	line = src_line(f, NULL, "/proc/sys/fs/file-nr");
	if (text_num(text_word(&line), &n))
		val_int(limits, "files_open", n);
}

static struct str
field(const char *p, size_t size)
{
	return (struct str){ p, strnlen(p, size) };
}

static void
put_logins(struct facts *f, struct val *o)
{
	struct str text = src_text_max(f, NULL, "/run/utmp", SRC_LARGE);
	struct utmpx u;
	struct val *all, *one;

	if (text.p == NULL)
		return;
	all = val_arr(o, "users_logged_in");
	for (; text.len >= sizeof(u); text.p += sizeof(u),
	    text.len -= sizeof(u)) {
		memcpy(&u, text.p, sizeof(u));
		if (u.ut_type != USER_PROCESS)
			continue;
		one = val_obj(all, NULL);
		val_str(one, "name", field(u.ut_user, sizeof(u.ut_user)));
		val_str(one, "line", field(u.ut_line, sizeof(u.ut_line)));
		val_str(one, "host", field(u.ut_host, sizeof(u.ut_host)));
		val_int(one, "since", u.ut_tv.tv_sec);
	}
}

static void
put_chroot(struct facts *f, struct val *o)
{
	struct stat own, init;

	if (facts_live(f) && src_stat(f, NULL, "/", &own) &&
	    src_stat(f, NULL, "/proc/1/root/.", &init))
		val_bool(o, "chroot", own.st_dev != init.st_dev ||
		    own.st_ino != init.st_ino);
}

static void
put_supply(struct facts *f, const struct dir *d, const char *name,
    struct val *batteries, struct val *power)
{
	char path[NAME_MAX + 16];
	struct val *one;
	struct str type;

	(void)snprintf(path, sizeof(path), "%s/type", name);
	type = src_line(f, d, path);
	if (text_is(type, "Mains")) {
		(void)snprintf(path, sizeof(path), "%s/online", name);
		if (val_get(power, "on_ac") == NULL)
			src_put_bool(f, d, path, power, "on_ac");
	} else if (text_is(type, "Battery")) {
		one = val_obj(batteries, name);
		(void)snprintf(path, sizeof(path), "%s/capacity", name);
		src_put_num(f, d, path, one, "capacity");
		(void)snprintf(path, sizeof(path), "%s/status", name);
		src_put_line(f, d, path, one, "status");
	}
}

static void
put_power(struct facts *f, struct val *o)
{
	struct val *batteries = val_obj(o, "battery");
	struct val *power = val_obj(o, "power");
	struct dir d;
	size_t i;

	if (!dir_open(f, NULL, "/sys/class/power_supply", &d))
		return;
	for (i = 0; i < d.n; i++)
		put_supply(f, &d, d.names[i], batteries, power);
	dir_close(&d);
}

static void
run(struct facts *f, struct val *o)
{
	time_t now = time(NULL);
	struct tm tm = { 0 };
	int64_t n;

	local_time(f, now, &tm);
	host_names(f, o);
	src_put_line(f, NULL, "/etc/machine-id", o, "machine_id");
	put_uptime(f, o);
	put_load(f, o);
	put_pressure(f, o);
	put_timezone(f, o, &tm);
	put_time(o, now, &tm);
	put_clock(f, o);
	put_limits(f, o);
	put_logins(f, o);
	if ((n = boot_time(f)) != 0)
		val_int(o, "last_boot", n);
	put_chroot(f, o);
	put_power(f, o);
}

const struct collector collect_system = {
	.name = "system", .help = "names, clock and load", .facts = facts,
	.cost = 70, .run = run
};
