#include <sys/utsname.h>

#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/watch.h"
#include "facts/text.h"
#include "file/part.h"
#include "types/settings.h"
#include "types/tool.h"

/* What the kernel has for a module that is loaded, and not built in. */
#define STATE "/sys/module/%s/initstate"

enum { NAME_LEN_MAX = 128 };

/* In the order of the table. */
enum { ENSURE, BOOT, PARAMETERS, BLACKLIST };

static const struct resource_option options[] = {
	[ENSURE] = { "ensure", OPTION_STRING, "loaded",
	    "loaded or unloaded" },
	[BOOT] = { "boot", OPTION_BOOL, "true if it is to be loaded",
	    "it is loaded when the host starts" },
	[PARAMETERS] = { "parameters", OPTION_MAP, NULL,
	    "what it is given when it is loaded" },
	[BLACKLIST] = { "blacklist", OPTION_BOOL, "false",
	    "no device that is found loads it" },
	{ NULL, 0, NULL, NULL }
};

struct module {
	struct part_list files;
	char		 state[NAME_LEN_MAX + sizeof(STATE)];
	bool		 unloaded;	/* is wanted */
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
	struct module *m = state;

	part_list_clear(&m->files);
	free(m);
}

/* To the kernel, "-" and "_" are the same in a name. */
static bool
is_named(const struct job *j, struct str s)
{
	size_t i;

	if (s.len != j->title.len)
		return false;
	for (i = 0; i < s.len; i++)
		if (s.p[i] != j->title.p[i] &&
		    (strchr("-_", s.p[i]) == NULL ||
		    strchr("-_", j->title.p[i]) == NULL))
			return false;
	return true;
}

static int
check(struct job *j, struct module *m)
{
	const char *ensure = given(j, ENSURE) ? j->values[ENSURE].str.p :
	    "loaded";
	size_t i;

	for (i = 0; i < j->title.len; i++)
		if (!isalnum((unsigned char)j->title.p[i]) &&
		    strchr("-_", j->title.p[i]) == NULL)
			break;
	if (j->title.len == 0 || i < j->title.len || i > NAME_LEN_MAX ||
	    *j->title.p == '-')
		return job_fail(j, "not the name of a module"), -1;
	(void)snprintf(m->state, sizeof(m->state), STATE, j->title.p);
	for (i = strlen("/sys/module/"); m->state[i] != '\0'; i++)
		if (m->state[i] == '-')
			m->state[i] = '_';
	m->unloaded = strcmp(ensure, "unloaded") == 0;
	if (!m->unloaded && strcmp(ensure, "loaded") != 0)
		return job_fail(j, "ensure %s: neither loaded nor unloaded",
		    ensure), -1;
	return 0;
}

static bool
is_loaded(const struct job *j, const struct module *m)
{
	struct node n;

	if (world_look(j->world, m->state, &n))
		return n.kind != NODE_NONE;
	return access(m->state, F_OK) == 0;
}

/* "kernel/fs/ext4/ext4.ko" */
static bool
is_built_in(const struct job *j)
{
	char path[PATH_MAX];
	struct buf b = { 0 };
	struct str text, line;
	struct utsname u;
	bool found = false;

	if (uname(&u) == -1)
		return false;
	(void)snprintf(path, sizeof(path), "/lib/modules/%s/modules.builtin",
	    u.release);
	(void)part_read(j, path, &b);
	text = buf_view(&b);
	while (!found && text_line(&text, &line)) {
		line = text_tail(line, '/');
		found = is_named(j, text_cut(&line, '.'));
	}
	buf_clear(&b);
	return found;
}

/* The value as modprobe.d(5) takes it: a line of words. */
static int
add_parameters(struct job *j, struct buf *b)
{
	const struct value *v = &j->values[PARAMETERS];
	struct str value, name;
	size_t i;

	if (v->type != VALUE_LIST || v->n == 0)
		return 0;
	buf_printf(b, "options %s", j->title.p);
	for (i = 0; i < v->n; i++) {
		value = v->list[i];
		name = text_cut(&value, '=');
		if (name.len == 0 || strpbrk(v->list[i].p, " \t\n\"\\#") != NULL)
			return job_fail(j, "parameters %.*s: a blank, a quote "
			    "or the like is in it", (int)name.len, name.p), -1;
		buf_putc(b, ' ');
		buf_str(b, v->list[i]);
	}
	buf_putc(b, '\n');
	return 0;
}

static void
set_file(struct part *p)
{
	if (p->content.len > 0)
		part_set_content(p, "0644");
	else
		part_set_absent(p);
}

/*
 * The files are of its name.  That of parameters is left alone where the policy
 * gives neither of the options that are in it.
 */
static int
set_files(struct job *j, struct module *m)
{
	bool boot = given(j, BOOT) ? j->values[BOOT].yes : !m->unloaded;
	struct part *p;

	if ((p = part_list_add(&m->files, j, "/etc/modules-load.d/%s.conf",
	    j->title.p)) == NULL)
		return -1;
	if (boot)
		buf_printf(&p->content, "%s\n", j->title.p);
	set_file(p);
	if (!given(j, PARAMETERS) && !given(j, BLACKLIST))
		return 0;
	if ((p = part_list_add(&m->files, j, "/etc/modprobe.d/%s.conf",
	    j->title.p)) == NULL)
		return -1;
	if (given(j, BLACKLIST) && j->values[BLACKLIST].yes)
		buf_printf(&p->content, "blacklist %s\n", j->title.p);
	if (add_parameters(j, &p->content) == -1)
		return -1;
	set_file(p);
	return 0;
}

static enum outcome
plan(struct job *j)
{
	struct module *m;
	enum outcome files;
	bool loaded;

	if ((m = calloc(1, sizeof(*m))) == NULL)
		return job_fail(j, "out of memory");
	j->state = m;
	j->drop = drop;
	if (check(j, m) == -1 || set_files(j, m) == -1)
		return OUTCOME_FAILED;
	if (!(loaded = is_loaded(j, m)) && is_built_in(j)) {
		if (m->unloaded)
			return job_fail(j, "is built into the kernel");
		loaded = true;
	}
	m->differs = loaded == m->unloaded;
	if (m->differs)
		job_why(j, loaded ? "is loaded" : "is not loaded");
	files = part_list_plan(&m->files, j);
	return files == OUTCOME_OK && m->differs ? OUTCOME_CHANGED : files;
}

/* The files first: what is loaded is given its parameters by them. */
static enum outcome
apply(struct job *j)
{
	struct module *m = j->state;
	const char *load[] = { "modprobe", j->title.p, NULL };
	const char *unload[] = { "modprobe", "-r", j->title.p, NULL };

	if (part_list_write(&m->files, j) == OUTCOME_FAILED)
		return OUTCOME_FAILED;
	if (!m->differs)
		return OUTCOME_CHANGED;
	if (tool_run(j, m->unloaded ? unload : load) == -1)
		return OUTCOME_FAILED;
	job_did(j, "%s it.", m->unloaded ? "Unloaded" : "Loaded");
	return OUTCOME_CHANGED;
}

static enum outcome
pretend(struct job *j)
{
	struct module *m = j->state;
	struct node n = { .kind = m->unloaded ? NODE_NONE : NODE_FILE };

	if (m->differs && world_set(j->world, m->state, &n) == -1)
		return job_fail(j, "out of memory");
	return part_list_pretend(&m->files, j) == OUTCOME_FAILED ?
	    OUTCOME_FAILED : OUTCOME_CHANGED;
}

static void
watch(const struct job *j, resource_watch_fn *fn, void *arg)
{
	const struct module *m = j->state;

	if (m != NULL)
		part_list_watch(&m->files, fn, arg);
}

static enum resource_owns
owns(const struct job *j)
{
	return given(j, ENSURE) &&
	    strcmp(j->values[ENSURE].str.p, "unloaded") == 0 ? OWNS_NOTHING :
	    OWNS_PART;
}

const struct resource_type resource_kernel_module = {
	.name = "kernel_module", .options = options, .plan = plan,
	.apply = apply, .pretend = pretend, .watch = watch, .owns = owns
};
