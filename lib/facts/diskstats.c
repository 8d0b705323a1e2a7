#include "facts/collect.h"

static const struct fact facts[] = {
	{ "*.reads", "integer", "/proc/diskstats", true },
	{ "*.read_bytes", "integer", "/proc/diskstats", true },
	{ "*.writes", "integer", "/proc/diskstats", true },
	{ "*.written_bytes", "integer", "/proc/diskstats", true },
	{ "*.busy_ms", "integer", "/proc/diskstats", true },
	{ NULL, NULL, NULL, false }
};

/* "major minor name reads merged sectors ms writes merged sectors ms ..." */
static void
run(struct facts *f, struct val *o)
{
	struct str text = src_text_max(f, NULL, "/proc/diskstats", SRC_LARGE);
	struct str line, name;
	struct val *one;
	int64_t n[10];
	int i;

	while (text_line(&text, &line)) {
		(void)text_word(&line);
		(void)text_word(&line);
		name = text_word(&line);
		for (i = 0; i < 10; i++)
			if (!text_num(text_word(&line), &n[i]))
				break;
		if (i < 10 || (n[0] == 0 && n[4] == 0) ||
		    val_get_str(o, name) != NULL)
			continue;
		one = val_obj(o, val_key(o, name));
		val_int(one, "reads", n[0]);
		val_int(one, "read_bytes", (int64_t)((uint64_t)n[2] * 512));
		val_int(one, "writes", n[4]);
		val_int(one, "written_bytes", (int64_t)((uint64_t)n[6] *
		    512));
		val_int(one, "busy_ms", n[9]);
	}
	val_sort(o);
}

const struct collector collect_storage_io = {
	.name = "storage.io", .help = "counters of block devices",
	.when = ON_REQUEST, .facts = facts, .cost = 6, .run = run
};
