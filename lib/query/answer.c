#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <lmdb.h>

#include "query/query.h"
#include "query/row.h"
#include "query/url.h"

/*
 * Which table is walked, and from where to where, is settled once, by plan();
 * then answer_next() walks it piece by piece.  A piece ends when out holds
 * enough; a view ends when so many rows were looked at, too, for it keeps
 * pages of the store from being used again.
 */
enum { VIEW_ROWS = 100000 };

enum source {
	FROM_VERSIONS,		/* a row for each version */
	FROM_VERSIONS_APPS,	/* one for the app of each version, once */
	FROM_VERSIONS_HOSTS,	/* one for the host of each version, once */
	FROM_APPS,
	FROM_HOSTS,
	FROM_ONE_APP,
	FROM_ONE_HOST,
	FROM_HISTORY,
	FROM_EVENTS,
	FROM_RUNS,
	FROM_RESULTS,
	FROM_SINGLE,		/* looked up already */
	FROM_NOWHERE		/* nothing can match */
};

enum why {
	WALK_END,		/* there are no more rows */
	WALK_SKIP,		/* go on elsewhere, in the same view */
	WALK_PAUSE,		/* go on in another view */
	WALK_FULL		/* there is a row past the limit */
};

struct answer {
	struct store		*s;
	enum answer_format	 format;

	/* The question. */
	struct buf		 text[BY_SINCE];
	struct str		 app_id;	/* p is NULL if not given */
	struct str		 host;
	struct version_test	 tests[BY_SINCE - BY_VERSION];
	size_t			 ntests;
	uint32_t		 since;		/* rows from then on, */
	uint32_t		 until;		/* and up to then */
	uint64_t		 limit;		/* 0: none */
	struct buf		 cursor;	/* what one begins with */

	/* The plan. */
	enum source		 source;
	enum store_order	 order;
	struct buf		 prefix;
	struct buf		 single;

	/* Where we are. */
	struct buf		 after;		/* the next walk begins there */
	struct buf		 resume;	/* and the one after that */
	struct buf		 behind;	/* a key made by skip_key() */
	struct buf		 tested;	/* the last version that passed */
	struct buf		 last;		/* key of the row at the limit */
	uint64_t		 rows;
	bool			 begun;
	bool			 done;

	/* The piece, inside of answer_next() only. */
	struct store_view	*v;
	struct buf		*out;
	size_t			 enough;	/* end it when out is as long */
	size_t			 looked;	/* rows looked at in this view */
	enum why		 why;		/* the walk ended */
	int			 rc;
};

/* End the walk, to go on behind key. */
static int
stop(struct answer *a, enum why why, struct str key)
{
	buf_reset(&a->resume);
	buf_str(&a->resume, key);
	a->why = why;
	return 1;
}

/* End the walk because of an error. */
static int
fail(struct answer *a, int rc)
{
	a->rc = rc;
	return 1;
}

/* The row at key was looked at. */
static int
go_on(struct answer *a, struct str key)
{
	return ++a->looked < VIEW_ROWS ? 0 : stop(a, WALK_PAUSE, key);
}

/* What is behind all keys that start with these parts; see store.h. */
static struct str
skip_key(struct answer *a, struct str first, struct str second)
{
	buf_reset(&a->behind);
	store_prefix(&a->behind, first, second);
	buf_putc(&a->behind, '\xff');
	return buf_view(&a->behind);
}

/* Before a row is written: false if the limit forbids it. */
static bool
open_row(struct answer *a)
{
	if (a->limit != 0 && a->rows == a->limit) {
		a->why = WALK_FULL;
		return false;
	}
	if (a->format == ANSWER_REST && a->rows > 0)
		buf_putc(a->out, ',');
	return true;
}

/* After it: it is that of key, and the walk goes on behind that. */
static int
close_row(struct answer *a, struct str key)
{
	if (a->format == ANSWER_LINES)
		buf_putc(a->out, '\n');
	if (++a->rows == a->limit)
		buf_str(&a->last, key);
	if (a->out->len >= a->enough)
		return stop(a, WALK_PAUSE, key);
	return go_on(a, key);
}

static bool
in_time(const struct answer *a, uint32_t time)
{
	return time >= a->since && time <= a->until;
}

static bool
is_asked(struct str asked, struct str s)
{
	return asked.p == NULL || str_eq(asked, s);
}

/* Versions come in runs of the same, so one that passed is remembered. */
static bool
version_asked(struct answer *a, struct str ver)
{
	size_t i;

	if (a->ntests == 0 || str_eq(ver, buf_view(&a->tested)))
		return true;
	for (i = 0; i < a->ntests; i++)
		if (!version_passes(&a->tests[i], ver))
			return false;
	buf_reset(&a->tested);
	buf_str(&a->tested, ver);
	return true;
}

/*
 * The version of r is not asked for.  In the index by version all its rows
 * are passed over at once; where one certain version is asked for, all are up
 * to that one, or those of the whole app when it is past it.
 */
static int
pass_over(struct answer *a, const struct version_row *r, struct str key)
{
	struct str none = { NULL, 0 };

	if (a->order != STORE_BY_VER)
		return go_on(a, key);
	a->looked++;
	if (a->tests[0].op != VERSION_IS)
		return stop(a, WALK_SKIP, skip_key(a, r->app_id, r->ver));
	if (str_cmp(r->ver, a->tests[0].ver) >= 0)
		return stop(a, WALK_SKIP, skip_key(a, r->app_id, none));
	buf_reset(&a->behind);
	store_prefix(&a->behind, r->app_id, a->tests[0].ver);
	return stop(a, WALK_SKIP, buf_view(&a->behind));
}

static int
on_version(const struct version_row *r, struct str key, void *arg)
{
	struct answer *a = arg;

	if (!version_asked(a, r->ver))
		return pass_over(a, r, key);
	if (!is_asked(a->app_id, r->app_id) || !is_asked(a->host, r->host) ||
	    !in_time(a, r->last_update))
		return go_on(a, key);
	if (!open_row(a))
		return 1;
	row_version(a->out, r);
	return close_row(a, key);
}

static int
write_app(struct answer *a, const struct app_row *r, struct str key)
{
	if (!in_time(a, r->last_update))
		return go_on(a, key);
	if (!open_row(a))
		return 1;
	row_app(a->out, r);
	return close_row(a, key);
}

static int
write_host(struct answer *a, const struct host_row *r, struct str key)
{
	if (!in_time(a, r->last_update))
		return go_on(a, key);
	if (!open_row(a))
		return 1;
	row_host(a->out, r);
	return close_row(a, key);
}

/* Some version of this app is asked for, so its others need no look. */
static int
on_version_app(const struct version_row *r, struct str key, void *arg)
{
	struct answer *a = arg;
	struct app_row app;
	int rc;

	if (!version_asked(a, r->ver))
		return pass_over(a, r, key);
	if (!is_asked(a->app_id, r->app_id) || !is_asked(a->host, r->host))
		return go_on(a, key);
	if ((rc = store_app(a->v, r->app_id, &app)) != 0)
		return fail(a, rc);
	if (a->order == STORE_BY_HOST)
		key = skip_key(a, r->host, r->app_id);
	else
		key = skip_key(a, r->app_id, (struct str){ NULL, 0 });
	return write_app(a, &app, key) != 0 ? 1 : stop(a, WALK_SKIP, key);
}

static int
on_version_host(const struct version_row *r, struct str key, void *arg)
{
	struct answer *a = arg;
	struct host_row host;
	int rc;

	if (!version_asked(a, r->ver))
		return pass_over(a, r, key);
	if (!is_asked(a->app_id, r->app_id) || !is_asked(a->host, r->host))
		return go_on(a, key);
	if ((rc = store_host(a->v, r->host, &host)) != 0)
		return fail(a, rc);
	if (a->order == STORE_BY_HOST)
		key = skip_key(a, r->host, (struct str){ NULL, 0 });
	else
		key = skip_key(a, r->app_id, r->host);
	return write_host(a, &host, key) != 0 ? 1 : stop(a, WALK_SKIP, key);
}

static int
on_app(const struct app_row *r, void *arg)
{
	return write_app(arg, r, r->app_id);
}

static int
on_host(const struct host_row *r, void *arg)
{
	return write_host(arg, r, r->host);
}

static int
on_history(const struct history_row *r, struct str key, void *arg)
{
	struct answer *a = arg;

	if (!is_asked(a->host, r->host) || !in_time(a, r->time) ||
	    !version_asked(a, r->ver))
		return go_on(a, key);
	if (!open_row(a))
		return 1;
	row_history(a->out, r);
	return close_row(a, key);
}

static int
on_event(const struct event_row *r, struct str key, void *arg)
{
	struct answer *a = arg;

	if (!in_time(a, r->last))
		return go_on(a, key);
	if (!open_row(a))
		return 1;
	row_event(a->out, r);
	return close_row(a, key);
}

static int
on_run(const struct run_row *r, struct str key, void *arg)
{
	struct answer *a = arg;

	if (!in_time(a, (uint32_t)(r->time / 1000)))
		return go_on(a, key);
	if (!open_row(a))
		return 1;
	row_run(a->out, r);
	return close_row(a, key);
}

static int
on_result(const struct result_row *r, struct str key, void *arg)
{
	struct answer *a = arg;

	if (!in_time(a, r->time))
		return go_on(a, key);
	if (!open_row(a))
		return 1;
	row_result(a->out, r);
	return close_row(a, key);
}

/* One row at most, and none if it was on the page before. */
static int
walk_one(struct answer *a, struct str id)
{
	struct app_row app;
	struct host_row host;
	int rc;

	if (str_cmp(buf_view(&a->after), id) >= 0)
		return 0;
	if (a->source == FROM_ONE_APP) {
		if ((rc = store_app(a->v, id, &app)) == 0)
			(void)write_app(a, &app, id);
	} else if ((rc = store_host(a->v, id, &host)) == 0)
		(void)write_host(a, &host, id);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

static int
walk(struct answer *a)
{
	struct str prefix = buf_view(&a->prefix), after = buf_view(&a->after);

	switch (a->source) {
	case FROM_VERSIONS:
		return store_each_version(a->v, a->order, prefix, after,
		    on_version, a);
	case FROM_VERSIONS_APPS:
		return store_each_version(a->v, a->order, prefix, after,
		    on_version_app, a);
	case FROM_VERSIONS_HOSTS:
		return store_each_version(a->v, a->order, prefix, after,
		    on_version_host, a);
	case FROM_APPS:
		return store_each_app(a->v, after, on_app, a);
	case FROM_HOSTS:
		return store_each_host(a->v, after, on_host, a);
	case FROM_ONE_APP:
		return walk_one(a, a->app_id);
	case FROM_ONE_HOST:
		return walk_one(a, a->host);
	case FROM_HISTORY:
		return store_each_history(a->v, prefix, after, on_history, a);
	case FROM_EVENTS:
		return store_each_event(a->v, prefix, after, on_event, a);
	case FROM_RUNS:
		return store_each_run(a->v, after, on_run, a);
	case FROM_RESULTS:
		return store_each_result(a->v, prefix, after, on_result, a);
	case FROM_SINGLE:
		buf_str(a->out, buf_view(&a->single));
		a->rows = 1;
		return 0;
	case FROM_NOWHERE:
		break;
	}
	return 0;
}

static void
finish(struct answer *a)
{
	a->done = true;
	if (a->source == FROM_SINGLE) {
		buf_putc(a->out, '\n');
		return;
	}
	if (a->format == ANSWER_LINES)
		return;
	buf_putc(a->out, ']');
	if (a->why == WALK_FULL) {
		hex_encode(&a->cursor, buf_view(&a->last));
		buf_puts(a->out, ",\"next\":\"");
		buf_str(a->out, buf_view(&a->cursor));
		buf_putc(a->out, '"');
	}
	buf_puts(a->out, "}\n");
}

/* Walk, and where it ended for another place, set out from there. */
static int
walk_on(struct answer *a)
{
	struct buf swap;
	int rc;

	a->why = WALK_END;
	a->rc = 0;
	if ((rc = walk(a)) != 0 || (rc = a->rc) != 0)
		return rc;
	if (buf_failed(a->out) || buf_failed(&a->resume) ||
	    buf_failed(&a->behind) || buf_failed(&a->tested) ||
	    buf_failed(&a->last))
		return ENOMEM;
	if (a->why == WALK_SKIP || a->why == WALK_PAUSE) {
		swap = a->after;
		a->after = a->resume;
		a->resume = swap;
	}
	return 0;
}

static int
look(struct answer *a)
{
	int rc;

	if ((rc = store_view(a->s, &a->v)) != 0)
		return rc;
	a->looked = 0;
	do
		rc = walk_on(a);
	while (rc == 0 && a->why == WALK_SKIP && a->looked < VIEW_ROWS);
	store_view_end(a->v);
	if (rc == 0 && (a->why == WALK_END || a->why == WALK_FULL))
		finish(a);
	return rc;
}

int
answer_next(struct answer *a, struct buf *out, size_t about, bool *done)
{
	int rc = 0;

	a->out = out;
	a->enough = out->len + about;
	if (!a->begun && a->format == ANSWER_REST && a->source != FROM_SINGLE)
		buf_puts(out, "{\"data\":[");
	a->begun = true;
	while (rc == 0 && !a->done && out->len < a->enough)
		rc = look(a);
	if (rc == 0 && buf_failed(out))
		rc = ENOMEM;
	if (rc != 0)
		a->done = true;
	*done = a->done;
	return rc;
}

uint64_t
answer_rows(const struct answer *a)
{
	return a->rows;
}

static void
from_versions(struct answer *a, enum source source, enum store_order order,
    struct str first, struct str second)
{
	a->source = source;
	a->order = order;
	if (first.p != NULL)
		store_prefix(&a->prefix, first, second);
}

/* The one version that is asked for, or p is NULL. */
static struct str
one_version(const struct answer *a)
{
	if (a->ntests > 0 && a->tests[0].op == VERSION_IS)
		return a->tests[0].ver;
	return (struct str){ NULL, 0 };
}

static void
plan_versions(struct answer *a)
{
	if (a->host.p != NULL && a->app_id.p != NULL)
		from_versions(a, FROM_VERSIONS, STORE_BY_APP, a->app_id,
		    a->host);
	else if (a->host.p != NULL)
		from_versions(a, FROM_VERSIONS, STORE_BY_HOST, a->host,
		    a->app_id);
	else if (a->ntests > 0)
		from_versions(a, FROM_VERSIONS, STORE_BY_VER, a->app_id,
		    one_version(a));
	else
		from_versions(a, FROM_VERSIONS, STORE_BY_APP, a->app_id,
		    a->host);
}

static void
plan_apps(struct answer *a)
{
	if (a->host.p != NULL)
		from_versions(a, FROM_VERSIONS_APPS, STORE_BY_HOST, a->host,
		    a->app_id);
	else if (a->ntests > 0)
		from_versions(a, FROM_VERSIONS_APPS, STORE_BY_VER, a->app_id,
		    one_version(a));
	else
		a->source = a->app_id.p != NULL ? FROM_ONE_APP : FROM_APPS;
}

static void
plan_hosts(struct answer *a)
{
	if (a->app_id.p != NULL)
		from_versions(a, FROM_VERSIONS_HOSTS, STORE_BY_APP, a->app_id,
		    a->host);
	else if (a->ntests > 0)
		from_versions(a, FROM_VERSIONS_HOSTS, STORE_BY_HOST, a->host,
		    a->app_id);
	else
		a->source = a->host.p != NULL ? FROM_ONE_HOST : FROM_HOSTS;
}

static void
plan_rest(struct answer *a, enum source source, struct str first,
    struct str second)
{
	a->source = source;
	if (first.p != NULL)
		store_prefix(&a->prefix, first, second);
}

static void
plan(struct answer *a, enum subject subject)
{
	switch (subject) {
	case ASK_APPS:
		plan_apps(a);
		break;
	case ASK_HOSTS:
		plan_hosts(a);
		break;
	case ASK_HISTORY:
		plan_rest(a, FROM_HISTORY, a->app_id, a->host);
		break;
	case ASK_EVENTS:
		plan_rest(a, FROM_EVENTS, a->host, (struct str){ NULL, 0 });
		break;
	case ASK_RUNS:
		a->source = FROM_RUNS;
		break;
	case ASK_RESULTS:
		a->source = FROM_RESULTS;
		break;
	default:
		plan_versions(a);
		break;
	}
	/* What no record can hold, no key of the store may hold either. */
	if (a->app_id.len > UPDATE_ID_MAX || a->host.len > UPDATE_BYTES_MAX ||
	    one_version(a).len > UPDATE_BYTES_MAX)
		a->source = FROM_NOWHERE;
}

static void
copy_tests(struct answer *a, const struct question *q)
{
	static const enum version_op ops[] = { VERSION_IS, VERSION_LT,
	    VERSION_LE, VERSION_GT, VERSION_GE };
	size_t i;

	for (i = 0; i < sizeof(ops) / sizeof(ops[0]); i++)
		if (q->given[BY_VERSION + i])
			a->tests[a->ntests++] = (struct version_test){ ops[i],
			    buf_view(&a->text[BY_VERSION + i]) };
}

/* Returns false where so much time has not passed since 1970. */
static bool
copy_times(struct answer *a, const struct question *q)
{
	uint32_t now = (uint32_t)time(NULL);

	a->since = q->since;
	a->until = UINT32_MAX;
	if (!q->given[BY_OLDER] && q->subject != ASK_STALE)
		return true;
	a->until = now - q->older;
	return q->older <= now;
}

static int
copy_question(struct answer *a, const struct question *q)
{
	int f;

	for (f = 0; f < BY_SINCE; f++) {
		buf_str(&a->text[f], buf_view(&q->text[f]));
		if (buf_failed(&a->text[f]))
			return ENOMEM;
	}
	if (q->given[BY_APP_ID])
		a->app_id = buf_view(&a->text[BY_APP_ID]);
	if (q->given[BY_HOST])
		a->host = buf_view(&a->text[BY_HOST]);
	copy_tests(a, q);
	a->limit = q->limit;
	buf_str(&a->after, buf_view(&q->after));
	question_cursor(&a->cursor, q, (struct str){ "", 0 });
	return 0;
}

static int
look_up_single(struct answer *a, enum subject subject)
{
	struct app_row app;
	struct host_row host;
	int rc;

	if (a->source == FROM_NOWHERE)
		return MDB_NOTFOUND;
	a->source = FROM_SINGLE;
	if ((rc = store_view(a->s, &a->v)) != 0)
		return rc;
	if (subject == ASK_APPS) {
		if ((rc = store_app(a->v, a->app_id, &app)) == 0)
			row_app(&a->single, &app);
	} else if ((rc = store_host(a->v, a->host, &host)) == 0)
		row_host(&a->single, &host);
	store_view_end(a->v);
	return rc != 0 ? rc : buf_failed(&a->single) ? ENOMEM : 0;
}

int
answer_new(struct answer **ap, struct store *s, const struct question *q,
    enum answer_format format)
{
	struct answer *a;
	int rc;

	if ((a = calloc(1, sizeof(*a))) == NULL)
		return ENOMEM;
	a->s = s;
	a->format = format;
	if ((rc = copy_question(a, q)) != 0)
		goto free_answer;
	plan(a, q->subject);
	if (!copy_times(a, q))
		a->source = FROM_NOWHERE;
	if (buf_failed(&a->prefix) || buf_failed(&a->after) ||
	    buf_failed(&a->cursor))
		rc = ENOMEM;
	else if (q->single)
		rc = look_up_single(a, q->subject);
	if (rc != 0)
		goto free_answer;
	*ap = a;
	return 0;
free_answer:
	answer_free(a);
	return rc;
}

void
answer_free(struct answer *a)
{
	int f;

	if (a == NULL)
		return;
	for (f = 0; f < BY_SINCE; f++)
		buf_clear(&a->text[f]);
	buf_clear(&a->cursor);
	buf_clear(&a->prefix);
	buf_clear(&a->single);
	buf_clear(&a->after);
	buf_clear(&a->resume);
	buf_clear(&a->behind);
	buf_clear(&a->tested);
	buf_clear(&a->last);
	free(a);
}
