#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/utf8.h"
#include "ingest/pipeline.h"

enum {
	MAX_BYTES = 256 << 20,
	/*
	 * Times come to disk once a second, or less often where they fill many
	 * pages: so long for each page, and at most so long.
	 */
	HEARTS_US = 1000 * 1000,
	HEARTS_PAGE_US = 5 * 1000,
	HEARTS_MAX_US = 5 * 1000 * 1000,
	GROUP_US = 2000			/* and no post waits longer for others */
};

struct ingest_stats *
ingest_stats(struct ingest *in)
{
	return &in->stats;
}

size_t
ingest_known(struct ingest *in)
{
	size_t n;

	ingest_lock(in);
	n = known_count(in->known);
	ingest_unlock(in);
	return n;
}

size_t
ingest_waiting(struct ingest *in)
{
	size_t n;

	ingest_lock(in);
	n = in->held + in->filling.batch.bytes;
	ingest_unlock(in);
	return n;
}

static bool
urgent(const struct ingest *in)
{
	return in->filling.nwaiters > 0 || in->filling.clear ||
	    in->filling.batch.count > 0 || in->stop;
}

void
ingest_lock(struct ingest *in)
{
	pthread_mutex_lock(&in->lock);
	in->astray = store_last_commit(in->store) > in->ours;
}

void
ingest_unlock(struct ingest *in)
{
	bool wake = false;

	switch (in->doze) {
	case ANYTHING:
		wake = urgent(in) || in->heard || in->filling.nrefusals > 0;
		break;
	case NO_HURRY:
		wake = urgent(in);
		break;
	case GROUPING:
		wake = in->filling.nwaiters >= in->group || in->filling.clear ||
		    in->stop;
		break;
	case AWAKE:
		break;
	}
	if (wake) {
		in->doze = AWAKE;
		pthread_cond_signal(&in->work);
	}
	pthread_mutex_unlock(&in->lock);
}

/* The key of u: app_id NUL host NUL and the instance in two bytes. */
static struct str
make_key(char room[UPDATE_ID_MAX + UPDATE_BYTES_MAX + 4],
    const struct update *u, struct str host)
{
	char *p = room;

	p += update_app_id(p, u->app);
	*p++ = '\0';
	memcpy(p, host.p, host.len);
	p += host.len;
	*p++ = '\0';
	*p++ = (char)(u->instance >> 8);
	*p++ = (char)u->instance;
	return (struct str){ room, (size_t)(p - room) };
}

/* The slot of who says what he said before, or it goes into the batch. */
static int
take_update(struct ingest *in, const struct update *u, struct str ip,
    uint32_t time, bool posted, uint32_t *slot)
{
	char room[UPDATE_ID_MAX + UPDATE_BYTES_MAX + 4];
	struct sighting s = { u->app, u->ver, u->host.len > 0 ? u->host : ip,
	    ip, u->instance, time };
	struct known_digest d;
	struct str key;

	key = make_key(room, u, s.host);
	known_digest(in->known, &d, key, s.ver, s.app, s.host_ip);
	/* Where somebody else has written, the store has to be asked. */
	*slot = in->astray ? KNOWN_NO_SLOT : known_same(in->known, &d);
	if (*slot != KNOWN_NO_SLOT) {
		seen_set(&in->seen, *slot, time);
		seen_mark(&in->seen, *slot, posted ? DIRTY_POST : DIRTY_UDP);
		in->stats.heartbeats++;
		return 0;
	}
	if (!posted && in->held + in->filling.batch.bytes >=
	    in->config.max_bytes)
		return -1;
	if (batch_add(&in->filling.batch, d.who, key, &s, posted) == -1)
		return -1;
	/* Where this fails, he is looked up in the store once more. */
	(void)known_say(in->known, &d);
	return 0;
}

void
ingest_add(struct ingest *in, const struct update *u, struct str ip,
    uint32_t time)
{
	uint32_t slot;

	if (take_update(in, u, ip, time, false, &slot) == -1) {
		in->stats.dropped++;
		return;
	}
	in->stats.updates++;
	in->heard |= slot != KNOWN_NO_SLOT;
}

bool
ingest_room(struct ingest *in, size_t bytes)
{
	/* Packed, an update takes less than twice what it took as JSON. */
	if (in->held + in->filling.batch.bytes + 2 * bytes <=
	    in->config.max_bytes)
		return true;
	in->stats.turned_away++;
	return false;
}

int
ingest_post(struct ingest *in, const struct update *u, struct str ip,
    uint32_t time)
{
	uint32_t slot;

	if (take_update(in, u, ip, time, true, &slot) == -1)
		return -1;
	in->stats.updates++;
	return 0;
}

void
ingest_wait(struct ingest *in, struct ingest_waiter *w)
{
	struct load *l = &in->filling;

	w->next = NULL;
	*(l->waiters == NULL ? &l->waiters : l->tail) = w;
	l->tail = &w->next;
	l->nwaiters++;
}

void
ingest_clear(struct ingest *in)
{
	in->filling.clear = true;
}

void
ingest_refused(struct ingest *in, struct str ip, const char *transport,
    const char *reason)
{
	struct load *l = &in->filling;
	struct refusal *r;
	size_t i;

	in->stats.refused++;
	ip = utf8_cut(ip, sizeof(r->ip) - 1);
	ingest_lock(in);
	for (i = 0; i < l->nrefusals; i++) {
		r = &l->refusals[i];
		if (r->reason == reason && r->transport == transport &&
		    str_eq(str_of(r->ip), ip))
			break;
	}
	/* So many kinds at once are noise: the rest is only counted. */
	if (i < REFUSALS) {
		r = &l->refusals[i];
		if (i == l->nrefusals) {
			l->nrefusals++;
			memcpy(r->ip, ip.p, ip.len);
			r->ip[ip.len] = '\0';
			r->transport = transport;
			r->reason = reason;
			r->count = 0;
		}
		r->count++;
		r->time = (uint32_t)time(NULL);
	}
	ingest_unlock(in);
}

/* Until when there is nothing to do, and what may end it sooner; 0 is now. */
static int64_t
rest_until(const struct ingest *in, int64_t now, enum doze *doze)
{
	const struct load *l = &in->filling;
	int64_t until = INT64_MAX;

	if (in->stop || l->clear)
		return 0;
	if (l->nwaiters > 0) {
		*doze = GROUPING;
		return l->nwaiters < in->group && now < in->group_us ?
		    in->group_us : 0;
	}
	if (in->kept.count > 0) {
		/* The store was full: only a post makes us try at once. */
		*doze = GROUPING;
		return now < in->retry_us ? in->retry_us : 0;
	}
	if (l->batch.count > 0)
		return 0;
	*doze = ANYTHING;
	if (in->config.trim > 0)
		until = in->trim_us;
	if (in->heard || l->nrefusals > 0) {
		*doze = NO_HURRY;
		if (in->hearts_us < until)
			until = in->hearts_us;
	}
	return now < until ? until : 0;
}

static void
rest(struct ingest *in, int64_t until, enum doze doze)
{
	struct timespec ts = { (time_t)(until / 1000000),
	    (long)(until % 1000000) * 1000 };

	in->doze = doze;
	if (until == INT64_MAX)
		pthread_cond_wait(&in->work, &in->lock);
	else
		(void)pthread_cond_timedwait(&in->work, &in->lock, &ts);
	in->doze = AWAKE;
}

/* Move what has been filled to load; held tells receivers of its size. */
static void
take_load(struct ingest *in, struct load *load, int64_t now)
{
	*load = in->filling;
	in->filling = (struct load){ 0 };
	load->hearts = in->stop || (in->heard && now >= in->hearts_us);
	if (load->hearts)
		in->heard = false;
	in->held += load->batch.bytes;
	in->draining = &load->batch;
}

static bool
has_work(const struct load *l)
{
	return l->batch.count > 0 || l->nwaiters > 0 || l->clear ||
	    l->hearts || l->nrefusals > 0;
}

static int64_t
hearts_pause(size_t pages)
{
	if (pages >= HEARTS_MAX_US / HEARTS_PAGE_US)
		return HEARTS_MAX_US;
	return pages * HEARTS_PAGE_US < HEARTS_US ? HEARTS_US :
	    (int64_t)pages * HEARTS_PAGE_US;
}

/*
 * Those who were answered together will be back together: their next posts
 * are waited for, but for no more than half of what the commit took.
 */
static void
drain(struct ingest *in, struct load *load, int64_t start)
{
	int64_t now, took;
	size_t n = load->nwaiters;

	ingest_drain(in, load);
	now = clock_us();
	took = now - start;
	if (n > 0) {
		in->group = n;
		in->group_us = now + (took / 2 < GROUP_US ? took / 2 :
		    GROUP_US);
	}
	if (load->hearts || load->nrefusals > 0)
		in->hearts_us = now + hearts_pause(in->pages);
}

/* A look at what is too old comes ten times in that time, or once a minute. */
static void
trim(struct ingest *in)
{
	int64_t now = clock_us(), pause;

	if (in->config.trim == 0 || now < in->trim_us || ingest_trim(in))
		return;
	pause = (int64_t)in->config.trim * 100000;
	in->trim_us = now + (pause < 60000000 ? pause : 60000000);
}

static void
work(struct ingest *in)
{
	int64_t now = clock_us();
	struct load load;
	bool stop = in->stop;

	take_load(in, &load, now);
	pthread_mutex_unlock(&in->lock);
	if (has_work(&load) || in->kept.count > 0)
		drain(in, &load, now);
	if (!stop && in->kept.count == 0)
		trim(in);
	pthread_mutex_lock(&in->lock);
	in->draining = NULL;
}

static void *
writer(void *arg)
{
	struct ingest *in = arg;
	enum doze doze = ANYTHING;
	bool last = false;
	int64_t until;

	pthread_mutex_lock(&in->lock);
	while (!last) {
		until = rest_until(in, clock_us(), &doze);
		if (until != 0) {
			rest(in, until, doze);
			continue;
		}
		last = in->stop;
		work(in);
	}
	pthread_mutex_unlock(&in->lock);
	return NULL;
}

static int
start_writer(struct ingest *in)
{
	pthread_condattr_t attr;
	int rc;

	if ((rc = pthread_condattr_init(&attr)) != 0)
		return rc;
	(void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	rc = pthread_cond_init(&in->work, &attr);
	pthread_condattr_destroy(&attr);
	if (rc != 0)
		return rc;
	if ((rc = pthread_create(&in->writer, NULL, writer, in)) != 0)
		pthread_cond_destroy(&in->work);
	return rc;
}

int
ingest_new(struct ingest **ip, struct store *s,
    const struct ingest_config *config)
{
	struct store_tx *t;
	struct ingest *in;
	int rc;

	if ((in = calloc(1, sizeof(*in))) == NULL)
		return ENOMEM;
	in->store = s;
	in->config = *config;
	if (in->config.max_bytes == 0)
		in->config.max_bytes = MAX_BYTES;
	if ((rc = pthread_mutex_init(&in->lock, NULL)) != 0)
		goto free_ingest;
	if ((rc = seen_init(&in->seen)) != 0)
		goto destroy_lock;
	if ((in->known = known_new(0)) == NULL) {
		rc = ENOMEM;
		goto clear_seen;
	}
	in->generation = UINT64_MAX;	/* nothing has been read yet */
	if ((rc = ingest_begin(in, &t)) != 0)
		goto free_known;
	ingest_abort(in, t);
	if ((rc = start_writer(in)) != 0)
		goto free_known;
	*ip = in;
	return 0;
free_known:
	known_free(in->known);
clear_seen:
	seen_clear(&in->seen);
destroy_lock:
	pthread_mutex_destroy(&in->lock);
free_ingest:
	free(in);
	return rc;
}

int
ingest_stop(struct ingest *in)
{
	ingest_lock(in);
	in->stop = true;
	ingest_unlock(in);
	pthread_join(in->writer, NULL);
	return in->rc;
}

void
ingest_free(struct ingest *in)
{
	if (in == NULL)
		return;
	batch_clear(&in->kept);
	batch_clear(&in->filling.batch);
	buf_clear(&in->trim_after);
	known_free(in->known);
	seen_clear(&in->seen);
	pthread_cond_destroy(&in->work);
	pthread_mutex_destroy(&in->lock);
	free(in);
}
