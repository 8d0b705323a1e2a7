#include <netinet/in.h>
#include <sys/queue.h>
#include <sys/socket.h>

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "peers.h"
#include "ingest/ingest.h"

enum { BUCKETS = 4096 };

enum state { READING, WAITING, TAKING };

struct peer {
	TAILQ_ENTRY(peer)	 entry;		/* of its bucket, oldest first */
	uint64_t		 address;	/* digest of it */
	int			 fd;
	enum state		 state;
	bool			 ended;		/* shut down by us */
	int64_t			 since_us;	/* when the state began */
	int64_t			 limit_us;	/* how long it may last */
};

TAILQ_HEAD(bucket, peer);

struct peers {
	pthread_mutex_t		 lock;
	struct peers_limits	 limits;
	atomic_ullong		*expired;
	atomic_ullong		*evicted;
	struct bucket		 buckets[BUCKETS];
};

struct peers *
peers_new(const struct peers_limits *limits, atomic_ullong *expired,
    atomic_ullong *evicted)
{
	struct peers *ps;
	size_t i;

	if ((ps = calloc(1, sizeof(*ps))) == NULL)
		return NULL;
	if (pthread_mutex_init(&ps->lock, NULL) != 0) {
		free(ps);
		return NULL;
	}
	ps->limits = *limits;
	ps->expired = expired;
	ps->evicted = evicted;
	for (i = 0; i < BUCKETS; i++)
		TAILQ_INIT(&ps->buckets[i]);
	return ps;
}

void
peers_free(struct peers *ps)
{
	if (ps == NULL)
		return;
	pthread_mutex_destroy(&ps->lock);
	free(ps);
}

/* Who shares an address shares its limit: in IPv6 that is a /64. */
static uint64_t
address_of(const struct sockaddr *sa)
{
	const struct sockaddr_in6 *in6 = (const void *)sa;
	const struct sockaddr_in *in4 = (const void *)sa;
	uint64_t n = 0;
	uint32_t v4;

	if (sa->sa_family == AF_INET)
		v4 = in4->sin_addr.s_addr;
	else if (sa->sa_family == AF_INET6 &&
	    IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr))
		memcpy(&v4, in6->sin6_addr.s6_addr + 12, sizeof(v4));
	else {
		if (sa->sa_family == AF_INET6)
			memcpy(&n, in6->sin6_addr.s6_addr, sizeof(n));
		return n;
	}
	return (uint64_t)1 << 63 | v4;
}

static struct bucket *
bucket_of(struct peers *ps, uint64_t address)
{
	return &ps->buckets[(address * UINT64_C(0x9e3779b97f4a7c15)) >> 52];
}

static void
enter(struct peer *p, enum state state, int64_t limit_us)
{
	p->state = state;
	p->since_us = clock_us();
	p->limit_us = limit_us;
}

/* The other side and the HTTP threads see the connection end by itself. */
static void
end(struct peer *p, atomic_ullong *count)
{
	p->ended = true;
	(void)shutdown(p->fd, SHUT_RDWR);
	(*count)++;
}

/* Make room for one more of that address, if it has its share already. */
static void
make_room(struct peers *ps, struct bucket *b, uint64_t address)
{
	struct peer *p, *oldest = NULL;
	size_t n = 0;

	TAILQ_FOREACH(p, b, entry) {
		/* cppcheck-suppress uninitvar */
		if (p->address != address || p->ended)
			continue;
		n++;
		if (p->state == READING &&
		    (oldest == NULL || p->since_us < oldest->since_us))
			oldest = p;
	}
	if (n >= ps->limits.per_address && oldest != NULL)
		end(oldest, ps->evicted);
}

struct peer *
peer_open(struct peers *ps, int fd, const struct sockaddr *sa)
{
	struct bucket *b;
	struct peer *p;

	if ((p = calloc(1, sizeof(*p))) == NULL)
		return NULL;
	p->fd = fd;
	p->address = address_of(sa);
	b = bucket_of(ps, p->address);
	pthread_mutex_lock(&ps->lock);
	make_room(ps, b, p->address);
	enter(p, READING, ps->limits.request_us);
	TAILQ_INSERT_TAIL(b, p, entry);
	pthread_mutex_unlock(&ps->lock);
	return p;
}

void
peer_close(struct peers *ps, struct peer *p)
{
	if (p == NULL)
		return;
	pthread_mutex_lock(&ps->lock);
	TAILQ_REMOVE(bucket_of(ps, p->address), p, entry);
	pthread_mutex_unlock(&ps->lock);
	free(p);
}

void
peer_asked(struct peers *ps, struct peer *p)
{
	if (p == NULL)
		return;
	pthread_mutex_lock(&ps->lock);
	enter(p, WAITING, INT64_MAX);
	pthread_mutex_unlock(&ps->lock);
}

void
peer_takes(struct peers *ps, struct peer *p, size_t bytes)
{
	if (p == NULL)
		return;
	pthread_mutex_lock(&ps->lock);
	if (p->state != TAKING)
		enter(p, TAKING, ps->limits.answer_us);
	p->limit_us += (int64_t)bytes * 1000000 / ps->limits.answer_rate;
	pthread_mutex_unlock(&ps->lock);
}

void
peer_answered(struct peers *ps, struct peer *p)
{
	if (p == NULL)
		return;
	pthread_mutex_lock(&ps->lock);
	enter(p, READING, ps->limits.request_us);
	pthread_mutex_unlock(&ps->lock);
}

void
peers_tick(struct peers *ps)
{
	int64_t now = clock_us();
	struct peer *p;
	size_t i;

	pthread_mutex_lock(&ps->lock);
	for (i = 0; i < BUCKETS; i++)
		TAILQ_FOREACH(p, &ps->buckets[i], entry)
			if (!p->ended && p->limit_us != INT64_MAX &&
			    now - p->since_us > p->limit_us)
				end(p, ps->expired);
	pthread_mutex_unlock(&ps->lock);
}
