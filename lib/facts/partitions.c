#include <stdio.h>
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
put_names(struct facts *f, struct val *o, const char *dev, const char *name)
{
	struct str udev = block_udev(f, str_of(dev));

	udev.p = arena_cstr(facts_arena(f), udev);
	if (udev.p == NULL)
		return;
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
put_sectors(struct facts *f, const struct dir *d, const char *file,
    struct val *o, const char *key)
{
	int64_t n;

	if (src_num(f, d, file, &n) && n < INT64_MAX / 512)
		val_int(o, key, n * 512);
}

static void
put_device(struct facts *f, const struct dir *d, const char *name,
    struct val *all)
{
	struct val *o = val_obj(all, name);
	struct str dev;
	char kept[32];

	put_sectors(f, d, "size", o, "size_bytes");
	if (dir_has(d, "start"))
		put_sectors(f, d, "start", o, "start_bytes");
	dev = src_line(f, d, "dev");
	(void)snprintf(kept, sizeof(kept), "%.*s", (int)(dev.len < 30 ?
	    dev.len : 30), dev.len == 0 ? "" : dev.p);
	if (kept[0] == '\0')
		return;
	put_names(f, o, kept, name);
	val_str(o, "mount", block_mount(f, str_of(kept)));
	if (dir_has(d, "loop"))
		src_put_line(f, d, "loop/backing_file", o, "backing_file");
}

/* The partitions of a disk, or itself where it has none. */
static void
put_disk(struct facts *f, const struct dir *above, const char *name,
    struct val *o)
{
	struct dir d, part;
	bool any = false;
	size_t i;

	if (!dir_open(f, above, name, &d))
		return;
	for (i = 0; i < d.n; i++)
		if (strncmp(d.names[i], name, strlen(name)) == 0 &&
		    dir_open(f, &d, d.names[i], &part)) {
			any = true;
			put_device(f, &part, d.names[i], o);
			dir_close(&part);
		}
	if (!any)
		put_device(f, &d, name, o);
	dir_close(&d);
}

static void
run(struct facts *f, struct val *o)
{
	struct dir d;
	size_t i;

	if (!dir_open(f, NULL, "/sys/block", &d))
		return;
	for (i = 0; i < d.n; i++)
		if (!block_is_idle(f, &d, d.names[i]))
			put_disk(f, &d, d.names[i], o);
	dir_close(&d);
	val_sort(o);
}

const struct collector collect_partitions = {
	.name = "partitions", .help = "partitions, and disks without any",
	.facts = facts, .cost = 250, .run = run
};
