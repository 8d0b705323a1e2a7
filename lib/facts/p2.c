#include <time.h>

#include "facts/collect.h"

static const struct fact facts[] = {
	{ "version", "string", "the build", false },
	{ "facts_version", "integer", "the schema of this table", false },
	{ "collected_at", "string", "the clock, in UTC", true },
	{ "duration_us", "integer", "the clock, from the start to the first "
	    "output", true },
	{ NULL, NULL, NULL, false }
};

static void
run(struct facts *f, struct val *o)
{
	char text[32];
	time_t now = time(NULL);
	struct tm tm;

	(void)f;
	val_cstr(o, "version", VERSION);
	val_int(o, "facts_version", FACTS_VERSION);
	if (gmtime_r(&now, &tm) != NULL && strftime(text, sizeof(text),
	    "%Y-%m-%dT%H:%M:%SZ", &tm) > 0)
		val_cstr(o, "collected_at", text);
	val_int(o, "duration_us", 0);	/* see facts_tree() */
}

const struct collector collect_p2 = {
	.name = "p2", .help = "this program", .facts = facts,
	.cost = 4, .run = run
};
