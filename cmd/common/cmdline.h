#ifndef COMMON_CMDLINE_H
#define COMMON_CMDLINE_H

#include <stdbool.h>

/*
 * cmdline: a tool's command line, read by the table of its options.  The same
 * table is what --help prints.  What is wrong ends the program, with exit 2.
 */
struct cmdline_option {
	char		 letter;
	const char	*name;
	const char	*arg;		/* as --help calls it; NULL: takes none */
	const char	*help;
	/* What the option does: each of these that is there, in this order. */
	bool		*flag;		/* becomes true */
	const char	**text;		/* becomes the argument */
	unsigned	*number;	/* becomes it, from least to most */
	unsigned	 least;
	unsigned	 most;
	void		(*set)(int letter, char *arg);
};

/* Each tool has these two, among the others in the order of the alphabet. */
#define CMDLINE_HELP	{ .letter = 'h', .name = "help", \
			  .help = "print this" }
#define CMDLINE_VERSION	{ .letter = 'V', .name = "version", \
			  .help = "print the version" }

/* What belongs to a tool for good; options end with an empty one. */
struct cmdline {
	const char	*tool;
	const char	*usage;		/* lines, from "usage: TOOL" on */
	const char	*about;		/* lines for --help alone, or "" */
	const struct cmdline_option *options;
	int		 unwritten;	/* exit status, if stdout fails */
};

/* Returns the index of the first operand in argv. */
int	cmdline_read(const struct cmdline *c, int argc, char **argv);

/* Says how the tool is used, on stderr, and exits with 2. */
_Noreturn void cmdline_usage(const struct cmdline *c);

/* The argument of that option as a number from least to most. */
long long cmdline_number(int letter, const char *arg, long long least,
	    long long most);

#endif
