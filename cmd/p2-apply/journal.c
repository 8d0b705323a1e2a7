#include <err.h>
#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "apply.h"
#include "base/why.h"

/*
 * The journal of a run, in the store.  What is committed there before a change
 * is durable when it is made; what needs no hurry, that somebody has been
 * told, goes with the next commit, or with the outcome of the run.
 */
enum state {
	OWED_NEW,			/* not in the store */
	OWED_KEPT,
	OWED_STRUCK			/* in the store, and no longer owed */
};

struct row {
	struct owed	 o;		/* texts are its own, with NUL */
	uint32_t	 time;
	enum state	 state;
	struct row	*next;
};

static struct store *store;		/* NULL: there is no journal */
static const char *dir;
static struct str policy;
static void *tree;			/* of the rows, by resource and handler */
static struct row *rows;
static size_t nstruck;

static int
compare(const void *a, const void *b)
{
	const struct row *x = a, *y = b;
	int rc = strcmp(x->o.resource.p, y->o.resource.p);

	return rc != 0 ? rc : strcmp(x->o.handler.p, y->o.handler.p);
}

static struct row *
find(const struct owed *o)
{
	struct row key = { .o = *o }, **found = tfind(&key, &tree, compare);

	return found == NULL ? NULL : *found;
}

/* NULL without memory. */
static struct row *
add(const struct owed *o, uint32_t now, enum state state)
{
	struct row *r;
	char *p;

	if ((r = calloc(1, sizeof(*r) + o->resource.len + 1 +
	    o->handler.len + 1)) == NULL)
		return NULL;
	p = (char *)(r + 1);
	memcpy(p, o->resource.p, o->resource.len);
	r->o.resource = (struct str){ p, o->resource.len };
	p += o->resource.len + 1;
	memcpy(p, o->handler.p, o->handler.len);
	r->o.handler = (struct str){ p, o->handler.len };
	r->time = now;
	r->state = state;
	if (tsearch(r, &tree, compare) == NULL) {
		free(r);
		return NULL;
	}
	r->next = rows;
	rows = r;
	return r;
}

static void
drop_rows(void)
{
	struct row *r;

	while ((r = rows) != NULL) {
		rows = r->next;
		tdelete(r, &tree, compare);
		free(r);
	}
	nstruck = 0;
}

/* Rows that the store does not have yet, or has still, into t. */
static int
put_rows(struct store_tx *t)
{
	struct owed_row o = { .policy = policy };
	const struct row *r;
	int rc = 0;

	for (r = rows; r != NULL && rc == 0; r = r->next) {
		o.resource = r->o.resource;
		o.handler = r->o.handler;
		o.time = r->time;
		if (r->state == OWED_NEW)
			rc = store_owed_put(t, &o);
		else if (r->state == OWED_STRUCK)
			rc = store_owed_del(t, &o);
	}
	return rc;
}

/* That is durable: what is left are rows that the store has. */
static void
rows_are_put(void)
{
	struct row **at = &rows, *r;

	while ((r = *at) != NULL)
		if (r->state == OWED_STRUCK) {
			*at = r->next;
			tdelete(r, &tree, compare);
			free(r);
		} else {
			r->state = OWED_KEPT;
			at = &r->next;
		}
	nstruck = 0;
}

/* All that the job owes, into the rows; *news if the store lacks one. */
static int
owe(const struct job *j, bool *news)
{
	uint32_t now = (uint32_t)time(NULL);
	struct row *r;
	size_t i;

	for (i = 0; i < j->nowed; i++) {
		if ((r = find(&j->owed[i])) == NULL &&
		    (r = add(&j->owed[i], now, OWED_NEW)) == NULL)
			return ENOMEM;
		if (r->state == OWED_STRUCK) {
			r->state = OWED_KEPT;
			nstruck--;
		}
		*news |= r->state == OWED_NEW;
	}
	return 0;
}

/* Nobody keeps what was there before. */
static int
note(struct journal *jn, const struct job *j, const struct journal_step *s,
    struct buf *why)
{
	(void)jn;
	(void)j;
	(void)s;
	(void)why;
	return 0;
}

static int
commit(struct journal *jn, const struct job *j, struct buf *why)
{
	struct store_tx *t;
	bool news = false;
	int rc;

	(void)jn;
	if ((rc = owe(j, &news)) == 0 && !news)
		return 0;
	if (rc == 0 && (rc = store_begin(store, &t)) == 0) {
		if ((rc = put_rows(t)) != 0)
			store_abort(t);
		else if ((rc = store_commit(t)) == 0)
			rows_are_put();
	}
	if (rc == 0)
		return 0;
	return why_say(why, "%s: %s", dir, store_strerror(rc));
}

static void
forget(struct journal *jn)
{
	(void)jn;
}

struct journal *
journal_open(struct store *s, const char *path)
{
	static struct journal jn = { note, commit, forget };

	store = s;
	dir = path;
	return s == NULL ? NULL : &jn;
}

static int
load(const struct owed_row *o, void *arg)
{
	struct owed owed = { o->resource, o->handler };

	(void)arg;
	if (add(&owed, o->time, OWED_KEPT) == NULL)
		err(2, NULL);
	return 0;
}

/* The rows that there are, of the policy that is applied now. */
int
journal_begin(struct store *s, const char *path)
{
	struct store_view *v;
	int rc;

	drop_rows();
	policy = policy_name(path);
	if (s == NULL)
		return 0;
	if ((rc = store_view(s, &v)) != 0)
		return rc;
	rc = store_each_owed(v, policy, load, NULL);
	store_view_end(v);
	return rc;
}

void
journal_owed(void (*fn)(const struct owed *o, void *fnarg), void *fnarg)
{
	const struct row *r;

	for (r = rows; r != NULL; r = r->next)
		fn(&r->o, fnarg);
}

/* It goes with the next commit, or with the outcome. */
void
journal_strike(const struct owed *o)
{
	struct row *r = find(o);

	if (r == NULL || r->state == OWED_STRUCK)
		return;
	r->state = OWED_STRUCK;
	nstruck++;
}

int
journal_put(struct store_tx *t)
{
	return nstruck == 0 ? 0 : put_rows(t);
}

/* Is there nothing that journal_put() would put? */
bool
journal_is_put(void)
{
	return nstruck == 0;
}

void
journal_end(void)
{
	drop_rows();
}
