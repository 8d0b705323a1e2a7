#ifndef FACTS_NETLINK_H
#define FACTS_NETLINK_H

#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "facts/facts.h"

/*
 * netlink: what rtnetlink(7) dumps; below a root, what was recorded there;
 * and what others of its kind do.
 *
 * A recording, /.record/netlink, is the answers one behind the other, as the
 * kernel gives them; from it come the messages of the type at hand.  Those of
 * genetlink, whose types are others', are in /.record/genetlink.
 */
struct netlink {
	struct facts	*f;
	int		 fd;		/* -1: recorded */
	struct buf	 b;
};

/* NETLINK_ROUTE or another.  False if it cannot be had: then nothing is to
 * be closed. */
bool	netlink_open(struct facts *f, struct netlink *n, int protocol);
void	netlink_close(struct netlink *n);

/*
 * Ask for a dump (RTM_GETLINK, ...) and call fn for each message in it; what
 * it gets is lent, as whole as it says, and has len bytes behind its header.
 */
void	netlink_dump(struct netlink *n, unsigned short type,
	    void (*fn)(const void *body, size_t len, void *arg), void *arg);

/*
 * The same for another protocol: a request of that type, and answers.
 * False if they did not come to their end; that is no error yet.
 */
bool	netlink_request(struct netlink *n, unsigned short type,
	    unsigned short answer, const void *request, size_t size,
	    void (*fn)(const void *body, size_t len, void *arg), void *arg);

/*
 * Attributes: set table[i] to the one of type i, for those below max; the
 * others to NULL.  The body starts with size bytes of something else.
 */
void	netlink_attrs(const struct rtattr **table, unsigned max,
	    const void *body, size_t len, size_t size);
void	netlink_nested(const struct rtattr **table, unsigned max,
	    const struct rtattr *a);

/* Values; 0, or an empty text, where there is none or it is too short. */
size_t	netlink_len(const struct rtattr *a);
const void *netlink_data(const struct rtattr *a);
uint32_t netlink_u32(const struct rtattr *a);
uint16_t netlink_u16(const struct rtattr *a);
uint8_t	netlink_u8(const struct rtattr *a);
struct str netlink_text(const struct rtattr *a);

#endif
