#include "facts/package.h"

/* "P:name", "V:version": a letter a line, and a blank line behind each. */
static void
take_line(struct package *p, struct str line)
{
	struct str value;

	if (line.len < 3 || line.p[1] != ':')
		return;
	value = (struct str){ line.p + 2, line.len - 2 };
	switch (*line.p) {
	case 'P':
		p->name = value;
		break;
	case 'V':
		p->version = value;
		break;
	case 'A':
		p->arch = value;
		break;
	case 'o':
		p->source = value;
		break;
	case 'p':
		p->provides = value;
		break;
	case 'I':
		if (!text_num(value, &p->bytes))
			p->bytes = -1;
		break;
	}
}

bool
apk_each(struct facts *f, package_fn *fn, void *arg)
{
	static const struct package none = { .bytes = -1,
	    .provider = "apk" };
	struct package p = none;
	struct str text, line;

	text = src_database(f, "/lib/apk/db/installed", PACKAGE_DB_MAX);
	if (text.p == NULL)
		text = src_database(f, "/usr/lib/apk/db/installed",
		    PACKAGE_DB_MAX);
	if (text.p == NULL)
		return false;
	while (text_line(&text, &line)) {
		if (line.len > 0) {
			take_line(&p, line);
			continue;
		}
		if (p.name.len > 0 && p.version.len > 0)
			fn(&p, arg);
		p = none;
	}
	if (p.name.len > 0 && p.version.len > 0)
		fn(&p, arg);
	return true;
}
