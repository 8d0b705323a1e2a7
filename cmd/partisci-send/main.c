#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/stdfd.h"
#include "base/utf8.h"
#include "store/store.h"
#include "update/update.h"

#include "send.h"

bool verbose;

struct options {
	const char	*dir;		/* "" turns the outbox off */
	const char	*host;		/* NULL: this host's name */
	const char	*server;	/* "" is the local store */
	const char	*port;		/* NULL: 7777 */
	long		 timeout_ms;
	int		 instance;	/* -1: not given */
	bool		 http;
	bool		 noop;
};

static const struct option longopts[] = {
	{ "db",		required_argument,	NULL, 'd' },
	{ "help",	no_argument,		NULL, 'h' },
	{ "http",	no_argument,		NULL, 'H' },
	{ "instance",	required_argument,	NULL, 'i' },
	{ "name",	required_argument,	NULL, 'N' },
	{ "noop",	no_argument,		NULL, 'n' },
	{ "port",	required_argument,	NULL, 'p' },
	{ "server",	required_argument,	NULL, 's' },
	{ "timeout",	required_argument,	NULL, 'T' },
	{ "verbose",	no_argument,		NULL, 'v' },
	{ "version",	no_argument,		NULL, 'V' },
	{ NULL,		0,			NULL, 0 }
};

static void
usage(FILE *fp, int status)
{
	fputs("usage: partisci-send [-HnVv] [-d dir] [-i instance] [-N host] "
	    "[-p port]\n"
	    "           [-s server] [-T secs] app version\n"
	    "       partisci-send [-HnVv] [-d dir] [-i instance] [-N host] "
	    "[-p port]\n"
	    "           [-s server] [-T secs] -\n", fp);
	if (status == 0)
		fputs("\n"
		    "  -d, --db DIR        store with the outbox; '' for none\n"
		    "  -H, --http          send over HTTP, not UDP\n"
		    "  -h, --help          print this\n"
		    "  -i, --instance NUM  which of several on this host, 0 "
		    "to 65535\n"
		    "  -N, --name HOST     the host it runs on; '' for the "
		    "sender's address\n"
		    "  -n, --noop          print the updates, send nothing\n"
		    "  -p, --port PORT     of the server, instead of 7777\n"
		    "  -s, --server HOST   name, address or URL; '' for the "
		    "local store\n"
		    "  -T, --timeout SECS  give up an attempt after so long\n"
		    "  -V, --version       print the version of this program\n"
		    "  -v, --verbose       say more on stderr\n", fp);
	if (status == 0 && (fflush(fp) == EOF || ferror(fp)))
		err(2, "stdout");
	exit(status);
}

static void
version(void)
{
	if (puts("partisci-send " VERSION) == EOF || fflush(stdout) == EOF)
		err(2, "stdout");
	exit(0);
}

/* A number, or exit; what is how the option or variable was written. */
static int
number(const char *s, int min, int max, const char *what)
{
	const char *errstr;
	int n;

	n = (int)strtonum(s, min, max, &errstr);
	if (errstr != NULL)
		errx(2, "%s %s: %s", what, s, errstr);
	return n;
}

static const char *
port_of(const char *s, const char *what)
{
	(void)number(s, 1, 65535, what);
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

static void
parse_options(struct options *o, int argc, char *argv[])
{
	int ch;

	while ((ch = getopt_long(argc, argv, "d:Hhi:N:np:s:T:Vv", longopts,
	    NULL)) != -1)
		switch (ch) {
		case 'd':
			o->dir = optarg;
			break;
		case 'H':
			o->http = true;
			break;
		case 'h':
			usage(stdout, 0);
			break;
		case 'i':
			o->instance = number(optarg, 0, UPDATE_INSTANCE_MAX,
			    "-i");
			break;
		case 'N':
			o->host = optarg;
			break;
		case 'n':
			o->noop = true;
			break;
		case 'p':
			o->port = port_of(optarg, "-p");
			break;
		case 's':
			o->server = optarg;
			break;
		case 'T':
			o->timeout_ms = 1000L * number(optarg, 1, 86400, "-T");
			break;
		case 'V':
			version();
			break;
		case 'v':
			verbose = true;
			break;
		default:
			usage(stderr, 2);
		}
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
		return udp_new(o->server, o->port, o->timeout_ms);
	return http_new(is_url(o->server) ? o->server :
	    make_url(o->server, o->port), o->timeout_ms);
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
	struct options o = { .timeout_ms = 10 * 1000, .instance = -1 };
	struct courier c = { .box.lock = -1 };
	struct defaults def;
	struct update probe;
	const char *why;
	uint64_t bad = 0;
	bool lines;
	int status;

	if (stdfd_hold() == -1)
		err(2, "/dev/null");
	parse_options(&o, argc, argv);
	argc -= optind;
	argv += optind;
	lines = argc == 1 && strcmp(argv[0], "-") == 0;
	if (!lines && argc != 2)
		usage(stderr, 2);
	settle_options(&o);
	def.host = o.host == NULL ? host_name() : str_of(o.host);
	def.instance = o.instance;
	/* A bad -N is one mistake, not one a line. */
	if (update_make(&probe, str_of("-"), str_of("-"), def.host, 0, &why) ==
	    -1)
		errx(2, "-N %s: %s", o.host, why);

	c.t = make_transport(&o);
	c.timeout_ms = o.timeout_ms;
	c.box.name = c.t->name;
	if (c.t->keepable && *o.dir != '\0')
		c.box.dir = o.dir;
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
