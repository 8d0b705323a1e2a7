#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "facts/emit.h"

#include "show.h"

void
out_write(struct buf *b)
{
	if (buf_failed(b)) {
		errno = ENOMEM;
		err(EXIT_TROUBLE, NULL);
	}
	if (buf_write(b, STDOUT_FILENO) == -1)
		err(EXIT_OUTPUT, "stdout");
}

void
out_close(void)
{
	if (close(STDOUT_FILENO) == -1)
		err(EXIT_OUTPUT, "stdout");
}

static const char *
marks(const struct collector *c, const struct fact *t)
{
	if (c->when == ON_REQUEST || c->when == COMPAT_ON_REQUEST)
		return t != NULL && t->moves ? "opt ~" : "opt";
	return t != NULL && t->moves ? "~" : "";
}

/* A group and what is in it: "os.name", "fstab[].device", "uid". */
static void
add_name(struct buf *b, const struct collector *c, const char *name,
    const char *end)
{
	const char *dot = c->name[0] == '\0' || name[0] == '[' ? "" : ".";

	buf_printf(b, "%s%s%s%s", c->name, dot, name, end);
}

void
show_list(void)
{
	const struct collector *c;
	const struct fact *t;
	struct buf b = { 0 };
	size_t i;

	for (i = 0; (c = facts_collector(i)) != NULL; i++) {
		if (c->name[0] != '\0')
			buf_printf(&b, "%s\t%s\t%s\t%s\t%u\n", c->name,
			    "group", marks(c, NULL), c->help, c->cost);
		for (t = c->facts; t->name != NULL; t++) {
			add_name(&b, c, t->name, "\t");
			buf_printf(&b, "%s\t%s\t%s\n", t->type, marks(c, t),
			    t->help);
		}
	}
	out_write(&b);
	buf_clear(&b);
}

void
show_volatile(void)
{
	const struct collector *c;
	const struct fact *t;
	struct buf b = { 0 };
	size_t i;

	for (i = 0; (c = facts_collector(i)) != NULL; i++)
		for (t = c->facts; t->name != NULL; t++)
			if (t->moves)
				add_name(&b, c, t->name, "\n");
	out_write(&b);
	buf_clear(&b);
}

static void
complain(struct facts *f, const char *name)
{
	const char *near;

	if (facts_known(str_of(name)))
		warnx("%s: there is none on this host", name);
	else if ((near = facts_nearest(f, str_of(name))) != NULL &&
	    near[0] != '\0')
		warnx("%s: no such fact; the nearest is %s", name, near);
	else
		warnx("%s: no such fact", name);
}

int
choose_names(struct facts *f, const struct wanted *w)
{
	struct val *v;
	int i, missing = 0;

	/* All first: who is asked later may add to what was found before. */
	for (i = 0; i < w->nnames; i++)
		(void)facts_get(f, str_of(w->names[i]));
	if (w->stable)
		facts_strip(f);
	for (i = 0; i < w->nnames; i++) {
		v = facts_get(f, str_of(w->names[i]));
		if (v != NULL)
			v->wanted = true;
		else {
			complain(f, w->names[i]);
			missing++;
		}
	}
	return missing;
}

/* Is it that of the name of n bytes? */
static bool
is_named(const struct collector *c, const char *name, size_t n)
{
	return (strlen(c->name) == n && strncmp(c->name, name, n) == 0) ||
	    (c->group != NULL && strlen(c->group) == n &&
	    strncmp(c->group, name, n) == 0);
}

/* Is the collector in a list "a,b.c" of groups? */
static bool
listed(const char *list, const struct collector *c)
{
	size_t n;

	for (; list != NULL && *list != '\0'; list += n) {
		list += *list == ',';
		n = strcspn(list, ",");
		if (is_named(c, list, n))
			return true;
		/* A group means its parts, too, but for the dear ones. */
		if (c->when == BY_DEFAULT && strncmp(c->name, list, n) == 0 &&
		    c->name[n] == '.')
			return true;
	}
	return false;
}

static void
check_groups(const char *list, char letter)
{
	const struct collector *c;
	size_t i, n;

	for (; list != NULL && *list != '\0'; list += n) {
		list += *list == ',';
		n = strcspn(list, ",");
		for (i = 0; (c = facts_collector(i)) != NULL; i++)
			if (is_named(c, list, n))
				break;
		if (c == NULL)
			errx(EXIT_TROUBLE, "-%c %.*s: no such group", letter,
			    (int)n, list);
	}
}

static bool
is_wanted(const struct wanted *w, const struct collector *c)
{
	switch (c->when) {
	case COMPAT:
		return w->o.compat && w->groups == NULL;
	case COMPAT_ON_REQUEST:
		return w->o.compat && w->all;
	default:
		break;
	}
	if (listed(w->skip, c))
		return false;
	if (w->groups != NULL)
		return listed(w->groups, c);
	return w->all || c->when == BY_DEFAULT;
}

static unsigned
json_flags(const struct wanted *w)
{
	return (w->human ? EMIT_HUMAN : 0) |
	    (!w->compact && isatty(STDOUT_FILENO) ? EMIT_PRETTY : 0);
}

/* What has been found so far, as JSON. */
struct output {
	struct facts	*f;
	struct buf	 b;
	unsigned	 flags;
};

static void
check_memory(struct facts *f)
{
	if (facts_failed(f)) {
		errno = ENOMEM;
		err(EXIT_TROUBLE, NULL);
	}
}

static void
print_part(struct val *tree, const struct val *open, void *arg)
{
	struct output *out = arg;

	check_memory(out->f);
	emit_part(&out->b, tree, open, out->flags);
	out_write(&out->b);
}

/* Old names are made of what was found before, and are added to it. */
static bool
may_stream(const struct wanted *w)
{
	return !w->keep && !w->flat && !w->shell && !w->o.compat;
}

void
choose_groups(struct facts *f, const struct wanted *w)
{
	struct output out = { .f = f, .flags = json_flags(w) };
	const struct facts_stream stream = { print_part, &out, w->stable };
	const struct collector *c;
	size_t i;

	check_groups(w->groups, 'g');
	check_groups(w->skip, 'x');
	if (may_stream(w))
		facts_stream(f, &stream);
	for (i = 0; (c = facts_collector(i)) != NULL; i++)
		if (is_wanted(w, c))
			facts_run(f, i);
	if (w->stable)
		facts_strip(f);
	buf_clear(&out.b);
}

static void
show_lines(struct buf *b, const struct val *tree, const struct wanted *w,
    unsigned flags)
{
	if (w->shell)
		emit_shell(b, "", tree, flags);
	else
		emit_flat(b, "", tree, flags);
}

/* The only name, if it is one of a scalar. */
static const struct val *
lone_scalar(struct facts *f, const struct wanted *w)
{
	const struct val *v;

	if (w->nnames != 1)
		return NULL;
	v = facts_get(f, str_of(w->names[0]));
	return v == NULL || v->type == VAL_OBJ || v->type == VAL_ARR ? NULL :
	    v;
}

void
show_facts(struct facts *f, const struct wanted *w)
{
	struct val *tree = facts_tree(f);
	const struct val *lone = lone_scalar(f, w);
	struct buf b = { 0 };
	unsigned flags = json_flags(w);

	if (w->nnames > 0 && !val_keep_wanted(tree))
		return;
	if (w->verbose && lone == NULL)
		val_copy(tree, "errors", facts_errors(f));
	if (w->flat || w->shell)
		show_lines(&b, tree, w, flags);
	else {
		if (lone != NULL)
			emit_bare(&b, lone, flags);
		else
			emit_json(&b, tree, flags);
		buf_putc(&b, '\n');
	}
	check_memory(f);
	out_write(&b);
	buf_clear(&b);
}

void
show_timing(const struct facts *f)
{
	const struct collector *c;
	int64_t compat = -1, usec;
	const char *comma = "";
	size_t i;

	fputc('{', stderr);
	for (i = 0; (c = facts_collector(i)) != NULL; i++) {
		if ((usec = facts_usec(f, i)) == -1)
			continue;
		if (c->name[0] == '\0') {
			compat = (compat == -1 ? 0 : compat) + usec;
			continue;
		}
		fprintf(stderr, "%s\"%s\":%" PRId64, comma, c->name, usec);
		comma = ",";
	}
	if (compat != -1)
		fprintf(stderr, "%s\"legacy\":%" PRId64, comma, compat);
	fputs("}\n", stderr);
}
