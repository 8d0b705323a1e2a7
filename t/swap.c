/*
 * swap: exchange two names as often as possible while a command runs.
 *
 *	swap A B COMMAND [ARG ...]
 *
 * Exits as the command does; the names may end either way round.
 */
#include <sys/wait.h>

#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int
main(int argc, char **argv)
{
	pid_t pid, ended;
	int status;

	if (argc < 4)
		errx(2, "two names and a command, please");
	if (renameat2(AT_FDCWD, argv[1], AT_FDCWD, argv[2],
	    RENAME_EXCHANGE) == -1)
		err(2, "%s, %s", argv[1], argv[2]);
	if ((pid = fork()) == -1)
		err(2, "fork");
	if (pid == 0) {
		execvp(argv[3], argv + 3);
		err(2, "%s", argv[3]);
	}
	/* Names that the command has removed meanwhile are no reason to end. */
	while ((ended = waitpid(pid, &status, WNOHANG)) == 0)
		(void)renameat2(AT_FDCWD, argv[1], AT_FDCWD, argv[2],
		    RENAME_EXCHANGE);
	if (ended == -1)
		err(2, "waitpid");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 2;
}
