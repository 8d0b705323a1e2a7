#include <assert.h>
#include <err.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cmdline.h"

enum { OPTIONS_MAX = 64 };

/* The table as getopt_long(3) wants it. */
struct tables {
	char		letters[2 * OPTIONS_MAX + 1];
	struct option	names[OPTIONS_MAX + 1];
};

/* t is empty. */
static void
make_tables(struct tables *t, const struct cmdline_option *o)
{
	struct option *name = t->names;
	char *letter = t->letters;

	for (; o->letter != '\0'; o++) {
		assert(name < t->names + OPTIONS_MAX);
		*letter++ = o->letter;
		if (o->arg != NULL)
			*letter++ = ':';
		*name++ = (struct option){ o->name, o->arg == NULL ?
		    no_argument : required_argument, NULL, o->letter };
	}
}

_Noreturn void
cmdline_usage(const struct cmdline *c)
{
	fputs(c->usage, stderr);
	exit(2);
}

static _Noreturn void
end_output(const struct cmdline *c)
{
	if (ferror(stdout) || fclose(stdout) == EOF)
		err(c->unwritten == 0 ? 2 : c->unwritten, "stdout");
	exit(0);
}

/* "--name ARG", as wide as it is. */
static int
width(const struct cmdline_option *o)
{
	return (int)strlen(o->name) +
	    (o->arg == NULL ? 0 : 1 + (int)strlen(o->arg));
}

static _Noreturn void
help(const struct cmdline *c)
{
	const struct cmdline_option *o;
	int widest = 0;

	for (o = c->options; o->letter != '\0'; o++)
		if (width(o) > widest)
			widest = width(o);
	printf("%s\n%s%s", c->usage, c->about, *c->about == '\0' ? "" : "\n");
	for (o = c->options; o->letter != '\0'; o++)
		printf("  -%c, --%s%s%s%*s  %s\n", o->letter, o->name,
		    o->arg == NULL ? "" : " ", o->arg == NULL ? "" : o->arg,
		    widest - width(o), "", o->help);
	end_output(c);
}

static _Noreturn void
version(const struct cmdline *c)
{
	printf("%s %s\n", c->tool, VERSION);
	end_output(c);
}

long long
cmdline_number(int letter, const char *arg, long long least, long long most)
{
	const char *errstr;
	long long n = strtonum(arg, least, most, &errstr);

	if (errstr != NULL)
		errx(2, "-%c %s: %s", letter, arg, errstr);
	return n;
}

static void
set_option(const struct cmdline_option *o, char *arg)
{
	if (o->flag != NULL)
		*o->flag = true;
	if (o->text != NULL)
		*o->text = arg;
	if (o->number != NULL)
		*o->number = (unsigned)cmdline_number(o->letter, arg,
		    o->least, o->most);
	if (o->set != NULL)
		o->set(o->letter, arg);
}

int
cmdline_read(const struct cmdline *c, int argc, char **argv)
{
	const struct cmdline_option *o;
	struct tables t = { 0 };
	int letter;

	make_tables(&t, c->options);
	while ((letter = getopt_long(argc, argv, t.letters, t.names, NULL)) !=
	    -1) {
		if (letter == 'h')
			help(c);
		if (letter == 'V')
			version(c);
		for (o = c->options; o->letter != '\0'; o++)
			if (o->letter == letter)
				break;
		if (o->letter == '\0')
			cmdline_usage(c);
		set_option(o, optarg);
	}
	return optind;
}
