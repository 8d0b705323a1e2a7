#include <sys/socket.h>

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include <string.h>

#include "facts/collect.h"
#include "facts/link.h"

/*
 * nft: which tables nftables has.
 */
enum {
	GET_TABLE = NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETTABLE,
	NEW_TABLE = NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWTABLE
};

static const char *
family_name(unsigned family)
{
	switch (family) {
	case NFPROTO_INET:
		return "inet";
	case NFPROTO_IPV4:
		return "ip";
	case NFPROTO_IPV6:
		return "ip6";
	case NFPROTO_ARP:
		return "arp";
	case NFPROTO_BRIDGE:
		return "bridge";
	case NFPROTO_NETDEV:
		return "netdev";
	}
	return "other";
}

static void
take_table(const void *body, size_t len, void *arg)
{
	const struct rtattr *a[NFTA_TABLE_NAME + 1];
	struct nfgenmsg m;
	struct val *o;

	if (len < sizeof(m))
		return;
	memcpy(&m, body, sizeof(m));
	netlink_attrs(a, NFTA_TABLE_NAME + 1, body, len, sizeof(m));
	if (a[NFTA_TABLE_NAME] == NULL)
		return;
	o = val_obj(arg, NULL);
	val_cstr(o, "family", family_name(m.nfgen_family));
	val_str(o, "name", netlink_text(a[NFTA_TABLE_NAME]));
}

/*
 * To ask a kernel that has not loaded it would load it: so not where there
 * are modules, and it is none of them.
 */
static bool
is_there(struct facts *f)
{
	return !facts_live(f) || src_exists(f, "/sys/module/nf_tables") ||
	    !src_exists(f, "/proc/modules");
}

void
nft_put_tables(struct facts *f, struct val *o)
{
	static const struct nfgenmsg all = { .nfgen_family = AF_UNSPEC };
	struct val *list = val_new(facts_arena(f), VAL_ARR);
	struct netlink n;

	if (!is_there(f) || !netlink_open(f, &n, NETLINK_NETFILTER))
		return;
	if (netlink_request(&n, GET_TABLE, NEW_TABLE, &all, sizeof(all),
	    take_table, list))
		val_add(o, "nft_tables", list);
	netlink_close(&n);
}
