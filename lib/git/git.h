#ifndef GIT_GIT_H
#define GIT_GIT_H

#include "resource/resource.h"

/*
 * git: a working copy of a repository, at a branch, a tag or a commit.
 *
 * What is there is read from the files of the repository; git(1) is started
 * where something has to be done, and where a remote has to be asked which
 * commit a branch is at.
 */
extern const struct resource_type resource_git;

#endif
