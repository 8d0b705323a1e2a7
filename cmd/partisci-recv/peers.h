#ifndef PEERS_H
#define PEERS_H

#include <sys/socket.h>

#include <stdatomic.h>
#include <stdint.h>

/*
 * peers: who is connected, so that nobody holds a connection for ever and
 * nobody takes all of them.
 *
 * A connection has so much time to bring its next request to an end, from
 * when it was accepted or last answered; and so much, growing with what it has
 * fetched, to take an answer.  Beyond that it is shut down.  An address (of
 * IPv6, a /64) that opens more than its share loses the one that has waited
 * longest without asking anything; so a new request is always heard.
 */
struct peers;
struct peer;

struct peers_limits {
	int64_t	request_us;	/* to send a request */
	int64_t	answer_us;	/* to take an answer, and a second more ... */
	int64_t	answer_rate;	/* ... for each so many bytes of it */
	size_t	per_address;	/* connections */
};

struct peers *peers_new(const struct peers_limits *limits,
	    atomic_ullong *expired, atomic_ullong *evicted);
void	peers_free(struct peers *ps);

/* A connection was accepted.  NULL where there is no memory for it. */
struct peer *peer_open(struct peers *ps, int fd, const struct sockaddr *sa);

/* It is about to be closed; afterwards the descriptor is another's. */
void	peer_close(struct peers *ps, struct peer *p);

/* It has sent a whole request: it now waits for us, without a limit ... */
void	peer_asked(struct peers *ps, struct peer *p);
/* ... or it has taken so many more bytes of an answer ... */
void	peer_takes(struct peers *ps, struct peer *p, size_t bytes);
/* ... or it has all of it. */
void	peer_answered(struct peers *ps, struct peer *p);

/* Shut down what is too late.  To be called about once a second. */
void	peers_tick(struct peers *ps);

#endif
