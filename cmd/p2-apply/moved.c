#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "apply.h"
#include "store/kept.h"

/* What a policy owned when it was known by another path. */

/* How much of what another policy has is this one's, too. */
struct shared {
	bool	(*has)(struct str type, struct str title);
	size_t	 all;
	size_t	 here;
};

static int
count_shared(const struct holding_row *r, void *arg)
{
	struct shared *n = arg;

	n->all++;
	n->here += n->has(r->who.type, r->who.title);
	return 0;
}

struct former {
	struct store_view *v;
	const char	*policy;
	bool		(*has)(struct str type, struct str title);
	char		*found;
};

/* Moved, rather than another one of that name, if most is still the same. */
static int
is_former(struct str name, void *arg)
{
	struct former *f = arg;
	struct shared n = { .has = f->has };
	enum identity was;
	char *other;

	if ((other = strndup(name.p, name.len)) == NULL)
		err(2, NULL);
	was = strcmp(other, f->policy) == 0 ? IDENTITY_OTHER :
	    identity_was(f->policy, other);
	if (was == IDENTITY_GONE)
		store_each_holding(f->v, name, count_shared, &n);
	if (was == IDENTITY_SAME ||
	    (was == IDENTITY_GONE && n.here > 0 && 2 * n.here >= n.all)) {
		f->found = other;
		return 1;
	}
	free(other);
	return 0;
}

/* To be freed; NULL: there is none. */
static char *
find_former(struct store *s, struct former *f)
{
	f->found = NULL;
	if (store_view(s, &f->v) != 0)
		return NULL;
	store_each_holder(f->v, is_former, f);
	store_view_end(f->v);
	return f->found;
}

void
moved(struct store *s, const char *policy,
    bool (*has)(struct str type, struct str title))
{
	struct former f = { .policy = policy, .has = has };
	struct store_tx *t;
	char *former;
	int rc = 0;

	while (rc == 0 && (former = find_former(s, &f)) != NULL) {
		if ((rc = store_begin(s, &t)) == 0) {
			if ((rc = store_holding_move(t, str_of(former),
			    str_of(policy))) != 0)
				store_abort(t);
			else
				rc = store_commit(t);
		}
		if (rc != 0)
			warnx("%s: what it owned as %s: %s", policy, former,
			    store_strerror(rc));
		free(former);
	}
}
