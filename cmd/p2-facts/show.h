#ifndef P2_FACTS_SHOW_H
#define P2_FACTS_SHOW_H

#include <stdbool.h>

#include "base/buf.h"
#include "facts/facts.h"

/*
 * The parts of p2-facts.  Trouble ends the program where it is met.
 */
enum { EXIT_ABSENT = 1, EXIT_TROUBLE = 2, EXIT_OUTPUT = 3 };

/* What the command line says. */
struct wanted {
	bool		 all;		/* -A */
	bool		 compact;	/* -1 */
	bool		 flat;		/* -f */
	bool		 shell;		/* -E */
	bool		 human;		/* -P */
	bool		 stable;	/* -k */
	bool		 timing;	/* -U */
	bool		 verbose;	/* -v */
	bool		 changed;	/* -C */
	bool		 keep;		/* -s */
	const char	*dir;		/* -d: the store */
	const char	*host;		/* -N, or NULL */
	const char	*groups;	/* -g, or NULL */
	const char	*skip;		/* -x, or NULL */
	char		**names;	/* operands */
	int		 nnames;
	struct facts_options o;
};

/* Run the collectors of the groups that are wanted. */
void	choose_groups(struct facts *f, const struct wanted *w);

/* Those of the names.  Returns how many of them there are none of. */
int	choose_names(struct facts *f, const struct wanted *w);

/* The tables: name, type, marks and source. */
void	show_list(void);

/* Of these, the names of what changes from moment to moment. */
void	show_volatile(void);

/* What has been found, in the form that is wanted. */
void	show_facts(struct facts *f, const struct wanted *w);

/* Packages as updates.  Returns the exit status. */
int	show_packages(struct facts *f, const struct wanted *w);

/* Keep what has been found in the store. */
void	keep_facts(struct facts *f, const struct wanted *w);

/* {"group": microseconds}, on standard error. */
void	show_timing(const struct facts *f);

/* Write b to stdout and empty it. */
void	out_write(struct buf *b);
void	out_close(void);

#endif
