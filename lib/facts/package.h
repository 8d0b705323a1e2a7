#ifndef FACTS_PACKAGE_H
#define FACTS_PACKAGE_H

#include "facts/collect.h"

/*
 * package: readers of package databases, one file each.  They call fn for
 * each package that is installed; what it gets is lent until it returns.
 */
enum { PACKAGE_DB_MAX = 64 * 1024 * 1024 };

typedef void package_fn(const struct package *p, void *arg);

/*
 * Each returns false where there is no such database.  dpkg_each_state() also
 * calls fn for what is not installed, or not wholly.
 */
bool	dpkg_each(struct facts *f, package_fn *fn, void *arg);
bool	dpkg_each_state(struct facts *f, package_fn *fn, void *arg);
bool	rpm_each(struct facts *f, package_fn *fn, void *arg);
bool	apk_each(struct facts *f, package_fn *fn, void *arg);
bool	pacman_each(struct facts *f, package_fn *fn, void *arg);
bool	xbps_each(struct facts *f, package_fn *fn, void *arg);
bool	portage_each(struct facts *f, package_fn *fn, void *arg);

/* Names that apt installed only because others need them. */
struct autos {
	struct buf	 text;
	struct str	*slots;		/* mask + 1, a power of two */
	size_t		 mask;
};

bool	dpkg_autos(struct facts *f, struct autos *a);
bool	dpkg_is_auto(const struct autos *a, struct str name);
void	dpkg_autos_clear(struct autos *a);

/* packages.repositories: repos.c. */
void	repos_put(struct facts *f, struct val *o);

/* packages.language.perl, cargo, flatpak and snap: apps.c. */
void	apps_put(struct facts *f, struct val *o);

/* packages.language.go, into that array: gobuild.c. */
void	gobuild_put(struct facts *f, struct val *list);

/* Packages of npm and of pip, with fn as above. */
void	npm_each(struct facts *f, void (*fn)(struct val *json,
	    struct str name, void *arg), void *arg);
void	pip_each(struct facts *f, void (*fn)(struct str name,
	    struct str version, void *arg), void *arg);

#endif
