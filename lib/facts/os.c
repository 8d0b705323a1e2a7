#include <gnu/libc-version.h>
#include <stdio.h>
#include <string.h>

#include "facts/collect.h"
#include "update/version.h"

static const struct fact facts[] = {
	{ "name", "string", "/etc/os-release, else /usr/lib/os-release, else "
	    "/etc/*-release", false },
	{ "id", "string", "same", false },
	{ "id_like", "array", "same", false },
	{ "family", "string", "debian, redhat, suse, ... by id and id_like",
	    false },
	{ "release.full", "string", "same; on Debian /etc/debian_version",
	    false },
	{ "release.major", "string", "the part before the first dot", false },
	{ "release.minor", "string", "the part behind it", false },
	{ "codename", "string", "os-release", false },
	{ "pretty_name", "string", "os-release", false },
	{ "variant_id", "string", "os-release", false },
	{ "build_id", "string", "os-release", false },
	{ "cpe_name", "string", "os-release", false },
	{ "support_end", "string", "os-release", false },
	{ "architecture", "string", "/var/lib/dpkg/arch, else uname(2), in "
	    "the distribution's word", false },
	{ "foreign_architectures", "array", "/var/lib/dpkg/arch", false },
	{ "hardware", "string", "uname(2)", false },
	{ "bits", "integer", "the ELF class of /bin/sh", false },
	{ "libc.name", "string", "the C library, or the loader that is there",
	    false },
	{ "libc.version", "string", "same", false },
	{ "init", "string", "/run/systemd/system, /run/openrc, "
	    "/proc/1/comm, /sbin/init", false },
	{ "package_manager", "string", "the first that is there and goes "
	    "with the family", false },
	{ "image_mode", "string", "/run/ostree-booted, /etc/NIXOS, ...",
	    false },
	{ "locale", "string", "/etc/locale.conf, /etc/default/locale", false },
	{ "keymap", "string", "/etc/vconsole.conf", false },
	{ "default_target", "string", "where default.target leads", false },
	{ "reboot_required", "boolean", "/run/reboot-required, /lib/modules",
	    false },
	{ "cloud_init.id", "string", "/var/lib/cloud/data/instance-id",
	    false },
	{ "cloud_init.done", "boolean", "/run/cloud-init/result.json", false },
	{ NULL, NULL, NULL, false }
};

/* What release files of old say, in the form of an os-release. */
static struct str
old_release(struct facts *f)
{
	static const struct { const char *path, *id, *name; } files[] = {
		{ "/etc/redhat-release", "rhel", NULL },
		{ "/etc/debian_version", "debian", "Debian GNU/Linux" },
		{ "/etc/alpine-release", "alpine", "Alpine Linux" },
		{ "/etc/gentoo-release", "gentoo", "Gentoo" },
		{ "/etc/SuSE-release", "suse", NULL },
		{ "/etc/slackware-version", "slackware", "Slackware" },
		{ "/etc/arch-release", "arch", "Arch Linux" }
	};
	struct str line, word, name = { NULL, 0 }, version = { NULL, 0 };
	char text[512];
	size_t i;

	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		if (!src_exists(f, files[i].path))
			continue;
		line = src_line(f, NULL, files[i].path);
		word = line;
		name = files[i].name != NULL ? str_of(files[i].name) :
		    text_word(&word);
		while ((word = text_word(&line)).len > 0)
			if (*word.p >= '0' && *word.p <= '9')
				version = word;
		(void)snprintf(text, sizeof(text),
		    "ID=%s\nNAME=\"%.*s\"\nVERSION_ID=\"%.*s\"\n",
		    name.len >= 6 && strncasecmp(name.p, "centos", 6) == 0 ?
		    "centos" : files[i].id, (int)name.len, name.p,
		    (int)version.len, version.p == NULL ? "" : version.p);
		line.p = arena_cstr(facts_arena(f), str_of(text));
		line.len = line.p == NULL ? 0 : strlen(line.p);
		return line;
	}
	return (struct str){ "", 0 };
}

struct str
os_release_text(struct facts *f)
{
	struct str text = src_keep(f, "/etc/os-release", SRC_MAX);

	if (text.len == 0)
		text = src_keep(f, "/usr/lib/os-release", SRC_MAX);
	return text.len > 0 ? text : old_release(f);
}

/* The quoting of sh(1), as far as os-release(5) has it. */
struct str
os_unquote(struct facts *f, struct str s)
{
	char *out = arena_cstr(facts_arena(f), s), quote = '\0';
	size_t i, n = 0;

	if (out == NULL)
		return (struct str){ "", 0 };
	for (i = 0; i < s.len; i++) {
		if (quote == '\0' && (s.p[i] == '"' || s.p[i] == '\''))
			quote = s.p[i];
		else if (quote != '\0' && s.p[i] == quote)
			quote = '\0';
		else if (s.p[i] == '\\' && quote != '\'' && i + 1 < s.len)
			out[n++] = s.p[++i];
		else
			out[n++] = s.p[i];
	}
	out[n] = '\0';
	return (struct str){ out, n };
}

struct str
os_release(struct facts *f, const char *key)
{
	return os_unquote(f, text_field(os_release_text(f), key, '='));
}

static const char *
known_family(struct str id)
{
	static const char *const families[][2] = {
		{ "rhel", "redhat" }, { "fedora", "redhat" },
		{ "centos", "redhat" }, { "ol", "redhat" },
		{ "oracle", "redhat" }, { "rocky", "redhat" },
		{ "almalinux", "redhat" }, { "amzn", "redhat" },
		{ "debian", "debian" }, { "ubuntu", "debian" },
		{ "raspbian", "debian" }, { "suse", "suse" },
		{ "sles", "suse" }, { "arch", "arch" },
		{ "alpine", "alpine" }, { "gentoo", "gentoo" }
	};
	size_t i;

	if (str_starts(id, str_of("opensuse")))
		return "suse";
	for (i = 0; i < sizeof(families) / sizeof(families[0]); i++)
		if (text_is(id, families[i][0]))
			return families[i][1];
	return NULL;
}

struct str
os_family(struct facts *f)
{
	struct str id = os_release(f, "ID"), like = os_release(f, "ID_LIKE");
	struct str rest = like, word;
	const char *family = known_family(id);

	while (family == NULL && (word = text_word(&rest)).len > 0)
		family = known_family(word);
	if (family != NULL)
		return str_of(family);
	word = text_word(&like);
	return word.len > 0 ? word : id.len > 0 ? id : str_of("unknown");
}

static void
put_release(struct facts *f, struct val *o)
{
	struct str full = os_release(f, "VERSION_ID"), line, rest;
	struct val *release = val_obj(o, "release");

	if (text_is(os_release(f, "ID"), "debian")) {
		line = src_line(f, NULL, "/etc/debian_version");
		if (line.len > 0 && *line.p >= '0' && *line.p <= '9')
			full = line;
	}
	val_str(release, "full", full);
	rest = full;
	val_str(release, "major", text_cut(&rest, '.'));
	val_str(release, "minor", text_cut(&rest, '.'));
}

static void
put_release_file(struct facts *f, struct val *o)
{
	static const char *const names[][2] = {
		{ "codename", "VERSION_CODENAME" },
		{ "pretty_name", "PRETTY_NAME" },
		{ "variant_id", "VARIANT_ID" }, { "build_id", "BUILD_ID" },
		{ "cpe_name", "CPE_NAME" }, { "support_end", "SUPPORT_END" }
	};
	struct str like = os_release(f, "ID_LIKE"), word;
	struct val *a;
	size_t i;

	val_str(o, "name", os_release(f, "NAME"));
	val_str(o, "id", os_release(f, "ID"));
	if (like.len > 0) {
		a = val_arr(o, "id_like");
		while ((word = text_word(&like)).len > 0)
			val_str(a, NULL, word);
	}
	val_str(o, "family", os_family(f));
	put_release(f, o);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		val_str(o, names[i][0], os_release(f, names[i][1]));
}

/* What the distribution calls its machines. */
static struct str
own_word(struct facts *f, const char *machine)
{
	static const char *const words[][3] = {
		{ "debian", "x86_64", "amd64" },
		{ "debian", "aarch64", "arm64" },
		{ "debian", "armv7l", "armhf" },
		{ "debian", "armv6l", "armhf" },
		{ "debian", "i686", "i386" },
		{ "debian", "ppc64le", "ppc64el" },
		{ "gentoo", "x86_64", "amd64" },
		{ "gentoo", "aarch64", "arm64" },
		{ "alpine", "i686", "x86" },
		{ "alpine", "armv7l", "armv7" }
	};
	struct str family = os_family(f);
	size_t i;

	/* A kernel of 64 bits may run a system of 32. */
	if (host_elf_class(f) == 32 && strcmp(machine, "aarch64") == 0)
		machine = "armv7l";
	else if (host_elf_class(f) == 32 && strcmp(machine, "x86_64") == 0)
		machine = "i686";
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (text_is(family, words[i][0]) &&
		    strcmp(machine, words[i][1]) == 0)
			return str_of(words[i][2]);
	return str_of(machine);
}

static void
put_architecture(struct facts *f, struct val *o)
{
	const char *machine = host_name(f)->machine;
	struct str text = src_text(f, NULL, "/var/lib/dpkg/arch"), line;
	struct val *foreign;
	int bits;

	if (text_line(&text, &line) && line.len > 0) {
		val_str(o, "architecture", line);
		foreign = val_arr(o, "foreign_architectures");
		while (text_line(&text, &line))
			val_str(foreign, NULL, line);
	} else
		val_str(o, "architecture", own_word(f, machine));
	val_cstr(o, "hardware", machine);
	if ((bits = host_elf_class(f)) != 0)
		val_int(o, "bits", bits);
}

/* Below a root, what loader is there; its name may hold the version. */
static void
put_loader(struct facts *f, struct val *libc)
{
	static const char *const dirs[] = { "/lib64", "/lib" };
	struct dir d;
	bool found = false;
	size_t i, j;

	for (i = 0; i < 2 && !found; i++) {
		if (!dir_open(f, NULL, dirs[i], &d))
			continue;
		for (j = 0; j < d.n && !found; j++) {
			found = strncmp(d.names[j], "ld-linux", 8) == 0 ||
			    strncmp(d.names[j], "ld64.so", 7) == 0;
			if (found)
				val_cstr(libc, "name", "glibc");
			else if ((found = strncmp(d.names[j], "ld-musl",
			    7) == 0))
				val_cstr(libc, "name", "musl");
		}
		dir_close(&d);
	}
}

static void
put_libc(struct facts *f, struct val *o)
{
	struct val *libc = val_obj(o, "libc");

	if (!facts_live(f)) {
		put_loader(f, libc);
		return;
	}
	val_cstr(libc, "name", "glibc");
	val_cstr(libc, "version", gnu_get_libc_version());
}

static void
put_init(struct facts *f, struct val *o)
{
	static const char *const known[] = { "systemd", "runit", "s6-svscan",
	    "dinit", "openrc-init", "busybox", "finit", "launchd" };
	char room[PATH_MAX];
	struct str comm, link;
	size_t i;

	if (src_exists(f, "/run/systemd/system")) {
		val_cstr(o, "init", "systemd");
		return;
	}
	if (src_exists(f, "/run/openrc")) {
		val_cstr(o, "init", "openrc");
		return;
	}
	link = text_tail(src_link(f, NULL, "/sbin/init", room), '/');
	comm = src_line(f, NULL, "/proc/1/comm");
	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (text_is(comm, known[i]) ||
		    (text_is(comm, "init") && text_is(link, known[i]))) {
			val_cstr(o, "init", strcmp(known[i], "s6-svscan") ==
			    0 ? "s6" : known[i]);
			return;
		}
	if (text_is(comm, "init") && src_exists(f, "/etc/inittab"))
		val_cstr(o, "init", "sysvinit");
	else
		val_str(o, "init", comm);
}

static void
put_package_manager(struct facts *f, struct val *o)
{
	static const struct { const char *family, *program, *name; } all[] = {
		{ "debian", "apt-get", "apt" }, { "redhat", "dnf", "dnf" },
		{ "redhat", "dnf5", "dnf5" }, { "redhat", "yum", "yum" },
		{ "redhat", "microdnf", "microdnf" },
		{ "suse", "zypper", "zypper" }, { "arch", "pacman", "pacman" },
		{ "alpine", "apk", "apk" }, { "gentoo", "emerge", "emerge" },
		{ "void", "xbps-install", "xbps" }, { "openwrt", "opkg",
		    "opkg" }
	};
	static const char *const dirs[] = { "/usr/bin", "/sbin", "/bin" };
	struct str family = os_family(f);
	char path[64];
	size_t i, j;
	bool own;

	/* Those of the family first; of a stranger's, whatever is there. */
	for (own = true; ; own = false) {
		for (i = 0; i < sizeof(all) / sizeof(all[0]); i++)
			for (j = 0; j < 3; j++) {
				if (text_is(family, all[i].family) != own)
					break;
				(void)snprintf(path, sizeof(path), "%s/%s",
				    dirs[j], all[i].program);
				if (src_exists(f, path)) {
					val_cstr(o, "package_manager",
					    all[i].name);
					return;
				}
			}
		if (!own)
			return;
	}
}

static void
put_image_mode(struct facts *f, struct val *o)
{
	static const char *const marks[][2] = {
		{ "/run/ostree-booted", "ostree" }, { "/etc/NIXOS", "nixos" },
		{ "/etc/transactional-update.conf", "transactional" }
	};
	const char *mode = "package";
	size_t i;

	for (i = sizeof(marks) / sizeof(marks[0]); i-- > 0; )
		if (src_exists(f, marks[i][0]))
			mode = marks[i][1];
	if (text_is(os_release(f, "ID"), "ubuntu-core"))
		mode = "snap";
	val_cstr(o, "image_mode", mode);
}

static void
put_settings(struct facts *f, struct val *o)
{
	static const char *const links[] = {
		"/etc/systemd/system/default.target",
		"/usr/lib/systemd/system/default.target",
		"/lib/systemd/system/default.target"
	};
	char room[PATH_MAX];
	struct str s, text;
	size_t i;

	text = src_text(f, NULL, "/etc/locale.conf");
	if (text.p == NULL)
		text = src_text(f, NULL, "/etc/default/locale");
	val_str(o, "locale", text_unquote(text_field(text, "LANG", '=')));
	text = src_text(f, NULL, "/etc/vconsole.conf");
	val_str(o, "keymap", text_unquote(text_field(text, "KEYMAP", '=')));
	for (i = 0; i < 3; i++)
		if ((s = src_link(f, NULL, links[i], room)).p != NULL)
			break;
	val_str(o, "default_target", text_tail(s, '/'));
}

/* Is there a kernel of the same flavour that is newer than the one at work? */
static bool
newer_kernel(struct facts *f)
{
	struct str running = str_of(host_name(f)->release), name;
	struct dir d;
	bool newer = false;
	size_t i;

	if (running.len == 0 || !dir_open(f, NULL, "/lib/modules", &d))
		return false;
	for (i = 0; dir_has(&d, running.p) && i < d.n; i++) {
		name = str_of(d.names[i]);
		if (str_eq(text_tail(name, '-'), text_tail(running, '-')) &&
		    version_cmp(name, running) > 0)
			newer = true;
	}
	dir_close(&d);
	return newer;
}

static void
put_cloud_init(struct facts *f, struct val *o)
{
	struct val *c;

	if (!src_exists(f, "/run/cloud-init"))
		return;
	c = val_obj(o, "cloud_init");
	src_put_line(f, NULL, "/var/lib/cloud/data/instance-id", c, "id");
	val_bool(c, "done", src_exists(f, "/run/cloud-init/result.json"));
}

static void
run(struct facts *f, struct val *o)
{
	put_release_file(f, o);
	put_architecture(f, o);
	put_libc(f, o);
	put_init(f, o);
	put_package_manager(f, o);
	put_image_mode(f, o);
	put_settings(f, o);
	val_bool(o, "reboot_required", src_exists(f, "/run/reboot-required") ||
	    newer_kernel(f));
	put_cloud_init(f, o);
}

const struct collector collect_os = {
	.name = "os", .help = "the distribution", .facts = facts,
	.cost = 65, .run = run
};
