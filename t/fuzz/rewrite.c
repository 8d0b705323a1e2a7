/*
 * JavaScript, or what looks like it.  What comes out has as many lines as what
 * went in, or, where lines may be added, each is from one of those; or it is
 * an error that names one.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "policy/rewrite.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t
count(struct str s)
{
	size_t i, n = 0;

	for (i = 0; i < s.len; i++)
		n += s.p[i] == '\n';
	return n;
}

static void
check_error(const struct buf *err)
{
	if (err->len == 0 || err->p[0] < '1' || err->p[0] > '9' ||
	    memchr(err->p, ':', err->len) == NULL)
		abort();
}

static void
check_lines(const struct lines *l, size_t n, size_t written)
{
	unsigned i;

	for (i = 1; i <= n + 1; i++)
		if (lines_written(l, i) < 1 ||
		    lines_written(l, i) > written + 1)
			abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str source = { (const char *)data, size };
	struct buf out = { 0 }, more = { 0 }, err = { 0 };
	struct literals literals = { { 0 } };
	struct lines lines = { 0 };
	int rc = rewrite(source, "v", &literals, &out, NULL, &err);

	if (rc != 0)
		check_error(&err);
	else if (count(buf_view(&out)) != count(source))
		abort();
	if (rewrite(source, "v", NULL, &more, &lines, &err) != rc)
		abort();
	if (rc == 0)
		check_lines(&lines, count(buf_view(&more)), count(source));
	lines_clear(&lines);
	literals_clear(&literals);
	buf_clear(&out);
	buf_clear(&more);
	buf_clear(&err);
	return 0;
}
