#include <stdio.h>

#include "facts/collect.h"

static const struct fact facts[] = {
	{ "[].slot", "string", "/sys/bus/pci/devices", false },
	{ "[].class", "string", "same", false },
	{ "[].vendor", "string", "same", false },
	{ "[].device", "string", "same", false },
	{ "[].driver", "string", "same", false },
	{ NULL, NULL, NULL, false }
};

static void
run(struct facts *f, struct val *o)
{
	static const char *const files[] = { "class", "vendor", "device" };
	char path[NAME_MAX + 16], room[PATH_MAX];
	struct val *one;
	struct dir d;
	size_t i, j;

	if (!dir_open(f, NULL, "/sys/bus/pci/devices", &d))
		return;
	for (i = 0; i < d.n; i++) {
		one = val_obj(o, NULL);
		val_cstr(one, "slot", d.names[i]);
		for (j = 0; j < 3; j++) {
			(void)snprintf(path, sizeof(path), "%s/%s",
			    d.names[i], files[j]);
			src_put_line(f, &d, path, one, files[j]);
		}
		(void)snprintf(path, sizeof(path), "%s/driver", d.names[i]);
		val_str(one, "driver", text_tail(src_link(f, &d, path, room),
		    '/'));
	}
	dir_close(&d);
}

const struct collector collect_pci = {
	.name = "hardware.pci", .help = "PCI devices", .when = ON_REQUEST,
	.is_array = true, .facts = facts, .cost = 400, .run = run
};
