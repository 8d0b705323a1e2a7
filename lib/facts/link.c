#include <arpa/inet.h>
#include <net/if.h>
#include <sys/socket.h>

#include <linux/if_addr.h>
#include <linux/if_bonding.h>
#include <linux/if_link.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "facts/collect.h"
#include "facts/link.h"
#include "facts/state.h"

const char *const link_counters[8] = { "rx_packets", "tx_packets",
    "rx_bytes", "tx_bytes", "rx_errors", "tx_errors", "rx_dropped",
    "tx_dropped" };

/* What is being gathered: records, one behind the other. */
struct gather {
	struct facts	*f;
	struct buf	 b;
};

static const char *
mac_text(struct gather *g, const struct rtattr *a)
{
	const unsigned char *p = netlink_data(a);
	size_t i, n = netlink_len(a);
	char text[60];

	if (n == 0 || n > 20)
		return NULL;
	for (i = 0; i < n; i++)
		(void)snprintf(text + i * 3, 4, i + 1 < n ? "%02x:" : "%02x",
		    p[i]);
	return arena_cstr(&g->f->arena, str_of(text));
}

static void
take_kind(struct gather *g, struct link *l, const struct rtattr *info)
{
	const struct rtattr *a[IFLA_INFO_SLAVE_KIND + 1];
	const struct rtattr *data[IFLA_BR_STP_STATE + 1];

	netlink_nested(a, IFLA_INFO_SLAVE_KIND + 1, info);
	if (netlink_len(a[IFLA_INFO_KIND]) == 0)
		return;
	l->kind = arena_cstr(&g->f->arena, netlink_text(a[IFLA_INFO_KIND]));
	if (l->kind == NULL || a[IFLA_INFO_DATA] == NULL)
		return;
	netlink_nested(data, IFLA_BR_STP_STATE + 1, a[IFLA_INFO_DATA]);
	if (strcmp(l->kind, "vlan") == 0 && data[IFLA_VLAN_ID] != NULL)
		l->vlan_id = netlink_u16(data[IFLA_VLAN_ID]);
	else if (strcmp(l->kind, "bond") == 0 && data[IFLA_BOND_MODE] != NULL)
		l->bond_mode = netlink_u8(data[IFLA_BOND_MODE]);
	else if (strcmp(l->kind, "bridge") == 0 &&
	    data[IFLA_BR_STP_STATE] != NULL)
		l->stp = netlink_u32(data[IFLA_BR_STP_STATE]) != 0;
}

static void
take_link(const void *body, size_t len, void *arg)
{
	const struct rtattr *a[IFLA_PERM_ADDRESS + 1];
	struct gather *g = arg;
	struct link l = { .vlan_id = -1, .bond_mode = -1, .stp = -1,
	    .carrier = -1 };
	struct ifinfomsg m;

	if (len < sizeof(m))
		return;
	memcpy(&m, body, sizeof(m));
	netlink_attrs(a, IFLA_PERM_ADDRESS + 1, body, len, sizeof(m));
	l.name = arena_cstr(&g->f->arena, netlink_text(a[IFLA_IFNAME]));
	if (l.name == NULL || l.name[0] == '\0')
		return;
	l.index = m.ifi_index;
	l.type = m.ifi_type;
	l.flags = m.ifi_flags;
	l.mtu = netlink_u32(a[IFLA_MTU]);
	l.operstate = netlink_u8(a[IFLA_OPERSTATE]);
	if (a[IFLA_CARRIER] != NULL)
		l.carrier = netlink_u8(a[IFLA_CARRIER]);
	l.master = (int)netlink_u32(a[IFLA_MASTER]);
	l.tx_queues = netlink_u32(a[IFLA_NUM_TX_QUEUES]);
	l.rx_queues = netlink_u32(a[IFLA_NUM_RX_QUEUES]);
	l.mac = mac_text(g, a[IFLA_ADDRESS]);
	l.permanent_mac = mac_text(g, a[IFLA_PERM_ADDRESS]);
	if ((l.counted = netlink_len(a[IFLA_STATS64]) >= sizeof(l.counters)))
		memcpy(l.counters, netlink_data(a[IFLA_STATS64]),
		    sizeof(l.counters));
	if (a[IFLA_LINKINFO] != NULL)
		take_kind(g, &l, a[IFLA_LINKINFO]);
	buf_add(&g->b, &l, sizeof(l));
}

static size_t
bytes_of(unsigned family)
{
	return family == AF_INET ? 4 : family == AF_INET6 ? 16 : 0;
}

/* On a point-to-point link IFA_ADDRESS is the other end. */
static void
take_address(const void *body, size_t len, void *arg)
{
	const struct rtattr *t[IFA_FLAGS + 1], *a;
	struct gather *g = arg;
	struct address at = { .valid = UINT32_MAX };
	struct ifa_cacheinfo cache;
	struct ifaddrmsg m;

	if (len < sizeof(m))
		return;
	memcpy(&m, body, sizeof(m));
	netlink_attrs(t, IFA_FLAGS + 1, body, len, sizeof(m));
	a = t[IFA_LOCAL] != NULL ? t[IFA_LOCAL] : t[IFA_ADDRESS];
	if (bytes_of(m.ifa_family) == 0 ||
	    netlink_len(a) < bytes_of(m.ifa_family))
		return;
	at.index = (int)m.ifa_index;
	at.order = g->b.len;
	at.family = m.ifa_family;
	at.prefix = m.ifa_prefixlen;
	at.scope = m.ifa_scope;
	at.flags = t[IFA_FLAGS] != NULL ? netlink_u32(t[IFA_FLAGS]) :
	    m.ifa_flags;
	memcpy(at.bytes, netlink_data(a), bytes_of(m.ifa_family));
	at.has_broadcast = netlink_len(t[IFA_BROADCAST]) >= 4;
	if (at.has_broadcast)
		memcpy(at.broadcast, netlink_data(t[IFA_BROADCAST]), 4);
	if (netlink_len(t[IFA_CACHEINFO]) >= sizeof(cache)) {
		memcpy(&cache, netlink_data(t[IFA_CACHEINFO]), sizeof(cache));
		at.valid = cache.ifa_valid;
	}
	buf_add(&g->b, &at, sizeof(at));
}

static void
take_gateway(struct hop *h, unsigned family, const struct rtattr *gateway,
    const struct rtattr *via)
{
	uint16_t via_family;

	h->family = family;
	if (gateway == NULL && netlink_len(via) >= sizeof(via_family)) {
		/* IPv4 by way of an IPv6 neighbour: the family comes first. */
		memcpy(&via_family, netlink_data(via), sizeof(via_family));
		h->family = via_family;
		h->has_gateway = bytes_of(via_family) > 0 && netlink_len(via) -
		    2 >= bytes_of(via_family);
		if (h->has_gateway)
			memcpy(h->gateway, (const char *)netlink_data(via) +
			    2, bytes_of(via_family));
		return;
	}
	h->has_gateway = netlink_len(gateway) >= bytes_of(family);
	if (h->has_gateway)
		memcpy(h->gateway, netlink_data(gateway), bytes_of(family));
}

static void
take_hops(struct route *r, const struct rtattr *multipath)
{
	const struct rtattr *a[RTA_VIA + 1];
	const char *p = netlink_data(multipath);
	size_t left = netlink_len(multipath), step;
	struct rtnexthop nh;

	while (left >= sizeof(nh) &&
	    r->nhops < sizeof(r->hops) / sizeof(r->hops[0])) {
		memcpy(&nh, p, sizeof(nh));
		if (nh.rtnh_len < sizeof(nh) || nh.rtnh_len > left)
			return;
		netlink_attrs(a, RTA_VIA + 1, p, nh.rtnh_len, sizeof(nh));
		r->hops[r->nhops].index = nh.rtnh_ifindex;
		take_gateway(&r->hops[r->nhops++], r->family, a[RTA_GATEWAY],
		    a[RTA_VIA]);
		step = RTNH_ALIGN(nh.rtnh_len);
		if (step > left)
			return;
		p += step;
		left -= step;
	}
}

static void
take_route(const void *body, size_t len, void *arg)
{
	const struct rtattr *a[RTA_VIA + 1];
	struct gather *g = arg;
	struct route r = { .nhops = 0 };
	struct rtmsg m;
	size_t n;

	if (len < sizeof(m))
		return;
	memcpy(&m, body, sizeof(m));
	netlink_attrs(a, RTA_VIA + 1, body, len, sizeof(m));
	r.table = a[RTA_TABLE] != NULL ? netlink_u32(a[RTA_TABLE]) :
	    m.rtm_table;
	n = bytes_of(m.rtm_family);
	if (n == 0 || r.table == RT_TABLE_LOCAL ||
	    (m.rtm_flags & RTM_F_CLONED) != 0)
		return;
	r.family = m.rtm_family;
	r.prefix = m.rtm_dst_len;
	r.type = m.rtm_type;
	r.protocol = m.rtm_protocol;
	r.metric = netlink_u32(a[RTA_PRIORITY]);
	if (netlink_len(a[RTA_DST]) >= n)
		memcpy(r.bytes, netlink_data(a[RTA_DST]), n);
	if ((r.has_source = netlink_len(a[RTA_PREFSRC]) >= n))
		memcpy(r.source, netlink_data(a[RTA_PREFSRC]), n);
	if (a[RTA_MULTIPATH] != NULL)
		take_hops(&r, a[RTA_MULTIPATH]);
	else if (a[RTA_OIF] != NULL) {
		r.nhops = 1;
		r.hops[0].index = (int)netlink_u32(a[RTA_OIF]);
		take_gateway(&r.hops[0], r.family, a[RTA_GATEWAY],
		    a[RTA_VIA]);
	}
	buf_add(&g->b, &r, sizeof(r));
}

/* Dump: the records, in b. */
static void *
gather(struct facts *f, struct netlink *nl, unsigned short type,
    void (*fn)(const void *, size_t, void *), size_t size, size_t *n,
    struct buf *b)
{
	struct gather g = { .f = f };

	netlink_dump(nl, type, fn, &g);
	*b = g.b;
	*n = buf_failed(b) ? 0 : b->len / size;
	return *n == 0 ? NULL : b->p;
}

static int
by_index(const void *a, const void *b)
{
	const struct link *x = a, *y = b;

	return (x->index > y->index) - (x->index < y->index);
}

/* Equal ones keep their order: the kernel lists primary addresses first. */
static int
by_owner(const void *a, const void *b)
{
	const struct address *x = a, *y = b;

	if (x->index != y->index)
		return x->index < y->index ? -1 : 1;
	return (x->order > y->order) - (x->order < y->order);
}

static int
by_name(const void *a, const void *b)
{
	const struct link *const *x = a, *const *y = b;

	return text_cmp_names((*x)->name, (*y)->name);
}

static void
order(struct facts *f, struct net *n)
{
	size_t i;

	if (n->naddresses > 0)
		qsort(n->addresses, n->naddresses, sizeof(*n->addresses),
		    by_owner);
	if (n->nlinks == 0)
		return;
	qsort(n->links, n->nlinks, sizeof(*n->links), by_index);
	n->by_name = arena_alloc(&f->arena, n->nlinks * sizeof(*n->by_name));
	if (n->by_name == NULL) {
		n->nlinks = 0;
		return;
	}
	for (i = 0; i < n->nlinks; i++)
		n->by_name[i] = &n->links[i];
	qsort(n->by_name, n->nlinks, sizeof(*n->by_name), by_name);
}

const struct net *
net_get(struct facts *f)
{
	struct netlink nl;
	struct net *n;

	if (f->net != NULL)
		return f->net;
	if ((n = arena_alloc(&f->arena, sizeof(*n))) == NULL)
		return NULL;
	f->net = n;
	if (!netlink_open(f, &nl, NETLINK_ROUTE))
		return n;
	n->links = gather(f, &nl, RTM_GETLINK, take_link, sizeof(*n->links),
	    &n->nlinks, &n->kept[0]);
	n->addresses = gather(f, &nl, RTM_GETADDR, take_address,
	    sizeof(*n->addresses), &n->naddresses, &n->kept[1]);
	n->routes = gather(f, &nl, RTM_GETROUTE, take_route,
	    sizeof(*n->routes), &n->nroutes, &n->kept[2]);
	netlink_close(&nl);
	order(f, n);
	return n;
}

void
net_clear(struct net *n)
{
	size_t i;

	for (i = 0; n != NULL && i < 3; i++)
		buf_clear(&n->kept[i]);
}

size_t
net_first(const struct net *n, int index)
{
	size_t low = 0, high = n->naddresses, at;

	while (low < high) {
		at = low + (high - low) / 2;
		if (n->addresses[at].index < index)
			low = at + 1;
		else
			high = at;
	}
	return low < n->naddresses && n->addresses[low].index == index ? low :
	    n->naddresses;
}

const struct link *
net_link(const struct net *n, int index)
{
	struct link key = { .index = index };

	if (n->nlinks == 0)
		return NULL;
	return bsearch(&key, n->links, n->nlinks, sizeof(*n->links),
	    by_index);
}

const struct route *
net_default(const struct net *n, unsigned family)
{
	const struct route *r, *best = NULL;
	size_t i;

	for (i = 0; i < n->nroutes; i++) {
		r = &n->routes[i];
		if (r->family != family || r->prefix != 0 || r->nhops == 0 ||
		    r->type != RTN_UNICAST || r->table != RT_TABLE_MAIN)
			continue;
		if (best == NULL || r->metric < best->metric)
			best = r;
	}
	return best;
}

void
net_text(char out[64], unsigned family, const unsigned char *bytes)
{
	if (inet_ntop((int)family, bytes, out, 64) == NULL)
		out[0] = '\0';
}

static void
cut_to_prefix(unsigned char bytes[16], unsigned prefix)
{
	unsigned i;

	for (i = 0; i < 16; i++)
		if (prefix <= i * 8)
			bytes[i] = 0;
		else if (prefix < i * 8 + 8)
			bytes[i] &= (unsigned char)(0xff00 >> (prefix - i * 8));
}

void
net_mask(char out[64], unsigned family, unsigned prefix)
{
	unsigned char bytes[16];

	memset(bytes, 0xff, sizeof(bytes));
	cut_to_prefix(bytes, prefix);
	net_text(out, family, bytes);
}

void
net_network(char out[64], unsigned family, const unsigned char *bytes,
    unsigned prefix)
{
	unsigned char room[16] = { 0 };

	memcpy(room, bytes, bytes_of(family));
	cut_to_prefix(room, prefix);
	net_text(out, family, room);
}
