/*
 * options TYPE ...: the table of a resource's options as the manual has it;
 * of the options that all have, if TYPE is "common".
 */
#include <err.h>
#include <stdio.h>
#include <string.h>

#include "resource/resource.h"

static void
show(const struct resource_option *o)
{
	struct buf types = { 0 };

	printf(".Bl -tag -width Ds\n");
	for (; o->name != NULL; o++) {
		if (o->types & OPTION_HIDDEN)
			continue;
		option_types(&types, o->types);
		printf(".It Cm %s\n%c%s:\n%.*s", o->name,
		    o->help[0] >= 'a' && o->help[0] <= 'z' ?
		    o->help[0] - 'a' + 'A' : o->help[0], o->help + 1,
		    (int)types.len, types.p);
		if (o->def != NULL)
			printf("; default: %s", o->def);
		printf(".\n");
		buf_reset(&types);
	}
	printf(".El\n");
	buf_clear(&types);
}

int
main(int argc, char **argv)
{
	const struct resource_type *type;

	for (; argc > 1; argc--, argv++) {
		if (strcmp(argv[1], "common") == 0)
			show(resource_common);
		else if ((type = resource_find(str_of(argv[1]))) != NULL)
			show(type->options);
		else
			errx(2, "%s: no such type", argv[1]);
	}
	return 0;
}
