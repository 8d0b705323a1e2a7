#ifndef FACTS_DBUS_H
#define FACTS_DBUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "facts/facts.h"

/*
 * dbus: calls of methods, and their answers, within DBUS_MS.
 *
 * As much of the D-Bus specification as that takes: a local stream socket,
 * the caller's uid as who he is, and messages in the byte order of the host.
 */
enum { DBUS_MS = 500, DBUS_MAX = 4 * 1024 * 1024, DBUS_CALLS = 256 };

struct dbus_call {
	bool		 is_bus;	/* behind the socket; else the peer */
	const char	*destination;	/* on the bus */
	const char	*path;
	const char	*interface;
	const char	*member;
	const char	*signature;	/* of args, which end it as they are */
	struct str	 args;
	const char	*answer;	/* the signature that is understood */
};

/* What is left of a message to be read; values are aligned as in it. */
struct dbus_args {
	const char	*p;
	size_t		 n;
	size_t		 at;
	bool		 bad;		/* it was too short */
};

/*
 * Append to room all that comes from the socket, and leave in args the body
 * of the answer, lent from there.  False where nobody listens, or it cannot
 * be had: then the reason is told as an error of the source.
 */
bool	dbus_ask(struct facts *f, const char *socket,
	    const struct dbus_call *c, struct buf *room,
	    struct dbus_args *args);

/*
 * The same of n calls, DBUS_CALLS at most, on one connection.  An answer that
 * is a failure, or another than what is understood, is bad in args.
 */
bool	dbus_ask_all(struct facts *f, const char *socket,
	    const struct dbus_call *calls, size_t n, struct buf *room,
	    struct dbus_args *args);

/* The same of what was recorded: the messages that came, below a root. */
bool	dbus_recorded(struct facts *f, const char *source,
	    const struct dbus_call *c, struct buf *room,
	    struct dbus_args *args);

/* Take the next value: of an array, first its length in bytes. */
void	dbus_align(struct dbus_args *a, size_t to);
uint32_t dbus_u32(struct dbus_args *a);
struct str dbus_str(struct dbus_args *a);
uint32_t dbus_variant_u32(struct dbus_args *a);	/* of another type: bad */

#endif
