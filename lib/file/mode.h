#ifndef FILE_MODE_H
#define FILE_MODE_H

#include <sys/types.h>

#include <stdbool.h>

/*
 * mode: the permissions that a policy asks for, as chmod(1) has them.
 *
 *	0644, 644	the nine bits; set-id and sticky stay as they are
 *	4755, 1777	all twelve
 *	u=rwX,go-w	from what is there; no letter before the operator means
 *			all three, whatever the umask
 *
 * In *mode what now becomes.  Returns 0, or -1 with *errstr (static); a change
 * that would be another one when made again is an error: it never settles.
 */
int	file_mode(mode_t *mode, const char *text, mode_t now, bool is_dir,
	    const char **errstr);

/* Is it given in digits? */
bool	file_mode_is_octal(const char *text);

#endif
