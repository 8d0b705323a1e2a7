#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/watch.h"
#include "file/part.h"
#include "file/plan.h"

int
part_init(struct part *p, struct job *whole, const char *path)
{
	if ((p->path = strdup(path)) != NULL)
		return 0;
	job_fail(whole, "out of memory");
	return -1;
}

void
part_clear(struct part *p)
{
	job_clear(&p->job);
	free(p->path);
	buf_clear(&p->content);
	p->path = NULL;
}

static void
set(struct part *p, const char *option, struct value v)
{
	int i = option_find(resource_file.options, str_of(option));

	if (i >= 0 && i < PART_OPTIONS_MAX)
		p->values[i] = v;
}

void
part_set_text(struct part *p, const char *option, const char *text)
{
	set(p, option, (struct value){ .type = VALUE_STRING,
	    .str = str_of(text) });
}

void
part_set_flag(struct part *p, const char *option, bool yes)
{
	set(p, option, (struct value){ .type = VALUE_BOOL, .yes = yes });
}

void
part_set_content(struct part *p, const char *mode)
{
	set(p, "content", (struct value){ .type = VALUE_STRING,
	    .str = p->content.len > 0 ? buf_view(&p->content) :
	    str_of("") });
	if (mode != NULL)
		part_set_text(p, "mode", mode);
	part_set_flag(p, "parents", true);
}

void
part_set_absent(struct part *p)
{
	p->absent = true;
	part_set_text(p, "ensure", "absent");
}

static enum outcome
fail(const struct part *p, struct job *whole)
{
	return job_fail(whole, "%s: %.*s", p->path, (int)p->job.why.len,
	    p->job.why.len > 0 ? p->job.why.p : "");
}

enum outcome
part_plan(struct part *p, struct job *whole)
{
	p->job = *whole;
	p->job.type = &resource_file;
	p->job.title = str_of(p->path);
	p->job.values = p->values;
	p->job.why = p->job.did = p->job.diff = p->job.detail = p->job.out =
	    p->job.err = (struct buf){ 0 };
	p->job.state = NULL;
	p->job.drop = NULL;
	p->job.want_detail = false;
	part_set_flag(p, "keep_orig", false);
	p->outcome = resource_file.plan(&p->job);
	if (p->outcome == OUTCOME_FAILED)
		return fail(p, whole);
	if (p->outcome == OUTCOME_CHANGED)
		job_why(whole, "%s: %.*s", p->path, (int)p->job.why.len,
		    p->job.why.p);
	buf_str(&whole->diff, buf_view(&p->job.diff));
	return p->outcome;
}

enum outcome
part_apply(struct part *p, struct job *whole)
{
	if (p->outcome != OUTCOME_CHANGED)
		return p->outcome;
	p->outcome = resource_file.apply(&p->job);
	return p->outcome == OUTCOME_FAILED ? fail(p, whole) : p->outcome;
}

enum outcome
part_pretend(struct part *p, struct job *whole)
{
	if (p->outcome != OUTCOME_CHANGED)
		return p->outcome;
	return resource_file.pretend(&p->job) == OUTCOME_FAILED ?
	    fail(p, whole) : OUTCOME_CHANGED;
}

enum outcome
part_write(struct part *p, struct job *whole)
{
	if (p->outcome != OUTCOME_CHANGED)
		return p->outcome;
	if (part_apply(p, whole) == OUTCOME_FAILED)
		return OUTCOME_FAILED;
	job_did(whole, "%s %s.", p->absent ? "Removed" : "Wrote", p->path);
	return OUTCOME_CHANGED;
}

struct part *
part_list_add(struct part_list *all, struct job *whole, const char *fmt,
    ...)
{
	struct part *p = &all->v[all->n];
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vasprintf(&p->path, fmt, ap);
	va_end(ap);
	if (len == -1) {
		p->path = NULL;
		job_fail(whole, "out of memory");
		return NULL;
	}
	all->n++;
	return p;
}

void
part_list_clear(struct part_list *all)
{
	while (all->n > 0)
		part_clear(&all->v[--all->n]);
}

typedef enum outcome part_fn(struct part *p, struct job *whole);

static enum outcome
each(struct part_list *all, struct job *whole, part_fn *fn)
{
	enum outcome outcome = OUTCOME_OK, one;
	size_t i;

	for (i = 0; i < all->n; i++) {
		if ((one = fn(&all->v[i], whole)) == OUTCOME_FAILED)
			return one;
		if (one == OUTCOME_CHANGED)
			outcome = one;
	}
	return outcome;
}

enum outcome
part_list_plan(struct part_list *all, struct job *whole)
{
	return each(all, whole, part_plan);
}

enum outcome
part_list_write(struct part_list *all, struct job *whole)
{
	return each(all, whole, part_write);
}

enum outcome
part_list_pretend(struct part_list *all, struct job *whole)
{
	return each(all, whole, part_pretend);
}

void
part_list_watch(const struct part_list *all, resource_watch_fn *fn,
    void *arg)
{
	size_t i;

	for (i = 0; i < all->n; i++)
		fn(all->v[i].path, WATCH_FOLLOW, arg);
}

enum resource_owns
part_owns(const struct job *whole)
{
	int i = option_find(whole->type->options, str_of("ensure"));

	return i >= 0 && whole->values[i].type == VALUE_STRING &&
	    strcmp(whole->values[i].str.p, "absent") == 0 ? OWNS_NOTHING :
	    OWNS_PART;
}

bool
part_read(const struct job *whole, const char *path, struct buf *b)
{
	struct node n;
	int fd, rc;

	if (world_look(whole->world, path, &n) &&
	    (n.kind != NODE_FILE || n.data.p != NULL)) {
		if (n.kind == NODE_FILE)
			buf_str(b, n.data);
		return n.kind == NODE_FILE;
	}
	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) == -1)
		return false;
	rc = buf_read(b, fd, SIZE_MAX);
	close(fd);
	return rc == 0;
}

void
part_look(const struct job *whole, const char *path, struct part_seen *s)
{
	struct file_names names = { NULL, 0 };
	struct buf ignored = { 0 };
	struct file_seen seen;

	*s = (struct part_seen){ .kind = NODE_OTHER };
	if (file_look(whole, path, true, &seen, &ignored) == 0) {
		s->kind = seen.kind;
		s->no_parent = seen.no_parent;
		s->empty = s->kind == NODE_DIR && file_names(whole, path,
		    &names, &ignored) == 0 && names.n == 0;
		file_names_free(&names);
		file_seen_clear(&seen);
	}
	buf_clear(&ignored);
}
