/*
 * JavaScript, or what looks like it, with for-of in it.  What comes out has as
 * many lines as what went in; or it is an error that names one.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "policy/loops.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t
count(struct str s)
{
	size_t i, n = 0;

	for (i = 0; i < s.len; i++)
		n += s.p[i] == '\n';
	return n;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str source = { (const char *)data, size };
	struct buf out = { 0 }, err = { 0 };

	if (loops_rewrite(source, &out, &err) == -1) {
		if (err.len == 0 || err.p[0] < '1' || err.p[0] > '9' ||
		    memchr(err.p, ':', err.len) == NULL)
			abort();
	} else if (count(buf_view(&out)) != count(source))
		abort();
	buf_clear(&out);
	buf_clear(&err);
	return 0;
}
