#include <string.h>

#include "facts/collect.h"

static const struct fact facts[] = {
	{ "selinux.enabled", "boolean", "/sys/fs/selinux", false },
	{ "selinux.enforcing", "boolean", "/sys/fs/selinux/enforce", false },
	{ "selinux.mode", "string", "/etc/selinux/config", false },
	{ "selinux.policy", "string", "/etc/selinux/config", false },
	{ "selinux.policy_version", "integer", "/sys/fs/selinux/policyvers",
	    false },
	{ "apparmor.enabled", "boolean",
	    "/sys/module/apparmor/parameters/enabled", false },
	{ "apparmor.profiles.*", "integer",
	    "/sys/kernel/security/apparmor/profiles: how many by mode",
	    false },
	{ "fips", "boolean", "/proc/sys/crypto/fips_enabled", false },
	{ "capabilities.effective", "array", "/proc/self/status", false },
	{ "capabilities.bounding", "array", "/proc/self/status", false },
	{ "seccomp", "integer", "/proc/self/status", false },
	{ "no_new_privs", "boolean", "/proc/self/status", false },
	{ "tpm.version", "string", "/sys/class/tpm/tpm0/tpm_version_major",
	    false },
	{ "auditd", "boolean", "/run/auditd.pid", false },
	{ "entropy_bits", "integer",
	    "/proc/sys/kernel/random/entropy_avail", true },
	{ NULL, NULL, NULL, false }
};

static void
put_selinux(struct facts *f, struct val *o)
{
	struct val *s = val_obj(o, "selinux");
	bool on = src_exists(f, "/sys/fs/selinux/policyvers");
	struct buf config = { 0 };

	val_bool(s, "enabled", on);
	src_put_bool(f, NULL, "/sys/fs/selinux/enforce", s, "enforcing");
	if (src_load(f, NULL, "/etc/selinux/config", SRC_MAX, &config)) {
		val_str(s, "mode", text_field(buf_view(&config), "SELINUX",
		    '='));
		val_str(s, "policy", text_field(buf_view(&config),
		    "SELINUXTYPE", '='));
	}
	buf_clear(&config);
	src_put_num(f, NULL, "/sys/fs/selinux/policyvers", s,
	    "policy_version");
}

/* "name (mode)" */
static void
put_apparmor(struct facts *f, struct val *o)
{
	static const char *const modes[] = { "enforce", "complain", "kill",
	    "unconfined", "prompt" };
	int64_t count[5] = { 0 };
	struct val *a = val_obj(o, "apparmor"), *profiles;
	struct str text, line, mode;
	size_t i;

	src_put_bool(f, NULL, "/sys/module/apparmor/parameters/enabled", a,
	    "enabled");
	text = src_text_max(f, NULL, "/sys/kernel/security/apparmor/profiles",
	    SRC_LARGE);
	if (text.p == NULL)
		return;
	while (text_line(&text, &line)) {
		mode = text_tail(line, '(');
		for (i = 0; i < 5; i++)
			if (str_starts(mode, str_of(modes[i])))
				count[i]++;
	}
	profiles = val_obj(a, "profiles");
	for (i = 0; i < 5; i++)
		if (count[i] > 0)
			val_int(profiles, modes[i], count[i]);
}

static void
put_capabilities(struct facts *f, struct val *o, const char *key,
    const char *line)
{
	static const char *const names[] = {
		"chown", "dac_override", "dac_read_search", "fowner",
		"fsetid", "kill", "setgid", "setuid", "setpcap",
		"linux_immutable", "net_bind_service", "net_broadcast",
		"net_admin", "net_raw", "ipc_lock", "ipc_owner", "sys_module",
		"sys_rawio", "sys_chroot", "sys_ptrace", "sys_pacct",
		"sys_admin", "sys_boot", "sys_nice", "sys_resource",
		"sys_time", "sys_tty_config", "mknod", "lease", "audit_write",
		"audit_control", "setfcap", "mac_override", "mac_admin",
		"syslog", "wake_alarm", "block_suspend", "audit_read",
		"perfmon", "bpf", "checkpoint_restore"
	};
	struct val *a;
	uint64_t bits;
	size_t i;

	if (!text_hex(proc_status(f, line), &bits))
		return;
	a = val_arr(o, key);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (bits >> i & 1)
			val_cstr(a, NULL, names[i]);
}

static void
run(struct facts *f, struct val *o)
{
	struct val *caps;
	int64_t n;

	put_selinux(f, o);
	put_apparmor(f, o);
	src_put_bool(f, NULL, "/proc/sys/crypto/fips_enabled", o, "fips");
	caps = val_obj(o, "capabilities");
	put_capabilities(f, caps, "effective", "CapEff");
	put_capabilities(f, caps, "bounding", "CapBnd");
	if (text_num(proc_status(f, "Seccomp"), &n))
		val_int(o, "seccomp", n);
	if (text_num(proc_status(f, "NoNewPrivs"), &n))
		val_bool(o, "no_new_privs", n != 0);
	src_put_line(f, NULL, "/sys/class/tpm/tpm0/tpm_version_major",
	    val_obj(o, "tpm"), "version");
	val_bool(o, "auditd", src_exists(f, "/run/auditd.pid"));
	src_put_num(f, NULL, "/proc/sys/kernel/random/entropy_avail", o,
	    "entropy_bits");
}

const struct collector collect_security = {
	.name = "security", .help = "what guards this host", .facts = facts,
	.cost = 24, .run = run
};
