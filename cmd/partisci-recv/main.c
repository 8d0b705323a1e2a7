#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>

#include <err.h>
#include <errno.h>
#include <grp.h>
#include <malloc.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <lmdb.h>

#include "base/notify.h"
#include "base/stdfd.h"
#include "common/cmdline.h"
#include "recv.h"

static struct options asked = { .port = PORT, .timeout = TIMEOUT };

static void
add_listen(int letter, char *address)
{
	if (asked.nlisten == MAX_SOCKETS)
		errx(2, "-%c: at most %d addresses", letter, MAX_SOCKETS);
	asked.listen[asked.nlisten++] = address;
}

static const struct cmdline_option options[] = {
	{ 'D', "danger", NULL, "let POST _danger/clear/ empty the store",
	    .flag = &asked.danger },
	{ 'd', "db", "DIR", "the store (default /var/lib/partisci)",
	    .text = &asked.db },
	CMDLINE_HELP,
	{ 'l', "listen", "ADDR", "listen there only; may be repeated",
	    .set = add_listen },
	{ 'p', "port", "N", "UDP and HTTP port (default 7777; 0: a free one)",
	    .number = &asked.port, .least = 0, .most = 65535 },
	{ 'T', "timeout", "SECS", "end HTTP clients that are so slow "
	    "(default 30)", .number = &asked.timeout, .least = 1,
	    .most = 86400 },
	{ 't', "trim", "SECS", "forget what was not heard of for so long",
	    .number = &asked.trim, .least = 1, .most = UINT32_MAX },
	{ 'u', "user", "NAME", "become that user once the port is open",
	    .text = &asked.user },
	CMDLINE_VERSION,
	{ 'v', "verbose", NULL, "say more on stderr", .flag = &asked.verbose },
	{ .letter = '\0' }
};

static const struct cmdline line = {
	.tool = "partisci-recv",
	.usage =
"usage: partisci-recv [-DhVv] [-d dir] [-l address] [-p port] [-T seconds]\n"
"                     [-t seconds] [-u user]\n",
	.about = "",
	.options = options
};

static void
parse_options(struct options *o, int argc, char **argv)
{
	int operand = cmdline_read(&line, argc, argv);

	if (operand < argc) {
		warnx("unexpected operand: %s", argv[operand]);
		cmdline_usage(&line);
	}
	if (o->db == NULL)
		o->db = store_default_dir();
	if (*o->db == '\0')
		errx(2, "-d: the store needs a directory");
}

/*
 * The ingest reports a change of luck: when commits begin to fail, and when
 * they succeed again.
 */
static void
trouble(const char *what, int rc, void *arg)
{
	(void)what;
	if (rc == 0)
		say("%s: writing again", (const char *)arg);
	else
		say("%s: %s", (const char *)arg, store_strerror(rc));
	/* LMDB will do no more with this environment: start afresh. */
	if (rc == MDB_PANIC || rc == MDB_CORRUPTED ||
	    rc == MDB_PAGE_NOTFOUND)
		_exit(2);
}

/* A store that the user we are about to become can use. */
static void
make_store(const char *dir, const struct passwd *pw)
{
	struct stat st;
	int rc;

	if (stat(dir, &st) == 0)
		return;
	if ((rc = store_make_dir(dir)) != 0)
		errx(2, "%s: %s", dir, store_strerror(rc));
	if (chown(dir, pw->pw_uid, pw->pw_gid) == -1)
		err(2, "%s", dir);
}

/* Groups, then gid, then uid; and no way back. */
static void
become(const char *name, const char *dir)
{
	const struct passwd *pw;

	errno = 0;
	if ((pw = getpwnam(name)) == NULL)
		errx(2, "-u %s: %s", name, errno == 0 ? "no such user" :
		    strerror(errno));
	if (geteuid() == 0)
		make_store(dir, pw);
	else if (pw->pw_uid == geteuid())
		return;
	if (initgroups(name, pw->pw_gid) == -1 ||
	    setresgid(pw->pw_gid, pw->pw_gid, pw->pw_gid) == -1 ||
	    setresuid(pw->pw_uid, pw->pw_uid, pw->pw_uid) == -1)
		err(2, "-u %s", name);
	if (pw->pw_uid != 0 && setuid(0) != -1)
		errx(2, "-u %s: the privilege did not go", name);
}

/*
 * As many connections as we may have; and nobody gains by running us.  What
 * is large is mapped by itself and goes back when it is freed: unless told,
 * glibc gives that up for good with the first burst.
 */
static void
limits(void)
{
	struct rlimit rl;

	if (getrlimit(RLIMIT_NOFILE, &rl) == 0) {
		rl.rlim_cur = rl.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &rl);
	}
	(void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	(void)mallopt(M_MMAP_THRESHOLD, 128 * 1024);
}

/*
 * The signals that end us, as a descriptor.  They are blocked before the first
 * thread starts, so that none of them gets one.
 */
static int
open_signals(void)
{
	sigset_t set;
	int fd;

	(void)signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &set, NULL) == -1 ||
	    (fd = signalfd(-1, &set, SFD_CLOEXEC)) == -1)
		err(2, "signalfd");
	return fd;
}

/* All work is done by threads; here only time passes. */
static void
serve(int sigfd, struct http *http)
{
	struct pollfd pfd = { sigfd, POLLIN, 0 };
	int n;

	while ((n = poll(&pfd, 1, 1000)) != 1) {
		if (n == -1 && errno != EINTR)
			err(2, "poll");
		http_tick(http);
	}
}

static struct store *
open_store(const char *dir)
{
	struct store *s;
	int rc;

	if ((rc = store_open(&s, dir, STORE_WRITE)) != 0 ||
	    (rc = store_claim(s)) != 0)
		errx(2, "%s: %s", dir, store_strerror(rc));
	return s;
}

int
main(int argc, char **argv)
{
	struct ingest_config config = { .trouble = trouble };
	struct http_config rest = { 0 };
	struct options *o = &asked;
	struct sockets sockets;
	struct http *http;
	int rc, sigfd;

	if (stdfd_hold() == -1)
		err(2, "/dev/null");
	parse_options(o, argc, argv);
	limits();
	sockets_open(&sockets, o);
	if (o->user != NULL)
		become(o->user, o->db);
	sigfd = open_signals();
	rest.store = open_store(o->db);
	rest.danger = o->danger;
	rest.timeout = o->timeout;
	config.trim = o->trim;
	config.arg = (void *)(uintptr_t)o->db;
	if ((rc = ingest_new(&rest.ingest, rest.store, &config)) != 0)
		errx(2, "%s: %s", o->db, store_strerror(rc));
	rest.udp = udp_start(&sockets, rest.ingest);
	http = http_start(&sockets, &rest);
	notify("READY=1");
	if (o->verbose)
		say("listening on port %u, %zu records", sockets.port,
		    ingest_known(rest.ingest));
	serve(sigfd, http);
	notify("STOPPING=1");
	http_quiesce(http);
	udp_stop(rest.udp);
	rc = ingest_stop(rest.ingest);
	http_stop(http);
	udp_free(rest.udp);
	ingest_free(rest.ingest);
	store_close(rest.store);
	if (rc != 0)
		errx(2, "%s: not all was stored: %s", o->db,
		    store_strerror(rc));
	return 0;
}
