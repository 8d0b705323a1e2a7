/*
 * udpsink [-g]: receive datagrams and throw them away, as fast as can be; the
 * peer of partisci-recv.  -g: joined ones too (UDP_GRO).
 *
 * Prints the port, then, once nothing has come for half a second, NAME=VALUE
 * for a shell: received, drops (by the kernel), sink_s (from the first
 * datagram to the last).
 */
#include <netinet/udp.h>

#include <poll.h>
#include <stdbool.h>

#include "bench.h"

#ifndef UDP_GRO
#define UDP_GRO 104		/* linux/udp.h */
#endif

enum { MESSAGES = 16, MESSAGE_MAX = 65536, RCVBUF = 64 << 20, IDLE_MS = 500,
	PATIENCE_MS = 60000 };

struct sink {
	int		 fd;
	unsigned long	 received;
	uint32_t	 drops;
	char		*room;
};

static void
look(struct sink *s, struct mmsghdr *m)
{
	struct cmsghdr *c;
	int size = (int)m->msg_len;

	for (c = CMSG_FIRSTHDR(&m->msg_hdr); c != NULL;
	    c = CMSG_NXTHDR(&m->msg_hdr, c))
		if (c->cmsg_level == SOL_SOCKET &&
		    c->cmsg_type == SO_RXQ_OVFL)
			memcpy(&s->drops, CMSG_DATA(c), sizeof(s->drops));
		else if (c->cmsg_level == IPPROTO_UDP &&
		    c->cmsg_type == UDP_GRO)
			memcpy(&size, CMSG_DATA(c), sizeof(size));
	if (size > 0)
		s->received += (m->msg_len + (unsigned)size - 1) /
		    (unsigned)size;
}

static bool
receive(struct sink *s)
{
	struct mmsghdr msgs[MESSAGES];
	struct iovec iov[MESSAGES];
	_Alignas(struct cmsghdr) char control[MESSAGES][128];
	int i, n;

	for (i = 0; i < MESSAGES; i++) {
		iov[i] = (struct iovec){ s->room + i * MESSAGE_MAX,
		    MESSAGE_MAX };
		msgs[i].msg_hdr = (struct msghdr){ .msg_iov = &iov[i],
		    .msg_iovlen = 1, .msg_control = control[i],
		    .msg_controllen = sizeof(control[i]) };
	}
	n = recvmmsg(s->fd, msgs, MESSAGES, MSG_DONTWAIT, NULL);
	for (i = 0; i < n; i++)
		look(s, &msgs[i]);
	return n > 0;
}

static void
open_sink(struct sink *s, bool gro)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(sin);
	int one = 1, size = RCVBUF;

	if ((s->room = malloc(MESSAGES * MESSAGE_MAX)) == NULL ||
	    (s->fd = socket(AF_INET, SOCK_DGRAM, 0)) == -1 ||
	    bind(s->fd, (struct sockaddr *)&sin, sizeof(sin)) == -1 ||
	    getsockname(s->fd, (struct sockaddr *)&sin, &len) == -1)
		err(2, "socket");
	if (setsockopt(s->fd, SOL_SOCKET, SO_RCVBUFFORCE, &size,
	    sizeof(size)) == -1)
		(void)setsockopt(s->fd, SOL_SOCKET, SO_RCVBUF, &size,
		    sizeof(size));
	(void)setsockopt(s->fd, SOL_SOCKET, SO_RXQ_OVFL, &one, sizeof(one));
	if (gro && setsockopt(s->fd, IPPROTO_UDP, UDP_GRO, &one,
	    sizeof(one)) == -1)
		err(2, "UDP_GRO");
	printf("%u\n", ntohs(sin.sin_port));
	(void)fflush(stdout);
}

int
main(int argc, char **argv)
{
	struct sink s = { 0 };
	struct pollfd pfd;
	double first = 0, last = 0;
	bool gro = argc == 2 && strcmp(argv[1], "-g") == 0;

	if (argc > 1 && !gro)
		errx(2, "usage: udpsink [-g]");
	open_sink(&s, gro);
	pfd = (struct pollfd){ s.fd, POLLIN, 0 };
	while (poll(&pfd, 1, first == 0 ? PATIENCE_MS : IDLE_MS) == 1) {
		if (first == 0)
			first = bench_now();
		while (receive(&s))
			continue;
		last = bench_now();
	}
	printf("received=%lu drops=%u sink_s=%.4f\n", s.received, s.drops,
	    last - first);
	return 0;
}
