#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "apply.h"
#include "facts/emit.h"
#include "facts/facts.h"

static struct facts *facts;
static const char *external;
static const char **names;
static size_t nnames;

static void
add_name(struct str name)
{
	const char **more;
	char *copy;
	size_t i;

	for (i = 0; i < nnames; i++)
		if (str_eq(str_of(names[i]), name))
			return;
	if ((copy = strndup(name.p, name.len)) == NULL ||
	    (more = reallocarray(names, nnames + 2, sizeof(*more))) == NULL)
		err(2, NULL);
	names = more;
	names[nnames++] = copy;
	names[nnames] = NULL;
}

/* The names at the top that a collector can put something under. */
static void
add_names_of(const struct collector *c)
{
	const struct fact *f;

	if (*c->name != '\0') {
		add_name((struct str){ c->name, strcspn(c->name, ".") });
		return;
	}
	for (f = c->facts; f->name != NULL; f++)
		if (f->name[strcspn(f->name, ".*")] != '*')
			add_name((struct str){ f->name,
			    strcspn(f->name, ".[") });
}

/*
 * What there is of these only they can tell: the keys of os-release, and what
 * custom facts put at the top.
 */
static void
add_found_names(void)
{
	const struct val *m;

	(void)facts_get(facts, str_of("os_dist_id"));
	(void)facts_get(facts, str_of("external"));
	for (m = facts_tree(facts)->u.list.first; m != NULL; m = m->next)
		add_name(str_of(m->key));
}

static void
open_facts(void)
{
	struct facts_options o = { .external = external, .compat = true };
	int rc;

	if (facts == NULL && (rc = facts_new(&facts, &o)) != 0)
		errx(2, "facts: %s", strerror(rc));
}

/* Nothing else is found out before it is asked for. */
const char *const *
facts_begin(const char *dir)
{
	const struct collector *c;
	size_t i;

	facts_end();
	external = dir;
	open_facts();
	for (i = 0; (c = facts_collector(i)) != NULL; i++)
		add_names_of(c);
	add_found_names();
	return names;
}

bool
fact(void *arg, struct str name, struct buf *json)
{
	const struct val *v;

	(void)arg;
	open_facts();
	if ((v = facts_get(facts, name)) == NULL)
		return false;
	emit_json(json, v, 0);
	return true;
}

bool
fact_again(void *arg, struct str name, struct buf *json)
{
	struct facts_options o = { .compat = true };
	struct facts *now;
	const struct val *v;

	(void)arg;
	if (facts_new(&now, &o) != 0)
		return false;
	if ((v = facts_get(now, name)) != NULL)
		emit_json(json, v, 0);
	facts_free(now);
	return v != NULL;
}

void
facts_end(void)
{
	facts_free(facts);
	facts = NULL;
}
