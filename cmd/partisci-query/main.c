#include <err.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/stdfd.h"
#include "common/cmdline.h"

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

static struct asked asked = { .subject = NO_SUBJECT };

/* Filters can be judged only when the subject is known. */
static struct given {
	int		 letter;
	const char	*arg;
} *given;
static size_t ngiven;

static void
remember(int letter, char *arg)
{
	struct given *more;

	if ((more = reallocarray(given, ngiven + 1, sizeof(*given))) == NULL)
		err(2, NULL);
	given = more;
	given[ngiven++] = (struct given){ letter, arg };
}

static void
set_shape(int letter, char *arg)
{
	enum shape shape = letter == 'j' ? SHAPE_REST : SHAPE_TABLE;

	if (asked.shape != SHAPE_LINES && asked.shape != shape)
		errx(2, "-j and -t: a document or a table, not both");
	asked.shape = shape;
	remember(letter, arg);
}

static const struct cmdline_option options[] = {
	{ 'a', "app", "APP", "of that application: its name or its id",
	    .set = remember },
	{ 'd', "db", "DIR", "ask the store in DIR", .text = &asked.dir },
	{ 'H', "host", "HOST", "of that host", .set = remember },
	CMDLINE_HELP,
	{ 'j', "json", NULL, "print one JSON document", .set = set_shape },
	{ 'l', "limit", "N", "at most N rows", .set = remember },
	{ 'o', "older", "AGE", "not heard of for so long: 24h, 7d, 3600",
	    .set = remember },
	{ 'r', "release", "VERSION", "that version, or '<1.2', '<=1.2', "
	    "'>1.2', '>=1.2'", .set = remember },
	{ 'S', "since", "TIME", "heard of since then: 24h, 2026-01-31, "
	    "1769850000", .set = remember },
	{ 's', "server", "SERVER", "ask a server: host[:port] or URL; '' for "
	    "the store", .text = &asked.server, .set = remember },
	{ 't', "table", NULL, "print a table", .set = set_shape },
	CMDLINE_VERSION,
	{ 'v', "verbose", NULL, "say more on stderr", .flag = &asked.verbose },
	{ .letter = '\0' }
};

static const struct cmdline line = {
	.tool = "partisci-query",
	.usage =
"usage: partisci-query [-hjtVv] [-a app] [-d dir] [-H host] [-l limit]\n"
"           [-o age] [-r version] [-S time] [-s server] subject\n",
	.about =
"subject is apps, hosts, versions, history, stale, events, runs, results,\n"
"facts or check.\n",
	.options = options
};

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

static int
parse_subject(int argc, char **argv)
{
	int subject;

	if (argc != 1)
		cmdline_usage(&line);
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

static void
parse_options(struct asked *a, int argc, char **argv)
{
	int operand = cmdline_read(&line, argc, argv);

	a->subject = parse_subject(argc - operand, argv + operand);
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
set_filters(struct question *q, enum subject subject)
{
	const char *errstr;
	size_t i;

	question_init(q, subject);
	for (i = 0; i < ngiven; i++)
		set_filter(q, given[i].letter, given[i].arg);
	if (question_check(q, &errstr) == -1)
		errx(2, "%s", errstr);
}

/* For what is asked of the store only: no filters but this one, or '\0'. */
static void
refuse_filters(const char *subject, int but)
{
	size_t i;

	for (i = 0; i < ngiven; i++)
		if (given[i].letter != but)
			errx(2, "-%c makes no sense for %s", given[i].letter,
			    subject);
}

/* The host of -H, as it is for the other subjects; empty for all. */
static const char *
given_host(void)
{
	const char *host = "";
	size_t i;

	for (i = 0; i < ngiven; i++) {
		if (given[i].letter != 'H')
			continue;
		if (*host != '\0')
			errx(2, "-H %s: given twice", given[i].arg);
		host = given[i].arg;
	}
	return host;
}

static int
tell_facts(const struct asked *a)
{
	uint64_t n;

	refuse_filters("facts", 'H');
	n = ask_facts(a->dir, given_host());
	if (a->verbose)
		fprintf(stderr, "rows %" PRIu64 "\n", n);
	out_close();
	return n == 0;
}

int
main(int argc, char **argv)
{
	struct asked *a = &asked;
	uint64_t n;

	if (stdfd_hold() == -1)
		err(2, "/dev/null");
	parse_options(a, argc, argv);
	if (a->subject == CHECK) {
		refuse_filters("check", '\0');
		n = check_store(a->dir, a->verbose);
		out_close();
		return n > 0;
	}
	if (a->subject == FACTS)
		return tell_facts(a);
	set_filters(&a->q, (enum subject)a->subject);
	if (a->shape == SHAPE_TABLE)
		show_begin(a->q.subject);
	if (a->server != NULL)
		n = ask_server(a->server, &a->q, a->shape);
	else
		n = ask_store(a->dir, &a->q, a->shape);
	if (a->verbose)
		fprintf(stderr, "rows %" PRIu64 "\n", n);
	out_close();
	question_clear(&a->q);
	return n == 0;
}
