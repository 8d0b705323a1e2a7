#ifndef FILE_VALIDATE_H
#define FILE_VALIDATE_H

#include "base/buf.h"
#include "base/replace.h"

/*
 * validate: ask a program of the policy's whether new content will do,
 * before it takes the place of the old.
 *
 * The command is split at blanks, quotes and backslashes as in a shell, but no
 * shell is started.  % is the new content's path, and %% is %.
 */
struct file_command {
	char	**argv;		/* up to NULL; of one piece with the words */
	char	*words;
};

/* Returns 0, or -1 with a reason: an open quote, no word, no %. */
int	file_command(struct file_command *c, const char *text,
	    const char *path, struct buf *why);
void	file_command_clear(struct file_command *c);

/* 0 if it exits 0, else -1 with a reason that holds the end of what it says. */
int	file_validate(const char *text, const struct replace *r,
	    const char *path, struct buf *why);

#endif
