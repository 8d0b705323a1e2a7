/*
 * How many components to strip, the name of a member of an archive, and behind
 * a NUL what it is a link to.  A name that is accepted leads down and nowhere
 * else; a link that is, does not leave by its text.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "archive/plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Nothing but names, with single slashes between them. */
static bool
leads_down(struct str path)
{
	const char *p = path.p, *end = p + path.len, *slash;
	size_t n;

	for (; p <= end; p = slash + 1) {
		slash = memchr(p, '/', (size_t)(end - p));
		if (slash == NULL)
			slash = end;
		n = (size_t)(slash - p);
		if (n == 0 || (n == 1 && *p == '.') ||
		    (n == 2 && p[0] == '.' && p[1] == '.'))
			return false;
	}
	return true;
}

/* The same question, answered by a walk with a stack of what was passed. */
static bool
stays(struct str path, struct str target)
{
	int depth = 0;
	size_t i, n;

	if (target.len == 0 || target.p[0] == '/')
		return false;
	for (i = 0; i < path.len; i++)
		depth += path.p[i] == '/';
	for (i = 0; i < target.len; i += n + 1) {
		for (n = 0; i + n < target.len && target.p[i + n] != '/'; n++)
			;
		if (n == 2 && memcmp(target.p + i, "..", 2) == 0)
			depth--;
		else if (n > 0 && !(n == 1 && target.p[i] == '.'))
			depth++;
		if (depth < 0)
			return false;
	}
	return true;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf path = { 0 }, again = { 0 };
	struct str name, target = { "", 0 };
	const uint8_t *nul;

	if (size < 1)
		return 0;
	name = (struct str){ (const char *)data + 1, size - 1 };
	if ((nul = memchr(data + 1, '\0', size - 1)) != NULL) {
		name.len = (size_t)(nul - data) - 1;
		target = (struct str){ (const char *)nul + 1,
		    size - name.len - 2 };
	}
	if (archive_name(&path, name, data[0] % 4) == NULL && path.len > 0) {
		if (!leads_down(buf_view(&path)))
			abort();
		if (archive_name(&again, buf_view(&path), 0) != NULL ||
		    !str_eq(buf_view(&again), buf_view(&path)))
			abort();
		if (archive_link_inside(buf_view(&path), target) !=
		    stays(buf_view(&path), target))
			abort();
	}
	buf_clear(&path);
	buf_clear(&again);
	return 0;
}
