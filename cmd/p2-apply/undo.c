#include <err.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "apply.h"
#include "base/clock.h"
#include "base/when.h"
#include "keep/keep.h"

/*
 * --undo and --restore: what a run has changed is put back, as a run of its
 * own.  Some changes at a time are looked at, noted and committed together,
 * then made; one that is below another one of them waits for the next lot.
 */
enum { LOT_MAX = 64 };

struct undo {
	const struct asked *asked;
	struct store	*store;
	struct keep	*keep;
	enum keep_care	 care;
	struct tally	 tally;
	const struct keep_change *lot[LOT_MAX];
	struct buf	 what[LOT_MAX];	/* is done, in words */
	size_t		 n;
};

static void __attribute__((noreturn))
give_up(const struct undo *u, int rc)
{
	errx(2, "%s: %s", u->asked->dir, store_strerror(rc));
}

static void
open_store(struct undo *u)
{
	const struct asked *a = u->asked;
	int rc;

	if (*a->dir == '\0')
		errx(2, "there is no store, so nothing is kept");
	if ((rc = store_open(&u->store, a->dir, a->noop ? STORE_READ :
	    STORE_WRITE)) != 0)
		give_up(u, rc);
	if (!a->noop)
		lock_store(a->dir, a->wait);
	if ((rc = keep_new(&u->keep, u->store, &a->keep)) != 0)
		give_up(u, rc);
}

static void
tell(struct undo *u, const struct keep_change *c, enum outcome outcome,
    struct str why)
{
	struct policy_result r = { .type = c->row.type, .title = c->row.path,
	    .outcome = outcome, .word = str_of(outcome == OUTCOME_CHANGED ?
	    "restored" : outcome == OUTCOME_OK ? "ok" : "failed"),
	    .why = why };

	if (outcome == OUTCOME_CHANGED)
		u->tally.changed++;
	else if (outcome == OUTCOME_OK)
		u->tally.ok++;
	else
		u->tally.failed++;
	show_result(&r);
	if (outcome == OUTCOME_FAILED)
		warnx("%.*s", (int)why.len, why.p);
}

/* What is noted is durable, and then done. */
static void
end_lot(struct undo *u)
{
	struct buf why = { 0 };
	struct store_tx *t;
	size_t i;
	int rc;

	if (u->n > 0 && !u->asked->noop) {
		if ((rc = store_begin(u->store, &t)) != 0)
			give_up(u, rc);
		if ((rc = keep_put(u->keep, t)) != 0)
			store_abort(t);
		else
			rc = store_commit(t);
		if (rc != 0)
			give_up(u, rc);
		keep_done(u->keep);
	}
	for (i = 0; i < u->n; i++) {
		buf_reset(&why);
		if (u->asked->noop || keep_back(u->store, u->lot[i],
		    u->care == KEEP_FORCED, &why) == 0)
			tell(u, u->lot[i], OUTCOME_CHANGED,
			    buf_view(&u->what[i]));
		else
			tell(u, u->lot[i], OUTCOME_FAILED, buf_view(&why));
		buf_reset(&u->what[i]);
	}
	buf_clear(&why);
	u->n = 0;
}

/* Does one of the lot have to be done before path can be looked at? */
static bool
is_below_lot(const struct undo *u, struct str path)
{
	struct str dir;
	size_t i;

	for (i = 0; i < u->n; i++) {
		dir = u->lot[i]->row.path;
		if (path.len > dir.len && str_starts(path, dir) &&
		    path.p[dir.len] == '/')
			return true;
	}
	return false;
}

static void
undo_one(struct undo *u, const struct keep_change *c)
{
	struct buf why = { 0 };

	if (u->n == LOT_MAX || is_below_lot(u, c->row.path))
		end_lot(u);
	switch (keep_look_back(u->keep, c, u->care, u->asked->noop,
	    &u->what[u->n], &why)) {
	case KEEP_BACK:
		u->lot[u->n++] = c;
		break;
	case KEEP_SAME:
		tell(u, c, OUTCOME_OK, str_of(""));
		break;
	case KEEP_REFUSED:
		tell(u, c, OUTCOME_FAILED, buf_view(&why));
		break;
	}
	buf_clear(&why);
}

static int
first_run(const struct change_row *r, void *arg)
{
	*(uint64_t *)arg = r->run;
	return 1;
}

/* The last run that changed something; of that path, if there is one. */
static uint64_t
last_run(struct undo *u, const char *path)
{
	struct store_view *v;
	uint64_t run = 0;
	int rc;

	if ((rc = store_view(u->store, &v)) != 0)
		give_up(u, rc);
	rc = path == NULL ? store_last_change(v, &run) :
	    store_each_change_of(v, str_of(path), first_run, &run);
	store_view_end(v);
	if (rc != 0)
		give_up(u, rc);
	return run;
}

/* A moment as --at says it; what began then or later is undone. */
static uint64_t
moment(const char *at)
{
	const char *errstr;
	uint32_t when;

	if (when_parse(&when, str_of(at), (uint32_t)time(NULL),
	    &errstr) == -1)
		errx(2, "--at %s: %s", at, errstr);
	return (uint64_t)when * 1000;
}

static void
record(struct undo *u, uint32_t ms)
{
	struct run_row r = { .time = keep_run(u->keep),
	    .policy = str_of("undo"), .ver = str_of(""),
	    .outcome = str_of(u->tally.failed > 0 ? "failed" :
	    u->tally.changed > 0 ? "changed" : "ok"),
	    .changed = (uint32_t)u->tally.changed,
	    .ok = (uint32_t)u->tally.ok,
	    .failed = (uint32_t)u->tally.failed, .ms = ms };
	struct store_tx *t;
	int rc;

	if (u->asked->noop || u->tally.changed + u->tally.failed == 0)
		return;
	if ((rc = store_begin(u->store, &t)) == 0) {
		if ((rc = store_run(t, &r)) != 0)
			store_abort(t);
		else
			rc = store_commit(t);
	}
	if (rc != 0)
		warnx("%s: %s", u->asked->dir, store_strerror(rc));
}

static int
status_of(const struct undo *u, const struct buf *path)
{
	const struct tally *t = &u->tally;

	if (t->changed + t->ok + t->failed == 0) {
		if (path->len > 0)
			warnx("%s: no change of it is known", path->p);
		else
			warnx("there is nothing to undo");
		return 1;
	}
	return t->failed > 0 ? 2 : u->asked->noop && t->changed > 0;
}

int
undo(const struct asked *a)
{
	struct undo u = { .asked = a, .care = a->force ? KEEP_FORCED :
	    a->restore != NULL ? KEEP_KEPT : KEEP_UNCHANGED };
	int64_t started = clock_ms();
	struct keep_changes all;
	struct buf path = { 0 };
	uint64_t run;
	size_t i;
	int rc, status;

	if (a->restore != NULL && keep_path(&path, a->restore) == -1)
		err(2, "%s", a->restore);
	open_store(&u);
	run = a->at != NULL ? moment(a->at) :
	    last_run(&u, path.len > 0 ? path.p : NULL);
	if ((rc = keep_changes(u.store, run == 0 ? 0 : run - 1,
	    path.len > 0 ? path.p : NULL, &all)) != 0)
		give_up(&u, rc);
	for (i = 0; i < all.n; i++)
		undo_one(&u, &all.v[i]);
	end_lot(&u);
	for (i = 0; i < LOT_MAX; i++)
		buf_clear(&u.what[i]);
	show_summary(&u.tally, (double)(clock_ms() - started));
	record(&u, (uint32_t)(clock_ms() - started));
	status = status_of(&u, &path);
	buf_clear(&path);
	keep_changes_free(&all);
	keep_free(u.keep);
	store_close(u.store);
	return status;
}
