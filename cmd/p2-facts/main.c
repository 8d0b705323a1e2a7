#include <err.h>
#include <getopt.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/stdfd.h"
#include "store/store.h"

#include "show.h"

static const char letters[] = "1ACd:EF:fGg:hkLMN:OPQR:sUVvx:";

static const struct option options[] = {
	{ "compact",	no_argument, NULL, '1' },
	{ "all",	no_argument, NULL, 'A' },
	{ "changed",	no_argument, NULL, 'C' },
	{ "db",		required_argument, NULL, 'd' },
	{ "shell",	no_argument, NULL, 'E' },
	{ "external",	required_argument, NULL, 'F' },
	{ "flat",	no_argument, NULL, 'f' },
	{ "list",	no_argument, NULL, 'G' },
	{ "group",	required_argument, NULL, 'g' },
	{ "help",	no_argument, NULL, 'h' },
	{ "stable",	no_argument, NULL, 'k' },
	{ "volatile",	no_argument, NULL, 'L' },
	{ "metadata",	no_argument, NULL, 'M' },
	{ "name",	required_argument, NULL, 'N' },
	{ "legacy",	no_argument, NULL, 'O' },
	{ "human",	no_argument, NULL, 'P' },
	{ "network-mounts", no_argument, NULL, 'Q' },
	{ "root",	required_argument, NULL, 'R' },
	{ "store",	no_argument, NULL, 's' },
	{ "timing",	no_argument, NULL, 'U' },
	{ "version",	no_argument, NULL, 'V' },
	{ "verbose",	no_argument, NULL, 'v' },
	{ "skip",	required_argument, NULL, 'x' },
	{ NULL, 0, NULL, 0 }
};

static const char usage_line[] =
"usage: p2-facts [-1AEfGhkLMOPQsUVv] [-d dir] [-F dir] [-g groups]\n"
"           [-N host] [-R root] [-x groups] [name ...]\n"
"       p2-facts [-CVv] [-d dir] [-R root] packages\n";

static const char help_text[] =
"\n"
"Without a name, all groups are printed but those marked opt by -G.\n"
"The name packages alone prints one update a line, for partisci-send.\n"
"\n"
"  -1, --compact          one line, on a terminal, too\n"
"  -A, --all              every group\n"
"  -C, --changed          packages: print nothing if all are as before\n"
"  -d, --db DIR           the store, for -C and -s\n"
"  -E, --shell            P2_OS_NAME='Debian' lines, safe to eval\n"
"  -F, --external DIR     custom facts, instead of /etc/p2/facts.d\n"
"  -f, --flat             os.name=Debian lines\n"
"  -G, --list             print the groups and the facts in each\n"
"  -g, --group A,B        only these groups\n"
"  -h, --help             print this\n"
"  -k, --stable           leave out what changes from moment to moment\n"
"  -L, --volatile         print the names of what -k leaves out\n"
"  -M, --metadata         ask the cloud about this instance, too\n"
"  -N, --name HOST        keep them as those of HOST\n"
"  -O, --legacy           add the flat names that old policies use\n"
"  -P, --human            sizes and times for people\n"
"  -Q, --network-mounts   ask remote file systems for their size, too\n"
"  -R, --root DIR         look below DIR, at an image or a copy\n"
"  -s, --store            print nothing, and keep the facts in the store\n"
"  -U, --timing           print {group: microseconds} on stderr\n"
"  -V, --version          print the version\n"
"  -v, --verbose          add what could not be read, as \"errors\"\n"
"  -x, --skip A,B         not these groups\n";

static void __attribute__((noreturn))
usage(void)
{
	fputs(usage_line, stderr);
	exit(EXIT_TROUBLE);
}

static void __attribute__((noreturn))
print_and_exit(const char *a, const char *b)
{
	if (fputs(a, stdout) == EOF || fputs(b, stdout) == EOF ||
	    fclose(stdout) == EOF)
		err(EXIT_OUTPUT, "stdout");
	exit(0);
}

static void __attribute__((noreturn))
list_and_exit(void (*list)(void))
{
	list();
	out_close();
	exit(0);
}

static void
set_option(struct wanted *w, int ch, const char *arg)
{
	switch (ch) {
	case '1':
		w->compact = true;
		break;
	case 'A':
		w->all = true;
		break;
	case 'C':
		w->changed = true;
		break;
	case 'd':
		w->dir = arg;
		break;
	case 'E':
		w->shell = true;
		break;
	case 'F':
		w->o.external = arg;
		break;
	case 'f':
		w->flat = true;
		break;
	case 'g':
		w->groups = arg;
		break;
	case 'k':
		w->stable = true;
		break;
	case 'M':
		w->o.metadata = true;
		break;
	case 'N':
		w->host = arg;
		break;
	case 'O':
		w->o.compat = true;
		break;
	case 'P':
		w->human = true;
		break;
	case 'Q':
		w->o.network_mounts = true;
		break;
	case 'R':
		w->o.root = arg;
		break;
	case 's':
		w->keep = true;
		break;
	case 'U':
		w->timing = true;
		break;
	case 'v':
		w->verbose = true;
		break;
	case 'x':
		w->skip = arg;
		break;
	}
}

static bool
is_packages(const struct wanted *w)
{
	return w->nnames == 1 && strcmp(w->names[0], "packages") == 0;
}

static void
check_options(const struct wanted *w)
{
	if (w->flat && w->shell)
		errx(EXIT_TROUBLE, "-E and -f: one of the two");
	if (w->nnames > 0 && (w->groups != NULL || w->skip != NULL || w->all))
		errx(EXIT_TROUBLE, "-A, -g and -x make no sense with names");
	if (w->changed && !is_packages(w))
		errx(EXIT_TROUBLE, "-C makes sense for packages only");
	if (w->keep && is_packages(w))
		errx(EXIT_TROUBLE, "-s makes no sense for packages: "
		    "their updates go to partisci-send");
	if (w->host != NULL && !w->keep)
		errx(EXIT_TROUBLE, "-N makes sense with -s only");
}

static void
parse_options(struct wanted *w, int argc, char **argv)
{
	int ch;

	while ((ch = getopt_long(argc, argv, letters, options, NULL)) != -1)
		switch (ch) {
		case 'h':
			print_and_exit(usage_line, help_text);
		case 'G':
			list_and_exit(show_list);
		case 'L':
			list_and_exit(show_volatile);
		case 'V':
			print_and_exit("p2-facts ", VERSION "\n");
		case '?':
			usage();
		default:
			set_option(w, ch, optarg);
		}
	w->names = argv + optind;
	w->nnames = argc - optind;
	check_options(w);
	if (w->dir == NULL)
		w->dir = store_default_dir();
	if (w->o.root != NULL && strcmp(w->o.root, "/") == 0)
		w->o.root = NULL;
}

int
main(int argc, char **argv)
{
	struct wanted w = { .names = NULL };
	struct facts *f;
	int rc, missing = 0;

	/* One piece of heap, and none of it given back before the end. */
	(void)mallopt(M_TOP_PAD, 256 * 1024);
	(void)mallopt(M_TRIM_THRESHOLD, 64 * 1024 * 1024);
	if (stdfd_hold() == -1)
		err(EXIT_TROUBLE, "/dev/null");
	parse_options(&w, argc, argv);
	if ((rc = facts_new(&f, &w.o)) != 0)
		errc(EXIT_TROUBLE, rc, "%s", w.o.root == NULL ? "facts" :
		    w.o.root);
	if (is_packages(&w)) {
		rc = show_packages(f, &w);
		facts_free(f);
		return rc;
	}
	if (w.nnames > 0)
		missing = choose_names(f, &w);
	else
		choose_groups(f, &w);
	if (w.keep)
		keep_facts(f, &w);
	else
		show_facts(f, &w);
	if (w.timing)
		show_timing(f);
	out_close();
	facts_free(f);
	return missing > 0 ? EXIT_ABSENT : 0;
}
