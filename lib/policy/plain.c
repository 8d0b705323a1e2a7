#include <string.h>

#include "policy/plain.h"

const struct resource_option *
find_option(const struct resource_type *type, const char *name, int *i)
{
	const struct resource_option *table = type->options;

	if ((*i = option_find(table, str_of(name))) == -1) {
		table = resource_common;
		*i = option_find(table, str_of(name));
	}
	return *i == -1 || (table[*i].types & OPTION_HIDDEN) ? NULL : table;
}

/* Do steps with this one depend on others, or on the time, or others on them? */
static bool
is_involved(const char *name)
{
	static const char *const names[] = { "on", "before", "notify",
	    "notify_now", "require", "subscribe", "window" };
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

bool
plain_fits(const struct resource_type *type, const char *name,
    unsigned types, struct option_row *row)
{
	const struct resource_option *table;
	int i;

	if ((table = find_option(type, name, &i)) == NULL ||
	    (table == resource_common && is_involved(name)))
		return false;
	*row = (struct option_row){ &table[i],
	    table == resource_common ? -1 : i };
	return types == 0 ||
	    ((types & table[i].types) != 0 && types != OPTION_LIST);
}

bool
plain_is_easy(const char *name)
{
	/* For the prelude to do, or they take long to look at twice. */
	static const char *const names[] = { "onlyif", "unless",
	    "is_template", "source", "validate", "watch", "noop",
	    "rollback" };
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(name, names[i]) == 0)
			return false;
	return true;
}
