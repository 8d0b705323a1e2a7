#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/watch.h"
#include "base/why.h"
#include "file/file.h"
#include "file/mode.h"
#include "file/owner.h"
#include "file/plan.h"
#include "file/validate.h"

/* The options, in the order of the table. */
enum {
	O_PATH_, O_ENSURE, O_CONTENT, O_IS_TEMPLATE, O_SOURCE, O_TARGET,
	O_MODE, O_OWNER, O_GROUP, O_KEEP_ORIG, O_REPLACE, O_FORCE, O_PARENTS,
	O_FOLLOW, O_VALIDATE, O_RECURSE, O_PURGE, O_IGNORE, O_LINE, O_MATCH,
	O_AFTER, O_REMOVE, O_BLOCK, O_MARKER, O_IMMUTABLE, O_HARDLINKS,
	O_ROLLBACK, O_MATCH_FOUND, O_AFTER_FOUND, O_REMOVE_FOUND
};

enum { FOUND = OPTION_STRING | OPTION_TEXT | OPTION_HIDDEN };

static const struct resource_option options[] = {
	[O_PATH_] = { "path", OPTION_STRING, "the title", "where" },
	[O_ENSURE] = { "ensure", OPTION_STRING, "present",
	    "present, file, absent, directory or link" },
	[O_CONTENT] = { "content", OPTION_STRING | OPTION_TEXT |
	    OPTION_OBJECT, NULL,
	    "all that is in it; {file: source} or {template: source}" },
	[O_IS_TEMPLATE] = { "is_template", OPTION_BOOL, "false",
	    "the content is a template" },
	[O_SOURCE] = { "source", OPTION_STRING, NULL,
	    "a file to copy, or a directory with all below it" },
	[O_TARGET] = { "target", OPTION_STRING, NULL,
	    "of a link: where it points" },
	[O_MODE] = { "mode", OPTION_STRING, NULL,
	    "as for chmod: 0644, 644 or u=rwX,go=rX" },
	[O_OWNER] = { "owner", OPTION_STRING | OPTION_INT, NULL,
	    "name or number" },
	[O_GROUP] = { "group", OPTION_STRING | OPTION_INT, NULL,
	    "name or number" },
	[O_KEEP_ORIG] = { "keep_orig", OPTION_BOOL, "true",
	    "before the first replacement keep it as NAME.orig_partout" },
	[O_REPLACE] = { "replace", OPTION_BOOL, "true",
	    "false: the content is for a new file only" },
	[O_FORCE] = { "force", OPTION_BOOL, "false",
	    "what is of another type goes, a directory with all in it" },
	[O_PARENTS] = { "parents", OPTION_BOOL, "false",
	    "make the directories above that are missing" },
	[O_FOLLOW] = { "follow", OPTION_BOOL, "true",
	    "a link at the path is followed; false: it is replaced" },
	[O_VALIDATE] = { "validate", OPTION_STRING, NULL,
	    "a command, % being the new file, that has to approve of it" },
	[O_RECURSE] = { "recurse", OPTION_BOOL, "false",
	    "mode, owner, group and absent are for all below, too" },
	[O_PURGE] = { "purge", OPTION_BOOL, "false",
	    "of a directory: what the source has not goes" },
	[O_IGNORE] = { "ignore", OPTION_STRING | OPTION_LIST, NULL,
	    "names, with * and ?, that source, recurse and purge pass over" },
	[O_LINE] = { "line", OPTION_STRING | OPTION_LIST, NULL,
	    "a line, or several, that it has" },
	[O_MATCH] = { "match", OPTION_STRING | OPTION_REGEXP, NULL,
	    "the line goes in place of the last one this expression finds" },
	[O_AFTER] = { "after", OPTION_STRING | OPTION_REGEXP, NULL,
	    "or behind the last one this expression finds" },
	[O_REMOVE] = { "remove", OPTION_STRING | OPTION_REGEXP, NULL,
	    "lines this expression finds go" },
	[O_BLOCK] = { "block", OPTION_STRING, NULL,
	    "lines that it has between two markers; empty: they go" },
	[O_MARKER] = { "marker", OPTION_STRING, "# {mark} p2",
	    "the markers' text; {mark} is BEGIN and END" },
	[O_IMMUTABLE] = { "immutable", OPTION_STRING, "respect",
	    "override: clear chattr's flags i and a, and set them again" },
	[O_HARDLINKS] = { "hardlinks", OPTION_STRING, "break",
	    "keep: write in place, so that its other names change as well" },
	[O_ROLLBACK] = { "rollback", OPTION_BOOL, "false",
	    "if whoever is told of the change fails, the old comes back" },
	/* What a RegExp has found of all lines that there may be. */
	[O_MATCH_FOUND] = { "match_found", FOUND, NULL, "" },
	[O_AFTER_FOUND] = { "after_found", FOUND, NULL, "" },
	[O_REMOVE_FOUND] = { "remove_found", FOUND, NULL, "" },
	{ NULL, 0, NULL, NULL }
};

static const char *
text_of(const struct job *j, int i)
{
	return j->values[i].type == VALUE_STRING ? j->values[i].str.p : NULL;
}

static bool
yes(const struct job *j, int i, bool def)
{
	return j->values[i].type == VALUE_BOOL ? j->values[i].yes : def;
}

/* One of the words of a list of them; the first one if it is not given. */
static int
word_of(struct job *j, int i, const char *const *words)
{
	const char *s = text_of(j, i);
	int k;

	if (s == NULL)
		return 0;
	for (k = 0; words[k] != NULL; k++)
		if (strcmp(words[k], s) == 0)
			return k;
	job_fail(j, "%s: '%s' is none of its values", options[i].name, s);
	return -1;
}

static bool
want_ensure(struct job *j, struct file_want *w)
{
	static const char *const words[] = { "present", "file", "absent",
	    "directory", "link", NULL };
	static const enum file_ensure values[] = { FILE_PRESENT, FILE_PRESENT,
	    FILE_ABSENT, FILE_DIRECTORY, FILE_LINK };
	int k;

	if ((k = word_of(j, O_ENSURE, words)) == -1)
		return false;
	w->ensure = values[k];
	return true;
}

/*
 * A string for a name, or a number.  In a dry run, a name that is none may
 * become one by a command or package that has not been carried out: *later.
 */
static int
want_id(struct job *j, int i, id_t *id, const char **later,
    int (*find)(id_t *, const char *, const struct world *, struct buf *))
{
	const struct value *v = &j->values[i];
	struct buf why = { 0 };
	int rc = 0;

	*id = (id_t)-1;
	*later = NULL;
	if (v->type == VALUE_INT && v->num >= 0 && v->num < (id_t)-1)
		*id = (id_t)v->num;
	else if (v->type == VALUE_INT) {
		job_fail(j, "%s: %lld is not a number of one",
		    options[i].name, (long long)v->num);
		rc = -1;
	} else if (v->type == VALUE_STRING &&
	    (rc = find(id, v->str.p, j->world, &why)) == -1) {
		if (j->world != NULL &&
		    (errno == ENOENT || errno == ESRCH)) {
			*later = v->str.p;
			rc = 0;
		} else
			job_fail(j, "%s: %.*s", options[i].name,
			    (int)why.len, why.p);
	}
	buf_clear(&why);
	return rc;
}

static bool
want_access(struct job *j, struct file_want *w)
{
	static const char *const immutable[] = { "respect", "override", NULL };
	static const char *const hardlinks[] = { "break", "keep", NULL };
	const char *errstr;
	mode_t mode;
	int k;

	w->mode = text_of(j, O_MODE);
	if (w->mode != NULL &&
	    file_mode(&mode, w->mode, 0644, false, &errstr) == -1) {
		job_fail(j, "mode: '%s' %s", w->mode, errstr);
		return false;
	}
	if (want_id(j, O_OWNER, &w->uid, &w->no_owner,
	    file_owner_user) == -1 ||
	    want_id(j, O_GROUP, &w->gid, &w->no_group,
	    file_owner_group) == -1)
		return false;
	if ((k = word_of(j, O_IMMUTABLE, immutable)) == -1)
		return false;
	w->override = k == 1;
	if ((k = word_of(j, O_HARDLINKS, hardlinks)) == -1)
		return false;
	w->keep_links = k == 1;
	return true;
}

static void
want_list(const struct job *j, int i, const struct str **list, size_t *n)
{
	const struct value *v = &j->values[i];

	*list = v->type == VALUE_STRING ? &v->str : v->list;
	*n = v->type == VALUE_STRING ? 1 : v->type == VALUE_LIST ? v->n : 0;
}

static struct file_find
find_of(const struct job *j, int expr, int found)
{
	const struct value *v = &j->values[found];

	return (struct file_find){ .expr = text_of(j, expr),
	    .is_found = v->type == VALUE_STRING, .found = v->str };
}

static void
want_edit(const struct job *j, struct file_want *w)
{
	struct file_edit *e = &w->edit;

	want_list(j, O_LINE, &e->line, &e->nlines);
	e->match = find_of(j, O_MATCH, O_MATCH_FOUND);
	e->after = find_of(j, O_AFTER, O_AFTER_FOUND);
	e->remove = find_of(j, O_REMOVE, O_REMOVE_FOUND);
	e->has_block = j->values[O_BLOCK].type == VALUE_STRING;
	if (e->has_block)
		e->block = j->values[O_BLOCK].str;
	e->marker = text_of(j, O_MARKER);
	if (e->marker == NULL)
		e->marker = options[O_MARKER].def;
	w->has_edit = e->nlines > 0 || e->has_block ||
	    e->remove.expr != NULL || e->match.expr != NULL;
}

/* Options that contradict each other, or need one another. */
static bool
consistent(struct job *j, const struct file_want *w)
{
	const char *what = NULL;

	if (w->has_content && w->source != NULL)
		what = "content and source exclude each other";
	else if (w->has_edit && (w->has_content || w->source != NULL))
		what = "line, block and remove exclude content and source";
	else if (w->ensure == FILE_LINK && w->target == NULL)
		what = "target: is missing; a link needs one";
	else if (w->target != NULL && w->ensure != FILE_LINK)
		what = "target: is for ensure: 'link'";
	else if (w->ensure != FILE_PRESENT && w->ensure != FILE_ABSENT &&
	    (w->has_content || w->has_edit))
		what = "content, line, block and remove are for files";
	else if (w->ensure == FILE_LINK && w->source != NULL)
		what = "source: is for files and directories";
	else if (w->edit.after.expr != NULL && w->edit.nlines == 0 &&
	    !w->edit.has_block)
		what = "after: goes with line or block";
	if (what == NULL)
		return true;
	job_fail(j, "%s", what);
	return false;
}

/* That it can be split is known before anything is touched. */
static bool
valid_command(struct job *j, const char *text)
{
	struct file_command c = { NULL, NULL };
	struct buf why = { 0 };
	bool ok;

	if (text == NULL)
		return true;
	if (!(ok = file_command(&c, text, "", &why) == 0))
		job_fail(j, "%.*s", (int)why.len, why.p);
	file_command_clear(&c);
	buf_clear(&why);
	return ok;
}

const char *
file_path(const struct job *j)
{
	const char *path = text_of(j, O_PATH_);

	return path != NULL ? path : j->title.p;
}

bool
file_want(struct job *j, struct file_want *w)
{
	const struct value *content = &j->values[O_CONTENT];

	*w = (struct file_want){
		.target = text_of(j, O_TARGET),
		.source = text_of(j, O_SOURCE),
		.keep_orig = yes(j, O_KEEP_ORIG, true),
		.follow = yes(j, O_FOLLOW, true),
		.replace = yes(j, O_REPLACE, true),
		.force = yes(j, O_FORCE, false),
		.parents = yes(j, O_PARENTS, false),
		.recurse = yes(j, O_RECURSE, false),
		.purge = yes(j, O_PURGE, false),
		.validate = text_of(j, O_VALIDATE)
	};
	w->path = file_path(j);
	w->has_content = content->type == VALUE_STRING;
	if (w->has_content)
		w->content = content->str;
	want_list(j, O_IGNORE, &w->ignore, &w->nignore);
	want_edit(j, w);
	return want_ensure(j, w) && want_access(j, w) && consistent(j, w) &&
	    valid_command(j, w->validate);
}

static void
watch(const struct job *j, resource_watch_fn *fn, void *arg)
{
	const char *ensure = text_of(j, O_ENSURE);
	const char *source = text_of(j, O_SOURCE);
	bool itself = !yes(j, O_FOLLOW, true) || (ensure != NULL &&
	    (strcmp(ensure, "link") == 0 || strcmp(ensure, "absent") == 0));
	bool tree = source != NULL || yes(j, O_RECURSE, false) ||
	    yes(j, O_PURGE, false);

	fn(file_path(j), (itself ? 0 : WATCH_FOLLOW) |
	    (tree && !itself ? WATCH_TREE : 0), arg);
	if (source != NULL)
		fn(source, WATCH_FOLLOW | WATCH_TREE, arg);
}

static const struct resource_gather gather = {
	file_apart, file_stage, file_finish
};

static enum resource_owns
owns(const struct job *j)
{
	const char *ensure = text_of(j, O_ENSURE);

	if (ensure != NULL && strcmp(ensure, "absent") == 0)
		return OWNS_NOTHING;
	return j->values[O_CONTENT].type != VALUE_NONE ||
	    text_of(j, O_SOURCE) != NULL || text_of(j, O_TARGET) != NULL ||
	    (ensure != NULL && strcmp(ensure, "directory") == 0) ?
	    OWNS_WHOLE : OWNS_PART;
}

const struct resource_type resource_file = {
	.name = "file",
	.options = options,
	.plain = true,
	.plan = file_plan,
	.apply = file_apply,
	.pretend = file_pretend,
	.watch = watch,
	.gather = &gather,
	.owns = owns
};
