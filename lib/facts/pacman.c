#include <stdio.h>

#include "facts/package.h"

/* "%NAME%", then its value on the next line. */
static void
take_value(struct package *p, struct str key, struct str value)
{
	if (text_is(key, "%NAME%"))
		p->name = value;
	else if (text_is(key, "%VERSION%"))
		p->version = value;
	else if (text_is(key, "%ARCH%"))
		p->arch = value;
	else if (text_is(key, "%BASE%"))
		p->source = value;
	else if (text_is(key, "%PROVIDES%"))
		p->provides = value;
	else if (text_is(key, "%SIZE%") && !text_num(value, &p->bytes))
		p->bytes = -1;
}

/* One value, or a line each, up to a blank one. */
static struct str
all_lines(struct str first, struct str *text)
{
	struct str line;

	while (text_line(text, &line) && line.len > 0)
		first.len = (size_t)(line.p + line.len - first.p);
	return first;
}

bool
pacman_each(struct facts *f, package_fn *fn, void *arg)
{
	struct package p;
	struct str text, line, value;
	char path[NAME_MAX + 16];
	struct dir d;
	size_t i;

	if (!dir_open(f, NULL, "/var/lib/pacman/local", &d))
		return false;
	for (i = 0; i < d.n; i++) {
		(void)snprintf(path, sizeof(path), "%s/desc", d.names[i]);
		text = src_text(f, &d, path);
		p = (struct package){ .bytes = -1, .provider = "pacman" };
		while (text_line(&text, &line))
			if (line.len > 2 && *line.p == '%' &&
			    text_line(&text, &value))
				take_value(&p, line, all_lines(value, &text));
		if (p.name.len > 0 && p.version.len > 0)
			fn(&p, arg);
	}
	dir_close(&d);
	return true;
}
