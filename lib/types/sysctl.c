#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/watch.h"
#include "facts/text.h"
#include "file/part.h"
#include "types/settings.h"
#include "types/tool.h"

/* In the order of the table. */
enum { ENSURE, VALUE, TARGET };

static const struct resource_option options[] = {
	[ENSURE] = { "ensure", OPTION_STRING, "present",
	    "present; absent: the file goes, the kernel keeps the value" },
	[VALUE] = { "value", OPTION_STRING | OPTION_INT, NULL,
	    "of the parameter" },
	[TARGET] = { "target", OPTION_STRING, "/etc/sysctl.d/NAME.conf",
	    "the file that sets it when the host starts" },
	{ NULL, 0, NULL, NULL }
};

struct parameter {
	struct part	 part;
	char		*proc;		/* the kernel's file */
	char		*value;
	bool		 absent;
	bool		 differs;	/* in the kernel */
};

static bool
given(const struct job *j, int i)
{
	return j->values[i].type != VALUE_NONE;
}

static void
drop(void *state)
{
	struct parameter *p = state;

	part_clear(&p->part);
	free(p->proc);
	free(p->value);
	free(p);
}

/* As sysctl(8): dots stand for slashes, unless a slash comes first. */
static int
set_paths(struct job *j, struct parameter *p)
{
	char *s, *path = NULL;
	int rc = -1;

	if (j->title.len == 0 || *j->title.p == '.' || *j->title.p == '/' ||
	    strstr(j->title.p, "..") != NULL ||
	    strpbrk(j->title.p, " \t\n=") != NULL)
		return job_fail(j, "not the name of a parameter"), -1;
	if (asprintf(&p->proc, "/proc/sys/%s", j->title.p) == -1) {
		p->proc = NULL;
		return job_fail(j, "out of memory"), -1;
	}
	s = p->proc + strlen("/proc/sys/");
	if (strcspn(s, ".") < strcspn(s, "/"))
		for (; *s != '\0'; s++)
			*s = *s == '.' ? '/' : *s == '/' ? '.' : *s;
	if (given(j, TARGET))
		return part_init(&p->part, j, j->values[TARGET].str.p);
	if (asprintf(&path, "/etc/sysctl.d/%s.conf", j->title.p) == -1)
		return job_fail(j, "out of memory"), -1;
	for (s = path + strlen("/etc/sysctl.d/"); *s != '\0'; s++)
		if (*s == '/')
			*s = '.';
	rc = part_init(&p->part, j, path);
	free(path);
	return rc;
}

static int
set_value(struct job *j, struct parameter *p)
{
	const struct value *v = &j->values[VALUE];

	if (v->type == VALUE_NONE)
		return job_fail(j, "value: is missing"), -1;
	if (v->type == VALUE_STRING && (v->str.len == 0 ||
	    strchr(v->str.p, '\n') != NULL))
		return job_fail(j, "value: %s", v->str.len == 0 ?
		    "an empty string" : "more than a line"), -1;
	if (v->type == VALUE_STRING)
		p->value = strdup(v->str.p);
	else if (asprintf(&p->value, "%lld", (long long)v->num) == -1)
		p->value = NULL;
	return p->value != NULL ? 0 : (job_fail(j, "out of memory"), -1);
}

static enum outcome
compare_kernel(struct job *j, struct parameter *p)
{
	struct buf now = { 0 };
	struct str s;

	if (!part_read(j, p->proc, &now))
		return job_fail(j, "there is no such parameter here");
	s = text_trim(buf_view(&now));
	p->differs = !text_same_words(s, str_of(p->value));
	if (p->differs)
		job_why(j, "is %.*s, not %s", (int)s.len, s.p, p->value);
	buf_clear(&now);
	return p->differs ? OUTCOME_CHANGED : OUTCOME_OK;
}

static enum outcome
plan(struct job *j)
{
	enum outcome kernel = OUTCOME_OK, file;
	struct parameter *p;

	if ((p = calloc(1, sizeof(*p))) == NULL)
		return job_fail(j, "out of memory");
	j->state = p;
	j->drop = drop;
	if (job_ensure(j, &p->absent) == -1 || set_paths(j, p) == -1)
		return OUTCOME_FAILED;
	if (p->absent)
		part_set_absent(&p->part);
	else {
		if (set_value(j, p) == -1 ||
		    (kernel = compare_kernel(j, p)) == OUTCOME_FAILED)
			return OUTCOME_FAILED;
		buf_printf(&p->part.content, "%s = %s\n", j->title.p,
		    p->value);
		part_set_content(&p->part, "0644");
	}
	file = part_plan(&p->part, j);
	return file == OUTCOME_OK ? kernel : file;
}

static enum outcome
set_kernel(struct job *j, const struct parameter *p)
{
	ssize_t n = -1;
	int fd;

	if (tool_commit(j) == -1)
		return OUTCOME_FAILED;
	if ((fd = open(p->proc, O_WRONLY | O_CLOEXEC)) != -1) {
		n = write(fd, p->value, strlen(p->value));
		if (close(fd) == -1)
			n = -1;
	}
	if (n == -1)
		return job_fail(j, "%s: %s: %s", p->proc, p->value,
		    strerror(errno));
	job_did(j, "Set to %s.", p->value);
	return OUTCOME_CHANGED;
}

/* The kernel first: it says whether the value is one. */
static enum outcome
apply(struct job *j)
{
	struct parameter *p = j->state;

	if (p->differs && set_kernel(j, p) == OUTCOME_FAILED)
		return OUTCOME_FAILED;
	return part_write(&p->part, j) == OUTCOME_FAILED ? OUTCOME_FAILED :
	    OUTCOME_CHANGED;
}

static enum outcome
pretend(struct job *j)
{
	struct parameter *p = j->state;
	struct node n = { .kind = NODE_FILE, .mode = 0644 };

	if (p->differs) {
		n.data = str_of(p->value);
		if (world_set(j->world, p->proc, &n) == -1)
			return job_fail(j, "out of memory");
	}
	return part_pretend(&p->part, j) == OUTCOME_FAILED ?
	    OUTCOME_FAILED : OUTCOME_CHANGED;
}

static void
watch(const struct job *j, resource_watch_fn *fn, void *arg)
{
	const struct parameter *p = j->state;

	if (p != NULL && p->part.path != NULL)
		fn(p->part.path, WATCH_FOLLOW, arg);
}

const struct resource_type resource_sysctl = {
	.name = "sysctl", .options = options, .plan = plan,
	.apply = apply, .pretend = pretend, .watch = watch,
	.owns = part_owns
};
