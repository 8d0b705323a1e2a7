#include <ctype.h>
#include <string.h>

#include "facts/text.h"
#include "types/entry.h"
#include "types/settings.h"

/* In the order of the table. */
enum { ENSURE, KEY, TYPE, ALIASES, TARGET };

static const struct resource_option options[] = {
	[ENSURE] = { "ensure", OPTION_STRING, "present",
	    "present or absent" },
	[KEY] = { "key", OPTION_STRING, NULL,
	    "in base64, or with the type before it" },
	[TYPE] = { "type", OPTION_STRING, "that before the key",
	    "of the key: ssh-ed25519" },
	[ALIASES] = { "aliases", OPTION_STRING | OPTION_LIST, NULL,
	    "other names and addresses that it has" },
	[TARGET] = { "target", OPTION_STRING, "/etc/ssh/ssh_known_hosts",
	    "the file" },
	{ NULL, 0, NULL, NULL }
};

struct known {
	struct entry	 entry;
	struct str	 type;		/* empty: of any */
};

static bool
given(const struct job *j, int i)
{
	return j->values[i].type != VALUE_NONE;
}

/* One name of a list: patterns, hashes and markers are not for us. */
static int
add_name(struct job *j, struct known *k, struct str name)
{
	size_t i;

	for (i = 0; i < name.len; i++)
		if (!isalnum((unsigned char)name.p[i]) &&
		    strchr("-_.:[]", name.p[i]) == NULL)
			break;
	if (name.len == 0 || i < name.len) {
		job_fail(j, "%.*s: not the name of a host", (int)name.len,
		    name.p);
		return -1;
	}
	if (k->entry.line.len > 0)
		buf_putc(&k->entry.line, ',');
	buf_str(&k->entry.line, name);
	return 0;
}

static int
add_names(struct job *j, struct known *k)
{
	const struct value *v = &j->values[ALIASES];
	const struct str *list = v->type == VALUE_LIST ? v->list : &v->str;
	size_t i, n = v->type == VALUE_LIST ? v->n :
	    v->type == VALUE_STRING ? 1 : 0;

	if (add_name(j, k, j->title) == -1)
		return -1;
	for (i = 0; i < n; i++)
		if (add_name(j, k, list[i]) == -1)
			return -1;
	return 0;
}

static bool
is_base64(struct str s)
{
	size_t i;

	for (i = 0; i < s.len; i++)
		if (!isalnum((unsigned char)s.p[i]) &&
		    strchr("+/=", s.p[i]) == NULL)
			return false;
	return s.len > 0;
}

static int
add_key(struct job *j, struct known *k)
{
	struct str rest = j->values[KEY].str, key = text_word(&rest),
	    second = text_word(&rest);

	if (given(j, TYPE))
		k->type = j->values[TYPE].str;
	if (second.len > 0) {
		if (given(j, TYPE) && !str_eq(k->type, key))
			return job_fail(j, "type %s: the key's is %.*s",
			    k->type.p, (int)key.len, key.p), -1;
		k->type = key;
		key = second;
	}
	if (k->type.len == 0 || strpbrk(k->type.p, "\n") != NULL)
		return job_fail(j, "type: is missing"), -1;
	if (!is_base64(key))
		return job_fail(j, "key: not in base64"), -1;
	buf_printf(&k->entry.line, " %.*s %.*s", (int)k->type.len, k->type.p,
	    (int)key.len, key.p);
	return 0;
}

static int
set_known(struct job *j, struct known *k)
{
	if (add_names(j, k) == -1)
		return -1;
	if (k->entry.absent) {
		if (given(j, TYPE))
			k->type = j->values[TYPE].str;
		return 0;
	}
	if (!given(j, KEY))
		return job_fail(j, "key: is missing"), -1;
	return add_key(j, k);
}

/* "NAME,... TYPE KEY": one of these names is the title, and the type ours. */
static bool
is_about(const struct job *j, struct str line)
{
	const struct known *k = j->state;
	struct str names = text_word(&line), type = text_word(&line);

	if (names.len == 0 || *names.p == '#' || *names.p == '@' ||
	    (k->type.len > 0 && !str_eq(type, k->type)))
		return false;
	while (names.len > 0)
		if (str_eq(text_cut(&names, ','), j->title))
			return true;
	return false;
}

/* The same names, type and key; a comment may stand behind them. */
static bool
is_same(const struct job *j, struct str line)
{
	const struct known *k = j->state;
	struct str want = buf_view(&k->entry.line);
	int i;

	for (i = 0; i < 3; i++)
		if (!str_eq(text_word(&line), text_word(&want)))
			return false;
	return true;
}

static const struct entry_kind kind = {
	.what = "key", .mode = "0644", .is_about = is_about,
	.is_same = is_same
};

static enum outcome
plan(struct job *j)
{
	struct known *k = entry_new(j, sizeof(*k));

	if (k == NULL || job_ensure(j, &k->entry.absent) == -1 ||
	    set_known(j, k) == -1)
		return OUTCOME_FAILED;
	return entry_plan(j, &kind, entry_target(j));
}

const struct resource_type resource_known_host = {
	.name = "known_host", .options = options, .plan = plan,
	.apply = entry_apply, .pretend = entry_pretend, .watch = entry_watch,
	.owns = part_owns
};
