#include <sys/utsname.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "apply.h"
#include "base/clock.h"

enum { QUIET_MS = 60 * 60 * 1000 };	/* for so long, one record will do */

/*
 * What came of a run, to be put into the store when it is over: results lie
 * one after the other as type, title, why, outcome, cause, each with NUL behind
 * it.
 */
struct record {
	struct buf	 results;
	uint32_t	 time;
};

static struct record record;

static void
add(struct str s)
{
	size_t n = s.len > 0 ? strnlen(s.p, s.len) : 0;

	buf_add(&record.results, n > 0 ? s.p : "", n);
	buf_putc(&record.results, '\0');
}

void
record_result(const struct policy_result *r)
{
	add(r->type);
	add(r->title);
	add(r->sensitive ? str_of("") : r->why);
	add(r->word.len > 0 ? r->word : str_of("ok"));
	add(str_of(r->cause == NULL ? "" : r->cause));
}

static struct str
next(struct str *rest)
{
	struct str s = str_of(rest->p);

	rest->p += s.len + 1;
	rest->len -= s.len + 1;
	return s;
}

/* Of a digest, enough to tell it. */
static struct str
short_version(struct str version)
{
	if (version.len == 64)
		version.len = 16;
	return version;
}

/* The applied policy is itself something that this host has in a version. */
static int
put_update(struct store_tx *t, struct str policy, struct str version)
{
	struct buf app = { 0 };
	struct sighting s = { .time = record.time };
	struct update u;
	struct utsname uts;
	const char *errstr;
	int rc = 0;

	if (uname(&uts) == -1)
		return 0;
	buf_puts(&app, "policy:");
	buf_str(&app, policy);
	if (!buf_failed(&app) && update_make(&u, buf_view(&app), version,
	    str_of(uts.nodename), 0, &errstr) == 0) {
		s.app = u.app;
		s.ver = u.ver;
		s.host = u.host;
		rc = store_update(t, &s);
	}
	buf_clear(&app);
	return rc;
}

static void
next_row(struct str *rest, struct result_row *r)
{
	r->type = next(rest);
	r->title = next(rest);
	r->why = next(rest);
	r->outcome = next(rest);
	if (r->outcome.len > 50)
		r->outcome.len = 50;
	r->cause = next(rest);
}

static int
put_results(struct store_tx *t, struct str policy)
{
	struct str rest = buf_view(&record.results);
	struct result_row r = { .policy = policy, .time = record.time };
	int rc = 0;

	while (rc == 0 && rest.len > 0) {
		next_row(&rest, &r);
		rc = store_result(t, &r);
	}
	return rc;
}

static bool
results_are_told(struct store_view *v, struct str policy)
{
	struct str rest = buf_view(&record.results);
	struct result_row r = { .policy = policy };
	bool told = true;

	while (told && rest.len > 0) {
		next_row(&rest, &r);
		told = store_is_told(v, &r, &told) == 0 && told;
	}
	return told;
}

/*
 * Did the last run end as well as this one, with the same policy, and not too
 * long ago: whoever looks has to see that runs go on.
 */
static bool
run_is_told(const struct run_row *last, struct str version,
    const struct tally *n)
{
	uint64_t now = clock_unix_ms();

	return n->changed == 0 && n->failed == 0 && last->failed == 0 &&
	    str_eq(last->ver, version) &&
	    !str_eq(last->outcome, str_of("failed")) && last->time <= now &&
	    now - last->time < QUIET_MS;
}

bool
record_is_told(struct store *s, const char *path, struct str version,
    const struct tally *n)
{
	struct str policy = policy_name(path);
	struct run_row last;
	struct store_view *v;
	bool told;

	if (buf_failed(&record.results) || store_view(s, &v) != 0)
		return false;
	told = store_last_run(v, policy, &last) == 0 &&
	    run_is_told(&last, short_version(version), n) &&
	    results_are_told(v, policy);
	store_view_end(v);
	return told;
}

void
record_drop(void)
{
	buf_reset(&record.results);
}

static int
put_run(struct store_tx *t, struct str policy, struct str version,
    const struct tally *n, bool failed, double ms)
{
	struct run_row r = { .time = clock_unix_ms(), .policy = policy,
	    .ver = version, .outcome = str_of(failed ? "failed" : n->changed > 0 ? "changed" :
	    "ok"), .changed = (uint32_t)n->changed, .ok = (uint32_t)n->ok,
	    .skipped = (uint32_t)n->skipped, .failed = (uint32_t)n->failed,
	    .ms = (uint32_t)ms };

	return store_run(t, &r);
}

int
record_put(struct store_tx *t, const char *path, struct str version,
    const struct tally *n, bool failed, double ms)
{
	struct str policy = policy_name(path);
	int rc;

	version = short_version(version);
	record.time = (uint32_t)time(NULL);
	if (buf_failed(&record.results))
		return ENOMEM;
	if ((rc = put_results(t, policy)) == 0 &&
	    (rc = put_run(t, policy, version, n, failed, ms)) == 0 && !failed)
		rc = put_update(t, policy, version);
	buf_reset(&record.results);
	return rc;
}
