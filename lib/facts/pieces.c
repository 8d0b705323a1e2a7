#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "facts/pieces.h"

void
pieces_take(struct pieces *p, struct str piece)
{
	const char *at = piece.p, *end = at + piece.len, *nl;

	for (; at < end && (nl = memchr(at, '\n', (size_t)(end - at))) != NULL;
	    at = nl + 1) {
		if (p->rest.len == 0) {
			p->fn((struct str){ at, (size_t)(nl - at) }, p->arg);
			continue;
		}
		if (p->rest.len < PIECE)
			buf_add(&p->rest, at, (size_t)(nl - at));
		p->fn(buf_view(&p->rest), p->arg);
		buf_reset(&p->rest);
	}
	if (p->rest.len < PIECE)
		buf_add(&p->rest, at, (size_t)(end - at));
}

void
pieces_end(struct pieces *p)
{
	if (p->rest.len > 0)
		p->fn(buf_view(&p->rest), p->arg);
	buf_clear(&p->rest);
}

int
pieces_read(struct pieces *p, struct facts *f, const char *source, int fd,
    size_t max)
{
	char piece[PIECE];
	size_t left = max;
	ssize_t n;

	while ((n = read(fd, piece, sizeof(piece))) > 0 ||
	    (n == -1 && errno == EINTR)) {
		if (n == -1)
			continue;
		if ((size_t)n > left) {
			src_error(f, source, "too long: cut");
			pieces_take(p, (struct str){ piece, left });
			buf_reset(&p->rest);
			n = 0;
			break;
		}
		left -= (size_t)n;
		pieces_take(p, (struct str){ piece, (size_t)n });
	}
	if (n == -1) {
		n = errno;
		buf_clear(&p->rest);
		return (int)n;
	}
	pieces_end(p);
	return 0;
}
