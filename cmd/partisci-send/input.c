#include <err.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "update/update.h"

#include "send.h"

enum {
	LINE_MAX_BYTES = 64 * 1024,	/* a longer one is a bad one */
	PAUSE_MS = 10			/* without input: time to flush */
};

struct input {
	struct courier	*c;
	const struct defaults *def;
	uint64_t	 number;	/* of the current line */
	uint64_t	 bad;
	size_t		 len;		/* what is there of it */
	bool		 too_long;	/* its rest is passed over */
	char		 line[LINE_MAX_BYTES];
};

static bool
is_blank(const char *p, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (p[i] != ' ' && p[i] != '\t' && p[i] != '\r')
			return false;
	return true;
}

/* 0 may be what the line says, or what it leaves out: look. */
static bool
says_instance(const char *p, size_t len)
{
	json_t *root = json_loadb(p, len, 0, NULL);
	bool yes = json_object_get(root, "instance") != NULL;

	json_decref(root);
	return yes;
}

static void
complain(struct input *in, const char *why)
{
	warnx("line %llu: %s", (unsigned long long)in->number, why);
	in->bad++;
}

static void
take_line(struct input *in)
{
	struct update u;
	struct buf *b;
	const char *why;

	in->number++;
	if (in->too_long) {
		complain(in, "longer than 65536 bytes");
		return;
	}
	if (is_blank(in->line, in->len))
		return;
	if (update_parse(&u, in->line, in->len, &why) == -1) {
		complain(in, why);
		return;
	}
	if (u.host.len == 0)
		u.host = in->def->host;
	if (in->def->instance != -1 && u.instance == 0 &&
	    !says_instance(in->line, in->len))
		u.instance = (unsigned)in->def->instance;
	b = courier_room(in->c, in->number);
	update_format(b, &u);
	buf_putc(b, '\n');
}

/* Append a part of a line, as long as there is room for it. */
static void
add_part(struct input *in, const char *p, size_t len)
{
	if (in->too_long || len > sizeof(in->line) - in->len) {
		in->too_long = true;
		return;
	}
	memcpy(in->line + in->len, p, len);
	in->len += len;
}

static void
take_bytes(struct input *in, const char *p, size_t len)
{
	const char *end = p + len, *nl;

	while ((nl = memchr(p, '\n', (size_t)(end - p))) != NULL) {
		add_part(in, p, (size_t)(nl - p));
		take_line(in);
		in->len = 0;
		in->too_long = false;
		p = nl + 1;
	}
	add_part(in, p, (size_t)(end - p));
}

/* Wait for input; where it pauses, what was collected goes out meanwhile. */
static void
await(struct courier *c)
{
	struct pollfd pfd = { .fd = STDIN_FILENO, .events = POLLIN };

	if (c->batch.len > 0 && poll(&pfd, 1, PAUSE_MS) == 0)
		courier_flush(c);
	(void)poll(&pfd, 1, -1);
}

uint64_t
input_lines(struct courier *c, const struct defaults *def)
{
	static struct input in;
	static char bytes[LINE_MAX_BYTES];
	ssize_t n;

	in.c = c;
	in.def = def;
	for (;;) {
		await(c);
		n = read(STDIN_FILENO, bytes, sizeof(bytes));
		if (n == -1 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n <= 0)
			break;
		take_bytes(&in, bytes, (size_t)n);
	}
	if (n == -1) {
		warn("stdin");
		in.bad++;
	}
	if (in.len > 0 || in.too_long)
		take_line(&in);
	return in.bad;
}
