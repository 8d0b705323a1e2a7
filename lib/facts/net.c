#include <net/if.h>
#include <net/if_arp.h>
#include <sys/socket.h>

#include <linux/if_addr.h>

#include <stdio.h>
#include <string.h>

#include "facts/collect.h"
#include "facts/link.h"

#define IFACE "interfaces.*."

static const struct fact facts[] = {
	{ "hostname", "string", "as system.hostname", false },
	{ "domain", "string", "as system.domain", false },
	{ "fqdn", "string", "as system.fqdn", false },
	{ "primary", "string", "the interface of the lowest default route",
	    false },
	{ "ip", "string", "of the primary", false },
	{ "ip6", "string", "of the primary", false },
	{ "mac", "string", "of the primary", false },
	{ "mtu", "integer", "of the primary", false },
	{ "netmask", "string", "of the primary", false },
	{ "network", "string", "of the primary", false },
	{ "gateway", "string", "of the default route", false },
	{ "gateway6", "string", "of the default route of IPv6", false },
	{ IFACE "index", "integer", "RTM_GETLINK", false },
	{ IFACE "mac", "string", "RTM_GETLINK", false },
	{ IFACE "permanent_mac", "string", "RTM_GETLINK", false },
	{ IFACE "mtu", "integer", "RTM_GETLINK", false },
	{ IFACE "state", "string", "RTM_GETLINK", false },
	{ IFACE "carrier", "boolean", "RTM_GETLINK", false },
	{ IFACE "flags", "array", "RTM_GETLINK", false },
	{ IFACE "type", "string", "RTM_GETLINK", false },
	{ IFACE "kind", "string", "RTM_GETLINK: bridge, bond, vlan, ...",
	    false },
	{ IFACE "master", "string", "RTM_GETLINK", false },
	{ IFACE "vlan_id", "integer", "RTM_GETLINK", false },
	{ IFACE "driver", "string", "/sys/class/net/*/device/driver", false },
	{ IFACE "speed_mbps", "integer", "/sys/class/net/*/speed", false },
	{ IFACE "duplex", "string", "/sys/class/net/*/duplex", false },
	{ IFACE "physical", "boolean", "it has a device", false },
	{ IFACE "tx_queues", "integer", "RTM_GETLINK", false },
	{ IFACE "rx_queues", "integer", "RTM_GETLINK", false },
	{ IFACE "addresses[].address", "string", "RTM_GETADDR", false },
	{ IFACE "addresses[].prefix", "integer", "RTM_GETADDR", false },
	{ IFACE "addresses[].family", "string", "inet or inet6", false },
	{ IFACE "addresses[].scope", "string", "RTM_GETADDR", false },
	{ IFACE "addresses[].broadcast", "string", "RTM_GETADDR", false },
	{ IFACE "addresses[].flags", "array", "RTM_GETADDR", false },
	{ IFACE "addresses[].valid_seconds", "integer", "RTM_GETADDR; "
	    "without it for ever", true },
	{ IFACE "counters.*", "integer", "RTM_GETLINK: packets, bytes, "
	    "errors and dropped, rx_ and tx_", true },
	{ "routes[].destination", "string", "RTM_GETROUTE, all tables but "
	    "local", false },
	{ "routes[].prefix", "integer", "same", false },
	{ "routes[].type", "string", "same; without it unicast", false },
	{ "routes[].gateway", "string", "same", false },
	{ "routes[].interface", "string", "same", false },
	{ "routes[].hops[].gateway", "string", "same, where there are "
	    "several", false },
	{ "routes[].hops[].interface", "string", "same", false },
	{ "routes[].metric", "integer", "same", false },
	{ "routes[].source", "string", "same", false },
	{ "routes[].table", "string", "same", false },
	{ "routes[].protocol", "string", "same", false },
	{ "dns.nameservers", "array", "/etc/resolv.conf", false },
	{ "dns.search", "array", "/etc/resolv.conf", false },
	{ "dns.options", "array", "/etc/resolv.conf", false },
	{ "dns.manager", "string", "where /etc/resolv.conf leads", false },
	{ "bonds.*.mode", "string", "RTM_GETLINK", false },
	{ "bonds.*.members", "array", "RTM_GETLINK", false },
	{ "bridges.*.stp", "boolean", "RTM_GETLINK", false },
	{ "bridges.*.members", "array", "RTM_GETLINK", false },
	{ "dhcp.*.server", "string", "leases of systemd-networkd, "
	    "NetworkManager, dhclient and dhcpcd", false },
	{ "firewall.nftables", "boolean", "/usr/sbin/nft", false },
	{ "firewall.iptables", "boolean", "/usr/sbin/iptables", false },
	{ "firewall.tables", "array", "/proc/net/ip_tables_names", false },
	{ "firewall.tables6", "array", "/proc/net/ip6_tables_names", false },
	{ "firewall.nft_tables[].family", "string", "NFT_MSG_GETTABLE, for "
	    "root", false },
	{ "firewall.nft_tables[].name", "string", "same", false },
	{ "sockets.*", "object", "/proc/net/sockstat, sockstat6", true },
	{ "ip_forward", "boolean", "/proc/sys/net/ipv4/ip_forward", false },
	{ "ipv6_disabled", "boolean",
	    "/proc/sys/net/ipv6/conf/all/disable_ipv6", false },
	{ NULL, NULL, NULL, false }
};

static const char *
type_name(unsigned type)
{
	static const struct { unsigned type; const char *name; } names[] = {
		{ ARPHRD_ETHER, "ethernet" }, { ARPHRD_LOOPBACK, "loopback" },
		{ ARPHRD_INFINIBAND, "infiniband" }, { ARPHRD_PPP, "ppp" },
		{ ARPHRD_TUNNEL, "ipip" }, { ARPHRD_TUNNEL6, "ip6tnl" },
		{ ARPHRD_SIT, "sit" }, { ARPHRD_IPGRE, "gre" },
		{ ARPHRD_IEEE80211, "wireless" }, { ARPHRD_NONE, "none" },
		{ 280, "can" }, { 519, "rawip" }, { 823, "ip6gre" }
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].type == type)
			return names[i].name;
	return "other";
}

struct bit {
	unsigned	 bit;
	const char	*name;
};

static void
put_bits(struct val *o, const char *key, unsigned flags,
    const struct bit *bits, size_t n)
{
	struct val *a = val_arr(o, key);
	size_t i;

	for (i = 0; i < n; i++)
		if ((flags & bits[i].bit) != 0)
			val_cstr(a, NULL, bits[i].name);
}

static void
put_flags(struct val *o, unsigned flags)
{
	static const struct bit bits[] = {
		{ IFF_UP, "up" }, { IFF_BROADCAST, "broadcast" },
		{ IFF_LOOPBACK, "loopback" },
		{ IFF_POINTOPOINT, "pointopoint" },
		{ IFF_RUNNING, "running" }, { IFF_NOARP, "noarp" },
		{ IFF_PROMISC, "promisc" }, { IFF_ALLMULTI, "allmulti" },
		{ IFF_MASTER, "master" }, { IFF_SLAVE, "slave" },
		{ IFF_MULTICAST, "multicast" }, { 1 << 16, "lower_up" }
	};

	put_bits(o, "flags", flags, bits, sizeof(bits) / sizeof(bits[0]));
}

static const char *
scope_name(unsigned scope)
{
	return scope == RT_SCOPE_UNIVERSE ? "global" :
	    scope == RT_SCOPE_SITE ? "site" :
	    scope == RT_SCOPE_LINK ? "link" :
	    scope == RT_SCOPE_HOST ? "host" : "other";
}

static void
put_address(struct val *list, const struct address *a)
{
	static const struct bit bits[] = {
		{ IFA_F_SECONDARY, "secondary" }, { IFA_F_NODAD, "nodad" },
		{ IFA_F_OPTIMISTIC, "optimistic" },
		{ IFA_F_DADFAILED, "dadfailed" },
		{ IFA_F_DEPRECATED, "deprecated" },
		{ IFA_F_TENTATIVE, "tentative" },
		{ IFA_F_PERMANENT, "permanent" },
		{ IFA_F_MANAGETEMPADDR, "mngtmpaddr" },
		{ IFA_F_NOPREFIXROUTE, "noprefixroute" },
		{ IFA_F_STABLE_PRIVACY, "stable_privacy" }
	};
	struct val *o = val_obj(list, NULL);
	char text[64];

	net_text(text, a->family, a->bytes);
	val_cstr(o, "address", text);
	val_int(o, "prefix", a->prefix);
	val_cstr(o, "family", a->family == AF_INET ? "inet" : "inet6");
	val_cstr(o, "scope", scope_name(a->scope));
	if (a->has_broadcast) {
		net_text(text, AF_INET, a->broadcast);
		val_cstr(o, "broadcast", text);
	}
	put_bits(o, "flags", a->flags, bits, sizeof(bits) / sizeof(bits[0]));
	if (a->valid != UINT32_MAX)
		val_int(o, "valid_seconds", a->valid);
}

/* Only a device has a driver and a speed; the rest need not be asked. */
static void
put_device(struct facts *f, struct val *o, const struct link *l)
{
	char path[128], room[PATH_MAX];
	struct str driver = { NULL, 0 };
	int64_t n;

	if (l->kind == NULL && l->type != ARPHRD_LOOPBACK) {
		(void)snprintf(path, sizeof(path),
		    "/sys/class/net/%.16s/device/driver", l->name);
		driver = src_link(f, NULL, path, room);
	}
	val_str(o, "driver", text_tail(driver, '/'));
	if (driver.len > 0 && l->carrier == 1) {
		(void)snprintf(path, sizeof(path),
		    "/sys/class/net/%.16s/speed", l->name);
		if (src_num(f, NULL, path, &n) && n > 0)
			val_int(o, "speed_mbps", n);
		(void)snprintf(path, sizeof(path),
		    "/sys/class/net/%.16s/duplex", l->name);
		if (!text_is(src_line(f, NULL, path), "unknown"))
			src_put_line(f, NULL, path, o, "duplex");
	}
	val_bool(o, "physical", driver.len > 0);
}

static void
put_link(struct facts *f, struct val *o, const struct net *n,
    const struct link *l)
{
	static const char *const states[] = { "unknown", "notpresent",
	    "down", "lowerlayerdown", "testing", "dormant", "up" };
	const struct link *master = net_link(n, l->master);

	val_int(o, "index", l->index);
	val_cstr(o, "mac", l->mac);
	val_cstr(o, "permanent_mac", l->permanent_mac);
	val_int(o, "mtu", l->mtu);
	if (l->operstate < sizeof(states) / sizeof(states[0]))
		val_cstr(o, "state", states[l->operstate]);
	if (l->carrier != -1)
		val_bool(o, "carrier", l->carrier != 0);
	put_flags(o, l->flags);
	val_cstr(o, "type", type_name(l->type));
	val_cstr(o, "kind", l->kind);
	if (l->master != 0 && master != NULL)
		val_cstr(o, "master", master->name);
	if (l->vlan_id != -1)
		val_int(o, "vlan_id", l->vlan_id);
	put_device(f, o, l);
	val_int(o, "tx_queues", l->tx_queues);
	val_int(o, "rx_queues", l->rx_queues);
}

static void
put_counters(struct val *o, const struct link *l)
{
	struct val *c;
	size_t i;

	if (!l->counted)
		return;
	c = val_obj(o, "counters");
	for (i = 0; i < 8; i++)
		val_int(c, link_counters[i], (int64_t)(l->counters[i] &
		    INT64_MAX));
}

static void
put_addresses(struct val *o, const struct net *n, int index)
{
	size_t i = net_first(n, index);
	struct val *list;

	if (i == n->naddresses)
		return;
	list = val_arr(o, "addresses");
	for (; i < n->naddresses && n->addresses[i].index == index; i++)
		put_address(list, &n->addresses[i]);
}

static void
put_links(struct facts *f, struct val *o, const struct net *n)
{
	struct val *all = val_obj(o, "interfaces"), *one;
	const struct link *l;
	size_t i;

	for (i = 0; i < n->nlinks; i++) {
		l = n->by_name[i];
		one = val_obj(all, val_key(all, str_of(l->name)));
		put_link(f, one, n, l);
		put_addresses(one, n, l->index);
		put_counters(one, l);
		facts_more(f, all);
	}
}

static void
put_hop(struct val *o, const struct net *n, const struct hop *h)
{
	const struct link *l = net_link(n, h->index);
	char text[64];

	if (h->has_gateway) {
		net_text(text, h->family, h->gateway);
		val_cstr(o, "gateway", text);
	}
	if (l != NULL)
		val_cstr(o, "interface", l->name);
}

static void
put_number_or(struct val *o, const char *key, unsigned n,
    const struct bit *names, size_t nnames)
{
	char text[16];
	size_t i;

	for (i = 0; i < nnames; i++)
		if (names[i].bit == n) {
			val_cstr(o, key, names[i].name);
			return;
		}
	(void)snprintf(text, sizeof(text), "%u", n);
	val_cstr(o, key, text);
}

static void
put_route(struct val *list, const struct net *n, const struct route *r)
{
	static const struct bit tables[] = { { RT_TABLE_MAIN, "main" },
	    { RT_TABLE_DEFAULT, "default" } };
	static const struct bit protocols[] = { { RTPROT_KERNEL, "kernel" },
	    { RTPROT_BOOT, "boot" }, { RTPROT_STATIC, "static" },
	    { RTPROT_RA, "ra" }, { RTPROT_DHCP, "dhcp" },
	    { RTPROT_BIRD, "bird" }, { RTPROT_ZEBRA, "zebra" } };
	static const struct bit types[] = { { RTN_BLACKHOLE, "blackhole" },
	    { RTN_UNREACHABLE, "unreachable" }, { RTN_PROHIBIT, "prohibit" },
	    { RTN_THROW, "throw" }, { RTN_MULTICAST, "multicast" },
	    { RTN_ANYCAST, "anycast" } };
	struct val *o = val_obj(list, NULL), *hops;
	char text[64];
	size_t i;

	net_text(text, r->family, r->bytes);
	val_cstr(o, "destination", text);
	val_int(o, "prefix", r->prefix);
	if (r->type != RTN_UNICAST)
		put_number_or(o, "type", r->type, types, 6);
	if (r->nhops == 1)
		put_hop(o, n, &r->hops[0]);
	else if (r->nhops > 1) {
		hops = val_arr(o, "hops");
		for (i = 0; i < r->nhops; i++)
			put_hop(val_obj(hops, NULL), n, &r->hops[i]);
	}
	if (r->metric != 0)
		val_int(o, "metric", r->metric);
	if (r->has_source) {
		net_text(text, r->family, r->source);
		val_cstr(o, "source", text);
	}
	put_number_or(o, "table", r->table, tables, 2);
	put_number_or(o, "protocol", r->protocol, protocols, 7);
}

/* The first good address of an interface. */
static const struct address *
first_address(const struct net *n, int index, unsigned family)
{
	const struct address *a, *any = NULL;
	size_t i;

	for (i = net_first(n, index); i < n->naddresses; i++) {
		a = &n->addresses[i];
		if (a->index != index)
			break;
		if (a->family != family)
			continue;
		if (a->scope == RT_SCOPE_UNIVERSE && (a->flags &
		    (IFA_F_DEPRECATED | IFA_F_TENTATIVE |
		    IFA_F_DADFAILED)) == 0)
			return a;
		if (any == NULL && family == AF_INET)
			any = a;
	}
	return any;
}

static void
put_gateway(struct val *o, const char *key, const struct route *r)
{
	char text[64];

	if (r == NULL || !r->hops[0].has_gateway)
		return;
	net_text(text, r->hops[0].family, r->hops[0].gateway);
	val_cstr(o, key, text);
}

static void
put_primary(struct val *o, const struct net *n)
{
	const struct route *r4 = net_default(n, AF_INET);
	const struct route *r6 = net_default(n, AF_INET6);
	const struct route *r = r4 != NULL ? r4 : r6;
	const struct link *l;
	const struct address *a4, *a6;
	char text[64];

	if (r == NULL || (l = net_link(n, r->hops[0].index)) == NULL)
		return;
	a4 = first_address(n, l->index, AF_INET);
	a6 = first_address(n, l->index, AF_INET6);
	val_cstr(o, "primary", l->name);
	if (a4 != NULL) {
		net_text(text, AF_INET, a4->bytes);
		val_cstr(o, "ip", text);
	}
	if (a6 != NULL) {
		net_text(text, AF_INET6, a6->bytes);
		val_cstr(o, "ip6", text);
	}
	val_cstr(o, "mac", l->mac);
	val_int(o, "mtu", l->mtu);
	if (a4 != NULL) {
		net_mask(text, AF_INET, a4->prefix);
		val_cstr(o, "netmask", text);
		net_network(text, AF_INET, a4->bytes, a4->prefix);
		val_cstr(o, "network", text);
	}
	put_gateway(o, "gateway", r4);
	put_gateway(o, "gateway6", r6);
}

static void
put_members(struct val *all, const struct net *n, const struct link *l)
{
	static const char *const modes[] = { "balance-rr", "active-backup",
	    "balance-xor", "broadcast", "802.3ad", "balance-tlb",
	    "balance-alb" };
	struct val *o = val_obj(all, val_key(all, str_of(l->name))), *a;
	size_t i;

	if (l->bond_mode >= 0 && l->bond_mode < 7)
		val_cstr(o, "mode", modes[l->bond_mode]);
	if (l->stp != -1)
		val_bool(o, "stp", l->stp != 0);
	a = val_arr(o, "members");
	for (i = 0; i < n->nlinks; i++)
		if (n->links[i].master == l->index)
			val_cstr(a, NULL, n->links[i].name);
}

static void
put_groups(struct val *o, const struct net *n, const char *key,
    const char *kind)
{
	struct val *all = val_obj(o, key);
	size_t i;

	for (i = 0; i < n->nlinks; i++)
		if (n->links[i].kind != NULL &&
		    strcmp(n->links[i].kind, kind) == 0)
			put_members(all, n, &n->links[i]);
	val_sort(all);
}

static void
put_routes(struct facts *f, struct val *o, const struct net *n)
{
	struct val *list;
	size_t i;

	if (n->nroutes == 0)
		return;
	list = val_arr(o, "routes");
	for (i = 0; i < n->nroutes; i++) {
		put_route(list, n, &n->routes[i]);
		facts_more(f, list);
	}
}

static void
run(struct facts *f, struct val *o)
{
	const struct net *n = net_get(f);

	host_names(f, o);
	if (n != NULL) {
		put_primary(o, n);
		put_links(f, o, n);
		put_routes(f, o, n);
	}
	netconf_dns(f, o);
	if (n != NULL) {
		put_groups(o, n, "bonds", "bond");
		put_groups(o, n, "bridges", "bridge");
	}
	netconf_rest(f, o);
}

const struct collector collect_networking = {
	.name = "networking", .help = "interfaces, addresses and routes",
	.facts = facts, .cost = 80, .run = run
};
