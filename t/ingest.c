/*
 * ingest DIR SEED STEPS: add random updates to an ingest on the store in DIR,
 * by UDP and by POST, with clearings and writers from outside in between, and
 * compare what is stored at the end with what a plain array remembers.
 * Prints what differs; exits 1 if anything does.
 */
#include <err.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ingest/ingest.h"
#include "store/store.h"

enum { APPS = 7, HOSTS = 11, INSTANCES = 2, VERS = 3, IPS = 2 };

struct said {
	int	ver;			/* 0: nothing */
	int	spelling;
	int	ip;
	uint32_t time;
};

static struct said model[APPS][HOSTS][INSTANCES];
static unsigned long long seed;
static int faults;

static unsigned
chance(unsigned n)
{
	seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (unsigned)(seed >> 33) % n;
}

/* A post, and word that it is stored. */
struct post {
	struct ingest_waiter	w;
	pthread_mutex_t		lock;
	pthread_cond_t		cond;
	bool			done;
	int			rc;
};

static void
done(struct ingest_waiter *w, int rc)
{
	struct post *p = (struct post *)w;

	pthread_mutex_lock(&p->lock);
	p->done = true;
	p->rc = rc;
	pthread_cond_signal(&p->cond);
	pthread_mutex_unlock(&p->lock);
}

static void
post_wait(struct post *p)
{
	pthread_mutex_lock(&p->lock);
	while (!p->done)
		pthread_cond_wait(&p->cond, &p->lock);
	pthread_mutex_unlock(&p->lock);
	if (p->rc != 0)
		errx(2, "post: %s", store_strerror(p->rc));
}

static void
post_init(struct post *p)
{
	*p = (struct post){ .w = { .done = done } };
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->cond, NULL);
}

static const char *
app_name(int app, int spelling)
{
	static char name[32];

	(void)snprintf(name, sizeof(name), "%s %d", spelling ? "APP" : "app",
	    app);
	return name;
}

static const char *
text(char room[32], const char *fmt, int n)
{
	(void)snprintf(room, 32, fmt, n);
	return room;
}

/* One random update, remembered and handed on. */
static void
step(struct ingest *in, bool posted, uint32_t now)
{
	int app = (int)chance(APPS), host = (int)chance(HOSTS);
	int instance = (int)chance(INSTANCES), ver = 1 + (int)chance(VERS);
	int spelling = chance(10) == 0, ip = chance(10) == 0;
	char room[3][32];
	struct update u;
	const char *why;
	struct str addr;

	model[app][host][instance] = (struct said){ ver, spelling, ip, now };
	if (update_make(&u, str_of(app_name(app, spelling)),
	    str_of(text(room[0], "1.%d", ver)),
	    str_of(text(room[1], "host%d", host)), (unsigned)instance,
	    &why) == -1)
		errx(2, "%s", why);
	addr = str_of(text(room[2], "10.0.0.%d", ip));
	if (!posted)
		ingest_add(in, &u, addr, now);
	else if (ingest_post(in, &u, addr, now) == -1)
		errx(2, "no memory");
}

static void
post_some(struct ingest *in, uint32_t now)
{
	struct post p;
	unsigned n;

	post_init(&p);
	ingest_lock(in);
	for (n = chance(5); n > 0; n--)
		step(in, true, now);
	ingest_wait(in, &p.w);
	ingest_unlock(in);
	post_wait(&p);
}

static void
clear(struct ingest *in)
{
	struct post p;

	post_init(&p);
	ingest_lock(in);
	ingest_clear(in);
	ingest_wait(in, &p.w);
	ingest_unlock(in);
	post_wait(&p);
	memset(model, 0, sizeof(model));
}

/* Somebody else writes to the store, when nothing is under way. */
static void
foreign(struct ingest *in, struct store *s, uint32_t now)
{
	int app = (int)chance(APPS), host = (int)chance(HOSTS);
	int ver = 1 + (int)chance(VERS);
	char room[2][32];
	struct store_tx *t;
	int rc;

	post_some(in, now);
	if ((rc = store_begin(s, &t)) != 0 ||
	    (rc = store_bump_generation(t)) != 0 ||
	    (rc = store_update(t, &(struct sighting){
		.app = str_of(app_name(app, 0)),
		.ver = str_of(text(room[0], "1.%d", ver)),
		.host = str_of(text(room[1], "host%d", host)),
		.host_ip = str_of("10.0.0.0"), .time = now })) != 0 ||
	    (rc = store_commit(t)) != 0)
		errx(2, "foreign: %s", store_strerror(rc));
	model[app][host][0] = (struct said){ ver, 0, 0, now };
	/* It is noticed with the next transaction, so have one. */
	post_some(in, now);
}

/* What an earlier run has left is taken as said. */
static int
recall(const struct version_row *r, struct str key, void *arg)
{
	int a, h, ver, ip;

	(void)key;
	(void)arg;
	if (sscanf(r->app_id.p, "app_%d", &a) != 1 ||
	    sscanf(r->host.p, "host%d", &h) != 1 ||
	    sscanf(r->ver.p, "1.%1d", &ver) != 1 ||
	    sscanf(r->host_ip.p, "10.0.0.%1d", &ip) != 1)
		errx(2, "a strange row");
	model[a][h][r->instance] = (struct said){ ver, r->app.p[0] == 'A', ip,
	    r->last_update };
	return 0;
}

static void
remember(struct store *s)
{
	struct store_view *v;
	int rc;

	if ((rc = store_view(s, &v)) != 0 ||
	    (rc = store_each_version(v, STORE_BY_APP, (struct str){ NULL, 0 },
	    (struct str){ NULL, 0 }, recall, NULL)) != 0)
		errx(2, "%s", store_strerror(rc));
	store_view_end(v);
}

static int
compare(const struct version_row *r, struct str key, void *arg)
{
	char app[32], ver[32], ip[32];
	struct said *said;
	int a, h;

	(void)key;
	(void)arg;
	if (sscanf(r->app_id.p, "app_%d", &a) != 1 ||
	    sscanf(r->host.p, "host%d", &h) != 1)
		errx(2, "a strange row");
	said = &model[a][h][r->instance];
	(void)snprintf(app, sizeof(app), "%s",
	    app_name(a, said->spelling));
	text(ver, "1.%d", said->ver);
	text(ip, "10.0.0.%d", said->ip);
	if (!str_eq(r->ver, str_of(ver)) || !str_eq(r->app, str_of(app)) ||
	    !str_eq(r->host_ip, str_of(ip)) || r->last_update != said->time) {
		printf("app %d host %d instance %u: is %.*s %.*s %.*s %u, "
		    "was told %s %s %s %u\n", a, h, r->instance,
		    (int)r->app.len, r->app.p, (int)r->ver.len, r->ver.p,
		    (int)r->host_ip.len, r->host_ip.p, r->last_update, app,
		    ver, ip, said->time);
		faults++;
	}
	said->ver = 0;
	return 0;
}

static void
fault(const char *what, void *arg)
{
	(void)arg;
	printf("%s\n", what);
}

static void
verify(struct store *s)
{
	struct store_view *v;
	uint64_t n;
	int rc, a, h, i;

	if ((rc = store_view(s, &v)) != 0 ||
	    (rc = store_each_version(v, STORE_BY_APP, (struct str){ NULL, 0 },
	    (struct str){ NULL, 0 }, compare, NULL)) != 0 ||
	    (rc = store_check(v, &n, fault, NULL)) != 0)
		errx(2, "%s", store_strerror(rc));
	store_view_end(v);
	faults += (int)n;
	for (a = 0; a < APPS; a++)
		for (h = 0; h < HOSTS; h++)
			for (i = 0; i < INSTANCES; i++)
				if (model[a][h][i].ver != 0) {
					printf("app %d host %d instance %d: "
					    "is not there\n", a, h, i);
					faults++;
				}
}

static void
play(struct store *s, long steps)
{
	static const struct ingest_config config = { 0 };
	struct timespec pause = { 0, 0 };
	uint32_t now = 1000000 * (uint32_t)seed;
	struct ingest *in;
	int rc;

	if ((rc = ingest_new(&in, s, &config)) != 0)
		errx(2, "%s", store_strerror(rc));
	for (; steps > 0; steps--, now += chance(20) == 0)
		switch (chance(100)) {
		case 0:
			pause.tv_nsec = chance(3000000);
			(void)nanosleep(&pause, NULL);
			break;
		case 1:
			post_some(in, now);
			break;
		case 2:
			if (chance(20) == 0)
				clear(in);
			break;
		case 3:
			if (chance(5) == 0)
				foreign(in, s, now);
			break;
		default:
			ingest_lock(in);
			step(in, false, now);
			ingest_unlock(in);
		}
	if ((rc = ingest_stop(in)) != 0)
		errx(2, "%s", store_strerror(rc));
	ingest_free(in);
}

int
main(int argc, char **argv)
{
	struct store *s;
	long steps;
	int rc;

	if (argc != 4)
		errx(2, "usage: ingest DIR SEED STEPS");
	seed = strtoull(argv[2], NULL, 10);
	steps = strtol(argv[3], NULL, 10);
	if ((rc = store_open(&s, argv[1], STORE_WRITE)) != 0)
		errx(2, "%s: %s", argv[1], store_strerror(rc));
	remember(s);
	play(s, steps);
	verify(s);
	store_close(s);
	return faults != 0;
}
