/*
 * room DIR: updates while somebody else holds the store of DIR, until there is
 * no room for more; then he lets go.  What was accepted has to be stored, the
 * rest has to be counted, and there has to be room again.  Prints what does
 * not hold; exits 1 if anything does not.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "ingest/ingest.h"
#include "store/store.h"

enum { MAX_BYTES = 1 << 20, MORE = 1000, TRIES = 1000000 };

static int faults;

static void
check(int rc)
{
	if (rc != 0)
		errx(2, "%s", store_strerror(rc));
}

static void
expect(bool holds, const char *what)
{
	if (holds)
		return;
	printf("%s\n", what);
	faults++;
}

static void
tell(int fd)
{
	if (write(fd, "x", 1) != 1)
		err(2, "write");
}

/* False where nobody is left who could say a word. */
static bool
hear(int fd)
{
	char c;

	return read(fd, &c, 1) == 1;
}

/* Hold the store from one word to the next. */
static _Noreturn void
other(const char *dir, int in, int out)
{
	struct store_tx *t;
	struct store *s;

	if (!hear(in))
		_exit(2);
	check(store_open(&s, dir, STORE_WRITE));
	check(store_begin(s, &t));
	tell(out);
	(void)hear(in);
	store_abort(t);
	store_close(s);
	_exit(0);
}

static void
add(struct ingest *in, unsigned long n)
{
	struct update u;
	const char *why;
	char host[32];

	(void)snprintf(host, sizeof(host), "host %lu", n);
	if (update_make(&u, str_of("Alpha"), str_of("1"), str_of(host), 0,
	    &why) == -1)
		errx(2, "%s", why);
	ingest_lock(in);
	ingest_add(in, &u, str_of("192.0.2.1"), (uint32_t)time(NULL));
	ingest_unlock(in);
}

static bool
room(struct ingest *in, size_t bytes)
{
	bool is;

	ingest_lock(in);
	is = ingest_room(in, bytes);
	ingest_unlock(in);
	return is;
}

static void
fill(struct ingest *in)
{
	struct ingest_stats *st = ingest_stats(in);
	unsigned long n;

	for (n = 0; n < TRIES && st->dropped < MORE; n++)
		add(in, n);
	expect(st->dropped == MORE, "it never had enough");
	expect(st->updates + st->dropped == n, "some are not counted");
	/* A block of memory, at most, is taken past the limit. */
	expect(ingest_waiting(in) < 2 * MAX_BYTES, "it took too much");
	expect(!room(in, 100), "a post is let in");
	expect(st->turned_away == 1, "a post is not counted");
}

static void
look(struct ingest *in, struct store *s)
{
	struct store_counts c;
	struct store_view *v;

	check(store_view(s, &v));
	check(store_counts(v, &c));
	store_view_end(v);
	expect(c.versions == ingest_stats(in)->updates, "some are not stored");
	expect(ingest_known(in) >= c.versions, "some are not known");
}

int
main(int argc, char **argv)
{
	static const struct timespec pause = { 0, 1000000 };
	struct ingest_config config = { .max_bytes = MAX_BYTES };
	struct ingest *in;
	struct store *s;
	int there[2], back[2], status;
	pid_t pid;

	if (argc != 2)
		errx(2, "usage: room dir");
	if (pipe(there) == -1 || pipe(back) == -1 || (pid = fork()) == -1)
		err(2, "fork");
	if (pid == 0) {
		close(there[1]);
		other(argv[1], there[0], back[1]);
	}
	check(store_open(&s, argv[1], STORE_WRITE));
	check(store_claim(s));
	check(ingest_new(&in, s, &config));
	tell(there[1]);
	if (!hear(back[0]))
		errx(2, "the other one is gone");
	fill(in);
	tell(there[1]);
	while (ingest_waiting(in) > 0)
		(void)nanosleep(&pause, NULL);
	look(in, s);
	expect(room(in, 100), "no post is let in again");
	add(in, TRIES);
	check(ingest_stop(in));
	look(in, s);
	ingest_free(in);
	store_close(s);
	if (waitpid(pid, &status, 0) != pid || status != 0)
		errx(2, "the other one failed");
	return faults != 0;
}
