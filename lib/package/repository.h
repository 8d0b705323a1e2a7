#ifndef PACKAGE_REPOSITORY_H
#define PACKAGE_REPOSITORY_H

#include "resource/resource.h"

/*
 * repository: where a package manager gets packages from, and the key that
 * they are signed with.  It is files of the manager's own formats, which are
 * looked at and written as any other file.
 */
extern const struct resource_type resource_repository;

#endif
