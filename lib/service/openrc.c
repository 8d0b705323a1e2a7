#include <sys/stat.h>

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/why.h"
#include "service/plan.h"

/*
 * OpenRC: what has been started is named in /run/openrc/started, and what is
 * to be, in a directory for each runlevel (openrc(8), rc-update(8)).
 */
#define RUN	"/run/openrc"
#define LEVELS	"/etc/runlevels"

static bool
is_there(const char *dir, const char *name)
{
	char path[512];
	struct stat st;
	int n = snprintf(path, sizeof(path), "%s/%s", dir, name);

	return n > 0 && (size_t)n < sizeof(path) && lstat(path, &st) == 0;
}

/* The first of the levels that name is in, behind those called before. */
static bool
next_level(const char *name, DIR *d, char *level, size_t size)
{
	char path[300];
	struct dirent *e;

	while ((e = readdir(d)) != NULL) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), LEVELS "/%s", e->d_name);
		if (is_there(path, name)) {
			snprintf(level, size, "%s", e->d_name);
			return true;
		}
	}
	return false;
}

static bool
is_enabled(const char *name)
{
	char level[256];
	bool found;
	DIR *d;

	if ((d = opendir(LEVELS)) == NULL)
		return false;
	found = next_level(name, d, level, sizeof(level));
	closedir(d);
	return found;
}

/* Out of all levels; rc-update's own "all" fails where it is not in each. */
static int
disable(const struct service_order *o, struct buf *why)
{
	char level[256];
	const char *argv[] = { "rc-update", "del", o->name, level, NULL };
	DIR *d;
	int rc = 0;

	if ((d = opendir(LEVELS)) == NULL)
		return why_errno(why, LEVELS, "opendir");
	while (rc == 0 && next_level(o->name, d, level, sizeof(level)))
		rc = service_run(argv, o, why);
	closedir(d);
	return rc;
}

static int
look(struct services *s, const char *name, struct service_state *st,
    struct buf *why)
{
	(void)s;
	(void)why;
	*st = (struct service_state){ .exists = strchr(name, '/') == NULL &&
	    is_there("/etc/init.d", name) };
	if (!st->exists)
		return 0;
	st->running = is_there(RUN "/started", name) ||
	    is_there(RUN "/starting", name) || is_there(RUN "/inactive", name);
	st->enabled = is_enabled(name);
	return 0;
}

static int
act(struct services *s, const struct service_order *o, struct buf *why)
{
	static const char *const words[SERVICE_ACTIONS] = {
		[SERVICE_STOP] = "stop", [SERVICE_START] = "start",
		[SERVICE_RESTART] = "restart", [SERVICE_RELOAD] = "reload"
	};
	const char *run[] = { "rc-service", o->name, words[o->action], NULL };
	const char *add[] = { "rc-update", "add", o->name, "default", NULL };

	(void)s;
	if (words[o->action] != NULL)
		return service_run(run, o, why);
	return o->action == SERVICE_ENABLE ? service_run(add, o, why) :
	    disable(o, why);
}

static bool
here(void)
{
	return access(RUN, F_OK) == 0;
}

const struct service_provider service_openrc = {
	.name = "openrc", .here = here, .look = look, .act = act
};
