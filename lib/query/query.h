#ifndef QUERY_QUERY_H
#define QUERY_QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"
#include "store/store.h"
#include "update/version.h"

/*
 * query: questions to a store, and answers in JSON.  Who asks on the command
 * line and who asks over HTTP gets the same bytes, because both come here.
 */

enum subject {
	ASK_APPS,
	ASK_HOSTS,
	ASK_VERSIONS,
	ASK_HISTORY,
	ASK_STALE,		/* versions not heard of for some time */
	ASK_EVENTS,
	ASK_RUNS,		/* of p2-apply on this host */
	ASK_RESULTS,		/* what came of each resource last */
	ASK_NSUBJECTS
};

/* What a question may be narrowed by; the names are those of the REST API. */
enum filter {
	BY_APP_ID,		/* app_id */
	BY_HOST,		/* host */
	BY_VERSION,		/* ver: exactly that one */
	BY_VERSION_LT,		/* ver_lt, and so on: in order of versions */
	BY_VERSION_LE,
	BY_VERSION_GT,
	BY_VERSION_GE,
	BY_SINCE,		/* since: heard of then or later, see when.h */
	BY_OLDER,		/* older: not heard of for so many seconds */
	BY_LIMIT,		/* limit: at most so many rows */
	BY_AFTER,		/* after: the "next" of the page before */
	BY_NFILTERS
};

enum {
	QUERY_OLDER_DEFAULT = 24 * 60 * 60	/* seconds, for ASK_STALE */
};

struct question {
	enum subject	subject;
	bool		single;		/* app/A or host/H: one bare object */
	bool		given[BY_NFILTERS];	/* and not empty */
	struct buf	text[BY_NFILTERS];	/* as given; owned */
	uint32_t	since;
	uint32_t	older;
	uint32_t	limit;		/* 0: no limit */
	struct buf	after;		/* a key of the store; owned */
	char		error[160];	/* where *errstr may point */
};

void	question_init(struct question *q, enum subject subject);
void	question_clear(struct question *q);

/* Does a question on that subject take that filter? */
bool	question_takes(enum subject subject, enum filter f);

/* "app_id" and so on; "apps" and so on; -1 where no such name is known. */
const char *filter_name(enum filter f);
const char *subject_name(enum subject subject);
int	subject_by_name(const char *name);

/*
 * Narrow the question.  An empty value narrows nothing.  Returns 0, or -1 with
 * *errstr a sentence in UTF-8, lent until the next call with q: the filter
 * makes no sense for the subject, was given before, or has a bad value.
 */
int	question_set(struct question *q, enum filter f, struct str value,
	    const char **errstr);

/*
 * To be called after the last question_set(): does it hold together?  (A
 * cursor has to come from the same question.)  Returns as question_set().
 */
int	question_check(struct question *q, const char **errstr);

/*
 * Initialise q from what a client asked for: path is what follows "/api/v1/"
 * and query what follows "?" (query.p may be NULL), both raw, as they came in
 * the request line: percent-decoding is done here.  Returns 0 (and then q is
 * to be cleared), or the HTTP status to refuse it with, 400 or 404, and
 * *errstr as above, lent until the next call with q.
 */
int	question_from_url(struct question *q, struct str path,
	    struct str query, const char **errstr);

/* Append the path and query from which question_from_url() makes q. */
void	question_url(struct buf *b, const struct question *q);

/*
 * Append the cursor that has q go on after that key of the store: what an
 * answer calls "next" and a question "after".
 */
void	question_cursor(struct buf *b, const struct question *q,
	    struct str key);

enum answer_format {
	ANSWER_LINES,	/* a row a line */
	ANSWER_REST	/* {"data":[ROW,...]}, "next" after it if cut, newline */
};

/*
 * An answer in the making.  It remembers where it stopped, so it holds no
 * view of the store between two calls and may be left lying as long as its
 * reader likes; rows that change meanwhile may be seen as before or after.
 */
struct answer;

/*
 * s is lent until answer_free(); q is copied.  Returns 0 or a code of the
 * store; MDB_NOTFOUND where a single application or host is not known.
 */
int	answer_new(struct answer **ap, struct store *s,
	    const struct question *q, enum answer_format format);
void	answer_free(struct answer *a);

/*
 * Append more of the answer to out: some "about" bytes, or less when that is
 * the end of it; more by one row at most.  *done tells whether it is finished.
 * Returns 0 or a code of the store, after which the answer is over.
 */
int	answer_next(struct answer *a, struct buf *out, size_t about, bool *done);

/* Rows written so far. */
uint64_t answer_rows(const struct answer *a);

#endif
