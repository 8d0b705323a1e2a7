#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/utf8.h"
#include "base/when.h"
#include "query/query.h"
#include "query/url.h"

enum { CURSOR_SUM = 8 };	/* hex digits in front of a cursor's key */

static const char *const filters[] = {
	[BY_APP_ID] = "app_id",
	[BY_HOST] = "host",
	[BY_VERSION] = "ver",
	[BY_VERSION_LT] = "ver_lt",
	[BY_VERSION_LE] = "ver_le",
	[BY_VERSION_GT] = "ver_gt",
	[BY_VERSION_GE] = "ver_ge",
	[BY_SINCE] = "since",
	[BY_OLDER] = "older",
	[BY_LIMIT] = "limit",
	[BY_AFTER] = "after"
};

#define BIT(f)	(1u << (f))

enum {
	F_VERSION = BIT(BY_VERSION) | BIT(BY_VERSION_LT) |
	    BIT(BY_VERSION_LE) | BIT(BY_VERSION_GT) | BIT(BY_VERSION_GE),
	F_PAGE = BIT(BY_LIMIT) | BIT(BY_AFTER),
	F_ALL = BIT(BY_NFILTERS) - 1
};

static const struct {
	const char	*name;
	const char	*path;
	unsigned	 takes;
} subjects[] = {
	[ASK_APPS] = { "apps", "app", F_ALL },
	[ASK_HOSTS] = { "hosts", "host", F_ALL },
	[ASK_VERSIONS] = { "versions", "version", F_ALL },
	[ASK_HISTORY] = { "history", "history", BIT(BY_APP_ID) |
	    BIT(BY_HOST) | F_VERSION | BIT(BY_SINCE) | F_PAGE },
	[ASK_STALE] = { "stale", "stale", F_ALL },
	[ASK_EVENTS] = { "events", "event", BIT(BY_HOST) | BIT(BY_SINCE) |
	    F_PAGE },
	[ASK_RUNS] = { "runs", "run", BIT(BY_SINCE) | F_PAGE },
	[ASK_RESULTS] = { "results", "result", BIT(BY_SINCE) | F_PAGE }
};

void
question_init(struct question *q, enum subject subject)
{
	*q = (struct question){ .subject = subject };
	if (subject == ASK_STALE)
		q->older = QUERY_OLDER_DEFAULT;
}

void
question_clear(struct question *q)
{
	int f;

	for (f = 0; f < BY_NFILTERS; f++)
		buf_clear(&q->text[f]);
	buf_clear(&q->after);
}

bool
question_takes(enum subject subject, enum filter f)
{
	return (subjects[subject].takes & BIT(f)) != 0;
}

const char *
filter_name(enum filter f)
{
	return filters[f];
}

const char *
subject_name(enum subject subject)
{
	return subjects[subject].name;
}

int
subject_by_name(const char *name)
{
	int i;

	for (i = 0; i < ASK_NSUBJECTS; i++)
		if (strcmp(subjects[i].name, name) == 0)
			return i;
	return -1;
}

/* Put the reason where *errstr may point; always -1. */
static int __attribute__((format(printf, 3, 4)))
refuse(struct question *q, const char **errstr, const char *fmt, ...)
{
	char text[sizeof(q->error)];	/* an argument may be q->error */
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	memcpy(q->error, text, sizeof(text));
	*errstr = q->error;
	return -1;
}

static int
set_limit(struct question *q, struct str s, const char **errstr)
{
	uint64_t n = 0;
	size_t i;

	for (i = 0; i < s.len && n <= UINT32_MAX; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			break;
		n = n * 10 + (uint64_t)(s.p[i] - '0');
	}
	if (i < s.len || n == 0 || n > UINT32_MAX)
		return refuse(q, errstr, "not a number from 1 to %" PRIu32,
		    UINT32_MAX);
	q->limit = (uint32_t)n;
	return 0;
}

/* The filters whose values are more than text. */
static int
set_value(struct question *q, enum filter f, struct str s,
    const char **errstr)
{
	uint32_t now = (uint32_t)time(NULL);

	switch (f) {
	case BY_SINCE:
		return when_parse(&q->since, s, now, errstr);
	case BY_OLDER:
		return when_parse_age(&q->older, s, now, errstr);
	case BY_LIMIT:
		return set_limit(q, s, errstr);
	default:
		return 0;
	}
}

int
question_set(struct question *q, enum filter f, struct str value,
    const char **errstr)
{
	*errstr = NULL;
	if (!question_takes(q->subject, f))
		return refuse(q, errstr, "makes no sense for %s",
		    subject_name(q->subject));
	if (value.len == 0)
		return 0;
	if (q->given[f])
		return refuse(q, errstr, "given twice");
	if (utf8_count(value) == SIZE_MAX ||
	    memchr(value.p, '\0', value.len) != NULL)
		return refuse(q, errstr, "not a text in UTF-8");
	if (set_value(q, f, value, errstr) == -1)
		return -1;
	q->given[f] = true;
	buf_str(&q->text[f], value);
	if (buf_failed(&q->text[f]))
		return refuse(q, errstr, "out of memory");
	return 0;
}

/*
 * A cursor is the sum of the question and the key to go on from.  What may
 * change from page to page is no part of the sum: limit, and the times, which
 * may be given relative to now.
 */
static uint32_t
question_sum(const struct question *q)
{
	uint32_t sum = 2166136261u;	/* FNV-1a */
	size_t i;
	int f;

	sum = (sum ^ q->subject) * 16777619u;
	for (f = 0; f < BY_SINCE; f++) {
		for (i = 0; i < q->text[f].len; i++)
			sum = (sum ^ (unsigned char)q->text[f].p[i]) *
			    16777619u;
		sum = (sum ^ 0xff) * 16777619u;
	}
	return sum;
}

void
question_cursor(struct buf *b, const struct question *q, struct str key)
{
	buf_printf(b, "%08" PRIx32, question_sum(q));
	hex_encode(b, key);
}

int
question_check(struct question *q, const char **errstr)
{
	struct str cursor = buf_view(&q->text[BY_AFTER]);
	char sum[CURSOR_SUM + 1];

	*errstr = NULL;
	if (!q->given[BY_AFTER])
		return 0;
	buf_reset(&q->after);
	(void)snprintf(sum, sizeof(sum), "%08" PRIx32, question_sum(q));
	if (cursor.len <= CURSOR_SUM ||
	    !hex_decode(&q->after, (struct str){ cursor.p + CURSOR_SUM,
	    cursor.len - CURSOR_SUM }) || buf_failed(&q->after))
		return refuse(q, errstr, "not a cursor");
	if (memcmp(cursor.p, sum, CURSOR_SUM) != 0)
		return refuse(q, errstr, "the cursor of another question");
	return 0;
}

/* Take what stands before c off *rest, or all of it. */
static struct str
cut_at(struct str *rest, char c)
{
	const char *end = rest->len == 0 ? NULL :
	    memchr(rest->p, c, rest->len);
	struct str s = *rest;

	if (end == NULL) {
		*rest = (struct str){ "", 0 };
		return s;
	}
	s.len = (size_t)(end - s.p);
	*rest = (struct str){ end + 1, rest->len - s.len - 1 };
	return s;
}

/*
 * One "name=value", decoded.  Names that start with "_" are for caches on the
 * way and pass; any other unknown one would silently widen the answer.
 */
static int
set_parameter(struct question *q, struct str name, struct str value,
    const char **errstr)
{
	struct str shown = utf8_cut(name, 40);
	int f;

	if (name.len > 0 && name.p[0] == '_')
		return 0;
	for (f = 0; f < BY_NFILTERS; f++)
		if (str_eq(name, str_of(filters[f])))
			break;
	if (f == BY_NFILTERS)
		return refuse(q, errstr, "%.*s: no such filter",
		    (int)shown.len, shown.p);
	if (question_set(q, (enum filter)f, value, errstr) == -1)
		return refuse(q, errstr, "%s: %s", filters[f], *errstr);
	return 0;
}

static int
parse_query(struct question *q, struct str query, const char **errstr)
{
	struct buf name = { 0 }, value = { 0 };
	struct str pair;
	int rc = 0;

	while (rc == 0 && query.len > 0) {
		pair = cut_at(&query, '&');
		if (pair.len == 0)
			continue;
		buf_reset(&name);
		buf_reset(&value);
		if (!url_decode(&name, cut_at(&pair, '='), true) ||
		    !url_decode(&value, pair, true))
			rc = refuse(q, errstr, "a malformed query: "
			    "no percent-encoded UTF-8");
		else
			rc = set_parameter(q, buf_view(&name),
			    buf_view(&value), errstr);
	}
	buf_clear(&name);
	buf_clear(&value);
	if (rc == 0 && question_check(q, errstr) == -1)
		rc = refuse(q, errstr, "after: %s", *errstr);
	return rc;
}

/* app/A or host/H. */
static int
parse_single(struct question *q, struct str name, const char **errstr)
{
	enum filter f = q->subject == ASK_APPS ? BY_APP_ID : BY_HOST;
	struct buf b = { 0 };
	int rc;

	q->single = true;
	if (!url_decode(&b, name, false))
		rc = refuse(q, errstr, "a malformed path: "
		    "no percent-encoded UTF-8");
	else
		rc = question_set(q, f, buf_view(&b), errstr);
	buf_clear(&b);
	return rc;
}

static int
refuse_filters(struct question *q, struct str query, const char **errstr)
{
	if (query.len == 0 || query.p[0] == '_')
		return 0;
	return refuse(q, errstr, "one of them takes no filters");
}

int
question_from_url(struct question *q, struct str path, struct str query,
    const char **errstr)
{
	struct str rest = path, word = cut_at(&rest, '/');
	int i, rc;

	for (i = 0; i < ASK_NSUBJECTS; i++)
		if (str_eq(word, str_of(subjects[i].path)))
			break;
	if (i == ASK_NSUBJECTS || (rest.len > 0 && i != ASK_APPS &&
	    i != ASK_HOSTS)) {
		*errstr = "no such path";
		return 404;
	}
	question_init(q, (enum subject)i);
	if (query.p == NULL)
		query.len = 0;
	if (rest.len == 0)
		rc = parse_query(q, query, errstr);
	else if ((rc = parse_single(q, rest, errstr)) == 0)
		rc = refuse_filters(q, query, errstr);
	if (rc == 0)
		return 0;
	question_clear(q);
	return 400;
}

static void
put_filter(struct buf *b, const struct question *q, enum filter f, char sep)
{
	buf_putc(b, sep);
	buf_puts(b, filters[f]);
	buf_putc(b, '=');
	if (f == BY_SINCE)
		buf_num(b, q->since);
	else if (f == BY_OLDER)		/* "s": see when_parse_age() */
		buf_printf(b, "%" PRIu32 "%s", q->older,
		    q->older < 1000000000 ? "" : "s");
	else
		url_encode(b, buf_view(&q->text[f]));
}

void
question_url(struct buf *b, const struct question *q)
{
	char sep = '?';
	int f;

	buf_puts(b, subjects[q->subject].path);
	buf_putc(b, '/');
	if (q->single) {
		url_encode(b, buf_view(&q->text[q->subject == ASK_APPS ?
		    BY_APP_ID : BY_HOST]));
		return;
	}
	for (f = 0; f < BY_NFILTERS; f++)
		if (q->given[f]) {
			put_filter(b, q, (enum filter)f, sep);
			sep = '&';
		}
}
