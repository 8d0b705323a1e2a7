/*
 * watch: how long what has been tampered with stays so.
 *
 *	watch [-f] DIR FILES COUNT EVERY
 *
 * Tampers COUNT times with one after the other of FILES files in DIR, which
 * somebody keeps as they are, EVERY so many ms, and prints NAME=VALUE for a
 * shell: median_ms and worst_ms from close(2) of what tampers until the old
 * content is back.  With -f that somebody is the least that can do it: a child
 * that waits for inotify(7), writes a temporary file, and renames it; with -F
 * it also makes both durable, as p2-apply does.  rss_kb is that child's.
 */
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdalign.h>
#include <stdbool.h>

#include "bench.h"

enum { LEN = 40, TRIES = 20000000 };

static char good[LEN + 1], bad[LEN + 1];

static void
name(char *p, size_t size, size_t i)
{
	snprintf(p, size, "f%06zu", i);
}

/* When it was about to be closed: by the time that it is, all may be over. */
static double
put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	double when;

	if (fd == -1 || write(fd, text, LEN) != LEN)
		err(2, "%s", path);
	when = bench_now();
	if (close(fd) == -1)
		err(2, "%s", path);
	return when;
}

static bool
is_good(const char *path)
{
	char text[LEN + 1];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd == -1)
		return false;
	n = read(fd, text, sizeof(text));
	close(fd);
	return n == LEN && memcmp(text, good, LEN) == 0;
}

static void
repair(int dir, const char *path, bool durable)
{
	int fd = open(".new", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	if (fd == -1 || write(fd, good, LEN) != LEN ||
	    (durable && fsync(fd) == -1) || rename(".new", path) == -1 ||
	    (durable && fsync(dir) == -1))
		err(2, "%s", path);
	close(fd);
}

/* The least that keeps all files of the directory. */
static void __attribute__((noreturn))
keep(bool durable, int ready)
{
	static alignas(struct inotify_event) char room[65536];
	const struct inotify_event *e;
	int fd = inotify_init1(IN_CLOEXEC), dir;
	const char *p;
	ssize_t n;

	dir = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1 || dir == -1 ||
	    inotify_add_watch(fd, ".", IN_CLOSE_WRITE) == -1)
		err(2, "inotify");
	if (write(ready, "", 1) != 1)
		err(2, "pipe");
	while ((n = read(fd, room, sizeof(room))) > 0)
		for (p = room; p < room + n; p += sizeof(*e) + e->len) {
			e = (const void *)p;
			if (e->name[0] == 'f' && !is_good(e->name))
				repair(dir, e->name, durable);
		}
	err(2, "read");
}

static pid_t
start(bool durable)
{
	int fds[2];
	pid_t pid;
	char c;

	if (pipe(fds) == -1 || (pid = fork()) == -1)
		err(2, "fork");
	if (pid == 0)
		keep(durable, fds[1]);
	if (read(fds[0], &c, 1) != 1)
		err(2, "pipe");
	return pid;
}

static long
rss_kb(pid_t pid)
{
	char path[64], line[256];
	long kb = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	if ((f = fopen(path, "r")) == NULL)
		err(2, "%s", path);
	while (fgets(line, sizeof(line), f) != NULL)
		if (strncmp(line, "VmRSS:", 6) == 0)
			kb = atol(line + 6);
	fclose(f);
	return kb;
}

static double
tamper(const char *path)
{
	double start;
	int i;

	start = put(path, bad);
	for (i = 0; i < TRIES; i++)
		if (is_good(path))
			return bench_now() - start;
	errx(2, "%s: was not repaired", path);
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

int
main(int argc, char **argv)
{
	bool floor = argc > 1 && argv[1][0] == '-';
	bool durable = floor && argv[1][1] == 'F';
	char path[32];
	pid_t pid = 0;
	size_t files, count, i;
	useconds_t every;
	double *took;

	if (argc != 5 + floor)
		errx(2, "usage: watch [-f | -F] dir files count every");
	argv += floor;
	files = bench_number(argv[2], 999999);
	count = bench_number(argv[3], 999999);
	every = (useconds_t)bench_number(argv[4], 10000) * 1000;
	memset(good, 'g', LEN);
	memset(bad, 'b', LEN);
	if (chdir(argv[1]) == -1 ||
	    (took = calloc(count, sizeof(*took))) == NULL)
		err(2, "%s", argv[1]);
	if (floor) {
		for (i = 0; i < files; i++) {
			name(path, sizeof(path), i);
			(void)put(path, good);
		}
		pid = start(durable);
	}
	for (i = 0; i < count; i++) {
		usleep(every);
		name(path, sizeof(path), i % files);
		took[i] = tamper(path) * 1e3;
	}
	qsort(took, count, sizeof(*took), compare);
	printf("median_ms=%.3f p99_ms=%.3f worst_ms=%.3f", took[count / 2],
	    took[count * 99 / 100], took[count - 1]);
	if (floor) {
		printf(" rss_kb=%ld", rss_kb(pid));
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	putchar('\n');
	return 0;
}
