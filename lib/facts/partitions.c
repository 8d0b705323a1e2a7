#include <string.h>

#include "facts/block.h"

static const struct fact facts[] = {
	{ "*.size_bytes", "integer", "/sys/block/*/*/size", false },
	{ "*.start_bytes", "integer", "same, start", false },
	{ "*.uuid", "string", "/run/udev/data, else /dev/disk/by-uuid",
	    false },
	{ "*.label", "string", "/run/udev/data, else /dev/disk/by-label",
	    false },
	{ "*.filesystem", "string", "/run/udev/data", false },
	{ "*.partuuid", "string", "/run/udev/data, else "
	    "/dev/disk/by-partuuid", false },
	{ "*.partlabel", "string", "/run/udev/data, else "
	    "/dev/disk/by-partlabel", false },
	{ "*.parttype", "string", "/run/udev/data", false },
	{ "*.mount", "string", "/proc/self/mountinfo", false },
	{ "*.backing_file", "string", "/sys/block/loop*/loop/backing_file",
	    false },
	{ NULL, NULL, NULL, false }
};

/* The link in a directory of /dev/disk that leads to that device. */
static void
put_by_link(struct facts *f, struct val *o, const char *key,
    const char *path, const char *device)
{
	char room[PATH_MAX];
	struct dir d;
	size_t i;

	if (!dir_open(f, NULL, path, &d))
		return;
	for (i = 0; i < d.n; i++)
		if (text_is(text_tail(src_link(f, &d, d.names[i], room), '/'),
		    device)) {
			val_str(o, key, block_decode(f, str_of(d.names[i])));
			break;
		}
	dir_close(&d);
}

static void
put_udev(struct facts *f, struct val *o, struct str udev, const char *key,
    const char *name, const char *links, const char *device)
{
	struct str s = block_udev_value(udev, name);

	if (s.len > 0)
		val_str(o, key, block_decode(f, s));
	else if (udev.len == 0 && links != NULL)
		put_by_link(f, o, key, links, device);
}

static void
put_names(struct facts *f, struct val *o, struct str udev, const char *name)
{
	put_udev(f, o, udev, "uuid", "ID_FS_UUID", "/dev/disk/by-uuid", name);
	put_udev(f, o, udev, "label", "ID_FS_LABEL_ENC",
	    "/dev/disk/by-label", name);
	put_udev(f, o, udev, "filesystem", "ID_FS_TYPE", NULL, name);
	put_udev(f, o, udev, "partuuid", "ID_PART_ENTRY_UUID",
	    "/dev/disk/by-partuuid", name);
	put_udev(f, o, udev, "partlabel", "ID_PART_ENTRY_NAME",
	    "/dev/disk/by-partlabel", name);
	put_udev(f, o, udev, "parttype", "ID_PART_ENTRY_TYPE", NULL, name);
}

static void
put_mount(struct facts *f, struct val *o, struct str dev)
{
	if (dev.len > 0)
		val_str(o, "mount", block_mount(f, dev));
}

static void
put_partition(struct facts *f, const struct dir *d, const char *name,
    struct val *o)
{
	struct str dev;

	block_put_bytes(o, "size_bytes", src_line(f, d, "size"));
	block_put_bytes(o, "start_bytes", src_line(f, d, "start"));
	dev = arena_str(facts_arena(f), src_line(f, d, "dev"));
	if (dev.len == 0)
		return;
	put_names(f, o, arena_str(facts_arena(f), block_udev(f, dev)), name);
	put_mount(f, o, dev);
}

/* A disk that has no partitions is what is mounted. */
static void
put_whole(struct facts *f, const struct block *b, const struct dir *d,
    struct val *o)
{
	block_put_bytes(o, "size_bytes", b->size);
	if (b->dev.len == 0)
		return;
	put_names(f, o, b->udev, b->name);
	put_mount(f, o, b->dev);
	if (dir_has(d, "loop"))
		src_put_line(f, d, "loop/backing_file", o, "backing_file");
}

static void
put_disk(struct facts *f, const struct block *b, struct val *o)
{
	struct dir d = b->dir, part;
	bool any = false;
	size_t i;

	if (!dir_reopen(f, &d))
		return;
	for (i = 0; i < d.n; i++)
		if (strncmp(d.names[i], b->name, strlen(b->name)) == 0 &&
		    dir_open(f, &d, d.names[i], &part)) {
			any = true;
			put_partition(f, &part, d.names[i], val_obj(o,
			    d.names[i]));
			dir_close(&part);
		}
	if (!any)
		put_whole(f, b, &d, val_obj(o, b->name));
	dir_close(&d);
}

static void
run(struct facts *f, struct val *o)
{
	const struct block *all;
	size_t i, n;

	all = block_all(f, &n);
	for (i = 0; i < n; i++)
		put_disk(f, &all[i], o);
	val_sort(o);
}

const struct collector collect_partitions = {
	.name = "partitions", .help = "partitions, and disks without any",
	.facts = facts, .cost = 80, .run = run
};
