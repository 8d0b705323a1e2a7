#ifndef TYPES_FSTAB_H
#define TYPES_FSTAB_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"

/*
 * fstab: lines of fstab(5) and of /proc/self/mountinfo (proc_pid_mountinfo(5)),
 * in both of which blanks and backslashes in a word are octal escapes.
 */
enum { FSTAB_DEVICE, FSTAB_POINT, FSTAB_TYPE, FSTAB_OPTIONS, FSTAB_DUMP,
    FSTAB_PASS, FSTAB_WORDS };

/* The words of a line, lent, as they stand there; false for a comment. */
bool	fstab_words(struct str line, struct str words[FSTAB_WORDS]);

/* Append a word with escapes, or without. */
void	fstab_escape(struct buf *b, struct str s);
void	fstab_unescape(struct buf *b, struct str word);

/* Is it s, as a word with escapes? */
bool	fstab_is(struct str word, struct str s);

/* What is mounted somewhere; all of it is lent, with escapes. */
struct mounted_at {
	struct str	 options;	/* of the mount */
	struct str	 super;		/* of the file system */
	struct str	 type;
	struct str	 device;
};

/* In a text of mountinfo: what was mounted at path last; false: nothing. */
bool	mountinfo_find(struct str text, struct str path, struct mounted_at *m);

/* Append text without what is mounted at path. */
void	mountinfo_without(struct buf *b, struct str text, struct str path);

/*
 * Is it another disk than device, which may be UUID= and its like?  False where
 * there is doubt: what is no block device may have other names.
 */
bool	mounted_other(const struct mounted_at *m, const char *device);

/*
 * Has it not the option?  Those of mounts the kernel tells; those of a file
 * system are other words there, or none, and are never missing.
 */
bool	mounted_lacks(const struct mounted_at *m, struct str name);

#endif
