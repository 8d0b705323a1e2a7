#include <string.h>

#include "facts/collect.h"

static const struct fact facts[] = {
	{ "*", "any", "/proc/sys: all that can be read, nested as there; one "
	    "line each", true },
	{ NULL, NULL, NULL, false }
};

enum { DEPTH_MAX = 12 };

/* Reading these has an effect, waits or makes the kernel complain. */
static bool
is_shy(const char *name)
{
	static const char *const shy[] = { "stat_refresh", "retrans_time",
	    "base_reachable_time", "drop_caches", "compact_memory", "flush",
	    "stable_secret" };
	size_t i;

	for (i = 0; i < sizeof(shy) / sizeof(shy[0]); i++)
		if (strcmp(name, shy[i]) == 0)
			return true;
	return false;
}

static void
put_value(struct facts *f, const struct dir *d, const char *name,
    struct val *o)
{
	struct str s = text_trim(src_text(f, d, name));
	int64_t n;

	if (s.len == 0 || memchr(s.p, '\n', s.len) != NULL)
		return;
	if (text_num(s, &n))
		val_int(o, name, n);
	else
		val_str(o, name, s);
}

static void
walk(struct facts *f, const struct dir *above, const char *path,
    struct val *o, int depth)
{
	struct dir d;
	size_t i;

	if (depth == DEPTH_MAX || !dir_open(f, above, path, &d))
		return;
	for (i = 0; i < d.n; i++) {
		if (is_shy(d.names[i]))
			continue;
		if (dir_is_dir(f, &d, i))
			walk(f, &d, d.names[i], val_obj(o, d.names[i]),
			    depth + 1);
		else
			put_value(f, &d, d.names[i], o);
	}
	dir_close(&d);
}

static void
run(struct facts *f, struct val *o)
{
	walk(f, NULL, "/proc/sys", o, 0);
}

const struct collector collect_sysctl = {
	.name = "kernel.sysctl", .help = "all settings of the kernel",
	.when = ON_REQUEST, .facts = facts, .cost = 4500, .run = run
};
