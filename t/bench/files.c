/*
 * files: what the file resource costs beside the least that does the same.
 *
 *	files DIR COUNT [CREATED]
 *
 * Prints NAME=VALUE for a shell, in microseconds a file, the best of some
 * rounds: ours and floor (openat, fstat, read, close) for COUNT files in DIR
 * that are as they should be; made and made_floor (a temporary file, fsync,
 * rename, fsync of the directory) for CREATED that are not there; together and
 * together_floor (temporary files, syncfs, rename all, syncfs) the same for
 * those that wait for others.
 */
#include <sys/stat.h>

#include <fcntl.h>

#include "bench.h"
#include "resource/resource.h"
#include "types/types.h"

enum { ROUNDS = 7, CONTENT_LEN = 40, VALUES_MAX = 64 };

static char content[CONTENT_LEN + 1];

static void
name(char *p, size_t size, const char *dir, const char *what, size_t i)
{
	snprintf(p, size, "%s/%s%06zu", dir, what, i);
}

static void
set(const struct resource_type *t, struct value *values, const char *option,
    const char *text)
{
	int i = option_find(t->options, str_of(option));

	if (i == -1)
		errx(2, "%s: no such option", option);
	values[i].type = VALUE_STRING;
	values[i].str = str_of(text);
}

static void
resource(const struct resource_type *t, const struct value *values,
    const char *path, enum outcome expected)
{
	struct job j = { .type = t, .title = str_of(path),
	    .values = values };
	enum outcome outcome;

	outcome = t->plan(&j);
	if (outcome == OUTCOME_CHANGED)
		outcome = t->apply(&j);
	if (outcome != expected)
		errx(2, "%s: %.*s", path, (int)j.why.len, j.why.p);
	job_clear(&j);
}

static double
ours(const char *dir, size_t n)
{
	const struct resource_type *t = resource_find(str_of("file"));
	struct value values[VALUES_MAX] = { { 0 } };
	char path[4096];
	double start;
	size_t i;

	set(t, values, "content", content);
	set(t, values, "mode", "0644");
	start = bench_now();
	for (i = 0; i < n; i++) {
		name(path, sizeof(path), dir, "f", i);
		resource(t, values, path, OUTCOME_OK);
	}
	return bench_now() - start;
}

static double
floor_of(const char *dir, size_t n)
{
	char path[4096], p[CONTENT_LEN + 1];
	double start = bench_now();
	struct stat st;
	size_t i;
	int fd;

	for (i = 0; i < n; i++) {
		name(path, sizeof(path), dir, "f", i);
		if ((fd = open(path, O_RDONLY | O_CLOEXEC)) == -1 ||
		    fstat(fd, &st) == -1 ||
		    read(fd, p, sizeof(p)) != CONTENT_LEN ||
		    memcmp(p, content, CONTENT_LEN) != 0)
			err(2, "%s", path);
		close(fd);
	}
	return bench_now() - start;
}

static double
make_ours(const char *dir, size_t n)
{
	const struct resource_type *t = resource_find(str_of("file"));
	struct value values[VALUES_MAX] = { { 0 } };
	double start = bench_now();
	char path[4096];
	size_t i;

	set(t, values, "content", content);
	set(t, values, "mode", "0644");
	for (i = 0; i < n; i++) {
		name(path, sizeof(path), dir, "m", i);
		resource(t, values, path, OUTCOME_CHANGED);
	}
	return bench_now() - start;
}

static double
make_floor(const char *dir, size_t n)
{
	char path[4096], temp[4096];
	double start = bench_now();
	int fd, dirfd;
	size_t i;

	if ((dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1)
		err(2, "%s", dir);
	for (i = 0; i < n; i++) {
		name(path, sizeof(path), dir, "n", i);
		name(temp, sizeof(temp), dir, ".n", i);
		fd = open(temp, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
		if (fd == -1 ||
		    write(fd, content, CONTENT_LEN) != CONTENT_LEN ||
		    fsync(fd) == -1 || rename(temp, path) == -1 ||
		    fsync(dirfd) == -1)
			err(2, "%s", path);
		close(fd);
	}
	close(dirfd);
	return bench_now() - start;
}

/* As make_ours(), but all of a batch wait for its last. */
static double
together_ours(const char *dir, size_t n)
{
	const struct resource_type *t = resource_find(str_of("file"));
	static char paths[RESOURCE_GATHER_MAX][4096];
	struct job jobs[RESOURCE_GATHER_MAX], *v[RESOURCE_GATHER_MAX];
	struct value values[VALUES_MAX] = { { 0 } };
	double start = bench_now();
	size_t i, k;

	set(t, values, "content", content);
	set(t, values, "mode", "0644");
	for (i = k = 0; i < n; i++) {
		name(paths[k], sizeof(paths[k]), dir, "t", i);
		jobs[k] = (struct job){ .type = t, .title = str_of(paths[k]),
		    .values = values };
		v[k] = &jobs[k];
		if (!t->gather->apart(v[k], v, k) ||
		    t->plan(v[k]) != OUTCOME_CHANGED ||
		    !t->gather->stage(v[k]))
			errx(2, "%s: cannot wait", paths[k]);
		if (++k < RESOURCE_GATHER_MAX && i + 1 < n)
			continue;
		if (t->gather->finish(v, k) != k)
			errx(2, "%s: not all was done", dir);
		while (k > 0)
			job_clear(v[--k]);
	}
	return bench_now() - start;
}

static double
together_floor(const char *dir, size_t n)
{
	char path[4096], temp[4096];
	double start = bench_now();
	size_t i, k, end;
	int fd, dirfd;

	if ((dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1)
		err(2, "%s", dir);
	for (i = 0; i < n; i = end) {
		end = i + RESOURCE_GATHER_MAX < n ? i + RESOURCE_GATHER_MAX : n;
		for (k = i; k < end; k++) {
			name(temp, sizeof(temp), dir, ".u", k);
			fd = open(temp, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC,
			    0644);
			if (fd == -1 ||
			    write(fd, content, CONTENT_LEN) != CONTENT_LEN)
				err(2, "%s", temp);
			close(fd);
		}
		if (syncfs(dirfd) == -1)
			err(2, "%s", dir);
		for (k = i; k < end; k++) {
			name(temp, sizeof(temp), dir, ".u", k);
			name(path, sizeof(path), dir, "u", k);
			if (rename(temp, path) == -1)
				err(2, "%s", path);
		}
		if (syncfs(dirfd) == -1)
			err(2, "%s", dir);
	}
	close(dirfd);
	return bench_now() - start;
}

static void
make_files(const char *dir, size_t n)
{
	char path[4096];
	size_t i;
	int fd;

	for (i = 0; i < n; i++) {
		name(path, sizeof(path), dir, "f", i);
		fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
		if (fd == -1 || fchmod(fd, 0644) == -1 ||
		    write(fd, content, CONTENT_LEN) != CONTENT_LEN)
			err(2, "%s", path);
		close(fd);
	}
}

int
main(int argc, char **argv)
{
	double best = 1e9, best_floor = 1e9, s;
	size_t n, made;
	int i;

	if (argc < 3)
		errx(2, "a directory and a number, please");
	n = bench_number(argv[2], 999999);
	made = argc > 3 ? bench_number(argv[3], 999999) : 0;
	memset(content, 'x', CONTENT_LEN);
	make_files(argv[1], n);
	for (i = 0; i < ROUNDS; i++) {
		if ((s = floor_of(argv[1], n)) < best_floor)
			best_floor = s;
		if ((s = ours(argv[1], n)) < best)
			best = s;
	}
	printf("ours=%.3f floor=%.3f", best * 1e6 / (double)n,
	    best_floor * 1e6 / (double)n);
	if (made > 0) {
		s = make_floor(argv[1], made);
		printf(" made=%.1f made_floor=%.1f",
		    make_ours(argv[1], made) * 1e6 / (double)made,
		    s * 1e6 / (double)made);
		s = together_floor(argv[1], made);
		printf(" together=%.1f together_floor=%.1f",
		    together_ours(argv[1], made) * 1e6 / (double)made,
		    s * 1e6 / (double)made);
	}
	putchar('\n');
	return 0;
}
