/*
 * The first byte says what the rest is: a list of packages, as apt has it, or
 * what apt-cache prints.  Whatever is found of two names was said of them, and
 * the best version is the highest.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "facts/text.h"
#include "package/plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char names[2][8] = { "nginx", "a" };

static bool
is_said(struct str text, struct str version)
{
	return memmem(text.p, text.len, version.p, version.len) != NULL;
}

static void
check(const struct package_offer *o, struct str text, bool is_list)
{
	bool found = false;
	const char *p;
	size_t i;

	if (o->versions.len > 0 && (!o->known ||
	    o->versions.p[o->versions.len - 1] != '\0'))
		abort();
	for (i = 0; i < o->versions.len; i += strlen(p) + 1) {
		p = o->versions.p + i;
		if (!is_said(text, str_of(p)) || *p == '\0')
			abort();
		if (is_list && (o->best == NULL ||
		    version_cmp(str_of(p), str_of(o->best)) > 0))
			abort();
		found = found || (o->best != NULL && strcmp(p, o->best) == 0);
	}
	if (o->best != NULL && (!o->known || (is_list && !found)))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct package_offer offers[2] = { { .name = names[0] },
	    { .name = names[1] } }, *v[2] = { &offers[0], &offers[1] };
	struct str text;
	size_t i;

	/* A version with a NUL in it ends there, and so is another one. */
	if (size < 1 || memchr(data, '\0', size) != NULL)
		return 0;
	text = (struct str){ (const char *)data + 1, size - 1 };
	if (data[0] & 1)
		apt_take_list(v, 2, str_of("amd64"), text);
	else
		apt_take_policy(v, 2, text);
	for (i = 0; i < 2; i++) {
		check(v[i], text, data[0] & 1);
		buf_clear(&v[i]->versions);
		free(v[i]->best);
	}
	return 0;
}
