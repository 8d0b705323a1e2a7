/*
 * What comes back over D-Bus.  The first byte says how many calls there are,
 * the rest is sent by who listens, after the words that let us in.  Of each
 * answer values are taken as the next bytes want it; each is inside of what
 * came, and there are none behind an answer's end.
 */
#include <sys/socket.h>
#include <sys/un.h>

#include <err.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/dbus.h"

enum { CALLS = 3, WAIT_MS = 500 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char dir[] = "/tmp/fuzz-dbus.XXXXXX";
static struct sockaddr_un at = { .sun_family = AF_UNIX };
static int listening;

struct speech {
	const uint8_t	*p;
	size_t		 n;
};

static void
remove_all(void)
{
	(void)unlink(at.sun_path);
	(void)rmdir(dir);
}

static void
begin(void)
{
	if (mkdtemp(dir) == NULL)
		err(2, "%s", dir);
	(void)snprintf(at.sun_path, sizeof(at.sun_path), "%s/s", dir);
	(void)atexit(remove_all);
	listening = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (listening == -1 || bind(listening, (const struct sockaddr *)&at,
	    sizeof(at)) == -1 || listen(listening, 1) == -1)
		err(2, "%s", at.sun_path);
}

/* Let in, then wait for the calls, so that they are not taken for answers. */
static void *
speak(void *arg)
{
	static const char welcome[] = "OK 0123\r\n";
	const struct speech *s = arg;
	char heard[4096];
	int fd = accept(listening, NULL, NULL);

	(void)!read(fd, heard, sizeof(heard));
	(void)!send(fd, welcome, sizeof(welcome) - 1, MSG_NOSIGNAL);
	(void)!read(fd, heard, sizeof(heard));
	(void)!send(fd, s->p, s->n, MSG_NOSIGNAL);
	close(fd);
	return NULL;
}

static void
inside(const struct dbus_args *a, struct str s)
{
	if (a->bad ? s.len != 0 : s.p < a->p || s.p + s.len >= a->p + a->n)
		abort();
}

static void
take(struct dbus_args *a, const uint8_t *ops, size_t n)
{
	bool bad;
	size_t i;

	for (i = 0; i < n && i < 16; i++) {
		bad = a->bad;
		if (ops[i] % 5 == 0)
			inside(a, dbus_str(a));
		else if (ops[i] % 5 == 1)
			(void)dbus_u32(a);
		else if (ops[i] % 5 == 2)
			(void)dbus_variant_u32(a);
		else if (ops[i] % 5 == 3)
			inside(a, dbus_variant_str(a));
		else
			dbus_align(a, 8);
		if (bad && !a->bad)
			abort();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct dbus_call calls[CALLS] = {
		{ .path = "/a", .interface = "a.b", .member = "C",
		    .answer = "v" },
		{ .path = "/a", .interface = "a.b", .member = "D",
		    .answer = "v" },
		{ .path = "/a", .interface = "a.b", .member = "E",
		    .answer = "as" }
	};
	struct dbus_args args[CALLS];
	struct dbus d = { .fd = -1 };
	struct speech s = { data + 1, size - 1 };
	pthread_t thread;
	size_t n, i;

	if (at.sun_path[0] == '\0')
		begin();
	if (size == 0)
		return 0;
	n = data[0] % CALLS + 1;
	if (pthread_create(&thread, NULL, speak, &s) != 0)
		abort();
	if (dbus_open(&d, at.sun_path, false, WAIT_MS) == NULL &&
	    dbus_ask(&d, calls, n, WAIT_MS, args) == NULL)
		for (i = 0; i < n; i++)
			take(&args[i], s.p, s.n);
	dbus_close(&d);
	pthread_join(thread, NULL);
	return 0;
}
