/*
 * selfreport: libpartisci as a program uses it.
 *
 *	selfreport [-S server] [-P port] [-H host] [-i num] [-w ms] app ver
 *	selfreport -m THREADS		each sends 100 updates, t0 1 and so on
 *	selfreport -f			after fork, in parent and in child
 *	selfreport -n			with no descriptor left
 *
 * Prints the name of what was returned, and complains if errno moved or a
 * descriptor is left.
 */
#include <sys/resource.h>
#include <sys/wait.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "partisci/partisci.h"

enum { UPDATES = 100 };

static const char *server, *port, *host;
static int instance;

static int
say(int rc)
{
	puts(rc == 0 ? "ok" : strerrorname_np(rc));
	return rc == 0 ? 0 : 1;
}

/* Report, and see that the caller does not notice. */
static int
report(const char *app, const char *ver)
{
	int before, after, rc;

	if ((before = open("/dev/null", O_RDONLY)) != -1)
		(void)close(before);
	errno = ENOTTY;
	if (server == NULL && port == NULL && host == NULL && instance == 0)
		rc = partisci_report(app, ver);
	else
		rc = partisci_report_to(server, port, app, ver, host, instance);
	if (errno != ENOTTY)
		errx(2, "errno has changed");
	/* With a name, a thread has descriptors of its own. */
	if (before != -1 && server == NULL &&
	    getenv("PARTISCI_SERVER") == NULL) {
		if ((after = open("/dev/null", O_RDONLY)) != before)
			errx(2, "a descriptor is left");
		(void)close(after);
	}
	return rc;
}

static void *
report_many(void *arg)
{
	char app[20], ver[20];
	int i;

	(void)snprintf(app, sizeof(app), "t%d", *(int *)arg);
	for (i = 1; i <= UPDATES; i++) {
		(void)snprintf(ver, sizeof(ver), "%d", i);
		if (partisci_report(app, ver) != 0)
			errx(2, "%s %s", app, ver);
		(void)usleep(1000);
	}
	return NULL;
}

static void
many_threads(int n)
{
	pthread_t threads[64];
	int i, id[64];

	for (i = 0; i < n; i++) {
		id[i] = i;
		if (pthread_create(&threads[i], NULL, report_many, &id[i]) != 0)
			errx(2, "pthread_create");
	}
	for (i = 0; i < n; i++)
		(void)pthread_join(threads[i], NULL);
}

/* A child has none of the threads of its parent, and waits for its own only. */
static int
forked(void)
{
	int status;
	pid_t pid;

	(void)report("before", "1");
	if ((pid = fork()) == -1)
		err(2, "fork");
	if (pid == 0) {
		if (partisci_wait(0) != 0)
			_exit(3);
		_exit(report("child", "1") == 0 && partisci_wait(5000) == 0 ?
		    0 : 4);
	}
	(void)report("parent", "1");
	if (waitpid(pid, &status, 0) == -1 || status != 0)
		errx(2, "child: %#x", (unsigned)status);
	return say(partisci_wait(5000));
}

static int
no_descriptor(void)
{
	struct rlimit none = { 0, 0 };

	if (setrlimit(RLIMIT_NOFILE, &none) == -1)
		err(2, "setrlimit");
	return say(report("a", "1"));
}

int
main(int argc, char *argv[])
{
	int ch, rc, wait_ms = 0;

	while ((ch = getopt(argc, argv, "fH:i:m:nP:S:w:")) != -1)
		switch (ch) {
		case 'f':
			return forked();
		case 'H':
			host = optarg;
			break;
		case 'i':
			instance = atoi(optarg);
			break;
		case 'm':
			many_threads(atoi(optarg));
			return 0;
		case 'n':
			return no_descriptor();
		case 'P':
			port = optarg;
			break;
		case 'S':
			server = optarg;
			break;
		case 'w':
			wait_ms = atoi(optarg);
			break;
		default:
			return 2;
		}
	if (argc - optind < 2)
		return 2;
	rc = say(report(argv[optind], argv[optind + 1]));
	if (wait_ms > 0)
		(void)say(partisci_wait(wait_ms));
	return rc;
}
