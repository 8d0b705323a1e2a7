#include <sys/utsname.h>

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "facts/text.h"
#include "file/part.h"
#include "types/settings.h"
#include "types/tool.h"

/* The name of the host, and its time zone: the title says which. */
#define ZONES	"/usr/share/zoneinfo"

static const struct resource_option options[] = {
	{ NULL, 0, NULL, NULL }
};

struct identity {
	struct part_list parts;
	bool		 renames;	/* the running kernel */
	char		*target;	/* of a link */
};

static void
drop(void *state)
{
	struct identity *id = state;

	part_list_clear(&id->parts);
	free(id->target);
	free(id);
}

static struct identity *
begin(struct job *j)
{
	struct identity *id;

	if ((id = calloc(1, sizeof(*id))) == NULL) {
		job_fail(j, "out of memory");
		return NULL;
	}
	j->state = id;
	j->drop = drop;
	return id;
}

static bool
is_host_name(struct str s)
{
	size_t i;

	if (s.len == 0 || s.len > 64 || *s.p == '-' || *s.p == '.')
		return false;
	for (i = 0; i < s.len; i++)
		if (!isalnum((unsigned char)s.p[i]) && s.p[i] != '-' &&
		    s.p[i] != '.')
			return false;
	return true;
}

static enum outcome
plan_hostname(struct job *j)
{
	struct identity *id = begin(j);
	struct utsname u;
	struct part *p;

	if (id == NULL)
		return OUTCOME_FAILED;
	if (!is_host_name(j->title))
		return job_fail(j, "not the name of a host");
	if ((p = part_list_add(&id->parts, j, "/etc/hostname")) == NULL)
		return OUTCOME_FAILED;
	if (uname(&u) == 0 && strcmp(u.nodename, j->title.p) != 0) {
		id->renames = true;
		job_why(j, "the host is called %s", u.nodename);
	}
	buf_printf(&p->content, "%s\n", j->title.p);
	part_set_content(p, "0644");
	if (part_plan(p, j) == OUTCOME_FAILED)
		return OUTCOME_FAILED;
	return id->renames ? OUTCOME_CHANGED : p->outcome;
}

static enum outcome
apply_hostname(struct job *j)
{
	struct identity *id = j->state;

	if (part_list_write(&id->parts, j) == OUTCOME_FAILED)
		return OUTCOME_FAILED;
	if (!id->renames)
		return OUTCOME_CHANGED;
	if (tool_commit(j) == -1)
		return OUTCOME_FAILED;
	if (sethostname(j->title.p, j->title.len) == -1)
		return job_fail(j, "sethostname: %s", strerror(errno));
	job_did(j, "Named the host.");
	return OUTCOME_CHANGED;
}

static int
check_zone(struct job *j, const struct identity *id)
{
	if (j->title.len > 0 && *j->title.p != '/' &&
	    strstr(j->title.p, "..") == NULL &&
	    strchr(j->title.p, '\n') == NULL && access(id->target, R_OK) == 0)
		return 0;
	job_fail(j, "there is no such time zone in " ZONES);
	return -1;
}

/* Debian has the name in a file, too. */
static enum outcome
plan_timezone(struct job *j)
{
	struct identity *id = begin(j);
	enum outcome link, name = OUTCOME_OK;
	struct buf old = { 0 };
	struct part *p;

	if (id == NULL)
		return OUTCOME_FAILED;
	if (asprintf(&id->target, ZONES "/%s", j->title.p) == -1) {
		id->target = NULL;
		return job_fail(j, "out of memory");
	}
	if (check_zone(j, id) == -1 ||
	    (p = part_list_add(&id->parts, j, "/etc/localtime")) == NULL)
		return OUTCOME_FAILED;
	part_set_text(p, "ensure", "link");
	part_set_text(p, "target", id->target);
	part_set_flag(p, "force", true);
	if ((link = part_plan(p, j)) == OUTCOME_FAILED)
		return link;
	if (part_read(j, "/etc/timezone", &old)) {
		if ((p = part_list_add(&id->parts, j, "/etc/timezone")) != NULL) {
			buf_printf(&p->content, "%s\n", j->title.p);
			part_set_content(p, NULL);
			name = part_plan(p, j);
		} else
			name = OUTCOME_FAILED;
	}
	buf_clear(&old);
	return name == OUTCOME_OK ? link : name;
}

static enum outcome
apply_timezone(struct job *j)
{
	struct identity *id = j->state;
	size_t i;

	for (i = 0; i < id->parts.n; i++)
		if (part_apply(&id->parts.v[i], j) == OUTCOME_FAILED)
			return OUTCOME_FAILED;
	job_did(j, "Set the time zone.");
	return OUTCOME_CHANGED;
}

static enum outcome
pretend(struct job *j)
{
	struct identity *id = j->state;

	return part_list_pretend(&id->parts, j) == OUTCOME_FAILED ?
	    OUTCOME_FAILED : OUTCOME_CHANGED;
}

static void
watch(const struct job *j, resource_watch_fn *fn, void *arg)
{
	const struct identity *id = j->state;

	if (id != NULL)
		part_list_watch(&id->parts, fn, arg);
}

const struct resource_type resource_hostname = {
	.name = "hostname", .options = options, .plan = plan_hostname,
	.apply = apply_hostname, .pretend = pretend, .watch = watch
};

const struct resource_type resource_timezone = {
	.name = "timezone", .options = options, .plan = plan_timezone,
	.apply = apply_timezone, .pretend = pretend, .watch = watch
};
