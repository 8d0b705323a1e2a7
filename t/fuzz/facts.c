/*
 * The first byte chooses a source, the rest is what it says.  Whatever that
 * is, all facts come out as JSON.
 */
#include <sys/stat.h>

#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <jansson.h>

#include "facts/emit.h"
#include "facts/facts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const sources[] = {
	"etc/os-release", "proc/cpuinfo", "proc/meminfo", "proc/stat",
	"proc/self/mountinfo", "proc/self/status", "proc/self/cgroup",
	"proc/modules", "proc/cmdline", "proc/mdstat", "proc/swaps",
	"proc/loadavg", "proc/diskstats", "proc/1/environ",
	"var/lib/dpkg/status", "var/lib/apt/extended_states",
	"lib/apk/db/installed", "etc/apt/sources.list",
	"etc/apt/sources.list.d/a.sources", "etc/yum.repos.d/a.repo",
	"sys/firmware/dmi/tables/DMI", "etc/resolv.conf", "etc/hosts",
	"etc/ssh/sshd_config", "etc/ssh/ssh_host_x_key.pub", "etc/passwd",
	"etc/group", "etc/shadow", "etc/fstab", "etc/crontab",
	".record/netlink", "run/udev/data/b8:0", "proc/net/tcp6",
	"proc/7/stat", "run/utmp", "etc/p2/facts.d/a.json",
	"etc/p2/facts.d/a.txt", "run/cloud-init/instance-data.json",
	"proc/net/snmp", "proc/pressure/cpu", "sys/block/sda/dev",
	"bin/sh", "proc/sys/kernel/osrelease", "proc/self/cmdline",
	"var/lib/apt/lists/a_Packages", "var/lib/apt/lists/b_Packages.lz4",
	"etc/ssl/certs/a.pem", ".record/genetlink", ".record/systemd", "var/lib/dhcpcd/eth0.lease",
	"var/db/xbps/pkgdb-0.38.plist", "etc/systemd/system/a.service",
	"run/systemd/system/b.service", "var/lib/kubelet/config.yaml",
	"etc/kubernetes/manifests/kube-apiserver.yaml",
	"usr/lib64/perl5/perllocal.pod", "usr/local/bin/go",
	"usr/local/.crates.toml", "snap/a/current/meta/snap.yaml"
};
enum { NSOURCES = sizeof(sources) / sizeof(sources[0]) };

static char root[] = "/tmp/fuzz-facts.XXXXXX";

static void
path_to(char path[256], const char *source)
{
	(void)snprintf(path, 256, "%s/%s", root, source);
}

static void
make_dirs(const char *source)
{
	char path[256], *p;

	path_to(path, source);
	for (p = path + sizeof(root); (p = strchr(p, '/')) != NULL; *p++ = '/') {
		*p = '\0';
		(void)mkdir(path, 0700);
	}
}

static void
remove_all(void)
{
	char path[256], *p;
	int i;

	for (i = 0; i < NSOURCES; i++) {
		path_to(path, sources[i]);
		(void)unlink(path);
		while ((p = strrchr(path, '/')) != NULL) {
			*p = '\0';
			if (rmdir(path) == -1)
				break;
		}
	}
	(void)rmdir(root);
}

static void
begin(void)
{
	int i;

	if (mkdtemp(root) == NULL)
		err(2, "%s", root);
	for (i = 0; i < NSOURCES; i++)
		make_dirs(sources[i]);
	(void)atexit(remove_all);
}

static void
check(void)
{
	struct facts_options o = { .root = root, .compat = true };
	struct facts *f;
	struct buf b = { 0 };
	json_t *root_value;
	size_t i;

	if (facts_new(&f, &o) != 0)
		abort();
	for (i = 0; facts_collector(i) != NULL; i++)
		facts_run(f, i);
	emit_json(&b, facts_tree(f), 0);
	root_value = json_loadb(b.p, b.len, 0, NULL);
	if (root_value == NULL)
		abort();
	json_decref(root_value);
	buf_reset(&b);
	facts_strip(f);
	emit_flat(&b, "", facts_tree(f), EMIT_HUMAN);
	emit_shell(&b, "", facts_tree(f), 0);
	buf_clear(&b);
	facts_free(f);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int begun;
	char path[256];
	int fd;

	if (!begun++)
		begin();
	if (size == 0)
		return 0;
	path_to(path, sources[data[0] % NSOURCES]);
	if ((fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600)) == -1 ||
	    write(fd, data + 1, size - 1) != (ssize_t)(size - 1))
		err(2, "%s", path);
	close(fd);
	check();
	(void)unlink(path);
	return 0;
}
