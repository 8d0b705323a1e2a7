#include <err.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/stdfd.h"
#include "base/utf8.h"
#include "common/cmdline.h"
#include "store/store.h"
#include "update/update.h"

#include "send.h"

bool verbose;

struct options {
	const char	*dir;		/* "" turns the outbox off */
	const char	*host;		/* NULL: this host's name */
	const char	*server;	/* "" is the local store */
	const char	*port;		/* NULL: 7777 */
	unsigned	 timeout;	/* seconds */
	int		 instance;	/* -1: not given */
	bool		 http;
	bool		 noop;
};

static struct options asked = { .timeout = 10, .instance = -1 };

static void
set_instance(int letter, char *number)
{
	asked.instance = (int)cmdline_number(letter, number, 0,
	    UPDATE_INSTANCE_MAX);
}

static void
set_port(int letter, char *port)
{
	(void)cmdline_number(letter, port, 1, 65535);
	asked.port = port;
}

static const struct cmdline_option options[] = {
	{ 'd', "db", "DIR", "store with the outbox; '' for none",
	    .text = &asked.dir },
	{ 'H', "http", NULL, "send over HTTP, not UDP", .flag = &asked.http },
	CMDLINE_HELP,
	{ 'i', "instance", "NUM", "which of several on this host, 0 to 65535",
	    .set = set_instance },
	{ 'N', "name", "HOST", "the host it runs on; '' for the sender's "
	    "address", .text = &asked.host },
	{ 'n', "noop", NULL, "print the updates, send nothing",
	    .flag = &asked.noop },
	{ 'p', "port", "PORT", "of the server, instead of 7777",
	    .set = set_port },
	{ 's', "server", "HOST", "name, address or URL; '' for the local store",
	    .text = &asked.server },
	{ 'T', "timeout", "SECS", "give up an attempt after so long",
	    .number = &asked.timeout, .least = 1, .most = 86400 },
	CMDLINE_VERSION,
	{ 'v', "verbose", NULL, "say more on stderr", .flag = &verbose },
	{ .letter = '\0' }
};

static const struct cmdline line = {
	.tool = "partisci-send",
	.usage =
"usage: partisci-send [-HnVv] [-d dir] [-i instance] [-N host] [-p port]\n"
"           [-s server] [-T secs] app version\n"
"       partisci-send [-HnVv] [-d dir] [-i instance] [-N host] [-p port]\n"
"           [-s server] [-T secs] -\n",
	.about = "",
	.options = options
};

/* A port that was not given as an option; what names where it stands. */
static const char *
port_of(const char *s, const char *what)
{
	const char *errstr;

	(void)strtonum(s, 1, 65535, &errstr);
	if (errstr != NULL)
		errx(2, "%s %s: %s", what, s, errstr);
	return s;
}

static bool
is_url(const char *s)
{
	return strncasecmp(s, "http://", 7) == 0 ||
	    strncasecmp(s, "https://", 8) == 0;
}

/* An environment variable that is empty is none. */
static const char *
from_env(const char *name)
{
	const char *s = getenv(name);

	return s != NULL && *s != '\0' ? s : NULL;
}

/*
 * Split "host:port" and "[address]:port", and take brackets away.  A colon in
 * anything else is part of an IPv6 address.
 */
static void
split_server(struct options *o)
{
	static char copy[1024];
	char *host = copy, *end;

	if (strlcpy(copy, o->server, sizeof(copy)) >= sizeof(copy))
		errx(2, "-s %s: too long", o->server);
	end = strchr(host, *host == '[' ? ']' : ':');
	if (end != NULL && *host == '[' && (end[1] == ':' || end[1] == '\0')) {
		host++;
		*end++ = '\0';
	} else if (end == NULL || *host == '[' || strchr(end + 1, ':') != NULL)
		return;
	o->server = host;
	if (*end == '\0')
		return;
	*end = '\0';
	if (o->port != NULL)
		errx(2, "-p %s: there is a port in %s:%s", o->port, host,
		    end + 1);
	o->port = port_of(end + 1, host);
}

/* What the options leave open, and what does not go together. */
static void
settle_options(struct options *o)
{
	const char *port;

	if (o->server == NULL && (o->server = from_env("PARTISCI_SERVER")) ==
	    NULL)
		o->server = "127.0.0.1";
	if (is_url(o->server)) {
		if (o->port != NULL)
			errx(2, "-p %s: the port belongs into the URL, %s",
			    o->port, o->server);
		o->http = true;
	} else
		split_server(o);
	if (*o->server == '\0' && o->http)
		errx(2, "-H: the local store is not asked over HTTP");
	if (*o->server == '\0' && o->dir != NULL && *o->dir == '\0')
		errx(2, "-d '': there is neither a server nor a store");
	if (o->port == NULL) {
		port = from_env("PARTISCI_PORT");
		o->port = port == NULL ? "7777" :
		    port_of(port, "$PARTISCI_PORT");
	}
	if (o->dir == NULL)
		o->dir = store_default_dir();
}

/*
 * This host as updates name it: nothing where its name breaks their rules, so
 * that the server goes by the address.
 */
static struct str
host_name(void)
{
	static char name[HOST_NAME_MAX + 1];
	struct str s;

	if (gethostname(name, sizeof(name) - 1) == -1)
		return str_of("");
	s = str_of(name);
	return utf8_count(s) <= UPDATE_CHARS_MAX ? s : str_of("");
}

/* The host part of a URL: an IPv6 address needs its brackets there. */
static char *
make_url(const char *server, const char *port)
{
	char *url;

	if (asprintf(&url, strchr(server, ':') != NULL ? "http://[%s]:%s" :
	    "http://%s:%s", server, port) == -1)
		err(2, NULL);
	return url;
}

static struct transport *
make_transport(const struct options *o)
{
	if (o->noop)
		return stdout_new();
	if (*o->server == '\0')
		return local_new(o->dir);
	if (!o->http)
		return udp_new(o->server, o->port, 1000L * o->timeout);
	return http_new(is_url(o->server) ? o->server :
	    make_url(o->server, o->port), 1000L * o->timeout);
}

/* One update, from the operands. */
static void
send_operands(struct courier *c, const char *app, const char *ver,
    const struct defaults *def)
{
	struct update u;
	struct buf *b;
	const char *why;

	if (update_make(&u, str_of(app), str_of(ver), def->host,
	    def->instance == -1 ? 0 : (unsigned)def->instance, &why) == -1)
		errx(2, "%s", why);
	b = courier_room(c, 0);
	update_format(b, &u);
	buf_putc(b, '\n');
}

int
main(int argc, char *argv[])
{
	struct options *o = &asked;
	struct courier c = { .box.lock = -1 };
	struct defaults def;
	struct update probe;
	const char *why;
	uint64_t bad = 0;
	bool lines;
	int operand, status;

	if (stdfd_hold() == -1)
		err(2, "/dev/null");
	operand = cmdline_read(&line, argc, argv);
	argc -= operand;
	argv += operand;
	lines = argc == 1 && strcmp(argv[0], "-") == 0;
	if (!lines && argc != 2)
		cmdline_usage(&line);
	settle_options(o);
	def.host = o->host == NULL ? host_name() : str_of(o->host);
	def.instance = o->instance;
	/* A bad -N is one mistake, not one a line. */
	if (update_make(&probe, str_of("-"), str_of("-"), def.host, 0, &why) ==
	    -1)
		errx(2, "-N %s: %s", o->host, why);

	c.t = make_transport(o);
	c.timeout_ms = 1000L * o->timeout;
	c.box.name = c.t->name;
	if (c.t->keepable && *o->dir != '\0')
		c.box.dir = o->dir;
	if (lines) {
		courier_start(&c);
		bad = input_lines(&c, &def);
	} else {
		send_operands(&c, argv[0], argv[1], &def);
		courier_start(&c);
	}
	status = courier_finish(&c);
	return bad > 0 ? 2 : status;
}
