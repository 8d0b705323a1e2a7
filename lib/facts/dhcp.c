#include <sys/socket.h>

#include <string.h>

#include "facts/collect.h"
#include "facts/link.h"

/*
 * dhcp: networking.dhcp, who gave an interface its address: each client
 * writes down its lease in its own way.
 */

static void
put_server(struct val *dhcp, struct str interface, struct str server)
{
	struct val *one;

	if (interface.len == 0 || server.len == 0 ||
	    val_get_str(dhcp, interface) != NULL)
		return;
	one = val_obj(dhcp, val_key(dhcp, interface));
	val_str(one, "server", server);
}

/* systemd-networkd: a file an interface, by index. */
static void
networkd_leases(struct facts *f, struct val *dhcp)
{
	const struct net *n = net_get(f);
	const struct link *l;
	struct dir d;
	int64_t index;
	size_t i;

	if (n == NULL || !dir_open(f, NULL, "/run/systemd/netif/leases", &d))
		return;
	for (i = 0; i < d.n; i++)
		if (text_num(str_of(d.names[i]), &index) && index > 0 &&
		    index <= INT_MAX && (l = net_link(n, (int)index)) != NULL)
			put_server(dhcp, str_of(l->name), text_field(
			    src_text(f, &d, d.names[i]), "SERVER_ADDRESS",
			    '='));
	dir_close(&d);
}

/* NetworkManager: internal-UUID-INTERFACE.lease */
static void
manager_leases(struct facts *f, struct val *dhcp)
{
	static const size_t prefix = sizeof("internal-") - 1 + 36 + 1;
	struct str name;
	struct dir d;
	size_t i;

	if (!dir_open(f, NULL, "/var/lib/NetworkManager", &d))
		return;
	for (i = 0; i < d.n; i++) {
		name = str_of(d.names[i]);
		if (!str_starts(name, str_of("internal-")) ||
		    !text_ends(name, ".lease") || name.len < prefix + 6)
			continue;
		put_server(dhcp, (struct str){ name.p + prefix, name.len -
		    prefix - 6 }, text_field(src_text(f, &d, d.names[i]),
		    "SERVER_ADDRESS", '='));
	}
	dir_close(&d);
}

/* dhclient: "lease { interface "eth0"; ... option dhcp-server-identifier" */
static void
dhclient_leases(struct facts *f, struct val *dhcp)
{
	struct str text, line, word, interface = { NULL, 0 };
	struct dir d;
	size_t i;

	if (!dir_open(f, NULL, "/var/lib/dhcp", &d))
		return;
	for (i = 0; i < d.n; i++) {
		if (!text_ends(str_of(d.names[i]), ".leases"))
			continue;
		text = src_text(f, &d, d.names[i]);
		while (text_line(&text, &line)) {
			word = text_word(&line);
			line = text_trim(text_cut(&line, ';'));
			if (text_is(word, "interface"))
				interface = text_unquote(line);
			else if (text_is(word, "option") && text_is(
			    text_word(&line), "dhcp-server-identifier"))
				put_server(dhcp, interface, text_trim(line));
		}
	}
	dir_close(&d);
}

/*
 * The server in a message of DHCP, RFC 2131: a head of BOOTP, a cookie, and
 * options of RFC 2132, each a number, a length and so many bytes.
 */
static const unsigned char *
server_of(struct str message)
{
	enum { OPTIONS = 240, PAD = 0, SERVER = 54, END = 255 };
	static const unsigned char cookie[] = { 99, 130, 83, 99 };
	const unsigned char *p = (const unsigned char *)message.p;
	size_t i = OPTIONS, n = message.len;

	if (n < OPTIONS || memcmp(p + OPTIONS - sizeof(cookie), cookie,
	    sizeof(cookie)) != 0)
		return NULL;
	while (i < n && p[i] != END) {
		if (p[i] == PAD) {
			i++;
			continue;
		}
		if (n - i < 2 || n - i - 2 < p[i + 1])
			return NULL;
		if (p[i] == SERVER && p[i + 1] == 4)
			return p + i + 2;
		i += 2U + p[i + 1];
	}
	return NULL;
}

/* dhcpcd: INTERFACE.lease, or INTERFACE-SSID.lease, is the server's answer. */
static void
dhcpcd_leases(struct facts *f, struct val *dhcp, const char *path)
{
	const unsigned char *server;
	struct str name;
	struct dir d;
	char text[64];
	size_t i;

	if (!dir_open(f, NULL, path, &d))
		return;
	for (i = 0; i < d.n; i++) {
		name = str_of(d.names[i]);
		if (!text_ends(name, ".lease"))
			continue;
		name.len -= strlen(".lease");
		server = server_of(src_text(f, &d, d.names[i]));
		if (server == NULL)
			continue;
		net_text(text, AF_INET, server);
		put_server(dhcp, text_cut(&name, '-'), str_of(text));
	}
	dir_close(&d);
}

void
dhcp_put(struct facts *f, struct val *o)
{
	struct val *dhcp = val_obj(o, "dhcp");

	networkd_leases(f, dhcp);
	manager_leases(f, dhcp);
	dhclient_leases(f, dhcp);
	dhcpcd_leases(f, dhcp, "/var/lib/dhcpcd");
	dhcpcd_leases(f, dhcp, "/var/lib/dhcpcd5");
	val_sort(dhcp);
}
