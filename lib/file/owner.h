#ifndef FILE_OWNER_H
#define FILE_OWNER_H

#include <sys/types.h>

#include "base/buf.h"
#include "resource/world.h"

/*
 * owner: users and groups by name or number, from wherever the host has
 * them (nsswitch.conf(5)).  Digits are a number, whoever may be called that.
 *
 * In a dry run those come first that would be made by then, as world has it;
 * of one that would be gone, errno is EIDRM.
 * Names that were found are remembered until /etc/passwd or /etc/group is
 * another file; so this is for one thread.  Returns 0, or -1 with a reason and
 * errno: ENOENT or ESRCH where there is no such name.
 */
int	file_owner_user(uid_t *uid, const char *name, const struct world *w,
	    struct buf *why);
int	file_owner_group(gid_t *gid, const char *name, const struct world *w,
	    struct buf *why);

#endif
