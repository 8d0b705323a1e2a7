#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "base/stdfd.h"
#include "common/cmdline.h"
#include "sign.h"

static struct asked asked = { .comment = "" };

static void
set_comment(int letter, char *text)
{
	if (strpbrk(text, "\r\n") != NULL)
		errx(2, "-%c: has a line break in it", letter);
	asked.comment = text;
}

static const struct cmdline_option options[] = {
	{ 'c', "comment", "TEXT", "what the new keys are for",
	    .set = set_comment },
	CMDLINE_HELP,
	{ 'K', "key", "FILE", "the key to sign or to verify with",
	    .text = &asked.key },
	CMDLINE_VERSION,
	{ 'v', "verbose", NULL, "name the files that are signed for",
	    .flag = &asked.verbose },
	{ .letter = '\0' }
};

static const struct cmdline line = {
	.tool = "p2-sign",
	.usage =
"usage: p2-sign [-hV] [-c comment] generate name\n"
"       p2-sign manifest dir\n"
"       p2-sign [-v] -K name.sec sign dir\n"
"       p2-sign [-v] -K name.pub verify dir\n",
	.about =
"generate makes the keys name.pub and name.sec; manifest writes the digests\n"
"of all files in dir to dir/P2MANIFEST; sign does that and signs it.\n",
	.options = options
};

int
main(int argc, char **argv)
{
	const struct asked *a = &asked;
	const char *verb;
	int operand;
	bool with_key;

	if (stdfd_hold() == -1)
		err(2, "/dev/null");
	operand = cmdline_read(&line, argc, argv);
	if (argc - operand != 2)
		cmdline_usage(&line);
	verb = argv[operand];
	asked.what = argv[operand + 1];
	with_key = strcmp(verb, "sign") == 0 || strcmp(verb, "verify") == 0;
	if (with_key && a->key == NULL)
		errx(2, "%s: -K says with what key", verb);
	if (!with_key && a->key != NULL)
		errx(2, "-K goes with sign and verify");
	if (*a->comment != '\0' && strcmp(verb, "generate") != 0)
		errx(2, "-c goes with generate");
	if (strcmp(verb, "generate") == 0)
		return generate(a);
	if (strcmp(verb, "manifest") == 0)
		return manifest(a);
	if (strcmp(verb, "sign") == 0)
		return sign(a);
	if (strcmp(verb, "verify") == 0)
		return verify(a);
	errx(2, "%s: neither generate, manifest, sign nor verify", verb);
}
