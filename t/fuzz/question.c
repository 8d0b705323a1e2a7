/*
 * What a client asks for: path and query, split at the first "?".  A question
 * that is taken must come out of its own URL again as the same question.
 */
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "query/query.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
same(const struct question *q, const struct question *again)
{
	int f;

	if (q->subject != again->subject || q->single != again->single ||
	    q->limit != again->limit || q->older != again->older ||
	    q->since != again->since ||
	    !str_eq(buf_view(&q->after), buf_view(&again->after)))
		abort();
	for (f = 0; f < BY_SINCE; f++)
		if (!str_eq(buf_view(&q->text[f]), buf_view(&again->text[f])))
			abort();
}

static void
ask_again(const struct question *q)
{
	struct question again;
	struct buf url = { 0 };
	struct str path, query = { NULL, 0 };
	const char *errstr, *mark;

	question_url(&url, q);
	path = buf_view(&url);
	if ((mark = memchr(url.p, '?', url.len)) != NULL) {
		path.len = (size_t)(mark - url.p);
		query = (struct str){ mark + 1, url.len - path.len - 1 };
	}
	if (question_from_url(&again, path, query, &errstr) != 0)
		abort();
	same(q, &again);
	question_clear(&again);
	buf_clear(&url);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct question q;
	struct str path = { (const char *)data, size }, query = { NULL, 0 };
	const char *errstr, *mark;

	if (size > 0 && (mark = memchr(data, '?', size)) != NULL) {
		path.len = (size_t)(mark - path.p);
		query = (struct str){ mark + 1, size - path.len - 1 };
	}
	if (question_from_url(&q, path, query, &errstr) != 0) {
		if (errstr == NULL || utf8_count(str_of(errstr)) == SIZE_MAX)
			abort();
		return 0;
	}
	ask_again(&q);
	question_clear(&q);
	return 0;
}
