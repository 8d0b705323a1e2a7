#include <sys/socket.h>

#include <arpa/inet.h>
#include <net/if.h>

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "facts/collect.h"
#include "facts/json.h"
#include "facts/link.h"

/*
 * old: the flat names that policies have used for long.
 */

static const struct fact os_facts[] = {
	{ "platform", "string", "linux", false },
	{ "arch", "string", "as Node.js says: x64, ia32, arm64, arm, ...",
	    false },
	{ "os_type", "string", "kernel.name", false },
	{ "os_arch", "string", "as arch", false },
	{ "os_release", "string", "kernel.release", false },
	{ "os_hostname", "string", "uname(2)", false },
	{ "os_endianness", "string", "LE or BE", false },
	{ "os_family", "string", "os.family", false },
	{ "os_uptime", "number", "/proc/uptime", true },
	{ "os_loadavg", "array", "/proc/loadavg, three numbers", true },
	{ "os_totalmem_bytes", "integer", "/proc/meminfo", false },
	{ "os_freemem_bytes", "integer", "/proc/meminfo, available", true },
	{ NULL, NULL, NULL, false }
};

static const struct fact dist_facts[] = {
	{ "os_dist_*", "string", "each key of os-release, in lower case",
	    false },
	{ NULL, NULL, NULL, false }
};

/* Alone, for what there is of these is known by looking only. */
static void
run_dist(struct facts *f, struct val *o)
{
	struct str text = os_release_text(f), line, key;
	char name[64];
	size_t i;

	while (text_line(&text, &line)) {
		line = text_trim(line);
		if (line.len == 0 || *line.p == '#' ||
		    memchr(line.p, '=', line.len) == NULL)
			continue;
		key = text_cut(&line, '=');
		(void)snprintf(name, sizeof(name), "os_dist_%.*s",
		    (int)(key.len < 48 ? key.len : 48), key.p);
		for (i = 0; name[i] != '\0'; i++)
			if (name[i] >= 'A' && name[i] <= 'Z')
				name[i] = (char)(name[i] | 0x20);
		if (val_get(o, name) == NULL)
			val_str(o, val_key(o, str_of(name)),
			    os_unquote(f, line));
	}
}

static void
put_moment(struct facts *f, struct val *o)
{
	struct str line;
	struct val *a;
	int64_t n;
	int i;

	line = src_line(f, NULL, "/proc/uptime");
	val_real(o, "os_uptime", text_word(&line));
	line = src_line(f, NULL, "/proc/loadavg");
	if (line.len > 0) {
		a = val_arr(o, "os_loadavg");
		for (i = 0; i < 3; i++)
			val_real(a, NULL, text_word(&line));
	}
	if ((n = meminfo(f, "MemTotal")) >= 0)
		val_int(o, "os_totalmem_bytes", n);
	if ((n = meminfo(f, "MemAvailable")) >= 0 ||
	    (n = meminfo(f, "MemFree")) >= 0)
		val_int(o, "os_freemem_bytes", n);
}

static void
run_os(struct facts *f, struct val *o)
{
	const struct host_name *n = host_name(f);

	val_cstr(o, "platform", "linux");
	val_cstr(o, "arch", host_node_arch(f));
	val_cstr(o, "os_type", n->sysname);
	val_cstr(o, "os_arch", host_node_arch(f));
	val_cstr(o, "os_release", n->release);
	val_cstr(o, "os_hostname", n->nodename);
	val_cstr(o, "os_endianness", __BYTE_ORDER__ ==
	    __ORDER_LITTLE_ENDIAN__ ? "LE" : "BE");
	val_str(o, "os_family", os_family(f));
	put_moment(f, o);
}

static const struct fact cpus_facts[] = {
	{ "os_numcpus", "integer", "/proc/cpuinfo", false },
	{ "os_cpus[].model", "string", "/proc/cpuinfo", false },
	{ "os_cpus[].speed", "integer", "/proc/cpuinfo, MHz", true },
	{ "os_cpus[].times.*", "integer", "/proc/stat, ms: user, nice, sys, "
	    "idle, irq", true },
	{ "cpuinfo.*.cpu MHz", "string", "/proc/cpuinfo", true },
	{ "cpuinfo.*.*", "string", "/proc/cpuinfo: by number, then by label",
	    false },
	{ "cpuinfo.hw_accel_enabled", "boolean", "is vmx or svm among the "
	    "flags", false },
	{ NULL, NULL, NULL, false }
};

static bool
has_word(struct str words, const char *wanted)
{
	struct str word;

	while ((word = text_word(&words)).len > 0)
		if (text_is(word, wanted))
			return true;
	return false;
}

/* "label : value" lines by processor; *n is how many there are. */
static void
put_cpuinfo(struct facts *f, struct val *o, int64_t *n)
{
	struct str text = src_text_max(f, NULL, "/proc/cpuinfo", SRC_LARGE);
	struct str line, label;
	struct val *all = val_obj(o, "cpuinfo"), *one = NULL;
	bool accel = false;

	if (text.p == NULL)
		return;
	while (text_line(&text, &line)) {
		label = text_trim(text_cut(&line, ':'));
		line = text_trim(line);
		if (text_is(label, "processor") && line.len > 0) {
			one = val_obj(all, val_key(all, line));
			++*n;
		} else if (label.len == 0)
			one = NULL;
		if (one == NULL || line.len == 0)
			continue;
		val_str(one, val_key(one, label), line);
		accel |= text_is(label, "flags") &&
		    (has_word(line, "vmx") || has_word(line, "svm"));
	}
	val_bool(all, "hw_accel_enabled", accel);
}

static struct str
cpu_line(struct str stat, int64_t number)
{
	char name[32];
	struct str line;

	(void)snprintf(name, sizeof(name), "cpu%lld", (long long)number);
	while (text_line(&stat, &line))
		if (text_is(text_word(&line), name))
			return line;
	return (struct str){ "", 0 };
}

/* Of "user nice system idle iowait irq", in hundredths of a second. */
static void
put_times(struct val *o, struct str line)
{
	static const char *const names[] = { "user", "nice", "sys", "idle",
	    NULL, "irq" };
	long ticks = sysconf(_SC_CLK_TCK);
	struct val *times = val_obj(o, "times");
	int64_t n;
	int i;

	for (i = 0; i < 6; i++)
		if (text_num(text_word(&line), &n) && names[i] != NULL &&
		    ticks > 0 && n < INT64_MAX / 1000)
			val_int(times, names[i], n * 1000 / ticks);
}

static void
run_cpus(struct facts *f, struct val *o)
{
	struct str stat = src_keep(f, "/proc/stat", SRC_LARGE), mhz;
	struct val *info, *m, *a, *one;
	int64_t n = 0, speed, i;

	put_cpuinfo(f, o, &n);
	if (n == 0)
		return;
	info = val_get(o, "cpuinfo");
	val_int(o, "os_numcpus", n);
	a = val_arr(o, "os_cpus");
	m = info == NULL ? NULL : info->u.list.first;
	for (i = 0; m != NULL && m->type == VAL_OBJ; m = m->next, i++) {
		one = val_obj(a, NULL);
		val_str(one, "model", val_text(val_get(m, "model name")));
		mhz = val_text(val_get(m, "cpu MHz"));
		if (!text_num(text_cut(&mhz, '.'), &speed))
			speed = 0;
		val_int(one, "speed", speed);
		put_times(one, cpu_line(stat, i));
	}
}

static const struct fact nics_facts[] = {
	{ "os_nics.*.list[]", "object", "each address, as in ipv4", false },
	{ "os_nics.*.ipv4.address", "string", "RTM_GETADDR; of interfaces "
	    "that are up", false },
	{ "os_nics.*.ipv4.netmask", "string", "same", false },
	{ "os_nics.*.ipv4.family", "string", "IPv4", false },
	{ "os_nics.*.ipv4.mac", "string", "RTM_GETLINK", false },
	{ "os_nics.*.ipv4.internal", "boolean", "is it a loopback", false },
	{ "os_nics.*.ipv4.cidr", "string", "address and prefix", false },
	{ "os_nics.*.ipv6.*", "any", "the same, and scopeid", false },
	{ NULL, NULL, NULL, false }
};

static bool
is_link_local(const struct address *a)
{
	return a->family == AF_INET6 && a->bytes[0] == 0xfe &&
	    (a->bytes[1] & 0xc0) == 0x80;
}

static void
put_nic_address(struct val *o, const struct link *l, const struct address *a)
{
	char text[64], mask[64], cidr[80];

	net_text(text, a->family, a->bytes);
	net_mask(mask, a->family, a->prefix);
	(void)snprintf(cidr, sizeof(cidr), "%s/%u", text, a->prefix);
	val_cstr(o, "address", text);
	val_cstr(o, "netmask", mask);
	val_cstr(o, "family", a->family == AF_INET ? "IPv4" : "IPv6");
	val_cstr(o, "mac", l->mac != NULL ? l->mac : "00:00:00:00:00:00");
	val_bool(o, "internal", (l->flags & IFF_LOOPBACK) != 0);
	val_cstr(o, "cidr", cidr);
	if (a->family == AF_INET6)
		val_int(o, "scopeid", is_link_local(a) ? a->index : 0);
}

/* The last of a family stands beside the list, too. */
static void
put_nic(struct val *nics, const struct net *n, const struct link *l)
{
	const struct address *a, *last4 = NULL, *last6 = NULL;
	struct val *o = NULL, *list = NULL;
	size_t i;

	for (i = 0; i < n->naddresses; i++) {
		a = &n->addresses[i];
		if (a->index != l->index)
			continue;
		if (o == NULL) {
			o = val_obj(nics, val_key(nics, str_of(l->name)));
			list = val_arr(o, "list");
		}
		put_nic_address(val_obj(list, NULL), l, a);
		if (a->family == AF_INET)
			last4 = a;
		else
			last6 = a;
	}
	if (last4 != NULL)
		put_nic_address(val_obj(o, "ipv4"), l, last4);
	if (last6 != NULL)
		put_nic_address(val_obj(o, "ipv6"), l, last6);
}

static void
run_nics(struct facts *f, struct val *o)
{
	const struct net *n = net_get(f);
	struct val *nics = val_obj(o, "os_nics");
	size_t i;

	for (i = 0; n != NULL && i < n->nlinks; i++)
		if ((n->links[i].flags & IFF_UP) != 0)
			put_nic(nics, n, &n->links[i]);
	val_sort(nics);
}

static const struct fact dmi_facts[] = {
	{ "sys_bios_date", "string", "/sys/devices/virtual/dmi/id", false },
	{ "sys_bios_vendor", "string", "same", false },
	{ "sys_board_asset_tag", "string", "same", false },
	{ "sys_board_name", "string", "same", false },
	{ "sys_board_serial", "string", "same", false },
	{ "sys_board_vendor", "string", "same", false },
	{ "sys_board_version", "string", "same", false },
	{ "sys_chassis_asset_tag", "string", "same", false },
	{ "sys_chassis_serial", "string", "same", false },
	{ "sys_chassis_type", "string", "same", false },
	{ "sys_chassis_vendor", "string", "same", false },
	{ "sys_chassis_version", "string", "same", false },
	{ "sys_modalias", "string", "same", false },
	{ "sys_product_name", "string", "same", false },
	{ "sys_product_serial", "string", "same", false },
	{ "sys_product_uuid", "string", "same", false },
	{ "sys_product_version", "string", "same", false },
	{ NULL, NULL, NULL, false }
};

/* The names are those of the files, with "sys_" before them. */
static void
run_dmi(struct facts *f, struct val *o)
{
	struct dir d;
	const struct fact *t;

	if (!dir_open(f, NULL, "/sys/devices/virtual/dmi/id", &d))
		return;
	for (t = dmi_facts; t->name != NULL; t++)
		if (dir_has(&d, t->name + strlen("sys_")))
			src_put_line(f, &d, t->name + strlen("sys_"), o,
			    t->name);
	dir_close(&d);
}

static const struct fact self_facts[] = {
	{ "uid", "integer", "identity.uid", false },
	{ "gid", "integer", "identity.gid", false },
	{ "euid", "integer", "identity.euid", false },
	{ "egid", "integer", "identity.egid", false },
	{ "umask", "string", "identity.umask, octal, with a 0 before it",
	    false },
	{ "argv", "array", "/proc/self/cmdline", true },
	{ "environment", "string", "/etc/p2/environment", false },
	{ "partout_agent_uuid", "string", "/etc/p2/UUID", false },
	{ "ec2_metadata", "object", "/run/cloud-init/instance-data.json, "
	    "ds.meta_data", false },
	{ NULL, NULL, NULL, false }
};

static void
put_ec2(struct facts *f, struct val *o)
{
	static const char path[] = "/run/cloud-init/instance-data.json";
	struct val *data = val_new(facts_arena(f), VAL_OBJ), *v;
	struct str text = src_text_max(f, NULL, path, SRC_LARGE);
	const char *errstr;

	if (text.p == NULL ||
	    json_parse(data, "data", text, &errstr) == -1)
		return;
	v = val_get(val_get(data, "data"), "v1");
	if (!text_is(val_text(val_get(v, "cloud_name")), "aws"))
		return;
	v = val_get(val_get(val_get(data, "data"), "ds"), "meta_data");
	val_copy(o, "ec2_metadata", v);
}

static void
run_self(struct facts *f, struct val *o)
{
	static const char *const ids[][4] = {
		{ "Uid", "uid", "euid" }, { "Gid", "gid", "egid" }
	};
	struct str s, text;
	struct val *a;
	int64_t n;
	size_t i, j;

	for (i = 0; i < 2; i++) {
		s = proc_status(f, ids[i][0]);
		for (j = 1; j < 3; j++)
			if (text_num(text_word(&s), &n))
				val_int(o, ids[i][j], n);
	}
	s = proc_status(f, "Umask");
	if (s.len > 3)
		s = (struct str){ s.p + s.len - 3, 3 };
	if (s.len == 3) {
		char mask[5] = { '0', s.p[0], s.p[1], s.p[2], '\0' };

		val_cstr(o, "umask", mask[1] == '0' ? mask + 1 : mask);
	}
	if ((text = src_text(f, NULL, "/proc/self/cmdline")).len > 0) {
		a = val_arr(o, "argv");
		while (text.len > 0)
			val_str(a, NULL, text_cut(&text, '\0'));
	}
	src_put_line(f, NULL, "/etc/p2/environment", o, "environment");
	src_put_line(f, NULL, "/etc/p2/UUID", o, "partout_agent_uuid");
	put_ec2(f, o);
}

const struct collector collect_old_os = {
	.name = "", .help = "the system, by its old names", .when = COMPAT,
	.facts = os_facts, .cost = 40, .run = run_os
};

const struct collector collect_old_dist = {
	.name = "", .help = "os-release, by its old names", .when = COMPAT,
	.facts = dist_facts, .cost = 10, .run = run_dist
};

const struct collector collect_old_cpus = {
	.name = "", .help = "processors, by their old names", .when = COMPAT,
	.facts = cpus_facts, .cost = 20, .run = run_cpus
};

const struct collector collect_old_nics = {
	.name = "", .help = "interfaces, by their old names", .when = COMPAT,
	.facts = nics_facts, .cost = 25, .run = run_nics
};

const struct collector collect_old_dmi = {
	.name = "", .help = "firmware, by its old names", .when = COMPAT,
	.facts = dmi_facts, .cost = 90, .run = run_dmi
};

const struct collector collect_old_self = {
	.name = "", .help = "this process, by its old names", .when = COMPAT,
	.facts = self_facts, .cost = 30, .run = run_self
};
