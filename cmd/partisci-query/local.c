#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ask.h"

enum { FAULTS_MAX = 1024 * 1024 };	/* bytes of faults that are kept */

struct store *
open_store(const char *dir)
{
	struct store *s;
	int rc;

	if ((rc = store_open(&s, dir, STORE_READ)) == ENOENT)
		errx(2, "%s: there is no store", dir);
	else if (rc != 0)
		errx(2, "%s: %s", dir, store_strerror(rc));
	return s;
}

/* Each line of b as a row of the table. */
static void
show_lines(struct buf *out, struct buf *lines)
{
	struct str rest = buf_view(lines);
	const char *end;
	size_t n;

	while (rest.len > 0 &&
	    (end = memchr(rest.p, '\n', rest.len)) != NULL) {
		n = (size_t)(end - rest.p);
		show_row(out, (struct str){ rest.p, n });
		rest = (struct str){ end + 1, rest.len - n - 1 };
	}
	buf_reset(lines);
}

/* No view of the store is open while something is written out. */
uint64_t
ask_store(const char *dir, const struct question *q, enum shape shape)
{
	struct buf piece = { 0 }, shown = { 0 };
	struct store *s = open_store(dir);
	struct answer *a;
	uint64_t rows;
	bool done = false;
	int rc;

	if ((rc = answer_new(&a, s, q, shape == SHAPE_REST ? ANSWER_REST :
	    ANSWER_LINES)) != 0)
		errx(2, "%s: %s", dir, store_strerror(rc));
	while (!done) {
		if ((rc = answer_next(a, &piece, OUT_PIECE, &done)) != 0)
			errx(2, "%s: %s", dir, store_strerror(rc));
		if (shape != SHAPE_TABLE)
			out_write(&piece);
		else {
			show_lines(&shown, &piece);
			if (done)
				show_end(&shown);
			out_write(&shown);
		}
	}
	rows = answer_rows(a);
	answer_free(a);
	store_close(s);
	buf_clear(&piece);
	buf_clear(&shown);
	return rows;
}

static void
keep_fault(const char *what, void *arg)
{
	struct buf *b = arg;

	if (b->len > FAULTS_MAX)
		return;
	buf_puts(b, what);
	buf_putc(b, '\n');
}

static void
tell_counts(const struct store_counts *c)
{
	fprintf(stderr, "versions %" PRIu64 "\napps %" PRIu64 "\n"
	    "hosts %" PRIu64 "\nhistory %" PRIu64 "\nevents %" PRIu64 "\n"
	    "outbox %" PRIu64 "\nbytes %" PRIu64 "\n", c->versions, c->apps,
	    c->hosts, c->history, c->events, c->outbox, c->bytes);
}

uint64_t
check_store(const char *dir, bool verbose)
{
	struct store *s = open_store(dir);
	struct store_view *v;
	struct store_counts counts;
	struct buf faults = { 0 };
	uint64_t n = 0;
	int rc;

	if ((rc = store_view(s, &v)) == 0) {
		if ((rc = store_check(v, &n, keep_fault, &faults)) == 0)
			rc = store_counts(v, &counts);
		store_view_end(v);
	}
	if (faults.len > FAULTS_MAX)
		buf_puts(&faults, "and more that are not shown\n");
	out_write(&faults);
	if (rc != 0)
		errx(2, "%s: %s", dir, store_strerror(rc));
	if (verbose)
		tell_counts(&counts);
	store_close(s);
	buf_clear(&faults);
	return n;
}
