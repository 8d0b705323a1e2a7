/*
 * httpget port target [times]: GET that target from this host, each time on
 * the same connection, and print NAME=VALUE for a shell: first_ms (median time
 * to the first byte of the body), mb_s (median bytes of the body a second, in
 * MB, from asking to the last), bytes and rows ("app_id"s in the body).
 */
#include <stdbool.h>

#include "bench.h"

enum { ROOM = 256 * 1024, TIMES_MAX = 1000 };

/* A body in chunks: what is to come, and what is left of the chunk. */
struct body {
	enum { SIZE, DATA, AFTER, END } state;
	size_t		 left;
	unsigned long	 bytes;
	unsigned long	 rows;
	size_t		 matched;	/* of "app_id" */
	double		 first;
};

static void
count_rows(struct body *b, const char *p, size_t n)
{
	static const char mark[] = "\"app_id\"";
	const char *end = p + n, *q;

	/* A mark that two pieces share, then those in one. */
	while (b->matched > 0 && p < end) {
		if (*p != mark[b->matched]) {
			b->matched = 0;
			break;
		}
		p++;
		if (mark[++b->matched] == '\0') {
			b->rows++;
			b->matched = 0;
		}
	}
	while ((q = memmem(p, (size_t)(end - p), mark, 8)) != NULL) {
		b->rows++;
		p = q + 8;
	}
	for (q = end - p > 7 ? end - 7 : p; q < end; q++)
		if (memcmp(q, mark, (size_t)(end - q)) == 0) {
			b->matched = (size_t)(end - q);
			break;
		}
}

static void
take(struct body *b, const char *p, size_t n)
{
	const char *end = p + n;
	size_t some;

	while (p < end && b->state != END)
		switch (b->state) {
		case SIZE:
			if (*p == '\n') {
				b->state = b->left > 0 ? DATA : END;
				p++;
				break;
			}
			if (*p != '\r')
				b->left = b->left * 16 + (size_t)(*p <= '9' ?
				    *p - '0' : (*p | 32) - 'a' + 10);
			p++;
			break;
		case DATA:
			if (b->first == 0)
				b->first = bench_now();
			some = (size_t)(end - p) < b->left ?
			    (size_t)(end - p) : b->left;
			count_rows(b, p, some);
			b->bytes += some;
			b->left -= some;
			p += some;
			if (b->left == 0)
				b->state = AFTER;
			break;
		default:
			if (*p++ == '\n')
				b->state = SIZE;
			break;
		}
}

/* Read the head; what comes behind it is the body's. */
static void
take_head(struct body *b, int fd, char *room)
{
	const char *end;
	size_t len = 0;
	ssize_t n;

	do {
		if ((n = read(fd, room + len, ROOM - 1 - len)) <= 0)
			errx(2, "the answer ended early");
		len += (size_t)n;
		room[len] = '\0';
	} while ((end = strstr(room, "\r\n\r\n")) == NULL);
	if (strncmp(room, "HTTP/1.1 200 ", 13) != 0 ||
	    strcasestr(room, "chunked") == NULL)
		errx(2, "not the answer that was hoped for: %.60s", room);
	take(b, end + 4, len - (size_t)(end + 4 - room));
}

int
main(int argc, char **argv)
{
	static char room[ROOM], ask[1024];
	static double first[TIMES_MAX], rate[TIMES_MAX];
	struct body b = { 0 };
	size_t i, times;
	double start;
	ssize_t n;
	int fd;

	if (argc != 3 && argc != 4)
		errx(2, "usage: httpget port target [times]");
	times = argc == 4 ? bench_number(argv[3], TIMES_MAX) : 1;
	fd = bench_connect(SOCK_STREAM,
	    (unsigned)bench_number(argv[1], 65535));
	(void)snprintf(ask, sizeof(ask),
	    "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", argv[2]);
	for (i = 0; i < times; i++) {
		b = (struct body){ 0 };
		start = bench_now();
		if (write(fd, ask, strlen(ask)) == -1)
			err(2, "write");
		take_head(&b, fd, room);
		while (b.state != END) {
			if ((n = read(fd, room, ROOM)) <= 0)
				errx(2, "the answer ended early");
			take(&b, room, (size_t)n);
		}
		first[i] = (b.first - start) * 1e3;
		rate[i] = (double)b.bytes / 1e6 / (bench_now() - start);
	}
	printf("first_ms=%.3f mb_s=%.1f bytes=%lu rows=%lu\n",
	    bench_quantile(first, times, 0.5),
	    bench_quantile(rate, times, 0.5), b.bytes, b.rows);
	return 0;
}
