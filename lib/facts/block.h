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

/* A device in /sys/block, and what is asked of it in any case. */
struct block {
	const char	*name;
	struct dir	 dir;		/* listed, and closed */
	struct str	 size;		/* in sectors, as it stands there */
	struct str	 dev;		/* "8:0" */
	struct str	 udev;		/* see block_udev() */
};

/* Where they are, listed and open; NULL: nowhere.  Lent as long as f. */
const struct dir *block_dir(struct facts *f);

/* All that can be in use: memory and loop devices without a size are left
 * out.  Lent as long as f. */
const struct block *block_all(struct facts *f, size_t *n);

/* Sectors into a fact, as bytes. */
void	block_put_bytes(struct val *o, const char *key, struct str sectors);

#endif
