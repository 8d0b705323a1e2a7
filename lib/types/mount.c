#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/watch.h"
#include "facts/text.h"
#include "types/entry.h"
#include "types/fstab.h"
#include "types/settings.h"
#include "types/tool.h"

/*
 * What is mounted is read from the kernel.  To change that, there are mount(8)
 * and umount(8): they know the helpers that a network's file systems need, what
 * UUID= and LABEL= mean, and loop devices.
 *
 * They go first, and the file after them, so that a line that cannot be mounted
 * does not get where the next boot would find it.
 */
#define MOUNTINFO "/proc/self/mountinfo"

/* In the order of the table. */
enum { ENSURE, DEVICE, FSTYPE, OPTIONS, DUMP, PASS, REMOUNT, TARGET };

static const struct resource_option options[] = {
	[ENSURE] = { "ensure", OPTION_STRING, "mounted",
	    "mounted, unmounted, present (either) or absent" },
	[DEVICE] = { "device", OPTION_STRING, "that of its line",
	    "what is mounted: a device, UUID=, LABEL= or host:path" },
	[FSTYPE] = { "fstype", OPTION_STRING, "that of its line, or auto",
	    "the type of the file system" },
	[OPTIONS] = { "options", OPTION_STRING | OPTION_LIST,
	    "those of its line, or defaults", "as of mount(8)" },
	[DUMP] = { "dump", OPTION_INT, "that of its line, or 0",
	    "the fifth field, for dump(8)" },
	[PASS] = { "pass", OPTION_INT, "that of its line, or 0",
	    "the sixth field: when fsck(8) checks it, or 0: never" },
	[REMOUNT] = { "remount", OPTION_BOOL, "true",
	    "where options differ, what is mounted gets them, too" },
	[TARGET] = { "target", OPTION_STRING, "/etc/fstab", "the file" },
	{ NULL, 0, NULL, NULL }
};

enum ensure { MOUNTED, UNMOUNTED, PRESENT, ABSENT };

struct mount {
	struct entry	 entry;
	struct str	 path;		/* the title, less slashes at its end */
	enum ensure	 ensure;
	struct buf	 now;		/* mountinfo */
	struct buf	 words[FSTAB_PASS + 1];	/* of its line, without escapes */
	bool		 lines;		/* the file has to do with it */
	bool		 unmounts;
	bool		 mounts;
	bool		 remounts;
	struct part	 point;		/* the directory */
};

static bool
given(const struct job *j, int i)
{
	return j->values[i].type != VALUE_NONE;
}

static void
drop(void *state)
{
	struct mount *m = state;
	size_t i;

	buf_clear(&m->now);
	part_clear(&m->point);
	for (i = 0; i < FSTAB_WORDS; i++)
		buf_clear(&m->words[i]);
	entry_drop(state);
}

/* NUL-terminated, and lent. */
static const char *
word(struct mount *m, int i)
{
	buf_putc(&m->words[i], '\0');
	if (!buf_failed(&m->words[i]))
		m->words[i].len--;
	return m->words[i].p == NULL ? "" : m->words[i].p;
}

/*
 * --- What is wanted ------------------------------------------------------
 */

static int
set_ensure(struct job *j, struct mount *m)
{
	static const char *const names[] = { "mounted", "unmounted", "present",
	    "absent" };
	int i = 0;

	while (given(j, ENSURE) && i < 4 &&
	    strcmp(j->values[ENSURE].str.p, names[i]) != 0)
		i++;
	if (i == 4)
		return job_fail(j, "ensure %s: neither mounted, unmounted, "
		    "present nor absent", j->values[ENSURE].str.p), -1;
	m->ensure = (enum ensure)i;
	m->entry.absent = m->ensure == ABSENT;
	return 0;
}

static int
set_path(struct job *j, struct mount *m)
{
	m->path = j->title;
	while (m->path.len > 1 && m->path.p[m->path.len - 1] == '/')
		m->path.len--;
	if (m->path.len > 0 && *m->path.p == '/' &&
	    !text_has(m->path, "//") && !text_has(m->path, "/./") &&
	    !text_has(m->path, "/../") && !text_ends(m->path, "/.") &&
	    !text_ends(m->path, "/..") && !text_has(m->path, "\n"))
		return 0;
	job_fail(j, "not an absolute path without . and ..");
	return -1;
}

/* Its line, as it is, or false. */
static bool
find_line(const struct job *j, struct str text, struct str words[FSTAB_WORDS])
{
	const struct mount *m = j->state;
	struct str line;

	while (text_line(&text, &line))
		if (fstab_words(line, words) &&
		    fstab_is(words[FSTAB_POINT], m->path))
			return true;
	return false;
}

static void
set_options(const struct job *j, struct buf *b)
{
	const struct value *v = &j->values[OPTIONS];
	size_t i;

	buf_reset(b);
	if (v->type == VALUE_STRING)
		buf_str(b, v->str);
	for (i = 0; v->type == VALUE_LIST && i < v->n; i++) {
		if (i > 0)
			buf_putc(b, ',');
		buf_str(b, v->list[i]);
	}
}

/* What the policy gives, else what the line has, else the default. */
static int
set_words(struct job *j, struct mount *m, const struct str line[FSTAB_WORDS])
{
	static const int which[] = { DEVICE, -1, FSTYPE, OPTIONS, DUMP, PASS };
	static const char *const defaults[] = { "", "", "auto", "defaults",
	    "0", "0" };
	const struct value *v;
	int i;

	for (i = 0; i < FSTAB_WORDS; i++) {
		v = which[i] == -1 ? NULL : &j->values[which[i]];
		if (v == NULL)
			buf_str(&m->words[i], m->path);
		else if (i == FSTAB_OPTIONS && v->type != VALUE_NONE)
			set_options(j, &m->words[i]);
		else if (v->type == VALUE_STRING)
			buf_str(&m->words[i], v->str);
		else if (v->type == VALUE_INT && v->num >= 0)
			buf_num(&m->words[i], (uint64_t)v->num);
		else if (v->type == VALUE_INT)
			return job_fail(j, "%s: less than 0",
			    options[which[i]].name), -1;
		else if (line != NULL && line[i].len > 0)
			fstab_unescape(&m->words[i], line[i]);
		else
			buf_puts(&m->words[i], defaults[i]);
	}
	return 0;
}

static int
check_words(struct job *j, struct mount *m)
{
	static const int which[] = { FSTAB_DEVICE, FSTAB_TYPE, FSTAB_OPTIONS };
	static const char *const names[] = { "device", "fstype", "options" };
	size_t i;
	const char *s;

	for (i = 0; i < 3; i++) {
		s = word(m, which[i]);
		if (*s == '\0')
			return job_fail(j, "%s: is %s", names[i], i == 0 &&
			    !given(j, DEVICE) ? "missing" : "empty"), -1;
		if (*s == '-' || strchr(s, '\n') != NULL ||
		    (i > 0 && strpbrk(s, " \t") != NULL))
			return job_fail(j, "%s: not one: %s", names[i],
			    *s == '-' ? "begins with -" : "has white space"),
			    -1;
	}
	if (strcmp(word(m, FSTAB_TYPE), "swap") == 0)
		return job_fail(j, "fstype swap: that is not mounted"), -1;
	return 0;
}

/* The line in words; where there is none to be, or to go, lines is false. */
static int
set_line(struct job *j, struct mount *m, const struct str line[FSTAB_WORDS])
{
	int i;

	m->lines = m->ensure == ABSENT || line != NULL || given(j, DEVICE);
	if (m->ensure == ABSENT || (m->ensure == UNMOUNTED && !m->lines))
		return 0;
	if (set_words(j, m, line) == -1 || check_words(j, m) == -1)
		return -1;
	for (i = 0; i < FSTAB_WORDS; i++) {
		if (i > 0)
			buf_putc(&m->entry.line, '\t');
		fstab_escape(&m->entry.line, buf_view(&m->words[i]));
	}
	return 0;
}

/*
 * --- What is there -------------------------------------------------------
 */

static bool
is_about(const struct job *j, struct str line)
{
	const struct mount *m = j->state;
	struct str words[FSTAB_WORDS];

	return fstab_words(line, words) &&
	    fstab_is(words[FSTAB_POINT], m->path);
}

static bool
is_same(const struct job *j, struct str line)
{
	const struct mount *m = j->state;
	struct str words[FSTAB_WORDS];
	int i;

	(void)fstab_words(line, words);
	for (i = 0; i < FSTAB_WORDS; i++) {
		if (words[i].len == 0 && i >= FSTAB_DUMP)
			words[i] = str_of("0");
		if (!fstab_is(words[i], buf_view(&m->words[i])))
			return false;
	}
	return true;
}

static void
compare_options(struct job *j, struct mount *m, const struct mounted_at *at,
    const struct str line[FSTAB_WORDS])
{
	struct str rest = buf_view(&m->words[FSTAB_OPTIONS]), one;

	if (given(j, REMOUNT) && !j->values[REMOUNT].yes)
		return;
	while (rest.len > 0) {
		one = text_cut(&rest, ',');
		if (!mounted_lacks(at, one))
			continue;
		m->remounts = true;
		job_why(j, "is mounted, but not %.*s", (int)one.len, one.p);
	}
	if (!m->remounts && line != NULL && !fstab_is(line[FSTAB_OPTIONS],
	    buf_view(&m->words[FSTAB_OPTIONS]))) {
		m->remounts = true;
		job_why(j, "is mounted with other options");
	}
}

/* The path, or what a link leads to, may be where the kernel says it is. */
static bool
find_mounted(struct mount *m, struct mounted_at *at)
{
	char path[PATH_MAX], real[PATH_MAX];

	if (mountinfo_find(buf_view(&m->now), m->path, at))
		return true;
	if (m->path.len >= sizeof(path))
		return false;
	memcpy(path, m->path.p, m->path.len);
	path[m->path.len] = '\0';
	return realpath(path, real) != NULL &&
	    mountinfo_find(buf_view(&m->now), str_of(real), at);
}

static void
compare(struct job *j, struct mount *m, const struct str line[FSTAB_WORDS])
{
	struct mounted_at at;
	bool mounted = find_mounted(m, &at);

	if (m->ensure == UNMOUNTED || m->ensure == ABSENT) {
		m->unmounts = mounted;
		if (mounted)
			job_why(j, "is mounted");
	} else if (m->ensure == MOUNTED && !mounted) {
		m->mounts = true;
		job_why(j, "is not mounted");
	} else if (m->ensure == MOUNTED && (mounted_other(&at, word(m, FSTAB_DEVICE)) ||
	    (line != NULL && !fstab_is(line[FSTAB_DEVICE],
	    buf_view(&m->words[FSTAB_DEVICE]))))) {
		m->unmounts = m->mounts = true;
		job_why(j, "is %.*s, not %s", (int)at.device.len, at.device.p,
		    word(m, FSTAB_DEVICE));
	} else if (m->ensure == MOUNTED)
		compare_options(j, m, &at, line);
}

/* What is to be mounted needs a directory. */
static enum outcome
plan_point(struct job *j, struct mount *m)
{
	struct buf path = { 0 };
	int rc = -1;

	if (!m->mounts || m->unmounts)
		return OUTCOME_OK;
	buf_str(&path, m->path);
	buf_putc(&path, '\0');
	if (buf_failed(&path))
		job_fail(j, "out of memory");
	else
		rc = part_init(&m->point, j, path.p);
	buf_clear(&path);
	if (rc == -1)
		return OUTCOME_FAILED;
	part_set_text(&m->point, "ensure", "directory");
	part_set_flag(&m->point, "parents", true);
	return part_plan(&m->point, j);
}

static const struct entry_kind kind = {
	.what = "line", .mode = "0644", .is_about = is_about,
	.is_same = is_same
};

static enum outcome
plan(struct job *j)
{
	struct mount *m = entry_new(j, sizeof(*m));
	struct str words[FSTAB_WORDS], *line;
	struct buf text = { 0 };
	enum outcome outcome = OUTCOME_FAILED, file = OUTCOME_OK;

	if (m == NULL)
		return OUTCOME_FAILED;
	j->drop = drop;
	if (set_ensure(j, m) == -1 || set_path(j, m) == -1)
		return OUTCOME_FAILED;
	(void)part_read(j, entry_target(j), &text);
	line = find_line(j, buf_view(&text), words) ? words : NULL;
	if (set_line(j, m, line) == -1)
		goto clear_text;
	if (!part_read(j, MOUNTINFO, &m->now)) {
		job_fail(j, MOUNTINFO " cannot be read");
		goto clear_text;
	}
	compare(j, m, line);
	outcome = plan_point(j, m);
	if (outcome != OUTCOME_FAILED && m->lines)
		file = entry_plan(j, &kind, entry_target(j));
	if (file != OUTCOME_OK)
		outcome = file;
	else if (outcome == OUTCOME_OK && (m->mounts || m->unmounts ||
	    m->remounts))
		outcome = OUTCOME_CHANGED;
clear_text:
	buf_clear(&text);
	return outcome;
}

/*
 * --- What is done --------------------------------------------------------
 */

static int
mount_it(struct job *j, struct mount *m)
{
	const char *argv[] = { "mount", "-t", word(m, FSTAB_TYPE), "-o",
	    word(m, FSTAB_OPTIONS), word(m, FSTAB_DEVICE),
	    word(m, FSTAB_POINT), NULL };

	if (m->point.path != NULL &&
	    part_apply(&m->point, j) == OUTCOME_FAILED)
		return -1;
	if (tool_run(j, argv) == -1)
		return -1;
	job_did(j, "Mounted %s.", word(m, FSTAB_DEVICE));
	return 0;
}

/* With the device, or mount(8) would add options from fstab. */
static int
remount(struct job *j, struct mount *m)
{
	struct buf b = { 0 };
	const char *argv[] = { "mount", "-o", NULL, word(m, FSTAB_DEVICE),
	    word(m, FSTAB_POINT), NULL };
	int rc = -1;

	buf_printf(&b, "remount,%s", word(m, FSTAB_OPTIONS));
	buf_putc(&b, '\0');
	argv[2] = b.p;
	if (buf_failed(&b))
		job_fail(j, "out of memory");
	else if ((rc = tool_run(j, argv)) == 0)
		job_did(j, "Mounted it anew.");
	buf_clear(&b);
	return rc;
}

static int
unmount(struct job *j)
{
	const char *argv[] = { "umount", j->title.p, NULL };

	if (tool_run(j, argv) == -1)
		return -1;
	job_did(j, "Unmounted it.");
	return 0;
}

static enum outcome
apply(struct job *j)
{
	struct mount *m = j->state;

	if ((m->unmounts && unmount(j) == -1) ||
	    (m->mounts && mount_it(j, m) == -1) ||
	    (m->remounts && remount(j, m) == -1))
		return OUTCOME_FAILED;
	return m->entry.part.outcome == OUTCOME_CHANGED ? entry_apply(j) :
	    OUTCOME_CHANGED;
}

/* As the kernel would tell it. */
static int
pretend_mounts(struct job *j, struct mount *m)
{
	struct node n = { .kind = NODE_FILE, .mode = 0444 };
	struct buf b = { 0 };
	int rc;

	mountinfo_without(&b, buf_view(&m->now), m->path);
	if (m->mounts || m->remounts) {
		buf_puts(&b, "0 0 0:0 / ");
		fstab_escape(&b, m->path);
		buf_printf(&b, " %s - %s ", word(m, FSTAB_OPTIONS),
		    word(m, FSTAB_TYPE));
		fstab_escape(&b, buf_view(&m->words[FSTAB_DEVICE]));
		buf_printf(&b, " %s\n", word(m, FSTAB_OPTIONS));
	}
	n.data = b.len > 0 ? buf_view(&b) : str_of("");
	rc = buf_failed(&b) ? -1 : world_set(j->world, MOUNTINFO, &n);
	buf_clear(&b);
	if (rc == -1)
		job_fail(j, "out of memory");
	return rc;
}

static enum outcome
pretend(struct job *j)
{
	struct mount *m = j->state;

	if ((m->mounts || m->unmounts || m->remounts) &&
	    pretend_mounts(j, m) == -1)
		return OUTCOME_FAILED;
	if (m->point.path != NULL &&
	    part_pretend(&m->point, j) == OUTCOME_FAILED)
		return OUTCOME_FAILED;
	return m->lines && entry_pretend(j) == OUTCOME_FAILED ?
	    OUTCOME_FAILED : OUTCOME_CHANGED;
}

static void
watch(const struct job *j, resource_watch_fn *fn, void *arg)
{
	entry_watch(j, fn, arg);
	if (j->title.len > 0 && *j->title.p == '/')
		fn(j->title.p, 0, arg);
}

const struct resource_type resource_mount = {
	.name = "mount", .options = options, .plan = plan, .apply = apply,
	.pretend = pretend, .watch = watch, .owns = part_owns
};
