#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/why.h"
#include "service/plan.h"

/*
 * runit: a directory in /etc/sv for each service; a link to it where runsvdir(8)
 * looks enables it, and runsv(8) writes its state to supervise/stat in there.
 */
#define SERVICES	"/etc/sv"

enum { SCAN_MS = 10000 };

/* Where runsvdir looks, which differs; NULL: it does not run here. */
static const char *
scanned(void)
{
	static const char *const places[] = { "/etc/service", "/var/service",
	    "/service", "/run/runit/service", NULL };
	size_t i;

	for (i = 0; places[i] != NULL; i++)
		if (access(places[i], F_OK) == 0)
			return places[i];
	return NULL;
}

static int
path_of(char *path, size_t size, const char *dir, const char *name,
    struct buf *why)
{
	int n = snprintf(path, size, "%s/%s", dir, name);

	return strchr(name, '/') != NULL || n < 0 || (size_t)n >= size ?
	    why_say(why, "%s: not the name of a service", name) : 0;
}

static bool
is_running(const char *dir)
{
	char path[600], word[16] = "";
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "%s/supervise/stat", dir);
	if ((fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)) == -1)
		return false;
	n = read(fd, word, sizeof(word) - 1);
	close(fd);
	return n >= 3 && strncmp(word, "run", 3) == 0;
}

static int
look(struct services *s, const char *name, struct service_state *st,
    struct buf *why)
{
	const char *place = scanned();
	char dir[512], link[512];
	struct stat sb;

	(void)s;
	if (path_of(dir, sizeof(dir), SERVICES, name, why) == -1 ||
	    path_of(link, sizeof(link), place == NULL ? SERVICES : place,
	    name, why) == -1)
		return -1;
	*st = (struct service_state){ .enabled = place != NULL &&
	    stat(link, &sb) == 0 };
	st->exists = st->enabled || stat(dir, &sb) == 0;
	st->running = st->enabled && is_running(link);
	return 0;
}

/* The link is all there is to it; runsvdir sees it within five seconds. */
static int
set_link(const struct service_order *o, bool enable, struct buf *why)
{
	const char *place = scanned();
	char dir[512], link[512];

	if (place == NULL)
		return why_say(why, "%s: runit does not run here", o->name);
	if (path_of(dir, sizeof(dir), SERVICES, o->name, why) == -1 ||
	    path_of(link, sizeof(link), place, o->name, why) == -1)
		return -1;
	if (enable && symlink(dir, link) == -1 && errno != EEXIST)
		return why_errno(why, link, "symlink");
	if (!enable && unlink(link) == -1 && errno != ENOENT)
		return why_errno(why, link, "unlink");
	return 0;
}

/* Until runsvdir has seen a new link, which it looks for every 5 seconds. */
static void
await_supervisor(const struct service_order *o)
{
	static const struct timespec pause = { .tv_nsec = 50000000 };
	const char *place = scanned();
	char path[600];
	int64_t end = clock_ms() +
	    (o->timeout_ms < SCAN_MS ? o->timeout_ms : SCAN_MS);

	if (place == NULL)
		return;
	snprintf(path, sizeof(path), "%s/%s/supervise/ok", place, o->name);
	while (access(path, F_OK) == -1 && clock_ms() < end)
		nanosleep(&pause, NULL);
}

static int
act(struct services *s, const struct service_order *o, struct buf *why)
{
	static const char *const words[SERVICE_ACTIONS] = {
		[SERVICE_STOP] = "stop", [SERVICE_START] = "start",
		[SERVICE_RESTART] = "restart", [SERVICE_RELOAD] = "reload"
	};
	char secs[24], dir[512];
	/* By its directory, for the link may be gone: disabled comes first. */
	const char *argv[] = { "sv", "-w", secs, words[o->action], dir, NULL };

	(void)s;
	if (path_of(dir, sizeof(dir), SERVICES, o->name, why) == -1)
		return -1;
	if (access(dir, F_OK) == -1)
		snprintf(dir, sizeof(dir), "%s", o->name);
	snprintf(secs, sizeof(secs), "%ld", o->timeout_ms / 1000);
	if (words[o->action] == NULL)
		return set_link(o, o->action == SERVICE_ENABLE, why);
	if (o->action == SERVICE_START)
		await_supervisor(o);
	return service_run(argv, o, why);
}

static bool
here(void)
{
	return access("/run/runit.stopit", F_OK) == 0 ||
	    access("/run/runit", F_OK) == 0 ||
	    (access(SERVICES, F_OK) == 0 && scanned() != NULL);
}

const struct service_provider service_runit = {
	.name = "runit", .here = here, .look = look, .act = act
};
