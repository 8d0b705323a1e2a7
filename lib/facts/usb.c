#include <stdio.h>
#include <string.h>

#include "facts/collect.h"

static const struct fact facts[] = {
	{ "[].path", "string", "/sys/bus/usb/devices", false },
	{ "[].vendor_id", "string", "same", false },
	{ "[].product_id", "string", "same", false },
	{ "[].manufacturer", "string", "same", false },
	{ "[].product", "string", "same", false },
	{ "[].serial", "string", "same", false },
	{ "[].driver", "string", "same", false },
	{ NULL, NULL, NULL, false }
};

static const char *const files[][2] = {
	{ "idVendor", "vendor_id" }, { "idProduct", "product_id" },
	{ "manufacturer", "manufacturer" }, { "product", "product" },
	{ "serial", "serial" }
};

static void
run(struct facts *f, struct val *o)
{
	char path[NAME_MAX + 16], room[PATH_MAX];
	struct val *one;
	struct dir d;
	size_t i, j;

	if (!dir_open(f, NULL, "/sys/bus/usb/devices", &d))
		return;
	for (i = 0; i < d.n; i++) {
		if (strchr(d.names[i], ':') != NULL)
			continue;		/* an interface, no device */
		one = val_obj(o, NULL);
		val_cstr(one, "path", d.names[i]);
		for (j = 0; j < sizeof(files) / sizeof(files[0]); j++) {
			(void)snprintf(path, sizeof(path), "%s/%s",
			    d.names[i], files[j][0]);
			src_put_line(f, &d, path, one, files[j][1]);
		}
		(void)snprintf(path, sizeof(path), "%s/driver", d.names[i]);
		val_str(one, "driver", text_tail(src_link(f, &d, path, room),
		    '/'));
	}
	dir_close(&d);
}

const struct collector collect_usb = {
	.name = "hardware.usb", .help = "USB devices", .when = ON_REQUEST,
	.is_array = true, .facts = facts, .cost = 400, .run = run
};
