#include <stdio.h>
#include <string.h>

#include "facts/block.h"
#include "facts/smbios.h"

static const struct fact facts[] = {
	{ "total_bytes", "integer", "/proc/meminfo", false },
	{ "available_bytes", "integer", "/proc/meminfo", true },
	{ "free_bytes", "integer", "/proc/meminfo", true },
	{ "used_bytes", "integer", "total less available", true },
	{ "buffers_bytes", "integer", "/proc/meminfo", true },
	{ "cached_bytes", "integer", "/proc/meminfo", true },
	{ "dirty_bytes", "integer", "/proc/meminfo", true },
	{ "shmem_bytes", "integer", "/proc/meminfo", true },
	{ "slab_bytes", "integer", "/proc/meminfo", true },
	{ "swap.total_bytes", "integer", "/proc/meminfo", false },
	{ "swap.free_bytes", "integer", "/proc/meminfo", true },
	{ "swap.used_bytes", "integer", "/proc/meminfo", true },
	{ "swap.devices[].name", "string", "/proc/swaps", false },
	{ "swap.devices[].type", "string", "/proc/swaps", false },
	{ "swap.devices[].size_bytes", "integer", "/proc/swaps", false },
	{ "swap.devices[].used_bytes", "integer", "/proc/swaps", true },
	{ "swap.devices[].priority", "integer", "/proc/swaps", false },
	{ "zram.*.size_bytes", "integer", "/sys/block/zram*", false },
	{ "zram.*.algorithm", "string", "/sys/block/zram*", false },
	{ "zswap.enabled", "boolean", "/sys/module/zswap/parameters", false },
	{ "zswap.compressor", "string", "same", false },
	{ "zswap.max_pool_percent", "integer", "same", false },
	{ "overcommit", "integer", "/proc/sys/vm/overcommit_memory", false },
	{ "swappiness", "integer", "/proc/sys/vm/swappiness", false },
	{ "limit_bytes", "integer", "the limit of the cgroup, if lower",
	    false },
	{ "modules[].size_bytes", "integer", "SMBIOS, for root", false },
	{ "modules[].type", "string", "same", false },
	{ "modules[].speed_mts", "integer", "same", false },
	{ "modules[].locator", "string", "same", false },
	{ "modules[].manufacturer", "string", "same", false },
	{ "modules[].part", "string", "same", false },
	{ "ecc.*.name", "string", "/sys/devices/system/edac/mc", false },
	{ "ecc.*.corrected", "integer", "same, errors", true },
	{ "ecc.*.uncorrected", "integer", "same, errors", true },
	{ NULL, NULL, NULL, false }
};

static void
put(struct facts *f, struct val *o, const char *key, const char *line)
{
	int64_t n = meminfo(f, line);

	if (n >= 0)
		val_int(o, key, n);
}

static void
put_sizes(struct facts *f, struct val *o)
{
	int64_t total = meminfo(f, "MemTotal");
	int64_t avail = meminfo(f, "MemAvailable");

	put(f, o, "total_bytes", "MemTotal");
	put(f, o, "available_bytes", "MemAvailable");
	put(f, o, "free_bytes", "MemFree");
	if (total >= 0 && avail >= 0 && avail <= total)
		val_int(o, "used_bytes", total - avail);
	put(f, o, "buffers_bytes", "Buffers");
	put(f, o, "cached_bytes", "Cached");
	put(f, o, "dirty_bytes", "Dirty");
	put(f, o, "shmem_bytes", "Shmem");
	put(f, o, "slab_bytes", "Slab");
}

/* File names have blanks as \040. */
static void
put_kb(struct val *o, const char *key, struct str kb)
{
	int64_t n;

	if (text_num(kb, &n) && n < INT64_MAX / 1024)
		val_int(o, key, n * 1024);
}

static void
put_swap(struct facts *f, struct val *o)
{
	struct val *swap = val_obj(o, "swap"), *devices, *dev;
	struct str text, line, name, number;
	int64_t total = meminfo(f, "SwapTotal"), left = meminfo(f, "SwapFree");

	put(f, swap, "total_bytes", "SwapTotal");
	put(f, swap, "free_bytes", "SwapFree");
	if (total >= 0 && left >= 0)
		val_int(swap, "used_bytes", total - left);
	text = src_text(f, NULL, "/proc/swaps");
	if (!text_line(&text, &line))
		return;
	devices = val_arr(swap, "devices");
	while (text_line(&text, &line)) {
		name = text_word(&line);
		dev = val_obj(devices, NULL);
		val_str(dev, "name", name);
		val_str(dev, "type", text_word(&line));
		put_kb(dev, "size_bytes", text_word(&line));
		put_kb(dev, "used_bytes", text_word(&line));
		number = text_word(&line);
		if (text_num(number, &total))
			val_int(dev, "priority", total);
	}
}

/* Of "lzo [lz4] zstd" the one in brackets. */
static void
put_zram(struct facts *f, struct val *o)
{
	const struct dir *d = block_dir(f);
	struct val *zram = val_obj(o, "zram"), *z;
	struct str s;
	char path[64];
	int64_t size;
	size_t i;

	for (i = 0; d != NULL && i < d->n; i++) {
		if (strncmp(d->names[i], "zram", 4) != 0)
			continue;
		(void)snprintf(path, sizeof(path), "%.30s/disksize",
		    d->names[i]);
		if (!src_num(f, d, path, &size) || size == 0)
			continue;
		z = val_obj(zram, d->names[i]);
		val_int(z, "size_bytes", size);
		(void)snprintf(path, sizeof(path), "%.30s/comp_algorithm",
		    d->names[i]);
		s = src_line(f, d, path);
		(void)text_cut(&s, '[');
		val_str(z, "algorithm", text_cut(&s, ']'));
	}
}

static void
put_zswap(struct facts *f, struct val *o)
{
	struct val *z = val_obj(o, "zswap");
	struct dir d;

	if (!dir_open(f, NULL, "/sys/module/zswap/parameters", &d))
		return;
	src_put_bool(f, &d, "enabled", z, "enabled");
	src_put_line(f, &d, "compressor", z, "compressor");
	src_put_num(f, &d, "max_pool_percent", z, "max_pool_percent");
	dir_close(&d);
}

static void
put_ecc(struct facts *f, struct val *o)
{
	struct val *ecc = val_obj(o, "ecc"), *mc;
	char path[64];
	struct dir d;
	size_t i;

	if (!dir_open(f, NULL, "/sys/devices/system/edac/mc", &d))
		return;
	for (i = 0; i < d.n; i++) {
		if (strncmp(d.names[i], "mc", 2) != 0)
			continue;
		mc = val_obj(ecc, d.names[i]);
		(void)snprintf(path, sizeof(path), "%.30s/mc_name",
		    d.names[i]);
		src_put_line(f, &d, path, mc, "name");
		(void)snprintf(path, sizeof(path), "%.30s/ce_count",
		    d.names[i]);
		src_put_num(f, &d, path, mc, "corrected");
		(void)snprintf(path, sizeof(path), "%.30s/ue_count",
		    d.names[i]);
		src_put_num(f, &d, path, mc, "uncorrected");
	}
	dir_close(&d);
}

static void
run(struct facts *f, struct val *o)
{
	int64_t limit, total;

	put_sizes(f, o);
	put_swap(f, o);
	put_zram(f, o);
	put_zswap(f, o);
	src_put_num(f, NULL, "/proc/sys/vm/overcommit_memory", o,
	    "overcommit");
	src_put_num(f, NULL, "/proc/sys/vm/swappiness", o, "swappiness");
	limit = cgroup_memory_max(f);
	total = meminfo(f, "MemTotal");
	if (limit >= 0 && (total < 0 || limit < total))
		val_int(o, "limit_bytes", limit);
	smbios_memory(f, o);
	put_ecc(f, o);
}

const struct collector collect_memory = {
	.name = "memory", .help = "memory and swap", .facts = facts,
	.cost = 45, .run = run
};
