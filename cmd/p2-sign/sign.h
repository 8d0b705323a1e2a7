#ifndef P2_SIGN_H
#define P2_SIGN_H

#include <stdbool.h>

/* What the command line asks for. */
struct asked {
	const char	*comment;	/* "": none */
	const char	*key;		/* a file, or NULL */
	const char	*what;		/* the operand: a name or a directory */
	bool		 verbose;
};

/* Each returns the exit status, or exits with 2 and a message. */
int	generate(const struct asked *a);
int	manifest(const struct asked *a);
int	sign(const struct asked *a);
int	verify(const struct asked *a);

#endif
