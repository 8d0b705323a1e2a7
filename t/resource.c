/*
 * resource: plan and apply resources one after the other.
 *
 *	resource [-djKkns] TYPE TITLE [OPTION=VALUE ...] [-- TYPE TITLE ...]
 *
 * -d prints diffs, -j details, -k what the journal is told, -n is a dry run,
 * -s calls them sensitive.  With -K no commit of the journal succeeds.  An
 * option given twice is a list.  Prints for each one the outcome with its
 * reasons, then what was done; exits 1 at the first that fails.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/why.h"
#include "package/package.h"
#include "resource/journal.h"
#include "resource/resource.h"
#include "types/types.h"

enum { OPTIONS_MAX = 64, LIST_MAX = 32 };

static const char *const outcomes[] = { "ok", "changed", "skipped", "failed" };
static bool want_detail, want_diff, dry, sensitive;
static struct packages *packages;

static void
show_what_was(const struct journal_step *s)
{
	char room[80];
	ssize_t n = 0;

	switch (s->was) {
	case NODE_NONE:
		printf("nothing");
		break;
	case NODE_FILE:
		if (s->old != -1)
			n = pread(s->old, room, sizeof(room), 0);
		printf("file %04o '%.*s'", (unsigned)s->st.st_mode & 07777,
		    n > 0 ? (int)n : 0, room);
		break;
	case NODE_LINK:
		printf("link to %s", s->old_target);
		break;
	default:
		printf("%s %04o", s->was == NODE_DIR ? "directory" : "other",
		    (unsigned)s->st.st_mode & 07777);
	}
}

static int
note(struct journal *jn, const struct job *j, const struct journal_step *s,
    struct buf *why)
{
	static const char *const ops[] = { "mkdir", "write", "link", "attrs",
	    "unlink", "rmdir" };
	unsigned char digest[32];

	(void)jn;
	printf("note %s %.*s: %s %s%s: was ", j->type->name,
	    (int)j->title.len, j->title.p, ops[s->op], s->path,
	    s->sensitive ? " (sensitive)" : "");
	show_what_was(s);
	if (s->op == JOURNAL_LINK)
		printf(", will lead to %s", s->target);
	if (s->op == JOURNAL_WRITE) {
		if (journal_digest(s, digest, why) == -1)
			return -1;
		printf(", will be %02x%02x%02x%02x", digest[0], digest[1],
		    digest[2], digest[3]);
	}
	putchar('\n');
	return 0;
}

static int
commit(struct journal *jn, const struct job *j, struct buf *why)
{
	(void)jn;
	(void)why;
	printf("commit %s %.*s\n", j->type->name, (int)j->title.len,
	    j->title.p);
	return 0;
}

static int
commit_not(struct journal *jn, const struct job *j, struct buf *why)
{
	(void)jn;
	(void)j;
	return why_say(why, "the journal is full");
}

static void
forget(struct journal *jn)
{
	(void)jn;
	puts("forget");
}

static struct journal shown = { note, commit, forget, NULL };
static struct journal *journal;

static void
set_value(const struct resource_type *t, struct value *values,
    struct str lists[][LIST_MAX], const char *arg)
{
	const char *eq = strchr(arg, '=');
	struct value *v;
	unsigned types;
	int i;

	if (eq == NULL)
		errx(2, "%s: not OPTION=VALUE", arg);
	i = option_find(t->options, (struct str){ arg, (size_t)(eq - arg) });
	if (i == -1)
		errx(2, "%s: no such option", arg);
	v = &values[i];
	types = t->options[i].types;
	if (types & OPTION_BOOL) {
		v->type = VALUE_BOOL;
		v->yes = strcmp(eq + 1, "true") == 0;
	} else if ((types & OPTION_INT) && strspn(eq + 1, "0123456789") ==
	    strlen(eq + 1)) {
		v->type = VALUE_INT;
		v->num = atoll(eq + 1);
	} else if (types & OPTION_LIST) {
		v->type = VALUE_LIST;
		v->list = lists[i];
		if (v->n == LIST_MAX)
			errx(2, "%s: one too many", arg);
		lists[i][v->n++] = str_of(eq + 1);
	} else {
		v->type = VALUE_STRING;
		v->str = str_of(eq + 1);
	}
}

static void
show(struct job *j, enum outcome outcome)
{
	printf("%s%s%.*s\n", outcomes[outcome], j->why.len > 0 ? ": " : "",
	    (int)j->why.len, j->why.p);
	if (want_detail)
		printf("{%.*s}\n", (int)j->detail.len, j->detail.p);
	if (want_diff)
		printf("%.*s", (int)j->diff.len, j->diff.p);
	printf("%.*s", (int)j->did.len, j->did.p);
}

static enum outcome
run(struct world *w, const char *name, const char *title, char **args)
{
	static struct value values[OPTIONS_MAX];
	static struct str lists[OPTIONS_MAX][LIST_MAX];
	struct job j = { .world = w, .packages = packages,
	    .journal = dry ? NULL : journal,
	    .want_diff = want_diff,
	    .want_detail = want_detail,
	    .sensitive = sensitive, .values = values };
	enum outcome outcome;

	if ((j.type = resource_find(str_of(name))) == NULL)
		errx(2, "%s: no such resource", name);
	j.title = str_of(title);
	memset(values, 0, sizeof(values));
	for (; *args != NULL; args++)
		set_value(j.type, values, lists, *args);
	outcome = j.type->plan(&j);
	if (outcome == OUTCOME_CHANGED)
		outcome = dry ? j.type->pretend(&j) : j.type->apply(&j);
	show(&j, outcome);
	job_clear(&j);
	return outcome;
}

int
main(int argc, char **argv)
{
	struct world *w = NULL;
	enum outcome outcome = OUTCOME_OK;
	int ch, end;

	while ((ch = getopt(argc, argv, "+djKkns")) != -1)
		switch (ch) {
		case 'd':
			want_diff = true;
			break;
		case 'j':
			want_detail = true;
			break;
		case 'K':
			shown.commit = commit_not;
			journal = &shown;
			break;
		case 'k':
			journal = &shown;
			break;
		case 'n':
			dry = true;
			break;
		case 's':
			sensitive = true;
			break;
		default:
			return 2;
		}
	if (journal != NULL)
		setvbuf(stdout, NULL, _IOLBF, 0);	/* order, in a trace */
	if ((packages = packages_new()) == NULL ||
	    (dry && (w = world_new()) == NULL))
		err(2, NULL);
	for (; optind + 1 < argc && outcome != OUTCOME_FAILED;
	    optind = end + 1) {
		for (end = optind; end < argc; end++)
			if (strcmp(argv[end], "--") == 0)
				break;
		if (end - optind < 2)
			errx(2, "a type and a title, please");
		argv[end] = NULL;
		outcome = run(w, argv[optind], argv[optind + 1],
		    argv + optind + 2);
	}
	world_free(w);
	packages_free(packages);
	return outcome == OUTCOME_FAILED;
}
