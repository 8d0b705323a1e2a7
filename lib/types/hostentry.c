#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/watch.h"
#include "facts/text.h"
#include "file/part.h"
#include "types/settings.h"

/* In the order of the table. */
enum { ENSURE, IP, ALIASES, TARGET };

static const struct resource_option options[] = {
	[ENSURE] = { "ensure", OPTION_STRING, "present",
	    "present or absent" },
	[IP] = { "ip", OPTION_STRING, NULL, "its address" },
	[ALIASES] = { "aliases", OPTION_STRING | OPTION_LIST, NULL,
	    "other names that it has" },
	[TARGET] = { "target", OPTION_STRING, "/etc/hosts", "the file" },
	{ NULL, 0, NULL, NULL }
};

struct entry {
	struct part	 part;
	struct buf	 line;		/* as it is to be */
	bool		 absent;
	bool		 six;		/* the address is one of IPv6 */
	bool		 any;		/* lines of both families are meant */
	bool		 placed;
};

static bool
given(const struct job *j, int i)
{
	return j->values[i].type != VALUE_NONE;
}

static const char *
target(const struct job *j)
{
	return given(j, TARGET) ? j->values[TARGET].str.p : "/etc/hosts";
}

static void
drop(void *state)
{
	struct entry *e = state;

	part_clear(&e->part);
	buf_clear(&e->line);
	free(e);
}

static int
check_name(struct job *j, struct str name)
{
	size_t i;

	for (i = 0; i < name.len; i++)
		if (!isalnum((unsigned char)name.p[i]) &&
		    strchr("-_.", name.p[i]) == NULL)
			break;
	if (name.len > 0 && i == name.len)
		return 0;
	job_fail(j, "%.*s: not the name of a host", (int)name.len, name.p);
	return -1;
}

static int
add_aliases(struct job *j, struct entry *e)
{
	const struct value *v = &j->values[ALIASES];
	const struct str *list = v->type == VALUE_LIST ? v->list : &v->str;
	size_t i, n = v->type == VALUE_LIST ? v->n :
	    v->type == VALUE_STRING ? 1 : 0;

	for (i = 0; i < n; i++) {
		if (check_name(j, list[i]) == -1)
			return -1;
		buf_putc(&e->line, ' ');
		buf_str(&e->line, list[i]);
	}
	return 0;
}

static int
set_entry(struct job *j, struct entry *e)
{
	const struct value *v = &j->values[ENSURE], *ip = &j->values[IP];
	unsigned char room[sizeof(struct in6_addr)];

	if (given(j, ENSURE) && strcmp(v->str.p, "absent") == 0)
		e->absent = true;
	else if (given(j, ENSURE) && strcmp(v->str.p, "present") != 0)
		return job_fail(j, "ensure %s: neither present nor absent",
		    v->str.p), -1;
	if (check_name(j, j->title) == -1)
		return -1;
	e->any = !given(j, IP);
	if (e->any && !e->absent)
		return job_fail(j, "ip: is missing"), -1;
	if (e->any)
		return 0;
	e->six = strchr(ip->str.p, ':') != NULL;
	if (inet_pton(e->six ? AF_INET6 : AF_INET, ip->str.p, room) != 1)
		return job_fail(j, "ip %s: not an address", ip->str.p), -1;
	buf_printf(&e->line, "%s\t%.*s", ip->str.p, (int)j->title.len,
	    j->title.p);
	return add_aliases(j, e);
}

/* Is the line about this host, by an address of the family that is meant? */
static bool
is_about(const struct job *j, const struct entry *e, struct str line)
{
	struct str text = text_cut(&line, '#'), ip = text_word(&text);

	return ip.len > 0 && str_eq(text_word(&text), j->title) &&
	    (e->any || (memchr(ip.p, ':', ip.len) != NULL) == e->six);
}

/* The same words, however they are spaced. */
static bool
is_same(struct str a, struct str b)
{
	struct str x, y;

	do {
		x = text_word(&a);
		y = text_word(&b);
		if (!str_eq(x, y))
			return false;
	} while (x.len > 0);
	return true;
}

static void
put_line(struct buf *b, struct str line)
{
	buf_str(b, line);
	buf_putc(b, '\n');
}

/* The first line about it is what it is to be, and there is no other. */
static void
edit(const struct job *j, struct entry *e, struct str text)
{
	struct buf *b = &e->part.content;
	struct str line, words, rest;

	while (text_line(&text, &line)) {
		if (!is_about(j, e, line)) {
			put_line(b, line);
			continue;
		}
		if (e->absent || e->placed)
			continue;
		rest = line;
		words = text_cut(&rest, '#');
		put_line(b, is_same(words, buf_view(&e->line)) ? line :
		    buf_view(&e->line));
		e->placed = true;
	}
	if (!e->absent && !e->placed)
		put_line(b, buf_view(&e->line));
}

static enum outcome
plan(struct job *j)
{
	struct buf text = { 0 };
	struct entry *e;
	bool found;

	if ((e = calloc(1, sizeof(*e))) == NULL)
		return job_fail(j, "out of memory");
	j->state = e;
	j->drop = drop;
	if (set_entry(j, e) == -1 ||
	    part_init(&e->part, j, target(j)) == -1)
		return OUTCOME_FAILED;
	found = part_read(j, target(j), &text);
	edit(j, e, buf_view(&text));
	buf_clear(&text);
	if (!found && e->absent)
		return OUTCOME_OK;
	part_set_content(&e->part, NULL);
	return part_plan(&e->part, j);
}

static enum outcome
apply(struct job *j)
{
	struct entry *e = j->state;

	if (part_apply(&e->part, j) == OUTCOME_FAILED)
		return OUTCOME_FAILED;
	job_did(j, "%s the entry.", e->absent ? "Removed" : "Wrote");
	return OUTCOME_CHANGED;
}

static enum outcome
pretend(struct job *j)
{
	struct entry *e = j->state;

	return part_pretend(&e->part, j);
}

static void
watch(const struct job *j, resource_watch_fn *fn, void *arg)
{
	fn(target(j), WATCH_FOLLOW, arg);
}

const struct resource_type resource_hostentry = {
	.name = "hostentry", .options = options, .plan = plan,
	.apply = apply, .pretend = pretend, .watch = watch,
	.owns = part_owns
};
