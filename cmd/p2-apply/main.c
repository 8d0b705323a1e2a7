#include <err.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apply.h"
#include "base/stdfd.h"
#include "common/cmdline.h"

static struct asked asked = {
	.facts = "/etc/p2/facts.d", .max_changes = -1, .keep = KEEP_DEFAULT
};

static void
add_tag(int letter, char *tag)
{
	struct asked *a = &asked;

	(void)letter;
	a->tags = reallocarray(a->tags, a->ntags + 2, sizeof(*a->tags));
	if (a->tags == NULL)
		err(2, NULL);
	a->tags[a->ntags++] = tag;
	a->tags[a->ntags] = NULL;
}

/* "size=512,file=64,age=90": MiB, MiB and days. */
static void
set_keep(int letter, char *text)
{
	struct keep_limits *l = &asked.keep;
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
			errx(2, "-%c %s: not size=, file= or age=", letter,
			    was);
		n = strtonum(value, 0, which == 2 ? 36500 : 1 << 20, &errstr);
		if (errstr != NULL)
			errx(2, "-%c %s=%s: %s", letter, names[which], value,
			    errstr);
		if (which == 2)
			l->age_max = (uint64_t)n * 86400;
		else
			*(which == 0 ? &l->size_max : &l->file_max) =
			    (uint64_t)n << 20;
	}
}

static void
set_memory(int letter, char *mib)
{
	asked.memory = (size_t)cmdline_number(letter, mib, 1, 65536) << 20;
}

static void
set_max_changes(int letter, char *max)
{
	asked.max_changes = cmdline_number(letter, max, 0, INT_MAX);
}

static const struct cmdline_option options[] = {
	{ 'a', "at", "TIME", "with -b and -u: as it was then",
	    .text = &asked.at },
	{ 'b', "restore", "PATH", "put PATH back as it was before its last "
	    "change", .text = &asked.restore },
	{ 'c', "check", NULL, "only see whether the policy loads",
	    .flag = &asked.check },
	{ 'D', "deadline", "SECS", "begin nothing more after so long",
	    .number = &asked.deadline, .least = 1, .most = 7 * 86400 },
	{ 'd', "db", "DIR", "the store; '' for none", .text = &asked.dir },
	{ 'e', "explain", "NAME", "say why the resource NAME would change, or "
	    "not", .text = &asked.explain, .flag = &asked.noop },
	{ 'F', "external", "DIR", "custom facts, instead of /etc/p2/facts.d",
	    .text = &asked.facts },
	{ 'f', "force", NULL, "whatever is there now; with -K, what is older",
	    .flag = &asked.force },
	CMDLINE_HELP,
	{ 'I', "include", "DIR", "find included policies in DIR, too",
	    .text = &asked.include },
	{ 'j', "json", NULL, "print one JSON object a resource, and a summary",
	    .flag = &asked.json },
	{ 'K', "key", "FILE", "apply only what is signed by this key",
	    .text = &asked.key },
	{ 'k', "keep", "LIMITS", "of what is kept: size=512,file=64,age=90",
	    .set = set_keep },
	{ 'L', "limit", "SECS", "stop a policy that computes for so long",
	    .number = &asked.seconds, .least = 1, .most = 86400 },
	{ 'M', "memory", "MIB", "let a policy have so much memory",
	    .set = set_memory },
	{ 'm', "max-changes", "N", "change nothing if more than N would change",
	    .set = set_max_changes },
	{ 'N', "nice", "N", "give way to others, by nice value N; 19: when idle",
	    .number = &asked.nice, .least = 0, .most = 19 },
	{ 'n', "noop", NULL, "change nothing, show what would change",
	    .flag = &asked.noop },
	{ 'O', "owed", NULL, "list notifications that are not delivered yet",
	    .flag = &asked.owed },
	{ 't', "tag", "TAG", "only the resources with that tag; may be "
	    "repeated", .set = add_tag },
	{ 'u', "undo", NULL, "put back what the last run has changed",
	    .flag = &asked.undo },
	CMDLINE_VERSION,
	{ 'v', "verbose", NULL, "say more", .flag = &asked.verbose },
	{ 'W', "wait", "SECS", "wait so long for another run to end",
	    .number = &asked.wait, .least = 0, .most = 86400 },
	{ 'w', "watch", NULL, "stay, and repair what is changed behind our "
	    "back", .flag = &asked.watch },
	{ 'X', "window", "TIMES", "do nothing outside of 'Mon-Fri 02:00-04:00'",
	    .text = &asked.window },
	{ 'Y', "splay", "SECS", "before a run, wait up to SECS, as chance has "
	    "it", .number = &asked.splay, .least = 0, .most = 86400 },
	{ 'y', "history", "PATH", "list the changes of PATH",
	    .text = &asked.history },
	{ 'z', "every", "SECS", "stay, and apply all again every SECS seconds",
	    .number = &asked.every, .least = 1, .most = 31536000 },
	{ .letter = '\0' }
};

static const struct cmdline line = {
	.tool = "p2-apply",
	.usage =
"usage: p2-apply [-chjnVvw] [-D secs] [-d dir] [-e name] [-F dir] [-I dir]\n"
"           [-K file] [-k limits] [-L secs] [-M mib] [-m max] [-N nice]\n"
"           [-t tag] [-W secs] [-X times] [-Y secs] [-z secs] policy ...\n"
"       p2-apply -u | -b path [-fjnv] [-a time] [-d dir] [-k limits] [-W secs]\n"
"       p2-apply -O [-j] [-d dir]\n"
"       p2-apply -y path [-j] [-d dir]\n",
	.about = "policy is a file; - is stdin.\n",
	.options = options
};

/* One of the things that are done without a policy? */
static bool
is_without_policy(const struct asked *a)
{
	int modes = a->undo + a->owed + (a->restore != NULL) +
	    (a->history != NULL);

	if (modes > 1)
		errx(2, "only one of -b, -O, -u and -y can be done at a time");
	if (a->at != NULL && !a->undo && a->restore == NULL)
		errx(2, "-a is for -b and -u");
	if (a->force && !a->undo && a->restore == NULL && a->key == NULL)
		errx(2, "-f is for -b, -K and -u");
	return modes == 1;
}

/* What makes no sense together. */
static void
check_options(const struct asked *a)
{
	if (!a->watch && a->every == 0)
		return;
	if (a->noop || a->check)
		errx(2, "%s: not with --watch or --every", a->check ?
		    "--check" : a->explain != NULL ? "--explain" : "--noop");
}

int
main(int argc, char **argv)
{
	const struct asked *a = &asked;
	int status;

	if (stdfd_hold() == -1)
		err(2, "/dev/null");
	asked.policies = argv + cmdline_read(&line, argc, argv);
	check_options(a);
	if (a->dir == NULL)
		asked.dir = store_default_dir();
	if ((*a->policies == NULL) != is_without_policy(a))
		cmdline_usage(&line);
	show_begin(a);
	if (a->history != NULL)
		status = history(a);
	else if (a->undo || a->restore != NULL)
		status = undo(a);
	else if (a->owed)
		status = owed_list(a);
	else
		status = run(a);
	show_end();
	return status;
}
