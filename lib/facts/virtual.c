#include <string.h>
#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#endif

#include "facts/collect.h"
#include "facts/json.h"
#include "facts/metadata.h"

static const struct fact facts[] = {
	{ "is_virtual", "boolean", "is there a hypervisor", false },
	{ "hypervisor", "string", "cpuid(4) leaf 0x40000000, "
	    "/sys/class/dmi/id, /sys/hypervisor/type, "
	    "/proc/device-tree/hypervisor, the OEM of the ACPI tables",
	    false },
	{ "role", "string", "physical, guest, host: /dev/kvm, "
	    "/proc/xen/capabilities", false },
	{ "container", "string", "/run/.containerenv, /.dockerenv, "
	    "/run/systemd/container, /proc/1/environ, /proc/self/cgroup, "
	    "/proc/sys/kernel/osrelease, /proc/vz", false },
	{ "cloud.provider", "string", "/sys/class/dmi/id, else "
	    "/run/cloud-init/instance-data.json", false },
	{ "cloud.instance_id", "string", "cloud-init; if asked to, the cloud's "
	    "metadata, by HTTP", false },
	{ "cloud.region", "string", "same", false },
	{ "cloud.zone", "string", "same", false },
	{ NULL, NULL, NULL, false }
};

/* Only the processor at hand can be asked, not that of an image. */
static const char *
by_cpuid(struct facts *f)
{
#if defined(__x86_64__) || defined(__i386__)
	static const struct { const char *signature, *name; } known[] = {
		{ "KVMKVMKVM", "kvm" }, { "Linux KVM Hv", "kvm" },
		{ "VMwareVMware", "vmware" }, { "Microsoft Hv", "hyperv" },
		{ "XenVMMXenVMM", "xen" }, { "VBoxVBoxVBox", "virtualbox" },
		{ "TCGTCGTCGTCG", "qemu" }, { "bhyve bhyve ", "bhyve" },
		{ " lrpepyh  vr", "parallels" }, { "prl hyperv  ",
		    "parallels" }, { "ACRNACRNACRN", "acrn" },
		{ "QNXQVMBSQG", "qnx" }, { "SRESRESRESRE", "sre" }
	};
	unsigned a, b, c, d;
	char text[13] = "";
	size_t i;

	if (!facts_live(f) || __get_cpuid(1, &a, &b, &c, &d) == 0 ||
	    (c >> 31 & 1) == 0)
		return NULL;
	__cpuid(0x40000000, a, b, c, d);
	memcpy(text, &b, 4);
	memcpy(text + 4, &c, 4);
	memcpy(text + 8, &d, 4);
	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strncmp(text, known[i].signature,
		    strlen(known[i].signature)) == 0)
			return known[i].name;
	return "unknown";
#else
	(void)f;
	return NULL;
#endif
}

/* The six bytes at 10 of an ACPI table name who made it. */
static const char *
by_acpi(struct facts *f)
{
	struct buf b = { 0 };
	const char *name = NULL;

	if (src_head(f, "/sys/firmware/acpi/tables/DSDT", 16, &b) &&
	    b.len == 16 && memcmp(b.p + 10, "FIRECK", 6) == 0)
		name = "firecracker";
	buf_clear(&b);
	return name;
}

struct dmi_names {
	struct str	vendor;
	struct str	product;
	struct str	asset_tag;
};

static struct str
kept(struct facts *f, const char *path)
{
	return text_trim(src_keep(f, path, SRC_MAX));
}

static struct dmi_names
read_dmi(struct facts *f)
{
	return (struct dmi_names){
		kept(f, "/sys/class/dmi/id/sys_vendor"),
		kept(f, "/sys/class/dmi/id/product_name"),
		kept(f, "/sys/class/dmi/id/chassis_asset_tag")
	};
}

static const char *
by_dmi(const struct dmi_names *d)
{
	static const struct { const char *part, *name; } known[] = {
		{ "VMware", "vmware" }, { "VirtualBox", "virtualbox" },
		{ "innotek GmbH", "virtualbox" }, { "Parallels",
		    "parallels" }, { "Xen", "xen" }, { "BHYVE", "bhyve" },
		{ "KVM", "kvm" }, { "Amazon EC2", "kvm" },
		{ "Google Compute Engine", "kvm" }, { "OpenStack", "kvm" },
		{ "DigitalOcean", "kvm" }, { "QEMU", "qemu" },
		{ "Bochs", "qemu" }, { "Apple Virtualization", "apple" }
	};
	size_t i;

	if (text_is(d->vendor, "Microsoft Corporation") &&
	    text_is(d->product, "Virtual Machine"))
		return "hyperv";
	/* On Amazon's metal the product says so. */
	if (text_ends(d->product, ".metal"))
		return NULL;
	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (text_has(d->product, known[i].part) ||
		    text_has(d->vendor, known[i].part))
			return known[i].name;
	return NULL;
}

/* s390x says which level it is on, and who runs it. */
static const char *
by_sysinfo(struct facts *f)
{
	struct str text = src_text(f, NULL, "/proc/sysinfo"), who;

	who = text_field(text, "VM00 Control Program", ':');
	if (text_has(who, "z/VM"))
		return "zvm";
	if (text_has(who, "KVM"))
		return "kvm";
	return text_field(text, "LPAR Number", ':').len > 0 ? "lpar" : NULL;
}

static const char *
by_device_tree(struct facts *f)
{
	struct str s = src_text(f, NULL,
	    "/proc/device-tree/hypervisor/compatible");

	if (text_has(s, "linux,kvm"))
		return "kvm";
	if (text_has(s, "xen"))
		return "xen";
	if (text_has(s, "vmware"))
		return "vmware";
	return src_exists(f, "/proc/device-tree/ibm,partition-name") ?
	    "powervm" : NULL;
}

static const char *
by_cpuinfo(struct facts *f)
{
	struct buf b = { 0 };
	bool virtual;

	/* Enough for the flags of the first processor. */
	virtual = !facts_live(f) && src_head(f, "/proc/cpuinfo", 8192, &b) &&
	    memmem(b.p, b.len, " hypervisor", 11) != NULL;
	buf_clear(&b);
	return virtual ? "unknown" : NULL;
}

static const char *
hypervisor(struct facts *f, const struct dmi_names *d)
{
	const char *name = by_cpuid(f), *more;
	struct str type;

	if (name != NULL && strcmp(name, "unknown") != 0)
		return strcmp(name, "kvm") == 0 && (more = by_acpi(f)) != NULL ?
		    more : name;
	if ((more = by_dmi(d)) != NULL || (more = by_acpi(f)) != NULL)
		return more;
	type = src_line(f, NULL, "/sys/hypervisor/type");
	if (text_is(type, "xen"))
		return "xen";
	if ((more = by_device_tree(f)) != NULL ||
	    (more = by_sysinfo(f)) != NULL)
		return more;
	return name != NULL ? name : by_cpuinfo(f);
}

/* What systemd calls it is what we call it, but for these. */
static struct str
own_word(struct str s)
{
	static const char *const words[][2] = {
		{ "systemd-nspawn", "nspawn" }, { "lxc-libvirt", "lxc" },
		{ "oci", "docker" }
	};
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (text_is(s, words[i][0]))
			return str_of(words[i][1]);
	return s;
}

/* container=NAME among the strings of init's environment. */
static struct str
by_environ(struct facts *f)
{
	struct str text = src_text(f, NULL, "/proc/1/environ"), one;
	static const char name[] = "container=";

	while (text.len > 0) {
		one = text_cut(&text, '\0');
		if (str_starts(one, str_of(name)) &&
		    one.len > strlen(name))
			return own_word((struct str){ one.p + strlen(name),
			    one.len - strlen(name) });
	}
	return (struct str){ NULL, 0 };
}

static const char *
by_cgroup(struct facts *f)
{
	static const char *const parts[][2] = {
		{ "/kubepods", "kubernetes" }, { "/docker", "docker" },
		{ "/libpod", "podman" }, { "/lxc", "lxc" },
		{ "/machine.slice", "nspawn" }, { "/garden", "garden" }
	};
	struct str text = src_keep(f, "/proc/self/cgroup", SRC_MAX);
	size_t i;

	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (text_has(text, parts[i][0]))
			return parts[i][1];
	return NULL;
}

static void
put_container(struct facts *f, struct val *o)
{
	struct str s;
	const char *name = NULL;

	s = own_word(src_line(f, NULL, "/run/systemd/container"));
	if (s.len == 0)
		s = by_environ(f);
	if (src_exists(f, "/var/run/secrets/kubernetes.io"))
		name = "kubernetes";
	else if (s.len > 0) {
		val_str(o, "container", s);
		return;
	} else if (src_exists(f, "/run/.containerenv"))
		name = "podman";
	else if ((name = by_cgroup(f)) == NULL &&
	    src_exists(f, "/.dockerenv"))
		name = "docker";
	if (name == NULL && src_exists(f, "/proc/vz") &&
	    !src_exists(f, "/proc/bc"))
		name = "openvz";
	s = str_of(host_name(f)->release);
	if (name == NULL && (text_has(s, "Microsoft") ||
	    text_has(s, "microsoft-standard-WSL")))
		name = "wsl";
	val_cstr(o, "container", name);
}

static const char *
provider(const struct dmi_names *d)
{
	static const struct { const char *part, *name; } known[] = {
		{ "Amazon EC2", "aws" }, { "Google", "gce" },
		{ "DigitalOcean", "digitalocean" }, { "Hetzner", "hetzner" },
		{ "OpenStack", "openstack" }, { "Alibaba Cloud", "alibaba" },
		{ "Vultr", "vultr" }, { "Scaleway", "scaleway" },
		{ "Linode", "linode" }, { "Akamai", "linode" },
		{ "UpCloud", "upcloud" }, { "Exoscale", "exoscale" },
		{ "Huawei Cloud", "huawei" }, { "Tencent Cloud", "tencent" }
	};
	size_t i;

	if (text_is(d->asset_tag, "7783-7084-3265-9085-8269-3286-77"))
		return "azure";
	if (text_is(d->asset_tag, "OracleCloud.com"))
		return "oracle";
	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (text_has(d->vendor, known[i].part) ||
		    text_has(d->product, known[i].part))
			return known[i].name;
	return NULL;
}

/* What cloud-init has found out, lent from the arena. */
static void
by_cloud_init(struct facts *f, struct cloud *c)
{
	static const char path[] = "/run/cloud-init/instance-data.json";
	struct val *data = val_new(facts_arena(f), VAL_OBJ), *v1;
	struct str text = src_text_max(f, NULL, path, SRC_LARGE);
	const char *errstr;

	if (text.p != NULL && json_parse(data, "data", text, &errstr) == -1)
		src_error(f, path, errstr);
	v1 = val_get(val_get(data, "data"), "v1");
	c->provider = val_text(val_get(v1, "cloud_name"));
	c->instance_id = val_text(val_get(v1, "instance_id"));
	c->region = val_text(val_get(v1, "region"));
	c->zone = val_text(val_get(v1, "availability_zone"));
}

static void
put_cloud(struct facts *f, struct val *o, const struct dmi_names *d)
{
	struct val *cloud = val_obj(o, "cloud");
	const char *name = provider(d);
	struct cloud c = { .zone = { NULL, 0 } };

	by_cloud_init(f, &c);
	if (name != NULL)
		c.provider = str_of(name);
	if (facts_opt(f)->metadata && facts_live(f) &&
	    (c.instance_id.len == 0 || c.region.len == 0 || c.zone.len == 0))
		metadata_ask(f, &c);
	val_str(cloud, "provider", c.provider);
	val_str(cloud, "instance_id", c.instance_id);
	val_str(cloud, "region", c.region);
	val_str(cloud, "zone", c.zone);
}

static void
run(struct facts *f, struct val *o)
{
	struct dmi_names d = read_dmi(f);
	const char *name = hypervisor(f, &d), *role = "physical";
	struct str caps = src_line(f, NULL, "/proc/xen/capabilities");

	if (text_has(caps, "control_d") || (name == NULL &&
	    src_exists(f, "/dev/kvm")))
		role = "host";
	else if (name != NULL)
		role = "guest";
	val_bool(o, "is_virtual", strcmp(role, "guest") == 0);
	val_cstr(o, "hypervisor", name);
	val_cstr(o, "role", role);
	put_container(f, o);
	put_cloud(f, o, &d);
}

const struct collector collect_virtual = {
	.name = "virtual", .help = "hypervisor, container and cloud",
	.facts = facts, .cost = 42, .run = run
};
