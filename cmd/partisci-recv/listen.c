#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "recv.h"

/* As much as a second of heavy traffic; past rmem_max where we may. */
enum { RCVBUF = 64 << 20, BACKLOG = 4096, PORT_TRIES = 20 };

struct str
addr_text(const struct sockaddr *sa, char room[ADDR_MAX])
{
	const struct sockaddr_in6 *in6 = (const void *)sa;
	const struct sockaddr_in *in4 = (const void *)sa;
	const void *addr = &in4->sin_addr;
	int family = sa->sa_family;

	if (family == AF_INET6) {
		addr = &in6->sin6_addr;
		if (IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr)) {
			addr = in6->sin6_addr.s6_addr + 12;
			family = AF_INET;
		}
	}
	if (inet_ntop(family, addr, room, ADDR_MAX) == NULL)
		(void)strlcpy(room, "unknown", ADDR_MAX);
	return str_of(room);
}

/* Turn an option of a socket on; where the kernel lacks it, do without. */
static void
turn_on(int fd, int level, int option)
{
	int one = 1;

	(void)setsockopt(fd, level, option, &one, sizeof(one));
}

/*
 * Who may not force the size of the buffer gets rmem_max at most, which would
 * shrink what the service manager has set: so that is only for our own.
 */
static void
add_udp(struct sockets *s, int fd, bool ours)
{
	int size = RCVBUF;

	if (s->nudp == MAX_SOCKETS)
		errx(2, "too many sockets");
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size,
	    sizeof(size)) == -1 && ours)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size,
		    sizeof(size));
	s->udp[s->nudp++] = fd;
}

static void
add_tcp(struct sockets *s, int fd)
{
	if (s->ntcp == MAX_SOCKETS)
		errx(2, "too many sockets");
	s->tcp[s->ntcp++] = fd;
}

static unsigned
port_of(int fd)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);

	if (getsockname(fd, (struct sockaddr *)&ss, &len) == -1)
		err(2, "getsockname");
	return ntohs(ss.ss_family == AF_INET6 ?
	    ((struct sockaddr_in6 *)&ss)->sin6_port :
	    ((struct sockaddr_in *)&ss)->sin_port);
}

/* A bound socket, or -1 with errno; a TCP one listens. */
static int
bind_one(const struct addrinfo *ai, int type)
{
	int fd, saved;

	if ((fd = socket(ai->ai_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    0)) == -1)
		return -1;
	if (ai->ai_family == AF_INET6)
		turn_on(fd, IPPROTO_IPV6, IPV6_V6ONLY);
	if (type == SOCK_STREAM)
		turn_on(fd, SOL_SOCKET, SO_REUSEADDR);
	if (bind(fd, ai->ai_addr, ai->ai_addrlen) == -1 ||
	    (type == SOCK_STREAM && listen(fd, BACKLOG) == -1)) {
		saved = errno;
		close(fd);
		errno = saved;
		return -1;
	}
	return fd;
}

static void
set_port(struct addrinfo *ai, unsigned port)
{
	if (ai->ai_family == AF_INET6)
		((struct sockaddr_in6 *)(void *)ai->ai_addr)->sin6_port =
		    htons((uint16_t)port);
	else
		((struct sockaddr_in *)(void *)ai->ai_addr)->sin_port =
		    htons((uint16_t)port);
}

/*
 * TCP and UDP on one address and one port.  Port 0 is any that is free for
 * both, which may take some tries.
 */
static int
bind_pair(struct sockets *s, struct addrinfo *ai)
{
	int tcp, udp, saved, tries = s->port == 0 ? PORT_TRIES : 1;

	while (tries-- > 0) {
		set_port(ai, s->port);
		if ((tcp = bind_one(ai, SOCK_STREAM)) == -1)
			return -1;
		set_port(ai, port_of(tcp));
		if ((udp = bind_one(ai, SOCK_DGRAM)) != -1) {
			s->port = port_of(tcp);
			add_tcp(s, tcp);
			add_udp(s, udp, true);
			return 0;
		}
		saved = errno;
		close(tcp);
		errno = saved;
	}
	return -1;
}

/* addr may be a name or an address, or NULL for all of both families. */
static void
listen_on(struct sockets *s, const char *addr)
{
	static const struct addrinfo hints = {
		.ai_flags = AI_PASSIVE, .ai_socktype = SOCK_DGRAM
	};
	struct addrinfo *all, *ai;
	size_t before = s->nudp;
	int rc, saved = 0;

	if ((rc = getaddrinfo(addr, "0", &hints, &all)) != 0)
		errx(2, "%s: %s", addr == NULL ? "*" : addr,
		    rc == EAI_SYSTEM ? strerror(errno) : gai_strerror(rc));
	for (ai = all; ai != NULL; ai = ai->ai_next)
		if (bind_pair(s, ai) == -1) {
			/* A host without IPv6, or with only that, is fine. */
			if (errno != EAFNOSUPPORT && errno != EADDRNOTAVAIL)
				err(2, "%s port %u", addr == NULL ? "*" : addr,
				    s->port);
			saved = errno;
		}
	freeaddrinfo(all);
	if (s->nudp == before) {
		errno = saved;
		err(2, "%s port %u", addr == NULL ? "*" : addr, s->port);
	}
}

/* Sockets that the service manager has opened: number 3 and on. */
static bool
inherited(struct sockets *s)
{
	const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");
	const char *errstr;
	int fd, type, n;
	socklen_t len;

	if (pid == NULL || fds == NULL ||
	    strtonum(pid, 1, INT32_MAX, &errstr) != getpid())
		return false;
	n = (int)strtonum(fds, 1, MAX_SOCKETS, &errstr);
	if (errstr != NULL)
		errx(2, "LISTEN_FDS %s: %s", fds, errstr);
	for (fd = 3; fd < 3 + n; fd++) {
		len = sizeof(type);
		if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == -1)
			err(2, "inherited socket %d", fd);
		(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
		(void)fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
		if (type == SOCK_DGRAM)
			add_udp(s, fd, false);
		else
			add_tcp(s, fd);
		s->port = port_of(fd);
	}
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	return true;
}

void
sockets_open(struct sockets *s, const struct options *o)
{
	size_t i;

	*s = (struct sockets){ .port = o->port };
	if (inherited(s))
		return;
	for (i = 0; i < o->nlisten; i++)
		listen_on(s, o->listen[i]);
	if (o->nlisten == 0)
		listen_on(s, NULL);
}
