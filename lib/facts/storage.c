#include <stdio.h>
#include <string.h>

#include "facts/block.h"

static const struct fact facts[] = {
	{ "lvm.vgs.*.pvs", "array", "/etc/lvm/backup, for root", false },
	{ "lvm.lvs.*.vg", "string", "/sys/block/dm-*/dm", false },
	{ "lvm.lvs.*.device", "string", "same", false },
	{ "lvm.lvs.*.size_bytes", "integer", "same", false },
	{ "md.*.state", "string", "/proc/mdstat", false },
	{ "md.*.level", "string", "/proc/mdstat", false },
	{ "md.*.members", "array", "/proc/mdstat", false },
	{ "md.*.disks", "integer", "/proc/mdstat", false },
	{ "md.*.disks_up", "integer", "/proc/mdstat", false },
	{ "md.*.degraded", "boolean", "/proc/mdstat", false },
	{ "md.*.sync", "string", "/proc/mdstat", true },
	{ "zfs.version", "string", "/sys/module/zfs/version", false },
	{ "zfs.pools.*", "string", "/proc/spl/kstat/zfs/*/state", false },
	{ "btrfs.*.label", "string", "/sys/fs/btrfs", false },
	{ "btrfs.*.devices", "array", "/sys/fs/btrfs", false },
	{ "multipath.*.device", "string", "/sys/block/dm-*/dm", false },
	{ "multipath.*.wwid", "string", "same", false },
	{ "encryption.*.device", "string", "same", false },
	{ "encryption.*.type", "string", "same", false },
	{ "nvme.host_nqn", "string", "/etc/nvme/hostnqn", false },
	{ "nvme.controllers.*.model", "string", "/sys/class/nvme", false },
	{ "nvme.controllers.*.serial", "string", "/sys/class/nvme", false },
	{ "nvme.controllers.*.firmware", "string", "/sys/class/nvme", false },
	{ "nvme.controllers.*.transport", "string", "/sys/class/nvme",
	    false },
	{ "iscsi.initiator", "string", "/etc/iscsi/initiatorname.iscsi",
	    false },
	{ "fibre_channel.*.port_name", "string", "/sys/class/fc_host",
	    false },
	{ "fibre_channel.*.state", "string", "/sys/class/fc_host", false },
	{ NULL, NULL, NULL, false }
};

struct groups {
	struct val	*lvs;
	struct val	*multipath;
	struct val	*encryption;
};

/* "vg-lv", where a dash in a name is written twice. */
static struct str
lv_group(struct facts *f, struct str name)
{
	char *vg = arena_cstr(facts_arena(f), name);
	size_t i, n = 0;

	if (vg == NULL)
		return (struct str){ "", 0 };
	for (i = 0; i < name.len; i++) {
		if (name.p[i] == '-') {
			if (i + 1 >= name.len || name.p[i + 1] != '-')
				break;
			i++;
		}
		vg[n++] = name.p[i];
	}
	return (struct str){ vg, n };
}

/* The prefix of its UUID says what made a mapping. */
static void
put_mapping(struct facts *f, const struct dir *above, const char *device,
    struct groups *g)
{
	struct str name, uuid, prefix;
	struct dir d;
	struct val *o = NULL;

	if (!dir_open(f, above, device, &d))
		return;
	name = arena_str(facts_arena(f), src_line(f, &d, "dm/name"));
	uuid = arena_str(facts_arena(f), src_line(f, &d, "dm/uuid"));
	prefix = text_cut(&uuid, '-');
	if (text_is(prefix, "LVM")) {
		o = val_obj(g->lvs, val_key(g->lvs, name));
		val_str(o, "vg", lv_group(f, name));
	} else if (text_is(prefix, "mpath"))
		o = val_obj(g->multipath, val_key(g->multipath, name));
	else if (text_is(prefix, "CRYPT"))
		o = val_obj(g->encryption, val_key(g->encryption, name));
	val_cstr(o, "device", device);
	if (text_is(prefix, "LVM"))
		block_put_bytes(o, "size_bytes", src_line(f, &d, "size"));
	else if (text_is(prefix, "mpath"))
		val_str(o, "wwid", uuid);
	else if (text_is(prefix, "CRYPT"))
		val_str(o, "type", text_cut(&uuid, '-'));
	dir_close(&d);
}

/* "physical_volumes { pv0 { ... device = "/dev/sda2" ..." */
static void
put_vgs(struct facts *f, struct val *vgs)
{
	struct str text, line, value;
	struct val *a;
	struct dir d;
	size_t i;

	if (!dir_open(f, NULL, "/etc/lvm/backup", &d))
		return;
	for (i = 0; i < d.n; i++) {
		a = val_arr(val_obj(vgs, d.names[i]), "pvs");
		text = src_text(f, &d, d.names[i]);
		while (text_line(&text, &line)) {
			line = text_cut(&line, '#');
			if (text_key(text_trim(line), "device", '=', &value))
				val_str(a, NULL, text_unquote(value));
		}
	}
	dir_close(&d);
}

static void
put_mappings(struct facts *f, struct val *o, struct groups *g)
{
	struct val *lvm = val_obj(o, "lvm");
	const struct dir *d;
	size_t i;

	put_vgs(f, val_obj(lvm, "vgs"));
	g->lvs = val_obj(lvm, "lvs");
	g->multipath = val_new(facts_arena(f), VAL_OBJ);
	g->encryption = val_new(facts_arena(f), VAL_OBJ);
	if ((d = block_dir(f)) == NULL)
		return;
	for (i = 0; i < d->n; i++)
		if (strncmp(d->names[i], "dm-", 3) == 0)
			put_mapping(f, d, d->names[i], g);
	val_sort(g->lvs);
	val_sort(g->multipath);
	val_sort(g->encryption);
}

/* "[2/1] [U_]" */
static void
put_disks(struct val *o, struct str line)
{
	struct str word;
	int64_t all, up;

	while ((word = text_word(&line)).len > 0) {
		if (*word.p != '[' || memchr(word.p, '/', word.len) == NULL)
			continue;
		word = (struct str){ word.p + 1, word.len - 1 };
		word = text_cut(&word, ']');
		if (!text_num(text_cut(&word, '/'), &all) ||
		    !text_num(word, &up))
			return;
		val_int(o, "disks", all);
		val_int(o, "disks_up", up);
		val_bool(o, "degraded", up < all);
		return;
	}
}

/* "md0 : active (read-only) raid1 sdb1[1] sda1[0](F)" */
static struct val *
put_array(struct val *md, struct str line)
{
	struct str name = text_word(&line), word;
	struct val *o = val_obj(md, val_key(md, name)), *a;

	(void)text_word(&line);
	val_str(o, "state", text_word(&line));
	word = text_word(&line);
	if (word.len > 0 && *word.p == '(')
		word = text_word(&line);
	if (memchr(word.p, '[', word.len) == NULL) {
		val_str(o, "level", word);
		word = text_word(&line);
	}
	a = val_arr(o, "members");
	for (; word.len > 0; word = text_word(&line))
		val_str(a, NULL, text_cut(&word, '['));
	return o;
}

static void
put_md(struct facts *f, struct val *o)
{
	struct str text = src_text(f, NULL, "/proc/mdstat"), line;
	struct val *md = val_obj(o, "md"), *at = NULL;

	while (text_line(&text, &line)) {
		if (str_starts(line, str_of("md")))
			at = put_array(md, line);
		else if (at != NULL && text_has(line, "blocks"))
			put_disks(at, line);
		else if (at != NULL && text_has(line, "finish=")) {
			(void)text_cut(&line, ']');
			val_str(at, "sync", text_trim(line));
		}
	}
	val_sort(md);
}

static void
put_zfs(struct facts *f, struct val *o)
{
	struct val *zfs = val_obj(o, "zfs"), *pools;
	char path[NAME_MAX + 16];
	struct dir d;
	size_t i;

	src_put_line(f, NULL, "/sys/module/zfs/version", zfs, "version");
	if (!dir_open(f, NULL, "/proc/spl/kstat/zfs", &d))
		return;
	pools = val_obj(zfs, "pools");
	for (i = 0; i < d.n; i++) {
		(void)snprintf(path, sizeof(path), "%s/state", d.names[i]);
		src_put_line(f, &d, path, pools, d.names[i]);
	}
	dir_close(&d);
}

static void
put_btrfs(struct facts *f, struct val *o)
{
	struct val *btrfs = val_obj(o, "btrfs"), *one, *a;
	char path[NAME_MAX + 16];
	struct dir d, devices;
	size_t i, j;

	if (!dir_open(f, NULL, "/sys/fs/btrfs", &d))
		return;
	for (i = 0; i < d.n; i++) {
		(void)snprintf(path, sizeof(path), "%s/devices", d.names[i]);
		if (!dir_open(f, &d, path, &devices))
			continue;		/* "features" is there, too */
		one = val_obj(btrfs, d.names[i]);
		(void)snprintf(path, sizeof(path), "%s/label", d.names[i]);
		src_put_line(f, &d, path, one, "label");
		a = val_arr(one, "devices");
		for (j = 0; j < devices.n; j++)
			val_cstr(a, NULL, devices.names[j]);
		dir_close(&devices);
	}
	dir_close(&d);
}

/* The same files of each entry of a directory. */
static void
put_class(struct facts *f, struct val *all, const char *path,
    const char *const files[][2], size_t n)
{
	char file[NAME_MAX + 32];
	struct val *one;
	struct dir d;
	size_t i, j;

	if (!dir_open(f, NULL, path, &d))
		return;
	for (i = 0; i < d.n; i++) {
		one = val_obj(all, d.names[i]);
		for (j = 0; j < n; j++) {
			(void)snprintf(file, sizeof(file), "%s/%s",
			    d.names[i], files[j][0]);
			src_put_line(f, &d, file, one, files[j][1]);
		}
	}
	dir_close(&d);
}

static void
put_initiators(struct facts *f, struct val *o)
{
	static const char *const nvme[][2] = { { "model", "model" },
	    { "serial", "serial" }, { "firmware_rev", "firmware" },
	    { "transport", "transport" } };
	static const char *const fc[][2] = { { "port_name", "port_name" },
	    { "port_state", "state" } };
	struct val *at = val_obj(o, "nvme");

	src_put_line(f, NULL, "/etc/nvme/hostnqn", at, "host_nqn");
	put_class(f, val_obj(at, "controllers"), "/sys/class/nvme", nvme, 4);
	val_str(val_obj(o, "iscsi"), "initiator", text_field(src_text(f, NULL,
	    "/etc/iscsi/initiatorname.iscsi"), "InitiatorName", '='));
	put_class(f, val_obj(o, "fibre_channel"), "/sys/class/fc_host", fc,
	    2);
}

static void
run(struct facts *f, struct val *o)
{
	struct groups g = { NULL, NULL, NULL };

	put_mappings(f, o, &g);
	put_md(f, o);
	put_zfs(f, o);
	put_btrfs(f, o);
	val_add(o, "multipath", g.multipath);
	val_add(o, "encryption", g.encryption);
	put_initiators(f, o);
}

const struct collector collect_storage = {
	.name = "storage", .help = "volumes, arrays and initiators",
	.facts = facts, .cost = 15, .run = run
};
