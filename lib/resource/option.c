#include <stdlib.h>
#include <string.h>

#include "resource/resource.h"

enum { NAME_MAX_LEN = 32, DISTANCE_MAX = 2 };

const struct resource_option resource_common[] = {
	{ "onlyif", OPTION_STRING | OPTION_BOOL | OPTION_OBJECT |
	    OPTION_FUNCTION, NULL,
	    "only if the command, the script {file: name} or the function "
	    "says yes" },
	{ "unless", OPTION_STRING | OPTION_BOOL | OPTION_OBJECT |
	    OPTION_FUNCTION, NULL, "not if it says yes" },
	{ "on", OPTION_OBJECT, NULL,
	    "handlers: event names and functions" },
	{ "watch", OPTION_BOOL, "true",
	    "with --watch: repair it whenever it is changed" },
	{ "provider", OPTION_STRING, NULL, "what does the work" },
	{ "tag", OPTION_STRING | OPTION_LIST, NULL,
	    "names by which --tag selects it" },
	{ "require", OPTION_STRING | OPTION_LIST, NULL,
	    "resources that must have gone well before, as type:title" },
	{ "before", OPTION_STRING | OPTION_LIST, NULL,
	    "resources that need this one" },
	{ "notify", OPTION_STRING | OPTION_LIST, NULL,
	    "resources to be run at the end, if this one has changed" },
	{ "notify_now", OPTION_STRING | OPTION_LIST, NULL,
	    "resources to be run next, if this one has changed" },
	{ "subscribe", OPTION_STRING | OPTION_LIST, NULL,
	    "resources whose change runs this one at the end" },
	{ "noop", OPTION_BOOL, "false", "show, but do not do it" },
	{ "window", OPTION_STRING, NULL,
	    "do it only at these times, such as Sat 02:00-04:00" },
	{ "sensitive", OPTION_BOOL, "false", "show no content" },
	{ "parms", OPTION_OBJECT | OPTION_STRING | OPTION_BOOL | OPTION_INT |
	    OPTION_LIST, NULL, "anything, for templates" },
	{ NULL, 0, NULL, NULL }
};

int
option_find(const struct resource_option *table, struct str name)
{
	int i;

	for (i = 0; table[i].name != NULL; i++)
		if (strncmp(table[i].name, name.p, name.len) == 0 &&
		    table[i].name[name.len] == '\0')
			return i;
	return -1;
}

static unsigned
min3(unsigned a, unsigned b, unsigned c)
{
	unsigned m = a < b ? a : b;

	return m < c ? m : c;
}

/* How many letters to insert, delete or replace to make b of a. */
static unsigned
distance(struct str a, struct str b)
{
	unsigned row[NAME_MAX_LEN + 1], diagonal, above;
	size_t i, k;

	for (k = 0; k <= b.len; k++)
		row[k] = (unsigned)k;
	for (i = 0; i < a.len; i++) {
		diagonal = row[0];
		row[0] = (unsigned)i + 1;
		for (k = 0; k < b.len; k++) {
			above = row[k + 1];
			row[k + 1] = min3(row[k] + 1, above + 1,
			    diagonal + (a.p[i] != b.p[k]));
			diagonal = above;
		}
	}
	return row[b.len];
}

static void
nearest_in(const struct resource_option *table, struct str name,
    const char **best, unsigned *least)
{
	struct str known;
	unsigned d;

	for (; table->name != NULL; table++) {
		known = str_of(table->name);
		if ((table->types & OPTION_HIDDEN) ||
		    known.len > NAME_MAX_LEN)
			continue;
		/* Of a short name, two letters are not much to go by. */
		if ((d = distance(name, known)) < *least &&
		    d * 2 <= name.len) {
			*least = d;
			*best = table->name;
		}
	}
}

const char *
option_nearest(const struct resource_type *type, struct str name)
{
	const char *best = NULL;
	unsigned least = DISTANCE_MAX + 1;

	if (name.len > NAME_MAX_LEN)
		return NULL;
	nearest_in(type->options, name, &best, &least);
	nearest_in(resource_common, name, &best, &least);
	return best;
}

/* In the order in which a list of them is read. */
static const struct {
	unsigned	 type;
	const char	*name;
	const char	*words;
} known[] = {
	{ OPTION_STRING | OPTION_TEXT, "string", "a string" },
	{ OPTION_BOOL, "boolean", "true or false" },
	{ OPTION_INT, "integer", "an integer" },
	{ OPTION_SECONDS, "seconds", "a number of seconds" },
	{ OPTION_LIST, "list", "a list" },
	{ OPTION_MAP | OPTION_OBJECT, "object", "an object" },
	{ OPTION_REGEXP, "regexp", "a RegExp" },
	{ OPTION_FUNCTION, "function", "a function" }
};

unsigned
option_type(struct str name)
{
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (str_eq(name, str_of(known[i].name)))
			return known[i].type;
	return 0;
}

void
option_types(struct buf *b, unsigned types)
{
	size_t i, n, left = 0;

	n = sizeof(known) / sizeof(known[0]);
	for (i = 0; i < n; i++)
		left += (types & known[i].type) != 0;
	for (i = 0; i < n; i++) {
		if ((types & known[i].type) == 0)
			continue;
		buf_puts(b, known[i].words);
		if (--left > 0)
			buf_puts(b, left > 1 ? ", " : " or ");
	}
}
