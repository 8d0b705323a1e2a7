#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "facts/collect.h"
#include "facts/inet.h"

static const struct fact facts[] = {
	{ "[].protocol", "string", "sock_diag, else /proc/net/tcp, tcp6, udp "
	    "and udp6", true },
	{ "[].address", "string", "same", true },
	{ "[].port", "integer", "same", true },
	{ "[].uid", "integer", "same", true },
	{ "[].inode", "integer", "same", true },
	{ "[].pid", "integer", "/proc/*/fd, as far as they may be read",
	    true },
	{ "[].process", "string", "/proc/*/comm", true },
	{ NULL, NULL, NULL, false }
};

/* An index of sockets, by inode. */
struct wanted {
	struct inet_socket	*socket;
	int64_t			 inode;
};

static int
by_inode(const void *a, const void *b)
{
	const struct wanted *x = a, *y = b;

	return (x->inode > y->inode) - (x->inode < y->inode);
}

/* "socket:[1234]".  Of those that share it, the first is its owner. */
static size_t
take_owner(struct wanted *all, size_t n, struct str link, int64_t pid)
{
	struct wanted key = { .inode = 0 }, *found;

	if (!str_starts(link, str_of("socket:[")))
		return 0;
	(void)text_cut(&link, '[');
	if (!text_num(text_cut(&link, ']'), &key.inode) || (found =
	    bsearch(&key, all, n, sizeof(*all), by_inode)) == NULL ||
	    found->socket->pid != -1)
		return 0;
	found->socket->pid = pid;
	return 1;
}

/* Of one process; returns how many it owns. */
static size_t
find_owned(struct facts *f, const struct dir *proc, const char *name,
    struct wanted *all, size_t n)
{
	char path[64], room[PATH_MAX];
	struct dir fds;
	size_t i, owned = 0;
	int64_t pid;

	if (!text_num(str_of(name), &pid))
		return 0;
	(void)snprintf(path, sizeof(path), "%.30s/fd", name);
	if (!dir_open(f, proc, path, &fds))
		return 0;
	for (i = 0; i < fds.n; i++)
		owned += take_owner(all, n, src_link(f, &fds, fds.names[i],
		    room), pid);
	dir_close(&fds);
	return owned;
}

/* In the order of their numbers, until there is none left to find. */
static void
find_owners(struct facts *f, struct inet_socket *sockets, size_t n)
{
	struct wanted *all = calloc(n, sizeof(*all));
	struct dir proc;
	size_t i, left = n;

	if (all == NULL || !dir_open(f, NULL, "/proc", &proc)) {
		free(all);
		return;
	}
	for (i = 0; i < n; i++)
		all[i] = (struct wanted){ &sockets[i], sockets[i].inode };
	qsort(all, n, sizeof(*all), by_inode);
	for (i = 0; i < proc.n && left > 0; i++)
		left -= find_owned(f, &proc, proc.names[i], all, n);
	dir_close(&proc);
	free(all);
}

static void
put_socket(struct facts *f, struct val *o, const struct inet_socket *s)
{
	char path[64];

	val_cstr(o, "protocol", s->protocol);
	val_cstr(o, "address", s->address);
	val_int(o, "port", s->port);
	val_int(o, "uid", s->uid);
	val_int(o, "inode", s->inode);
	if (s->pid == -1)
		return;
	val_int(o, "pid", s->pid);
	(void)snprintf(path, sizeof(path), "/proc/%lld/comm",
	    (long long)s->pid);
	src_put_line(f, NULL, path, o, "process");
}

static void
run(struct facts *f, struct val *o)
{
	struct inet_socket *all;
	struct buf b = { 0 };
	size_t i, n;

	inet_listening(f, &b);
	all = (struct inet_socket *)(void *)b.p;
	n = buf_failed(&b) ? 0 : b.len / sizeof(*all);
	if (n > 0)
		find_owners(f, all, n);
	for (i = 0; i < n; i++) {
		put_socket(f, val_obj(o, NULL), &all[i]);
		facts_more(f, o);
	}
	buf_clear(&b);
}

const struct collector collect_listening = {
	.name = "networking.listening", .group = "sockets",
	.help = "who listens where",
	.when = ON_REQUEST, .is_array = true, .facts = facts, .cost = 1200,
	.run = run
};
