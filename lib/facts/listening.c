#include <arpa/inet.h>
#include <sys/socket.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "facts/collect.h"

static const struct fact facts[] = {
	{ "[].protocol", "string", "/proc/net/tcp, tcp6, udp and udp6", true },
	{ "[].address", "string", "same", true },
	{ "[].port", "integer", "same", true },
	{ "[].uid", "integer", "same", true },
	{ "[].inode", "integer", "same", true },
	{ "[].pid", "integer", "/proc/*/fd, as far as they may be read",
	    true },
	{ "[].process", "string", "/proc/*/comm", true },
	{ NULL, NULL, NULL, false }
};

/* Who has which socket. */
struct owner {
	int64_t	inode;
	int64_t	pid;
};

static int
by_inode(const void *a, const void *b)
{
	const struct owner *x = a, *y = b;

	return (x->inode > y->inode) - (x->inode < y->inode);
}

/* "socket:[1234]" */
static void
take_owner(struct buf *b, struct str link, int64_t pid)
{
	struct owner o = { .pid = pid };

	if (!str_starts(link, str_of("socket:[")))
		return;
	(void)text_cut(&link, '[');
	if (text_num(text_cut(&link, ']'), &o.inode))
		buf_add(b, &o, sizeof(o));
}

static void
find_owners(struct facts *f, struct buf *b)
{
	struct dir proc, fds;
	char path[64], room[PATH_MAX];
	int64_t pid;
	size_t i, j;

	if (!dir_open(f, NULL, "/proc", &proc))
		return;
	for (i = 0; i < proc.n; i++) {
		if (!text_num(str_of(proc.names[i]), &pid))
			continue;
		(void)snprintf(path, sizeof(path), "%.30s/fd", proc.names[i]);
		if (!dir_open(f, &proc, path, &fds))
			continue;
		for (j = 0; j < fds.n; j++)
			take_owner(b, src_link(f, &fds, fds.names[j], room),
			    pid);
		dir_close(&fds);
	}
	dir_close(&proc);
	if (b->len > 0 && !buf_failed(b))
		qsort(b->p, b->len / sizeof(struct owner),
		    sizeof(struct owner), by_inode);
}

static void
put_owner(struct facts *f, struct val *o, const struct buf *owners,
    int64_t inode)
{
	struct owner key = { .inode = inode };
	const struct owner *found = NULL;
	char path[64];

	if (owners->len > 0 && !buf_failed(owners))
		found = bsearch(&key, owners->p, owners->len / sizeof(key),
		    sizeof(key), by_inode);
	if (found == NULL)
		return;
	val_int(o, "pid", found->pid);
	(void)snprintf(path, sizeof(path), "/proc/%lld/comm",
	    (long long)found->pid);
	src_put_line(f, NULL, path, o, "process");
}

/* Words of four bytes, each in the order of the host. */
static void
put_address(struct val *o, struct str hex, bool six)
{
	unsigned char bytes[16];
	char text[64];
	uint64_t n;
	uint32_t word;
	size_t i, words = six ? 4 : 1;

	if (hex.len != words * 8)
		return;
	for (i = 0; i < words; i++) {
		if (!text_hex((struct str){ hex.p + i * 8, 8 }, &n))
			return;
		word = (uint32_t)n;
		memcpy(bytes + i * 4, &word, 4);
	}
	if (inet_ntop(six ? AF_INET6 : AF_INET, bytes, text,
	    sizeof(text)) != NULL)
		val_cstr(o, "address", text);
}

/* "sl: local remote state tx:rx tr:when retrnsmt uid timeout inode" */
static void
put_socket(struct facts *f, struct val *list, const char *protocol,
    struct str line, const struct buf *owners)
{
	struct str local, hex, state, uid, inode;
	struct val *o;
	uint64_t port;
	int64_t n;
	int i;

	(void)text_word(&line);
	local = text_word(&line);
	(void)text_word(&line);
	state = text_word(&line);
	if (!text_is(state, strncmp(protocol, "tcp", 3) == 0 ? "0A" : "07"))
		return;
	for (i = 0; i < 3; i++)
		(void)text_word(&line);
	uid = text_word(&line);
	(void)text_word(&line);
	inode = text_word(&line);
	hex = text_cut(&local, ':');
	if (!text_hex(local, &port))
		return;
	o = val_obj(list, NULL);
	val_cstr(o, "protocol", protocol);
	put_address(o, hex, protocol[3] == '6');
	val_int(o, "port", (int64_t)port);
	if (text_num(uid, &n))
		val_int(o, "uid", n);
	if (!text_num(inode, &n))
		return;
	val_int(o, "inode", n);
	put_owner(f, o, owners, n);
}

static void
run(struct facts *f, struct val *o)
{
	static const char *const protocols[] = { "tcp", "tcp6", "udp",
	    "udp6" };
	struct buf owners = { 0 }, b = { 0 };
	struct str text, line;
	char path[32];
	size_t i;

	find_owners(f, &owners);
	for (i = 0; i < 4; i++) {
		(void)snprintf(path, sizeof(path), "/proc/net/%s",
		    protocols[i]);
		buf_reset(&b);
		if (!src_load(f, NULL, path, SRC_LARGE, &b))
			continue;
		text = buf_view(&b);
		(void)text_line(&text, &line);
		while (text_line(&text, &line))
			put_socket(f, o, protocols[i], line, &owners);
	}
	buf_clear(&owners);
	buf_clear(&b);
}

const struct collector collect_listening = {
	.name = "networking.listening", .help = "who listens where",
	.when = ON_REQUEST, .is_array = true, .facts = facts, .cost = 3000,
	.run = run
};
