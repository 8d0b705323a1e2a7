#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/watch.h"
#include "types/settings.h"
#include "types/tool.h"

/*
 * Which of several programs a name stands for.  The link says what it is now,
 * and the administrative file whether it was chosen by hand.
 */
enum { PATH_OPTION };

static const struct resource_option options[] = {
	[PATH_OPTION] = { "path", OPTION_STRING, "auto",
	    "what it is to be, or auto: the one of the highest priority" },
	{ NULL, 0, NULL, NULL }
};

static bool
is_auto(const struct job *j)
{
	const struct value *v = &j->values[PATH_OPTION];

	return v->type == VALUE_NONE || strcmp(v->str.p, "auto") == 0;
}

static const char *
link_of(const struct job *j, char room[PATH_MAX])
{
	(void)snprintf(room, PATH_MAX, "/etc/alternatives/%s", j->title.p);
	return room;
}

/* The first line of the file is "auto" or "manual"; false if there is none. */
static bool
look(const struct job *j, bool *manual)
{
	static const char *const dirs[] = { "/var/lib/dpkg/alternatives",
	    "/var/lib/alternatives" };
	char path[PATH_MAX], line[16] = "";
	size_t i;
	FILE *f;

	for (i = 0; i < 2; i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", dirs[i],
		    j->title.p);
		if ((f = fopen(path, "re")) == NULL)
			continue;
		if (fgets(line, sizeof(line), f) == NULL)
			line[0] = '\0';
		fclose(f);
		*manual = strncmp(line, "manual", 6) == 0;
		return true;
	}
	return false;
}

static int
check(struct job *j)
{
	const struct value *v = &j->values[PATH_OPTION];
	size_t i;

	for (i = 0; i < j->title.len; i++)
		if (!isalnum((unsigned char)j->title.p[i]) &&
		    strchr("-_.+", j->title.p[i]) == NULL)
			break;
	if (j->title.len == 0 || i < j->title.len || *j->title.p == '-' ||
	    *j->title.p == '.')
		return job_fail(j, "not a name of alternatives"), -1;
	if (!is_auto(j) && *v->str.p != '/')
		return job_fail(j, "path %s: neither absolute nor auto",
		    v->str.p), -1;
	return 0;
}

static enum outcome
plan(struct job *j)
{
	char path[PATH_MAX], now[PATH_MAX] = "";
	const char *want = j->values[PATH_OPTION].str.p;
	struct node n;
	bool manual = false;
	ssize_t len;

	if (check(j) == -1)
		return OUTCOME_FAILED;
	if (!look(j, &manual))
		return job_fail(j, "there are no such alternatives");
	if (world_look(j->world, link_of(j, path), &n) &&
	    n.kind == NODE_LINK && n.data.p != NULL) {
		(void)snprintf(now, sizeof(now), "%s", n.data.p);
		manual = !(is_auto(j) && *now == '\0');
	} else if ((len = readlink(path, now, sizeof(now) - 1)) != -1)
		now[len] = '\0';
	if (is_auto(j) ? !manual : manual && strcmp(now, want) == 0)
		return OUTCOME_OK;
	if (is_auto(j))
		job_why(j, "was chosen by hand: %s", now);
	else if (strcmp(now, want) == 0)
		job_why(j, "is %s, but was not chosen", now);
	else
		job_why(j, "is %s, not %s", now, want);
	return OUTCOME_CHANGED;
}

static enum outcome
apply(struct job *j)
{
	const char *path = j->values[PATH_OPTION].str.p;
	const char *chosen[] = { "update-alternatives", "--set", j->title.p,
	    path, NULL };
	const char *automatic[] = { "update-alternatives", "--auto",
	    j->title.p, NULL };

	if (tool_run(j, is_auto(j) ? automatic : chosen) == -1)
		return OUTCOME_FAILED;
	job_did(j, "Set to %s.", is_auto(j) ? "auto" : path);
	return OUTCOME_CHANGED;
}

/* What auto chooses is not known beforehand: an empty link stands for it. */
static enum outcome
pretend(struct job *j)
{
	struct node n = { .kind = NODE_LINK, .mode = 0777,
	    .data = is_auto(j) ? str_of("") : j->values[PATH_OPTION].str };
	char path[PATH_MAX];

	return world_set(j->world, link_of(j, path), &n) == -1 ?
	    job_fail(j, "out of memory") : OUTCOME_CHANGED;
}

static void
watch(const struct job *j, resource_watch_fn *fn, void *arg)
{
	char path[PATH_MAX];

	if (j->title.len > 0 && memchr(j->title.p, '/', j->title.len) == NULL)
		fn(link_of(j, path), 0, arg);
}

const struct resource_type resource_alternatives = {
	.name = "alternatives", .options = options, .plan = plan,
	.apply = apply, .pretend = pretend, .watch = watch
};
