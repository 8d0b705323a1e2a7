#ifndef ARCHIVE_ARCHIVE_H
#define ARCHIVE_ARCHIVE_H

#include "resource/resource.h"

/*
 * archive: a directory that has what is in an archive, and is the archive's
 * alone.  What it was made of is told by a file in it, so that nothing else
 * has to be looked at, and no program started, where it is as wanted.
 */
extern const struct resource_type resource_archive;

#endif
