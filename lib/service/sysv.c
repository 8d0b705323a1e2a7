#include <sys/stat.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/child.h"
#include "base/why.h"
#include "service/plan.h"

/*
 * System V: a script in /etc/init.d, whose "status" tells by its exit status
 * what is (the Linux Standard Base, Core, 22.2), and links to it in /etc/rcN.d.
 */
#define SCRIPTS	"/etc/init.d"

static bool
script_of(char *path, size_t size, const char *name)
{
	int n = snprintf(path, size, SCRIPTS "/%s", name);

	return strchr(name, '/') == NULL && n > 0 && (size_t)n < size &&
	    access(path, X_OK) == 0;
}

/* A link S20NAME in the directory? */
static bool
is_linked(const char *dir, const char *name)
{
	struct dirent *e;
	bool found = false;
	DIR *d;

	if ((d = opendir(dir)) == NULL)
		return false;
	while (!found && (e = readdir(d)) != NULL)
		found = e->d_name[0] == 'S' && strlen(e->d_name) > 3 &&
		    strcmp(e->d_name + 3, name) == 0;
	closedir(d);
	return found;
}

/* In any of the levels with a network; not all have them in one place. */
static bool
is_enabled(const char *name)
{
	static const char *const places[] = { "/etc/rc", "/etc/rc.d/rc",
	    "/etc/init.d/rc", NULL };
	char dir[64];
	size_t i;
	int level;

	for (i = 0; places[i] != NULL; i++)
		for (level = 2; level <= 5; level++) {
			snprintf(dir, sizeof(dir), "%s%d.d", places[i], level);
			if (is_linked(dir, name))
				return true;
		}
	return false;
}

static int
look(struct services *s, const char *name, struct service_state *st,
    struct buf *why)
{
	char script[256];
	const char *argv[] = { script, "status", NULL }, *what;
	struct child c = { .argv = argv, .timeout_ms = 30000 };

	(void)s;
	if (!script_of(script, sizeof(script), name)) {
		*st = (struct service_state){ .exists = false };
		return 0;
	}
	if (child_run(&c, &what) == -1)
		return why_errno(why, script, what);
	if (c.timed_out)
		return why_say(why, "%s: status takes longer than 30 s",
		    script);
	*st = (struct service_state){ .exists = true,
	    .running = c.signal == 0 && c.status == 0,
	    .enabled = is_enabled(name) };
	return 0;
}

static int
set_links(const struct service_order *o, bool enable, struct buf *why)
{
	const char *debian[] = { "update-rc.d", o->name,
	    enable ? "defaults" : "remove", NULL };
	const char *rest[] = { "update-rc.d", o->name,
	    enable ? "enable" : "disable", NULL };
	const char *redhat[] = { "chkconfig", o->name,
	    enable ? "on" : "off", NULL };

	if (service_has("update-rc.d")) {
		/* Links have to be there before they can be enabled. */
		if (enable && service_run(debian, o, why) == -1)
			return -1;
		return service_run(rest, o, why);
	}
	if (service_has("chkconfig"))
		return service_run(redhat, o, why);
	return why_say(why, "%s: neither update-rc.d nor chkconfig is here to "
	    "%s it", o->name, enable ? "enable" : "disable");
}

static int
act(struct services *s, const struct service_order *o, struct buf *why)
{
	static const char *const words[SERVICE_ACTIONS] = {
		[SERVICE_STOP] = "stop", [SERVICE_START] = "start",
		[SERVICE_RESTART] = "restart", [SERVICE_RELOAD] = "reload"
	};
	char script[256];
	/* service(8) gives it a clean environment. */
	const char *clean[] = { "service", o->name, words[o->action], NULL };
	const char *plain[] = { script, words[o->action], NULL };

	(void)s;
	if (words[o->action] == NULL)
		return set_links(o, o->action == SERVICE_ENABLE, why);
	if (!script_of(script, sizeof(script), o->name))
		return why_say(why, "%s: there is no script " SCRIPTS "/%s",
		    o->name, o->name);
	return service_run(service_has("service") ? clean : plain, o, why);
}

static bool
here(void)
{
	return access(SCRIPTS, F_OK) == 0;
}

const struct service_provider service_sysv = {
	.name = "sysv", .here = here, .look = look, .act = act
};
