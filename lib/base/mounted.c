#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mounted.h"

/*
 * The lines of mountinfo, as it was read last.  Each open file tells of a change
 * once, to who polls it first: so there is one for whoever waits, and ours.
 */
struct mounted {
	int		 waits;
	int		 fd;
	struct buf	 text;
};

static int
read_all(int fd, struct buf *b)
{
	if (lseek(fd, 0, SEEK_SET) == -1)
		return -1;
	return buf_read(b, fd, SIZE_MAX);
}

struct mounted *
mounted_open(void)
{
	struct mounted *m;

	if ((m = calloc(1, sizeof(*m))) == NULL)
		return NULL;
	m->waits = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
	m->fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
	if (m->waits != -1 && m->fd != -1 && read_all(m->fd, &m->text) == 0)
		return m;
	mounted_close(m);
	return NULL;
}

void
mounted_close(struct mounted *m)
{
	int e = errno;

	if (m == NULL)
		return;
	if (m->waits != -1)
		close(m->waits);
	if (m->fd != -1)
		close(m->fd);
	buf_clear(&m->text);
	free(m);
	errno = e;
}

int
mounted_fd(const struct mounted *m)
{
	return m->waits;
}

static struct str
take_line(struct str *rest)
{
	const char *nl = memchr(rest->p, '\n', rest->len);
	struct str line = *rest;

	line.len = nl == NULL ? rest->len : (size_t)(nl + 1 - rest->p);
	rest->p += line.len;
	rest->len -= line.len;
	return line;
}

/* The fifth field, with \040 and its like as what they stand for. */
static void
place_of(struct str line, struct buf *path)
{
	const char *p = line.p, *end = line.p + line.len;
	int i;

	buf_reset(path);
	for (i = 0; i < 4 && p < end; i++)
		if ((p = memchr(p, ' ', (size_t)(end - p))) == NULL)
			return;
		else
			p++;
	for (; p < end && *p != ' '; p++)
		if (*p == '\\' && end - p > 3) {
			buf_putc(path, (char)((p[1] - '0') << 6 |
			    (p[2] - '0') << 3 | (p[3] - '0')));
			p += 3;
		} else
			buf_putc(path, *p);
	buf_putc(path, '\0');
}

static bool
has_line(struct str b, struct str line)
{
	const char *p;

	while (b.len > 0 && (p = memmem(b.p, b.len, line.p, line.len)) !=
	    NULL) {
		if (p == b.p || p[-1] == '\n')
			return true;
		b.len -= (size_t)(p + 1 - b.p);
		b.p = p + 1;
	}
	return false;
}

/* Each line of a that b has not. */
static void
each_new(struct str a, struct str b, void (*fn)(void *arg, const char *path),
    void *arg)
{
	struct buf path = { 0 };
	struct str line;

	while (a.len > 0) {
		line = take_line(&a);
		if (has_line(b, line))
			continue;
		place_of(line, &path);
		if (path.len > 1 && !buf_failed(&path))
			fn(arg, path.p);
	}
	buf_clear(&path);
}

int
mounted_read(struct mounted *m, void (*fn)(void *arg, const char *path),
    void *arg)
{
	struct pollfd pfd = { .fd = m->fd, .events = POLLPRI };
	struct buf now = { 0 };

	if (poll(&pfd, 1, 0) != 1)
		return 0;
	if (read_all(m->fd, &now) == -1) {
		buf_clear(&now);
		return -1;
	}
	each_new(buf_view(&now), buf_view(&m->text), fn, arg);
	each_new(buf_view(&m->text), buf_view(&now), fn, arg);
	buf_clear(&m->text);
	m->text = now;
	return 0;
}
