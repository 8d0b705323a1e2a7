/*
 * systemd1 SOCKET STATE COMMAND [ARG ...]: what p2-apply sees of systemd, at
 * SOCKET for as long as COMMAND runs; exits as that does.
 *
 * STATE is a directory with a file for each unit, "LOAD ACTIVE FILE", as in
 * the properties LoadState, ActiveState and UnitFileState.  Jobs and links
 * change that; a unit with a file NAME.fails does not start, one with
 * NAME.stale needs a daemon-reload.  Each call that changes something goes to
 * STATE/log.
 */
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <err.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <systemd/sd-bus.h>

#define OBJECT	"/org/freedesktop/systemd1"

struct unit {
	char	 load[32];
	char	 active[32];
	char	 file[32];
};

static const char *state;
static unsigned jobs;

static void
unit_read(const char *name, struct unit *u)
{
	char path[256];
	FILE *f;

	*u = (struct unit){ "not-found", "inactive", "" };
	snprintf(path, sizeof(path), "%s/%s", state, name);
	if ((f = fopen(path, "r")) == NULL)
		return;
	if (fscanf(f, "%31s %31s %31s", u->load, u->active, u->file) != 3)
		errx(1, "%s", path);
	fclose(f);
}

static void
unit_write(const char *name, const struct unit *u)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", state, name);
	if ((f = fopen(path, "w")) == NULL)
		err(1, "%s", path);
	fprintf(f, "%s %s %s\n", u->load, u->active, u->file);
	fclose(f);
}

static bool
flag(const char *name, const char *suffix)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s.%s", state, name, suffix);
	return access(path, F_OK) == 0;
}

static void
note(const char *what, const char *name)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/log", state);
	if ((f = fopen(path, "a")) == NULL)
		err(1, "%s", path);
	fprintf(f, "%s%s%s\n", what, *name != '\0' ? " " : "", name);
	fclose(f);
}

/* The object of a unit is its name, with "_2e" for each dot. */
static void
to_object(char *path, size_t size, const char *name)
{
	size_t n = (size_t)snprintf(path, size, OBJECT "/unit/");

	for (; *name != '\0' && n + 4 < size; name++)
		if (*name == '.' || *name == '-')
			n += (size_t)snprintf(path + n, size - n, "_%02x",
			    (unsigned)*name);
		else
			path[n++] = *name;
	path[n] = '\0';
}

static void
to_name(char *name, size_t size, const char *path)
{
	size_t n = 0;
	unsigned c;

	for (path = strrchr(path, '/') + 1; *path != '\0' && n + 1 < size;
	    path++)
		if (*path == '_' && sscanf(path + 1, "%2x", &c) == 1) {
			name[n++] = (char)c;
			path += 2;
		} else
			name[n++] = *path;
	name[n] = '\0';
}

static int
get_property(sd_bus_message *m)
{
	const char *interface, *property, *value;
	char name[128];
	struct unit u;

	to_name(name, sizeof(name), sd_bus_message_get_path(m));
	unit_read(name, &u);
	if (sd_bus_message_read(m, "ss", &interface, &property) < 0)
		return -EINVAL;
	if (strcmp(property, "NeedDaemonReload") == 0)
		return sd_bus_reply_method_return(m, "v", "b",
		    flag(name, "stale"));
	if (strcmp(property, "ExecMainStatus") == 0)
		return sd_bus_reply_method_return(m, "v", "i",
		    flag(name, "fails") ? 7 : 0);
	value = strcmp(property, "LoadState") == 0 ? u.load :
	    strcmp(property, "ActiveState") == 0 ? u.active :
	    strcmp(property, "UnitFileState") == 0 ? u.file :
	    flag(name, "fails") ? "exit-code" : "success";
	return sd_bus_reply_method_return(m, "v", "s", value);
}

static int
load_unit(sd_bus_message *m)
{
	const char *name;
	char path[256];

	if (sd_bus_message_read(m, "s", &name) < 0)
		return -EINVAL;
	to_object(path, sizeof(path), name);
	return sd_bus_reply_method_return(m, "o", path);
}

static int
make_job(sd_bus_message *m, const char *method)
{
	bool start = strcmp(method, "StopUnit") != 0;
	const char *name, *mode, *result;
	char path[256];
	struct unit u;

	if (sd_bus_message_read(m, "ss", &name, &mode) < 0)
		return -EINVAL;
	note(method, name);
	if (strcmp(method, "ReloadUnit") == 0 && flag(name, "fails"))
		return sd_bus_reply_method_errorf(m,
		    "org.freedesktop.systemd1.JobTypeNotApplicable",
		    "Job type reload is not applicable for unit %s.", name);
	unit_read(name, &u);
	result = start && flag(name, "fails") ? "failed" : "done";
	snprintf(u.active, sizeof(u.active), "%s",
	    start && strcmp(result, "done") == 0 ? "active" : "inactive");
	unit_write(name, &u);
	snprintf(path, sizeof(path), OBJECT "/job/%u", ++jobs);
	if (flag(name, "hangs"))
		return sd_bus_reply_method_return(m, "o", path);
	/* The signal may overtake the answer, as it does in earnest. */
	sd_bus_emit_signal(sd_bus_message_get_bus(m), OBJECT,
	    "org.freedesktop.systemd1.Manager", "JobRemoved", "uoss",
	    jobs + 1000, OBJECT "/job/999", "other.service", "failed");
	sd_bus_reply_method_return(m, "o", path);
	return sd_bus_emit_signal(sd_bus_message_get_bus(m), OBJECT,
	    "org.freedesktop.systemd1.Manager", "JobRemoved", "uoss", jobs,
	    path, name, result);
}

static int
change_links(sd_bus_message *m, const char *method)
{
	bool masked = strcmp(method, "MaskUnitFiles") == 0;
	char *only[2] = { NULL, NULL };
	char **names = only;
	struct unit u;

	if (sd_bus_message_read_strv(m, &names) < 0)
		return -EINVAL;
	note(method, names[0]);
	unit_read(names[0], &u);
	snprintf(u.file, sizeof(u.file), "%s", masked ? "masked" :
	    strcmp(method, "EnableUnitFiles") == 0 ? "enabled" : "disabled");
	snprintf(u.load, sizeof(u.load), "%s", masked ? "masked" : "loaded");
	unit_write(names[0], &u);
	free(names[0]);
	free(names);
	return sd_bus_reply_method_return(m, "");
}

static int
reload(sd_bus_message *m)
{
	char command[300];

	note("Reload", "");
	snprintf(command, sizeof(command), "rm -f '%s'/*.stale", state);
	if (system(command) != 0)
		errx(1, "%s", command);
	return sd_bus_reply_method_return(m, "");
}

static int
answer(sd_bus_message *m, void *arg, sd_bus_error *e)
{
	const char *method = sd_bus_message_get_member(m);
	size_t n;
	int rc;

	(void)arg;
	(void)e;
	if (!sd_bus_message_is_method_call(m, NULL, NULL))
		return 0;
	n = strlen(method);
	if (strcmp(method, "Get") == 0)
		rc = get_property(m);
	else if (strcmp(method, "LoadUnit") == 0)
		rc = load_unit(m);
	else if (strcmp(method, "Subscribe") == 0)
		rc = sd_bus_reply_method_return(m, "");
	else if (strcmp(method, "Reload") == 0)
		rc = reload(m);
	else if (n > 9 && strcmp(method + n - 9, "UnitFiles") == 0)
		rc = change_links(m, method);
	else
		rc = make_job(m, method);
	return rc < 0 ? rc : 1;
}

static void
serve(int fd)
{
	sd_id128_t id = SD_ID128_MAKE(01,02,03,04,05,06,07,08,09,0a,0b,0c,0d,
	    0e,0f,10);
	sd_bus *bus;
	int rc;

	if (sd_bus_new(&bus) < 0 || sd_bus_set_fd(bus, fd, fd) < 0 ||
	    sd_bus_set_server(bus, 1, id) < 0 ||
	    sd_bus_set_anonymous(bus, 1) < 0 ||
	    sd_bus_add_filter(bus, NULL, answer, NULL) < 0 ||
	    sd_bus_start(bus) < 0)
		errx(1, "sd-bus");
	while ((rc = sd_bus_process(bus, NULL)) >= 0)
		if (rc == 0 && sd_bus_wait(bus, UINT64_MAX) < 0)
			break;
	sd_bus_flush_close_unref(bus);
}

/* Each client has a process of its own, until we are ended. */
static void __attribute__((noreturn))
listen_on(const char *path, int ready)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd, client;

	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s", path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd == -1 || bind(fd, (struct sockaddr *)&sun, sizeof(sun)) == -1 ||
	    listen(fd, 5) == -1)
		err(1, "%s", path);
	close(ready);
	for (;;) {
		if ((client = accept4(fd, NULL, NULL, SOCK_CLOEXEC)) == -1)
			err(1, "accept");
		/* p2-apply has one connection to look, and one to act. */
		if (fork() == 0) {
			(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
			close(fd);
			serve(client);
			_exit(0);
		}
		close(client);
	}
}

int
main(int argc, char **argv)
{
	pid_t server, child;
	int ready[2], status;
	char c;

	if (argc < 4)
		errx(2, "usage: systemd1 socket state command ...");
	state = argv[2];
	if (pipe(ready) == -1 || (server = fork()) == -1)
		err(1, "fork");
	if (server == 0) {
		close(ready[0]);
		listen_on(argv[1], ready[1]);
	}
	close(ready[1]);
	if (read(ready[0], &c, 1) != 0 || (child = fork()) == -1)
		err(1, "fork");
	if (child == 0) {
		execvp(argv[3], argv + 3);
		err(127, "%s", argv[3]);
	}
	waitpid(child, &status, 0);
	kill(server, SIGKILL);
	waitpid(server, NULL, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
