#include <stdio.h>
#include <string.h>

#include "facts/collect.h"

static const struct fact timers_facts[] = {
	{ "*.enabled", "boolean", "links below /etc/systemd/system", false },
	{ "*.schedule", "array", "On...= lines of the unit file", false },
	{ "*.unit", "string", "Unit= in the unit file", false },
	{ NULL, NULL, NULL, false }
};

static const struct fact cron_facts[] = {
	{ "[].file", "string", "/etc/crontab, /etc/cron.d, "
	    "/var/spool/cron", false },
	{ "[].schedule", "string", "same", false },
	{ "[].user", "string", "same; of a spool file its owner", false },
	{ "[].command", "string", "same", false },
	{ NULL, NULL, NULL, false }
};

static void
put_timer(struct facts *f, const struct dir *d, const char *file,
    struct val *o)
{
	struct str text, line, key, unit = { NULL, 0 };
	struct val *a = val_arr(o, "schedule");

	text = src_text(f, d, file);
	while (text_line(&text, &line)) {
		line = text_trim(line);
		key = line;
		key = text_trim(text_cut(&key, '='));
		if (str_starts(key, str_of("On")) && key.len < line.len)
			val_str(a, NULL, line);
		else
			(void)text_key(line, "Unit", '=', &unit);
	}
	val_str(o, "unit", unit);
}

static bool
is_enabled(const struct dir *wants, bool opened, const char *name)
{
	return opened && dir_has(wants, name);
}

static void
run_timers(struct facts *f, struct val *o)
{
	static const char *const dirs[] = { "/etc/systemd/system",
	    "/usr/lib/systemd/system", "/lib/systemd/system" };
	struct dir d, wants;
	struct val *one;
	size_t i, j;
	bool opened;

	opened = dir_open(f, NULL,
	    "/etc/systemd/system/timers.target.wants", &wants);
	for (i = 0; i < 3; i++) {
		if (!dir_open(f, NULL, dirs[i], &d))
			continue;
		for (j = 0; j < d.n; j++) {
			if (!text_ends(str_of(d.names[j]), ".timer") ||
			    val_get(o, d.names[j]) != NULL)
				continue;
			one = val_obj(o, d.names[j]);
			val_bool(one, "enabled", is_enabled(&wants, opened,
			    d.names[j]));
			put_timer(f, &d, d.names[j], one);
		}
		dir_close(&d);
	}
	if (opened)
		dir_close(&wants);
	val_sort(o);
}

/* Five fields, or one that begins with an at sign; user NULL: it is next. */
static void
put_line(struct val *list, const char *file, const char *user,
    struct str line)
{
	struct str start, word, end;
	struct val *o;
	int fields;

	line = text_trim(line);
	if (line.len == 0 || (*line.p != '@' && *line.p != '*' &&
	    (*line.p < '0' || *line.p > '9')))
		return;
	start = line;
	for (fields = *line.p == '@' ? 1 : 5; fields > 0; fields--)
		if ((word = text_word(&line)).len == 0)
			return;
	end = line;
	o = val_obj(list, NULL);
	val_cstr(o, "file", file);
	val_str(o, "schedule", (struct str){ start.p, (size_t)(end.p -
	    start.p) });
	if (user != NULL)
		val_cstr(o, "user", user);
	else
		val_str(o, "user", text_word(&line));
	val_str(o, "command", text_trim(line));
}

static void
put_file(struct facts *f, struct val *list, const struct dir *d,
    const char *name, const char *user)
{
	struct str text = src_text(f, d, name), line;
	char path[PATH_MAX];

	(void)snprintf(path, sizeof(path), "%s%s%s", d == NULL ? "" : d->path,
	    d == NULL ? "" : "/", name);
	while (text_line(&text, &line))
		put_line(list, path, user, line);
}

static void
run_cron(struct facts *f, struct val *o)
{
	static const char *const spools[] = { "/var/spool/cron/crontabs",
	    "/var/spool/cron" };
	struct dir d;
	size_t i, j;

	put_file(f, o, NULL, "/etc/crontab", NULL);
	if (dir_open(f, NULL, "/etc/cron.d", &d)) {
		for (i = 0; i < d.n; i++)
			put_file(f, o, &d, d.names[i], NULL);
		dir_close(&d);
	}
	for (j = 0; j < 2; j++) {
		if (!dir_open(f, NULL, spools[j], &d))
			continue;
		for (i = 0; i < d.n; i++)
			put_file(f, o, &d, d.names[i], d.names[i]);
		dir_close(&d);
		return;
	}
}

const struct collector collect_timers = {
	.name = "timers", .help = "timers of systemd", .when = ON_REQUEST,
	.facts = timers_facts, .cost = 60, .run = run_timers
};

const struct collector collect_cron = {
	.name = "cron", .help = "tables of cron", .when = ON_REQUEST,
	.is_array = true, .facts = cron_facts, .cost = 12, .run = run_cron
};
