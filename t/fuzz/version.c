/*
 * Three versions, as long as the first two bytes say: version_cmp() has to be
 * a total preorder on them, and the tests that people write have to agree.
 */
#include <stdio.h>
#include <stdlib.h>

#include "update/version.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int
sign(int c)
{
	return (c > 0) - (c < 0);
}

static int
compare(struct str a, struct str b)
{
	int c = sign(version_cmp(a, b));

	if (c != -sign(version_cmp(b, a)))
		abort();
	return c;
}

/* As "<1.2" and so on, split again and asked. */
static void
try_test(const char *op, struct str a, struct str b, bool expected)
{
	struct version_test t;
	const char *errstr;
	char text[600];
	int len;

	/* A version that begins with an operator or a blank is another. */
	if (b.len == 0 || b.len > 500 || memchr(" \t<>=", b.p[0], 5) != NULL ||
	    memchr(b.p, '\0', b.len) != NULL)
		return;
	len = snprintf(text, sizeof(text), "%s%.*s", op, (int)b.len, b.p);
	if (version_parse_test(&t, (struct str){ text, (size_t)len },
	    &errstr) != 0 || !str_eq(t.ver, b) ||
	    version_passes(&t, a) != expected)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct version_test t;
	const char *p = (const char *)data, *errstr;
	struct str a, b, c;
	int ab, bc;

	if (size < 2 || size - 2 < (size_t)data[0] + data[1])
		return 0;
	a = (struct str){ p + 2, data[0] };
	b = (struct str){ p + 2 + data[0], data[1] };
	c = (struct str){ b.p + b.len, size - 2 - a.len - b.len };
	if (compare(a, a) != 0)
		abort();
	ab = compare(a, b);
	bc = compare(b, c);
	/* Where both say the same, so must the ends; equal ones stand in. */
	if ((ab == bc || bc == 0) && compare(a, c) != ab)
		abort();
	if (ab == 0 && compare(a, c) != bc)
		abort();
	try_test("<", a, b, ab < 0);
	try_test("<=", a, b, ab <= 0);
	try_test(">", a, b, ab > 0);
	try_test(">=", a, b, ab >= 0);
	try_test("=", a, b, str_eq(a, b));
	if (version_parse_test(&t, c, &errstr) == 0)
		(void)version_passes(&t, a);
	return 0;
}
