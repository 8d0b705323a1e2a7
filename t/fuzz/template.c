/*
 * A template.  What it finds depends on the first letter of each name: lists,
 * objects, lambdas, partials that are the template itself.  No text and no
 * depth may do more than fail.
 */
#include <stdint.h>
#include <stdlib.h>

#include "template/template.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { NOTHING, TEXT, LIST, OBJECT, LAMBDA, OUT_MAX = 1 << 16 };

static struct str whole;
static unsigned budget;		/* so that what repeats itself has an end */

static enum template_kind
kind(void *arg, template_value v)
{
	(void)arg;
	switch (v) {
	case NOTHING:
		return TEMPLATE_FALSE;
	case LIST:
		return TEMPLATE_LIST;
	case LAMBDA:
		return TEMPLATE_LAMBDA;
	default:
		return TEMPLATE_TRUE;
	}
}

static int
get(void *arg, template_value v, struct str name, template_value *member,
    struct buf *err)
{
	(void)arg;
	(void)err;
	if (v != OBJECT || name.len == 0 || name.p[0] < 'a' ||
	    name.p[0] > 'e')
		return 0;
	*member = (template_value)(name.p[0] - 'a');
	return 1;
}

static size_t
length(void *arg, template_value list)
{
	(void)arg;
	(void)list;
	return budget > 0 && budget-- % 2 == 0 ? 2 : 0;
}

static template_value
item(void *arg, template_value list, size_t i)
{
	(void)arg;
	(void)list;
	return i == 0 ? OBJECT : TEXT;
}

static int
text(void *arg, template_value v, struct buf *out, struct buf *err)
{
	(void)arg;
	(void)err;
	if (v == TEXT)
		buf_puts(out, "<&>\n");
	return 0;
}

static int
call(void *arg, template_value lambda, struct str body,
    struct template_run *run, struct buf *out, struct buf *err)
{
	(void)arg;
	(void)lambda;
	if (budget == 0)
		return 0;
	budget--;
	return template_section(run, body, out, err);
}

static int
partial(void *arg, struct str name, struct buf *out, struct buf *err)
{
	(void)arg;
	(void)name;
	(void)err;
	if (budget == 0 || out->len > OUT_MAX)
		return 0;
	budget--;
	buf_str(out, whole);
	return 1;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct template_data d = { kind, get, length, item, text, call,
	    partial, NULL, NULL, NULL };
	struct buf out = { 0 }, err = { 0 };
	int rc;

	whole = (struct str){ (const char *)data, size };
	budget = 200;
	rc = template_render(whole, &d, OBJECT, &out, &err);
	if ((rc == -1) != (err.len > 0))
		abort();
	buf_clear(&out);
	buf_clear(&err);
	return 0;
}
