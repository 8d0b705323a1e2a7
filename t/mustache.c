/*
 * mustache: render stdin, one JSON object a line, and print what came of it.
 *
 *	{"template": "...", "data": ..., "partials": {"name": "..."}}
 *
 * Each answer is a JSON string on a line of its own, or "error: " and why.
 * What is a "lambda" in data, {"lambda": "text"}, gives text, rendered.
 */
#include <err.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "template/template.h"

static json_t *
of(template_value v)
{
	return (json_t *)v;
}

static json_t *
lambda_of(template_value v)
{
	return json_object_get(of(v), "lambda");
}

static enum template_kind
kind(void *arg, template_value v)
{
	const json_t *j = of(v);

	(void)arg;
	if (lambda_of(v) != NULL)
		return TEMPLATE_LAMBDA;
	if (json_is_array(j))
		return TEMPLATE_LIST;
	if (json_is_false(j) || json_is_null(j) ||
	    (json_is_string(j) && json_string_length(j) == 0) ||
	    (json_is_number(j) && fpclassify(json_number_value(j)) == FP_ZERO))
		return TEMPLATE_FALSE;
	return TEMPLATE_TRUE;
}

static int
get(void *arg, template_value v, struct str name, template_value *member,
    struct buf *err)
{
	json_t *j;

	(void)arg;
	(void)err;
	if ((j = json_object_getn(of(v), name.p, name.len)) == NULL)
		return 0;
	*member = (template_value)j;
	return 1;
}

static size_t
length(void *arg, template_value list)
{
	(void)arg;
	return json_array_size(of(list));
}

static template_value
item(void *arg, template_value list, size_t i)
{
	(void)arg;
	return (template_value)json_array_get(of(list), i);
}

static int
text(void *arg, template_value v, struct buf *out, struct buf *err)
{
	const json_t *j = of(v);

	(void)arg;
	(void)err;
	if (json_is_string(j))
		buf_add(out, json_string_value(j), json_string_length(j));
	else if (json_is_real(j))
		buf_printf(out, "%.16g", json_real_value(j));
	else if (json_is_integer(j))
		buf_printf(out, "%lld", (long long)json_integer_value(j));
	else if (json_is_boolean(j))
		buf_puts(out, json_is_true(j) ? "true" : "false");
	return 0;
}

static int
call(void *arg, template_value lambda, struct str body,
    struct template_run *run, struct buf *out, struct buf *err)
{
	const char *answer = json_string_value(lambda_of(lambda));

	(void)arg;
	if (strcmp(answer, "body") != 0)
		body = str_of(answer);
	return template_section(run, body, out, err);
}

static int
partial(void *arg, struct str name, struct buf *out, struct buf *err)
{
	json_t *j = json_object_getn(arg, name.p, name.len);

	(void)err;
	if (!json_is_string(j))
		return 0;
	buf_add(out, json_string_value(j), json_string_length(j));
	return 1;
}

static void
answer(json_t *test)
{
	struct template_data d = { kind, get, length, item, text, call,
	    partial, NULL, NULL, json_object_get(test, "partials") };
	struct buf out = { 0 }, why = { 0 }, line = { 0 };
	json_t *t = json_object_get(test, "template");
	struct str s = { json_string_value(t), json_string_length(t) };

	if (template_render(s, &d,
	    (template_value)json_object_get(test, "data"), &out, &why) == 0)
		buf_json(&line, buf_view(&out));
	else {
		buf_puts(&line, "error: ");
		buf_str(&line, buf_view(&why));
	}
	buf_putc(&line, '\n');
	fwrite(line.p, 1, line.len, stdout);
	buf_clear(&out);
	buf_clear(&why);
	buf_clear(&line);
}

int
main(void)
{
	json_error_t error;
	char *line = NULL;
	size_t size = 0;
	json_t *test;

	while (getline(&line, &size, stdin) != -1) {
		if ((test = json_loads(line, 0, &error)) == NULL)
			errx(2, "%s: %s", line, error.text);
		if (!json_is_string(json_object_get(test, "template")))
			errx(2, "%s: no template", line);
		answer(test);
		json_decref(test);
	}
	free(line);
	return 0;
}
