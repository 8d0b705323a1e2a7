#ifndef RECV_H
#define RECV_H

#include <sys/socket.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"
#include "ingest/ingest.h"
#include "store/store.h"

/* recv: what the files of this tool know of one another. */

enum { MAX_SOCKETS = 16, PORT = 7777, TIMEOUT = 30 };

struct options {
	const char	*db;
	const char	*user;
	const char	*listen[MAX_SOCKETS];
	size_t		 nlisten;
	unsigned	 port;
	unsigned	 timeout;	/* seconds, for HTTP clients */
	uint32_t	 trim;
	bool		 danger;
	bool		 verbose;
};

/* say: messages to stderr, in one write each, so that threads do not mix them. */
void	say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/*
 * listen: the sockets, those that systemd hands over (sd_listen_fds(3)), or
 * else a pair for each address.  Ends the program where one cannot be had.
 */
struct sockets {
	int		udp[MAX_SOCKETS];
	size_t		nudp;
	int		tcp[MAX_SOCKETS];
	size_t		ntcp;
	unsigned	port;
};

void	sockets_open(struct sockets *s, const struct options *o);

/*
 * The address in words, without the port; IPv4 in IPv6 is shown as IPv4.  The
 * result is lent from room.
 */
enum { ADDR_MAX = 64 };
struct str addr_text(const struct sockaddr *sa, char room[ADDR_MAX]);

/* udp: one thread reads all UDP sockets until it is stopped. */
struct udp;

struct udp_stats {
	atomic_ullong	datagrams;
	atomic_ullong	kernel_drops;	/* the socket's buffer was full */
};

struct udp *udp_start(const struct sockets *s, struct ingest *in);
struct udp_stats *udp_stats(struct udp *u);

/* Take in what the kernel still has, then end the thread. */
void	udp_stop(struct udp *u);
void	udp_free(struct udp *u);

/* http: the REST interface, on threads of its own. */
struct http;

struct http_stats {
	atomic_ullong	requests;
	atomic_ullong	connections;	/* accepted so far */
	atomic_ullong	expired;	/* ended because they were too slow */
	atomic_ullong	evicted;	/* ended because there were too many */
	atomic_ullong	bodies;		/* of posts: bytes in memory now */
};

struct http_config {
	struct store	*store;
	struct ingest	*ingest;
	struct udp	*udp;
	bool		 danger;
	unsigned	 timeout;
};

struct http *http_start(const struct sockets *s,
	    const struct http_config *config);

/* Once a second: end what has been too slow. */
void	http_tick(struct http *h);

/* From now on posts are turned away; those that wait are still answered. */
void	http_quiesce(struct http *h);
void	http_stop(struct http *h);

/* metrics: the counters, in Prometheus' text format or as JSON. */
void	metrics_text(struct buf *b, const struct http_config *c,
	    const struct http_stats *s);
void	metrics_json(struct buf *b, const struct http_config *c,
	    const struct http_stats *s);

#endif
