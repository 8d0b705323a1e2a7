#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/child.h"

enum { OUT, ERR, PROC, IN, NFDS };
enum { GRACE_MS = 3000, PIECE = 65536 };

/* The group that child_interrupt() is to end. */
static volatile sig_atomic_t group;

/* What a child tells of a failure before it is another program. */
struct trouble {
	int		error;
	int		step;
};

static const char *const steps[] = { "fork", "stdin", "setgid", "setuid",
    NULL, NULL };
enum { AT_FORK, AT_FILES, AT_GID, AT_UID, AT_CWD, AT_EXEC };

struct pipes {
	int		in[2];
	int		out[2];
	int		err[2];
	int		trouble[2];
};

static void
shut(int *fd)
{
	if (*fd != -1)
		close(*fd);
	*fd = -1;
}

static void
shut_all(struct pipes *p)
{
	int i;

	for (i = 0; i < 2; i++) {
		shut(&p->in[i]);
		shut(&p->out[i]);
		shut(&p->err[i]);
		shut(&p->trouble[i]);
	}
}

static int
open_pipes(struct pipes *p, const struct child *c)
{
	memset(p, 0xff, sizeof(*p));		/* all -1 */
	if (pipe2(p->trouble, O_CLOEXEC) == -1 ||
	    (c->out != NULL && pipe2(p->out, O_CLOEXEC) == -1) ||
	    (c->err != NULL && pipe2(p->err, O_CLOEXEC) == -1) ||
	    (c->input != NULL && pipe2(p->in, O_CLOEXEC) == -1)) {
		shut_all(p);
		return -1;
	}
	return 0;
}

static void __attribute__((noreturn))
give_up(int fd, int step)
{
	struct trouble t = { errno, step };
	ssize_t n;

	n = write(fd, &t, sizeof(t));
	_exit(n == -1 ? 126 : 127);
}

/* fd becomes target; without one it is /dev/null, or what we have. */
static int
put_at(int fd, int target, bool inherit)
{
	if (fd == -1 && inherit)
		return 0;
	if (fd == -1)
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (fd == target)		/* dup2() would keep it close-on-exec */
		return fcntl(fd, F_SETFD, 0);
	return dup2(fd, target);
}

static void
reset_signals(void)
{
	sigset_t none;
	int sig;

	for (sig = 1; sig < NSIG; sig++)
		signal(sig, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* In the child, until it is another program. */
static void __attribute__((noreturn))
become(const struct child *c, const struct pipes *p)
{
	int tell = p->trouble[1];

	setpgid(0, 0);
	reset_signals();
	if (put_at(p->in[0], STDIN_FILENO, false) == -1 ||
	    put_at(p->out[1], STDOUT_FILENO, c->inherit) == -1 ||
	    put_at(p->err[1], STDERR_FILENO, c->inherit) == -1)
		give_up(tell, AT_FILES);
	if (c->set_umask)
		umask(c->umask);
	if ((c->user != NULL && initgroups(c->user, c->gid) == -1) ||
	    (c->user == NULL && c->set_uid && geteuid() == 0 &&
	    setgroups(0, NULL) == -1) ||
	    (c->set_gid && setgid(c->gid) == -1))
		give_up(tell, AT_GID);
	if (c->set_uid && setuid(c->uid) == -1)
		give_up(tell, AT_UID);
	if (c->cwd != NULL && chdir(c->cwd) == -1)
		give_up(tell, AT_CWD);
	if (c->no_network && unshare(CLONE_NEWNET) == -1)
		(void)unshare(CLONE_NEWUSER | CLONE_NEWNET);
	if (c->env != NULL)
		environ = (char **)(uintptr_t)c->env;
	execvp(c->argv[0], (char **)(uintptr_t)c->argv);
	give_up(tell, AT_EXEC);
}

/* Append what fd has; false at its end. */
static bool
take(struct child *c, struct buf *b, int fd)
{
	char *room;
	ssize_t n;

	if (b->len >= CHILD_OUTPUT_MAX) {
		c->dropped += CHILD_OUTPUT_MAX / 2;
		b->len -= CHILD_OUTPUT_MAX / 2;
		memmove(b->p, b->p + CHILD_OUTPUT_MAX / 2, b->len);
	}
	if ((room = buf_room(b, PIECE)) == NULL)
		return false;
	if ((n = read(fd, room, PIECE)) == -1)
		return errno == EINTR || errno == EAGAIN;
	b->len += (size_t)n;
	return n > 0;
}

/* Feed stdin; false when all is written or nobody reads. */
static bool
feed(struct child *c, int fd)
{
	ssize_t n = write(fd, c->input, c->input_len);

	if (n == -1)
		return errno == EINTR || errno == EAGAIN;
	c->input += n;
	c->input_len -= (size_t)n;
	return c->input_len > 0;
}

/* The time is up: ask the group to end, then make it. */
static int64_t
end_group(struct child *c, pid_t pid)
{
	kill(-pid, c->timed_out ? SIGKILL : SIGTERM);
	c->timed_out = true;
	return clock_ms() + GRACE_MS;
}

static void
serve(struct child *c, struct pollfd *pfd)
{
	if (pfd[OUT].revents != 0 && !take(c, c->out, pfd[OUT].fd))
		pfd[OUT].fd = -1;
	if (pfd[ERR].revents != 0 && !take(c, c->err, pfd[ERR].fd))
		pfd[ERR].fd = -1;
	if (pfd[IN].revents != 0 && !feed(c, pfd[IN].fd)) {
		close(pfd[IN].fd);
		pfd[IN].fd = -1;
	}
}

/* Take in what is written until the child has ended, and what is left then. */
static void
attend(struct child *c, pid_t pid, struct pipes *p)
{
	struct pollfd pfd[NFDS] = { { p->out[0], POLLIN, 0 },
	    { p->err[0], POLLIN, 0 }, { -1, POLLIN, 0 },
	    { p->in[1], POLLOUT, 0 } };
	int64_t until = c->timeout_ms > 0 ? clock_ms() + c->timeout_ms : 0;
	int64_t left = -1;
	bool ended = false;
	int n;

	pfd[PROC].fd = (int)syscall(SYS_pidfd_open, pid, 0);
	while (!ended || pfd[OUT].fd != -1 || pfd[ERR].fd != -1) {
		if (pfd[PROC].fd == -1 && pfd[OUT].fd == -1 &&
		    pfd[ERR].fd == -1)
			break;		/* no pidfd here: reap() will wait */
		if (until != 0 && (left = until - clock_ms()) <= 0) {
			until = end_group(c, pid);
			continue;
		}
		n = poll(pfd, NFDS, ended ? 0 : (int)left);
		if (n == -1 && errno != EINTR)
			break;
		if (n == 0 && ended)
			break;
		if (n <= 0)
			continue;
		serve(c, pfd);
		if (pfd[PROC].revents != 0) {
			ended = true;
			pfd[PROC].fd = -pfd[PROC].fd - 1;
		}
	}
	if (pfd[IN].fd == -1)
		p->in[1] = -1;
	if (pfd[PROC].fd != -1)
		close(ended ? -pfd[PROC].fd - 1 : pfd[PROC].fd);
}

static void
set_nonblocking(int fd)
{
	if (fd != -1)
		fcntl(fd, F_SETFL, O_NONBLOCK);
}

static int
reap(struct child *c, pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) == -1)
		if (errno != EINTR)
			return -1;
	c->status = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
	c->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
	return 0;
}

/* Did the child become what it should?  Else errno and *what say why not. */
static bool
has_started(const struct child *c, int fd, const char **what)
{
	struct trouble t;
	ssize_t n;

	while ((n = read(fd, &t, sizeof(t))) == -1 && errno == EINTR)
		;
	if (n != sizeof(t))
		return true;
	*what = t.step == AT_CWD ? c->cwd : t.step == AT_EXEC ? c->argv[0] :
	    steps[t.step];
	errno = t.error;
	return false;
}

int
child_run(struct child *c, const char **what)
{
	struct pipes p;
	int saved;
	pid_t pid;

	*what = steps[AT_FORK];
	c->timed_out = false;
	c->dropped = 0;
	if (open_pipes(&p, c) == -1)
		return -1;
	if ((pid = fork()) == 0)
		become(c, &p);
	if (pid == -1) {
		saved = errno;
		shut_all(&p);
		errno = saved;
		return -1;
	}
	setpgid(pid, pid);
	group = pid;
	shut(&p.in[0]);
	shut(&p.out[1]);
	shut(&p.err[1]);
	shut(&p.trouble[1]);
	if (!has_started(c, p.trouble[0], what)) {
		saved = errno;
		group = 0;
		reap(c, pid);
		shut_all(&p);
		errno = saved;
		return -1;
	}
	set_nonblocking(p.out[0]);
	set_nonblocking(p.err[0]);
	set_nonblocking(p.in[1]);
	attend(c, pid, &p);
	reap(c, pid);
	group = 0;
	shut_all(&p);
	return 0;
}

void
child_interrupt(void)
{
	pid_t pid = group;

	if (pid > 0)
		kill(-pid, SIGTERM);
}
