/*
 * What claims to be an update.  The verdict has to be that of jansson and the
 * rules of update.h, which are told here once more, and so have the fields;
 * and what is taken has to be the same when it has been written out again.
 */
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <wctype.h>

#include <jansson.h>

#include "base/utf8.h"
#include "update/update.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	if (setlocale(LC_CTYPE, "C.UTF-8") == NULL)
		abort();
	return 0;
}

static size_t
code_points(const char *p, size_t n)
{
	size_t count = 0;

	while (n-- > 0)
		count += (*p++ & 0xc0) != 0x80;
	return count;
}

/* A string field: may it be there with that value? */
static bool
text_ok(const json_t *root, const char *name, size_t least)
{
	const json_t *j = json_object_get(root, name);
	size_t n;

	if (j == NULL)
		return least == 0;
	if (!json_is_string(j))
		return false;
	n = code_points(json_string_value(j), json_string_length(j));
	return n >= least && n <= 50;
}

static bool
instance_ok(const json_t *root)
{
	const json_t *j = json_object_get(root, "instance");

	return j == NULL || (json_is_integer(j) &&
	    json_integer_value(j) >= 0 && json_integer_value(j) <= 65535);
}

static bool
update_ok(const json_t *root)
{
	return json_is_object(root) && text_ok(root, "app", 1) &&
	    text_ok(root, "ver", 1) && text_ok(root, "host", 0) &&
	    instance_ok(root);
}

static void
same_text(const json_t *root, const char *name, struct str s)
{
	const json_t *j = json_object_get(root, name);

	if (s.len != json_string_length(j) || (s.len > 0 &&
	    memcmp(s.p, json_string_value(j), s.len) != 0))
		abort();
}

/* The C library's lower case, with the locale above, is Unicode's simple one. */
static void
check_id(struct str app)
{
	char id[UPDATE_ID_MAX];
	size_t i, n, len = update_app_id(id, app);
	uint32_t cp;
	wint_t low;

	for (i = 0; app.len > 0; i++, app.p += n, app.len -= n) {
		if ((n = utf8_next(app, &cp)) == 0 || i == len)
			abort();
		low = towlower((wint_t)cp);
		if (!((low >= '0' && low <= '9') || (low >= 'a' &&
		    low <= 'z')))
			low = '_';
		if ((wint_t)id[i] != low)
			abort();
	}
	if (i != len)
		abort();
}

static void
write_out(const struct update *u)
{
	struct buf b = { 0 };
	struct update again;
	const char *why;

	update_format(&b, u);
	if (buf_failed(&b) || update_parse(&again, b.p, b.len, &why) != 0 ||
	    !str_eq(again.app, u->app) || !str_eq(again.ver, u->ver) ||
	    !str_eq(again.host, u->host) || again.instance != u->instance ||
	    update_make(&again, u->app, u->ver, u->host, u->instance,
	    &why) != 0)
		abort();
	buf_clear(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *p = (const char *)data, *why;
	struct update u;
	json_t *root;
	bool taken;

	taken = update_parse(&u, p, size, &why) == 0;
	if (taken != (why == NULL))
		abort();
	root = json_loadb(p, size, 0, NULL);
	if (taken != update_ok(root))
		abort();
	if (taken) {
		same_text(root, "app", u.app);
		same_text(root, "ver", u.ver);
		same_text(root, "host", u.host);
		if (u.instance != (unsigned)json_integer_value(
		    json_object_get(root, "instance")))
			abort();
		check_id(u.app);
		write_out(&u);
	}
	json_decref(root);
	return 0;
}
