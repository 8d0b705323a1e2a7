#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/child.h"
#include "base/clock.h"
#include "base/confine.h"
#include "base/notify.h"
#include "session.h"

volatile sig_atomic_t stopped_by;
volatile sig_atomic_t hung_up;
static bool staying;

static void
on_signal(int sig)
{
	if (sig == SIGHUP && staying) {
		hung_up = 1;
		return;
	}
	stopped_by = sig;
	/* A command that runs does not get what is typed at our terminal. */
	if (sig == SIGINT)
		child_interrupt();
}

/* No SA_RESTART: sleeping ends, too. */
static void
catch_signals(void)
{
	struct sigaction sa = { .sa_handler = on_signal };

	sigemptyset(&sa.sa_mask);
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGHUP, &sa, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static void
count(struct tally *t, enum outcome o)
{
	switch (o) {
	case OUTCOME_OK:
		t->ok++;
		break;
	case OUTCOME_CHANGED:
		t->changed++;
		break;
	case OUTCOME_SKIPPED:
		t->skipped++;
		break;
	case OUTCOME_FAILED:
		t->failed++;
		break;
	}
}

/* Is it the one to be explained: "title", or "type:title"? */
static bool
is_called(const struct policy_result *r, const char *name)
{
	struct str s = str_of(name);

	return str_eq(s, r->title) || (s.len == r->type.len + 1 +
	    r->title.len && str_starts(s, r->type) &&
	    s.p[r->type.len] == ':' && str_eq(r->title, (struct str){
	    s.p + r->type.len + 1, r->title.len }));
}

static void
explain(struct session *s, const struct policy_result *r)
{
	if (!is_called(r, s->asked->explain))
		return;
	s->tally.explained++;
	if (s->asked->json) {
		show_result(r);
		return;
	}
	printf("%.*s %.*s, declared at %.*s:%u\n", (int)r->type.len,
	    r->type.p, (int)r->title.len, r->title.p, (int)r->file.len,
	    r->file.p, r->line);
	printf("%s%s%.*s\n%.*s", r->outcome == OUTCOME_CHANGED ?
	    "would change" : r->outcome == OUTCOME_OK ? "is as it should be" :
	    r->outcome == OUTCOME_SKIPPED ? "is skipped" : "fails",
	    r->why.len > 0 ? ": " : "", (int)r->why.len,
	    r->why.len > 0 ? r->why.p : "", (int)r->diff.len,
	    r->diff.len > 0 ? r->diff.p : "");
}

static void
on_result(void *arg, const struct policy_result *r)
{
	struct session *s = arg;
	struct policy_result told = *r;

	count(&s->tally, r->outcome);
	s->left += s->late;
	owned_result(r);
	if (s->silent)
		return;
	told.cause = owned_cause(r, s->asked->noop ||
	    str_eq(r->word, str_of("noop")));
	if (told.cause != NULL && strcmp(told.cause, "drift") == 0)
		s->tally.drifted++;
	r = &told;
	if (r->repair) {
		buf_reset(&s->repaired);
		buf_str(&s->repaired, r->type);
		buf_putc(&s->repaired, ' ');
		buf_str(&s->repaired, r->title);
	}
	if (s->store != NULL && !s->asked->noop)
		record_result(r);
	if (s->asked->explain != NULL)
		explain(s, r);
	else
		show_result(r);
}

static void
on_print(void *arg, int fd, struct str text)
{
	struct session *s = arg;

	if (!s->silent && s->asked->explain == NULL)
		show_print(fd, text);
}

static bool
on_stop(void *arg)
{
	(void)arg;
	return stopped_by != 0 || budget_is_spent();
}

/* Why what is left is not done; of a signal, nobody wants to know that. */
static const char *
on_late(void *arg)
{
	struct session *s = arg;

	if (stopped_by != 0)
		return NULL;
	s->late = true;
	return "the deadline has passed";
}

static void
on_step(void *arg, uint64_t number, uint64_t total, struct str type,
    struct str title)
{
	(void)arg;
	progress_step(number, total, type, title);
}

static void
on_owed(void *arg, void (*fn)(const struct owed *o, void *fnarg), void *fnarg)
{
	(void)arg;
	journal_owed(fn, fnarg);
}

static void
on_strike(void *arg, const struct owed *o, struct str why)
{
	(void)arg;
	if (!journal_strike(o, why.len == 0) || why.len == 0)
		return;
	progress_wipe();
	fflush(stdout);
	warnx("%.*s: %.*s is owed, but %.*s: struck out",
	    (int)o->resource.len, o->resource.p, (int)o->handler.len,
	    o->handler.p, (int)why.len, why.p);
}

static void
on_fresh(void *arg, void (*fn)(const struct policy_owned *o, void *fnarg),
    void *fnarg)
{
	const struct session *s = arg;

	owned_fresh(s->asked->noop || s->silent, fn, fnarg);
}

static void
on_own(void *arg, const struct policy_owned *o)
{
	(void)arg;
	owned_own(o);
}

static void
on_gone(void *arg, void (*fn)(const struct policy_owned *o, void *fnarg),
    void *fnarg)
{
	(void)arg;
	owned_gone(fn, fnarg);
}

static void
on_orphan(void *arg, const struct policy_owned *o, bool remove,
    void (*fn)(struct str path, void *fnarg), void *fnarg)
{
	struct session *s = arg;
	bool silent = s->silent || s->asked->explain != NULL;

	if (owned_orphan(o, remove, silent, fn, fnarg))
		s->tally.orphans++;
}

static bool
on_rollback(void *arg, struct str type, struct str title)
{
	(void)arg;
	return journal_rollback(type, title, show_result);
}

static void
make_options(const struct session *s, bool noop, struct policy_options *o)
{
	const struct asked *a = s->asked;

	*o = (struct policy_options){ .noop = noop, .check = a->check,
	    .verbose = a->verbose, .want_diff = a->noop || a->json ||
	    a->verbose, .want_detail = a->json, .include = a->include,
	    .tags = a->tags, .memory_max = a->memory,
	    .seconds_max = a->seconds, .window = a->window, .store = s->store,
	    .trees = s->trees, .journal = s->journal };
	o->hooks = (struct policy_hooks){ .result = on_result,
	    .print = on_print, .stop = on_stop, .late = on_late,
	    .fact = fact,
	    .step = progress_is_on() ? on_step : NULL,
	    .owed = on_owed, .strike = on_strike, .own = on_own,
	    .rollback = s->journal == NULL ? NULL : on_rollback,
	    .gone = on_gone, .orphan = on_orphan,
	    .fresh = a->tags == NULL ? on_fresh : NULL,
	    .fact_again = fact_again,
	    .fact_names = s->fact_names, .arg = (void *)(uintptr_t)s };
}

/* What was compiled is worth keeping, too; if it fails, so be it. */
static void
keep_as(struct session *s, struct policy *p, const char *path,
    struct str version, const struct tally *before, bool failed, double ms)
{
	struct tally n = s->tally;
	struct store_tx *t;
	int rc;

	if (s->store == NULL || s->silent || s->asked->noop ||
	    s->asked->check)
		return;
	n.changed -= before->changed;
	n.ok -= before->ok;
	n.skipped -= before->skipped;
	n.failed -= before->failed;
	if (!failed && journal_is_put() && owned_is_put() &&
	    policy_bytecode_is_kept(p) &&
	    record_is_told(s->store, path, version, &n)) {
		record_drop();
		return;
	}
	if ((rc = store_begin(s->store, &t)) == 0) {
		if ((rc = journal_put(t)) != 0 ||
		    (rc = policy_keep_bytecode(p, t)) != 0 ||
		    (!failed && (rc = owned_put(t)) != 0) ||
		    (rc = record_put(t, path, version, &n, failed, ms)) != 0)
			store_abort(t);
		else
			rc = store_commit(t);
		if (rc == 0)
			owned_done();
	}
	progress_wipe();
	if (rc != 0)
		warnx("%s: %s", s->asked->dir, store_strerror(rc));
}

static void
keep_outcome(struct session *s, struct policy *p, const char *path,
    const struct tally *before, bool failed, double ms)
{
	keep_as(s, p, path, policy_version(p), before, failed, ms);
}

const char *
policy_path(const struct session *s, int policy)
{
	const char *path = s->asked->policies[policy];

	return strcmp(path, "-") == 0 ? "stdin" : path;
}

void
keep_repair(struct session *s, struct policy *p, int policy,
    const struct tally *before, bool failed, double ms)
{
	struct str rest = buf_view(&s->versions), version = str_of("");
	int i;

	if (!failed && s->tally.changed == before->changed)
		return;
	for (i = 0; i <= policy && rest.len > 0; i++) {
		version = str_of(rest.p);
		rest.p += version.len + 1;
		rest.len -= version.len + 1;
	}
	keep_as(s, p, policy_path(s, policy), version, before, failed, ms);
}

static void
read_stdin(struct buf *b)
{
	if (b->len == 0 && buf_read(b, STDIN_FILENO, SIZE_MAX) == -1)
		err(2, "stdin");
}

static int
apply_one(struct session *s, struct policy *p, const char *path,
    struct buf *why)
{
	struct tally before = s->tally;
	double started = clock_fine_ms();
	struct str text;
	int rc;

	if ((rc = journal_begin(s->store, strcmp(path, "-") == 0 ? "stdin" :
	    path)) != 0) {
		buf_printf(why, "%s: %s", s->asked->dir, store_strerror(rc));
		return -1;
	}
	owned_begin(strcmp(path, "-") == 0 ? NULL : s->store, path);
	if (strcmp(path, "-") != 0)
		rc = policy_apply(p, path, NULL, why);
	else {
		read_stdin(&s->stdin_text);
		text = buf_view(&s->stdin_text);
		path = "stdin";
		rc = policy_apply(p, path, &text, why);
	}
	if (!s->silent) {
		buf_str(&s->versions, policy_version(p));
		buf_putc(&s->versions, '\0');
	}
	keep_outcome(s, p, path, &before, rc != 0, clock_fine_ms() - started);
	return rc;
}

/* Returns as policy_apply(); *pp is NULL or the caller's. */
static int
apply_with(struct session *s, const struct policy_options *o,
    struct policy **pp)
{
	struct buf why = { 0 };
	char **path;
	int rc;

	*pp = NULL;
	if ((rc = policy_new(pp, o, &why)) == 0)
		for (path = s->asked->policies; rc == 0 && *path != NULL;
		    path++)
			rc = apply_one(s, *pp, *path, &why);
	if (rc == -1) {
		fflush(stdout);
		warnx("%.*s", (int)why.len, why.p);
	}
	buf_clear(&why);
	return rc;
}

int
apply_all(struct session *s, bool noop, struct policy **kept, int *status)
{
	struct policy_options o;
	struct policy *p;
	int rc;

	if (!s->silent)
		progress_begin(s->asked);
	make_options(s, noop, &o);
	o.watch = kept != NULL && s->asked->watch;
	s->tally = (struct tally){ 0 };
	s->late = false;
	s->left = 0;
	buf_reset(&s->versions);
	rc = apply_with(s, &o, &p);
	progress_end();
	*status = p == NULL ? -1 : policy_exit_status(p);
	if (kept != NULL)
		*kept = p;
	else
		policy_free(p);
	return rc;
}

bool
load_all(struct session *s, struct policy *p)
{
	struct policy_options o;
	struct policy *other;
	int rc;

	make_options(s, false, &o);
	o.check = true;
	o.watch = p != NULL;
	s->silent = true;
	rc = apply_with(s, &o, &other);
	s->silent = false;
	if (rc == -1 && p != NULL && other != NULL)
		policy_watch_policy(p, other);
	policy_free(other);
	return rc != -1;
}

/* A dry run needs no store, and changes none. */
static void
open_store(struct session *s)
{
	const struct asked *a = s->asked;
	int rc;

	if (*a->dir == '\0')
		return;
	if (a->noop || a->check) {
		if (store_open(&s->store, a->dir, STORE_READ) != 0)
			s->store = NULL;
		return;
	}
	if ((rc = store_open(&s->store, a->dir, STORE_WRITE)) != 0)
		errx(2, "%s: %s", a->dir, store_strerror(rc));
	lock_store(a->dir, a->wait);
	s->journal = journal_open(s->store, a->dir, &a->keep);
}

int
begin_run(struct session *s)
{
	struct trees *trees = NULL;
	struct buf why = { 0 };

	journal_renew();
	if (s->asked->key != NULL &&
	    signed_open(&trees, s->asked, &s->store, &why) == -1) {
		warnx("%.*s", (int)why.len, why.p);
		buf_clear(&why);
		return -1;
	}
	if (trees != NULL)
		s->trees = trees;
	s->fact_names = facts_begin(s->asked->facts);
	return 0;
}

void
end_run(struct session *s, struct trees *old)
{
	if (s->trees != old)
		trees_close(s->trees);
	s->trees = old;
}

static void
open_trees(struct session *s)
{
	struct buf why = { 0 };
	char **path;

	if (s->asked->key == NULL)
		return;
	for (path = s->asked->policies; *path != NULL; path++)
		if (strcmp(*path, "-") == 0)
			errx(2, "stdin: is in no signed tree");
	if (signed_open(&s->trees, s->asked, &s->store, &why) == -1)
		errx(2, "%.*s", (int)why.len, why.p);
}

bool
are_too_many(struct session *s, int *rc)
{
	int64_t max = s->asked->max_changes;
	uint64_t changed;
	int status;

	if (max == -1 || s->asked->check)
		return false;
	s->silent = true;
	*rc = apply_all(s, true, NULL, &status);
	s->silent = false;
	changed = s->tally.changed;
	s->tally = (struct tally){ 0 };
	if (*rc != 0 || changed <= (uint64_t)max)
		return false;
	warnx("%" PRIu64 " resources would change, more than %" PRId64
	    ": nothing was done", changed, max);
	return true;
}

bool
is_late(const struct session *s, int rc)
{
	if (rc != 1 || stopped_by != 0 || !budget_is_spent())
		return false;
	progress_wipe();
	fflush(stdout);
	warnx("the deadline of %u s has passed: %" PRIu64 " resources are left",
	    s->asked->deadline, s->left);
	return true;
}

static int
status_of(const struct session *s, int rc, int exit_status)
{
	const struct asked *a = s->asked;

	if (exit_status != -1)
		return exit_status;
	if (stopped_by != 0) {
		warnx("ended by SIG%s", sigabbrev_np(stopped_by));
		return 2;
	}
	if (is_late(s, rc) || rc != 0 || s->tally.failed > 0)
		return 2;
	if (a->explain != NULL && s->tally.explained == 0) {
		warnx("%s: no such resource", a->explain);
		return 2;
	}
	return a->noop && s->tally.changed > 0;
}

/* For who is started on many hosts at once; a signal ends it. */
static void
wait_splay(const struct asked *a)
{
	uint32_t ms = arc4random_uniform(a->splay * 1000);
	struct timespec t = { .tv_sec = ms / 1000,
	    .tv_nsec = (long)(ms % 1000) * 1000000 };

	(void)nanosleep(&t, NULL);
}

/* May there be a first run?  If all there is to do is to wait for that, do. */
static bool
is_time(const struct asked *a)
{
	bool told = false;

	while (!budget_is_open(a) && stopped_by == 0) {
		if (!staying && a->verbose)
			warnx("outside of %s: nothing was done", a->window);
		if (!staying)
			return false;
		if (!told)
			warnx("outside of %s: the first run waits", a->window);
		if (!told)
			notify("READY=1");
		told = true;
		wait_for(budget_opens_in(a), NULL, 0);
		hung_up = 0;
	}
	return !told || stopped_by == 0;
}

int
run(const struct asked *a)
{
	struct session s = { .asked = a };
	double started = clock_fine_ms();
	int rc = 0, exit_status = -1;
	struct policy *p = NULL;

	staying = a->watch || a->every > 0;
	catch_signals();
	if (!is_time(a))
		return 0;
	if (a->splay > 0 && !staying && !a->noop && !a->check)
		wait_splay(a);
	budget_nice(a);
	budget_begin(a);
	open_trees(&s);
	open_store(&s);
	s.fact_names = facts_begin(a->facts);
	/* The kernel sees to it, too, that what only looks changes nothing. */
	if (a->noop || a->check)
		confine();
	if (stopped_by != 0 || are_too_many(&s, &rc))
		rc = -1;
	else if (rc == 0)
		rc = apply_all(&s, a->noop, staying ? &p : NULL,
		    &exit_status);
	signed_keep(a);
	if (!a->check && a->explain == NULL)
		show_summary(&s.tally, clock_fine_ms() - started);
	if (p != NULL && exit_status == -1 && policy_is_declared(p)) {
		(void)is_late(&s, rc);
		exit_status = stay(&s, p, rc);
	} else
		policy_free(p);
	journal_end();
	owned_end();
	store_close(s.store);
	trees_close(s.trees);
	facts_end();
	buf_clear(&s.stdin_text);
	buf_clear(&s.repaired);
	buf_clear(&s.versions);
	return status_of(&s, rc, exit_status);
}
