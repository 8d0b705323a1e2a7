#include <sys/file.h>
#include <sys/stat.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/store.h"

#include "send.h"

/* Some of what waits, copied out of the store. */
struct chunk {
	struct str	 name;
	size_t		 max;		/* bytes */
	struct buf	 lines;
	struct buf	 numbers;	/* a uint64_t for each line */
};

/* A path in the store's directory; the caller's, to free. */
static char *
path_of(const struct outbox *o, const char *file)
{
	char *path;

	if (asprintf(&path, "%s/%s", o->dir, file) == -1)
		err(2, NULL);
	return path;
}

static bool
exists(const struct outbox *o)
{
	char *path = path_of(o, "data.mdb");
	struct stat st;
	bool yes = stat(path, &st) == 0;

	free(path);
	return yes;
}

static int
add_one(uint64_t number, struct str name, struct str line, void *arg)
{
	struct chunk *ch = arg;

	if (!str_eq(name, ch->name))
		return 0;
	if (ch->lines.len > 0 && ch->lines.len + line.len + 1 > ch->max)
		return 1;
	buf_str(&ch->lines, line);
	buf_putc(&ch->lines, '\n');
	buf_add(&ch->numbers, &number, sizeof(number));
	return ch->lines.len >= ch->max;
}

/* Fill ch from the start of what waits. */
static int
collect(struct outbox *o, struct chunk *ch)
{
	struct store_view *v;
	int rc;

	buf_reset(&ch->lines);
	buf_reset(&ch->numbers);
	if ((rc = store_view(o->store, &v)) != 0)
		return rc;
	rc = store_each_outbox(v, 0, add_one, ch);
	store_view_end(v);
	if (buf_failed(&ch->lines) || buf_failed(&ch->numbers))
		return ENOMEM;
	/* That add_one has had enough is no error. */
	return rc == 1 ? 0 : rc;
}

static void
chunk_clear(struct chunk *ch)
{
	buf_clear(&ch->lines);
	buf_clear(&ch->numbers);
}

static int
lock_open(struct outbox *o)
{
	char *path;

	if (o->lock == -1) {
		path = path_of(o, "outbox.lock");
		o->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW,
		    0600);
		free(path);
	}
	return o->lock == -1 ? -1 : 0;
}

/* One environment is opened once at a time: what was open goes first. */
static int
reopen(struct outbox *o, enum store_mode mode)
{
	store_close(o->store);
	o->store = NULL;
	return store_open(&o->store, o->dir, mode);
}

/*
 * A store that this user cannot read, or not change, is not his to empty.
 * That is no reason not to send.
 */
bool
outbox_waiting(struct outbox *o)
{
	struct chunk ch = { .name = str_of(o->name), .max = 1 };
	bool some;
	int rc;

	if (o->dir == NULL || !exists(o))
		return false;
	some = (rc = reopen(o, STORE_READ)) == 0 && (rc = collect(o, &ch)) == 0 &&
	    ch.lines.len > 0;
	if (rc == 0 && some)
		rc = lock_open(o) == -1 ? errno : reopen(o, STORE_WRITE);
	if (rc != 0 && verbose)
		warnx("%s: %s", o->dir, store_strerror(rc));
	chunk_clear(&ch);
	if (rc != 0 || !some) {
		store_close(o->store);
		o->store = NULL;
	}
	return rc == 0 && some;
}

/* Wait for whoever delivers now, so that the order remains. */
static int
lock_take(struct outbox *o, long timeout_ms)
{
	int64_t until = clock_ms() + timeout_ms;

	while (flock(o->lock, LOCK_EX | LOCK_NB) == -1) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return -1;
		if (clock_ms() >= until)
			return -1;
		clock_pause_ms(5);
	}
	return 0;
}

/* Forget the first n of those in ch. */
static int
forget(struct outbox *o, const struct chunk *ch, uint64_t n)
{
	struct store_tx *t;
	uint64_t number, i;
	int rc;

	if ((rc = store_begin(o->store, &t)) != 0)
		return rc;
	for (i = 0; i < n; i++) {
		memcpy(&number, ch->numbers.p + i * sizeof(number),
		    sizeof(number));
		if ((rc = store_outbox_del(t, number)) != 0) {
			store_abort(t);
			return rc;
		}
	}
	return store_commit(t);
}

/* Deliver the start of what waits; *more is whether anything was there. */
static int
drain_chunk(struct outbox *o, struct transport *t, struct chunk *ch,
    uint64_t *count, bool *more)
{
	size_t done = 0;
	uint64_t n;
	int rc, sent;

	if ((rc = collect(o, ch)) != 0)
		goto fail;
	*more = ch->lines.len > 0;
	if (!*more)
		return 0;
	if ((sent = t->deliver(t, buf_view(&ch->lines), &done)) == 0)
		done = ch->lines.len;
	n = str_count((struct str){ ch->lines.p, done }, '\n');
	*count += n;
	if (n > 0 && (rc = forget(o, ch, n)) != 0)
		goto fail;
	return sent;
fail:
	(void)snprintf(t->why, sizeof(t->why), "%s: %s", o->dir,
	    store_strerror(rc));
	return -1;
}

int
outbox_drain(struct outbox *o, struct transport *t, long timeout_ms,
    uint64_t *count)
{
	struct chunk ch = { .name = str_of(o->name), .max = t->batch_max };
	bool more = true;
	int rc = 0;

	if (lock_open(o) == -1 || lock_take(o, timeout_ms) == -1) {
		(void)snprintf(t->why, sizeof(t->why), "%s",
		    errno == EWOULDBLOCK ? "another partisci-send delivers" :
		    strerror(errno));
		return -1;
	}
	while (rc == 0 && more)
		rc = drain_chunk(o, t, &ch, count, &more);
	(void)flock(o->lock, LOCK_UN);
	chunk_clear(&ch);
	return rc;
}

int
outbox_keep(struct outbox *o, struct str lines)
{
	struct str name = str_of(o->name), line;
	struct store_tx *t;
	const char *nl;
	int rc;

	if (o->store == NULL && (rc = reopen(o, STORE_WRITE)) != 0)
		return rc;
	if ((rc = store_begin(o->store, &t)) != 0)
		return rc;
	while ((nl = memchr(lines.p, '\n', lines.len)) != NULL) {
		line = (struct str){ lines.p, (size_t)(nl - lines.p) };
		if ((rc = store_outbox_add(t, name, line)) != 0) {
			store_abort(t);
			return rc;
		}
		lines.p += line.len + 1;
		lines.len -= line.len + 1;
	}
	return store_commit(t);
}

uint64_t
outbox_count(struct outbox *o)
{
	struct store_counts counts;
	struct store_view *v;
	uint64_t n = 0;

	if (o->store == NULL || store_view(o->store, &v) != 0)
		return 0;
	if (store_counts(v, &counts) == 0)
		n = counts.outbox;
	store_view_end(v);
	return n;
}

void
outbox_close(struct outbox *o)
{
	store_close(o->store);
	o->store = NULL;
	if (o->lock != -1)
		(void)close(o->lock);
	o->lock = -1;
}
