#ifndef FACTS_BLOCK_H
#define FACTS_BLOCK_H

#include "facts/collect.h"

/*
 * block: what disks, partitions and storage share.
 */

/* What udev knows of the device "major:minor", "KEY=value" lines behind
 * "E:"; lent as src_text() does. */
struct str block_udev(struct facts *f, struct str dev);
struct str block_udev_value(struct str text, const char *key);

/* A value in which udev wrote \x20 for a blank, in the arena. */
struct str block_decode(struct facts *f, struct str s);

/* Where the device "major:minor" is mounted, or empty; in the arena. */
struct str block_mount(struct facts *f, struct str dev);

/* Octal escapes, as in mountinfo and fstab, undone in the arena. */
struct str block_unescape(struct facts *f, struct str s);

/* Memory and loop devices that have no size are left out. */
bool	block_is_idle(struct facts *f, const struct dir *d, const char *name);

#endif
