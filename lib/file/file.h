#ifndef FILE_FILE_H
#define FILE_FILE_H

#include "resource/resource.h"

/* file: a file, a directory, a link or a tree, and what is in it. */
extern const struct resource_type resource_file;

#endif
