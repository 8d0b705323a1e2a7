#include <string.h>

#include "archive/plan.h"
#include "facts/text.h"

/* The next component; empty ones and "." are none.  Empty at the end. */
static struct str
component(struct str *rest)
{
	struct str part = { "", 0 };

	while (rest->len > 0) {
		part = text_cut(rest, '/');
		if (part.len > 0 && !text_is(part, "."))
			return part;
	}
	return (struct str){ "", 0 };
}

const char *
archive_name(struct buf *out, struct str name, unsigned strip)
{
	struct str part;
	size_t start = out->len;

	if (name.len == 0)
		return "has no name";
	if (*name.p == '/')
		return "its name is absolute";
	if (memchr(name.p, '\0', name.len) != NULL)
		return "its name has a NUL in it";
	while ((part = component(&name)).len > 0) {
		if (text_is(part, ".."))
			return "its name has .. in it";
		if (strip > 0) {
			strip--;
			continue;
		}
		if (out->len > start)
			buf_putc(out, '/');
		buf_str(out, part);
	}
	return NULL;
}

bool
archive_link_inside(struct str path, struct str target)
{
	struct str part;
	size_t depth = 0;

	if (target.len == 0 || *target.p == '/')
		return false;
	(void)component(&path);
	while (component(&path).len > 0)
		depth++;
	while ((part = component(&target)).len > 0)
		if (!text_is(part, ".."))
			depth++;
		else if (depth-- == 0)
			return false;
	return true;
}
