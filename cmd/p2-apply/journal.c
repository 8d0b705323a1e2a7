#include <err.h>
#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "apply.h"
#include "base/why.h"
#include "keep/keep.h"

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
	struct str	 file;		/* of the policy that owes it; so, too */
	bool		 moved;		/* that is gone: we may be it */
	uint32_t	 time;
	enum state	 state;
	struct row	*next;
};

static struct store *store;		/* NULL: there is no journal */
static const char *dir;
static struct str policy;
static char *policy_path;		/* its identity */
static struct keep_limits limits;
static struct keep *keep;		/* NULL: nothing has changed yet */
static void *tree;			/* of the rows, by resource and handler */
static struct row *rows;
static size_t nstruck;
static size_t nnew;			/* rows that are OWED_NEW */

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

static struct str
put_text(char **p, struct str s)
{
	struct str copy = { *p, s.len };

	if (s.len > 0)
		memcpy(*p, s.p, s.len);
	*p += s.len + 1;
	return copy;
}

/* NULL without memory. */
static struct row *
add(const struct owed *o, struct str file, uint32_t now, enum state state)
{
	struct row *r;
	char *p;

	if ((r = calloc(1, sizeof(*r) + o->resource.len + 1 +
	    o->handler.len + 1 + file.len + 1)) == NULL)
		return NULL;
	p = (char *)(r + 1);
	r->o.resource = put_text(&p, o->resource);
	r->o.handler = put_text(&p, o->handler);
	r->file = put_text(&p, file);
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
	nstruck = nnew = 0;
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
		o.file = r->file;
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
	nstruck = nnew = 0;
}

/* All that the job owes, into the rows. */
static int
add_rows(const struct job *j)
{
	uint32_t now = (uint32_t)time(NULL);
	struct row *r;
	size_t i;

	for (i = 0; i < j->nowed; i++) {
		if ((r = find(&j->owed[i])) == NULL) {
			if ((r = add(&j->owed[i],
			    str_of(policy_path), now, OWED_NEW)) == NULL)
				return ENOMEM;
			nnew++;
		}
		if (r->state == OWED_STRUCK) {
			r->state = OWED_KEPT;
			nstruck--;
		}
	}
	return 0;
}

/* What will go is kept; there is no need for it where nothing changes. */
static int
note(struct journal *jn, const struct job *j, const struct journal_step *s,
    struct buf *why)
{
	int rc;

	(void)jn;
	if (keep == NULL && (rc = keep_new(&keep, store, &limits)) != 0)
		return why_say(why, "%s: %s", dir, store_strerror(rc));
	if (keep_policy(keep, str_of(policy_path)) == -1)
		return why_errno(why, policy_path, "malloc");
	return keep_note(keep, s, str_of(j->type->name), j->title, why);
}

/* Owed rows, and what was noted, in one transaction. */
static int
put_all(void)
{
	struct store_tx *t;
	int rc;

	if ((rc = store_begin(store, &t)) != 0)
		return rc;
	if ((rc = put_rows(t)) != 0 ||
	    (keep != NULL && (rc = keep_put(keep, t)) != 0)) {
		store_abort(t);
		return rc;
	}
	if ((rc = store_commit(t)) == 0) {
		rows_are_put();
		if (keep != NULL)
			keep_done(keep);
	}
	return rc;
}

static void
tell_not_kept(void)
{
	const char *path, *why;

	while (keep != NULL && (path = keep_next_lost(keep, &why)) != NULL) {
		fflush(stdout);
		warnx("%s: what was there is not kept: %s", path, why);
	}
}

static int
commit(struct journal *jn, const struct job *j, struct buf *why)
{
	int rc;

	(void)jn;
	if ((rc = add_rows(j)) == 0 && nnew == 0 &&
	    (keep == NULL || keep_is_empty(keep)))
		return 0;
	tell_not_kept();
	if (rc == 0 && (rc = put_all()) == 0)
		return 0;
	if (keep != NULL)
		keep_forget(keep);
	return why_say(why, "%s: %s", dir, store_strerror(rc));
}

static int
owe(struct journal *jn, const struct job *j, struct buf *why)
{
	int rc = add_rows(j);

	(void)jn;
	return rc == 0 ? 0 : why_say(why, "%s: %s", dir, store_strerror(rc));
}

static void
forget(struct journal *jn)
{
	(void)jn;
	if (keep != NULL)
		keep_forget(keep);
}

struct journal *
journal_open(struct store *s, const char *path, const struct keep_limits *l)
{
	static struct journal jn = { note, commit, forget, owe };

	store = s;
	dir = path;
	limits = *l;
	return s == NULL ? NULL : &jn;
}

static int
load(const struct owed_row *o, void *arg)
{
	struct owed owed = { o->resource, o->handler };
	enum identity was = IDENTITY_SAME;
	char *file;
	struct row *r;

	(void)arg;
	if (o->file.len > 0) {
		if ((file = strndup(o->file.p, o->file.len)) == NULL)
			err(2, NULL);
		was = identity_was(policy_path, file);
		free(file);
	}
	/* Two of the same: the other one is for the next run. */
	if (was == IDENTITY_OTHER || find(&owed) != NULL)
		return 0;
	if ((r = add(&owed, o->file, o->time, OWED_KEPT)) == NULL)
		err(2, NULL);
	r->moved = was == IDENTITY_GONE;
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
	free(policy_path);
	if ((policy_path = identity(path)) == NULL)
		return ENOMEM;
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
bool
journal_strike(const struct owed *o, bool delivered)
{
	struct row *r = find(o);

	if (r != NULL && r->moved && !delivered)
		return false;
	if (r != NULL && r->state != OWED_STRUCK) {
		r->state = OWED_STRUCK;
		nstruck++;
	}
	return true;
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

/* One path, noted, committed and done. */
static bool
put_back(const struct keep_change *c, void (*fn)(const struct policy_result *))
{
	struct policy_result r = { .type = c->row.type, .title = c->row.path,
	    .outcome = OUTCOME_CHANGED, .word = str_of("restored") };
	struct buf what = { 0 }, why = { 0 };
	enum keep_verdict verdict;
	bool back = false;
	int rc;

	verdict = keep_look_back(keep, c, KEEP_UNCHANGED, false, &what, &why);
	if (verdict == KEEP_BACK && (rc = put_all()) != 0)
		why_say(&why, "%s: %s", dir, store_strerror(rc));
	else if (verdict == KEEP_SAME || (verdict == KEEP_BACK &&
	    keep_back(store, c, false, &why) == 0))
		back = true;
	r.why = buf_view(&what);
	if (back && verdict == KEEP_BACK)
		fn(&r);
	if (!back) {
		fflush(stdout);
		warnx("%.*s", (int)why.len, why.p);
	}
	buf_clear(&what);
	buf_clear(&why);
	return back;
}

bool
journal_rollback(struct str type, struct str title,
    void (*fn)(const struct policy_result *r))
{
	struct keep_changes all;
	const struct change_row *r;
	bool back = true;
	size_t i;
	int rc;

	if (keep == NULL)
		return true;
	if ((rc = keep_changes(store, keep_run(keep) - 1, NULL, &all)) != 0) {
		warnx("%s: %s", dir, store_strerror(rc));
		back = false;
	}
	for (i = 0; rc == 0 && i < all.n; i++) {
		r = &all.v[i].row;
		if (str_eq(r->type, type) && str_eq(r->title, title) &&
		    !put_back(&all.v[i], fn))
			back = false;
	}
	keep_changes_free(&all);
	return back;
}

unsigned
journal_compared(struct str type, struct str title)
{
	return keep == NULL ? 0 : keep_compared(keep, type, title);
}

void
journal_renew(void)
{
	keep_free(keep);
	keep = NULL;
}

void
journal_end(void)
{
	drop_rows();
	keep_free(keep);
	keep = NULL;
	free(policy_path);
	policy_path = NULL;
}
