#include <string.h>

#include "package/repository_text.h"

/* Nothing in a value may begin a line of its own. */
static int
check(const char *field, struct str s, struct buf *why)
{
	if (memchr(s.p, '\n', s.len) == NULL &&
	    memchr(s.p, '\r', s.len) == NULL && s.len > 0)
		return 0;
	buf_printf(why, "%s: %s", field, s.len == 0 ? "an empty string" :
	    "more than a line");
	return -1;
}

/* "Field: a b c", or nothing where there is no value. */
static int
put_list(struct buf *b, const char *field, const char *sep, const char *colon,
    const struct value *v, struct buf *why)
{
	const struct str *list = v->type == VALUE_LIST ? v->list : &v->str;
	size_t i, n = v->type == VALUE_LIST ? v->n : 1;

	if (v->type == VALUE_NONE)
		return 0;
	buf_puts(b, field);
	buf_puts(b, colon);
	for (i = 0; i < n; i++) {
		if (check(field, list[i], why) == -1)
			return -1;
		if (i > 0)
			buf_puts(b, sep);
		buf_str(b, list[i]);
	}
	buf_putc(b, '\n');
	return 0;
}

static int
put_settings(struct buf *b, const char *colon, const struct value *v,
    struct buf *why)
{
	struct str name, value;
	const char *eq;
	size_t i;

	for (i = 0; v->type == VALUE_LIST && i < v->n; i++) {
		eq = memchr(v->list[i].p, '=', v->list[i].len);
		name = (struct str){ v->list[i].p,
		    (size_t)(eq - v->list[i].p) };
		value = (struct str){ eq + 1, v->list[i].len - name.len - 1 };
		if (check("settings", name, why) == -1 ||
		    check("settings", value, why) == -1)
			return -1;
		buf_str(b, name);
		buf_puts(b, colon);
		buf_str(b, value);
		buf_putc(b, '\n');
	}
	return 0;
}

static int
write_deb822(const struct repository_text *t, struct buf *b, struct buf *why)
{
	if (t->types->type == VALUE_NONE)
		buf_puts(b, "Types: deb\n");
	if (put_list(b, "Types", " ", ": ", t->types, why) == -1 ||
	    put_list(b, "URIs", " ", ": ", t->uri, why) == -1 ||
	    put_list(b, "Suites", " ", ": ", t->suites, why) == -1 ||
	    put_list(b, "Components", " ", ": ", t->components, why) == -1 ||
	    put_list(b, "Architectures", " ", ": ", t->architectures, why) ==
	    -1)
		return -1;
	if (t->key_path != NULL)
		buf_printf(b, "Signed-By: %s\n", t->key_path);
	if (t->trusted)
		buf_puts(b, "Trusted: yes\n");
	if (!t->enabled)
		buf_puts(b, "Enabled: no\n");
	return put_settings(b, ": ", t->settings, why);
}

static int
write_yum(const struct repository_text *t, struct buf *b, struct buf *why)
{
	buf_printf(b, "[%s]\n", t->name);
	if (t->description->type == VALUE_NONE)
		buf_printf(b, "name=%s\n", t->name);
	if (put_list(b, "name", " ", "=", t->description, why) == -1 ||
	    put_list(b, "baseurl", "\n\t", "=", t->uri, why) == -1)
		return -1;
	buf_printf(b, "enabled=%d\ngpgcheck=%d\n", t->enabled, !t->trusted);
	if (t->key_path != NULL)
		buf_printf(b, "gpgkey=file://%s\n", t->key_path);
	return put_settings(b, "=", t->settings, why);
}

int
repository_write(const struct repository_text *t, struct buf *b,
    struct buf *why)
{
	return t->format == FORMAT_DEB822 ? write_deb822(t, b, why) :
	    write_yum(t, b, why);
}
