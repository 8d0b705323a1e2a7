#include <err.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/fetch.h"
#include "query/scan.h"
#include "ask.h"

enum { TIMEOUT_MS = 30 * 1000 };

/* What is being heard, and what becomes of it. */
struct hearing {
	struct scan	 scan;
	enum shape	 shape;
	struct buf	 out;
	uint64_t	 rows;
	const char	*errstr;	/* why the scan ended, or NULL */
};

static const char *
default_port(void)
{
	const char *port = getenv("PARTISCI_PORT");

	return port != NULL && *port != '\0' ? port : "7777";
}

/* Without a scheme it is host[:port]; an address of IPv6 may stand bare. */
static void
base_url(struct buf *b, const char *server)
{
	struct str s = str_of(server);
	const char *colon = strchr(server, ':');
	bool bare6 = server[0] != '[' && colon != NULL &&
	    strchr(colon + 1, ':') != NULL;

	while (s.len > 0 && s.p[s.len - 1] == '/')
		s.len--;
	if (strstr(server, "://") != NULL) {
		buf_str(b, s);
		return;
	}
	buf_puts(b, bare6 ? "http://[" : "http://");
	buf_str(b, s);
	if (bare6)
		buf_putc(b, ']');
	if (bare6 || (server[0] == '[' ? s.p[s.len - 1] == ']' :
	    colon == NULL))
		buf_printf(b, ":%s", default_port());
}

static void
begin_row(struct hearing *h)
{
	if (h->shape == SHAPE_REST)
		buf_puts(&h->out, h->rows == 0 ? "{\"data\":[" : ",");
}

static int
on_row(struct str row, void *arg)
{
	struct hearing *h = arg;

	begin_row(h);
	h->rows++;
	if (h->shape == SHAPE_TABLE)
		show_row(&h->out, row);
	else
		buf_str(&h->out, row);
	if (h->shape == SHAPE_LINES)
		buf_putc(&h->out, '\n');
	if (h->out.len >= OUT_PIECE)
		out_write(&h->out);
	return 0;
}

static int
on_body(const char *p, size_t n, void *arg)
{
	struct hearing *h = arg;

	return scan_feed(&h->scan, p, n, &h->errstr);
}

static void
end_answer(struct hearing *h)
{
	if (h->shape == SHAPE_TABLE)
		show_end(&h->out);
	if (h->shape == SHAPE_REST) {
		buf_puts(&h->out, h->rows == 0 ? "{\"data\":[]" : "]");
		if (h->scan.next.len > 0) {
			buf_puts(&h->out, ",\"next\":\"");
			buf_str(&h->out, buf_view(&h->scan.next));
			buf_putc(&h->out, '"');
		}
		buf_puts(&h->out, "}\n");
	}
	out_write(&h->out);
}

/* The words of {"error":"..."}, or NULL. */
static const char *
words(const struct scan *s)
{
	struct buf b = { 0 };
	const char *text = NULL;
	json_t *o;

	if (s->error.len == 0)
		return NULL;
	buf_putc(&b, '"');
	buf_str(&b, buf_view(&s->error));
	buf_putc(&b, '"');
	if (!buf_failed(&b) && (o = json_loadb(b.p, b.len, JSON_DECODE_ANY,
	    NULL)) != NULL)
		text = json_string_value(o);	/* kept: we are to exit */
	buf_clear(&b);
	return text;
}

/* Printable, for it goes to a terminal. */
static const char *
printable(const char *s)
{
	char *copy, *p;

	if ((copy = strdup(s)) == NULL)
		err(2, NULL);
	for (p = copy; *p != '\0'; p++)
		if ((unsigned char)*p < 0x20 || (unsigned char)*p > 0x7e)
			*p = '?';
	return copy;
}

static void __attribute__((noreturn))
refused(const char *server, long status, const struct scan *s)
{
	const char *text = words(s);

	if (text != NULL)
		errx(2, "%s: %s", server, printable(text));
	errx(2, "%s: answers with HTTP status %ld", server, status);
}

/*
 * The first Partisci ignored what it did not know, and would answer with too
 * much to a question that it knew nothing of.
 */
static bool
needs_us(const struct question *q)
{
	int f;

	if (q->subject != ASK_APPS && q->subject != ASK_HOSTS &&
	    q->subject != ASK_VERSIONS)
		return true;
	for (f = 0; f < BY_NFILTERS; f++)
		if (q->given[f] && (q->subject != ASK_VERSIONS ||
		    f > BY_VERSION))
			return true;
	return false;
}

static void
probe(struct fetch *f, const char *server, struct str base)
{
	struct buf url = { 0 };
	struct str none = { NULL, 0 };
	const char *errstr;
	long status;

	buf_str(&url, base);
	buf_add(&url, "/healthz", sizeof("/healthz"));
	if (buf_failed(&url))
		err(2, NULL);
	if (fetch(f, url.p, none, NULL, NULL, &status, &errstr) == -1)
		errx(2, "%s: %s", server, errstr);
	if (status != 200)
		errx(2, "%s: this server knows no such question", server);
	buf_clear(&url);
}

static void
hear(struct fetch *f, const char *server, const char *url, struct hearing *h)
{
	struct str none = { NULL, 0 };
	const char *errstr;
	long status;

	if (fetch(f, url, none, on_body, h, &status, &errstr) == -1) {
		out_write(&h->out);
		errx(2, "%s: %s", server, errstr);
	}
	if (status != 200)
		refused(server, status, &h->scan);
	if (h->errstr != NULL || scan_end(&h->scan, &h->errstr) == -1) {
		out_write(&h->out);
		errx(2, "%s: %s", server, h->errstr);
	}
}

uint64_t
ask_server(const char *server, const struct question *q, enum shape shape)
{
	struct hearing h = { .shape = shape };
	struct buf base = { 0 }, url = { 0 };
	struct fetch *f;
	const char *errstr;

	base_url(&base, server);
	buf_str(&url, buf_view(&base));
	buf_puts(&url, "/api/v1/");
	question_url(&url, q);
	buf_putc(&url, '\0');
	if (buf_failed(&base) || buf_failed(&url))
		err(2, NULL);
	if (fetch_new(&f, TIMEOUT_MS, &errstr) == -1)
		errx(2, "%s: %s", server, errstr);
	if (needs_us(q))
		probe(f, server, buf_view(&base));
	scan_init(&h.scan, on_row, &h);
	hear(f, server, url.p, &h);
	end_answer(&h);
	fetch_free(f);
	scan_clear(&h.scan);
	buf_clear(&h.out);
	buf_clear(&url);
	buf_clear(&base);
	return h.rows;
}
