#include <stdlib.h>
#include <string.h>

#include "query/row.h"

/*
 * Millions of rows go through here, so the room for a row is made once, for
 * the worst that its fields can become, and then filled by plain stores.
 */
enum {
	ESCAPED = 6,		/* bytes that a byte of text may become */
	DIGITS = 10,		/* in a uint32_t */
	NAMES = 128		/* more than the names of any row */
};

/* A literal; its length is known to the compiler. */
#define PUT(p, literal) \
	((char *)memcpy((p), (literal), sizeof(literal) - 1) + \
	sizeof(literal) - 1)

#define ONES	UINT64_C(0x0101010101010101)
#define HIGHS	UINT64_C(0x8080808080808080)

/*
 * Does one of these eight bytes need an escape: is it below 0x20, a quote or a
 * backslash?  Borrows can only add a false yes behind a true one.
 */
static bool
needs_escape(uint64_t w)
{
	uint64_t quote = w ^ ONES * '"', slash = w ^ ONES * '\\';

	return (((w - ONES * 0x20) & ~w) | ((quote - ONES) & ~quote) |
	    ((slash - ONES) & ~slash)) & HIGHS;
}

static char *
put_escaped(char *p, struct str s)
{
	struct buf b = { 0 };

	buf_json(&b, s);
	if (buf_failed(&b))
		p = PUT(p, "\"\"");
	else
		p = (char *)memcpy(p, b.p, b.len) + b.len;
	buf_clear(&b);
	return p;
}

/* Bytes past the last word: as one word, filled up with harmless ones. */
static uint64_t
tail_word(const char *p, size_t n)
{
	uint64_t w = ONES * ' ';

	memcpy(&w, p, n);
	return w;
}

static char *
put_text(char *p, struct str s)
{
	char *start = p;
	uint64_t w;
	size_t i;

	*p++ = '"';
	for (i = 0; i + sizeof(w) <= s.len; i += sizeof(w)) {
		memcpy(&w, s.p + i, sizeof(w));
		memcpy(p + i, &w, sizeof(w));
		if (needs_escape(w))
			return put_escaped(start, s);
	}
	if (i < s.len) {
		w = tail_word(s.p + i, s.len - i);
		memcpy(p + i, &w, sizeof(w));
		if (needs_escape(w))
			return put_escaped(start, s);
	}
	p += s.len;
	*p++ = '"';
	return p;
}

static char *
put_number(char *p, uint32_t n)
{
	char digits[DIGITS], *d = digits + sizeof(digits);
	size_t len;

	do
		*--d = (char)('0' + n % 10);
	while ((n /= 10) != 0);
	len = (size_t)(digits + sizeof(digits) - d);
	return (char *)memcpy(p, d, len) + len;
}

/* Room for a row with that many bytes of text in it. */
static char *
room(struct buf *b, size_t text)
{
	return buf_room(b, text * ESCAPED + NAMES + 8 * DIGITS);
}

static void
close_row(struct buf *b, char *p)
{
	*p++ = '}';
	b->len = (size_t)(p - b->p);
}

void
row_version(struct buf *b, const struct version_row *r)
{
	char *p;

	if ((p = room(b, r->app_id.len + r->app.len + r->ver.len +
	    r->host.len + r->host_ip.len)) == NULL)
		return;
	p = put_text(PUT(p, "{\"app_id\":"), r->app_id);
	p = put_text(PUT(p, ",\"app\":"), r->app);
	p = put_text(PUT(p, ",\"ver\":"), r->ver);
	p = put_text(PUT(p, ",\"host\":"), r->host);
	p = put_number(PUT(p, ",\"instance\":"), r->instance);
	p = put_text(PUT(p, ",\"host_ip\":"), r->host_ip);
	p = put_number(PUT(p, ",\"last_update\":"), r->last_update);
	close_row(b, p);
}

void
row_app(struct buf *b, const struct app_row *r)
{
	char *p;

	if ((p = room(b, r->app_id.len + r->app.len)) == NULL)
		return;
	p = put_text(PUT(p, "{\"app_id\":"), r->app_id);
	p = put_text(PUT(p, ",\"app\":"), r->app);
	p = put_number(PUT(p, ",\"last_update\":"), r->last_update);
	p = put_number(PUT(p, ",\"host_count\":"), r->host_count);
	close_row(b, p);
}

void
row_host(struct buf *b, const struct host_row *r)
{
	char *p;

	if ((p = room(b, r->host.len)) == NULL)
		return;
	p = put_text(PUT(p, "{\"host\":"), r->host);
	p = put_number(PUT(p, ",\"last_update\":"), r->last_update);
	p = put_number(PUT(p, ",\"app_count\":"), r->app_count);
	close_row(b, p);
}

void
row_history(struct buf *b, const struct history_row *r)
{
	char *p;

	if ((p = room(b, r->app_id.len + r->host.len + r->ver.len)) == NULL)
		return;
	p = put_text(PUT(p, "{\"app_id\":"), r->app_id);
	p = put_text(PUT(p, ",\"host\":"), r->host);
	p = put_number(PUT(p, ",\"instance\":"), r->instance);
	p = put_text(PUT(p, ",\"ver\":"), r->ver);
	p = put_number(PUT(p, ",\"time\":"), r->time);
	close_row(b, p);
}

void
row_event(struct buf *b, const struct event_row *r)
{
	char *p;

	if ((p = room(b, r->host.len + r->module.len + r->object.len +
	    r->msg.len)) == NULL)
		return;
	p = put_text(PUT(p, "{\"host\":"), r->host);
	p = put_text(PUT(p, ",\"module\":"), r->module);
	p = put_text(PUT(p, ",\"object\":"), r->object);
	p = put_text(PUT(p, ",\"msg\":"), r->msg);
	p = put_number(PUT(p, ",\"count\":"), r->count);
	p = put_number(PUT(p, ",\"first\":"), r->first);
	p = put_number(PUT(p, ",\"last\":"), r->last);
	close_row(b, p);
}

void
row_run(struct buf *b, const struct run_row *r)
{
	char *p;

	if ((p = room(b, r->policy.len + r->ver.len + r->outcome.len)) == NULL)
		return;
	p = put_number(PUT(p, "{\"time\":"), (uint32_t)(r->time / 1000));
	p = put_text(PUT(p, ",\"policy\":"), r->policy);
	p = put_text(PUT(p, ",\"ver\":"), r->ver);
	p = put_text(PUT(p, ",\"outcome\":"), r->outcome);
	p = put_number(PUT(p, ",\"changed\":"), r->changed);
	p = put_number(PUT(p, ",\"ok\":"), r->ok);
	p = put_number(PUT(p, ",\"skipped\":"), r->skipped);
	p = put_number(PUT(p, ",\"failed\":"), r->failed);
	p = put_number(PUT(p, ",\"ms\":"), r->ms);
	close_row(b, p);
}

void
row_result(struct buf *b, const struct result_row *r)
{
	char *p;

	if ((p = room(b, r->type.len + r->title.len + r->policy.len +
	    r->outcome.len + r->why.len + r->cause.len)) == NULL)
		return;
	p = put_text(PUT(p, "{\"type\":"), r->type);
	p = put_text(PUT(p, ",\"title\":"), r->title);
	p = put_text(PUT(p, ",\"outcome\":"), r->outcome);
	p = put_text(PUT(p, ",\"why\":"), r->why);
	if (r->cause.len > 0)
		p = put_text(PUT(p, ",\"cause\":"), r->cause);
	p = put_text(PUT(p, ",\"policy\":"), r->policy);
	p = put_number(PUT(p, ",\"time\":"), r->time);
	close_row(b, p);
}
