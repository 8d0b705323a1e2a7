#ifndef FACTS_LINK_H
#define FACTS_LINK_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "facts/facts.h"
#include "facts/netlink.h"

/*
 * link: interfaces, their addresses and the routes, as netlink tells them.
 * All texts lie in the arena.
 */
struct link {
	int		 index;
	const char	*name;
	const char	*kind;		/* NULL: a device */
	unsigned	 type;		/* ARPHRD_ */
	unsigned	 flags;		/* IFF_ */
	unsigned	 mtu;
	unsigned	 operstate;
	int		 carrier;	/* -1: not told */
	int		 master;	/* index, or 0 */
	int		 vlan_id;	/* -1: none */
	int		 bond_mode;	/* -1: none */
	int		 stp;		/* -1: none */
	unsigned	 tx_queues;
	unsigned	 rx_queues;
	const char	*mac;		/* as text, or NULL */
	const char	*permanent_mac;
	uint64_t	 counters[8];	/* in the order of link_counters */
	bool		 counted;
};

struct address {
	int		 index;
	size_t		 order;		/* among all, as they came */
	unsigned	 family;	/* AF_INET, AF_INET6 */
	unsigned	 prefix;
	unsigned	 scope;
	unsigned	 flags;		/* IFA_F_ */
	uint32_t	 valid;		/* seconds, or UINT32_MAX */
	unsigned char	 bytes[16];
	unsigned char	 broadcast[4];
	bool		 has_broadcast;
};

struct hop {
	unsigned	 family;
	int		 index;
	bool		 has_gateway;
	unsigned char	 gateway[16];
};

struct route {
	unsigned	 family;
	unsigned	 prefix;
	unsigned	 type;		/* RTN_ */
	unsigned	 protocol;
	unsigned	 table;
	uint32_t	 metric;
	bool		 has_source;
	unsigned char	 bytes[16];
	unsigned char	 source[16];
	size_t		 nhops;
	struct hop	 hops[8];	/* of more, the first */
};

extern const char *const link_counters[8];

struct net {
	struct link	*links;		/* by index */
	const struct link **by_name;	/* the same */
	size_t		 nlinks;
	struct address	*addresses;	/* as they come, in order of index */
	size_t		 naddresses;
	struct route	*routes;	/* without those of the table "local" */
	size_t		 nroutes;
	struct buf	 kept[3];	/* where they are */
};

/* All of it, asked for once; lent as long as f. */
const struct net *net_get(struct facts *f);

void	net_clear(struct net *n);

const struct link *net_link(const struct net *n, int index);

/* Of the addresses of an interface the first; n->naddresses: it has none. */
size_t	net_first(const struct net *n, int index);

/* The lowest default route of that family in the main table, or NULL. */
const struct route *net_default(const struct net *n, unsigned family);

/* Text of an address; of its netmask; and of its network. */
void	net_text(char out[64], unsigned family, const unsigned char *bytes);
void	net_mask(char out[64], unsigned family, unsigned prefix);
void	net_network(char out[64], unsigned family, const unsigned char *bytes,
	    unsigned prefix);

/* Files: netconf.c.  networking.dns, and what stands behind bridges. */
void	netconf_dns(struct facts *f, struct val *o);
void	netconf_rest(struct facts *f, struct val *o);

/* networking.firewall.nft_tables: nft.c. */
void	nft_put_tables(struct facts *f, struct val *o);

/* networking.dhcp: dhcp.c. */
void	dhcp_put(struct facts *f, struct val *o);

#endif
