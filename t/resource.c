/*
 * resource: plan and apply resources one after the other.
 *
 *	resource [-djns] TYPE TITLE [OPTION=VALUE ...] [-- TYPE TITLE ...]
 *
 * -d prints diffs, -j details, -n is a dry run, -s calls them sensitive.  An
 * option given twice is a list.  Prints for each one the outcome with its
 * reasons, then what was done; exits 1 at the first that fails.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "resource/resource.h"

enum { OPTIONS_MAX = 64, LIST_MAX = 32 };

static const char *const outcomes[] = { "ok", "changed", "skipped", "failed" };
static bool want_detail, want_diff, dry, sensitive;

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
	struct job j = { .world = w, .want_diff = want_diff,
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

	while ((ch = getopt(argc, argv, "+djns")) != -1)
		switch (ch) {
		case 'd':
			want_diff = true;
			break;
		case 'j':
			want_detail = true;
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
	if (dry && (w = world_new()) == NULL)
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
	return outcome == OUTCOME_FAILED;
}
