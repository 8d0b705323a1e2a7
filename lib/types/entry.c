#include <stdlib.h>
#include <string.h>

#include "base/watch.h"
#include "facts/text.h"
#include "types/entry.h"

void
entry_drop(void *state)
{
	struct entry *e = state;

	part_clear(&e->part);
	buf_clear(&e->line);
	free(e);
}

void *
entry_new(struct job *j, size_t size)
{
	struct entry *e;

	if ((e = calloc(1, size)) == NULL) {
		job_fail(j, "out of memory");
		return NULL;
	}
	j->state = e;
	j->drop = entry_drop;
	return e;
}

const char *
entry_target(const struct job *j)
{
	int i = option_find(j->type->options, str_of("target"));

	return j->values[i].type == VALUE_NONE ? j->type->options[i].def :
	    j->values[i].str.p;
}

bool
entry_line(struct str *rest, struct str *raw)
{
	struct str line;
	const char *from = rest->p;

	if (!text_line(rest, &line))
		return false;
	*raw = (struct str){ from, (size_t)(rest->p - from) };
	return true;
}

void
entry_put(struct buf *b, struct str line)
{
	if (b->len > 0 && b->p[b->len - 1] != '\n')
		buf_putc(b, '\n');
	buf_str(b, line);
	buf_putc(b, '\n');
}

/* The first line about it becomes ours, and the others go. */
static bool
edit(const struct job *j, struct str text, struct buf *b)
{
	struct entry *e = j->state;
	bool placed = e->absent, differs = false;
	struct str raw, rest, line;

	while (entry_line(&text, &raw)) {
		rest = raw;
		if (!text_line(&rest, &line) || !e->kind->is_about(j, line)) {
			buf_str(b, raw);
			continue;
		}
		if (!placed && e->kind->is_same(j, line))
			buf_str(b, raw);
		else {
			differs = true;
			if (!placed)
				entry_put(b, buf_view(&e->line));
		}
		placed = true;
	}
	if (placed)
		return differs;
	entry_put(b, buf_view(&e->line));
	return true;
}

enum outcome
entry_plan(struct job *j, const struct entry_kind *kind, const char *path)
{
	struct entry *e = j->state;
	struct buf text = { 0 };
	bool found, differs;

	e->kind = kind;
	if (part_init(&e->part, j, path) == -1)
		return OUTCOME_FAILED;
	found = part_read(j, path, &text);
	differs = (kind->edit != NULL ? kind->edit : edit)(j, buf_view(&text),
	    &e->part.content);
	if (!differs) {
		buf_reset(&e->part.content);
		buf_str(&e->part.content, buf_view(&text));
	}
	buf_clear(&text);
	if (!found && e->absent)
		return OUTCOME_OK;
	if (kind->goes_empty && differs &&
	    text_trim(buf_view(&e->part.content)).len == 0)
		part_set_absent(&e->part);
	else
		part_set_content(&e->part, found ? NULL : kind->mode);
	if (j->want_detail)
		job_detail(j, "path", str_of(path));
	return part_plan(&e->part, j);
}

enum outcome
entry_apply(struct job *j)
{
	struct entry *e = j->state;

	if (part_apply(&e->part, j) == OUTCOME_FAILED)
		return OUTCOME_FAILED;
	job_did(j, "%s the %s.", e->absent ? "Removed" : "Wrote",
	    e->kind->what);
	return OUTCOME_CHANGED;
}

enum outcome
entry_pretend(struct job *j)
{
	struct entry *e = j->state;

	return part_pretend(&e->part, j);
}

void
entry_watch(const struct job *j, resource_watch_fn *fn, void *arg)
{
	const struct entry *e = j->state;
	const char *path = e != NULL && e->part.path != NULL ? e->part.path :
	    entry_target(j);

	if (path != NULL && *path == '/')
		fn(path, WATCH_FOLLOW, arg);
}
