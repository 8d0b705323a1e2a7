#include <stdio.h>
#include <string.h>

#include "facts/collect.h"

static const struct fact facts[] = {
	{ "manufacturer", "string", "/sys/class/dmi/id/sys_vendor; "
	    "/proc/sysinfo", false },
	{ "product.name", "string", "same, product_name; /proc/device-tree/"
	    "model; /proc/sysinfo", false },
	{ "product.version", "string", "same, product_version", false },
	{ "product.serial", "string", "same, product_serial, for root; "
	    "device-tree serial-number", false },
	{ "product.uuid", "string", "same, product_uuid, for root", false },
	{ "product.sku", "string", "same, product_sku", false },
	{ "product.family", "string", "same, product_family", false },
	{ "board.vendor", "string", "same, board_vendor", false },
	{ "board.name", "string", "same, board_name", false },
	{ "board.version", "string", "same, board_version", false },
	{ "board.serial", "string", "same, board_serial, for root", false },
	{ "board.asset_tag", "string", "same, board_asset_tag", false },
	{ "chassis.type", "integer", "same, chassis_type", false },
	{ "chassis.type_name", "string", "by chassis_type", false },
	{ "chassis.vendor", "string", "same, chassis_vendor", false },
	{ "chassis.serial", "string", "same, chassis_serial, for root",
	    false },
	{ "chassis.asset_tag", "string", "same, chassis_asset_tag", false },
	{ "bios.vendor", "string", "same, bios_vendor", false },
	{ "bios.version", "string", "same, bios_version", false },
	{ "bios.date", "string", "same, bios_date", false },
	{ "bios.release", "string", "same, bios_release", false },
	{ "compatible", "array", "/proc/device-tree/compatible", false },
	{ "form_factor", "string", "desktop, laptop, server, ... by "
	    "chassis_type", false },
	{ "gpus[].vendor", "string", "/sys/class/drm", false },
	{ "gpus[].device", "string", "same", false },
	{ "gpus[].driver", "string", "same", false },
	{ "gpus[].memory_bytes", "integer", "same, where it is told", false },
	{ "watchdog", "boolean", "/sys/class/watchdog", false },
	{ "ipmi", "boolean", "/sys/class/ipmi", false },
	{ "tpm", "boolean", "/sys/class/tpm", false },
	{ NULL, NULL, NULL, false }
};

/* The file of DMI, the object, and the name in it. */
static const char *const dmi[][3] = {
	{ "sys_vendor", NULL, "manufacturer" },
	{ "product_name", "product", "name" },
	{ "product_version", "product", "version" },
	{ "product_serial", "product", "serial" },
	{ "product_uuid", "product", "uuid" },
	{ "product_sku", "product", "sku" },
	{ "product_family", "product", "family" },
	{ "board_vendor", "board", "vendor" },
	{ "board_name", "board", "name" },
	{ "board_version", "board", "version" },
	{ "board_serial", "board", "serial" },
	{ "board_asset_tag", "board", "asset_tag" },
	{ "chassis_type", "chassis", "type" },
	{ "chassis_vendor", "chassis", "vendor" },
	{ "chassis_serial", "chassis", "serial" },
	{ "chassis_asset_tag", "chassis", "asset_tag" },
	{ "bios_vendor", "bios", "vendor" },
	{ "bios_version", "bios", "version" },
	{ "bios_date", "bios", "date" },
	{ "bios_release", "bios", "release" }
};

struct chassis {
	const char	*name;
	const char	*form;
};

static struct chassis
chassis_of(int64_t type)
{
	static const struct chassis types[] = {
		[1] = { "Other", NULL }, [2] = { "Unknown", NULL },
		[3] = { "Desktop", "desktop" },
		[4] = { "Low Profile Desktop", "desktop" },
		[5] = { "Pizza Box", "desktop" },
		[6] = { "Mini Tower", "desktop" },
		[7] = { "Tower", "desktop" },
		[8] = { "Portable", "laptop" }, [9] = { "Laptop", "laptop" },
		[10] = { "Notebook", "laptop" },
		[11] = { "Hand Held", "handset" },
		[12] = { "Docking Station", NULL },
		[13] = { "All in One", "desktop" },
		[14] = { "Sub Notebook", "laptop" },
		[15] = { "Space-saving", "desktop" },
		[16] = { "Lunch Box", NULL },
		[17] = { "Main Server Chassis", "server" },
		[18] = { "Expansion Chassis", NULL },
		[19] = { "SubChassis", NULL },
		[20] = { "Bus Expansion Chassis", NULL },
		[21] = { "Peripheral Chassis", NULL },
		[22] = { "RAID Chassis", "server" },
		[23] = { "Rack Mount Chassis", "server" },
		[24] = { "Sealed-case PC", "desktop" },
		[25] = { "Multi-system Chassis", "server" },
		[28] = { "Blade", "server" },
		[29] = { "Blade Enclosure", "server" },
		[30] = { "Tablet", "tablet" },
		[31] = { "Convertible", "convertible" },
		[32] = { "Detachable", "convertible" },
		[33] = { "IoT Gateway", "embedded" },
		[34] = { "Embedded PC", "embedded" },
		[35] = { "Mini PC", "desktop" },
		[36] = { "Stick PC", "desktop" }
	};

	if (type < 0 || type >= (int64_t)(sizeof(types) / sizeof(types[0])))
		return (struct chassis){ NULL, NULL };
	return types[type];
}

static void
put_dmi(struct facts *f, struct val *o, const char **form)
{
	struct chassis c;
	struct val *at;
	struct dir d;
	int64_t type;
	size_t i;

	if (!dir_open(f, NULL, "/sys/class/dmi/id", &d))
		return;
	for (i = 0; i < sizeof(dmi) / sizeof(dmi[0]); i++) {
		at = o;
		if (dmi[i][1] != NULL &&
		    (at = val_get(o, dmi[i][1])) == NULL)
			at = val_obj(o, dmi[i][1]);
		if (!dir_has(&d, dmi[i][0]))
			continue;
		if (strcmp(dmi[i][0], "chassis_type") != 0)
			src_put_line(f, &d, dmi[i][0], at, dmi[i][2]);
		else if (src_num(f, &d, dmi[i][0], &type)) {
			c = chassis_of(type);
			val_int(at, "type", type);
			val_cstr(at, "type_name", c.name);
			*form = c.form;
		}
	}
	dir_close(&d);
}

/* Strings in the device tree end in NUL; lists have one behind each. */
static void
put_device_tree(struct facts *f, struct val *o)
{
	struct val *product, *a;
	struct str text;

	text = text_trim(src_text(f, NULL, "/proc/device-tree/model"));
	if (text.len > 0) {
		product = val_obj(o, "product");
		val_str(product, "name", text);
		val_str(product, "serial", text_trim(src_text(f, NULL,
		    "/proc/device-tree/serial-number")));
	}
	text = text_trim(src_text(f, NULL, "/proc/device-tree/compatible"));
	if (text.len == 0)
		return;
	a = val_arr(o, "compatible");
	while (text.len > 0)
		val_str(a, NULL, text_cut(&text, '\0'));
}

static void
put_sysinfo(struct facts *f, struct val *o)
{
	struct str text = src_text(f, NULL, "/proc/sysinfo");
	struct val *product;

	if (text.len == 0)
		return;
	val_str(o, "manufacturer", text_field(text, "Manufacturer", ':'));
	product = val_obj(o, "product");
	val_str(product, "name", text_field(text, "Type", ':'));
	val_str(product, "version", text_field(text, "Model", ':'));
	val_str(product, "serial", text_field(text, "Sequence Code", ':'));
}

static void
put_gpu(struct facts *f, const struct dir *d, const char *card, struct val *a)
{
	char path[NAME_MAX + 32], room[PATH_MAX];
	struct val *gpu = val_obj(a, NULL);

	(void)snprintf(path, sizeof(path), "%s/device/vendor", card);
	src_put_line(f, d, path, gpu, "vendor");
	(void)snprintf(path, sizeof(path), "%s/device/device", card);
	src_put_line(f, d, path, gpu, "device");
	(void)snprintf(path, sizeof(path), "%s/device/driver", card);
	val_str(gpu, "driver", text_tail(src_link(f, d, path, room), '/'));
	(void)snprintf(path, sizeof(path), "%s/device/mem_info_vram_total",
	    card);
	src_put_num(f, d, path, gpu, "memory_bytes");
}

/* "card0", not "card0-HDMI-A-1" */
static void
put_gpus(struct facts *f, struct val *o)
{
	struct val *a;
	struct dir d;
	int64_t n;
	size_t i;

	if (!dir_open(f, NULL, "/sys/class/drm", &d))
		return;
	a = val_arr(o, "gpus");
	for (i = 0; i < d.n; i++)
		if (strncmp(d.names[i], "card", 4) == 0 &&
		    text_num(str_of(d.names[i] + 4), &n))
			put_gpu(f, &d, d.names[i], a);
	dir_close(&d);
}

static void
put_presence(struct facts *f, struct val *o, const char *key,
    const char *path)
{
	struct dir d;
	bool any = false;

	if (dir_open(f, NULL, path, &d)) {
		any = d.n > 0;
		dir_close(&d);
	}
	val_bool(o, key, any);
}

static void
run(struct facts *f, struct val *o)
{
	const char *form = NULL;

	if (src_exists(f, "/sys/class/dmi/id"))
		put_dmi(f, o, &form);
	else if (src_exists(f, "/proc/device-tree"))
		put_device_tree(f, o);
	else
		put_sysinfo(f, o);
	val_cstr(o, "form_factor", form);
	put_gpus(f, o);
	put_presence(f, o, "watchdog", "/sys/class/watchdog");
	put_presence(f, o, "ipmi", "/sys/class/ipmi");
	put_presence(f, o, "tpm", "/sys/class/tpm");
}

const struct collector collect_hardware = {
	.name = "hardware", .help = "the machine", .facts = facts,
	.cost = 60, .run = run
};
