#include <stdio.h>
#include <string.h>

#include "facts/collect.h"

static const struct fact facts[] = {
	{ "temperatures.*", "number", "/sys/class/hwmon, /sys/class/thermal: "
	    "degrees Celsius", true },
	{ "fans.*", "integer", "/sys/class/hwmon: turns a minute", true },
	{ NULL, NULL, NULL, false }
};

/* "coretemp Core 0", "nvme temp1": the chip and the label, or the input. */
static const char *
sensor_name(struct facts *f, const struct dir *chip, const char *input,
    const char *chipname, struct val *o)
{
	size_t stem = strlen(input) - strlen("_input");
	char path[NAME_MAX + 16], name[256];
	struct str label;

	(void)snprintf(path, sizeof(path), "%.*s_label", (int)stem, input);
	label = (struct str){ input, stem };
	if (dir_has(chip, path))
		label = src_line(f, chip, path);
	(void)snprintf(name, sizeof(name), "%s %.*s", chipname,
	    (int)label.len, label.p);
	return val_get(o, name) != NULL ? NULL : val_key(o, str_of(name));
}

static void
put_celsius(struct val *o, const char *key, int64_t milli)
{
	char text[32];

	(void)snprintf(text, sizeof(text), "%.1f", (double)milli / 1000);
	val_real(o, key, str_of(text));
}

static void
put_chip(struct facts *f, const struct dir *above, const char *name,
    struct val *temperatures, struct val *fans)
{
	struct dir chip;
	char chipname[64];
	struct str s;
	int64_t n;
	size_t i;

	if (!dir_open(f, above, name, &chip))
		return;
	s = src_line(f, &chip, "name");
	(void)snprintf(chipname, sizeof(chipname), "%.*s", (int)s.len, s.p);
	for (i = 0; i < chip.n; i++) {
		if (!text_ends(str_of(chip.names[i]), "_input") ||
		    !src_num(f, &chip, chip.names[i], &n))
			continue;
		if (strncmp(chip.names[i], "temp", 4) == 0)
			put_celsius(temperatures, sensor_name(f, &chip,
			    chip.names[i], chipname, temperatures), n);
		else if (strncmp(chip.names[i], "fan", 3) == 0)
			val_int(fans, sensor_name(f, &chip, chip.names[i],
			    chipname, fans), n);
	}
	dir_close(&chip);
}

static void
put_zone(struct facts *f, const struct dir *d, const char *name,
    struct val *temperatures)
{
	char path[NAME_MAX + 16];
	const char *key;
	struct str type;
	int64_t n;

	(void)snprintf(path, sizeof(path), "%s/type", name);
	type = src_line(f, d, path);
	if ((key = val_key(temperatures, type)) == NULL ||
	    val_get(temperatures, key) != NULL)
		return;
	(void)snprintf(path, sizeof(path), "%s/temp", name);
	if (src_num(f, d, path, &n))
		put_celsius(temperatures, key, n);
}

static void
run(struct facts *f, struct val *o)
{
	struct val *temperatures = val_obj(o, "temperatures");
	struct val *fans = val_obj(o, "fans");
	struct dir d;
	size_t i;

	if (dir_open(f, NULL, "/sys/class/hwmon", &d)) {
		for (i = 0; i < d.n; i++)
			put_chip(f, &d, d.names[i], temperatures, fans);
		dir_close(&d);
	}
	if (dir_open(f, NULL, "/sys/class/thermal", &d)) {
		for (i = 0; i < d.n; i++)
			if (strncmp(d.names[i], "thermal_zone", 12) == 0)
				put_zone(f, &d, d.names[i], temperatures);
		dir_close(&d);
	}
	val_sort(temperatures);
	val_sort(fans);
}

const struct collector collect_sensors = {
	.name = "system.sensors", .help = "temperatures and fans",
	.when = ON_REQUEST, .facts = facts, .cost = 150, .run = run
};
