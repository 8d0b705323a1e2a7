/*
 * spawn [-i file] [-n times] command [argument ...]: run it, so often, and
 * print NAME=VALUE for a shell: ms (median time from posix_spawn to its end),
 * best_ms, rss_kb (its largest resident set), lines and bytes (of its output,
 * which is read through a pipe), status.
 */
#include <sys/resource.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <spawn.h>

#include "bench.h"

extern char **environ;

enum { TIMES_MAX = 1000 };

struct outcome {
	double		 ms;
	long		 rss_kb;
	unsigned long	 lines, bytes;
	int		 status;
};

static void
drain(int fd, struct outcome *o)
{
	static char room[256 * 1024];
	const char *p, *end;
	ssize_t n;

	while ((n = read(fd, room, sizeof(room))) > 0) {
		o->bytes += (size_t)n;
		end = room + n;
		for (p = room; (p = memchr(p, '\n', (size_t)(end - p))) !=
		    NULL; p++)
			o->lines++;
	}
}

static void
run(char **argv, const char *input, struct outcome *o)
{
	posix_spawn_file_actions_t fa;
	struct rusage ru;
	double start;
	int fds[2], status, rc;
	pid_t pid;

	*o = (struct outcome){ 0 };
	if (pipe2(fds, O_CLOEXEC) == -1)
		err(2, "pipe");
	(void)fcntl(fds[1], F_SETPIPE_SZ, 1 << 20);
	(void)posix_spawn_file_actions_init(&fa);
	(void)posix_spawn_file_actions_adddup2(&fa, fds[1], STDOUT_FILENO);
	(void)posix_spawn_file_actions_addopen(&fa, STDIN_FILENO, input,
	    O_RDONLY, 0);
	start = bench_now();
	if ((rc = posix_spawnp(&pid, argv[0], &fa, NULL, argv, environ)) != 0)
		errx(2, "%s: %s", argv[0], strerror(rc));
	close(fds[1]);
	drain(fds[0], o);
	if (wait4(pid, &status, 0, &ru) == -1)
		err(2, "wait4");
	o->ms = (bench_now() - start) * 1e3;
	o->rss_kb = ru.ru_maxrss;
	o->status = WIFEXITED(status) ? WEXITSTATUS(status) :
	    128 + WTERMSIG(status);
	close(fds[0]);
	posix_spawn_file_actions_destroy(&fa);
}

int
main(int argc, char **argv)
{
	static double ms[TIMES_MAX];
	const char *input = "/dev/null";
	struct outcome o;
	size_t i, times = 1;
	int ch;

	while ((ch = getopt(argc, argv, "+i:n:")) != -1)
		switch (ch) {
		case 'i':
			input = optarg;
			break;
		case 'n':
			times = bench_number(optarg, TIMES_MAX);
			break;
		default:
			errx(2, "usage: spawn [-i file] [-n times] command "
			    "[argument ...]");
		}
	if (optind == argc || times == 0)
		errx(2, "a command, please");
	for (i = 0; i < times; i++) {
		run(argv + optind, input, &o);
		ms[i] = o.ms;
	}
	printf("ms=%.3f best_ms=%.3f rss_kb=%ld lines=%lu bytes=%lu "
	    "status=%d\n", bench_quantile(ms, times, 0.5),
	    bench_quantile(ms, times, 0), o.rss_kb, o.lines, o.bytes,
	    o.status);
	return 0;
}
