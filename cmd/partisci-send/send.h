#ifndef SEND_H
#define SEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

/*
 * The way of an update through partisci-send: main.c makes it from operands,
 * or input.c from a line; courier.c collects updates into batches and has them
 * delivered by a transport (udp.c, http.c, local.c, or stdout), or kept by
 * outbox.c when that cannot be done now.
 *
 * Everywhere here updates are lines: compact JSON, each closed by a newline,
 * and known to be well-formed.  None is longer than 1,000 bytes.
 */

/* A way out. */
struct transport {
	/* Names destination and way: key in the outbox, start of messages. */
	const char	*name;
	/* How many bytes to collect for one call of deliver, at most. */
	size_t		 batch_max;
	/* What cannot be delivered may be kept for later. */
	bool		 keepable;
	/*
	 * Deliver lines.  Returns 0, or -1 with the reason in why and in *done
	 * how many bytes at the start of lines need not be sent again.
	 */
	int		 (*deliver)(struct transport *t, struct str lines,
			    size_t *done);
	void		 (*close)(struct transport *t);
	char		 why[512];
	/* Updates that the other side will never take; each was reported. */
	uint64_t	 refused;
};

/*
 * Give a transport up with close().  The strings are lent until then, and IPv6
 * addresses come without brackets.
 */
struct transport *udp_new(const char *server, const char *port,
	    long timeout_ms);
struct transport *http_new(const char *url, long timeout_ms);
struct transport *local_new(const char *dir);
struct transport *stdout_new(void);

/*
 * getaddrinfo(3) for UDP, but not for longer than timeout_ms: after that it is
 * EAI_SYSTEM with ETIMEDOUT.
 */
struct addrinfo;
int	 resolve(const char *host, const char *port, long timeout_ms,
	    struct addrinfo **res);

/*
 * How full the receive buffer of the socket at the other end of fd is, where
 * that socket is on this host: used of size bytes.  Returns 0, or -1 where it
 * cannot be known.  diag is from backlog_open(), which may fail with -1.
 */
int	 backlog_open(void);
int	 backlog(int diag, int fd, size_t *used, size_t *size);

/*
 * The outbox: what waits in the store of directory dir for one destination,
 * name.  dir and name are lent.  Nothing is opened before it is needed, and
 * nothing is made unless there is something to keep.
 */
struct outbox {
	const char	*dir;		/* NULL: there is none */
	const char	*name;
	struct store	*store;		/* open, or NULL */
	int		 lock;		/* who holds it delivers; or -1 */
};

/* Does anything wait that is ours to deliver? */
bool	 outbox_waiting(struct outbox *o);

/*
 * Let t deliver what waits, in order, and forget what was delivered.  Returns
 * 0 once nothing is left, or -1 with the reason in t->why.  *count grows by
 * what was delivered.
 */
int	 outbox_drain(struct outbox *o, struct transport *t, long timeout_ms,
	    uint64_t *count);

/* Keep lines behind what waits.  Returns 0 or a code of the store's. */
int	 outbox_keep(struct outbox *o, struct str lines);

/* How many updates wait in the store, for whatever destination. */
uint64_t outbox_count(struct outbox *o);

void	 outbox_close(struct outbox *o);

/* courier: from single updates to batches, delivered or kept. */
struct courier {
	struct transport *t;
	struct outbox	 box;
	long		 timeout_ms;
	struct buf	 batch;
	uint64_t	 from;		/* line of input where batch begins */
	uint64_t	 sent;
	uint64_t	 late;		/* sent out of the outbox */
	bool		 down;		/* what comes now is kept */
	int64_t		 retry_ms;	/* when to try again, if down */
};

/* Deliver first what waits from earlier calls. */
void	 courier_start(struct courier *c);

/*
 * Where to append one more line, closed by its newline; it is number "line"
 * of the input, or 0 for none.
 */
struct buf *courier_room(struct courier *c, uint64_t line);

/* Do not hold anything back: deliver or keep what was collected. */
void	 courier_flush(struct courier *c);

/* The last flush and the last word.  Returns 0, 1 if updates were kept, or 2. */
int	 courier_finish(struct courier *c);

/* What fills in for what a line does not say. */
struct defaults {
	struct str	host;
	int		instance;	/* -1: none */
};

/* Send each line of stdin.  Returns how many were bad; each was reported. */
uint64_t input_lines(struct courier *c, const struct defaults *def);

extern bool verbose;

#endif
