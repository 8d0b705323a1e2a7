#include <arpa/inet.h>
#include <sys/socket.h>

#include <linux/inet_diag.h>
#include <linux/sock_diag.h>

#include <stdio.h>
#include <string.h>

#include "facts/collect.h"
#include "facts/inet.h"
#include "facts/netlink.h"

/* The states, as the kernel numbers them; of UDP one that is bound only. */
enum { CLOSED = 7, LISTENING = 10 };

static const struct kind {
	const char	*name;
	int		 family;
	int		 protocol;
	unsigned	 state;
} kinds[] = {
	{ "tcp", AF_INET, IPPROTO_TCP, LISTENING },
	{ "tcp6", AF_INET6, IPPROTO_TCP, LISTENING },
	{ "udp", AF_INET, IPPROTO_UDP, CLOSED },
	{ "udp6", AF_INET6, IPPROTO_UDP, CLOSED }
};
enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };

struct gather {
	const struct kind	*kind;
	struct buf		*b;
};

static void
set_address(struct inet_socket *s, const struct kind *k, const void *bytes)
{
	if (inet_ntop(k->family, bytes, s->address,
	    sizeof(s->address)) == NULL)
		s->address[0] = '\0';
}

static void
take_message(const void *body, size_t len, void *arg)
{
	const struct gather *g = arg;
	struct inet_socket s = { .protocol = g->kind->name, .pid = -1 };
	struct inet_diag_msg m;

	if (len < sizeof(m))
		return;
	memcpy(&m, body, sizeof(m));
	s.port = ntohs(m.id.idiag_sport);
	s.uid = m.idiag_uid;
	s.inode = m.idiag_inode;
	set_address(&s, g->kind, m.id.idiag_src);
	buf_add(g->b, &s, sizeof(s));
}

/* What came before an error is taken back. */
static bool
ask(struct netlink *nl, const struct kind *k, struct buf *b)
{
	const struct inet_diag_req_v2 q = {
		.sdiag_family = (uint8_t)k->family,
		.sdiag_protocol = (uint8_t)k->protocol,
		.idiag_states = 1U << k->state
	};
	struct gather g = { k, b };
	size_t start = b->len;

	if (netlink_request(nl, SOCK_DIAG_BY_FAMILY, SOCK_DIAG_BY_FAMILY,
	    &q, sizeof(q),
	    take_message, &g))
		return true;
	b->len = start;
	return false;
}

/* Words of four bytes, each in the order of the host. */
static bool
parse_address(struct inet_socket *s, const struct kind *k, struct str hex)
{
	unsigned char bytes[16];
	size_t i, words = k->family == AF_INET6 ? 4 : 1;
	uint32_t word;
	uint64_t n;

	if (hex.len != words * 8)
		return false;
	for (i = 0; i < words; i++) {
		if (!text_hex((struct str){ hex.p + i * 8, 8 }, &n))
			return false;
		word = (uint32_t)n;
		memcpy(bytes + i * 4, &word, 4);
	}
	set_address(s, k, bytes);
	return true;
}

/* "sl: local remote state tx:rx tr:when retrnsmt uid timeout inode" */
static void
take_line(struct buf *b, const struct kind *k, struct str line)
{
	struct inet_socket s = { .protocol = k->name, .pid = -1 };
	struct str local, hex;
	uint64_t port, state;
	int i;

	(void)text_word(&line);
	local = text_word(&line);
	(void)text_word(&line);
	if (!text_hex(text_word(&line), &state) || state != k->state)
		return;
	for (i = 0; i < 3; i++)
		(void)text_word(&line);
	if (!text_num(text_word(&line), &s.uid))
		return;
	(void)text_word(&line);
	hex = text_cut(&local, ':');
	if (!text_num(text_word(&line), &s.inode) ||
	    !text_hex(local, &port) || port > UINT16_MAX ||
	    !parse_address(&s, k, hex))
		return;
	s.port = (int64_t)port;
	buf_add(b, &s, sizeof(s));
}

static void
read_file(struct facts *f, const struct kind *k, struct buf *b)
{
	struct str text, line;
	char path[32];

	(void)snprintf(path, sizeof(path), "/proc/net/%s", k->name);
	text = src_text_max(f, NULL, path, SRC_LARGE);
	(void)text_line(&text, &line);
	while (text_line(&text, &line))
		take_line(b, k, line);
}

void
inet_listening(struct facts *f, struct buf *b)
{
	struct netlink nl;
	bool open = facts_live(f) && netlink_open(f, &nl, NETLINK_SOCK_DIAG);
	size_t i;

	for (i = 0; i < KINDS; i++)
		if (!open || !ask(&nl, &kinds[i], b))
			read_file(f, &kinds[i], b);
	if (open)
		netlink_close(&nl);
}
