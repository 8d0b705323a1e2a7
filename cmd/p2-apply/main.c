#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apply.h"
#include "base/stdfd.h"

static const char letters[] = "cd:e:F:hI:jK:L:M:m:nOt:VvW:";

static const struct option options[] = {
	{ "check",	no_argument, NULL, 'c' },
	{ "db",		required_argument, NULL, 'd' },
	{ "explain",	required_argument, NULL, 'e' },
	{ "external",	required_argument, NULL, 'F' },
	{ "help",	no_argument, NULL, 'h' },
	{ "include",	required_argument, NULL, 'I' },
	{ "json",	no_argument, NULL, 'j' },
	{ "key",	required_argument, NULL, 'K' },
	{ "limit",	required_argument, NULL, 'L' },
	{ "memory",	required_argument, NULL, 'M' },
	{ "max-changes", required_argument, NULL, 'm' },
	{ "noop",	no_argument, NULL, 'n' },
	{ "owed",	no_argument, NULL, 'O' },
	{ "tag",	required_argument, NULL, 't' },
	{ "version",	no_argument, NULL, 'V' },
	{ "verbose",	no_argument, NULL, 'v' },
	{ "wait",	required_argument, NULL, 'W' },
	{ NULL, 0, NULL, 0 }
};

static const char usage_line[] =
"usage: p2-apply [-chjnVv] [-d dir] [-e name] [-F dir] [-I dir] [-K file]\n"
"           [-L secs] [-M mib] [-m max] [-t tag] [-W secs] policy ...\n"
"       p2-apply -O [-j] [-d dir]\n";

static const char help_text[] =
"\n"
"policy is a file; - is stdin.\n"
"\n"
"  -c, --check            only see whether the policy loads\n"
"  -d, --db DIR           the store; '' for none\n"
"  -e, --explain NAME     say why the resource NAME would change, or not\n"
"  -F, --external DIR     custom facts, instead of /etc/p2/facts.d\n"
"  -h, --help             print this\n"
"  -I, --include DIR      find included policies in DIR, too\n"
"  -j, --json             print one JSON object a resource, and a summary\n"
"  -K, --key FILE         apply only what is signed by this key\n"
"  -L, --limit SECS       stop a policy that computes for so long\n"
"  -M, --memory MIB       let a policy have so much memory\n"
"  -m, --max-changes N    change nothing if more than N would change\n"
"  -n, --noop             change nothing, show what would change\n"
"  -O, --owed             list notifications that are not delivered yet\n"
"  -t, --tag TAG          only the resources with that tag; may be repeated\n"
"  -V, --version          print the version\n"
"  -v, --verbose          say more\n"
"  -W, --wait SECS        wait so long for another run to end\n";

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

static long long
number(int letter, const char *text, long long least, long long most)
{
	const char *errstr;
	long long n = strtonum(text, least, most, &errstr);

	if (errstr != NULL)
		errx(2, "-%c %s: %s", letter, text, errstr);
	return n;
}

static void
add_tag(struct asked *a, const char *tag)
{
	a->tags = reallocarray(a->tags, a->ntags + 2, sizeof(*a->tags));
	if (a->tags == NULL)
		err(2, NULL);
	a->tags[a->ntags++] = tag;
	a->tags[a->ntags] = NULL;
}

static void
set_option(struct asked *a, int ch)
{
	switch (ch) {
	case 'c':
		a->check = true;
		break;
	case 'd':
		a->dir = optarg;
		break;
	case 'e':
		a->explain = optarg;
		a->noop = true;
		break;
	case 'F':
		a->facts = optarg;
		break;
	case 'h':
		print_and_exit(usage_line, help_text);
	case 'I':
		a->include = optarg;
		break;
	case 'j':
		a->json = true;
		break;
	case 'K':
		a->key = optarg;
		break;
	case 'L':
		a->seconds = (unsigned)number(ch, optarg, 1, 86400);
		break;
	case 'M':
		a->memory = (size_t)number(ch, optarg, 1, 65536) << 20;
		break;
	case 'm':
		a->max_changes = number(ch, optarg, 0, INT_MAX);
		break;
	case 'n':
		a->noop = true;
		break;
	case 'O':
		a->owed = true;
		break;
	case 't':
		add_tag(a, optarg);
		break;
	case 'V':
		print_and_exit("p2-apply ", VERSION "\n");
	case 'v':
		a->verbose = true;
		break;
	case 'W':
		a->wait = (unsigned)number(ch, optarg, 0, 86400);
		break;
	default:
		usage();
	}
}

int
main(int argc, char **argv)
{
	struct asked a = { .facts = "/etc/p2/facts.d", .max_changes = -1 };
	int ch, status;

	if (stdfd_hold() == -1)
		err(2, "/dev/null");
	while ((ch = getopt_long(argc, argv, letters, options, NULL)) != -1)
		set_option(&a, ch);
	if ((optind == argc) != a.owed)
		usage();
	a.policies = argv + optind;
	if (a.dir == NULL)
		a.dir = store_default_dir();
	show_begin(&a);
	status = a.owed ? owed_list(&a) : run(&a);
	show_end();
	return status;
}
