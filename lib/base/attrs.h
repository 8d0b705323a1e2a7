#ifndef BASE_ATTRS_H
#define BASE_ATTRS_H

#include <sys/types.h>

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"

/*
 * attrs: what a file has beside its content.  A new inode that takes an old
 * one's place is to have all of it: owner, extended attributes (among them
 * ACLs, capabilities and labels) and mode.
 *
 * What fails here has said why (base/why.h) and set errno; path is for that.
 */
struct attrs {
	uid_t	uid;		/* (uid_t)-1: as it is */
	gid_t	gid;
	mode_t	mode;		/* 07777, or (mode_t)-1 */
};

#define ATTRS_NONE { (uid_t)-1, (gid_t)-1, (mode_t)-1 }

/* Bring fd to a; what is so already is not set again. */
int	attrs_set(int fd, const struct attrs *a, const char *path,
	    struct buf *why);

/*
 * Give to what from has, except for what a says otherwise.  Attributes that
 * the kernel makes of the content (IMA, EVM) stay behind.
 */
int	attrs_copy(int from, int to, const struct attrs *a, const char *path,
	    struct buf *why);

/*
 * Extended attributes as bytes, in order of their names, each as NAME NUL, the
 * length of the value in four bytes, highest first, and the value: all of
 * them but those of the content.  A file that cannot have any has none.  When
 * they are set, what fd has besides goes, labels of the kernel's excepted.
 */
int	attrs_list_get(int fd, struct buf *b, const char *path,
	    struct buf *why);
int	attrs_list_set(int fd, struct str list, const char *path,
	    struct buf *why);

/* The next one of a list, which is cut by it; false at its end. */
bool	attrs_list_next(struct str *list, struct str *name, struct str *value);

/*
 * Writing to a file takes its capabilities away: read them before into b, and
 * set them again after.
 */
int	attrs_caps_get(int fd, struct buf *b, const char *path,
	    struct buf *why);
int	attrs_caps_set(int fd, const struct buf *b, const char *path,
	    struct buf *why);

/*
 * The flags of chattr(1) that forbid to replace a file, of fd: cleared, and
 * what was there in *flags, for attrs_flags_set() on what took its place.
 */
int	attrs_flags_clear(int fd, int *flags, const char *path,
	    struct buf *why);
int	attrs_flags_set(int fd, int flags, const char *path, struct buf *why);

#endif
