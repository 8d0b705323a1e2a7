/*
 * A resource type, by the first byte, and options for it as JSON.  They are
 * declared in each way there is; all have to agree with one another, and with
 * the tables on what is in order.  What is refused is told by name.
 */
#include <jansson.h>
#include <math.h>
#include <stdint.h>

#include "policy.h"
#include "types/types.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char text[] =
"var type = process.env.FUZZ_TYPE, o, said, json = process.env.FUZZ_JSON;"
"function attempt(title) {"
"	try { p2[type](title, o); } catch (e) { return e.message.replace(/^TypeError: /, ''); }"
"	return '';"
"}"
"try { o = JSON.parse(json); } catch (e) { o = 0; }"
"if (o !== null && typeof o === 'object') {"
"	said = [attempt(['t']), attempt('t'), attempt('t')];"
"	if (said[0] !== said[1] || said[0] !== said[2])"
"		throw new Error(JSON.stringify(said));"
"	process.stdout.write('=' + said[0]);"
"}";

/* Is there a type of the option's that the value has? */
static bool
is_of(unsigned types, const json_t *v, bool common)
{
	const json_t *one;
	double d;
	size_t i;

	switch (json_typeof(v)) {
	case JSON_STRING:
		return types & (OPTION_STRING | OPTION_TEXT);
	case JSON_TRUE:
	case JSON_FALSE:
		return types & OPTION_BOOL;
	case JSON_INTEGER:
	case JSON_REAL:
		d = json_number_value(v);
		return (types & OPTION_SECONDS) ||
		    ((types & OPTION_INT) && floor(d) == d);
	case JSON_OBJECT:
		return types & (OPTION_OBJECT | OPTION_MAP);
	case JSON_ARRAY:
		if ((types & OPTION_LIST) == 0)
			return false;
		json_array_foreach(v, i, one)
			if (!common && !json_is_string(one) &&
			    !json_is_number(one))
				return false;
		return true;
	default:
		return true;
	}
}

static bool
is_in_order(const struct resource_type *type, const char *name,
    const json_t *v)
{
	const struct resource_option *table = type->options;
	int i = option_find(table, str_of(name));

	if (i == -1) {
		table = resource_common;
		i = option_find(table, str_of(name));
	}
	/* There are no functions in JSON to be handlers. */
	if (i != -1 && strcmp(name, "on") == 0 && json_object_size(v) > 0)
		return false;
	return i != -1 && (table[i].types & OPTION_HIDDEN) == 0 &&
	    is_of(table[i].types, v, table == resource_common);
}

static bool
starts(struct str s, const char *with)
{
	return str_starts(s, str_of(with));
}

static void
judge(const struct resource_type *type, const char *json, struct str said)
{
	json_t *o = json_loads(json, JSON_REJECT_DUPLICATES, NULL), *v;
	const char *name;
	bool fine = true;

	if (said.len > 0 && !starts(said, "there is no option ") &&
	    !starts(said, "option ") && !starts(said, "on "))
		abort();
	/* What is for templates may have any name; and JSONs differ a bit. */
	if (!json_is_object(o) || strstr(json, "templ") != NULL ||
	    strstr(json, "{{") != NULL || strchr(json, '\\') != NULL)
		goto decref;
	json_object_foreach(o, name, v)
		fine = fine && is_in_order(type, name, v);
	if (fine != (said.len == 0))
		abort();
decref:
	json_decref(o);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct resource_type *type;
	struct buf why = { 0 };
	size_t n = 0;
	char *json;

	if (size < 2 || memchr(data, '\0', size) != NULL)
		return 0;
	while (resource_types[n] != NULL)
		n++;
	type = resource_types[data[0] % n];
	if ((json = strndup((const char *)data + 1, size - 1)) == NULL)
		return 0;
	setenv("FUZZ_TYPE", type->name, 1);
	setenv("FUZZ_JSON", json, 1);
	if (fuzz_apply(text, true, &why) != 0)
		errx(2, "%.*s", (int)why.len, why.p);
	if (fuzz_printed.len > 0)
		judge(type, json, (struct str){ fuzz_printed.p + 1,
		    fuzz_printed.len - 1 });
	free(json);
	return 0;
}
