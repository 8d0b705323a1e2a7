/*
 * factsfloor [-n] list: the least that finds out what p2-facts does.  Open and
 * read each file and directory that is named in list, a path a line, and with
 * -n dump links, addresses and routes; look at nothing of it, print nothing.
 */
#include <sys/syscall.h>

#include <fcntl.h>
#include <linux/rtnetlink.h>

#include "bench.h"

static char room[1 << 20];

static void
look(const char *path)
{
	size_t size;
	ssize_t n;
	int fd;

	if ((fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)) == -1)
		return;
	if (path[strlen(path) - 1] == '/')
		while (syscall(SYS_getdents64, fd, room, sizeof(room)) > 0)
			;
	else
		/* A page: the kernel clears as much as a setting may fill. */
		for (size = 4096; (n = read(fd, room, size)) > 0; )
			if (n == 4096)
				size = sizeof(room);
	close(fd);
}

/* Does the piece end the dump? */
static int
is_last(const char *p, size_t left)
{
	const struct nlmsghdr *h = (const void *)p;

	for (; NLMSG_OK(h, left); h = NLMSG_NEXT(h, left))
		if (h->nlmsg_type == NLMSG_DONE)
			return 1;
	return 0;
}

static void
dump(int fd, unsigned short type)
{
	struct {
		struct nlmsghdr		h;
		struct rtgenmsg		g;
	} q = { { .nlmsg_len = NLMSG_LENGTH(sizeof(struct rtgenmsg)),
	    .nlmsg_type = type, .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP },
	    { 0 } };
	ssize_t n;

	if (send(fd, &q, sizeof(q), 0) == -1)
		err(2, "send");
	do
		if ((n = recv(fd, room, 32 * 1024, 0)) <= 0)
			err(2, "recv");
	while (!is_last(room, (size_t)n));
}

int
main(int argc, char **argv)
{
	static char list[1 << 20];
	int fd, net = argc == 3 && strcmp(argv[1], "-n") == 0;
	char *p, *end;
	ssize_t n;

	if (argc != 2 + net)
		errx(2, "usage: factsfloor [-n] list");
	if ((fd = open(argv[1 + net], O_RDONLY)) == -1 ||
	    (n = read(fd, list, sizeof(list) - 1)) == -1)
		err(2, "%s", argv[1 + net]);
	close(fd);
	for (p = list; (end = strchr(p, '\n')) != NULL; p = end + 1) {
		*end = '\0';
		look(p);
	}
	(void)n;
	if (!net)
		return 0;
	if ((fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC,
	    NETLINK_ROUTE)) == -1)
		err(2, "socket");
	dump(fd, RTM_GETLINK);
	dump(fd, RTM_GETADDR);
	dump(fd, RTM_GETROUTE);
	return 0;
}
