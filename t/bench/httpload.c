/*
 * httpload [-c clients] [-g] [-k keys] [-l lines] [-n requests]
 *     [-v generation] port
 *
 * Post updates to partisci-recv on that port of this host, with so many
 * clients at once, each on a connection that is kept and with one request at a
 * time.  The keys are taken in random order; -g goes on to the next generation
 * with each pass.  -l: so many updates a request, to updates/ instead of
 * update/.
 *
 * Prints NAME=VALUE for a shell: requests, took_s, failed (answers other than
 * 200), and how long they took, p50_ms, p99_ms and max_ms.
 */
#include <sys/epoll.h>

#include <netinet/tcp.h>

#include <stdbool.h>

#include "bench.h"

enum { EVENTS = 64, ANSWER_MAX = 4096 };

struct client {
	int	 fd;
	double	 since;			/* when it asked */
	size_t	 have;			/* of the answer */
	char	 answer[ANSWER_MAX + 1];
};

struct load {
	unsigned	 port;
	size_t		 keys, lines, requests, asked, answered, failed;
	unsigned	 generation;
	bool		 change;
	uint32_t	*order;
	char		*request;
	double		*took;
};

static void
ask(struct load *l, struct client *c)
{
	size_t i, at, len;
	unsigned generation;
	char *p = l->request;
	ssize_t n;

	p += sprintf(p, "POST /api/v1/%s/ HTTP/1.1\r\nHost: localhost\r\n"
	    "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
	    l->lines > 0 ? "updates" : "update",
	    l->lines > 0 ? l->lines * (KEY_LEN + 1) : (size_t)KEY_LEN);
	for (i = 0; i == 0 || i < l->lines; i++) {
		at = l->asked * (l->lines > 0 ? l->lines : 1) + i;
		generation = l->generation;
		if (l->change)
			generation += (unsigned)(at / l->keys);
		key_update(p, l->order[at % l->keys],
		    generation % GENERATIONS);
		p += KEY_LEN;
		if (l->lines > 0)
			*p++ = '\n';
	}
	len = (size_t)(p - l->request);
	c->since = bench_now();
	c->have = 0;
	l->asked++;
	for (at = 0; at < len; at += (size_t)n)
		if ((n = write(c->fd, l->request + at, len - at)) == -1)
			err(2, "write");
}

/* All of an answer, whose length is in Content-Length? */
static bool
complete(const struct client *c)
{
	const char *end, *length;

	if ((end = strstr(c->answer, "\r\n\r\n")) == NULL)
		return false;
	if ((length = strcasestr(c->answer, "\nContent-Length:")) == NULL ||
	    length > end)
		errx(2, "an answer without Content-Length");
	return c->have >= (size_t)(end + 4 - c->answer) +
	    strtoul(length + 16, NULL, 10);
}

static void
hear(struct load *l, struct client *c)
{
	ssize_t n;

	n = read(c->fd, c->answer + c->have, ANSWER_MAX - c->have);
	if (n <= 0)
		errx(2, "a connection was closed");
	c->have += (size_t)n;
	c->answer[c->have] = '\0';
	if (!complete(c))
		return;
	l->took[l->answered++] = (bench_now() - c->since) * 1e3;
	l->failed += strncmp(c->answer, "HTTP/1.1 200 ", 13) != 0;
	if (l->asked < l->requests)
		ask(l, c);
}

static double
run(struct load *l, size_t nclients)
{
	struct epoll_event ev[EVENTS];
	struct client *c;
	double start;
	size_t i;
	int ep, n, one = 1;

	if ((c = calloc(nclients, sizeof(*c))) == NULL ||
	    (ep = epoll_create1(0)) == -1)
		err(2, NULL);
	for (i = 0; i < nclients; i++) {
		c[i].fd = bench_connect(SOCK_STREAM, l->port);
		(void)setsockopt(c[i].fd, IPPROTO_TCP, TCP_NODELAY, &one,
		    sizeof(one));
		ev[0] = (struct epoll_event){ .events = EPOLLIN,
		    .data.ptr = &c[i] };
		if (epoll_ctl(ep, EPOLL_CTL_ADD, c[i].fd, &ev[0]) == -1)
			err(2, "epoll_ctl");
	}
	start = bench_now();
	for (i = 0; i < nclients && l->asked < l->requests; i++)
		ask(l, &c[i]);
	while (l->answered < l->requests) {
		if ((n = epoll_wait(ep, ev, EVENTS, 30000)) <= 0)
			errx(2, "no answer within 30 s: %zu of %zu came",
			    l->answered, l->asked);
		while (n-- > 0)
			hear(l, ev[n].data.ptr);
	}
	return bench_now() - start;
}

int
main(int argc, char **argv)
{
	struct load l = { .keys = 1000000, .requests = 10000 };
	size_t clients = 1;
	double seconds;
	int ch;

	while ((ch = getopt(argc, argv, "c:gk:l:n:v:")) != -1)
		switch (ch) {
		case 'c':
			clients = bench_number(optarg, 10000);
			break;
		case 'g':
			l.change = true;
			break;
		case 'k':
			l.keys = bench_number(optarg, 100000000);
			break;
		case 'l':
			l.lines = bench_number(optarg, 12000);
			break;
		case 'n':
			l.requests = bench_number(optarg, 100000000);
			break;
		case 'v':
			l.generation = (unsigned)bench_number(optarg,
			    GENERATIONS - 1);
			break;
		default:
			errx(2, "usage: httpload [-c clients] [-g] [-k keys] "
			    "[-l lines] [-n requests] [-v generation] port");
		}
	if (argc - optind != 1 || l.requests == 0 || l.keys == 0)
		errx(2, "one port, please");
	l.port = (unsigned)bench_number(argv[optind], 65535);
	l.order = bench_shuffled(l.keys);
	l.request = malloc(512 + (l.lines + 1) * (KEY_LEN + 1));
	l.took = calloc(l.requests, sizeof(*l.took));
	if (l.request == NULL || l.took == NULL)
		err(2, NULL);
	seconds = run(&l, clients);
	printf("requests=%zu took_s=%.4f failed=%zu p50_ms=%.3f p99_ms=%.3f "
	    "max_ms=%.3f\n", l.answered, seconds, l.failed,
	    bench_quantile(l.took, l.answered, 0.5),
	    bench_quantile(l.took, l.answered, 0.99),
	    bench_quantile(l.took, l.answered, 1));
	return 0;
}
