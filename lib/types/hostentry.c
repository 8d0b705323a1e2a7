#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>

#include "facts/text.h"
#include "types/entry.h"
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

struct host {
	struct entry	 entry;
	bool		 six;		/* the address is one of IPv6 */
	bool		 any;		/* lines of both families are meant */
};

static bool
given(const struct job *j, int i)
{
	return j->values[i].type != VALUE_NONE;
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
add_aliases(struct job *j, struct buf *line)
{
	const struct value *v = &j->values[ALIASES];
	const struct str *list = v->type == VALUE_LIST ? v->list : &v->str;
	size_t i, n = v->type == VALUE_LIST ? v->n :
	    v->type == VALUE_STRING ? 1 : 0;

	for (i = 0; i < n; i++) {
		if (check_name(j, list[i]) == -1)
			return -1;
		buf_putc(line, ' ');
		buf_str(line, list[i]);
	}
	return 0;
}

static int
set_host(struct job *j, struct host *h)
{
	const struct value *ip = &j->values[IP];
	unsigned char room[sizeof(struct in6_addr)];

	if (check_name(j, j->title) == -1)
		return -1;
	h->any = !given(j, IP);
	if (h->any && !h->entry.absent)
		return job_fail(j, "ip: is missing"), -1;
	if (h->any)
		return 0;
	h->six = strchr(ip->str.p, ':') != NULL;
	if (inet_pton(h->six ? AF_INET6 : AF_INET, ip->str.p, room) != 1)
		return job_fail(j, "ip %s: not an address", ip->str.p), -1;
	buf_printf(&h->entry.line, "%s\t%.*s", ip->str.p, (int)j->title.len,
	    j->title.p);
	return add_aliases(j, &h->entry.line);
}

/* By an address of the family that is meant? */
static bool
is_about(const struct job *j, struct str line)
{
	const struct host *h = j->state;
	struct str text = text_cut(&line, '#'), ip = text_word(&text);

	return ip.len > 0 && str_eq(text_word(&text), j->title) &&
	    (h->any || (memchr(ip.p, ':', ip.len) != NULL) == h->six);
}

static bool
is_same(const struct job *j, struct str line)
{
	const struct host *h = j->state;

	return text_same_words(text_cut(&line, '#'),
	    buf_view(&h->entry.line));
}

static const struct entry_kind kind = {
	.what = "entry", .is_about = is_about, .is_same = is_same
};

static enum outcome
plan(struct job *j)
{
	struct host *h = entry_new(j, sizeof(*h));

	if (h == NULL || job_ensure(j, &h->entry.absent) == -1 ||
	    set_host(j, h) == -1)
		return OUTCOME_FAILED;
	return entry_plan(j, &kind, entry_target(j));
}

const struct resource_type resource_hostentry = {
	.name = "hostentry", .options = options, .plan = plan,
	.apply = entry_apply, .pretend = entry_pretend, .watch = entry_watch,
	.owns = part_owns
};
