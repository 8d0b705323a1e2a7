#include <stdio.h>
#include <string.h>

#include "facts/collect.h"

static const struct fact facts[] = {
	{ "name", "string", "uname(2)", false },
	{ "release", "string", "uname(2)", false },
	{ "version", "string", "uname(2)", false },
	{ "major", "string", "release, its first two numbers", false },
	{ "machine", "string", "uname(2)", false },
	{ "tainted", "integer", "/proc/sys/kernel/tainted", false },
	{ "taint_flags", "array", "same, as letters", false },
	{ "cmdline", "array", "/proc/cmdline", false },
	{ "boot_id", "string", "/proc/sys/kernel/random/boot_id", false },
	{ "boot_time", "integer", "/proc/stat, seconds since 1970", false },
	{ "modules[].name", "string", "/proc/modules", false },
	{ "modules[].bytes", "integer", "same", false },
	{ "modules[].used_by", "array", "same", false },
	{ "lsm", "array", "/sys/kernel/security/lsm", false },
	{ "lockdown", "string", "/sys/kernel/security/lockdown", false },
	{ "secure_boot", "boolean", "/sys/firmware/efi/efivars/SecureBoot-*",
	    false },
	{ "firmware", "string", "efi or bios: /sys/firmware/efi", false },
	{ "efi_bits", "integer", "/sys/firmware/efi/fw_platform_size", false },
	{ "hugepages.total", "integer", "/proc/meminfo", false },
	{ "hugepages.free", "integer", "/proc/meminfo", true },
	{ "hugepages.size_bytes", "integer", "/proc/meminfo", false },
	{ "hugepages.transparent", "string",
	    "/sys/kernel/mm/transparent_hugepage/enabled", false },
	{ "hugepages.pools.*", "integer", "/sys/kernel/mm/hugepages: pages by "
	    "size", false },
	{ "clocksource", "string",
	    "/sys/devices/system/clocksource/clocksource0", false },
	{ "vulnerabilities.*", "string",
	    "/sys/devices/system/cpu/vulnerabilities", false },
	{ "filesystems", "array", "/proc/filesystems", false },
	{ NULL, NULL, NULL, false }
};

static void
put_names(struct facts *f, struct val *o)
{
	const struct host_name *n = host_name(f);
	struct str s = str_of(n->release), rest = s;

	val_cstr(o, "name", n->sysname);
	val_cstr(o, "release", n->release);
	val_cstr(o, "version", n->version);
	(void)text_cut(&rest, '.');
	(void)text_cut(&rest, '.');
	if (rest.len > 0)
		s.len = (size_t)(rest.p - s.p) - 1;
	val_str(o, "major", s);
	val_cstr(o, "machine", n->machine);
}

static void
put_taint(struct facts *f, struct val *o)
{
	static const char letters[] = "PFSRMBUDAWCIOELKXTN";
	struct val *flags;
	int64_t n;
	size_t i;

	if (!src_num(f, NULL, "/proc/sys/kernel/tainted", &n))
		return;
	val_int(o, "tainted", n);
	flags = val_arr(o, "taint_flags");
	for (i = 0; letters[i] != '\0'; i++)
		if (n >> i & 1)
			val_str(flags, NULL, (struct str){ letters + i, 1 });
}

/* Words are separated by blanks that are in no double quotes. */
static void
put_cmdline(struct facts *f, struct val *o)
{
	struct str text = text_trim(src_text(f, NULL, "/proc/cmdline"));
	struct val *a;
	bool quoted = false;
	size_t i, start;

	if (text.len == 0)
		return;
	a = val_arr(o, "cmdline");
	for (i = start = 0; i <= text.len; i++) {
		if (i < text.len && text.p[i] == '"')
			quoted = !quoted;
		if (i < text.len && (quoted || text.p[i] != ' '))
			continue;
		val_str(a, NULL, (struct str){ text.p + start, i - start });
		start = i + 1;
	}
}

/* "name bytes uses users, state address" */
static void
put_modules(struct facts *f, struct val *o)
{
	struct str text = src_text_max(f, NULL, "/proc/modules", SRC_LARGE);
	struct str line, name, users, user;
	struct val *all, *m, *a;
	int64_t bytes;

	if (text.p == NULL)
		return;
	all = val_arr(o, "modules");
	while (text_line(&text, &line)) {
		name = text_word(&line);
		if (!text_num(text_word(&line), &bytes))
			continue;
		(void)text_word(&line);
		users = text_word(&line);
		m = val_obj(all, NULL);
		val_str(m, "name", name);
		val_int(m, "bytes", bytes);
		a = val_arr(m, "used_by");
		while (!text_is(users, "-") && users.len > 0)
			if ((user = text_cut(&users, ',')).len > 0)
				val_str(a, NULL, user);
	}
}

/* The one in brackets: "none [integrity] confidentiality". */
static struct str
chosen(struct str s)
{
	(void)text_cut(&s, '[');
	return text_cut(&s, ']');
}

static void
put_security(struct facts *f, struct val *o)
{
	struct str s = src_line(f, NULL, "/sys/kernel/security/lsm");
	struct val *a;

	if (s.len > 0) {
		a = val_arr(o, "lsm");
		while (s.len > 0)
			val_str(a, NULL, text_cut(&s, ','));
	}
	val_str(o, "lockdown", chosen(src_line(f, NULL,
	    "/sys/kernel/security/lockdown")));
}

/* Four bytes of attributes, then the value. */
static void
put_firmware(struct facts *f, struct val *o)
{
	struct str text;
	struct dir d;
	size_t i;
	bool efi = src_exists(f, "/sys/firmware/efi");

	if (efi && dir_open(f, NULL, "/sys/firmware/efi/efivars", &d)) {
		for (i = 0; i < d.n; i++)
			if (strncmp(d.names[i], "SecureBoot-", 11) == 0 &&
			    (text = src_text(f, &d, d.names[i])).len == 5)
				val_bool(o, "secure_boot", text.p[4] == 1);
		dir_close(&d);
	}
	if (!efi && !src_exists(f, "/sys/class/dmi/id"))
		return;
	val_cstr(o, "firmware", efi ? "efi" : "bios");
	if (efi)
		src_put_num(f, NULL, "/sys/firmware/efi/fw_platform_size", o,
		    "efi_bits");
}

static void
put_pools(struct facts *f, struct val *h)
{
	struct val *pools;
	struct dir d;
	char path[NAME_MAX + 32];
	size_t i;

	if (!dir_open(f, NULL, "/sys/kernel/mm/hugepages", &d))
		return;
	pools = val_obj(h, "pools");
	for (i = 0; i < d.n; i++) {
		if (strncmp(d.names[i], "hugepages-", 10) != 0)
			continue;
		(void)snprintf(path, sizeof(path), "%s/nr_hugepages",
		    d.names[i]);
		src_put_num(f, &d, path, pools, val_key(pools,
		    str_of(d.names[i] + 10)));
	}
	dir_close(&d);
}

static void
put_hugepages(struct facts *f, struct val *o)
{
	struct val *h = val_obj(o, "hugepages");
	int64_t n;

	if ((n = meminfo(f, "HugePages_Total")) >= 0)
		val_int(h, "total", n);
	if ((n = meminfo(f, "HugePages_Free")) >= 0)
		val_int(h, "free", n);
	if ((n = meminfo(f, "Hugepagesize")) >= 0)
		val_int(h, "size_bytes", n);
	val_str(h, "transparent", chosen(src_line(f, NULL,
	    "/sys/kernel/mm/transparent_hugepage/enabled")));
	put_pools(f, h);
}

static void
put_vulnerabilities(struct facts *f, struct val *o)
{
	struct val *v;
	struct dir d;
	size_t i;

	if (!dir_open(f, NULL, "/sys/devices/system/cpu/vulnerabilities", &d))
		return;
	v = val_obj(o, "vulnerabilities");
	for (i = 0; i < d.n; i++)
		src_put_line(f, &d, d.names[i], v, d.names[i]);
	dir_close(&d);
}

static void
put_filesystems(struct facts *f, struct val *o)
{
	struct str text = src_text(f, NULL, "/proc/filesystems"), line;
	struct val *a;

	if (text.p == NULL)
		return;
	a = val_arr(o, "filesystems");
	while (text_line(&text, &line))
		val_str(a, NULL, text_trim(text_tail(line, '\t')));
}

static void
run(struct facts *f, struct val *o)
{
	int64_t n;

	put_names(f, o);
	put_taint(f, o);
	put_cmdline(f, o);
	src_put_line(f, NULL, "/proc/sys/kernel/random/boot_id", o,
	    "boot_id");
	if ((n = boot_time(f)) != 0)
		val_int(o, "boot_time", n);
	put_modules(f, o);
	put_security(f, o);
	put_firmware(f, o);
	put_hugepages(f, o);
	src_put_line(f, NULL, "/sys/devices/system/clocksource/clocksource0/"
	    "current_clocksource", o, "clocksource");
	put_vulnerabilities(f, o);
	put_filesystems(f, o);
}

const struct collector collect_kernel = {
	.name = "kernel", .help = "the kernel", .facts = facts,
	.cost = 105, .run = run
};
