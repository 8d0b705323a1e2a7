#ifndef FACTS_INET_H
#define FACTS_INET_H

#include <stdint.h>

#include "base/buf.h"
#include "facts/facts.h"

/*
 * inet: sockets that wait for whoever comes, by sock_diag(7), which leaves out
 * all others: of a busy host /proc/net/tcp may be megabytes of connections
 * that have ended.  It is read where sock_diag cannot be had, and below a root.
 */
struct inet_socket {
	const char	*protocol;	/* tcp, tcp6, udp, udp6 */
	int64_t		 port;
	int64_t		 uid;
	int64_t		 inode;
	int64_t		 pid;		/* for the caller; -1 */
	char		 address[46];
};

/* Append them to b, by protocol and in the order of the kernel. */
void	inet_listening(struct facts *f, struct buf *b);

#endif
