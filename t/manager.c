/*
 * manager [-a] [-p PORT] OUT COMMAND [ARG ...]: run a daemon as a service
 * manager does.  What it tells $NOTIFY_SOCKET goes into the file OUT, a
 * message a line; with -a that socket has an abstract name.  With -p it gets
 * sockets for TCP and UDP on 127.0.0.1 and ::1 handed over, as descriptors 3
 * to 6.  A SIGTERM is passed on; the exit status is the daemon's.
 */
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <arpa/inet.h>
#include <err.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FIRST = 3, SOCKETS = 4 };

static int
open_notify(const char *name)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	size_t len = strlcpy(sun.sun_path, name, sizeof(sun.sun_path));
	int fd;

	if (len >= sizeof(sun.sun_path))
		errx(2, "%s: too long", name);
	if (*name == '@')
		sun.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd == -1 || bind(fd, (struct sockaddr *)&sun,
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)) == -1)
		err(2, "%s", name);
	return fd;
}

/* A socket on that port that the daemon finds at descriptor "at". */
static void
hand_over(int at, int family, int type, unsigned port)
{
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6,
	    .sin6_port = htons((uint16_t)port),
	    .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	struct sockaddr_in in4 = { .sin_family = AF_INET,
	    .sin_port = htons((uint16_t)port),
	    .sin_addr = { htonl(INADDR_LOOPBACK) } };
	struct sockaddr *sa = family == AF_INET ? (struct sockaddr *)&in4 :
	    (struct sockaddr *)&in6;
	socklen_t len = family == AF_INET ? sizeof(in4) : sizeof(in6);
	int fd;

	if ((fd = socket(family, type, 0)) == -1 || bind(fd, sa, len) == -1 ||
	    (type == SOCK_STREAM && listen(fd, 64) == -1))
		err(2, "port %u", port);
	if (fd != at) {
		if (dup2(fd, at) == -1)
			err(2, "dup2");
		close(fd);
	}
}

static void
set_number(const char *name, long n)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%ld", n);
	if (setenv(name, text, 1) == -1)
		err(2, "setenv");
}

static _Noreturn void
run(char **argv, const char *name, unsigned port)
{
	sigset_t none;
	int i;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	sigemptyset(&none);
	if (sigprocmask(SIG_SETMASK, &none, NULL) == -1 ||
	    setenv("NOTIFY_SOCKET", name, 1) == -1)
		err(2, "setenv");
	/* What we have open has to make room: it is not the daemon's. */
	for (i = FIRST; i < FIRST + 16; i++)
		close(i);
	if (port != 0) {
		for (i = 0; i < SOCKETS; i++)
			hand_over(FIRST + i, i < 2 ? AF_INET : AF_INET6,
			    i % 2 == 0 ? SOCK_STREAM : SOCK_DGRAM, port);
		set_number("LISTEN_PID", getpid());
		set_number("LISTEN_FDS", SOCKETS);
	}
	execvp(argv[0], argv);
	err(2, "%s", argv[0]);
}

static void
copy_message(int notify, int out)
{
	char text[4096];
	ssize_t n;

	while ((n = recv(notify, text, sizeof(text) - 1, MSG_DONTWAIT)) > 0) {
		text[n++] = '\n';
		if (write(out, text, (size_t)n) != n)
			err(2, "write");
	}
}

static int
watch(pid_t pid, int sigfd, int notify, int out)
{
	struct pollfd pfd[] = { { sigfd, POLLIN, 0 }, { notify, POLLIN, 0 } };
	struct signalfd_siginfo info;
	int status;

	for (;;) {
		if (poll(pfd, 2, -1) == -1)
			err(2, "poll");
		copy_message(notify, out);
		if (pfd[0].revents == 0)
			continue;
		if (read(sigfd, &info, sizeof(info)) != sizeof(info))
			err(2, "signalfd");
		if (info.ssi_signo == SIGTERM)
			(void)kill(pid, SIGTERM);
		else if (waitpid(pid, &status, WNOHANG) == pid) {
			copy_message(notify, out);
			return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
		}
	}
}

int
main(int argc, char **argv)
{
	char name[108];
	sigset_t set;
	unsigned port = 0;
	int ch, notify, out, sigfd, status;
	bool abstract = false;
	pid_t pid;

	while ((ch = getopt(argc, argv, "+ap:")) != -1)
		if (ch == 'a')
			abstract = true;
		else if (ch == 'p')
			port = (unsigned)strtoul(optarg, NULL, 10);
		else
			return 2;
	if (argc - optind < 2)
		errx(2, "usage: manager [-a] [-p port] out command ...");
	argv += optind;
	if (snprintf(name, sizeof(name), "%s%s.socket", abstract ? "@" : "",
	    argv[0]) >= (int)sizeof(name))
		errx(2, "%s: too long", argv[0]);
	if ((out = open(argv[0], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC,
	    0600)) == -1)
		err(2, "%s", argv[0]);
	notify = open_notify(name);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGCHLD);
	if (sigprocmask(SIG_BLOCK, &set, NULL) == -1 ||
	    (sigfd = signalfd(-1, &set, SFD_CLOEXEC)) == -1)
		err(2, "signalfd");
	if ((pid = fork()) == -1)
		err(2, "fork");
	if (pid == 0)
		run(argv + 1, name, port);
	status = watch(pid, sigfd, notify, out);
	if (!abstract)
		unlink(name);
	return status;
}
