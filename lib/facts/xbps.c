#include <string.h>

#include "facts/package.h"

/*
 * xbps: one property list, a dictionary of packages by name.
 */
enum { PACKAGE = 2 };		/* how deep they lie */

struct plist {
	struct str	 rest;
	int		 depth;		/* of dictionaries and arrays */
};

/* The next tag, and the text behind it; false at the end. */
static bool
next(struct plist *l, struct str *tag, struct str *text)
{
	(void)text_cut(&l->rest, '<');
	if (l->rest.len == 0)
		return false;
	*tag = text_cut(&l->rest, '>');
	*text = l->rest;
	*text = text_cut(text, '<');
	return true;
}

static void
take_value(struct package *p, struct str key, struct str text, bool *there)
{
	if (text_is(key, "pkgver")) {
		p->version = text_tail(text, '-');
		if (p->version.len < text.len)
			p->name = (struct str){ text.p, text.len -
			    p->version.len - 1 };
	} else if (text_is(key, "architecture"))
		p->arch = text;
	else if (text_is(key, "state"))
		*there = text_is(text, "installed");
	else if (text_is(key, "installed_size") &&
	    !text_num(text, &p->bytes))
		p->bytes = -1;
}

static bool
is_list(struct str tag)
{
	return text_is(tag, "dict") || text_is(tag, "array");
}

bool
xbps_each(struct facts *f, package_fn *fn, void *arg)
{
	static const struct package none = { .bytes = -1,
	    .provider = "xbps" };
	struct plist l = { .depth = 0 };
	struct package p = none;
	struct str tag, text, key = { NULL, 0 };
	bool there = false;

	l.rest = src_database(f, "/var/db/xbps/pkgdb-0.38.plist",
	    PACKAGE_DB_MAX);
	if (l.rest.p == NULL)
		return false;
	while (next(&l, &tag, &text)) {
		if (is_list(tag) && ++l.depth == PACKAGE) {
			p = none;
			there = false;
		} else if (tag.len > 0 && *tag.p == '/' && is_list((struct str){
		    tag.p + 1, tag.len - 1 }) && l.depth-- == PACKAGE) {
			if (there && p.name.len > 0)
				fn(&p, arg);
		} else if (l.depth == PACKAGE && text_is(tag, "key"))
			key = text;
		else if (l.depth == PACKAGE && tag.len > 0 && *tag.p != '/')
			take_value(&p, key, text, &there);
	}
	return true;
}
