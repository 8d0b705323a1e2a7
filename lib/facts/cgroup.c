#include <stdio.h>
#include <string.h>

#include "facts/collect.h"
#include "facts/state.h"

static const struct fact facts[] = {
	{ "version", "integer", "/proc/self/cgroup", false },
	{ "path", "string", "/proc/self/cgroup", false },
	{ "controllers", "array", "/sys/fs/cgroup/cgroup.controllers; of "
	    "version 1 /proc/self/cgroup", false },
	{ "cpu_quota", "number", "cpu.max, in processors; the least of it and "
	    "those above", false },
	{ "cpu_weight", "integer", "cpu.weight, cpu.shares", false },
	{ "memory_max_bytes", "integer", "memory.max, likewise", false },
	{ "memory_current_bytes", "integer", "memory.current", true },
	{ "pids_max", "integer", "pids.max", false },
	{ "namespaces.*", "integer", "/proc/self/ns", false },
	{ NULL, NULL, NULL, false }
};

static struct str
own_cgroups(struct facts *f)
{
	return src_keep(f, "/proc/self/cgroup", SRC_MAX);
}

/*
 * The path in the hierarchy of a controller: "4:cpu,cpuacct:/path"; that of
 * version 2 has number 0 and no name.  Empty: there is none.
 */
static struct str
path_of(struct facts *f, const char *controller)
{
	struct str text = own_cgroups(f), line, names, name, number;

	while (text_line(&text, &line)) {
		number = text_cut(&line, ':');
		names = text_cut(&line, ':');
		if (*controller == '\0' && text_is(number, "0") &&
		    names.len == 0)
			return line;
		while (*controller != '\0' && names.len > 0) {
			name = text_cut(&names, ',');
			if (text_is(name, controller))
				return line;
		}
	}
	return (struct str){ NULL, 0 };
}

/* Version 1 where any controller has a hierarchy of its own. */
static int
version(struct facts *f)
{
	if (!f->cgroup_known) {
		f->cgroup_known = true;
		f->cgroup_version = path_of(f, "memory").p != NULL ||
		    path_of(f, "cpu").p != NULL ||
		    path_of(f, "pids").p != NULL ? 1 :
		    path_of(f, "").p != NULL ? 2 : 0;
	}
	return f->cgroup_version;
}

enum { LEVELS_MAX = 8 };

/* How many cgroups, from the own one to the top, are to be asked. */
static unsigned
levels(struct facts *f, const char *controller)
{
	struct str path = path_of(f, version(f) == 2 ? "" : controller);
	unsigned n = 1;
	size_t i;

	for (i = 1; i < path.len && n < LEVELS_MAX; i++)
		n += path.p[i - 1] == '/';
	return n;
}

/* A file of the cgroup that is up levels above the own one. */
static struct str
read_at(struct facts *f, const char *controller, const char *file,
    unsigned up)
{
	int v = version(f);
	struct str path = path_of(f, v == 2 ? "" : controller);
	char full[PATH_MAX];
	const char *kept;

	if (v == 0 || path.len == 0 || *path.p != '/')
		return (struct str){ NULL, 0 };
	while (up-- > 0) {
		if (path.len <= 1)
			return (struct str){ NULL, 0 };
		while (path.len > 0 && path.p[path.len - 1] != '/')
			path.len--;
		path.len--;
	}
	if (path.len == 1)
		path.len = 0;
	if (snprintf(full, sizeof(full), "/sys/fs/cgroup%s%s%.*s/%s",
	    v == 2 ? "" : "/", v == 2 ? "" : controller, (int)path.len,
	    path.p, file) >= (int)sizeof(full) ||
	    (kept = arena_cstr(facts_arena(f), str_of(full))) == NULL)
		return (struct str){ NULL, 0 };
	return text_trim(src_keep(f, kept, SRC_MAX));
}

/* The least that the own cgroup and those above it allow; -1: no limit. */
static int64_t
least(struct facts *f, const char *controller, const char *file)
{
	int64_t n, min = -1;
	unsigned up, all = levels(f, controller);

	for (up = 0; up < all; up++)
		if (text_num(read_at(f, controller, file, up), &n) &&
		    (min == -1 || n < min))
			min = n;
	return min;
}

int64_t
cgroup_memory_max(struct facts *f)
{
	int64_t n = least(f, "memory", version(f) == 2 ? "memory.max" :
	    "memory.limit_in_bytes");

	/* No limit is a very large one in version 1. */
	return n >= (int64_t)1 << 62 ? -1 : n;
}

static double
quota_at(struct facts *f, unsigned up)
{
	struct str s;
	int64_t quota, period;

	if (version(f) == 2) {
		s = read_at(f, "cpu", "cpu.max", up);
		if (!text_num(text_word(&s), &quota) ||
		    !text_num(text_word(&s), &period))
			return 0;
	} else if (!text_num(read_at(f, "cpu", "cpu.cfs_quota_us", up),
	    &quota) || quota <= 0 ||
	    !text_num(read_at(f, "cpu", "cpu.cfs_period_us", up), &period))
		return 0;
	return period > 0 ? (double)quota / (double)period : 0;
}

double
cgroup_cpu_quota(struct facts *f)
{
	double quota, min = 0;
	unsigned up, all = levels(f, "cpu");

	for (up = 0; up < all; up++)
		if ((quota = quota_at(f, up)) > 0 &&
		    (min <= 0 || quota < min))
			min = quota;
	return min;
}

static void
put_controllers(struct facts *f, struct val *o)
{
	struct str text, line, names;
	struct val *a = val_arr(o, "controllers");

	if (version(f) == 2) {
		text = src_line(f, NULL, "/sys/fs/cgroup/cgroup.controllers");
		while ((line = text_word(&text)).len > 0)
			val_str(a, NULL, line);
		return;
	}
	text = own_cgroups(f);
	while (text_line(&text, &line)) {
		(void)text_cut(&line, ':');
		names = text_cut(&line, ':');
		while (names.len > 0 && !str_starts(names, str_of("name=")))
			val_str(a, NULL, text_cut(&names, ','));
	}
}

static void
put_limits(struct facts *f, struct val *o)
{
	double quota = cgroup_cpu_quota(f);
	bool two = version(f) == 2;
	char text[32];
	int64_t n;

	if (quota > 0) {
		(void)snprintf(text, sizeof(text), "%.2f", quota);
		val_real(o, "cpu_quota", str_of(text));
	}
	if (text_num(read_at(f, "cpu", two ? "cpu.weight" : "cpu.shares", 0),
	    &n))
		val_int(o, "cpu_weight", n);
	if ((n = cgroup_memory_max(f)) >= 0)
		val_int(o, "memory_max_bytes", n);
	if (text_num(read_at(f, "memory", two ? "memory.current" :
	    "memory.usage_in_bytes", 0), &n))
		val_int(o, "memory_current_bytes", n);
	if ((n = least(f, "pids", "pids.max")) >= 0)
		val_int(o, "pids_max", n);
}

/* "net:[4026531840]" */
static void
put_namespaces(struct facts *f, struct val *o)
{
	struct val *all = val_obj(o, "namespaces");
	char room[PATH_MAX];
	struct str link;
	struct dir d;
	int64_t n;
	size_t i;

	if (!dir_open(f, NULL, "/proc/self/ns", &d))
		return;
	for (i = 0; i < d.n; i++) {
		if (text_ends(str_of(d.names[i]), "_for_children"))
			continue;
		link = src_link(f, &d, d.names[i], room);
		(void)text_cut(&link, '[');
		if (text_num(text_cut(&link, ']'), &n))
			val_int(all, d.names[i], n);
	}
	dir_close(&d);
}

static void
run(struct facts *f, struct val *o)
{
	int v = version(f);
	struct str path;

	if (v != 0) {
		val_int(o, "version", v);
		path = path_of(f, v == 2 ? "" : "memory");
		val_str(o, "path", path);
		put_controllers(f, o);
		put_limits(f, o);
	}
	put_namespaces(f, o);
}

const struct collector collect_cgroup = {
	.name = "cgroup", .help = "the control group of this process",
	.facts = facts, .cost = 35, .run = run
};
