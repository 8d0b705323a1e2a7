#include <err.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/table.h"
#include "base/when.h"
#include "ask.h"

/* Names that begin with "@" are those of times. */
static const char *const columns[][TABLE_COLUMNS_MAX] = {
	[ASK_APPS] = { "app_id", "app", "@last_update", "host_count" },
	[ASK_HOSTS] = { "host", "@last_update", "app_count" },
	[ASK_VERSIONS] = { "app", "ver", "host", "instance", "host_ip",
	    "@last_update" },
	[ASK_HISTORY] = { "@time", "app_id", "ver", "host", "instance" },
	[ASK_STALE] = { "app", "ver", "host", "instance", "host_ip",
	    "@last_update" },
	[ASK_EVENTS] = { "@last", "count", "host", "module", "object", "msg" },
	[ASK_RUNS] = { "@time", "policy", "ver", "outcome", "changed", "ok",
	    "skipped", "failed", "ms" },
	[ASK_RESULTS] = { "@time", "type", "title", "outcome", "cause",
	    "why" }
};

static struct table table;
static const char *const *names;
static bool begun;

void
show_begin(enum subject subject)
{
	size_t n;

	names = columns[subject];
	for (n = 0; n < TABLE_COLUMNS_MAX && names[n] != NULL; n++)
		continue;
	table_init(&table, n);
}

static void
show_header(struct buf *out)
{
	char name[32], *p;
	size_t i;

	for (i = 0; i < table.ncols; i++) {
		(void)strlcpy(name, names[i] + (names[i][0] == '@'),
		    sizeof(name));
		for (p = name; *p != '\0'; p++)
			if (*p >= 'a' && *p <= 'z')
				*p -= 'a' - 'A';
		table_cell(&table, out, str_of(name));
	}
}

/* What a stranger's server says may be of any type. */
static void
cell_text(struct buf *b, const json_t *value, bool time)
{
	json_int_t n = json_integer_value(value);

	if (json_is_string(value))
		buf_add(b, json_string_value(value),
		    json_string_length(value));
	else if (json_is_integer(value) && time && n >= 0 && n <= UINT32_MAX)
		when_format(b, (uint32_t)n);
	else if (json_is_integer(value))
		buf_printf(b, "%" JSON_INTEGER_FORMAT, n);
}

void
show_row(struct buf *out, struct str row)
{
	struct buf cell = { 0 };
	bool time;
	json_t *o;
	size_t i;

	if ((o = json_loadb(row.p, row.len, 0, NULL)) == NULL)
		errx(2, "a row cannot be read: %.*s", (int)row.len, row.p);
	if (!begun)
		show_header(out);
	begun = true;
	for (i = 0; i < table.ncols; i++) {
		time = names[i][0] == '@';
		buf_reset(&cell);
		cell_text(&cell, json_object_get(o, names[i] + time), time);
		table_cell(&table, out, buf_view(&cell));
	}
	buf_clear(&cell);
	json_decref(o);
}

void
show_end(struct buf *out)
{
	table_end(&table, out);
	table_clear(&table);
}
