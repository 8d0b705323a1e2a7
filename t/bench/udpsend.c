/*
 * udpsend [-cgw] [-k keys] [-n count] [-r rate] [-v generation] port
 *
 * Send count updates to that port of this host, one a datagram, through all
 * keys in random order and then again.  -c goes on to the next generation with
 * each pass, so that everything is a change.  -g hands the kernel 64 at a time
 * to cut (UDP_SEGMENT).  -r sends so many a second instead of all it can.
 *
 * -w asks partisci-recv on that port for its counters and waits until all that
 * was sent is accounted for, and stored.  Prints NAME=VALUE for a shell:
 * sent, send_s (seconds until the last was sent), taken_s (until recv's
 * counters moved no more), stored_s (until nothing waited to be stored), what
 * recv's counters grew by, and missing: what they say nothing of.
 *
 * What the kernel drops with -g, it drops 64 at a time, and counts as one.
 */
#include <netinet/udp.h>

#include <errno.h>
#include <math.h>
#include <stdbool.h>

#include "bench.h"

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103		/* linux/udp.h */
#endif

enum { BATCH = 64, STALL_MS = 500, GIVE_UP_MS = 10000 };

struct sender {
	int		 fd;
	uint32_t	*order;
	size_t		 keys;
	unsigned	 generation;
	bool		 change;
	bool		 gso;
	char		 room[BATCH][KEY_LEN];
	struct iovec	 iov[BATCH];
	struct mmsghdr	 msgs[BATCH];
};

static void
init(struct sender *s, unsigned port)
{
	int i, one = KEY_LEN;

	s->fd = bench_connect(SOCK_DGRAM, port);
	if (s->gso && setsockopt(s->fd, IPPROTO_UDP, UDP_SEGMENT, &one,
	    sizeof(one)) == -1)
		err(2, "UDP_SEGMENT");
	s->order = bench_shuffled(s->keys);
	for (i = 0; i < BATCH; i++) {
		s->iov[i] = (struct iovec){ s->room[i], KEY_LEN };
		s->msgs[i].msg_hdr = (struct msghdr){
		    .msg_iov = &s->iov[i], .msg_iovlen = 1 };
	}
}

/* The updates from number "at" on, n of them, at most BATCH. */
static void
send_some(struct sender *s, size_t at, unsigned n)
{
	unsigned generation, i;
	ssize_t sent;

	for (i = 0; i < n; i++) {
		generation = s->generation;
		if (s->change)
			generation += (unsigned)((at + i) / s->keys);
		key_update(s->room[i], s->order[(at + i) % s->keys],
		    generation % GENERATIONS);
	}
	for (i = 0; i < n; i += (unsigned)sent) {
		if (s->gso) {
			sent = send(s->fd, s->room[i],
			    (size_t)(n - i) * KEY_LEN, 0);
			sent = sent > 0 ? sent / KEY_LEN : sent;
		} else
			sent = sendmmsg(s->fd, s->msgs + i, n - i, 0);
		if (sent == -1 && errno != ECONNREFUSED)
			err(2, "send");
		if (sent == -1)
			sent = 0;
	}
}

static void
sleep_until(double when)
{
	struct timespec ts = { .tv_sec = (time_t)when };

	ts.tv_nsec = (long)((when - floor(when)) * 1e9);
	(void)clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL);
}

static void
send_all(struct sender *s, size_t count, size_t rate)
{
	double start = bench_now();
	size_t at, n;

	for (at = 0; at < count; at += n) {
		n = count - at < BATCH ? count - at : BATCH;
		if (rate > 0)
			sleep_until(start + (double)at / (double)rate);
		send_some(s, at, (unsigned)n);
	}
}

struct vars {
	unsigned long long	updates, heartbeats, refused, dropped;
	unsigned long long	kernel_drops, changed, added, waiting, commits;
};

static unsigned long long
var(const char *json, const char *name)
{
	const char *p;
	char quoted[64];

	(void)snprintf(quoted, sizeof(quoted), "\"%s\":", name);
	if ((p = strstr(json, quoted)) == NULL)
		errx(2, "the counter %s is missing", name);
	return strtoull(p + strlen(quoted), NULL, 10);
}

static void
read_vars(struct vars *v, int fd)
{
	static const char ask[] =
	    "GET /debug/vars HTTP/1.1\r\nHost: localhost\r\n\r\n";
	char room[8192];
	size_t len = 0;
	ssize_t n;

	if (write(fd, ask, sizeof(ask) - 1) == -1)
		err(2, "debug/vars");
	do {
		n = read(fd, room + len, sizeof(room) - 1 - len);
		if (n <= 0)
			errx(2, "debug/vars: the answer ended early");
		len += (size_t)n;
		room[len] = '\0';
	} while (strstr(room, "}\n") == NULL);
	*v = (struct vars){ var(room, "updates_total"),
	    var(room, "heartbeats_total"), var(room, "refused_total"),
	    var(room, "dropped_total"), var(room, "kernel_drops_total"),
	    var(room, "changed_total"), var(room, "added_total"),
	    var(room, "waiting_bytes"), var(room, "commits_total") };
}

static unsigned long long
accounted(const struct sender *s, const struct vars *v)
{
	return v->updates + v->refused + v->dropped +
	    v->kernel_drops * (s->gso ? BATCH : 1);
}

static double
pause_ms(unsigned ms)
{
	struct timespec ts = { 0, (long)ms * 1000000 };

	(void)nanosleep(&ts, NULL);
	return bench_now();
}

/*
 * Until recv has accounted for all that was sent.  The kernel tells of what it
 * dropped beside the next datagram: so when nothing moves any more, one more
 * is sent.  Returns the number of those; *taken is when it last moved.
 */
static size_t
wait_taken(struct sender *s, int http, const struct vars *before, size_t sent,
    struct vars *v, double *taken)
{
	unsigned long long now, last = 0, start = accounted(s, before);
	double at;
	size_t extra = 0;

	*taken = bench_now();
	for (;;) {
		read_vars(v, http);
		at = bench_now();
		now = accounted(s, v);
		if (now != last && extra == 0)
			*taken = at;
		last = now;
		if (now - start >= sent + extra ||
		    at - *taken > GIVE_UP_MS / 1e3)
			return extra;
		if (at - *taken > STALL_MS / 1e3 && extra == 0) {
			send_some(s, sent, 1);
			extra++;
		}
		(void)pause_ms(2);
	}
}

static void
report(const struct sender *s, size_t sent, const struct vars *a,
    const struct vars *b)
{
	printf(" updates=%llu heartbeats=%llu refused=%llu dropped=%llu "
	    "kernel_drops=%llu changed=%llu added=%llu commits=%llu "
	    "missing=%lld\n", b->updates - a->updates,
	    b->heartbeats - a->heartbeats, b->refused - a->refused,
	    b->dropped - a->dropped,
	    (b->kernel_drops - a->kernel_drops) * (s->gso ? BATCH : 1),
	    b->changed - a->changed, b->added - a->added,
	    b->commits - a->commits,
	    (long long)(sent - (accounted(s, b) - accounted(s, a))));
}

int
main(int argc, char **argv)
{
	static struct sender s = { .keys = 1000000 };
	size_t count = 1000000, rate = 0, extra;
	double start, sent_s, taken_s, stored_s;
	struct vars before, after;
	bool wait_for = false;
	unsigned port;
	int ch, http = -1;

	while ((ch = getopt(argc, argv, "cgk:n:r:v:w")) != -1)
		switch (ch) {
		case 'c':
			s.change = true;
			break;
		case 'g':
			s.gso = true;
			break;
		case 'k':
			s.keys = bench_number(optarg, 100000000);
			break;
		case 'n':
			count = bench_number(optarg, 1000000000);
			break;
		case 'r':
			rate = bench_number(optarg, 100000000);
			break;
		case 'v':
			s.generation = (unsigned)bench_number(optarg,
			    GENERATIONS - 1);
			break;
		case 'w':
			wait_for = true;
			break;
		default:
			errx(2, "usage: udpsend [-cgw] [-k keys] [-n count] "
			    "[-r rate] [-v generation] port");
		}
	if (argc - optind != 1 || s.keys == 0)
		errx(2, "one port, please");
	port = (unsigned)bench_number(argv[optind], 65535);
	init(&s, port);
	if (wait_for) {
		http = bench_connect(SOCK_STREAM, port);
		read_vars(&before, http);
	}
	start = bench_now();
	send_all(&s, count, rate);
	sent_s = bench_now() - start;
	if (!wait_for) {
		printf("sent=%zu send_s=%.4f\n", count, sent_s);
		return 0;
	}
	extra = wait_taken(&s, http, &before, count, &after, &taken_s);
	do {
		stored_s = pause_ms(2);
		read_vars(&after, http);
	} while (after.waiting > 0);
	printf("sent=%zu send_s=%.4f taken_s=%.4f stored_s=%.4f",
	    count + extra, sent_s, taken_s - start, stored_s - start);
	report(&s, count + extra, &before, &after);
	return 0;
}
