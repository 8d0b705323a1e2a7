#include <err.h>
#include <errno.h>
#include <limits.h>
#include <malloc.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/notify.h"
#include "session.h"

/*
 * REPAIRS: so many are told and recorded together.
 * AGAIN: a run that has failed is not tried again sooner.
 * LOOK: a clock may be set while somebody waits for it.
 */
enum { REPAIRS_MAX = 256, AGAIN_MS = 1000, LOOK_S = 60 };

struct staying {
	struct session	*s;
	struct policy	*p;		/* NULL: only the schedule counts */
	int64_t		 began;		/* the last run, in ms */
	int64_t		 ended;
	int64_t		 next;		/* the scheduled one; -1: there is none */
	time_t		 opens;		/* what was left has its time; 0: none */
	bool		 failed;	/* so not all was applied */
	bool		 again;		/* all is to be applied anew */
	bool		 locked;
	int		 policy;	/* whose journal is open; -1: the last */
	int		 exit_status;	/* of process.exit(), or -1 */
};

static void
tell(const char *what, const struct buf *why)
{
	fflush(stdout);
	warnx("%s%.*s", what, (int)why->len, why->p);
}

/* False if a signal came first. */
static bool
lock(struct staying *y)
{
	const char *dir = y->s->asked->dir;

	if (*dir == '\0' || y->locked)
		return true;
	y->locked = lock_again(dir);
	return y->locked;
}

static void
unlock(struct staying *y)
{
	if (y->locked)
		lock_release();
	y->locked = false;
}

/*
 * --- Runs -----------------------------------------------------------------
 */

static int64_t
splay_ms(const struct asked *a)
{
	return a->splay == 0 ? 0 : (int64_t)arc4random_uniform(a->splay *
	    1000);
}

static void
schedule(struct staying *y)
{
	const struct asked *a = y->s->asked;
	int64_t every = (int64_t)a->every * 1000, now = clock_ms();

	if (every == 0) {
		y->next = -1;
		return;
	}
	y->next = y->began + every;
	if (y->next <= now) {
		warnx("a run took longer than %u s: the next one is left out",
		    a->every);
		y->next += (now - y->next) / every * every + every;
	}
	y->next += splay_ms(a);
}

/* When is what was left for its time to be done? */
static void
heed(struct staying *y)
{
	time_t opens = y->p == NULL ? 0 : policy_waits(y->p);

	if (opens != 0 && (y->opens == 0 || opens < y->opens))
		y->opens = opens;
}

/* What comes after each run, the first one too. */
static void
settle(struct staying *y, int rc)
{
	unlock(y);
	if (fflush(stdout) == EOF)
		err(2, "stdout");
	y->failed = rc != 0;
	y->ended = clock_ms();
	y->policy = -1;
	schedule(y);
	heed(y);
	if (y->p != NULL && !y->s->asked->watch) {
		policy_free(y->p);
		y->p = NULL;
	}
	facts_end();
	if (y->p != NULL)
		policy_settle(y->p);
}

/* Read all anew, and apply it; what does not load leaves all as it is. */
static void
run_again(struct staying *y)
{
	struct session *s = y->s;
	struct trees *trees = s->trees;
	int rc = 0;

	y->again = false;
	y->opens = 0;
	y->began = clock_ms();
	if (!lock(y))
		return;
	budget_begin(s->asked);
	if (begin_run(s) == -1 || !load_all(s, y->p) ||
	    are_too_many(s, &rc) || rc != 0) {
		end_run(s, trees);
		settle(y, y->failed ? -1 : 0);
		return;
	}
	policy_free(y->p);
	trees_close(trees);
	rc = apply_all(s, false, &y->p, &y->exit_status);
	signed_keep(s->asked);
	show_summary(&s->tally, (double)(clock_ms() - y->began));
	(void)is_late(s, rc);
	settle(y, rc);
}

/*
 * --- Repairs --------------------------------------------------------------
 */

/* What is owed is so by a policy. */
static void
open_journal(struct staying *y, int policy)
{
	struct session *s = y->s;
	int rc;

	if (policy == y->policy)
		return;
	if ((rc = journal_begin(s->store, policy_path(s, policy))) != 0)
		errx(2, "%s: %s", s->asked->dir, store_strerror(rc));
	owned_begin(strcmp(s->asked->policies[policy], "-") == 0 ? NULL :
	    s->store, policy_path(s, policy));
	y->policy = policy;
}

/* Whatever was repaired, was so before. */
static void
tell_fight(const struct session *s, const struct policy_repair *r)
{
	fflush(stdout);
	if (r->pause_ms > 0)
		warnx("%.*s: was changed again at once after each of %u "
		    "repairs: somebody else repairs it, too; the next repair "
		    "is in %u s", (int)s->repaired.len, s->repaired.p,
		    r->answers, r->pause_ms / 1000);
	else if (r->again > 0)
		warnx("%.*s: was changed again within the hour after each of "
		    "%u repairs: does somebody else repair it, too?",
		    (int)s->repaired.len, s->repaired.p, r->again);
}

static void
repair_one(struct staying *y)
{
	struct session *s = y->s;
	struct tally before = s->tally;
	struct buf why = { 0 };
	int64_t began = clock_us();
	int policy = policy_next(y->p), rc;
	struct policy_repair r;

	if (policy == -1)
		return;
	journal_renew();
	open_journal(y, policy);
	buf_reset(&s->repaired);
	budget_begin(s->asked);
	s->late = false;
	s->left = 0;
	rc = policy_repair(y->p, &r, &why);
	(void)is_late(s, rc);
	heed(y);
	if (rc == -1)
		tell("", &why);
	tell_fight(s, &r);
	buf_clear(&why);
	keep_repair(s, y->p, policy, &before, rc != 0,
	    (double)(clock_us() - began) / 1e3);
	y->exit_status = policy_exit_status(y->p);
	if (!policy_is_usable(y->p))
		y->again = true;
}

static int64_t
look(struct staying *y)
{
	struct buf why = { 0 };
	bool reload;
	int64_t ms;

	if (y->p == NULL)
		return -1;
	ms = policy_watch(y->p, &reload, &why);
	if (why.len > 0)
		tell("", &why);
	buf_clear(&why);
	y->again = y->again || reload;
	return ms;
}

/* All that is to be done now. */
static void
repair_all(struct staying *y)
{
	int i;

	if (y->failed) {
		/* Some of it was not applied: so a change is a new chance. */
		y->again = true;
		return;
	}
	if (!lock(y))
		return;
	for (i = 0; i < REPAIRS_MAX && look(y) == 0 && !y->again &&
	    stopped_by == 0 && y->exit_status == -1; i++)
		repair_one(y);
	unlock(y);
	if (fflush(stdout) == EOF)
		err(2, "stdout");
}

/*
 * --- The loop -------------------------------------------------------------
 */

void
wait_for(int64_t ms, struct pollfd *pfd, nfds_t n)
{
	struct timespec t = { .tv_sec = ms / 1000,
	    .tv_nsec = ms % 1000 * 1000000 };
	sigset_t ours, old;

	sigemptyset(&ours);
	sigaddset(&ours, SIGINT);
	sigaddset(&ours, SIGTERM);
	sigaddset(&ours, SIGHUP);
	sigprocmask(SIG_BLOCK, &ours, &old);
	if (stopped_by == 0 && !hung_up &&
	    ppoll(pfd, n, ms < 0 ? NULL : &t, &old) == -1 && errno != EINTR)
		err(2, "ppoll");
	sigprocmask(SIG_SETMASK, &old, NULL);
}

static void
pause_for(const struct staying *y, int64_t ms)
{
	struct pollfd pfd[WATCH_FDS];
	nfds_t n = 0;

	if (y->p != NULL) {
		policy_watch_fds(y->p, pfd);
		n = WATCH_FDS;
	}
	wait_for(ms, pfd, n);
}

/* In how many ms a window opens that something was left for; -1: none was. */
static int64_t
opens_in(const struct staying *y)
{
	int64_t left = (int64_t)(y->opens - time(NULL));

	return y->opens == 0 ? -1 : left <= 0 ? 0 :
	    left < LOOK_S ? left * 1000 : LOOK_S * 1000;
}

/* In how many ms the next run is due, and no sooner than may be. */
static int64_t
run_in(struct staying *y, int64_t now)
{
	int64_t when = y->next, opens = opens_in(y), ms;

	if (opens == 0) {
		y->opens = 0;
		y->again = true;
	}
	if (y->again)
		when = y->failed ? y->ended + AGAIN_MS : now;
	ms = when == -1 ? -1 : when <= now ? 0 : when - now;
	if (ms == 0)
		return budget_opens_in(y->s->asked);
	return opens > 0 && (ms == -1 || opens < ms) ? opens : ms;
}

static void
turn(struct staying *y)
{
	int64_t ms, run;

	ms = look(y);
	if (hung_up) {
		hung_up = 0;
		y->again = true;
	}
	if ((run = run_in(y, clock_ms())) == 0)
		run_again(y);
	else if (ms == 0 && !y->again)
		repair_all(y);
	else
		pause_for(y, run != -1 && (ms <= 0 || run < ms) ? run : ms);
}

int
stay(struct session *s, struct policy *p, int rc)
{
	struct staying y = { .s = s, .p = p, .began = clock_ms(),
	    .exit_status = p == NULL ? -1 : policy_exit_status(p),
	    .locked = *s->asked->dir != '\0' };

	settle(&y, rc);
	/* What a whole run has taken is not needed while there is none. */
	(void)malloc_trim(0);
	notify("READY=1");
	while (stopped_by == 0 && y.exit_status == -1)
		turn(&y);
	notify("STOPPING=1");
	policy_free(y.p);
	return y.exit_status != -1 ? y.exit_status : 0;
}
