#include <linux/genetlink.h>
#include <linux/nl80211.h>

#include <string.h>

#include "facts/collect.h"
#include "facts/link.h"

/*
 * wireless: interfaces of nl80211, a family of generic netlink whose number
 * is for the kernel to choose.
 */
static const struct fact facts[] = {
	{ "[].interface", "string", "NL80211_CMD_GET_INTERFACE, else "
	    "/proc/net/wireless", false },
	{ "[].type", "string", "same: station, ap, monitor, ...", false },
	{ "[].ssid", "string", "same, of the network that it is in", true },
	{ "[].frequency_mhz", "integer", "same", true },
	{ NULL, NULL, NULL, false }
};

enum { ATTRS = NL80211_ATTR_SSID + 1 };

static const char *
type_name(uint32_t type)
{
	static const char *const names[] = { "unspecified", "ibss",
	    "station", "ap", "ap-vlan", "wds", "monitor", "mesh",
	    "p2p-client", "p2p-go", "p2p-device", "ocb", "nan" };

	return type < sizeof(names) / sizeof(names[0]) ? names[type] :
	    "other";
}

static void
take_family(const void *body, size_t len, void *arg)
{
	const struct rtattr *a[CTRL_ATTR_FAMILY_NAME + 1];
	unsigned short *id = arg;

	netlink_attrs(a, CTRL_ATTR_FAMILY_NAME + 1, body, len,
	    sizeof(struct genlmsghdr));
	if (text_is(netlink_text(a[CTRL_ATTR_FAMILY_NAME]), "nl80211"))
		*id = netlink_u16(a[CTRL_ATTR_FAMILY_ID]);
}

static void
take_interface(const void *body, size_t len, void *arg)
{
	const struct rtattr *a[ATTRS];
	struct genlmsghdr h;
	struct val *o;

	if (len < sizeof(h))
		return;
	memcpy(&h, body, sizeof(h));
	netlink_attrs(a, ATTRS, body, len, sizeof(h));
	if (h.cmd != NL80211_CMD_NEW_INTERFACE ||
	    a[NL80211_ATTR_IFNAME] == NULL)
		return;
	o = val_obj(arg, NULL);
	val_str(o, "interface", netlink_text(a[NL80211_ATTR_IFNAME]));
	if (a[NL80211_ATTR_IFTYPE] != NULL)
		val_cstr(o, "type", type_name(netlink_u32(
		    a[NL80211_ATTR_IFTYPE])));
	/* Any bytes may be a name of a network. */
	val_str(o, "ssid", (struct str){ netlink_data(a[NL80211_ATTR_SSID]),
	    netlink_len(a[NL80211_ATTR_SSID]) });
	if (a[NL80211_ATTR_WIPHY_FREQ] != NULL)
		val_int(o, "frequency_mhz", netlink_u32(
		    a[NL80211_ATTR_WIPHY_FREQ]));
}

static void
ask(struct facts *f, struct val *o)
{
	static const struct genlmsghdr families = { CTRL_CMD_GETFAMILY, 1,
	    0 };
	static const struct genlmsghdr interfaces = {
	    NL80211_CMD_GET_INTERFACE, 0, 0 };
	struct netlink n;
	unsigned short id = 0;

	if (!netlink_open(f, &n, NETLINK_GENERIC))
		return;
	(void)netlink_request(&n, GENL_ID_CTRL, GENL_ID_CTRL, &families,
	    sizeof(families), take_family, &id);
	if (id != 0 && !netlink_request(&n, id, id, &interfaces,
	    sizeof(interfaces), take_interface, o))
		src_error(f, "nl80211", "refused");
	netlink_close(&n);
}

/* Two lines of heads, then "wlan0: 0000 ..." */
static void
read_old(struct facts *f, struct val *o)
{
	struct str text = src_text(f, NULL, "/proc/net/wireless"), line;

	(void)text_line(&text, &line);
	(void)text_line(&text, &line);
	while (text_line(&text, &line))
		val_str(val_obj(o, NULL), "interface",
		    text_trim(text_cut(&line, ':')));
}

static void
run(struct facts *f, struct val *o)
{
	/* Where there is no such hardware the family need not be loaded. */
	if (!facts_live(f) || src_exists(f, "/sys/class/ieee80211"))
		ask(f, o);
	if (o != NULL && o->u.list.first == NULL)
		read_old(f, o);
}

const struct collector collect_wireless = {
	.name = "networking.wireless", .help = "wireless interfaces",
	.when = ON_REQUEST, .is_array = true, .facts = facts,
	.cost = 25, .run = run
};
