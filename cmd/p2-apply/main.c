#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apply.h"
#include "base/stdfd.h"

static const char letters[] = "a:b:cD:d:e:F:fhI:jK:k:L:M:m:N:nOt:uVvW:wX:Y:y:z:";

static const struct option options[] = {
	{ "at",		required_argument, NULL, 'a' },
	{ "check",	no_argument, NULL, 'c' },
	{ "db",		required_argument, NULL, 'd' },
	{ "deadline",	required_argument, NULL, 'D' },
	{ "explain",	required_argument, NULL, 'e' },
	{ "external",	required_argument, NULL, 'F' },
	{ "force",	no_argument, NULL, 'f' },
	{ "help",	no_argument, NULL, 'h' },
	{ "every",	required_argument, NULL, 'z' },
	{ "history",	required_argument, NULL, 'y' },
	{ "include",	required_argument, NULL, 'I' },
	{ "json",	no_argument, NULL, 'j' },
	{ "keep",	required_argument, NULL, 'k' },
	{ "key",	required_argument, NULL, 'K' },
	{ "limit",	required_argument, NULL, 'L' },
	{ "memory",	required_argument, NULL, 'M' },
	{ "max-changes", required_argument, NULL, 'm' },
	{ "nice",	required_argument, NULL, 'N' },
	{ "noop",	no_argument, NULL, 'n' },
	{ "owed",	no_argument, NULL, 'O' },
	{ "restore",	required_argument, NULL, 'b' },
	{ "tag",	required_argument, NULL, 't' },
	{ "undo",	no_argument, NULL, 'u' },
	{ "version",	no_argument, NULL, 'V' },
	{ "verbose",	no_argument, NULL, 'v' },
	{ "wait",	required_argument, NULL, 'W' },
	{ "watch",	no_argument, NULL, 'w' },
	{ "window",	required_argument, NULL, 'X' },
	{ "splay",	required_argument, NULL, 'Y' },
	{ NULL, 0, NULL, 0 }
};

static const char usage_line[] =
"usage: p2-apply [-chjnVvw] [-D secs] [-d dir] [-e name] [-F dir] [-I dir]\n"
"           [-K file] [-k limits] [-L secs] [-M mib] [-m max] [-N nice]\n"
"           [-t tag] [-W secs] [-X times] [-Y secs] [-z secs] policy ...\n"
"       p2-apply -u | -b path [-fjnv] [-a time] [-d dir] [-k limits] [-W secs]\n"
"       p2-apply -O [-j] [-d dir]\n"
"       p2-apply -y path [-j] [-d dir]\n";

static const char help_text[] =
"\n"
"policy is a file; - is stdin.\n"
"\n"
"  -a, --at TIME          with -b and -u: as it was then\n"
"  -b, --restore PATH     put PATH back as it was before its last change\n"
"  -c, --check            only see whether the policy loads\n"
"  -D, --deadline SECS    begin nothing more after so long\n"
"  -d, --db DIR           the store; '' for none\n"
"  -e, --explain NAME     say why the resource NAME would change, or not\n"
"  -F, --external DIR     custom facts, instead of /etc/p2/facts.d\n"
"  -f, --force            with -b and -u: whatever is there now\n"
"  -h, --help             print this\n"
"  -I, --include DIR      find included policies in DIR, too\n"
"  -j, --json             print one JSON object a resource, and a summary\n"
"  -K, --key FILE         apply only what is signed by this key\n"
"  -k, --keep LIMITS      of what is kept: size=512,file=64,age=90\n"
"  -L, --limit SECS       stop a policy that computes for so long\n"
"  -M, --memory MIB       let a policy have so much memory\n"
"  -m, --max-changes N    change nothing if more than N would change\n"
"  -N, --nice N           give way to others, by nice value N; 19: when idle\n"
"  -n, --noop             change nothing, show what would change\n"
"  -O, --owed             list notifications that are not delivered yet\n"
"  -t, --tag TAG          only the resources with that tag; may be repeated\n"
"  -u, --undo             put back what the last run has changed\n"
"  -V, --version          print the version\n"
"  -v, --verbose          say more\n"
"  -W, --wait SECS        wait so long for another run to end\n"
"  -w, --watch            stay, and repair what is changed behind our back\n"
"  -X, --window TIMES     do nothing outside of 'Mon-Fri 02:00-04:00'\n"
"  -Y, --splay SECS       before a run, wait up to SECS, as chance has it\n"
"  -y, --history PATH     list the changes of PATH\n"
"  -z, --every SECS       stay, and apply all again every SECS seconds\n";

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

/* "size=512,file=64,age=90": MiB, MiB and days. */
static void
set_keep(struct keep_limits *l, char *text)
{
	static char size[] = "size", file[] = "file", age[] = "age";
	static char *const names[] = { size, file, age, NULL };
	const char *errstr;
	long long n;
	char *value, *rest = text, *was;
	int which;

	while (*rest != '\0') {
		was = rest;
		if ((which = getsubopt(&rest, names, &value)) == -1 ||
		    value == NULL)
			errx(2, "-k %s: not size=, file= or age=", was);
		n = strtonum(value, 0, which == 2 ? 36500 : 1 << 20, &errstr);
		if (errstr != NULL)
			errx(2, "-k %s=%s: %s", names[which], value, errstr);
		if (which == 2)
			l->age_max = (uint64_t)n * 86400;
		else
			*(which == 0 ? &l->size_max : &l->file_max) =
			    (uint64_t)n << 20;
	}
}

static void
set_option(struct asked *a, int ch)
{
	switch (ch) {
	case 'a':
		a->at = optarg;
		break;
	case 'b':
		a->restore = optarg;
		break;
	case 'c':
		a->check = true;
		break;
	case 'D':
		a->deadline = (unsigned)number(ch, optarg, 1, 7 * 86400);
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
	case 'f':
		a->force = true;
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
	case 'k':
		set_keep(&a->keep, optarg);
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
	case 'N':
		a->nice = (int)number(ch, optarg, 0, 19);
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
	case 'u':
		a->undo = true;
		break;
	case 'V':
		print_and_exit("p2-apply ", VERSION "\n");
	case 'v':
		a->verbose = true;
		break;
	case 'W':
		a->wait = (unsigned)number(ch, optarg, 0, 86400);
		break;
	case 'w':
		a->watch = true;
		break;
	case 'X':
		a->window = optarg;
		break;
	case 'Y':
		a->splay = (unsigned)number(ch, optarg, 0, 86400);
		break;
	case 'y':
		a->history = optarg;
		break;
	case 'z':
		a->every = (unsigned)number(ch, optarg, 1, 31536000);
		break;
	default:
		usage();
	}
}

/* One of the things that are done without a policy? */
static bool
is_without_policy(const struct asked *a)
{
	int modes = a->undo + a->owed + (a->restore != NULL) +
	    (a->history != NULL);

	if (modes > 1)
		errx(2, "only one of -b, -O, -u and -y can be done at a time");
	if ((a->at != NULL || a->force) && !a->undo && a->restore == NULL)
		errx(2, "-a and -f are for -b and -u");
	return modes == 1;
}

int
main(int argc, char **argv)
{
	struct asked a = { .facts = "/etc/p2/facts.d", .max_changes = -1,
	    .keep = KEEP_DEFAULT };
	int ch, status;

	if (stdfd_hold() == -1)
		err(2, "/dev/null");
	while ((ch = getopt_long(argc, argv, letters, options, NULL)) != -1)
		set_option(&a, ch);
	if ((a.watch || a.every > 0) && (a.noop || a.check))
		errx(2, "%s: not with --watch or --every", a.check ?
		    "--check" : a.explain != NULL ? "--explain" : "--noop");
	if ((a.watch || a.every > 0) && (a.deadline > 0 || a.window != NULL))
		errx(2, "%s: not with --watch or --every", a.deadline > 0 ?
		    "--deadline" : "--window");
	a.policies = argv + optind;
	if (a.dir == NULL)
		a.dir = store_default_dir();
	if ((optind == argc) != is_without_policy(&a))
		usage();
	show_begin(&a);
	if (a.history != NULL)
		status = history(&a);
	else if (a.undo || a.restore != NULL)
		status = undo(&a);
	else if (a.owed)
		status = owed_list(&a);
	else
		status = budget_is_open(&a) ? run(&a) : 0;
	show_end();
	return status;
}
