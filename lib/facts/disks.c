#include <string.h>

#include "facts/block.h"

static const struct fact facts[] = {
	{ "*.size_bytes", "integer", "/sys/block/*/size", false },
	{ "*.model", "string", "/sys/block/*/device/model, else "
	    "/run/udev/data", false },
	{ "*.vendor", "string", "same, vendor", false },
	{ "*.serial", "string", "same, serial", false },
	{ "*.wwn", "string", "same, wwid", false },
	{ "*.revision", "string", "same, rev, firmware_rev", false },
	{ "*.rotational", "boolean", "/sys/block/*/queue", false },
	{ "*.removable", "boolean", "/sys/block/*/removable", false },
	{ "*.read_only", "boolean", "/sys/block/*/ro", false },
	{ "*.transport", "string", "/run/udev/data, else by name", false },
	{ "*.logical_block_bytes", "integer", "/sys/block/*/queue", false },
	{ "*.physical_block_bytes", "integer", "/sys/block/*/queue", false },
	{ "*.scheduler", "string", "/sys/block/*/queue", false },
	{ "*.discard", "boolean", "/sys/block/*/queue/discard_max_bytes",
	    false },
	{ "*.partitions", "array", "/sys/block/*", false },
	{ "*.holders", "array", "/sys/block/*/holders", false },
	{ NULL, NULL, NULL, false }
};

/* From sysfs if it is there, else what udev made of it. */
static void
put_name(struct facts *f, const struct dir *dev, const char *const files[2],
    struct val *o, const char *key, struct str udev)
{
	struct str s = { NULL, 0 };
	int i;

	for (i = 0; i < 2 && s.len == 0; i++)
		if (files[i] != NULL && dev->n > 0 && dir_has(dev, files[i]))
			s = src_line(f, dev, files[i]);
	val_str(o, key, s.len > 0 ? s : udev);
}

static const char *
transport(const char *name)
{
	return strncmp(name, "nvme", 4) == 0 ? "nvme" :
	    strncmp(name, "vd", 2) == 0 ? "virtio" :
	    strncmp(name, "mmcblk", 6) == 0 ? "mmc" :
	    strncmp(name, "xvd", 3) == 0 ? "xen" : NULL;
}

static void
put_identity(struct facts *f, const struct dir *d, struct val *o,
    struct str udev)
{
	static const char *const files[][2] = { { "model", "name" },
	    { "vendor", NULL }, { "serial", NULL }, { "wwid", "nguid" },
	    { "rev", "firmware_rev" } };
	static const char *const keys[][2] = { { "model", "ID_MODEL" },
	    { "vendor", "ID_VENDOR" }, { "serial", "ID_SERIAL_SHORT" },
	    { "wwn", "ID_WWN" }, { "revision", "ID_REVISION" } };
	struct dir dev = { .fd = -1 };
	bool opened;
	size_t i;

	opened = dir_has(d, "device") && dir_open(f, d, "device", &dev);
	for (i = 0; i < 5; i++)
		put_name(f, &dev, files[i], o, keys[i][0],
		    block_udev_value(udev, keys[i][1]));
	if (opened)
		dir_close(&dev);
}

static void
put_queue(struct facts *f, const struct dir *d, struct val *o)
{
	struct str s;
	int64_t n;

	src_put_num(f, d, "queue/logical_block_size", o,
	    "logical_block_bytes");
	src_put_num(f, d, "queue/physical_block_size", o,
	    "physical_block_bytes");
	s = src_line(f, d, "queue/scheduler");
	if (memchr(s.p, '[', s.len) != NULL) {
		(void)text_cut(&s, '[');
		s = text_cut(&s, ']');
	}
	val_str(o, "scheduler", s);
	if (src_num(f, d, "queue/discard_max_bytes", &n))
		val_bool(o, "discard", n > 0);
}

static void
put_parts(struct facts *f, const struct dir *d, const char *name,
    struct val *o)
{
	struct val *a = val_arr(o, "partitions");
	struct dir holders;
	size_t i;

	for (i = 0; i < d->n; i++)
		if (strncmp(d->names[i], name, strlen(name)) == 0)
			val_cstr(a, NULL, d->names[i]);
	if (!dir_has(d, "holders") || !dir_open(f, d, "holders", &holders))
		return;
	a = val_arr(o, "holders");
	for (i = 0; i < holders.n; i++)
		val_cstr(a, NULL, holders.names[i]);
	dir_close(&holders);
}

static void
put_disk(struct facts *f, const struct block *b, struct val *o)
{
	struct dir d = b->dir;
	struct str bus;

	block_put_bytes(o, "size_bytes", b->size);
	if (!dir_reopen(f, &d))
		return;
	put_identity(f, &d, o, b->udev);
	src_put_bool(f, &d, "queue/rotational", o, "rotational");
	src_put_bool(f, &d, "removable", o, "removable");
	src_put_bool(f, &d, "ro", o, "read_only");
	bus = block_udev_value(b->udev, "ID_BUS");
	if (bus.len > 0)
		val_str(o, "transport", bus);
	else
		val_cstr(o, "transport", transport(b->name));
	put_queue(f, &d, o);
	put_parts(f, &d, b->name, o);
	dir_close(&d);
}

static void
run(struct facts *f, struct val *o)
{
	const struct block *all;
	size_t i, n;

	all = block_all(f, &n);
	for (i = 0; i < n; i++)
		put_disk(f, &all[i], val_obj(o, all[i].name));
}

const struct collector collect_disks = {
	.name = "disks", .help = "block devices", .facts = facts,
	.cost = 60, .run = run
};
