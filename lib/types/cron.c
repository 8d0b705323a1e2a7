#include <sys/stat.h>

#include <ctype.h>
#include <grp.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "facts/text.h"
#include "types/crontime.h"
#include "types/entry.h"
#include "types/settings.h"

/* In the order of the table; the fields of a time as in crontime.h. */
enum { ENSURE, COMMAND, STDIN, USER, MINUTE, HOUR, MONTHDAY, MONTH, WEEKDAY,
    SPECIAL, ENVIRONMENT, TARGET };

#define TIME_TYPES (OPTION_STRING | OPTION_INT | OPTION_LIST)

static const struct resource_option options[] = {
	[ENSURE] = { "ensure", OPTION_STRING, "present",
	    "present or absent" },
	[COMMAND] = { "command", OPTION_STRING, NULL,
	    "what is run, by sh; a % in it behind a backslash" },
	[STDIN] = { "stdin", OPTION_STRING, NULL,
	    "what it reads" },
	[USER] = { "user", OPTION_STRING, "root",
	    "whose crontab it is in, or in a target, who runs it" },
	[MINUTE] = { "minute", TIME_TYPES, "*", "0 to 59" },
	[HOUR] = { "hour", TIME_TYPES, "*", "0 to 23" },
	[MONTHDAY] = { "monthday", TIME_TYPES, "*", "1 to 31" },
	[MONTH] = { "month", TIME_TYPES, "*", "1 to 12, or jan to dec" },
	[WEEKDAY] = { "weekday", TIME_TYPES, "*",
	    "0 to 7, or sun to sat; 0 and 7 are Sunday" },
	[SPECIAL] = { "special", OPTION_STRING, NULL,
	    "in place of these: @daily, @reboot and so on" },
	[ENVIRONMENT] = { "environment", OPTION_MAP, NULL,
	    "variables that are set from there on" },
	[TARGET] = { "target", OPTION_STRING, "the user's crontab",
	    "a file below /etc/cron.d, or /etc/crontab" },
	{ NULL, 0, NULL, NULL }
};

#define MARK "# p2: "

struct cron {
	struct entry	 entry;
	size_t		 command;	/* where in entry.line its own begins */
};

static bool
given(const struct job *j, int i)
{
	return j->values[i].type != VALUE_NONE;
}

static bool
is_line(struct str s)
{
	return s.len > 0 && memchr(s.p, '\n', s.len) == NULL &&
	    memchr(s.p, '\r', s.len) == NULL;
}

static const char *
user(const struct job *j)
{
	return given(j, USER) ? j->values[USER].str.p : "root";
}

static int
check_user(struct job *j)
{
	const char *s = user(j);

	if (*s != '\0' && *s != '-' && *s != '.' &&
	    strpbrk(s, "/: \t\r\n%#") == NULL)
		return 0;
	job_fail(j, "user %s: not the name of one", s);
	return -1;
}

/*
 * --- Where ---------------------------------------------------------------
 */

/* Only letters, digits, - and _: else some cron passes over it. */
static int
check_target(struct job *j, const char *path)
{
	const char *s = strncmp(path, "/etc/cron.d/", 12) == 0 ? path + 12 :
	    "x";

	if (*path != '/')
		return job_fail(j, "target %s: not an absolute path", path),
		    -1;
	while (isalnum((unsigned char)*s) || *s == '-' || *s == '_')
		s++;
	if (*s == '\0' && path[strlen(path) - 1] != '/')
		return 0;
	job_fail(j, "target %s: cron passes over files of such a name", path);
	return -1;
}

static bool
is_directory(const struct job *j, const char *path)
{
	struct node n;
	struct stat st;

	if (world_look(j->world, path, &n))
		return n.kind == NODE_DIR;
	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/*
 * Where cron keeps the crontabs of users, which differs.  A dry run bears that
 * there is none: a package that would bring it is not there yet.
 */
static const char *
spool(const struct job *j)
{
	static const char *const dirs[] = { "/var/spool/cron/crontabs",
	    "/var/spool/cron/tabs", "/var/spool/cron" };
	size_t i;

	for (i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++)
		if (is_directory(j, dirs[i]))
			return dirs[i];
	return j->world != NULL ? dirs[0] : NULL;
}

/*
 * cron reads a crontab only if it is the user's own and nobody else can write
 * it; crontab(1) reaches it as the group crontab, where there is one.
 */
static void
set_attributes(const struct job *j, struct part *p, const char *dir)
{
	part_set_text(p, "mode", "0600");
	part_set_text(p, "owner", user(j));
	if (strcmp(dir, "/var/spool/cron/crontabs") == 0 &&
	    getgrnam("crontab") != NULL)
		part_set_text(p, "group", "crontab");
}

/*
 * --- What ----------------------------------------------------------------
 */

/* A value that begins with a blank, or a quote, is put in quotes. */
static int
add_variable(struct job *j, struct buf *b, struct str s)
{
	struct str value = s, name = text_cut(&value, '=');
	bool quote = value.len == 0 || strchr(" \t\"'", *value.p) != NULL;
	size_t i;
	char q;

	for (i = 0; i < name.len; i++)
		if (!isalnum((unsigned char)name.p[i]) && name.p[i] != '_')
			break;
	if (name.len == 0 || i < name.len || isdigit((unsigned char)*name.p))
		return job_fail(j, "environment %.*s: not the name of a "
		    "variable", (int)name.len, name.p), -1;
	if (value.len > 0 && !is_line(value))
		return job_fail(j, "environment %.*s: more than a line",
		    (int)name.len, name.p), -1;
	if (value.len > 0 && strchr(" \t", value.p[value.len - 1]) != NULL)
		return job_fail(j, "environment %.*s: ends in a blank, which "
		    "cron does not keep", (int)name.len, name.p), -1;
	buf_str(b, name);
	buf_putc(b, '=');
	if (!quote) {
		buf_str(b, value);
		return 0;
	}
	q = value.len > 0 && memchr(value.p, '"', value.len) != NULL ? '\'' :
	    '"';
	if (value.len > 0 && memchr(value.p, q, value.len) != NULL)
		return job_fail(j, "environment %.*s: cron has no way to "
		    "write quotes of both kinds", (int)name.len, name.p), -1;
	buf_putc(b, q);
	buf_str(b, value);
	buf_putc(b, q);
	return 0;
}

static int
add_time(struct job *j, struct buf *b)
{
	struct buf why = { 0 };
	int i, rc = 0;

	for (i = 0; i < CRON_FIELDS; i++) {
		if (given(j, SPECIAL) && given(j, MINUTE + i))
			return job_fail(j, "special: there is %s, too",
			    options[MINUTE + i].name), -1;
		if (given(j, SPECIAL) || rc == -1)
			continue;
		rc = cron_field(b, (enum cron_field)i,
		    &j->values[MINUTE + i], &why);
		buf_putc(b, ' ');
	}
	if (given(j, SPECIAL)) {
		rc = cron_special(b, j->values[SPECIAL].str, &why);
		buf_putc(b, ' ');
	}
	if (rc == -1)
		job_fail(j, "%.*s", (int)why.len, why.p);
	buf_clear(&why);
	return rc;
}

/* To cron, % ends the command, and begins each line of what that reads. */
static int
add_command(struct job *j, struct buf *b)
{
	struct str s = j->values[COMMAND].str, in = j->values[STDIN].str;
	size_t i;

	if (!given(j, COMMAND))
		return job_fail(j, "command: is missing"), -1;
	if (!is_line(s) || text_trim(s).len == 0)
		return job_fail(j, "command: not a line"), -1;
	for (i = 0; i < s.len; i++)
		if (s.p[i] == '%' && (i == 0 || s.p[i - 1] != '\\'))
			return job_fail(j, "command: a %% without a backslash "
			    "before it: for cron, the command ends there"),
			    -1;
	buf_str(b, s);
	if (!given(j, STDIN))
		return 0;
	buf_putc(b, '%');
	if (in.len > 0 && in.p[in.len - 1] == '\n')
		in.len--;
	for (i = 0; i < in.len; i++)
		if (in.p[i] == '%')
			buf_puts(b, "\\%");
		else
			buf_putc(b, in.p[i] == '\n' ? '%' : in.p[i]);
	return 0;
}

/* A comment with its name, its variables, and the line itself. */
static int
set_lines(struct job *j, struct cron *c)
{
	const struct value *env = &j->values[ENVIRONMENT];
	struct buf *b = &c->entry.line;
	size_t i;

	buf_puts(b, MARK);
	buf_str(b, j->title);
	if (c->entry.absent)
		return 0;
	buf_putc(b, '\n');
	for (i = 0; env->type == VALUE_LIST && i < env->n; i++) {
		if (add_variable(j, b, env->list[i]) == -1)
			return -1;
		buf_putc(b, '\n');
	}
	c->command = b->len;
	if (add_time(j, b) == -1)
		return -1;
	if (given(j, TARGET))
		buf_printf(b, "%s ", user(j));
	return add_command(j, b);
}

/*
 * --- The lines of a crontab ----------------------------------------------
 */

static struct str
without_end(struct str raw)
{
	return raw.len > 0 && raw.p[raw.len - 1] == '\n' ?
	    (struct str){ raw.p, raw.len - 1 } : raw;
}

static bool
is_mark(const struct job *j, struct str raw)
{
	struct str s = text_trim(raw), mark = str_of(MARK);

	return str_starts(s, mark) && str_eq((struct str){ s.p + mark.len,
	    s.len - mark.len }, text_trim(j->title));
}

static bool
has_mark(const struct job *j, struct str text)
{
	struct str raw;

	while (entry_line(&text, &raw))
		if (is_mark(j, raw))
			return true;
	return false;
}

/* A line that sets a variable, and one that runs something. */
static bool
is_variable(struct str raw)
{
	struct str s = text_trim(raw);

	return s.len > 0 && (isalpha((unsigned char)*s.p) ||
	    strchr("_\"'", *s.p) != NULL);
}

static bool
is_command(struct str raw)
{
	struct str s = text_trim(raw);

	return s.len > 0 && *s.p != '#' && !is_variable(raw);
}

/* With the lines behind a mark that belong to it; these leave *text. */
static struct str
whole(struct str mark, struct str *text)
{
	struct str rest = *text, raw;
	bool more;

	do {
		if (!(more = entry_line(&rest, &raw)) ||
		    (!is_variable(raw) && !is_command(raw)))
			break;
		mark.len += raw.len;
		*text = rest;
	} while (!is_command(raw));
	return mark;
}

/* The same line without a mark is taken for what is meant, and gets one. */
static bool
is_adopted(const struct job *j, struct str raw)
{
	const struct cron *c = j->state;
	struct str ours = buf_view(&c->entry.line);

	return !c->entry.absent && !given(j, ENVIRONMENT) &&
	    str_eq(text_trim(raw), text_trim((struct str){
	    ours.p + c->command, ours.len - c->command }));
}

static bool
is_comments(struct str text)
{
	struct str line;

	while (text_line(&text, &line))
		if (line.len == 0 || *line.p != '#')
			return false;
	return true;
}

/*
 * crontab(1) takes comments at the beginning for its own, and neither shows
 * them nor leaves them there: so a mark is no part of these.
 */
static void
put(const struct job *j, struct buf *b, struct str ours)
{
	if (!given(j, TARGET) && is_comments(buf_view(b)))
		entry_put(b, str_of(""));
	entry_put(b, ours);
}

static bool
edit(const struct job *j, struct str text, struct buf *b)
{
	const struct cron *c = j->state;
	struct str ours = buf_view(&c->entry.line), raw;
	bool marked = has_mark(j, text), placed = c->entry.absent,
	    differs = false, keep;

	while (entry_line(&text, &raw)) {
		if (marked ? !is_mark(j, raw) : placed || !is_adopted(j, raw)) {
			buf_str(b, raw);
			continue;
		}
		if (marked)
			raw = whole(raw, &text);
		keep = !placed && str_eq(without_end(raw), ours);
		if (keep)
			buf_str(b, raw);
		else if (!placed)
			put(j, b, ours);
		differs = differs || !keep;
		placed = true;
	}
	if (placed)
		return differs;
	put(j, b, ours);
	return true;
}

static const struct entry_kind of_user = {
	.what = "entry", .mode = "0600", .edit = edit, .goes_empty = true
};

static const struct entry_kind of_system = {
	.what = "entry", .mode = "0644", .edit = edit, .goes_empty = true
};

static enum outcome
plan(struct job *j)
{
	struct cron *c = entry_new(j, sizeof(*c));
	const char *dir, *target = j->values[TARGET].str.p;
	char path[PATH_MAX];

	if (c == NULL || job_ensure(j, &c->entry.absent) == -1)
		return OUTCOME_FAILED;
	if (!is_line(j->title))
		return job_fail(j, "the title is not a line");
	if (check_user(j) == -1 || set_lines(j, c) == -1 ||
	    (given(j, TARGET) && check_target(j, target) == -1))
		return OUTCOME_FAILED;
	if (given(j, TARGET))
		return entry_plan(j, &of_system, target);
	if ((dir = spool(j)) == NULL)
		return c->entry.absent ? OUTCOME_OK : job_fail(j,
		    "there is no directory for crontabs: is cron installed?");
	if (!c->entry.absent)
		set_attributes(j, &c->entry.part, dir);
	(void)snprintf(path, sizeof(path), "%s/%s", dir, user(j));
	return entry_plan(j, &of_user, path);
}

const struct resource_type resource_cron = {
	.name = "cron", .options = options, .plan = plan,
	.apply = entry_apply, .pretend = entry_pretend, .watch = entry_watch,
	.owns = part_owns
};
