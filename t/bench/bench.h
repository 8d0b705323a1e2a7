#ifndef BENCH_H
#define BENCH_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <err.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/*
 * bench: what the programs in here share.
 *
 * They all mean the same by record i: application i % KEY_APPS on host
 * i / KEY_APPS.  The version that it runs grows with a generation; fill puts
 * generation 0.  An update about it, as JSON, is always KEY_LEN bytes long.
 */
enum { KEY_APPS = 100, KEY_LEN = 84, GENERATIONS = 900 };

static inline void
key_digits(char *p, size_t n, unsigned long v)
{
	while (n-- > 0) {
		p[n] = (char)('0' + v % 10);
		v /= 10;
	}
}

/* KEY_LEN bytes, without NUL. */
static inline void
key_update(char *p, unsigned long i, unsigned generation)
{
	unsigned long app = i % KEY_APPS, host = i / KEY_APPS;

	memcpy(p, "{\"app\": \"App 000000\", \"ver\": \"100.0.0\", "
	    "\"host\": \"host000000.example\", \"instance\": 0}", KEY_LEN);
	key_digits(p + 13, 6, app);
	key_digits(p + 30, 3, 100 + generation);
	key_digits(p + 34, 1, host % 10);
	key_digits(p + 36, 1, app % 7);
	key_digits(p + 53, 6, host);
}

/* xorshift64*, seeded alike in each run. */
static inline uint64_t
bench_random(void)
{
	static uint64_t x = UINT64_C(0x9e3779b97f4a7c15);

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	return x * UINT64_C(2685821657736338717);
}

/* 0 to n - 1 in random order. */
static inline uint32_t *
bench_shuffled(size_t n)
{
	uint32_t *p, t;
	size_t i, j;

	if ((p = malloc((n + 1) * sizeof(*p))) == NULL)
		err(2, NULL);
	for (i = 0; i < n; i++)
		p[i] = (uint32_t)i;
	for (i = n; i > 1; i--) {
		j = bench_random() % i;
		t = p[i - 1];
		p[i - 1] = p[j];
		p[j] = t;
	}
	return p;
}

static inline double
bench_now(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static inline unsigned long
bench_number(const char *s, unsigned long long max)
{
	const char *errstr;
	long long n;

	n = strtonum(s, 0, (long long)max, &errstr);
	if (errstr != NULL)
		errx(2, "%s: %s", s, errstr);
	return (unsigned long)n;
}

static inline int
bench_compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Sorts v; n is at least 1. */
static inline double
bench_quantile(double *v, size_t n, double q)
{
	qsort(v, n, sizeof(*v), bench_compare);
	return v[(size_t)(q * (double)(n - 1) + 0.5)];
}

/* A connected socket to that port of this host. */
static inline int
bench_connect(int type, unsigned port)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
	    .sin_port = htons((uint16_t)port),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd;

	if ((fd = socket(AF_INET, type, 0)) == -1)
		err(2, "socket");
	if (connect(fd, (struct sockaddr *)&sin, sizeof(sin)) == -1)
		err(2, "port %u", port);
	return fd;
}

#endif
