#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "store/store.h"

#include "send.h"

enum {
	LINE_ROOM = 1024,		/* more than any line needs */
	RETRY_MS = 10 * 1000		/* between attempts, once one failed */
};

static void
go_down(struct courier *c)
{
	if (verbose)
		warnx("%s: %s", c->t->name, c->t->why);
	c->down = true;
	c->retry_ms = clock_ms() + RETRY_MS;
}

/* What waits goes first, or nothing goes. */
static void
drain(struct courier *c)
{
	uint64_t n = 0;

	c->down = false;
	if (outbox_drain(&c->box, c->t, c->timeout_ms, &n) == -1)
		go_down(c);
	c->sent += n;
	c->late += n;
}

void
courier_start(struct courier *c)
{
	if (outbox_waiting(&c->box))
		drain(c);
}

struct buf *
courier_room(struct courier *c, uint64_t line)
{
	if (c->batch.len > 0 && c->batch.len + LINE_ROOM > c->t->batch_max)
		courier_flush(c);
	if (c->batch.len == 0)
		c->from = line;
	return &c->batch;
}

/* There is nowhere to put it: stop here, and say where that is. */
static _Noreturn void
give_up(const struct courier *c, const char *dir, const char *why)
{
	char from[64] = "";

	if (c->from > 0)
		(void)snprintf(from, sizeof(from),
		    "; nothing was sent from line %llu on",
		    (unsigned long long)c->from);
	if (dir == NULL)
		errx(2, "%s: %s%s", c->t->name, c->t->why, from);
	errx(2, "%s: %s; not kept in %s: %s%s", c->t->name, c->t->why, dir, why,
	    from);
}

static void
keep(struct courier *c, struct str lines)
{
	int rc;

	if (c->box.dir == NULL)
		give_up(c, NULL, NULL);
	if ((rc = outbox_keep(&c->box, lines)) != 0)
		give_up(c, c->box.dir, store_strerror(rc));
}

static void
deliver(struct courier *c, struct str lines)
{
	size_t done = 0;

	if (c->t->deliver(c->t, lines, &done) == 0)
		done = lines.len;
	else
		go_down(c);
	c->sent += str_count((struct str){ lines.p, done }, '\n');
	if (done < lines.len)
		keep(c, (struct str){ lines.p + done, lines.len - done });
}

void
courier_flush(struct courier *c)
{
	if (buf_failed(&c->batch))
		err(2, NULL);
	if (c->batch.len == 0)
		return;
	if (c->down && clock_ms() >= c->retry_ms)
		drain(c);
	if (c->down)
		keep(c, buf_view(&c->batch));
	else
		deliver(c, buf_view(&c->batch));
	buf_reset(&c->batch);
}

int
courier_finish(struct courier *c)
{
	uint64_t waiting = 0;
	int status;

	courier_flush(c);
	if (c->down && clock_ms() >= c->retry_ms)
		drain(c);
	if (c->down)
		waiting = outbox_count(&c->box);
	if (c->down)
		warnx("%s: %s; kept for later, %llu waiting in %s", c->t->name,
		    c->t->why, (unsigned long long)waiting, c->box.dir);
	if (verbose)
		warnx("%s: %llu sent, %llu of them from the outbox", c->t->name,
		    (unsigned long long)(c->sent - c->t->refused),
		    (unsigned long long)c->late);
	status = c->t->refused > 0 ? 2 : c->down ? 1 : 0;
	outbox_close(&c->box);
	c->t->close(c->t);
	buf_clear(&c->batch);
	return status;
}
