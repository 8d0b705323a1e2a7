#ifndef BASE_DBUS_H
#define BASE_DBUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

/*
 * dbus: calls of methods, and their answers; signals are passed over.
 *
 * As much of the D-Bus specification as that takes: a local stream socket,
 * the caller's uid as who he is, and messages in the byte order of the host.
 * What fails returns why in words, which are for keeps, else NULL.
 */
enum { DBUS_MAX = 4 * 1024 * 1024, DBUS_CALLS = 256 };

struct dbus {
	int		 fd;		/* -1: closed */
	bool		 is_bus;	/* behind the socket; else the peer */
	uint32_t	 serial;	/* of the next call */
	struct buf	 room;		/* what came, */
	size_t		 done;		/* and how much of it is done with */
};

struct dbus_call {
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
	bool		 bad;		/* there is nothing, or it was too short */
	struct str	 failure;	/* why there is no such answer */
};

/*
 * Connect to the socket of that path.  Where nobody can be connected to, errno
 * is that of connect(2), else 0.  A d that is closed can be closed again.
 */
const char *dbus_open(struct dbus *d, const char *path, bool is_bus, int ms);
void	dbus_close(struct dbus *d);

/*
 * n calls at once, DBUS_CALLS at most, and the bodies of their answers, lent
 * until the next ones.  An answer that is a failure, or another than what is
 * understood, is bad, and has words in failure.  When the calls as a whole have
 * failed, so has the connection, which is for dbus_close() then.
 */
const char *dbus_ask(struct dbus *d, const struct dbus_call *calls, size_t n,
	    int ms, struct dbus_args *answers);

/* The same of what was recorded: the messages that came after a hello. */
const char *dbus_recorded(struct str messages, const struct dbus_call *call,
	    struct dbus_args *answer);

/* Add an argument: args begin with b. */
void	dbus_put_str(struct buf *b, const char *s);

/* Take the next value: of an array, first its length in bytes. */
void	dbus_align(struct dbus_args *a, size_t to);
uint32_t dbus_u32(struct dbus_args *a);
struct str dbus_str(struct dbus_args *a);
uint32_t dbus_variant_u32(struct dbus_args *a);	/* of another type: bad */
struct str dbus_variant_str(struct dbus_args *a);

#endif
