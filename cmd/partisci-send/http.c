#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/fetch.h"
#include "base/utf8.h"

#include "send.h"

/*
 * Over HTTP.  Several updates go to updates/ in one body; a server that has no
 * such path gets them one by one on the same connection, and so does one that
 * refuses a body, to learn which of them it does not want.
 */
struct http {
	struct transport t;
	struct fetch	*f;		/* made when first needed */
	long		 timeout_ms;
	char		*base;		/* no slash at its end */
	bool		 one_by_one;
	struct buf	 url;
	struct buf	 answer;
};

enum {
	BODY_MAX = 256 * 1024,
	ANSWER_MAX = 4096,		/* bytes of an answer that we look at */
	REASON_MAX = 200		/* and of the reason that it gives */
};

static int
take_answer(const char *p, size_t n, void *arg)
{
	struct buf *b = arg;

	if (n > ANSWER_MAX - b->len)
		n = ANSWER_MAX - b->len;
	buf_add(b, p, n);
	return 0;
}

/*
 * Put what the server says of its status into why.  They are a stranger's
 * words on their way to a terminal.
 */
static void
explain(struct http *h, long status, char *why, size_t size)
{
	json_t *root = json_loadb(h->answer.p == NULL ? "" : h->answer.p,
	    h->answer.len, 0, NULL);
	const char *words = json_string_value(json_object_get(root, "error"));
	struct str s;
	char *p;

	s = utf8_cut(str_of(words == NULL ? "" : words), REASON_MAX);
	(void)snprintf(why, size, "the server answered %ld%s%.*s", status,
	    s.len > 0 ? ": " : "", (int)s.len, s.p);
	for (p = why; *p != '\0'; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = '?';
	json_decref(root);
}

/* Returns the status of the answer, or -1 with the reason in t.why. */
static long
post(struct http *h, const char *path, struct str body)
{
	const char *errstr;
	long status;

	buf_reset(&h->answer);
	buf_reset(&h->url);
	buf_puts(&h->url, h->base);
	buf_puts(&h->url, path);
	buf_putc(&h->url, '\0');
	if (buf_failed(&h->url))
		err(2, NULL);
	if (h->f == NULL) {
		if (fetch_new(&h->f, h->timeout_ms, &errstr) == -1)
			goto fail;
		fetch_limit(h->f, h->timeout_ms);
	}
	if (fetch(h->f, h->url.p, body, take_answer, &h->answer, &status,
	    &errstr) == 0)
		return status;
fail:
	(void)snprintf(h->t.why, sizeof(h->t.why), "%s", errstr);
	return -1;
}

/* Does it blame the update, and not the moment or the way to it? */
static bool
is_refusal(long status)
{
	return status == 400 || status == 413 || status == 415 || status == 422;
}

/* One update, without its newline. */
static int
deliver_one(struct http *h, struct str line)
{
	char why[sizeof(h->t.why)];
	long status;

	if ((status = post(h, "/api/v1/update/", line)) == -1)
		return -1;
	if (status == 200)
		return 0;
	if (is_refusal(status)) {
		explain(h, status, why, sizeof(why));
		warnx("%s: %.*s: %s", h->t.name, (int)line.len, line.p, why);
		h->t.refused++;
		return 0;
	}
	explain(h, status, h->t.why, sizeof(h->t.why));
	return -1;
}

/* Returns 0, -1, or 1 if it is worth to try with single updates. */
static int
deliver_all(struct http *h, struct str lines)
{
	long status;

	if ((status = post(h, "/api/v1/updates/", lines)) == -1)
		return -1;
	if (status == 200)
		return 0;
	if (status == 404)
		h->one_by_one = true;
	if (status == 404 || is_refusal(status))
		return 1;
	explain(h, status, h->t.why, sizeof(h->t.why));
	return -1;
}

static int
http_deliver(struct transport *t, struct str lines, size_t *done)
{
	struct http *h = (struct http *)t;
	const char *nl;
	size_t len;
	int rc;

	*done = 0;
	if (!h->one_by_one && str_count(lines, '\n') > 1 &&
	    (rc = deliver_all(h, lines)) != 1)
		return rc;
	while ((nl = memchr(lines.p, '\n', lines.len)) != NULL) {
		len = (size_t)(nl - lines.p);
		if (deliver_one(h, (struct str){ lines.p, len }) == -1) {
			/* Perhaps another server is there next time. */
			h->one_by_one = false;
			return -1;
		}
		lines.p += len + 1;
		lines.len -= len + 1;
		*done += len + 1;
	}
	return 0;
}

static void
http_close(struct transport *t)
{
	struct http *h = (struct http *)t;

	fetch_free(h->f);
	buf_clear(&h->url);
	buf_clear(&h->answer);
	free(h->base);
	free(h);
}

struct transport *
http_new(const char *url, long timeout_ms)
{
	struct http *h;
	size_t len = strlen(url);

	while (len > 0 && url[len - 1] == '/')
		len--;
	if ((h = calloc(1, sizeof(*h))) == NULL ||
	    (h->base = strndup(url, len)) == NULL)
		err(2, NULL);
	h->timeout_ms = timeout_ms;
	h->t.name = h->base;
	h->t.batch_max = BODY_MAX;
	h->t.keepable = true;
	h->t.deliver = http_deliver;
	h->t.close = http_close;
	return &h->t;
}
