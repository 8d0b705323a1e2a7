#include <err.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/stdfd.h"
#include "common/cmdline.h"
#include "store/store.h"

#include "show.h"

static struct wanted wanted;

static _Noreturn void
list_and_exit(int letter, char *arg)
{
	(void)arg;
	if (letter == 'G')
		show_list();
	else
		show_volatile();
	out_close();
	exit(0);
}

static const struct cmdline_option options[] = {
	{ '1', "compact", NULL, "one line, on a terminal, too",
	    .flag = &wanted.compact },
	{ 'A', "all", NULL, "every group", .flag = &wanted.all },
	{ 'C', "changed", NULL, "packages: print nothing if all are as before",
	    .flag = &wanted.changed },
	{ 'd', "db", "DIR", "the store, for -C and -s", .text = &wanted.dir },
	{ 'E', "shell", NULL, "P2_OS_NAME='Debian' lines, safe to eval",
	    .flag = &wanted.shell },
	{ 'F', "external", "DIR", "custom facts, instead of /etc/p2/facts.d",
	    .text = &wanted.o.external },
	{ 'f', "flat", NULL, "os.name=Debian lines", .flag = &wanted.flat },
	{ 'G', "list", NULL, "print the groups and the facts in each",
	    .set = list_and_exit },
	{ 'g', "group", "A,B", "only these groups", .text = &wanted.groups },
	CMDLINE_HELP,
	{ 'k', "stable", NULL, "leave out what changes from moment to moment",
	    .flag = &wanted.stable },
	{ 'L', "volatile", NULL, "print the names of what -k leaves out",
	    .set = list_and_exit },
	{ 'M', "metadata", NULL, "ask the cloud about this instance, too",
	    .flag = &wanted.o.metadata },
	{ 'N', "name", "HOST", "keep them as those of HOST",
	    .text = &wanted.host },
	{ 'O', "legacy", NULL, "add the flat names that old policies use",
	    .flag = &wanted.o.compat },
	{ 'P', "human", NULL, "sizes and times for people",
	    .flag = &wanted.human },
	{ 'Q', "network-mounts", NULL, "ask remote file systems for their "
	    "size, too", .flag = &wanted.o.network_mounts },
	{ 'R', "root", "DIR", "look below DIR, at an image or a copy",
	    .text = &wanted.o.root },
	{ 's', "store", NULL, "print nothing, and keep the facts in the store",
	    .flag = &wanted.keep },
	{ 'U', "timing", NULL, "print {group: microseconds} on stderr",
	    .flag = &wanted.timing },
	CMDLINE_VERSION,
	{ 'v', "verbose", NULL, "add what could not be read, as \"errors\"",
	    .flag = &wanted.verbose },
	{ 'x', "skip", "A,B", "not these groups", .text = &wanted.skip },
	{ .letter = '\0' }
};

static const struct cmdline line = {
	.tool = "p2-facts",
	.usage =
"usage: p2-facts [-1AEfGhkLMOPQsUVv] [-d dir] [-F dir] [-g groups]\n"
"           [-N host] [-R root] [-x groups] [name ...]\n"
"       p2-facts [-CVv] [-d dir] [-R root] packages\n",
	.about =
"Without a name, all groups are printed but those marked opt by -G.\n"
"The name packages alone prints one update a line, for partisci-send.\n",
	.options = options,
	.unwritten = EXIT_OUTPUT
};

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
	int operand = cmdline_read(&line, argc, argv);

	w->names = argv + operand;
	w->nnames = argc - operand;
	check_options(w);
	if (w->dir == NULL)
		w->dir = store_default_dir();
	if (w->o.root != NULL && strcmp(w->o.root, "/") == 0)
		w->o.root = NULL;
}

int
main(int argc, char **argv)
{
	struct wanted *w = &wanted;
	struct facts *f;
	int rc, missing = 0;

	/* One piece of heap, and none of it given back before the end. */
	(void)mallopt(M_TOP_PAD, 256 * 1024);
	(void)mallopt(M_TRIM_THRESHOLD, 64 * 1024 * 1024);
	if (stdfd_hold() == -1)
		err(EXIT_TROUBLE, "/dev/null");
	parse_options(w, argc, argv);
	if ((rc = facts_new(&f, &w->o)) != 0)
		errc(EXIT_TROUBLE, rc, "%s", w->o.root == NULL ? "facts" :
		    w->o.root);
	if (is_packages(w)) {
		rc = show_packages(f, w);
		facts_free(f);
		return rc;
	}
	if (w->nnames > 0)
		missing = choose_names(f, w);
	else
		choose_groups(f, w);
	if (w->keep)
		keep_facts(f, w);
	else
		show_facts(f, w);
	if (w->timing)
		show_timing(f);
	out_close();
	facts_free(f);
	return missing > 0 ? EXIT_ABSENT : 0;
}
