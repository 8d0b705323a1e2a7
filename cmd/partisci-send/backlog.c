#include <sys/socket.h>

#include <netinet/in.h>

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>

#include <string.h>
#include <unistd.h>

#include "send.h"

/* sock_diag(7): one question about one socket. */
struct question {
	struct nlmsghdr		 head;
	struct inet_diag_req_v2	 body;
};

int
backlog_open(void)
{
	return socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
}

static void
set_address(const struct sockaddr_storage *ss, __be32 addr[4], __be16 *port)
{
	const struct sockaddr_in *in = (const void *)ss;
	const struct sockaddr_in6 *in6 = (const void *)ss;

	if (ss->ss_family == AF_INET) {
		memcpy(addr, &in->sin_addr, sizeof(in->sin_addr));
		*port = in->sin_port;
	} else {
		memcpy(addr, &in6->sin6_addr, sizeof(in6->sin6_addr));
		*port = in6->sin6_port;
	}
}

/* Ask for whoever would get a datagram that is sent to fd now. */
static int
ask(int diag, int fd)
{
	struct question q = { 0 };
	struct sockaddr_storage here, there;
	socklen_t len = sizeof(here), len2 = sizeof(there);

	if (getsockname(fd, (struct sockaddr *)&here, &len) == -1 ||
	    getpeername(fd, (struct sockaddr *)&there, &len2) == -1)
		return -1;
	q.head.nlmsg_len = sizeof(q);
	q.head.nlmsg_type = SOCK_DIAG_BY_FAMILY;
	q.head.nlmsg_flags = NLM_F_REQUEST;
	q.body.sdiag_family = (unsigned char)here.ss_family;
	q.body.sdiag_protocol = IPPROTO_UDP;
	q.body.idiag_ext = 1 << (INET_DIAG_SKMEMINFO - 1);
	q.body.idiag_states = ~0U;
	q.body.id.idiag_cookie[0] = q.body.id.idiag_cookie[1] =
	    INET_DIAG_NOCOOKIE;
	set_address(&here, q.body.id.idiag_src, &q.body.id.idiag_sport);
	set_address(&there, q.body.id.idiag_dst, &q.body.id.idiag_dport);
	return send(diag, &q, sizeof(q), MSG_NOSIGNAL) == sizeof(q) ? 0 : -1;
}

int
backlog(int diag, int fd, size_t *used, size_t *size)
{
	_Alignas(struct nlmsghdr) char answer[4096];
	const struct nlmsghdr *head = (const void *)answer;
	const struct rtattr *attr;
	uint32_t mem[SK_MEMINFO_VARS];
	size_t len;
	ssize_t n;

	/* The kernel has answered by the time that send(2) returns. */
	if (ask(diag, fd) == -1 ||
	    (n = recv(diag, answer, sizeof(answer), MSG_DONTWAIT)) <= 0 ||
	    !NLMSG_OK(head, (size_t)n) ||
	    head->nlmsg_type != SOCK_DIAG_BY_FAMILY ||
	    head->nlmsg_len < NLMSG_LENGTH(sizeof(struct inet_diag_msg)))
		return -1;
	len = head->nlmsg_len - NLMSG_LENGTH(sizeof(struct inet_diag_msg));
	attr = (const void *)((const char *)NLMSG_DATA(head) +
	    NLMSG_ALIGN(sizeof(struct inet_diag_msg)));
	for (; RTA_OK(attr, len); attr = RTA_NEXT(attr, len)) {
		if (attr->rta_type != INET_DIAG_SKMEMINFO ||
		    RTA_PAYLOAD(attr) < (SK_MEMINFO_RCVBUF + 1) * sizeof(*mem))
			continue;
		memcpy(mem, RTA_DATA(attr),
		    (SK_MEMINFO_RCVBUF + 1) * sizeof(*mem));
		*used = mem[SK_MEMINFO_RMEM_ALLOC];
		*size = mem[SK_MEMINFO_RCVBUF];
		return 0;
	}
	return -1;
}
