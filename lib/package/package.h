#ifndef PACKAGE_PACKAGE_H
#define PACKAGE_PACKAGE_H

#include "resource/resource.h"

/*
 * package: software that a package manager installs, and removes.
 *
 * What is installed is read from the manager's own database; a child is
 * started only where something has to be done, and where a manager has to be
 * asked what the latest version is.
 *
 * Packages that follow each other become one transaction.  Who knows what
 * comes next calls the type's ahead() for it, in order, before the plan() of
 * the first: then apply() does what it can of the others as well.  Their own
 * plan() and apply(), which follow as always, tell what came of it.
 */
extern const struct resource_type resource_package;

/* What is known of packages in one run; one for all jobs of the run. */
struct packages *packages_new(void);
void	packages_free(struct packages *ps);

/* Where packages come from has changed: have the index read again. */
void	packages_stale(struct packages *ps);

#endif
