#include <stdio.h>
#include <string.h>

#include "facts/package.h"

/* "openssl-3.0.13-r1": the version begins behind the last dash before a
 * digit, but for that of the revision. */
static size_t
name_len(const char *pf)
{
	size_t i, n = strlen(pf), found = n;

	for (i = n; i-- > 1; )
		if (pf[i - 1] == '-' && pf[i] >= '0' && pf[i] <= '9') {
			found = i - 1;
			break;
		}
	return found;
}

static void
put_category(struct facts *f, const struct dir *d, const char *category,
    package_fn *fn, void *arg)
{
	struct package p;
	char path[2 * NAME_MAX + 16], name[2 * NAME_MAX + 2];
	struct dir packages;
	size_t i, n;

	if (!dir_open(f, d, category, &packages))
		return;
	for (i = 0; i < packages.n; i++) {
		n = name_len(packages.names[i]);
		if (packages.names[i][n] == '\0')
			continue;
		p = (struct package){ .bytes = -1, .provider = "portage" };
		(void)snprintf(name, sizeof(name), "%s/%.*s", category,
		    (int)n, packages.names[i]);
		p.name = str_of(name);
		p.version = str_of(packages.names[i] + n + 1);
		(void)snprintf(path, sizeof(path), "%s/SIZE",
		    packages.names[i]);
		if (!src_num(f, &packages, path, &p.bytes))
			p.bytes = -1;
		fn(&p, arg);
	}
	dir_close(&packages);
}

bool
portage_each(struct facts *f, package_fn *fn, void *arg)
{
	struct dir d;
	size_t i;

	if (!dir_open(f, NULL, "/var/db/pkg", &d))
		return false;
	for (i = 0; i < d.n; i++)
		put_category(f, &d, d.names[i], fn, arg);
	dir_close(&d);
	return true;
}
