#include <sys/socket.h>

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "facts/collect.h"
#include "facts/netlink.h"

enum {
	ROOM = 32 * 1024,
	TRIES = 16,
	RECORD_MAX = 16 * 1024 * 1024,
	REQUEST_MAX = 64
};

static const char where[] = "netlink";

bool
netlink_open(struct facts *f, struct netlink *n, int protocol)
{
	*n = (struct netlink){ .f = f, .fd = -1 };
	if (!facts_live(f))
		return src_load(f, NULL, protocol == NETLINK_GENERIC ?
		    "/.record/genetlink" : "/.record/netlink", RECORD_MAX,
		    &n->b);
	if ((n->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC,
	    protocol)) == -1) {
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

/* Why a dump is over; NULL: it is not. */
static const char done[] = "done";

static const char *
take_messages(const struct netlink *n, const char *p, size_t left,
    unsigned short type, void (*fn)(const void *, size_t, void *), void *arg)
{
	struct nlmsghdr h;
	size_t step;

	while (left >= sizeof(h)) {
		memcpy(&h, p, sizeof(h));
		if (h.nlmsg_len < sizeof(h) || h.nlmsg_len > left)
			return "a message is cut short";
		if (n->fd != -1 && h.nlmsg_type == NLMSG_DONE)
			return done;
		if (n->fd != -1 && h.nlmsg_type == NLMSG_ERROR)
			return "refused";
		if (h.nlmsg_type == type)
			fn(p + sizeof(h), h.nlmsg_len - sizeof(h), arg);
		step = NLMSG_ALIGN(h.nlmsg_len);
		if (step > left)
			step = left;
		p += step;
		left -= step;
	}
	return NULL;
}

static bool
ask(const struct netlink *n, unsigned short type, const void *request,
    size_t size)
{
	char room[NLMSG_SPACE(REQUEST_MAX)] = { 0 };
	const struct nlmsghdr h = {
		.nlmsg_len = (uint32_t)NLMSG_LENGTH(size),
		.nlmsg_type = type,
		.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP
	};
	int tries;

	assert(size <= REQUEST_MAX);
	memcpy(room, &h, sizeof(h));
	memcpy(room + NLMSG_HDRLEN, request, size);
	for (tries = 0; tries < TRIES; tries++)
		if (send(n->fd, room, NLMSG_SPACE(size), 0) != -1)
			return true;
		else if (errno != EINTR)
			break;
	return false;
}

/*
 * A dump is made while it is read: there is nothing to wait for.  Returns why
 * it is over.
 */
static const char *
exchange(struct netlink *n, unsigned short type, unsigned short answer,
    const void *request, size_t size,
    void (*fn)(const void *, size_t, void *), void *arg)
{
	const char *why = NULL;
	ssize_t got;
	int tries = 0;

	if (!ask(n, type, request, size))
		return strerror(errno);
	while (why == NULL) {
		got = recv(n->fd, n->b.p, ROOM, MSG_DONTWAIT);
		if (got == -1 && errno == EINTR && tries++ < TRIES)
			continue;
		if (got <= 0)
			return got == 0 ? done : strerror(errno);
		why = take_messages(n, n->b.p, (size_t)got, answer, fn, arg);
	}
	return why;
}

/* The answers to RTM_GETx are RTM_NEWx, two numbers before. */
void
netlink_dump(struct netlink *n, unsigned short type,
    void (*fn)(const void *body, size_t len, void *arg), void *arg)
{
	static const struct rtgenmsg all = { .rtgen_family = AF_UNSPEC };
	unsigned short answer = (unsigned short)(type - 2);
	const char *why;

	if (n->fd == -1)
		why = take_messages(n, n->b.p, n->b.len, answer, fn, arg);
	else
		why = exchange(n, type, answer, &all, sizeof(all), fn, arg);
	if (why != NULL && why != done)
		src_error(n->f, where, why);
}

bool
netlink_request(struct netlink *n, unsigned short type,
    unsigned short answer, const void *request, size_t size,
    void (*fn)(const void *body, size_t len, void *arg), void *arg)
{
	if (n->fd == -1)
		return take_messages(n, n->b.p, n->b.len, answer, fn,
		    arg) == NULL;
	return exchange(n, type, answer, request, size, fn, arg) == done;
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
