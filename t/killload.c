/*
 * killload DIR ROUNDS SEED: start partisci-recv on the store DIR/store, load
 * it by HTTP and UDP, and kill it at a random moment; then look at the store.
 * What was answered 200 has to be there, or what was sent after it; of what
 * was posted together, all or nothing; and all tables have to agree.  Every
 * tenth time it is killed while it makes a new store, and in between it gets
 * a SIGTERM, which it has to survive long enough to exit 0.
 *
 * Prints what does not hold, then a summary; exits 1 if anything did not.
 */
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>

#include <netinet/in.h>
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "store/store.h"

enum {
	POSTERS = 3,			/* one update a request */
	HOSTS = 8,			/* records of a poster */
	TOGETHER = 5,			/* updates of the one that posts many */
	UDP_HOSTS = 300,
	LOAD_MS = 120
};

/* Versions are numbers that only grow: what was sent, and what was answered. */
struct record {
	atomic_int	sent;
	atomic_int	answered;
};

static struct record posted[POSTERS][HOSTS], together;
static atomic_int udp_sent[UDP_HOSTS];
static atomic_bool over;
static atomic_ullong answers;
static unsigned port;
static int faults;

static unsigned
chance(unsigned *state, unsigned n)
{
	return (unsigned)rand_r(state) % n;
}

static void
pause_us(long us)
{
	struct timespec ts = { us / 1000000, us % 1000000 * 1000 };

	(void)nanosleep(&ts, NULL);
}

static struct sockaddr_in
address(void)
{
	return (struct sockaddr_in){ .sin_family = AF_INET,
	    .sin_port = htons((uint16_t)port),
	    .sin_addr = { htonl(INADDR_LOOPBACK) } };
}

/* A port that is free for both. */
static unsigned
find_port(void)
{
	struct sockaddr_in in;
	socklen_t len = sizeof(in);
	int fd;

	port = 0;
	in = address();
	if ((fd = socket(AF_INET, SOCK_STREAM, 0)) == -1 ||
	    bind(fd, (struct sockaddr *)&in, sizeof(in)) == -1 ||
	    getsockname(fd, (struct sockaddr *)&in, &len) == -1)
		err(2, "socket");
	close(fd);
	return ntohs(in.sin_port);
}

/* Connected, or -1. */
static int
reach(int type)
{
	struct timeval patience = { 20, 0 };
	struct sockaddr_in in = address();
	int fd;

	if ((fd = socket(AF_INET, type | SOCK_CLOEXEC, 0)) == -1)
		err(2, "socket");
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience,
	    sizeof(patience));
	if (connect(fd, (struct sockaddr *)&in, sizeof(in)) == 0)
		return fd;
	close(fd);
	return -1;
}

/* Post on a connection that is kept: true if the answer is a whole 200. */
static bool
post(int fd, const char *path, const char *body)
{
	char text[2048];
	size_t len;
	ssize_t n;

	len = (size_t)snprintf(text, sizeof(text),
	    "POST /api/v1/%s HTTP/1.1\r\nHost: x\r\nContent-Length: %zu\r\n\r\n"
	    "%s", path, strlen(body), body);
	if (send(fd, text, len, MSG_NOSIGNAL) != (ssize_t)len)
		return false;
	for (len = 0; len < sizeof(text) - 1; len += (size_t)n) {
		if ((n = recv(fd, text + len, sizeof(text) - 1 - len, 0)) <= 0)
			return false;
		text[len + (size_t)n] = '\0';
		if (strstr(text, "\r\n\r\n{}\n") != NULL)
			return strncmp(text, "HTTP/1.1 200 ", 13) == 0;
	}
	return false;
}

/* Version after version of a few records; now and then the same again. */
static void *
post_single(void *arg)
{
	struct record *records = arg, *r;
	unsigned seed = (unsigned)(uintptr_t)arg ^ (unsigned)answers, host;
	char body[256];
	int fd, ver;

	fd = reach(SOCK_STREAM);
	while (fd != -1 && !over) {
		host = chance(&seed, HOSTS);
		r = &records[host];
		if (chance(&seed, 4) != 0 || r->sent == 0)
			r->sent++;
		ver = r->sent;
		(void)snprintf(body, sizeof(body), "{\"app\":\"post %td\","
		    "\"ver\":\"%d\",\"host\":\"%u\"}",
		    (records - posted[0]) / HOSTS, ver, host);
		if (!post(fd, "update/", body))
			break;
		r->answered = ver;
		answers++;
	}
	if (fd != -1)
		close(fd);
	return NULL;
}

static void *
post_together(void *arg)
{
	char body[1024];
	size_t len;
	int fd, i, ver;

	(void)arg;
	fd = reach(SOCK_STREAM);
	while (fd != -1 && !over) {
		ver = ++together.sent;
		for (i = 0, len = 0; i < TOGETHER; i++)
			len += (size_t)snprintf(body + len, sizeof(body) - len,
			    "{\"app\":\"together %d\",\"ver\":\"%d\","
			    "\"host\":\"h\"}\n", i, ver);
		if (!post(fd, "updates/", body))
			break;
		together.answered = ver;
		answers++;
	}
	if (fd != -1)
		close(fd);
	return NULL;
}

static void *
send_udp(void *arg)
{
	unsigned seed = (unsigned)answers + 17, host;
	char text[256];
	int fd, len;

	(void)arg;
	fd = reach(SOCK_DGRAM);
	while (!over) {
		host = chance(&seed, UDP_HOSTS);
		if (chance(&seed, 2) == 0 || udp_sent[host] == 0)
			udp_sent[host]++;
		len = snprintf(text, sizeof(text), "{\"app\":\"udp\","
		    "\"ver\":\"%d\",\"host\":\"%u\"}", udp_sent[host], host);
		(void)send(fd, text, (size_t)len, MSG_NOSIGNAL);
		if (chance(&seed, 8) == 0)
			pause_us(200);
	}
	close(fd);
	return NULL;
}

static void
complain(const char *what, const char *app, const char *host, int ver,
    int least, int most)
{
	printf("%s: %s on %s is %d, not from %d to %d\n", what, app, host, ver,
	    least, most);
	faults++;
}

/* What the store has of everything, in one walk. */
struct found {
	int	posted[POSTERS][HOSTS];
	int	together[TOGETHER];
	int	udp;
};

static int
find_one(const struct version_row *row, struct str key, void *arg)
{
	struct found *f = arg;
	char app[32], host[32], ver[32];
	unsigned i, j;

	(void)key;
	(void)snprintf(app, sizeof(app), "%.*s", (int)row->app.len, row->app.p);
	(void)snprintf(host, sizeof(host), "%.*s", (int)row->host.len,
	    row->host.p);
	(void)snprintf(ver, sizeof(ver), "%.*s", (int)row->ver.len, row->ver.p);
	j = (unsigned)atoi(host);
	if (sscanf(app, "post %u", &i) == 1 && i < POSTERS && j < HOSTS)
		f->posted[i][j] = atoi(ver);
	else if (sscanf(app, "together %u", &i) == 1 && i < TOGETHER)
		f->together[i] = atoi(ver);
	else if (strcmp(app, "udp") == 0 && j < UDP_HOSTS) {
		f->udp++;
		if (atoi(ver) < 1 || atoi(ver) > udp_sent[j])
			complain("never sent", app, host, atoi(ver), 1,
			    udp_sent[j]);
	} else
		complain("never sent", app, host, atoi(ver), 0, 0);
	return 0;
}

static void
hold(const char *app, unsigned host, int ver, const struct record *r)
{
	char text[16];

	(void)snprintf(text, sizeof(text), "%u", host);
	if (ver < r->answered || ver > r->sent)
		complain("lost", app, text, ver, r->answered, r->sent);
}

static void
tell_fault(const char *what, void *arg)
{
	(void)arg;
	printf("%s\n", what);
	faults++;
}

static void
check(int rc)
{
	if (rc != 0)
		errx(2, "%s", store_strerror(rc));
}

/* Returns the number of records. */
static int
look(const char *dir)
{
	static const struct str none = { NULL, 0 };
	struct found f = { 0 };
	struct store_view *v;
	struct store *s;
	uint64_t n;
	unsigned i, j;

	check(store_open(&s, dir, STORE_READ));
	check(store_view(s, &v));
	check(store_each_version(v, STORE_BY_APP, none, none, find_one, &f));
	check(store_check(v, &n, tell_fault, NULL));
	store_view_end(v);
	store_close(s);
	for (i = 0; i < POSTERS; i++)
		for (j = 0; j < HOSTS; j++)
			hold("post", j, f.posted[i][j], &posted[i][j]);
	for (i = 0; i < TOGETHER; i++) {
		hold("together", i, f.together[i], &together);
		if (f.together[i] != f.together[0])
			complain("torn", "together", "h", f.together[i],
			    f.together[0], f.together[0]);
	}
	return f.udp;
}

static pid_t
start(const char *dir)
{
	char text[16];
	pid_t pid;

	(void)snprintf(text, sizeof(text), "%u", port);
	if ((pid = fork()) == -1)
		err(2, "fork");
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		execlp("partisci-recv", "partisci-recv", "-d", dir, "-p", text,
		    "-l", "127.0.0.1", (char *)NULL);
		err(2, "partisci-recv");
	}
	return pid;
}

static void
finish(pid_t pid, int sig)
{
	int status;

	if (kill(pid, sig) == -1 || waitpid(pid, &status, 0) != pid)
		err(2, "kill");
	if (sig == SIGTERM ? !WIFEXITED(status) || WEXITSTATUS(status) != 0 :
	    !WIFSIGNALED(status) || WTERMSIG(status) != sig) {
		printf("it ended by itself, or not well: status %#x\n",
		    (unsigned)status);
		faults++;
	}
}

static void
wait_for_port(pid_t pid)
{
	int fd, status;

	while ((fd = reach(SOCK_STREAM)) == -1) {
		if (waitpid(pid, &status, WNOHANG) == pid)
			errx(2, "partisci-recv did not start");
		pause_us(500);
	}
	close(fd);
}

static void
load_and_kill(const char *dir, unsigned *seed)
{
	pthread_t threads[POSTERS + 2];
	unsigned i;
	pid_t pid;

	pid = start(dir);
	wait_for_port(pid);
	over = false;
	for (i = 0; i < POSTERS + 2; i++)
		if (pthread_create(&threads[i], NULL, i < POSTERS ?
		    post_single : i == POSTERS ? post_together : send_udp,
		    i < POSTERS ? posted[i] : NULL) != 0)
			errx(2, "pthread_create");
	pause_us((long)chance(seed, LOAD_MS * 1000));
	finish(pid, chance(seed, 10) == 0 ? SIGTERM : SIGKILL);
	over = true;
	for (i = 0; i < POSTERS + 2; i++)
		pthread_join(threads[i], NULL);
}

/* Killed while it makes a store: what there is then can be made a store. */
static void
kill_at_birth(const char *dir, unsigned *seed)
{
	static const char *const files[] = { "data.mdb", "lock.mdb",
	    "recv.lock" };
	char path[512];
	struct store *s;
	pid_t pid;
	size_t i;

	pid = start(dir);
	pause_us((long)chance(seed, 8000));
	finish(pid, SIGKILL);
	check(store_open(&s, dir, STORE_WRITE));
	store_close(s);
	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", dir, files[i]);
		(void)unlink(path);
	}
	if (rmdir(dir) == -1)
		err(2, "%s", dir);
}

int
main(int argc, char **argv)
{
	char dir[256], fresh[256];
	int rounds, i, udp = 0;
	unsigned seed;

	if (argc != 4)
		errx(2, "usage: killload dir rounds seed");
	rounds = atoi(argv[2]);
	seed = (unsigned)atoi(argv[3]);
	(void)snprintf(dir, sizeof(dir), "%s/store", argv[1]);
	(void)snprintf(fresh, sizeof(fresh), "%s/fresh", argv[1]);
	if (mkdir(argv[1], 0700) == -1 && errno != EEXIST)
		err(2, "%s", argv[1]);
	port = find_port();
	for (i = 0; i < rounds; i++) {
		if (i % 10 == 9) {
			kill_at_birth(fresh, &seed);
			continue;
		}
		load_and_kill(dir, &seed);
		udp = look(dir);
	}
	printf("%d rounds, %llu posts answered, %d records by UDP, %d faults\n",
	    rounds, answers, udp, faults);
	return faults != 0;
}
