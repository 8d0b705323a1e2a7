#include <err.h>
#include <stdio.h>
#include <stdlib.h>

#include "apply.h"
#include "base/hash.h"
#include "base/when.h"

/*
 * When what was signed, of each tree and key, is remembered in the store, so
 * that nobody can go back to an older one: it was signed as well.
 */
struct trusted {
	char		 name[40];	/* of the store's note */
	uint64_t	 time;
	struct trusted	*next;
};

static struct store *const *store;
static bool forced;
static struct trusted *news;		/* not in the store yet */

/* A place and a key, as short as notes are. */
static void
note_name(char *name, size_t size, const struct tree_signed *s)
{
	uint64_t hash = hash64(0, s->key, sizeof(s->key));

	(void)snprintf(name, size, "signed.%016llx",
	    (unsigned long long)hash64(hash, s->root.p, s->root.len));
}

/* What is remembered; 0 where there is nothing, or no store. */
static int
last_time(const char *name, uint64_t *last)
{
	struct store_view *v;
	int rc;

	*last = 0;
	if (*store == NULL)
		return 0;
	if ((rc = store_view(*store, &v)) != 0)
		return rc;
	rc = store_note(v, name, last);
	store_view_end(v);
	return rc;
}

static void
say_older(struct buf *why, const struct tree_signed *s, uint64_t last)
{
	buf_str(why, s->root);
	if (s->time == 0)
		buf_puts(why, ": does not say when it was signed, and one of ");
	else {
		buf_puts(why, ": was signed ");
		when_format_utc(why, (time_t)s->time);
		buf_puts(why, ", and one of ");
	}
	when_format_utc(why, (time_t)last);
	buf_puts(why, " has been trusted here; with --force it is taken");
}

static void
remember(const char *name, uint64_t when)
{
	struct trusted *one;

	if ((one = calloc(1, sizeof(*one))) == NULL)
		err(2, NULL);
	(void)snprintf(one->name, sizeof(one->name), "%s", name);
	one->time = when;
	one->next = news;
	news = one;
}

static int
accept_tree(void *arg, const struct tree_signed *s, struct buf *why)
{
	char name[40];
	uint64_t last;
	int rc;

	(void)arg;
	note_name(name, sizeof(name), s);
	if ((rc = last_time(name, &last)) != 0) {
		buf_printf(why, "what was trusted last: %s",
		    store_strerror(rc));
		return -1;
	}
	if (s->time < last && !forced) {
		say_older(why, s, last);
		return -1;
	}
	if (s->time != last)
		remember(name, s->time);
	return 0;
}

int
signed_open(struct trees **tp, const struct asked *a,
    struct store *const *where, struct buf *why)
{
	store = where;
	forced = a->force;
	return trees_open(tp, a->key, accept_tree, NULL, why);
}

static void
drop(void)
{
	struct trusted *one;

	while ((one = news) != NULL) {
		news = one->next;
		free(one);
	}
}

void
signed_keep(const struct asked *a)
{
	const struct trusted *one;
	struct store_tx *t;
	int rc;

	if (news != NULL && *store != NULL && !a->noop && !a->check) {
		if ((rc = store_begin(*store, &t)) == 0) {
			for (one = news; rc == 0 && one != NULL;
			    one = one->next)
				rc = store_note_put(t, one->name, one->time);
			if (rc != 0)
				store_abort(t);
			else
				rc = store_commit(t);
		}
		if (rc != 0)
			warnx("%s: %s", a->dir, store_strerror(rc));
	}
	drop();
	forced = false;
}
