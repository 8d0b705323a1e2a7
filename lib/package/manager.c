#include <stdlib.h>
#include <string.h>

#include "package/plan.h"

/*
 * The managers.  None may ask anything: stdin is /dev/null, and what is there
 * to tell them so, is told them.  Configuration files that the admin has
 * changed stay.  Where a manager can be told to wait for its lock, it is, for
 * the time between our look at it and its own.
 */
#define WORDS	(const char *const [])

#define APT	"apt-get", "-q", "-y", "-o", "DPkg::Lock::Timeout=60", \
		"-o", "Dpkg::Options::=--force-confdef", \
		"-o", "Dpkg::Options::=--force-confold"
#define DPKG	"dpkg", "--force-confdef", "--force-confold"
#define ZYPPER	"zypper", "--non-interactive"
#define NPM	"npm", "--global"
#define PIP	"pip", "--disable-pip-version-check", "--no-input"
#define EMERGE	"emerge", "--ask=n", "--quiet"

static const char *const apt_install[] = { APT, "install", NULL };
static const char *const apt_purge[] = { APT, "purge", "--auto-remove",
    NULL };
static const char *const apt_downgrade[] = { APT, "install",
    "--allow-downgrades", NULL };
static const char *const dpkg_install[] = { DPKG, "--install", NULL };
static const char *const dpkg_purge[] = { DPKG, "--purge", NULL };
static const char *const dpkg_finish[] = { DPKG, "--configure", "-a", NULL };
static const char *const npm_install[] = { NPM, "install", "--no-audit",
    "--no-fund", "--no-update-notifier", NULL };
static const char *const npm_remove[] = { NPM, "uninstall",
    "--no-update-notifier", NULL };
static const char *const pip_install[] = { PIP, "install", NULL };
static const char *const pip_remove[] = { PIP, "uninstall", "-y", NULL };
static const char *const gem_install[] = { "gem", "install",
    "--no-document", NULL };
static const char *const gem_remove[] = { "gem", "uninstall", "--all",
    "--executables", "--abort-on-dependent", NULL };
static const char *const dnf_remove[] = { "dnf", "-y", "remove", NULL };
static const char *const yum_remove[] = { "yum", "-y", "erase", NULL };
static const char *const zypper_remove[] = { ZYPPER, "remove", NULL };
static const char *const apk_add[] = { "apk", "--wait", "60", "add", NULL };
static const char *const emerge_install[] = { EMERGE, "--noreplace", NULL };
static const char *const emerge_one[] = { EMERGE, "--oneshot", NULL };
static const char *const emerge_remove[] = { EMERGE, "--depclean", NULL };
static const char *const rpm_install[] = { "rpm", "--upgrade",
    "--oldpackage", NULL };
static const char *const rpm_remove[] = { "rpm", "--erase", NULL };

#define RPM_PATHS { "/var/lib/rpm/rpmdb.sqlite", \
    "/var/lib/rpm/rpmdb.sqlite-wal", "/var/lib/rpm" }
#define RPM_LOCK { LOCK_FCNTL, "/var/lib/rpm/.rpm.lock" }
#define DPKG_LOCKS { LOCK_FCNTL, "/var/lib/dpkg/lock-frontend" }, \
    { LOCK_FCNTL, "/var/lib/dpkg/lock" }

const struct manager managers[] = {
	{
		.name = "apt", .family = "debian", .order = ORDER_DEBIAN,
		.verbs = {
			[VERB_REMOVE] = apt_purge, [VERB_PURGE] = apt_purge,
			[VERB_RELEASE] = WORDS{ "apt-mark", "unhold", NULL },
			[VERB_INSTALL] = apt_install,
			[VERB_UPGRADE] = apt_install,
			[VERB_DOWNGRADE] = apt_downgrade,
			[VERB_HOLD] = WORDS{ "apt-mark", "hold", NULL }
		},
		.refresh = WORDS{ "apt-get", "-q", "update", NULL },
		.exact = "%n=%v",
		.recommends = { "--no-install-recommends",
		    "--install-recommends" },
		.database = "apt", .paths = { "/var/lib/dpkg/status" },
		.locks = { DPKG_LOCKS, { LOCK_FCNTL, "/var/lib/apt/lists/lock" },
		    { LOCK_FCNTL, "/var/cache/apt/archives/lock" } },
		.unfinished = "/var/lib/dpkg/updates", .finish = dpkg_finish
	}, {
		.name = "dnf", .family = "redhat", .order = ORDER_RPM,
		.verbs = {
			[VERB_REMOVE] = dnf_remove, [VERB_PURGE] = dnf_remove,
			[VERB_RELEASE] = WORDS{ "dnf", "-y", "versionlock",
			    "delete", NULL },
			[VERB_INSTALL] = WORDS{ "dnf", "-y", "install", NULL },
			[VERB_UPGRADE] = WORDS{ "dnf", "-y", "upgrade", NULL },
			[VERB_DOWNGRADE] = WORDS{ "dnf", "-y", "downgrade",
			    NULL },
			[VERB_HOLD] = WORDS{ "dnf", "-y", "versionlock", "add",
			    NULL }
		},
		.refresh = WORDS{ "dnf", "-y", "makecache", NULL },
		.latest = WORDS{ "dnf", "-q", "check-update", NULL },
		.update = dnf_update,
		.exact = "%n-%v", .compare = "%n %o %v",
		.recommends = { "--setopt=install_weak_deps=False",
		    "--setopt=install_weak_deps=True" },
		.database = "rpm", .paths = RPM_PATHS,
		.locks = { RPM_LOCK,
		    { LOCK_PID, "/var/lib/dnf/rpmdb_lock.pid" },
		    { LOCK_PID, "/var/cache/dnf/metadata_lock.pid" } }
	}, {
		.name = "yum", .order = ORDER_RPM,
		.verbs = {
			[VERB_REMOVE] = yum_remove, [VERB_PURGE] = yum_remove,
			[VERB_INSTALL] = WORDS{ "yum", "-y", "install", NULL },
			[VERB_UPGRADE] = WORDS{ "yum", "-y", "update", NULL },
			[VERB_DOWNGRADE] = WORDS{ "yum", "-y", "downgrade",
			    NULL }
		},
		.refresh = WORDS{ "yum", "-y", "makecache", NULL },
		.latest = WORDS{ "yum", "-q", "check-update", NULL },
		.update = dnf_update,
		.exact = "%n-%v",
		.database = "rpm", .paths = RPM_PATHS,
		.locks = { RPM_LOCK, { LOCK_PID, "/var/run/yum.pid" } }
	}, {
		.name = "zypper", .alias = "zypp", .family = "suse",
		.order = ORDER_RPM,
		.verbs = {
			[VERB_REMOVE] = zypper_remove,
			[VERB_PURGE] = zypper_remove,
			[VERB_RELEASE] = WORDS{ ZYPPER, "removelock", NULL },
			[VERB_INSTALL] = WORDS{ ZYPPER, "install",
			    "--auto-agree-with-licenses", NULL },
			[VERB_UPGRADE] = WORDS{ ZYPPER, "update",
			    "--auto-agree-with-licenses", NULL },
			[VERB_DOWNGRADE] = WORDS{ ZYPPER, "install",
			    "--auto-agree-with-licenses", "--oldpackage",
			    NULL },
			[VERB_HOLD] = WORDS{ ZYPPER, "addlock", NULL }
		},
		.refresh = WORDS{ ZYPPER, "refresh", NULL },
		.latest = WORDS{ ZYPPER, "--quiet", "list-updates", NULL },
		.update = zypper_update, .latest_all = true,
		.exact = "%n=%v", .compare = "%n%o%v",
		.recommends = { "--no-recommends", "--recommends" },
		.database = "rpm", .paths = RPM_PATHS,
		.locks = { RPM_LOCK, { LOCK_PID, "/run/zypp.pid" } }
	}, {
		.name = "pacman", .family = "arch", .order = ORDER_PACMAN,
		.verbs = {
			[VERB_REMOVE] = WORDS{ "pacman", "--noconfirm", "-R",
			    NULL },
			[VERB_PURGE] = WORDS{ "pacman", "--noconfirm", "-Rn",
			    NULL },
			[VERB_INSTALL] = WORDS{ "pacman", "--noconfirm", "-S",
			    "--needed", NULL },
			[VERB_UPGRADE] = WORDS{ "pacman", "--noconfirm", "-S",
			    "--needed", NULL },
			[VERB_DOWNGRADE] = WORDS{ "pacman", "--noconfirm",
			    "-S", NULL }
		},
		.refresh = WORDS{ "pacman", "--noconfirm", "-Sy", NULL },
		.latest = WORDS{ "pacman", "-Qu", NULL },
		.update = pacman_update,
		.exact = "%n=%v", .compare = "%n%o%v",
		.database = "pacman", .paths = { "/var/lib/pacman/local" },
		.locks = { { LOCK_EXISTS, "/var/lib/pacman/db.lck" } }
	}, {
		.name = "apk", .family = "alpine", .order = ORDER_WORDS,
		.verbs = {
			[VERB_REMOVE] = WORDS{ "apk", "--wait", "60", "del",
			    NULL },
			[VERB_PURGE] = WORDS{ "apk", "--wait", "60", "del",
			    "--purge", NULL },
			[VERB_INSTALL] = apk_add,
			[VERB_UPGRADE] = WORDS{ "apk", "--wait", "60", "add",
			    "--upgrade", NULL },
			[VERB_DOWNGRADE] = apk_add
		},
		.refresh = WORDS{ "apk", "--wait", "60", "update", NULL },
		.latest = WORDS{ "apk", "version", "-l", "<", NULL },
		.update = apk_update,
		.exact = "%n=%v", .compare = "%n%o%v",
		.database = "apk", .paths = { "/lib/apk/db/installed",
		    "/usr/lib/apk/db/installed" },
		.locks = { { LOCK_FCNTL, "/lib/apk/db/lock" },
		    { LOCK_FCNTL, "/usr/lib/apk/db/lock" } }
	}, {
		.name = "portage", .alias = "emerge", .family = "gentoo",
		.order = ORDER_WORDS,
		.verbs = {
			[VERB_REMOVE] = emerge_remove,
			[VERB_PURGE] = emerge_remove,
			[VERB_INSTALL] = emerge_install,
			[VERB_UPGRADE] = WORDS{ EMERGE, "--update", NULL },
			[VERB_DOWNGRADE] = emerge_one
		},
		.latest = WORDS{ EMERGE, "--pretend", "--update", NULL },
		.update = portage_update,
		.exact = "=%n-%v", .compare = "%o%n-%v",
		.database = "portage", .paths = { "/var/db/pkg" }
	}, {
		.name = "npm", .order = ORDER_WORDS,
		.verbs = {
			[VERB_REMOVE] = npm_remove, [VERB_PURGE] = npm_remove,
			[VERB_INSTALL] = npm_install,
			[VERB_UPGRADE] = WORDS{ NPM, "update", "--no-audit",
			    "--no-fund", "--no-update-notifier", NULL },
			[VERB_DOWNGRADE] = npm_install
		},
		.latest = WORDS{ NPM, "outdated", "--json",
		    "--no-update-notifier", NULL },
		.update = npm_update,
		.exact = "%n@%v", .compare = "%n@%o%v", .look = npm_look
	}, {
		.name = "pip", .order = ORDER_WORDS,
		.verbs = {
			[VERB_REMOVE] = pip_remove, [VERB_PURGE] = pip_remove,
			[VERB_INSTALL] = pip_install,
			[VERB_UPGRADE] = WORDS{ PIP, "install", "--upgrade",
			    NULL },
			[VERB_DOWNGRADE] = pip_install
		},
		.latest = WORDS{ PIP, "list", "--outdated", "--format=json",
		    NULL },
		.update = pip_update, .latest_all = true,
		.exact = "%n==%v", .compare = "%n%o%v", .look = pip_look
	}, {
		.name = "gem", .order = ORDER_WORDS,
		.verbs = {
			[VERB_REMOVE] = gem_remove, [VERB_PURGE] = gem_remove,
			[VERB_INSTALL] = gem_install,
			[VERB_UPGRADE] = WORDS{ "gem", "update",
			    "--no-document", NULL },
			[VERB_DOWNGRADE] = gem_install
		},
		.latest = WORDS{ "gem", "outdated", NULL },
		.update = gem_update, .latest_all = true,
		.exact = "%n:%v", .compare = "%n:%o%v", .look = gem_look
	}, {
		.name = "deb", .order = ORDER_DEBIAN,
		.verbs = {
			[VERB_REMOVE] = dpkg_purge, [VERB_PURGE] = dpkg_purge,
			[VERB_INSTALL] = dpkg_install,
			[VERB_UPGRADE] = dpkg_install,
			[VERB_DOWNGRADE] = dpkg_install
		},
		.database = "apt", .paths = { "/var/lib/dpkg/status" },
		.locks = { DPKG_LOCKS },
		.unfinished = "/var/lib/dpkg/updates", .finish = dpkg_finish,
		.file = WORDS{ "dpkg-deb", "--showformat=${Version}\n", "-W",
		    NULL }
	}, {
		.name = "rpm", .order = ORDER_RPM,
		.verbs = {
			[VERB_REMOVE] = rpm_remove, [VERB_PURGE] = rpm_remove,
			[VERB_INSTALL] = rpm_install,
			[VERB_UPGRADE] = rpm_install,
			[VERB_DOWNGRADE] = rpm_install
		},
		.database = "rpm", .paths = RPM_PATHS,
		.locks = { RPM_LOCK },
		.file = WORDS{ "rpm", "-qp", "--nosignature", "--qf",
		    "%|EPOCH?{%{EPOCH}:}:{}|%{VERSION}-%{RELEASE}\n", NULL }
	},
	{ .name = NULL }
};

const struct manager *
manager_called(const char *name)
{
	const struct manager *m;

	for (m = managers; m->name != NULL; m++)
		if (strcmp(m->name, name) == 0 || (m->alias != NULL &&
		    strcmp(m->alias, name) == 0))
			return m;
	return NULL;
}

/* A host of Red Hat's family without dnf has yum. */
const struct manager *
manager_of(const char *family)
{
	const struct manager *m;
	char *dnf;

	for (m = managers; m->name != NULL; m++)
		if (m->family != NULL && strcmp(m->family, family) == 0)
			break;
	if (m->name == NULL)
		return NULL;
	if (strcmp(m->name, "dnf") != 0)
		return m;
	dnf = program_path("dnf");
	free(dnf);
	return dnf != NULL ? m : manager_called("yum");
}
