#include <err.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/stdfd.h"

#include "ask.h"

enum { NO_SUBJECT = -1, CHECK = ASK_NSUBJECTS, FACTS };

/* What the command line says. */
struct asked {
	const char	*dir;
	const char	*server;
	enum shape	 shape;
	bool		 verbose;
	int		 subject;
	struct question	 q;
};

static const char letters[] = "a:d:H:hjl:o:r:S:s:tVv";

static const struct option options[] = {
	{ "app",	required_argument, NULL, 'a' },
	{ "db",		required_argument, NULL, 'd' },
	{ "host",	required_argument, NULL, 'H' },
	{ "help",	no_argument, NULL, 'h' },
	{ "json",	no_argument, NULL, 'j' },
	{ "limit",	required_argument, NULL, 'l' },
	{ "older",	required_argument, NULL, 'o' },
	{ "release",	required_argument, NULL, 'r' },
	{ "since",	required_argument, NULL, 'S' },
	{ "server",	required_argument, NULL, 's' },
	{ "table",	no_argument, NULL, 't' },
	{ "version",	no_argument, NULL, 'V' },
	{ "verbose",	no_argument, NULL, 'v' },
	{ NULL, 0, NULL, 0 }
};

static const char usage_line[] =
"usage: partisci-query [-hjtVv] [-a app] [-d dir] [-H host] [-l limit]\n"
"           [-o age] [-r version] [-S time] [-s server] subject\n";

static const char help_text[] =
"\n"
"subject is apps, hosts, versions, history, stale, events, runs, results,\n"
"facts or check.\n"
"\n"
"  -a, --app APP          of that application: its name or its id\n"
"  -d, --db DIR           ask the store in DIR\n"
"  -H, --host HOST        of that host\n"
"  -h, --help             print this\n"
"  -j, --json             print one JSON document\n"
"  -l, --limit N          at most N rows\n"
"  -o, --older AGE        not heard of for so long: 24h, 7d, 3600\n"
"  -r, --release VERSION  that version, or '<1.2', '<=1.2', '>1.2', '>=1.2'\n"
"  -S, --since TIME       heard of since then: 24h, 2026-01-31, 1769850000\n"
"  -s, --server SERVER    ask a server: host[:port] or URL; '' for the store\n"
"  -t, --table            print a table\n"
"  -V, --version          print the version\n"
"  -v, --verbose          say more on stderr\n";

static void __attribute__((noreturn))
usage(void)
{
	fputs(usage_line, stderr);
	exit(2);
}

static void __attribute__((noreturn))
print_and_exit(const char *a, const char *b)
{
	if (fputs(a, stdout) == EOF || fputs(b, stdout) == EOF ||
	    fclose(stdout) == EOF)
		err(2, "stdout");
	exit(0);
}

static void
set(struct question *q, int letter, enum filter f, struct str value,
    const char *shown)
{
	const char *errstr;

	if (!question_takes(q->subject, f))
		errx(2, "-%c makes no sense for %s", letter,
		    subject_name(q->subject));
	if (question_set(q, f, value, &errstr) == -1)
		errx(2, "-%c %s: %s", letter, shown, errstr);
}

/* The name or the id: the id of an id is itself. */
static void
set_app(struct question *q, const char *app)
{
	struct update u;
	struct str s = str_of(app);
	char id[UPDATE_ID_MAX];
	const char *errstr;

	/* What is no name of an application goes on as it is, and finds none. */
	if (update_make(&u, s, str_of("0"), str_of(""), 0, &errstr) == 0)
		s = (struct str){ id, update_app_id(id, s) };
	set(q, 'a', BY_APP_ID, s, app);
}

static void
set_release(struct question *q, const char *text)
{
	static const enum filter by[] = {
		[VERSION_IS] = BY_VERSION,
		[VERSION_LT] = BY_VERSION_LT,
		[VERSION_LE] = BY_VERSION_LE,
		[VERSION_GT] = BY_VERSION_GT,
		[VERSION_GE] = BY_VERSION_GE
	};
	struct version_test test = { .op = VERSION_IS };
	const char *errstr;

	if (text[0] != '\0' &&
	    version_parse_test(&test, str_of(text), &errstr) == -1)
		errx(2, "-r %s: %s", text, errstr);
	set(q, 'r', by[test.op], test.ver, text);
}

static void
set_filter(struct question *q, int letter, const char *arg)
{
	switch (letter) {
	case 'a':
		set_app(q, arg);
		break;
	case 'H':
		set(q, letter, BY_HOST, str_of(arg), arg);
		break;
	case 'l':
		set(q, letter, BY_LIMIT, str_of(arg), arg);
		break;
	case 'o':
		set(q, letter, BY_OLDER, str_of(arg), arg);
		break;
	case 'r':
		set_release(q, arg);
		break;
	case 'S':
		set(q, letter, BY_SINCE, str_of(arg), arg);
		break;
	}
}

static void
set_shape(struct asked *a, enum shape shape)
{
	if (a->shape != SHAPE_LINES && a->shape != shape)
		errx(2, "-j and -t: a document or a table, not both");
	a->shape = shape;
}

static int
parse_subject(int argc, char **argv)
{
	int subject;

	if (argc != 1)
		usage();
	if (strcmp(argv[0], "check") == 0)
		return CHECK;
	if (strcmp(argv[0], "facts") == 0)
		return FACTS;
	if ((subject = subject_by_name(argv[0])) == -1)
		errx(2, "%s: not one of apps, hosts, versions, history, stale, "
		    "events, runs, results, facts and check", argv[0]);
	return subject;
}

/* What happened on a host, and what is kept for one, is in its own store. */
static const char *
usual_server(int subject)
{
	const char *server = getenv("PARTISCI_SERVER");

	if (server == NULL || *server == '\0' || subject == CHECK ||
	    subject == FACTS || subject == ASK_RUNS || subject == ASK_RESULTS)
		return NULL;
	return server;
}

/* Filters can be judged only when the subject is known: so two passes. */
static void
parse_options(struct asked *a, int argc, char **argv)
{
	int ch;

	while ((ch = getopt_long(argc, argv, letters, options, NULL)) != -1)
		switch (ch) {
		case 'd':
			a->dir = optarg;
			break;
		case 'h':
			print_and_exit(usage_line, help_text);
		case 'j':
			set_shape(a, SHAPE_REST);
			break;
		case 's':
			a->server = optarg;
			break;
		case 't':
			set_shape(a, SHAPE_TABLE);
			break;
		case 'V':
			print_and_exit("partisci-query ", VERSION "\n");
		case 'v':
			a->verbose = true;
			break;
		case '?':
			usage();
		}
	a->subject = parse_subject(argc - optind, argv + optind);
	if (a->server == NULL && a->dir == NULL)
		a->server = usual_server(a->subject);
	if (a->server != NULL && a->server[0] == '\0')
		a->server = NULL;
	if (a->dir != NULL && a->server != NULL)
		errx(2, "-d and -s: ask a store or a server, not both");
	if (a->dir == NULL)
		a->dir = store_default_dir();
}

static void
parse_filters(struct asked *a, int argc, char **argv)
{
	const char *errstr;
	int ch;

	question_init(&a->q, (enum subject)a->subject);
	optind = 0;			/* from the start again: getopt(3) */
	while ((ch = getopt_long(argc, argv, letters, options, NULL)) != -1)
		set_filter(&a->q, ch, optarg);
	if (question_check(&a->q, &errstr) == -1)
		errx(2, "%s", errstr);
}

/* For what is asked of the store only: no options but these. */
static void
refuse_filters(int argc, char **argv, const char *subject, const char *but)
{
	int ch;

	optind = 0;
	while ((ch = getopt_long(argc, argv, letters, options, NULL)) != -1)
		if (strchr(but, ch) == NULL)
			errx(2, "-%c makes no sense for %s", ch, subject);
}

/* The host of -H, as it is for the other subjects; empty for all. */
static const char *
parse_host(int argc, char **argv)
{
	const char *host = NULL;
	int ch;

	optind = 0;
	while ((ch = getopt_long(argc, argv, letters, options, NULL)) != -1) {
		if (ch != 'H')
			continue;
		if (host != NULL && *host != '\0')
			errx(2, "-H %s: given twice", optarg);
		host = optarg;
	}
	return host == NULL ? "" : host;
}

static int
tell_facts(const struct asked *a, int argc, char **argv)
{
	uint64_t n;

	refuse_filters(argc, argv, "facts", "dHv");
	n = ask_facts(a->dir, parse_host(argc, argv));
	if (a->verbose)
		fprintf(stderr, "rows %" PRIu64 "\n", n);
	out_close();
	return n == 0;
}

int
main(int argc, char **argv)
{
	struct asked a = { .subject = NO_SUBJECT };
	uint64_t n;

	if (stdfd_hold() == -1)
		err(2, "/dev/null");
	parse_options(&a, argc, argv);
	if (a.subject == CHECK) {
		refuse_filters(argc, argv, "check", "dv");
		n = check_store(a.dir, a.verbose);
		out_close();
		return n > 0;
	}
	if (a.subject == FACTS)
		return tell_facts(&a, argc, argv);
	parse_filters(&a, argc, argv);
	if (a.shape == SHAPE_TABLE)
		show_begin(a.q.subject);
	if (a.server != NULL)
		n = ask_server(a.server, &a.q, a.shape);
	else
		n = ask_store(a.dir, &a.q, a.shape);
	if (a.verbose)
		fprintf(stderr, "rows %" PRIu64 "\n", n);
	out_close();
	question_clear(&a.q);
	return n == 0;
}
