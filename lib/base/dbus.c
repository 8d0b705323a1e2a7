#include <sys/socket.h>
#include <sys/un.h>

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/dbus.h"

enum { CALL = 1, ANSWER = 2, FAILURE = 3 };	/* types of messages */
enum { NO_AUTO_START = 2 };			/* a flag */
enum {
	F_PATH = 1, F_INTERFACE = 2, F_MEMBER = 3, F_REPLY_SERIAL = 5,
	F_DESTINATION = 6, F_SIGNATURE = 8
};
enum { HELLO_SERIAL = 1, HEADER = 16 };

static const char order = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? 'l' :
    'B';

static bool
is(struct str s, const char *word)
{
	return str_eq(s, str_of(word));
}

/* --- What is sent --- */

static void
pad(struct buf *b, size_t start, size_t to)
{
	while ((b->len - start) % to != 0 && !buf_failed(b))
		buf_putc(b, '\0');
}

static void
add_u32(struct buf *b, uint32_t n)
{
	buf_add(b, &n, sizeof(n));
}

void
dbus_put_str(struct buf *b, const char *s)
{
	pad(b, 0, sizeof(uint32_t));
	add_u32(b, (uint32_t)strlen(s));
	buf_add(b, s, strlen(s) + 1);
}

/* A field of the header: its number, its type, and a text. */
static void
add_field(struct buf *b, size_t start, char number, char type,
    const char *text)
{
	char head[] = { number, 1, type, '\0' };

	if (text == NULL)
		return;
	pad(b, start, 8);
	buf_add(b, head, sizeof(head));
	if (type == 'g')
		buf_putc(b, (char)strlen(text));
	else
		add_u32(b, (uint32_t)strlen(text));
	buf_add(b, text, strlen(text) + 1);
}

static void
add_message(struct buf *b, const struct dbus_call *c, bool is_bus,
    uint32_t serial)
{
	char head[] = { order, CALL, NO_AUTO_START, 1 };
	size_t start, fields;
	uint32_t n;
	/* Alignment is that of the message, so it has a buffer of its own. */
	struct buf m = { 0 };

	start = m.len;
	buf_add(&m, head, sizeof(head));
	add_u32(&m, (uint32_t)c->args.len);
	add_u32(&m, serial);
	add_u32(&m, 0);			/* the length of the fields */
	fields = m.len;
	add_field(&m, start, F_PATH, 'o', c->path);
	add_field(&m, start, F_INTERFACE, 's', c->interface);
	add_field(&m, start, F_MEMBER, 's', c->member);
	if (is_bus)
		add_field(&m, start, F_DESTINATION, 's', c->destination);
	add_field(&m, start, F_SIGNATURE, 'g', c->signature);
	n = (uint32_t)(m.len - fields);
	pad(&m, start, 8);
	if (!buf_failed(&m)) {
		memcpy(m.p + fields - sizeof(n), &n, sizeof(n));
		buf_str(b, buf_view(&m));
		buf_str(b, c->args);
	}
	buf_clear(&m);
}

/* Who we are, in hex digits of decimal digits. */
static void
add_greeting(struct buf *b)
{
	char uid[16], *p;

	(void)snprintf(uid, sizeof(uid), "%u", (unsigned)geteuid());
	buf_putc(b, '\0');
	buf_puts(b, "AUTH EXTERNAL ");
	for (p = uid; *p != '\0'; p++)
		buf_printf(b, "%02x", (unsigned)*p);
	buf_puts(b, "\r\nBEGIN\r\n");
}

/* On a bus, one has to say hello first; nobody waits for its answer. */
static void
add_calls(struct buf *b, struct dbus *d, const struct dbus_call *calls,
    size_t n)
{
	static const struct dbus_call hello = {
		.destination = "org.freedesktop.DBus",
		.path = "/org/freedesktop/DBus",
		.interface = "org.freedesktop.DBus", .member = "Hello"
	};
	size_t i;

	if (d->serial == HELLO_SERIAL) {
		if (d->is_bus)
			add_message(b, &hello, true, HELLO_SERIAL);
		d->serial++;
	}
	for (i = 0; i < n; i++)
		add_message(b, &calls[i], d->is_bus,
		    d->serial + (uint32_t)i);
}

/* --- What comes --- */

void
dbus_align(struct dbus_args *a, size_t to)
{
	a->at += (to - a->at % to) % to;
}

static const char *
take(struct dbus_args *a, size_t n)
{
	const char *p = a->p + a->at;

	if (a->bad || a->at > a->n || a->n - a->at < n) {
		a->bad = true;
		return NULL;
	}
	a->at += n;
	return p;
}

uint32_t
dbus_u32(struct dbus_args *a)
{
	const char *p;
	uint32_t n = 0;

	dbus_align(a, sizeof(n));
	if ((p = take(a, sizeof(n))) != NULL)
		memcpy(&n, p, sizeof(n));
	return n;
}

static struct str
take_text(struct dbus_args *a, size_t n)
{
	const char *p = n < DBUS_MAX ? take(a, n + 1) : take(a, SIZE_MAX);

	return p == NULL ? (struct str){ "", 0 } : (struct str){ p, n };
}

struct str
dbus_str(struct dbus_args *a)
{
	return take_text(a, dbus_u32(a));
}

static struct str
take_signature(struct dbus_args *a)
{
	const char *p = take(a, 1);

	return take_text(a, p == NULL ? 0 : *(const unsigned char *)p);
}

uint32_t
dbus_variant_u32(struct dbus_args *a)
{
	if (!is(take_signature(a), "u"))
		a->bad = true;
	return dbus_u32(a);
}

struct str
dbus_variant_str(struct dbus_args *a)
{
	if (!is(take_signature(a), "s"))
		a->bad = true;
	return dbus_str(a);
}

struct message {
	unsigned	 type;
	uint32_t	 to;		/* the serial that it answers */
	struct str	 signature;
	struct str	 text;		/* of a failure: the first argument */
	struct dbus_args body;
};

/* Fields are of the types that those above have; another one ends it. */
static void
take_fields(struct dbus_args *a, size_t end, struct message *m)
{
	struct str type, text;
	const char *p;
	uint32_t n;

	while (a->at < end && !a->bad) {
		dbus_align(a, 8);
		p = take(a, 1);
		type = take_signature(a);
		n = 0;
		if (is(type, "u"))
			n = dbus_u32(a);
		else if (is(type, "g"))
			text = take_signature(a);
		else if (is(type, "s") || is(type, "o"))
			text = dbus_str(a);
		else
			a->bad = true;
		if (p != NULL && *p == F_REPLY_SERIAL)
			m->to = n;
		else if (p != NULL && *p == F_SIGNATURE && !a->bad &&
		    is(type, "g"))
			m->signature = text;
	}
}

/*
 * How long the message at p is, of which n bytes are there; 0 if that is not
 * known yet, -1 if it is none.
 */
static long
message_len(const char *p, size_t n)
{
	uint32_t body, fields;

	if (n < HEADER)
		return 0;
	memcpy(&body, p + 4, sizeof(body));
	memcpy(&fields, p + 12, sizeof(fields));
	if (p[0] != order || body > DBUS_MAX || fields > DBUS_MAX)
		return -1;
	return (long)HEADER + (fields + 7L) / 8 * 8 + (long)body;
}

static bool
parse(struct message *m, const char *p, size_t n)
{
	struct dbus_args a = { .p = p, .n = n, .at = HEADER };
	uint32_t fields;

	*m = (struct message){ .type = (unsigned char)p[1],
	    .signature = { "", 0 }, .text = { "", 0 } };
	memcpy(&fields, p + 12, sizeof(fields));
	take_fields(&a, HEADER + fields, m);
	a.at = HEADER + fields;
	dbus_align(&a, 8);
	m->body = a;
	if (m->type == FAILURE && str_starts(m->signature, str_of("s")))
		m->text = dbus_str(&a);
	return !m->body.bad;
}

/* What is asked, and what came of it. */
struct talk {
	const struct dbus_call	*calls;
	size_t			 n;
	uint32_t		 serial;	/* of the first one */
	struct dbus_args	*answers;
};

static void
take_answer(struct talk *t, const struct message *m, size_t i)
{
	struct dbus_args *a = &t->answers[i];

	*a = m->body;
	if (m->type == ANSWER && is(m->signature, t->calls[i].answer))
		return;
	a->bad = true;
	a->failure = m->type != FAILURE ?
	    str_of("it answers something else") :
	    m->text.len == 0 ? str_of("refused") : m->text;
}

/*
 * Look through the messages in all, of which those that are done with are cut.
 * NULL: all answers are among them; "": they are not, yet; else why there will
 * be none.
 */
static const char *
find_answers(struct talk *t, struct str *all)
{
	struct str rest = *all;
	size_t left = t->n, i;
	struct message m;
	long n;

	for (i = 0; i < t->n; i++)
		t->answers[i] = (struct dbus_args){ .bad = true };
	while ((n = message_len(rest.p, rest.len)) > 0 &&
	    (size_t)n <= rest.len) {
		if (!parse(&m, rest.p, (size_t)n))
			return "a message is malformed";
		rest = (struct str){ rest.p + n, rest.len - (size_t)n };
		if (m.to < t->serial || m.to - t->serial >= t->n)
			continue;
		/* To one call there is one answer. */
		if (t->answers[m.to - t->serial].p != NULL)
			continue;
		take_answer(t, &m, m.to - t->serial);
		if (--left == 0) {
			*all = rest;
			return NULL;
		}
	}
	return n == -1 ? "a message is malformed" : "";
}

/* The answer to who we are is a line; as find_answers() else. */
static const char *
find_welcome(struct talk *t, struct str *all)
{
	(void)t;
	if (all->len > 0 && memchr(all->p, '\n', all->len) != NULL) {
		if (!str_starts(*all, str_of("OK ")))
			return "it does not let us in";
		all->len = 0;
		return NULL;
	}
	return all->len > 512 ? "it does not speak D-Bus" : "";
}

static bool
wait_for(int fd, int64_t until)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	int64_t left;
	int rc;

	do {
		left = (until - clock_us()) / 1000;
		rc = poll(&pfd, 1, left > 0 ? (int)left : 0);
	} while (rc == -1 && errno == EINTR && left > 0);
	return rc > 0;
}

/* More of what comes.  Returns NULL, or why there will be none. */
static const char *
receive(int fd, int64_t until, struct buf *room)
{
	enum { STEP = 64 * 1024 };
	ssize_t n;
	char *p;

	for (;;) {
		if (room->len > DBUS_MAX)
			return "it says too much";
		if ((p = buf_room(room, STEP)) == NULL)
			return strerror(ENOMEM);
		if ((n = recv(fd, p, STEP, MSG_DONTWAIT)) > 0) {
			room->len += (size_t)n;
			return NULL;
		}
		if (n == 0)
			return "it hung up";
		if (errno == EAGAIN && !wait_for(fd, until))
			return "it took too long";
		if (errno != EAGAIN && errno != EINTR)
			return strerror(errno);
	}
}

/*
 * Say what is in out, which is emptied, and listen until find says what came
 * of it: NULL, or why it is nothing.
 */
static const char *
exchange(struct dbus *d, int ms, struct buf *out,
    const char *(*find)(struct talk *t, struct str *all), struct talk *t)
{
	int64_t until = clock_us() + (int64_t)ms * 1000;
	const char *why = "";
	struct str all;
	ssize_t n = -1;

	/* What has not been asked for may have come behind the last answer. */
	if (d->done > 0)
		memmove(d->room.p, d->room.p + d->done, d->room.len - d->done);
	d->room.len -= d->done;
	d->done = 0;
	if (!buf_failed(out))
		n = send(d->fd, out->p, out->len, MSG_NOSIGNAL);
	if (n == -1 || (size_t)n != out->len)
		return "it does not listen";
	buf_reset(out);
	while (*why == '\0') {
		if ((why = receive(d->fd, until, &d->room)) != NULL)
			return why;
		all = buf_view(&d->room);
		if ((why = find(t, &all)) == NULL) {
			d->done = d->room.len - all.len;
			return NULL;
		}
	}
	return why;
}

/* Calls wait for the welcome, for systemd passes over what comes before. */
const char *
dbus_open(struct dbus *d, const char *path, bool is_bus, int ms)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	struct buf out = { 0 };
	const char *why;
	int e;

	*d = (struct dbus){ .is_bus = is_bus, .serial = HELLO_SERIAL };
	(void)strlcpy(to.sun_path, path, sizeof(to.sun_path));
	d->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (d->fd == -1 || connect(d->fd, (const struct sockaddr *)&to,
	    sizeof(to)) == -1) {
		e = errno;
		dbus_close(d);
		errno = e;
		return strerror(e);
	}
	add_greeting(&out);
	why = exchange(d, ms, &out, find_welcome, NULL);
	buf_clear(&out);
	if (why != NULL)
		dbus_close(d);
	errno = 0;
	return why;
}

void
dbus_close(struct dbus *d)
{
	if (d->fd != -1)
		close(d->fd);
	d->fd = -1;
	buf_clear(&d->room);
}

const char *
dbus_ask(struct dbus *d, const struct dbus_call *calls, size_t n, int ms,
    struct dbus_args *answers)
{
	struct talk t = { .calls = calls, .n = n, .answers = answers };
	struct buf out = { 0 };
	const char *why;

	add_calls(&out, d, calls, n);
	t.serial = d->serial;
	d->serial += (uint32_t)n;
	why = exchange(d, ms, &out, find_answers, &t);
	buf_clear(&out);
	return why;
}

const char *
dbus_recorded(struct str messages, const struct dbus_call *call,
    struct dbus_args *answer)
{
	struct talk t = { call, 1, HELLO_SERIAL + 1, answer };
	const char *why = find_answers(&t, &messages);

	return why != NULL && *why == '\0' ? "cut short" : why;
}
