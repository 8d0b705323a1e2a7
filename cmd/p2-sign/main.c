#include <err.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/stdfd.h"
#include "sign.h"

static const char letters[] = "c:hK:Vv";

static const struct option options[] = {
	{ "comment",	required_argument, NULL, 'c' },
	{ "help",	no_argument, NULL, 'h' },
	{ "key",	required_argument, NULL, 'K' },
	{ "version",	no_argument, NULL, 'V' },
	{ "verbose",	no_argument, NULL, 'v' },
	{ NULL, 0, NULL, 0 }
};

static const char usage_line[] =
"usage: p2-sign [-hV] [-c comment] generate name\n"
"       p2-sign manifest dir\n"
"       p2-sign [-v] -K name.sec sign dir\n"
"       p2-sign [-v] -K name.pub verify dir\n";

static const char help_text[] =
"\n"
"generate makes the keys name.pub and name.sec; manifest writes the digests\n"
"of all files in dir to dir/P2MANIFEST; sign does that and signs it.\n"
"\n"
"  -c, --comment TEXT   what the new keys are for\n"
"  -h, --help           print this\n"
"  -K, --key FILE       the key to sign or to verify with\n"
"  -V, --version        print the version\n"
"  -v, --verbose        name the files that are signed for\n";

static void __attribute__((noreturn))
usage(void)
{
	fputs(usage_line, stderr);
	exit(2);
}

static void __attribute__((noreturn))
print_and_exit(const char *a, const char *b)
{
	if (fputs(a, stdout) == EOF || fputs(b, stdout) == EOF ||
	    fclose(stdout) == EOF)
		err(2, "stdout");
	exit(0);
}

static void
parse(struct asked *a, int argc, char **argv)
{
	int letter;

	*a = (struct asked){ .comment = "" };
	while ((letter = getopt_long(argc, argv, letters, options, NULL)) !=
	    -1)
		switch (letter) {
		case 'c':
			if (strpbrk(optarg, "\r\n") != NULL)
				errx(2, "-c: has a line break in it");
			a->comment = optarg;
			break;
		case 'h':
			print_and_exit(usage_line, help_text);
		case 'K':
			a->key = optarg;
			break;
		case 'V':
			print_and_exit("p2-sign ", VERSION "\n");
		case 'v':
			a->verbose = true;
			break;
		default:
			usage();
		}
	if (argc - optind != 2)
		usage();
	a->what = argv[optind + 1];
}

int
main(int argc, char **argv)
{
	struct asked a;
	const char *verb;
	bool with_key;

	if (stdfd_hold() == -1)
		err(2, "/dev/null");
	parse(&a, argc, argv);
	verb = argv[argc - 2];
	with_key = strcmp(verb, "sign") == 0 || strcmp(verb, "verify") == 0;
	if (with_key && a.key == NULL)
		errx(2, "%s: -K says with what key", verb);
	if (!with_key && a.key != NULL)
		errx(2, "-K goes with sign and verify");
	if (*a.comment != '\0' && strcmp(verb, "generate") != 0)
		errx(2, "-c goes with generate");
	if (strcmp(verb, "generate") == 0)
		return generate(&a);
	if (strcmp(verb, "manifest") == 0)
		return manifest(&a);
	if (strcmp(verb, "sign") == 0)
		return sign(&a);
	if (strcmp(verb, "verify") == 0)
		return verify(&a);
	errx(2, "%s: neither generate, manifest, sign nor verify", verb);
}
