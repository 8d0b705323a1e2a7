#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/watch.h"
#include "policy/watching.h"
#include "service/service.h"
#include "types/types.h"

/*
 * GRACE: what is gone, or still being written, has so long to settle; so an
 * editor that moves the old file away has saved the new one by then.
 * ANSWER: who changes a file again so soon after it was repaired answers our
 * repair; after ANSWERS_MAX in a row it is a fight, and we let more and more
 * time pass before the next one.
 * AGAIN: who does so time and again, each within that time, fights as well, if
 * slowly; that is told when it has been AGAIN_FIRST times, and whenever it has
 * been twice as many.
 * RELOAD: a policy of several files has so long until all have arrived.
 */
enum {
	GRACE_MS = 10,
	ANSWER_MS = 250, ANSWERS_MAX = 10,
	PAUSE_MS = 1000, PAUSE_MAX_MS = 64000,
	AGAIN_MS = 60 * 60 * 1000, AGAIN_FIRST = 10,
	RELOAD_MS = 100, RELOAD_MAX_MS = 1000
};

/* By number. */
struct item {
	int64_t		 due;		/* in ms; 0: it is not */
	int64_t		 since;		/* when the change was seen */
	int64_t		 done;		/* the last repair; 0: none */
	int		 pause;		/* ms, in a fight */
	unsigned	 answers;
	unsigned	 again;		/* answers, and slower ones */
	unsigned	 again_told;	/* how many when it was told last */
	unsigned	 what;
	unsigned	 policy;	/* whose step it is, from 0 */
	bool		 waits;		/* for its time; that was told */
	bool		 again_own;	/* it is due for what it did itself */
};

struct watching {
	struct watch	*watch;
	struct item	*items;
	size_t		 n;
	unsigned	*due;		/* those that are, sorted */
	size_t		 ndue;
	int64_t		 group;		/* until then what is gone has time */
	int64_t		 reload;	/* when; 0: there is no need */
	int64_t		 reload_since;
	bool		 declaring;
	unsigned	 policies;	/* declared so far */
	unsigned	 step;		/* the one that is made ready */
	unsigned	 repaired;	/* the one that is repaired; 0: none */
	bool		 changed;	/* it was */
	bool		 own;		/* what happens to it now is its doing */
	bool		 own_seen;	/* something did, or somebody else's */
	struct buf	 inputs;	/* the policy's files, NUL behind each */
	struct buf	 why;		/* what cannot be watched; told once */
};

int
watching_open(struct policy *p, struct buf *err)
{
	struct watching *w;
	int rc;

	if ((w = calloc(1, sizeof(*w))) == NULL) {
		buf_puts(err, "out of memory");
		return -1;
	}
	if ((rc = watch_open(&w->watch)) != 0) {
		buf_printf(err, "inotify: %s", strerror(rc));
		free(w);
		return -1;
	}
	p->watching = w;
	return 0;
}

void
watching_close(struct policy *p)
{
	struct watching *w = p->watching;

	if (w == NULL)
		return;
	watch_close(w->watch);
	free(w->items);
	free(w->due);
	buf_clear(&w->inputs);
	buf_clear(&w->why);
	free(w);
	p->watching = NULL;
}

/* More than one of them is of no use to anybody. */
static void
add(struct watching *w, const char *path, int flags, unsigned id)
{
	struct buf why = { 0 };

	if (watch_add(w->watch, path, flags, id, &why) == -1 &&
	    w->why.len == 0)
		buf_str(&w->why, buf_view(&why));
	buf_clear(&why);
}

void
watching_declare(struct policy *p, bool declaring)
{
	if (p->watching == NULL)
		return;
	p->watching->declaring = declaring;
	p->watching->policies += declaring;
}

void
watching_policy(struct policy *p, const char *path)
{
	struct watching *w = p->watching;

	if (w == NULL)
		return;
	buf_add(&w->inputs, path, strlen(path) + 1);
	add(w, path, WATCH_FOLLOW, 0);
}

void
watching_read(struct policy *p, const char *path)
{
	struct watching *w = p->watching;

	if (w == NULL)
		return;
	if (w->declaring)
		watching_policy(p, path);
	else if (w->step != 0)
		add(w, path, WATCH_FOLLOW, w->step);
}

/* Room for a number; false without memory. */
static bool
has_item(struct watching *w, unsigned id)
{
	size_t n = w->n == 0 ? 64 : w->n;
	struct item *items;
	unsigned *due;

	if (id < w->n)
		return true;
	while (n <= id)
		n *= 2;
	if ((due = reallocarray(w->due, n, sizeof(*due))) == NULL)
		return false;
	w->due = due;
	if ((items = reallocarray(w->items, n, sizeof(*items))) == NULL)
		return false;
	memset(items + w->n, 0, (n - w->n) * sizeof(*items));
	w->items = items;
	w->n = n;
	return true;
}

static void
set_policy(struct watching *w, unsigned id)
{
	if (w->repaired == 0 && w->policies > 0)
		w->items[id].policy = w->policies - 1;
	else
		w->items[id].policy = w->items[w->repaired].policy;
}

static void
add_path(const char *path, int flags, void *arg)
{
	struct watching *w = arg;

	add(w, path, flags, w->step);
}

void
watching_plan(struct policy *p, const struct job *j)
{
	struct watching *w = p->watching;

	if (w == NULL || w->step == 0 || j->type->watch == NULL ||
	    !has_item(w, w->step))
		return;
	set_policy(w, w->step);
	j->type->watch(j, add_path, w);
}

bool
watching_repairs(const struct policy *p)
{
	const struct watching *w = p->watching;

	return w != NULL && w->repaired != 0 && w->step == w->repaired;
}

bool
watching_waits(struct policy *p)
{
	struct item *it = &p->watching->items[p->watching->repaired];
	bool before = it->waits;

	it->waits = true;
	return before;
}

bool
watching_repairing(const struct policy *p)
{
	return p->watching != NULL && p->watching->repaired != 0;
}

/*
 * --- When -----------------------------------------------------------------
 */

static void
enter_due(struct watching *w, unsigned id, int64_t when)
{
	size_t i;

	w->items[id].due = when;
	for (i = w->ndue; i > 0 && w->due[i - 1] > id; i--)
		;
	memmove(w->due + i + 1, w->due + i,
	    (w->ndue - i) * sizeof(*w->due));
	w->due[i] = id;
	w->ndue++;
}

/* What goes together, like a directory and the files in it, waits together. */
static int64_t
grace(struct watching *w, int64_t now)
{
	if (w->group <= now)
		w->group = now + GRACE_MS;
	return w->group;
}

static void
need_reload(struct watching *w, int64_t now)
{
	if (w->reload == 0)
		w->reload_since = now;
	w->reload = now + RELOAD_MS;
	if (w->reload > w->reload_since + RELOAD_MAX_MS)
		w->reload = w->reload_since + RELOAD_MAX_MS;
}

static void
on_change(void *arg, unsigned id, unsigned what)
{
	struct watching *w = arg;
	int64_t now = clock_ms(), when;
	struct item *it;

	if (id == 0) {
		need_reload(w, now);
		return;
	}
	if (id >= w->n)
		return;
	if (w->own && id == w->repaired) {
		w->own_seen = true;
		return;
	}
	it = &w->items[id];
	it->what |= what;
	when = what & WATCH_CHANGED ? now : grace(w, now);
	if (it->pause > 0 && when < it->done + it->pause)
		when = it->done + it->pause;
	if (it->due == 0) {
		it->since = now;
		enter_due(w, id, when);
	} else if (when < it->due)
		it->due = when;
}

static void
take_in(struct watching *w)
{
	struct buf why = { 0 };

	if (watch_read(w->watch, on_change, w, &why) == -1 &&
	    w->why.len == 0)
		buf_str(&w->why, buf_view(&why));
	buf_clear(&why);
}

/*
 * What a command does to the path that it creates is not for another round.
 * A file resource's own rename is not told by watch; where it did more than
 * that, it is looked at once more.
 */
void
watching_done(struct policy *p, int rc)
{
	struct watching *w = p->watching;

	if (w == NULL)
		return;
	if (rc == OUTCOME_CHANGED) {
		w->changed = w->changed || w->step == w->repaired;
		w->own = p->job.type != resource_find(str_of("file")) && w->step != 0;
		take_in(w);
		w->own = false;
	}
	w->step = 0;
}

void
watching_drain(struct policy *p)
{
	if (p->watching != NULL)
		take_in(p->watching);
}

/*
 * --- Natives --------------------------------------------------------------
 */

/* watchStep(number): the next resource is planned for it; 0: for none. */
static duk_ret_t
n_watch_step(duk_context *ctx)
{
	struct policy *p = policy_of(ctx);

	if (p->watching != NULL)
		p->watching->step = duk_require_uint(ctx, 0);
	return 0;
}

/* watchPath(path, number), unwatchPath(path, number) */
static duk_ret_t
n_watch_path(duk_context *ctx)
{
	struct policy *p = policy_of(ctx);
	const char *path = arg_path(ctx, 0, 0);
	unsigned id = duk_require_uint(ctx, 1);

	engine_hold(ctx);
	if (p->watching != NULL && has_item(p->watching, id)) {
		set_policy(p->watching, id);
		add(p->watching, path, WATCH_FOLLOW, id);
	}
	engine_let(ctx);
	return 0;
}

static duk_ret_t
n_unwatch_path(duk_context *ctx)
{
	struct policy *p = policy_of(ctx);
	const char *path = arg_path(ctx, 0, 0);
	unsigned id = duk_require_uint(ctx, 1);

	engine_hold(ctx);
	if (p->watching != NULL)
		watch_remove(p->watching->watch, path, id);
	engine_let(ctx);
	return 0;
}

/* watchOwn(): what has happened to the one that is repaired was its doing. */
static duk_ret_t
n_watch_own(duk_context *ctx)
{
	struct watching *w = policy_of(ctx)->watching;

	if (w == NULL)
		return 0;
	engine_hold(ctx);
	w->own = true;
	take_in(w);
	w->own = false;
	engine_let(ctx);
	return 0;
}

/* watchChanged(): the one that is repaired was changed, by JavaScript. */
static duk_ret_t
n_watch_changed(duk_context *ctx)
{
	struct watching *w = policy_of(ctx)->watching;

	if (w != NULL)
		w->changed = true;
	return 0;
}

const struct native natives_watch[] = {
	{ "watchStep", n_watch_step, 1 },
	{ "watchPath", n_watch_path, 2 },
	{ "unwatchPath", n_unwatch_path, 2 },
	{ "watchOwn", n_watch_own, 0 },
	{ "watchChanged", n_watch_changed, 0 },
	{ NULL, NULL, 0 }
};

/*
 * --- For who waits --------------------------------------------------------
 */

void
policy_watch_fds(const struct policy *p, struct pollfd pfd[WATCH_FDS])
{
	watch_fds(p->watching->watch, pfd);
}

void
policy_watch_policy(struct policy *p, const struct policy *other)
{
	struct str rest = buf_view(&other->watching->inputs);
	size_t n;

	for (; rest.len > 0; rest.p += n, rest.len -= n) {
		watching_policy(p, rest.p);
		n = strlen(rest.p) + 1;
	}
}

int64_t
policy_watch(struct policy *p, bool *reload, struct buf *err)
{
	struct watching *w = p->watching;
	int64_t now, first;
	size_t i;

	take_in(w);
	if (w->why.len > 0) {
		buf_str(err, buf_view(&w->why));
		buf_clear(&w->why);
	}
	now = clock_ms();
	*reload = w->reload != 0 && w->reload <= now;
	if (*reload)
		w->reload = 0;
	first = w->reload;
	for (i = 0; i < w->ndue; i++)
		if (first == 0 || w->items[w->due[i]].due < first)
			first = w->items[w->due[i]].due;
	return first == 0 ? -1 : first <= now ? 0 : first - now;
}

/* The first one, in the order of the policy, of which the time has come. */
static size_t
find_due(const struct watching *w)
{
	int64_t now = clock_ms();
	size_t i;

	for (i = 0; i < w->ndue; i++)
		if (w->items[w->due[i]].due <= now)
			break;
	return i;
}

int
policy_next(const struct policy *p)
{
	const struct watching *w = p->watching;
	size_t i = find_due(w);

	return i == w->ndue ? -1 : (int)w->items[w->due[i]].policy;
}

static unsigned
take_due(struct watching *w)
{
	size_t i = find_due(w);
	unsigned id;

	if (i == w->ndue)
		return 0;
	id = w->due[i];
	w->items[id].due = 0;
	w->ndue--;
	memmove(w->due + i, w->due + i + 1,
	    (w->ndue - i) * sizeof(*w->due));
	return id;
}

static void
judge_again(struct item *it, struct policy_repair *r)
{
	if (it->done == 0 || it->since - it->done > AGAIN_MS) {
		it->again = it->again_told = 0;
		return;
	}
	if (++it->again < AGAIN_FIRST || it->again < 2 * it->again_told)
		return;
	it->again_told = it->again;
	r->again = it->again;
}

/* It was repaired: by then, who changed it did so at once?  Again? */
static void
judge_repair(struct watching *w, struct policy_repair *r)
{
	struct item *it = &w->items[w->repaired];

	it->waits = false;
	judge_again(it, r);
	if (it->done == 0 || it->since - it->done > ANSWER_MS) {
		it->answers = 0;
		it->pause = 0;
	} else if (++it->answers >= ANSWERS_MAX) {
		it->pause = it->pause == 0 ? PAUSE_MS :
		    it->pause < PAUSE_MAX_MS ? it->pause * 2 : it->pause;
		r->answers = it->answers;
		r->pause_ms = (unsigned)it->pause;
	}
	it->done = clock_ms();
}

/*
 * What a repair has done cannot be told from what somebody else did meanwhile,
 * so it is looked at once more; what that does is taken for its own.
 */
static void
look_again(struct watching *w)
{
	struct item *it = &w->items[w->repaired];
	int64_t now = clock_ms();

	it->again_own = w->changed && w->own_seen && !it->again_own;
	if (!it->again_own || it->due != 0)
		return;
	it->since = now;
	enter_due(w, w->repaired, now);
}

struct repairing {
	unsigned	 id;
	bool		 renamed;
};

static void
repair(duk_context *ctx, void *arg)
{
	const struct repairing *r = arg;

	duk_push_heapptr(ctx, policy_of(ctx)->api);
	duk_get_prop_string(ctx, -1, "repair");
	duk_push_uint(ctx, r->id);
	duk_push_string(ctx, r->renamed ? "rename" : "change");
	duk_call(ctx, 2);
}

int
policy_repair(struct policy *p, struct policy_repair *r, struct buf *err)
{
	struct watching *w = p->watching;
	struct repairing a = { .id = take_due(w) };
	struct buf late = { 0 }, why = { 0 };
	int rc;

	*r = (struct policy_repair){ 0 };
	if (a.id == 0)
		return 0;
	a.renamed = w->items[a.id].what & WATCH_NAME;
	w->items[a.id].what = 0;
	w->repaired = a.id;
	w->changed = w->own_seen = false;
	p->stopped = false;
	if ((rc = engine_run(&p->engine, repair, &a, &why)) == 0)
		rc = policy_pump(p, &why);
	if (p->engine.dead)
		policy_tell_begun(p, "a repair", err);
	buf_str(err, buf_view(&why));
	buf_clear(&why);
	if (services_settle(p->services, &late) == -1 && rc != -1) {
		rc = -1;
		buf_str(err, buf_view(&late));
	}
	buf_clear(&late);
	if (w->changed)
		judge_repair(w, r);
	look_again(w);
	w->repaired = w->step = 0;
	return rc;
}

void
policy_settle(struct policy *p)
{
	if (!p->engine.dead) {
		duk_gc(p->engine.ctx, 0);
		duk_gc(p->engine.ctx, DUK_GC_COMPACT);
	}
	malloc_trim(0);
}
