/*
 * slowclients PORT drip N | idle N | endless | bodies N | late SECS: HTTP
 * clients as one would not wish for.
 *
 * drip: N clients that send a byte at a time for ever, a third of them in the
 * head, a third in a body, a third in chunks.  idle: N that send nothing, 400
 * an address.  While they do so, another one asks, again and again, on a new
 * connection each time; what is printed is how many of the N were still
 * connected at the end, and for each question the median and the worst time
 * for an answer, in microseconds.
 *
 * endless: chunks as fast as they go; prints how many MiB went before the
 * server had enough.
 *
 * bodies: N clients that each post an update with blanks, 1 MiB in all.  The
 * first 64 keep the last byte back until the others have been answered.  Prints
 * how many answers there were of each status, and how many of them name a time
 * to come again.
 *
 * late: one client of each kind, and one that is answered before; for each
 * is printed whether it was ended, and not before SECS had passed.
 */
#include <sys/resource.h>
#include <sys/socket.h>

#include <netinet/in.h>
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
	KINDS = 3,
	PROBES = 50,
	PER_ADDRESS = 400,
	BODY = 1 << 20,
	HELD_BACK = 64,
	PATIENCE_MS = 30000
};

/* What is sent at first, and what for ever after. */
struct manner {
	const char	*name;
	const char	*first;
	const char	*then;
};

static const struct manner manners[KINDS] = {
	{ "head", "GET /api/v1/version/ HTTP/1.1\r\nX-Slow: ", "slow" },
	{ "body", "POST /api/v1/update/ HTTP/1.1\r\nHost: x\r\n"
	    "Content-Length: 100000\r\n\r\n", " " },
	{ "chunks", "POST /api/v1/updates/ HTTP/1.1\r\nHost: x\r\n"
	    "Transfer-Encoding: chunked\r\n\r\n", "1\r\n \r\n" }
};

struct client {
	int			 fd;
	const struct manner	*manner;	/* NULL: says nothing */
	size_t			 at;
};

static struct client *clients;
static size_t nclients;
static unsigned port;
static atomic_bool over;

static int64_t
now_us(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static void
pause_ms(int ms)
{
	(void)poll(NULL, 0, ms);
}

/* From 127.0.0.host, or wherever. */
static int
reach(unsigned host)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	struct timeval patience = { PATIENCE_MS / 1000, 0 };
	int fd;

	if ((fd = socket(AF_INET, SOCK_STREAM, 0)) == -1)
		err(2, "socket");
	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK + host);
	if (host != 0 && bind(fd, (struct sockaddr *)&in, sizeof(in)) == -1)
		err(2, "bind");
	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	in.sin_port = htons((uint16_t)port);
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience,
	    sizeof(patience));
	if (connect(fd, (struct sockaddr *)&in, sizeof(in)) == -1)
		err(2, "connect");
	return fd;
}

static void
drip(struct client *c)
{
	size_t first = strlen(c->manner->first), then = strlen(c->manner->then);

	(void)send(c->fd, c->at < first ? &c->manner->first[c->at] :
	    &c->manner->then[(c->at - first) % then], 1,
	    MSG_NOSIGNAL | MSG_DONTWAIT);
	c->at++;
}

/* Has the other side ended it? */
static bool
ended(const struct client *c)
{
	char byte;

	return recv(c->fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK) == 0 ||
	    (errno != EAGAIN && errno != EINTR);
}

static void *
drip_all(void *arg)
{
	size_t i;

	(void)arg;
	while (!over) {
		for (i = 0; i < nclients; i++)
			if (clients[i].manner != NULL)
				drip(&clients[i]);
		pause_ms(100);
	}
	return NULL;
}

/* Ask on a new connection; the answer goes to text, and must be 200. */
static void
ask(const char *path, char *text, size_t size)
{
	size_t len;
	ssize_t n;
	int fd;

	fd = reach(0);
	len = (size_t)snprintf(text, size, "GET %s HTTP/1.1\r\n"
	    "Host: x\r\nConnection: close\r\n\r\n", path);
	if (send(fd, text, len, MSG_NOSIGNAL) != (ssize_t)len)
		err(2, "send");
	for (len = 0; (n = recv(fd, text + len, size - 1 - len, 0)) > 0; )
		len += (size_t)n;
	if (n == -1)
		err(2, "recv");
	close(fd);
	text[len] = '\0';
	if (strncmp(text, "HTTP/1.1 200 OK", 15) != 0)
		errx(2, "%s: %s", path, text);
}

static int
compare(const void *a, const void *b)
{
	const int64_t *pa = a, *pb = b;

	return (*pa > *pb) - (*pa < *pb);
}

static void
probe(const char *path)
{
	char text[8192];
	int64_t took[PROBES], start;
	int i;

	for (i = 0; i < PROBES; i++) {
		start = now_us();
		ask(path, text, sizeof(text));
		took[i] = now_us() - start;
		pause_ms(10);
	}
	qsort(took, PROBES, sizeof(took[0]), compare);
	printf("%s %lld %lld\n", path, (long long)took[PROBES / 2],
	    (long long)took[PROBES - 1]);
}

static void
crowd(size_t n, bool idle)
{
	struct rlimit rl;
	pthread_t thread;
	size_t i, left = 0;

	if (getrlimit(RLIMIT_NOFILE, &rl) == 0) {
		rl.rlim_cur = rl.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &rl);
	}
	if ((clients = calloc(n, sizeof(*clients))) == NULL)
		err(2, NULL);
	for (nclients = 0; nclients < n; nclients++) {
		clients[nclients].fd = reach(idle ?
		    1 + (unsigned)nclients / PER_ADDRESS : 0);
		if (!idle)
			clients[nclients].manner = &manners[nclients % KINDS];
	}
	if (pthread_create(&thread, NULL, drip_all, NULL) != 0)
		errx(2, "pthread_create");
	probe("/healthz");
	probe("/api/v1/version/?app_id=alpha");
	for (i = 0; i < n; i++)
		left += !ended(&clients[i]);
	printf("left %zu\n", left);
	over = true;
	pthread_join(thread, NULL);
}

static void
endless(void)
{
	static const char head[] = "POST /api/v1/updates/ HTTP/1.1\r\n"
	    "Host: x\r\nTransfer-Encoding: chunked\r\n\r\n";
	static char chunk[6 + 65536 + 2] = "10000\r";
	size_t sent = 0;
	ssize_t n;
	int fd;

	memset(chunk + 7, ' ', 65536);
	chunk[6] = '\n';
	memcpy(chunk + sizeof(chunk) - 1, "\n", 1);
	chunk[sizeof(chunk) - 2] = '\r';
	fd = reach(0);
	(void)send(fd, head, strlen(head), MSG_NOSIGNAL);
	while ((n = send(fd, chunk + sent % sizeof(chunk), sizeof(chunk) -
	    sent % sizeof(chunk), MSG_NOSIGNAL)) > 0)
		sent += (size_t)n;
	close(fd);
	printf("%zu\n", sent >> 20);
}

/* An update of 1 MiB, all of it or all but the last byte. */
static void
send_body(int fd, size_t n, bool whole)
{
	static char body[BODY];
	size_t len, sent, all = BODY - !whole;
	char head[256];
	ssize_t k;

	memset(body, ' ', sizeof(body));
	len = (size_t)snprintf(body, sizeof(body),
	    "{\"app\":\"Big\",\"ver\":\"1\",\"host\":\"%zu\"}", n);
	body[len] = ' ';
	len = (size_t)snprintf(head, sizeof(head), "POST /api/v1/update/ "
	    "HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n"
	    "Connection: close\r\n\r\n", BODY);
	if (send(fd, head, len, MSG_NOSIGNAL) != (ssize_t)len)
		err(2, "send");
	for (sent = 0; sent < all; sent += (size_t)k)
		if ((k = send(fd, body + sent, all - sent,
		    MSG_NOSIGNAL)) <= 0)
			err(2, "send");
}

/* Until the server says that so much of all bodies has arrived. */
static void
wait_for_bodies(unsigned long long bytes)
{
	static const char name[] = "\"http_body_bytes\":";
	unsigned long long n = 0;
	char text[8192], *p;

	do {
		ask("/debug/vars", text, sizeof(text));
		if ((p = strstr(text, name)) == NULL ||
		    sscanf(p + strlen(name), "%llu", &n) != 1)
			errx(2, "no %s in: %s", name, text);
	} while (n != bytes);
}

static unsigned
read_status(int fd, bool *again)
{
	char text[1024];
	unsigned status;
	size_t len;
	ssize_t n;

	for (len = 0; (n = recv(fd, text + len, sizeof(text) - 1 - len,
	    0)) > 0; )
		len += (size_t)n;
	text[len] = '\0';
	if (sscanf(text, "HTTP/1.1 %u ", &status) != 1 || status > 599)
		errx(2, "no answer: %s", text);
	*again = strstr(text, "\r\nRetry-After: 1\r\n") != NULL;
	close(fd);
	return status;
}

static void
bodies(size_t n)
{
	unsigned count[600] = { 0 }, again = 0, status;
	int held[HELD_BACK], fd;
	size_t i;
	bool later;

	for (i = 0; i < n && i < HELD_BACK; i++) {
		send_body(held[i] = reach(0), i, false);
		wait_for_bodies((unsigned long long)(i + 1) * (BODY - 1));
	}
	for (; i < n; i++) {
		send_body(fd = reach(0), i, true);
		count[read_status(fd, &later)]++;
		again += later;
	}
	for (i = 0; i < n && i < HELD_BACK; i++) {
		if (send(held[i], " ", 1, MSG_NOSIGNAL) != 1)
			err(2, "send");
		count[read_status(held[i], &later)]++;
		again += later;
	}
	for (status = 0; status < 600; status++)
		if (count[status] > 0)
			printf("%u %u\n", status, count[status]);
	printf("again %u\n", again);
}

/* What the one that is answered, and then says nothing, has to read. */
static void
take_answer(int fd)
{
	static const char text[] = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
	char room[1024];
	size_t len = 0;
	ssize_t n;

	if (send(fd, text, strlen(text), MSG_NOSIGNAL) == -1)
		err(2, "send");
	while ((n = recv(fd, room + len, sizeof(room) - 1 - len, 0)) > 0) {
		len += (size_t)n;
		room[len] = '\0';
		if (strstr(room, "}\n") != NULL)
			return;
	}
	errx(2, "no answer");
}

static void
late(int64_t least_us)
{
	static const char *const names[] = { "head", "body", "chunks",
	    "silent", "answered" };
	struct client c[5];
	bool gone[5] = { false };
	int64_t start = now_us(), took;
	size_t i, left = 5;

	for (i = 0; i < 5; i++)
		c[i] = (struct client){ reach(0),
		    i < KINDS ? &manners[i] : NULL, 0 };
	take_answer(c[4].fd);
	while (left > 0 && now_us() - start < least_us + PATIENCE_MS * 1000) {
		for (i = 0; i < 5; i++) {
			if (gone[i])
				continue;
			if (c[i].manner != NULL)
				drip(&c[i]);
			if (!ended(&c[i]))
				continue;
			took = now_us() - start;
			printf("%s %s\n", names[i], took < least_us ?
			    "too early" : "ended");
			gone[i] = true;
			left--;
		}
		pause_ms(20);
	}
}

int
main(int argc, char **argv)
{
	if (argc < 3)
		errx(2, "usage: slowclients port what [n]");
	port = (unsigned)strtoul(argv[1], NULL, 10);
	if (strcmp(argv[2], "endless") == 0)
		endless();
	else if (argc != 4)
		errx(2, "usage: slowclients port what [n]");
	else if (strcmp(argv[2], "bodies") == 0)
		bodies(strtoul(argv[3], NULL, 10));
	else if (strcmp(argv[2], "late") == 0)
		late(strtoll(argv[3], NULL, 10) * 1000000);
	else
		crowd(strtoul(argv[3], NULL, 10), argv[2][0] == 'i');
	return 0;
}
