#include <arpa/inet.h>
#include <sys/socket.h>

#include <linux/fib_rules.h>
#include <linux/neighbour.h>

#include <stdio.h>
#include <string.h>

#include "facts/collect.h"
#include "facts/link.h"

/*
 * netmore: parts of networking that are asked for by name.
 */

static const struct fact rules_facts[] = {
	{ "[].priority", "integer", "RTM_GETRULE", false },
	{ "[].family", "string", "RTM_GETRULE: inet or inet6", false },
	{ "[].source", "string", "RTM_GETRULE", false },
	{ "[].destination", "string", "RTM_GETRULE", false },
	{ "[].interface", "string", "RTM_GETRULE, incoming", false },
	{ "[].mark", "integer", "RTM_GETRULE", false },
	{ "[].table", "integer", "RTM_GETRULE", false },
	{ NULL, NULL, NULL, false }
};

static const struct fact neighbours_facts[] = {
	{ "[].address", "string", "RTM_GETNEIGH", true },
	{ "[].mac", "string", "RTM_GETNEIGH", true },
	{ "[].interface", "string", "RTM_GETNEIGH", true },
	{ "[].state", "string", "RTM_GETNEIGH", true },
	{ NULL, NULL, NULL, false }
};

static const struct fact hosts_facts[] = {
	{ "[].address", "string", "/etc/hosts", false },
	{ "[].names", "array", "/etc/hosts", false },
	{ NULL, NULL, NULL, false }
};

static void
put_prefix(struct val *o, const char *key, unsigned family, unsigned prefix,
    const struct rtattr *a)
{
	size_t n = family == AF_INET ? 4 : 16;
	char text[64], both[80];

	if (netlink_len(a) < n)
		return;
	net_text(text, family, netlink_data(a));
	(void)snprintf(both, sizeof(both), "%s/%u", text, prefix);
	val_cstr(o, key, both);
}

static void
take_rule(const void *body, size_t len, void *arg)
{
	const struct rtattr *a[FRA_TABLE + 1];
	struct fib_rule_hdr h;
	struct val *o;

	if (len < sizeof(h))
		return;
	memcpy(&h, body, sizeof(h));
	if (h.family != AF_INET && h.family != AF_INET6)
		return;
	netlink_attrs(a, FRA_TABLE + 1, body, len, sizeof(h));
	o = val_obj(arg, NULL);
	val_int(o, "priority", netlink_u32(a[FRA_PRIORITY]));
	val_cstr(o, "family", h.family == AF_INET ? "inet" : "inet6");
	put_prefix(o, "source", h.family, h.src_len, a[FRA_SRC]);
	put_prefix(o, "destination", h.family, h.dst_len, a[FRA_DST]);
	val_str(o, "interface", netlink_text(a[FRA_IIFNAME]));
	if (a[FRA_FWMARK] != NULL)
		val_int(o, "mark", netlink_u32(a[FRA_FWMARK]));
	val_int(o, "table", a[FRA_TABLE] != NULL ?
	    netlink_u32(a[FRA_TABLE]) : h.table);
}

static void
run_rules(struct facts *f, struct val *o)
{
	struct netlink nl;

	if (!netlink_open(f, &nl, NETLINK_ROUTE))
		return;
	netlink_dump(&nl, RTM_GETRULE, take_rule, o);
	netlink_close(&nl);
}

struct neighbours {
	struct val		*list;
	const struct net	*net;
};

static const char *
neighbour_state(unsigned state)
{
	static const struct { unsigned bit; const char *name; } states[] = {
		{ NUD_PERMANENT, "permanent" }, { NUD_REACHABLE, "reachable" },
		{ NUD_STALE, "stale" }, { NUD_DELAY, "delay" },
		{ NUD_PROBE, "probe" }, { NUD_FAILED, "failed" },
		{ NUD_INCOMPLETE, "incomplete" }, { NUD_NOARP, "noarp" }
	};
	size_t i;

	for (i = 0; i < sizeof(states) / sizeof(states[0]); i++)
		if ((state & states[i].bit) != 0)
			return states[i].name;
	return "none";
}

static void
take_neighbour(const void *body, size_t len, void *arg)
{
	const struct rtattr *a[NDA_LLADDR + 1];
	const struct neighbours *all = arg;
	const struct link *l;
	const unsigned char *mac;
	struct ndmsg m;
	struct val *o;
	char text[64];

	if (len < sizeof(m))
		return;
	memcpy(&m, body, sizeof(m));
	netlink_attrs(a, NDA_LLADDR + 1, body, len, sizeof(m));
	if ((m.ndm_family != AF_INET && m.ndm_family != AF_INET6) ||
	    (m.ndm_state & NUD_NOARP) != 0 ||
	    netlink_len(a[NDA_DST]) < (m.ndm_family == AF_INET ? 4U : 16U))
		return;
	o = val_obj(all->list, NULL);
	net_text(text, m.ndm_family, netlink_data(a[NDA_DST]));
	val_cstr(o, "address", text);
	if (netlink_len(a[NDA_LLADDR]) == 6) {
		mac = netlink_data(a[NDA_LLADDR]);
		(void)snprintf(text, sizeof(text),
		    "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2],
		    mac[3], mac[4], mac[5]);
		val_cstr(o, "mac", text);
	}
	if ((l = net_link(all->net, m.ndm_ifindex)) != NULL)
		val_cstr(o, "interface", l->name);
	val_cstr(o, "state", neighbour_state(m.ndm_state));
}

static void
run_neighbours(struct facts *f, struct val *o)
{
	struct neighbours all = { o, net_get(f) };
	struct netlink nl;

	if (all.net == NULL || !netlink_open(f, &nl, NETLINK_ROUTE))
		return;
	netlink_dump(&nl, RTM_GETNEIGH, take_neighbour, &all);
	netlink_close(&nl);
}

static void
run_hosts(struct facts *f, struct val *o)
{
	struct str text = src_text_max(f, NULL, "/etc/hosts", SRC_LARGE);
	struct str line, word;
	struct val *one, *names;

	while (text_line(&text, &line)) {
		line = text_cut(&line, '#');
		if ((word = text_word(&line)).len == 0)
			continue;
		one = val_obj(o, NULL);
		val_str(one, "address", word);
		names = val_arr(one, "names");
		while ((word = text_word(&line)).len > 0)
			val_str(names, NULL, word);
	}
}

const struct collector collect_rules = {
	.name = "networking.rules", .help = "policy rules",
	.when = ON_REQUEST, .is_array = true, .facts = rules_facts,
	.cost = 12, .run = run_rules
};

const struct collector collect_neighbours = {
	.name = "networking.neighbours", .help = "neighbours",
	.when = ON_REQUEST, .is_array = true, .facts = neighbours_facts,
	.cost = 12, .run = run_neighbours
};

const struct collector collect_hosts = {
	.name = "networking.hosts", .help = "the hosts file",
	.when = ON_REQUEST, .is_array = true, .facts = hosts_facts,
	.cost = 6, .run = run_hosts
};
