#include <sys/stat.h>

#include <ctype.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "facts/text.h"
#include "file/part.h"
#include "types/entry.h"
#include "types/settings.h"
#include "types/tool.h"

/*
 * A locale of glibc's: that it has been made, which /etc/locale.gen and
 * locale-gen(8) do where there are such, and that it is the one that programs
 * take by default.
 */
#define GEN "/etc/locale.gen"
#define DIR "/usr/lib/locale"

enum { ENSURE, DEFAULT, CATEGORIES };

static const struct resource_option options[] = {
	[ENSURE] = { "ensure", OPTION_STRING, "present",
	    "present or absent" },
	[DEFAULT] = { "default", OPTION_BOOL, "false",
	    "it is the LANG that programs start with" },
	[CATEGORIES] = { "categories", OPTION_MAP, NULL,
	    "other locales, by LC_TIME and so on" },
	{ NULL, 0, NULL, NULL }
};

struct locale {
	struct part_list files;		/* first GEN, if has_gen */
	bool		 has_gen;
	bool		 absent;
	bool		 generates;
	char		 path[PATH_MAX];	/* where it may be made */
};

static void
drop(void *state)
{
	struct locale *l = state;

	part_list_clear(&l->files);
	free(l);
}

static bool
is_name(struct str s)
{
	size_t i;

	for (i = 0; i < s.len; i++)
		if (!isalnum((unsigned char)s.p[i]) &&
		    (i == 0 || strchr("-_.@", s.p[i]) == NULL))
			return false;
	return s.len > 0 && s.len < 64;
}

/* Of a codeset only letters, small ones, and digits count: de_DE.utf8. */
static void
set_path(const struct job *j, struct locale *l)
{
	char *p = l->path + snprintf(l->path, sizeof(l->path), DIR "/");
	const char *s = j->title.p;
	bool codeset = false;

	for (; *s != '\0'; s++) {
		codeset = *s == '.' || (codeset && *s != '@');
		if (*s == '.' || !codeset)
			*p++ = *s;
		else if (isalnum((unsigned char)*s))
			*p++ = (char)tolower((unsigned char)*s);
	}
	*p = '\0';
}

/*
 * --- Is it there? --------------------------------------------------------
 */

static uint32_t
number(struct str s, size_t at)
{
	uint32_t n = 0;

	if (at + sizeof(n) <= s.len)
		memcpy(&n, s.p + at, sizeof(n));
	return n;
}

/*
 * The archive begins with numbers of 32 bits in the host's order: magic,
 * serial, and of its table of names the offset, how many are used, and how many
 * there are.  A row of it is a hash, and the offsets of a name that ends in NUL
 * and of the locale, 0 if that was removed.
 */
static bool
is_archived(const struct job *j, const char *name)
{
	struct buf b = { 0 };
	struct str s;
	size_t row, n, at, len = strlen(name) + 1;
	bool found = false;

	(void)part_read(j, DIR "/locale-archive", &b);
	s = buf_view(&b);
	if (number(s, 0) == 0xde020109U)
		for (row = number(s, 8), n = number(s, 16); n > 0 && !found &&
		    row + 12 <= s.len; n--, row += 12) {
			at = number(s, row + 4);
			found = number(s, row + 8) != 0 && at < s.len &&
			    len <= s.len - at &&
			    memcmp(s.p + at, name, len) == 0;
		}
	buf_clear(&b);
	return found;
}

static bool
is_there(const struct job *j, const struct locale *l)
{
	struct node n;

	if (text_is(j->title, "C") || text_is(j->title, "POSIX"))
		return true;
	if (world_look(j->world, l->path, &n))
		return n.kind != NODE_NONE;
	return access(l->path, F_OK) == 0 ||
	    is_archived(j, l->path + strlen(DIR "/"));
}

/*
 * --- What is to be made --------------------------------------------------
 */

/* "de_DE.UTF-8 UTF-8", maybe behind "#": about ours, and its words. */
static bool
is_about(const struct job *j, struct str line, struct str *charset, bool *off)
{
	struct str s = text_trim(line);

	*off = s.len > 0 && *s.p == '#';
	if (*off)
		(void)text_cut(&s, '#');
	if (!str_eq(text_word(&s), j->title))
		return false;
	*charset = text_word(&s);
	return charset->len > 0 && text_word(&s).len == 0;
}

/* The character set, as the list of what there is has it, or the name. */
static int
add_charset(struct job *j, struct buf *b)
{
	struct buf list = { 0 };
	struct str text, line, charset = { NULL, 0 };
	bool known, found = false, off;

	known = part_read(j, "/usr/share/i18n/SUPPORTED", &list);
	text = buf_view(&list);
	while (!found && text_line(&text, &line))
		found = is_about(j, line, &charset, &off);
	if (found)
		buf_str(b, charset);
	else if ((found = !known && text_has(j->title, ".UTF-8")))
		buf_puts(b, "UTF-8");
	buf_clear(&list);
	if (found)
		return 0;
	job_fail(j, "there is no such locale in /usr/share/i18n/SUPPORTED");
	return -1;
}

static bool
is_on(const struct job *j, struct str text)
{
	struct str line, charset;
	bool off;

	while (text_line(&text, &line))
		if (is_about(j, line, &charset, &off) && !off)
			return true;
	return false;
}

/* A line about it that is off goes on, or there is a new one; or all go off. */
static int
edit_gen(struct job *j, const struct locale *l, struct str text, struct buf *b)
{
	struct buf set = { 0 };
	struct str raw, charset;
	bool done = l->absent || is_on(j, text), off;
	int rc;

	while (entry_line(&text, &raw))
		if (!is_about(j, raw, &charset, &off) ||
		    (off ? done : !l->absent))
			buf_str(b, raw);
		else if (l->absent) {
			buf_puts(b, "# ");
			buf_str(b, raw);
		} else {
			buf_printf(b, "%s %.*s\n", j->title.p,
			    (int)charset.len, charset.p);
			done = true;
		}
	if (done)
		return 0;
	buf_printf(&set, "%s ", j->title.p);
	if ((rc = add_charset(j, &set)) == 0)
		entry_put(b, buf_view(&set));
	buf_clear(&set);
	return rc;
}

static enum outcome
plan_gen(struct job *j, struct locale *l, bool there)
{
	struct buf text = { 0 };
	struct part *p;
	int rc;

	if (!(l->has_gen = part_read(j, GEN, &text))) {
		if (there == !l->absent)
			return OUTCOME_OK;
		l->generates = j->world != NULL;
		return l->generates ? (job_why(j, there ? "is there" :
		    "is not there"), OUTCOME_CHANGED) :
		    job_fail(j, there ? "is there, and no " GEN " to take it "
		    "from" : "is not there, and no " GEN " to have it made");
	}
	if ((p = part_list_add(&l->files, j, GEN)) == NULL)
		rc = -1;
	else
		rc = edit_gen(j, l, buf_view(&text), &p->content);
	buf_clear(&text);
	if (rc == -1)
		return OUTCOME_FAILED;
	part_set_content(p, NULL);
	if (part_plan(p, j) == OUTCOME_FAILED)
		return OUTCOME_FAILED;
	if (!there && !l->absent)
		job_why(j, "is not there");
	l->generates = p->outcome == OUTCOME_CHANGED || (!there && !l->absent);
	return l->generates ? OUTCOME_CHANGED : OUTCOME_OK;
}

/*
 * --- The default ---------------------------------------------------------
 */

/* "LANG=..." among such lines. */
static void
set_variable(struct buf *b, struct str line)
{
	struct buf old = *b;
	struct str text = buf_view(&old), raw, value, rest = line,
	    name = text_cut(&rest, '=');
	bool placed = false;

	*b = (struct buf){ 0 };
	while (entry_line(&text, &raw)) {
		value = text_trim(raw);
		if (!str_eq(text_cut(&value, '='), name)) {
			buf_str(b, raw);
			continue;
		}
		if (str_eq(text_unquote(value), rest))
			buf_str(b, raw);
		else
			entry_put(b, line);
		placed = true;
	}
	if (!placed)
		entry_put(b, line);
	buf_clear(&old);
}

static int
check_categories(struct job *j)
{
	const struct value *v = &j->values[CATEGORIES];
	struct str value, name;
	size_t i;

	for (i = 0; v->type == VALUE_LIST && i < v->n; i++) {
		value = v->list[i];
		name = text_cut(&value, '=');
		if (!str_starts(name, str_of("LC_")) || text_is(name, "LC_ALL"))
			return job_fail(j, "categories %.*s: not one of LC_TIME "
			    "and its like", (int)name.len, name.p), -1;
		if (!is_name(name) || !is_name(value))
			return job_fail(j, "categories %.*s: not the name of a "
			    "locale", (int)name.len, name.p), -1;
	}
	return 0;
}

static enum outcome
plan_variables(struct job *j, struct locale *l, const char *path)
{
	const struct value *v = &j->values[CATEGORIES];
	struct part *p = part_list_add(&l->files, j, "%s", path);
	struct buf lang = { 0 };
	size_t i;

	if (p == NULL)
		return OUTCOME_FAILED;
	(void)part_read(j, path, &p->content);
	if (j->values[DEFAULT].type == VALUE_BOOL && j->values[DEFAULT].yes) {
		buf_printf(&lang, "LANG=%s", j->title.p);
		set_variable(&p->content, buf_view(&lang));
		buf_clear(&lang);
	}
	for (i = 0; v->type == VALUE_LIST && i < v->n; i++)
		set_variable(&p->content, v->list[i]);
	part_set_content(p, "0644");
	return part_plan(p, j);
}

/* Debian had a file of its own for what is in locale.conf elsewhere. */
static enum outcome
plan_default(struct job *j, struct locale *l)
{
	static const char *const paths[] = { "/etc/locale.conf",
	    "/etc/default/locale" };
	enum outcome one, outcome = OUTCOME_OK;
	struct stat st;
	bool found = false;
	size_t i;

	if ((j->values[DEFAULT].type != VALUE_BOOL || !j->values[DEFAULT].yes) &&
	    j->values[CATEGORIES].type != VALUE_LIST)
		return OUTCOME_OK;
	if (l->absent)
		return job_fail(j, "what is absent is no default");
	for (i = 0; i < 2; i++) {
		if (lstat(paths[i], &st) == -1 || !S_ISREG(st.st_mode))
			continue;
		found = true;
		if ((one = plan_variables(j, l, paths[i])) == OUTCOME_FAILED)
			return one;
		if (one == OUTCOME_CHANGED)
			outcome = one;
	}
	return found ? outcome : plan_variables(j, l,
	    paths[access("/etc/debian_version", F_OK) == 0]);
}

static enum outcome
plan(struct job *j)
{
	enum outcome gen = OUTCOME_OK, variables;
	struct locale *l;
	bool there;

	if ((l = calloc(1, sizeof(*l))) == NULL)
		return job_fail(j, "out of memory");
	j->state = l;
	j->drop = drop;
	if (!is_name(j->title))
		return job_fail(j, "not the name of a locale");
	if (job_ensure(j, &l->absent) == -1 || check_categories(j) == -1)
		return OUTCOME_FAILED;
	set_path(j, l);
	there = is_there(j, l);
	/* These are glibc's own. */
	if (!there || (!text_is(j->title, "C") && !text_is(j->title, "POSIX") &&
	    !str_starts(j->title, str_of("C."))))
		gen = plan_gen(j, l, there);
	if (gen == OUTCOME_FAILED ||
	    (variables = plan_default(j, l)) == OUTCOME_FAILED)
		return OUTCOME_FAILED;
	return gen == OUTCOME_OK ? variables : gen;
}

/* First it is made, then it is the default. */
static enum outcome
apply(struct job *j)
{
	const char *argv[] = { "locale-gen", NULL };
	struct locale *l = j->state;
	size_t i = 0;

	if (l->has_gen &&
	    part_write(&l->files.v[i++], j) == OUTCOME_FAILED)
		return OUTCOME_FAILED;
	if (l->generates && tool_run(j, argv) == -1)
		return OUTCOME_FAILED;
	if (l->generates)
		job_did(j, "%s it.", l->absent ? "Removed" : "Made");
	for (; i < l->files.n; i++)
		if (part_write(&l->files.v[i], j) == OUTCOME_FAILED)
			return OUTCOME_FAILED;
	return OUTCOME_CHANGED;
}

static enum outcome
pretend(struct job *j)
{
	struct locale *l = j->state;
	struct node n = { .kind = l->absent ? NODE_NONE : NODE_DIR,
	    .mode = 0755 };

	if (l->generates && world_set(j->world, l->path, &n) == -1)
		return job_fail(j, "out of memory");
	return part_list_pretend(&l->files, j) == OUTCOME_FAILED ?
	    OUTCOME_FAILED : OUTCOME_CHANGED;
}

static void
watch(const struct job *j, resource_watch_fn *fn, void *arg)
{
	const struct locale *l = j->state;

	if (l != NULL)
		part_list_watch(&l->files, fn, arg);
}

const struct resource_type resource_locale = {
	.name = "locale", .options = options, .plan = plan, .apply = apply,
	.pretend = pretend, .watch = watch, .owns = part_owns
};
