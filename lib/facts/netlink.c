#include <sys/socket.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "facts/collect.h"
#include "facts/netlink.h"

enum { ROOM = 32 * 1024, TRIES = 16, RECORD_MAX = 16 * 1024 * 1024 };

static const char where[] = "netlink";

bool
netlink_open(struct facts *f, struct netlink *n)
{
	*n = (struct netlink){ .f = f, .fd = -1 };
	if (!facts_live(f))
		return src_load(f, NULL, "/.record/netlink", RECORD_MAX,
		    &n->b);
	if ((n->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC,
	    NETLINK_ROUTE)) == -1) {
		src_errno(f, where, errno);
		return false;
	}
	if (buf_room(&n->b, ROOM) == NULL) {
		netlink_close(n);
		return false;
	}
	return true;
}

void
netlink_close(struct netlink *n)
{
	if (n->fd != -1)
		close(n->fd);
	buf_clear(&n->b);
}

/* The answers to RTM_GETx are RTM_NEWx, two numbers before. */
static unsigned short
answer_to(unsigned short type)
{
	return (unsigned short)(type - 2);
}

/* Returns false behind the last message. */
static bool
take_messages(struct netlink *n, const char *p, size_t left,
    unsigned short type, void (*fn)(const void *, size_t, void *), void *arg)
{
	struct nlmsghdr h;
	size_t step;

	while (left >= sizeof(h)) {
		memcpy(&h, p, sizeof(h));
		if (h.nlmsg_len < sizeof(h) || h.nlmsg_len > left) {
			src_error(n->f, where, "a message is cut short");
			return false;
		}
		if (h.nlmsg_type == answer_to(type))
			fn(p + sizeof(h), h.nlmsg_len - sizeof(h), arg);
		else if (n->fd != -1 && h.nlmsg_type == NLMSG_DONE)
			return false;
		else if (n->fd != -1 && h.nlmsg_type == NLMSG_ERROR) {
			src_error(n->f, where, "refused");
			return false;
		}
		step = NLMSG_ALIGN(h.nlmsg_len);
		if (step > left)
			step = left;
		p += step;
		left -= step;
	}
	return true;
}

static bool
ask(struct netlink *n, unsigned short type)
{
	struct {
		struct nlmsghdr		h;
		struct rtgenmsg		g;
		char			pad[3];
	} q = {
		.h = { .nlmsg_len = NLMSG_LENGTH(sizeof(struct rtgenmsg)),
		    .nlmsg_type = type,
		    .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP },
		.g = { .rtgen_family = AF_UNSPEC }
	};
	int tries;

	for (tries = 0; tries < TRIES; tries++) {
		if (send(n->fd, &q, sizeof(q), 0) != -1)
			return true;
		if (errno != EINTR)
			break;
	}
	src_errno(n->f, where, errno);
	return false;
}

/* A dump is made while it is read: there is nothing to wait for. */
void
netlink_dump(struct netlink *n, unsigned short type,
    void (*fn)(const void *body, size_t len, void *arg), void *arg)
{
	ssize_t got;
	int tries = 0;

	if (n->fd == -1) {
		(void)take_messages(n, n->b.p, n->b.len, type, fn, arg);
		return;
	}
	if (!ask(n, type))
		return;
	for (;;) {
		got = recv(n->fd, n->b.p, ROOM, MSG_DONTWAIT);
		if (got == -1 && errno == EINTR && tries++ < TRIES)
			continue;
		if (got == -1)
			src_errno(n->f, where, errno);
		if (got <= 0 || !take_messages(n, n->b.p, (size_t)got, type,
		    fn, arg))
			return;
	}
}

static void
fill(const struct rtattr **table, unsigned max, const char *p, size_t left)
{
	struct rtattr a;
	unsigned type;
	size_t step;

	memset(table, 0, max * sizeof(*table));
	while (left >= sizeof(a)) {
		memcpy(&a, p, sizeof(a));
		if (a.rta_len < sizeof(a) || a.rta_len > left)
			return;
		type = a.rta_type & NLA_TYPE_MASK;
		if (type < max)
			table[type] = (const void *)p;
		step = RTA_ALIGN(a.rta_len);
		if (step > left)
			return;
		p += step;
		left -= step;
	}
}

void
netlink_attrs(const struct rtattr **table, unsigned max, const void *body,
    size_t len, size_t size)
{
	size = NLMSG_ALIGN(size);
	if (len < size)
		size = len;
	fill(table, max, (const char *)body + size, len - size);
}

void
netlink_nested(const struct rtattr **table, unsigned max,
    const struct rtattr *a)
{
	fill(table, max, netlink_data(a), netlink_len(a));
}

size_t
netlink_len(const struct rtattr *a)
{
	return a == NULL ? 0 : a->rta_len - sizeof(*a);
}

const void *
netlink_data(const struct rtattr *a)
{
	return a == NULL ? "" : (const char *)a + sizeof(*a);
}

uint32_t
netlink_u32(const struct rtattr *a)
{
	uint32_t n = 0;

	if (netlink_len(a) >= sizeof(n))
		memcpy(&n, netlink_data(a), sizeof(n));
	return n;
}

uint16_t
netlink_u16(const struct rtattr *a)
{
	uint16_t n = 0;

	if (netlink_len(a) >= sizeof(n))
		memcpy(&n, netlink_data(a), sizeof(n));
	return n;
}

uint8_t
netlink_u8(const struct rtattr *a)
{
	return netlink_len(a) >= 1 ? *(const uint8_t *)netlink_data(a) : 0;
}

struct str
netlink_text(const struct rtattr *a)
{
	const char *p = netlink_data(a);

	return (struct str){ p, strnlen(p, netlink_len(a)) };
}
