#include <sys/socket.h>

#include <netinet/in.h>

#include <err.h>
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "send.h"

/*
 * Over UDP.  The socket is connected, so that the kernel tells us when the
 * other side refuses (ICMP): at once where the server is on this host, after
 * a round trip where it is not.  That is all that one can know: a datagram
 * that gets lost on its way is lost.
 */
struct udp {
	struct transport t;
	char		*name;
	const char	*host;
	const char	*port;
	long		 timeout_ms;
	struct addrinfo	*res;		/* all addresses of host, or NULL */
	int		 fd;		/* connected to one of them, or -1 */
	bool		 here;		/* which is this host's own */
	bool		 others;	/* and there are more of them */
	bool		 heard;		/* a first batch was not refused */
	int		 diag;		/* for backlog(), or -1 */
	int		 burst;		/* datagrams sent since burst_ms */
	int64_t		 burst_ms;
};

enum {
	BATCH_MAX = 64 * 1024,
	/* IPv6 carries packets of 1280 bytes everywhere; its headers take 48. */
	DATAGRAM_MAX = 1280 - 48,
	/*
	 * A receiver whose socket has the default buffer, 208 KiB, holds some
	 * 90 of our datagrams.  BURST of them every BURST_MS give him 20 ms to
	 * come back to us, and still are more than 50,000 updates a second.
	 * One who is on this host we need not guess about: a burst goes out
	 * when half his buffer is free.
	 */
	BURST = 8,
	BURST_MS = 2,
	/*
	 * How long to wait for a refusal.  Where the server is on this host it
	 * has come when send(2) returns, unless the kernel is busy.
	 */
	SETTLE_HERE_MS = 2,
	SETTLE_OTHERS_MS = 20,	/* the same, with more addresses to try */
	SETTLE_FIRST_MS = 100,	/* elsewhere, to begin with */
	SETTLE_MS = 10		/* and later on */
};

static void
disconnect(struct udp *u)
{
	if (u->fd != -1)
		(void)close(u->fd);
	u->fd = -1;
}

/* Is the other end of fd an address of this host? */
static bool
is_here(int fd, const struct addrinfo *ai)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	const struct sockaddr_in *a = (const void *)&ss;
	const struct sockaddr_in *b = (const void *)ai->ai_addr;
	const struct sockaddr_in6 *a6 = (const void *)&ss;
	const struct sockaddr_in6 *b6 = (const void *)ai->ai_addr;

	if (getsockname(fd, (struct sockaddr *)&ss, &len) == -1 ||
	    ss.ss_family != ai->ai_family)
		return false;
	if (ss.ss_family == AF_INET)
		return a->sin_addr.s_addr == b->sin_addr.s_addr ||
		    ntohl(b->sin_addr.s_addr) >> 24 == 127;
	return memcmp(&a6->sin6_addr, &b6->sin6_addr,
	    sizeof(a6->sin6_addr)) == 0;
}

static int
connect_to(struct udp *u, const struct addrinfo *ai)
{
	struct timeval tv = { u->timeout_ms / 1000,
	    u->timeout_ms % 1000 * 1000 };
	int fd;

	if ((fd = socket(ai->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0)) == -1)
		return -1;
	if (connect(fd, ai->ai_addr, ai->ai_addrlen) == -1) {
		(void)close(fd);
		return -1;
	}
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv));
	u->fd = fd;
	u->here = is_here(fd, ai);
	if (u->here && u->diag == -1)
		u->diag = backlog_open();
	u->others = ai->ai_next != NULL;
	return 0;
}

/* Has the other side refused, or does it within so many milliseconds? */
static int
check(struct udp *u, int ms)
{
	struct pollfd pfd = { .fd = u->fd };
	socklen_t len;
	int error;

	do {
		len = sizeof(error);
		if (getsockopt(u->fd, SOL_SOCKET, SO_ERROR, &error, &len) == -1)
			return -1;
		if (error != 0) {
			errno = error;
			return -1;
		}
	} while (ms > 0 && poll(&pfd, 1, ms) == 1);
	return 0;
}

/* Wait until the receiver has room; 1 if nobody knows how much he has. */
static int
await_room(struct udp *u)
{
	int64_t until = clock_ms() + u->timeout_ms;
	size_t used, size;

	for (;;) {
		if (u->diag == -1 || backlog(u->diag, u->fd, &used, &size) == -1)
			return 1;
		if (used <= size / 2)
			return 0;
		if (clock_ms() >= until) {
			errno = ETIMEDOUT;
			return -1;
		}
		clock_pause_ms(1);
	}
}

/* Before each burst, let the receiver breathe. */
static int
pace(struct udp *u)
{
	int64_t spent;

	if (++u->burst < BURST)
		return 0;
	u->burst = 0;
	switch (u->here ? await_room(u) : 1) {
	case 0:
		return 0;
	case -1:
		return -1;
	}
	spent = clock_ms() - u->burst_ms;
	if (spent < BURST_MS)
		clock_pause_ms(BURST_MS - spent);
	u->burst_ms = clock_ms();
	return 0;
}

static int
send_datagram(struct udp *u, const char *p, size_t len)
{
	int tries;

	if (pace(u) == -1)
		return -1;
	for (tries = 0; send(u->fd, p, len, MSG_NOSIGNAL) == -1; ) {
		if (errno == EMSGSIZE) {
			warnx("%s: %.*s...: %s", u->t.name, 40, p,
			    strerror(errno));
			u->t.refused++;
			return 0;
		}
		/* A queue that is full for a moment is not yet a failure. */
		if (errno == ENOBUFS && ++tries < 100)
			clock_pause_ms(10);
		else if (errno != EINTR)
			return -1;
	}
	return check(u, 0);
}

/* The length of as many lines as fit into a datagram, but at least of one. */
static size_t
pack(struct str lines)
{
	const char *nl;
	size_t len = 0, next;

	while (len < lines.len && (nl = memchr(lines.p + len, '\n',
	    lines.len - len)) != NULL) {
		next = (size_t)(nl - lines.p) + 1;
		if (len > 0 && next - 1 > DATAGRAM_MAX)
			break;
		len = next;
	}
	return len;
}

static int
settle_ms(const struct udp *u)
{
	if (u->here)
		return u->others && !u->heard ? SETTLE_OTHERS_MS :
		    SETTLE_HERE_MS;
	return u->heard ? SETTLE_MS : SETTLE_FIRST_MS;
}

static int
send_all(struct udp *u, struct str lines)
{
	size_t len;

	for (; lines.len > 0; lines.p += len, lines.len -= len) {
		len = pack(lines);
		if (send_datagram(u, lines.p, len - 1) == -1)
			return -1;
	}
	if (check(u, settle_ms(u)) == -1)
		return -1;
	u->heard = true;
	return 0;
}

/*
 * Each address in turn, from the start of lines: which datagram was refused is
 * not known, and that some arrive twice does not matter.
 */
static int
send_somewhere(struct udp *u, struct str lines)
{
	const struct addrinfo *ai;
	char host[NI_MAXHOST];
	int error;

	for (ai = u->res; ai != NULL; ai = ai->ai_next) {
		if (connect_to(u, ai) == 0 && send_all(u, lines) == 0)
			return 0;
		error = errno;
		disconnect(u);
		if (verbose && getnameinfo(ai->ai_addr, ai->ai_addrlen, host,
		    sizeof(host), NULL, 0, NI_NUMERICHOST) == 0)
			warnx("%s port %s: %s", host, u->port, strerror(error));
		errno = error;
	}
	return -1;
}

static int
udp_deliver(struct transport *t, struct str lines, size_t *done)
{
	struct udp *u = (struct udp *)t;
	const char *why;
	int rc;

	*done = 0;
	if (u->fd != -1 && send_all(u, lines) == 0)
		return 0;
	disconnect(u);
	u->heard = false;
	if (u->res == NULL && (rc = resolve(u->host, u->port, u->timeout_ms,
	    &u->res)) != 0) {
		why = rc == EAI_SYSTEM ? strerror(errno) : gai_strerror(rc);
		(void)snprintf(t->why, sizeof(t->why), "%s", why);
		u->res = NULL;
		return -1;
	}
	if (send_somewhere(u, lines) == 0)
		return 0;
	(void)snprintf(t->why, sizeof(t->why), "%s", strerror(errno));
	freeaddrinfo(u->res);
	u->res = NULL;
	return -1;
}

static void
udp_close(struct transport *t)
{
	struct udp *u = (struct udp *)t;

	disconnect(u);
	if (u->res != NULL)
		freeaddrinfo(u->res);
	if (u->diag != -1)
		(void)close(u->diag);
	free(u->name);
	free(u);
}

struct transport *
udp_new(const char *server, const char *port, long timeout_ms)
{
	struct udp *u;

	if ((u = calloc(1, sizeof(*u))) == NULL || asprintf(&u->name,
	    strchr(server, ':') != NULL ? "udp://[%s]:%s" : "udp://%s:%s",
	    server, port) == -1)
		err(2, NULL);
	u->host = server;
	u->port = port;
	u->timeout_ms = timeout_ms;
	u->fd = u->diag = -1;
	u->t.name = u->name;
	u->t.batch_max = BATCH_MAX;
	u->t.keepable = true;
	u->t.deliver = udp_deliver;
	u->t.close = udp_close;
	return &u->t;
}
