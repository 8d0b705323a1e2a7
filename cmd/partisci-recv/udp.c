#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <err.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "recv.h"
#include "update/update.h"

#ifndef UDP_GRO
#define UDP_GRO 104		/* linux/udp.h; glibc has it since 2.33 */
#endif

/*
 * The kernel may join datagrams of one sender and one length into one message
 * of up to 64 KiB (UDP_GRO); the length of each comes beside it.
 */
enum {
	MESSAGES = 16,
	MESSAGE_MAX = 65536,
	CONTROL_MAX = 128,
	LINE_LOG_SECS = 1
};

struct udp {
	struct ingest		*in;
	struct udp_stats	 stats;
	pthread_t		 thread;
	struct pollfd		 pfd[MAX_SOCKETS + 1];	/* the last: stop */
	size_t			 nsockets;
	uint32_t		 overflow[MAX_SOCKETS];	/* as last heard */
	char			*room;
	time_t			 logged;	/* when the last refusal was */
};

/* A message as it was received, from one sender. */
struct message {
	const char	*p;
	size_t		 len;
	size_t		 each;		/* length of a datagram in it */
	struct str	 ip;
	uint32_t	 time;
};

struct udp_stats *
udp_stats(struct udp *u)
{
	return &u->stats;
}

/* What is refused is a counter and an event; of all, one a second is logged. */
static void
refuse(struct udp *u, const struct message *m, const char *why)
{
	ingest_unlock(u->in);
	ingest_refused(u->in, m->ip, "udp", why);
	if (u->logged + LINE_LOG_SECS <= (time_t)m->time) {
		u->logged = m->time;
		say("%.*s: an update was refused: %s", (int)m->ip.len,
		    m->ip.p, why);
	}
	ingest_lock(u->in);
}

static bool
blank(const char *p, size_t len)
{
	while (len > 0 && (*p == ' ' || *p == '\t' || *p == '\r' ||
	    *p == '\n')) {
		p++;
		len--;
	}
	return len == 0;
}

static void
take_line(struct udp *u, const struct message *m, const char *p, size_t len)
{
	struct update up;
	const char *why;

	if (update_parse(&up, p, len, &why) == -1)
		refuse(u, m, why);
	else
		ingest_add(u->in, &up, m->ip, m->time);
}

/*
 * A datagram is one update, which may have newlines in it, or several, one a
 * line.  When its first line is no update, the whole may be.
 */
static void
take_datagram(struct udp *u, const struct message *m, const char *p,
    size_t len)
{
	const char *nl, *end = p + len, *why;
	struct update up;

	u->stats.datagrams++;
	nl = memchr(p, '\n', len);
	if (nl == NULL || blank(nl, (size_t)(end - nl))) {
		take_line(u, m, p, len);
		return;
	}
	if (update_parse(&up, p, (size_t)(nl - p), &why) == -1 &&
	    update_parse(&up, p, len, &why) == 0) {
		ingest_add(u->in, &up, m->ip, m->time);
		return;
	}
	for (; p < end; p = nl + 1) {
		if ((nl = memchr(p, '\n', (size_t)(end - p))) == NULL)
			nl = end;
		if (!blank(p, (size_t)(nl - p)))
			take_line(u, m, p, (size_t)(nl - p));
	}
}

static void
take_message(struct udp *u, const struct message *m)
{
	size_t at, n;

	for (at = 0; at < m->len; at += n) {
		n = m->len - at < m->each ? m->len - at : m->each;
		take_datagram(u, m, m->p + at, n);
	}
	if (m->len == 0)
		take_datagram(u, m, m->p, 0);
}

/* What the kernel says beside a message: joined datagrams, dropped ones. */
static void
read_control(struct udp *u, size_t sock, struct msghdr *hdr, size_t *each)
{
	struct cmsghdr *c;
	uint32_t drops;
	int size;

	for (c = CMSG_FIRSTHDR(hdr); c != NULL; c = CMSG_NXTHDR(hdr, c))
		if (c->cmsg_level == SOL_SOCKET &&
		    c->cmsg_type == SO_RXQ_OVFL) {
			memcpy(&drops, CMSG_DATA(c), sizeof(drops));
			u->stats.kernel_drops += drops - u->overflow[sock];
			u->overflow[sock] = drops;
		} else if (c->cmsg_level == IPPROTO_UDP &&
		    c->cmsg_type == UDP_GRO) {
			memcpy(&size, CMSG_DATA(c), sizeof(size));
			if (size > 0)
				*each = (size_t)size;
		}
}

/* Read once from a socket; false when there was nothing. */
static bool
receive(struct udp *u, size_t sock)
{
	struct sockaddr_storage from[MESSAGES];
	struct mmsghdr msgs[MESSAGES];
	struct iovec iov[MESSAGES];
	_Alignas(struct cmsghdr) char control[MESSAGES][CONTROL_MAX];
	char ip[ADDR_MAX];
	struct message m;
	int i, n;

	for (i = 0; i < MESSAGES; i++) {
		iov[i] = (struct iovec){ u->room + i * MESSAGE_MAX,
		    MESSAGE_MAX };
		msgs[i].msg_hdr = (struct msghdr){ .msg_name = &from[i],
		    .msg_namelen = sizeof(from[i]), .msg_iov = &iov[i],
		    .msg_iovlen = 1, .msg_control = control[i],
		    .msg_controllen = sizeof(control[i]) };
	}
	n = recvmmsg(u->pfd[sock].fd, msgs, MESSAGES, MSG_DONTWAIT, NULL);
	if (n <= 0)
		return false;
	for (i = 0; i < n; i++) {
		m.p = iov[i].iov_base;
		m.len = m.each = msgs[i].msg_len;
		m.ip = addr_text((struct sockaddr *)&from[i], ip);
		m.time = (uint32_t)time(NULL);
		read_control(u, sock, &msgs[i].msg_hdr, &m.each);
		ingest_lock(u->in);
		take_message(u, &m);
		ingest_unlock(u->in);
	}
	return true;
}

/* Some from each socket in turn, until none has any. */
static void
receive_all(struct udp *u, bool drain)
{
	time_t until = time(NULL) + 2;
	size_t i;
	bool any;

	do {
		any = false;
		for (i = 0; i < u->nsockets; i++)
			if (drain || (u->pfd[i].revents & POLLIN) != 0)
				any |= receive(u, i);
	} while (any && time(NULL) < until);
}

static void *
reader(void *arg)
{
	struct udp *u = arg;

	while ((u->pfd[u->nsockets].revents & POLLIN) == 0) {
		if (poll(u->pfd, u->nsockets + 1, -1) == -1) {
			if (errno == EINTR)
				continue;
			err(2, "poll");
		}
		receive_all(u, false);
	}
	receive_all(u, true);
	return NULL;
}

struct udp *
udp_start(const struct sockets *s, struct ingest *in)
{
	struct udp *u;
	size_t i;
	int one = 1, rc;

	if ((u = calloc(1, sizeof(*u))) == NULL ||
	    (u->room = malloc(MESSAGES * MESSAGE_MAX)) == NULL)
		err(2, NULL);
	u->in = in;
	for (i = 0; i < s->nudp; i++) {
		/* Old kernels lack these; then it is slower, or not counted. */
		(void)setsockopt(s->udp[i], IPPROTO_UDP, UDP_GRO, &one,
		    sizeof(one));
		(void)setsockopt(s->udp[i], SOL_SOCKET, SO_RXQ_OVFL, &one,
		    sizeof(one));
		u->pfd[i] = (struct pollfd){ s->udp[i], POLLIN, 0 };
	}
	u->nsockets = s->nudp;
	u->pfd[i] = (struct pollfd){ eventfd(0, EFD_CLOEXEC), POLLIN, 0 };
	if (u->pfd[i].fd == -1)
		err(2, "eventfd");
	if ((rc = pthread_create(&u->thread, NULL, reader, u)) != 0) {
		errno = rc;
		err(2, "pthread_create");
	}
	return u;
}

void
udp_stop(struct udp *u)
{
	uint64_t one = 1;

	if (write(u->pfd[u->nsockets].fd, &one, sizeof(one)) == -1)
		warn("eventfd");
	pthread_join(u->thread, NULL);
}

void
udp_free(struct udp *u)
{
	close(u->pfd[u->nsockets].fd);
	free(u->room);
	free(u);
}
