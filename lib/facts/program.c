#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "facts/program.h"

/* Signals as a program expects them, whatever our caller has ignored. */
static int
set_attributes(posix_spawnattr_t *a)
{
	sigset_t none, all;

	(void)sigemptyset(&none);
	(void)sigfillset(&all);
	if (posix_spawnattr_setflags(a, POSIX_SPAWN_SETPGROUP |
	    POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK) != 0 ||
	    posix_spawnattr_setpgroup(a, 0) != 0 ||
	    posix_spawnattr_setsigdefault(a, &all) != 0)
		return -1;
	return posix_spawnattr_setsigmask(a, &none);
}

static int
set_files(posix_spawn_file_actions_t *files, int out)
{
	if (posix_spawn_file_actions_addopen(files, STDIN_FILENO,
	    "/dev/null", O_RDONLY, 0) != 0 ||
	    posix_spawn_file_actions_adddup2(files, out,
	    STDOUT_FILENO) != 0 ||
	    posix_spawn_file_actions_addopen(files, STDERR_FILENO,
	    "/dev/null", O_WRONLY, 0) != 0)
		return -1;
	return posix_spawn_file_actions_addchdir_np(files, "/");
}

static int
start(pid_t *pid, const char *path, int out)
{
	char *const argv[] = { (char *)(uintptr_t)path, NULL };
	char env_path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:"
	    "/usr/bin:/sbin:/bin";
	char env_lang[] = "LANG=C";
	char *const env[] = { env_path, env_lang, NULL };
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	int rc = -1;

	if (posix_spawn_file_actions_init(&files) != 0)
		return -1;
	if (posix_spawnattr_init(&attributes) != 0)
		goto destroy_files;
	if (set_attributes(&attributes) == 0 && set_files(&files, out) == 0)
		rc = posix_spawn(pid, path, &files, &attributes, argv, env);
	(void)posix_spawnattr_destroy(&attributes);
destroy_files:
	(void)posix_spawn_file_actions_destroy(&files);
	return rc;
}

static const char *
read_output(int fd, struct buf *b)
{
	int64_t until = clock_ms() + PROGRAM_MS, left;
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	char *room;
	ssize_t n;
	int ready;

	for (;;) {
		if ((left = until - clock_ms()) <= 0)
			return "took too long";
		if ((ready = poll(&pfd, 1, (int)left)) == -1 &&
		    errno != EINTR)
			return "cannot be waited for";
		if (ready <= 0)
			continue;
		if ((room = buf_room(b, 4096)) == NULL)
			return "out of memory";
		if ((n = read(fd, room, 4096)) == 0)
			return NULL;
		if (n == -1 && errno != EINTR)
			return "cannot be read";
		if (n > 0)
			b->len += (size_t)n;
		if (b->len > PROGRAM_OUTPUT_MAX)
			return "printed too much";
	}
}

/* It has closed its output; give it the rest of its time to end, too. */
static const char *
await_end(pid_t pid, int64_t until)
{
	static const struct timespec pause = { 0, 1000000 };
	int status;
	pid_t got;

	while ((got = waitpid(pid, &status, WNOHANG)) != pid) {
		if (got == -1 && errno != EINTR)
			return "cannot be waited for";
		if (clock_ms() >= until)
			return "took too long";
		(void)nanosleep(&pause, NULL);
	}
	(void)kill(-pid, SIGKILL);
	if (WIFSIGNALED(status))
		return "was ended by a signal";
	return WEXITSTATUS(status) != 0 ? "failed" : NULL;
}

const char *
program_output(const char *path, struct buf *b)
{
	int64_t until = clock_ms() + PROGRAM_MS;
	const char *why;
	int fds[2];
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) == -1)
		return "no pipe";
	if (start(&pid, path, fds[1]) != 0) {
		close(fds[0]);
		close(fds[1]);
		return "cannot be started";
	}
	close(fds[1]);
	why = read_output(fds[0], b);
	close(fds[0]);
	if (why == NULL && (why = await_end(pid, until)) == NULL)
		return NULL;
	(void)kill(-pid, SIGKILL);
	while (waitpid(pid, NULL, 0) == -1 && errno == EINTR)
		;
	return why;
}
