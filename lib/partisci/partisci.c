#include <sys/socket.h>
#include <sys/types.h>

#include <errno.h>
#include <limits.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Of the shared library, only what is declared here can be seen. */
#pragma GCC visibility push(default)
#include "partisci.h"
#pragma GCC visibility pop

enum {
	CHARS_MAX = 50,		/* in a field */
	ESCAPE_MAX = 6,		/* bytes that one character may take in JSON */
	MESSAGE_MAX = 3 * CHARS_MAX * ESCAPE_MAX + 80,
	JOBS_MAX = 16,		/* threads that wait for a resolver */
	STACK_SIZE = 256 * 1024,
	REFUSAL_MS = 100	/* how long to wait for word from an address */
};

struct message {
	char	text[MESSAGE_MAX];
	size_t	len;
};

/* What a thread needs, in one piece for one free(). */
struct job {
	struct message	 m;
	char		 port[8];
	char		 server[];
};

/*
 * The number of threads at work, and above it, in the other 32 bits, the
 * process that it is about: a child has none of the threads of its parent.
 */
static _Atomic uint64_t jobs;

/* The length of the character at p, 1 to 4, or 0 where there is none. */
static size_t
char_len(const unsigned char *p)
{
	unsigned long c = p[0];
	size_t i, n;

	n = c < 0x80 ? 1 : c >> 5 == 6 ? 2 : c >> 4 == 14 ? 3 :
	    c >> 3 == 30 ? 4 : 0;
	if (n > 1)
		c &= 0x7fUL >> n;
	/* The NUL at the end is not such a byte, so this ends there. */
	for (i = 1; i < n; i++) {
		if (p[i] >> 6 != 2)
			return 0;
		c = c << 6 | (p[i] & 0x3f);
	}
	if ((n == 2 && c < 0x80) || (n == 3 && c < 0x800) ||
	    (n == 4 && (c < 0x10000 || c > 0x10ffff)) ||
	    (c >= 0xd800 && c <= 0xdfff))
		return 0;
	return n;
}

static int
check_text(const char *s, int least)
{
	const unsigned char *p = (const unsigned char *)s;
	size_t n;
	int count = 0;

	if (s == NULL)
		return EINVAL;
	for (; *p != '\0'; p += n)
		if ((n = char_len(p)) == 0 || ++count > CHARS_MAX)
			return EINVAL;
	return count < least ? EINVAL : 0;
}

static void
add(struct message *m, const char *s)
{
	size_t n = strlen(s);

	memcpy(m->text + m->len, s, n);
	m->len += n;
}

/* Add s, which was checked, as a JSON string behind its key. */
static void
add_text(struct message *m, const char *key, const char *s)
{
	char hex[ESCAPE_MAX + 1];

	add(m, key);
	for (; *s != '\0'; s++)
		if ((unsigned char)*s < ' ') {
			(void)snprintf(hex, sizeof(hex), "\\u%04x",
			    (unsigned)*s);
			add(m, hex);
		} else {
			if (*s == '"' || *s == '\\')
				m->text[m->len++] = '\\';
			m->text[m->len++] = *s;
		}
	add(m, "\"");
}

static int
make_message(struct message *m, const char *app, const char *ver,
    const char *host, int instance)
{
	char name[HOST_NAME_MAX + 1] = "", tail[40];

	if (host == NULL) {
		/* A name that breaks the rules: let the address speak. */
		if (gethostname(name, sizeof(name) - 1) == -1 ||
		    check_text(name, 0) != 0)
			name[0] = '\0';
		host = name;
	}
	if (check_text(app, 1) != 0 || check_text(ver, 1) != 0 ||
	    check_text(host, 0) != 0 || instance < 0 || instance > 65535)
		return EINVAL;
	m->len = 0;
	add_text(m, "{\"app\":\"", app);
	add_text(m, ",\"ver\":\"", ver);
	if (*host != '\0')
		add_text(m, ",\"host\":\"", host);
	(void)snprintf(tail, sizeof(tail), ",\"instance\":%d}", instance);
	add(m, tail);
	return 0;
}

/* Send m to one address.  A host that is this one refuses at once. */
static int
send_one(const struct message *m, const struct addrinfo *ai, int wait_ms)
{
	struct pollfd pfd = { 0 };
	socklen_t len = sizeof(int);
	int error = 0;

	if ((pfd.fd = socket(ai->ai_family,
	    SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) == -1)
		return errno;
	if (connect(pfd.fd, ai->ai_addr, ai->ai_addrlen) == -1 ||
	    send(pfd.fd, m->text, m->len, MSG_DONTWAIT | MSG_NOSIGNAL) == -1)
		error = errno;
	if (error == 0 && wait_ms > 0)
		(void)poll(&pfd, 1, wait_ms);
	if (error == 0 && getsockopt(pfd.fd, SOL_SOCKET, SO_ERROR, &error,
	    &len) == -1)
		error = errno;
	(void)close(pfd.fd);
	return error;
}

/* getaddrinfo(3), with its errors as errno has them. */
static int
look_up(const char *server, const char *port, int flags, struct addrinfo **res)
{
	struct addrinfo hints = { .ai_flags = AI_NUMERICSERV | flags,
	    .ai_socktype = SOCK_DGRAM };

	switch (getaddrinfo(server, port, &hints, res)) {
	case 0:
		return 0;
	case EAI_SYSTEM:
		return errno;
	case EAI_MEMORY:
		return ENOMEM;
	case EAI_AGAIN:
		return EAGAIN;
	default:
		return ENOENT;
	}
}

/* Count one job more or less in this process; EAGAIN if there are too many. */
static int
count_job(int change)
{
	uint64_t pid = (uint64_t)getpid() << 32, was, n;

	was = atomic_load(&jobs);
	do {
		n = was >> 32 == pid >> 32 ? was & UINT32_MAX : 0;
		if (change > 0 && n >= JOBS_MAX)
			return EAGAIN;
		n += (uint64_t)change;
	} while (!atomic_compare_exchange_weak(&jobs, &was, pid | n));
	return 0;
}

static void *
run_job(void *arg)
{
	struct job *job = arg;
	struct addrinfo *res = NULL, *ai;

	if (look_up(job->server, job->port, 0, &res) == 0) {
		/* The last address gets it without being asked for an answer. */
		for (ai = res; ai != NULL; ai = ai->ai_next)
			if (send_one(&job->m, ai,
			    ai->ai_next != NULL ? REFUSAL_MS : 0) == 0)
				break;
		freeaddrinfo(res);
	}
	free(job);
	(void)count_job(-1);
	return NULL;
}

/* A thread that nobody joins, and that no signal goes to. */
static int
start_thread(struct job *job)
{
	pthread_attr_t attr;
	pthread_t thread;
	sigset_t all, old;
	int error;

	if ((error = pthread_attr_init(&attr)) != 0)
		return error;
	(void)pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	(void)pthread_attr_setstacksize(&attr, STACK_SIZE);
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &old);
	error = pthread_create(&thread, &attr, run_job, job);
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	(void)pthread_attr_destroy(&attr);
	return error;
}

static int
start_job(const char *server, const char *port, const struct message *m)
{
	size_t size = strlen(server) + 1;
	struct job *job;
	int error;

	if ((job = malloc(sizeof(*job) + size)) == NULL)
		return ENOMEM;
	job->m = *m;
	(void)snprintf(job->port, sizeof(job->port), "%s", port);
	memcpy(job->server, server, size);
	if ((error = count_job(1)) != 0) {
		free(job);
		return error;
	}
	if ((error = start_thread(job)) != 0) {
		free(job);
		(void)count_job(-1);
	}
	return error;
}

static int
check_port(const char *port)
{
	size_t n = strspn(port, "0123456789");
	int number;

	if (n == 0 || n > 5 || port[n] != '\0')
		return EINVAL;
	number = atoi(port);
	return number >= 1 && number <= 65535 ? 0 : EINVAL;
}

static const char *
choose(const char *arg, const char *variable, const char *fallback)
{
	if (arg == NULL)
		arg = getenv(variable);
	return arg != NULL && *arg != '\0' ? arg : fallback;
}

/*
 * Split "host:port" and "[address]:port", and take brackets away.  A colon in
 * anything else is part of an IPv6 address.  *port moves only if there is one.
 */
static void
split(char *server, const char **host, const char **port)
{
	char *end = strchr(server, *server == '[' ? ']' : ':');

	*host = server;
	if (end != NULL && *server == '[' && (end[1] == ':' || end[1] == '\0')) {
		*host = server + 1;
		*end++ = '\0';
	} else if (end == NULL || *server == '[' ||
	    strchr(end + 1, ':') != NULL)
		return;
	if (*end == ':') {
		*end = '\0';
		*port = end + 1;
	}
}

static int
report(const char *server, const char *port, const struct message *m)
{
	struct addrinfo *res = NULL;
	const char *host, *own_port = NULL;
	char copy[300];
	int error;

	server = choose(server, "PARTISCI_SERVER", "127.0.0.1");
	/* No host name has a slash: that would be a URL. */
	if (strlen(server) >= sizeof(copy) || strchr(server, '/') != NULL)
		return EINVAL;
	(void)strcpy(copy, server);
	if (port != NULL && *port == '\0')
		port = NULL;
	split(copy, &host, &own_port);
	port = choose(port != NULL ? port : own_port, "PARTISCI_PORT", "7777");
	if (check_port(port) != 0)
		return EINVAL;
	if (strcmp(host, "localhost") == 0)
		host = "127.0.0.1";
	error = look_up(host, port, AI_NUMERICHOST, &res);
	if (error == ENOENT)
		return start_job(host, port, m);
	if (error == 0) {
		error = send_one(m, res, 0);
		freeaddrinfo(res);
	}
	return error;
}

int
partisci_report_to(const char *server, const char *port, const char *app,
    const char *ver, const char *host, int instance)
{
	int saved = errno, state, error;
	struct message m;

	/* A thread that is cancelled half way would leave a descriptor. */
	(void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
	if ((error = make_message(&m, app, ver, host, instance)) == 0)
		error = report(server, port, &m);
	(void)pthread_setcancelstate(state, NULL);
	errno = saved;
	return error;
}

int
partisci_report(const char *app, const char *ver)
{
	return partisci_report_to(NULL, NULL, app, ver, NULL, 0);
}

static int64_t
now_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int
partisci_wait(int timeout_ms)
{
	const struct timespec a_while = { 0, 1000000 };
	int64_t until = now_ms() + timeout_ms;
	int saved = errno, error = 0;
	uint64_t was;

	/* No lock: one that is held while another thread forks stays held. */
	while (was = atomic_load(&jobs), was >> 32 == (uint64_t)getpid() &&
	    (was & UINT32_MAX) > 0) {
		if (now_ms() >= until) {
			error = ETIMEDOUT;
			break;
		}
		(void)nanosleep(&a_while, NULL);
	}
	errno = saved;
	return error;
}
