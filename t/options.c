/*
 * options [-t] TYPE ...: the table of a resource's options as the manual has
 * it, or as TypeScript; of the options that all have, if TYPE is "common".
 */
#include <err.h>
#include <stdio.h>
#include <string.h>

#include "resource/resource.h"
#include "types/types.h"

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

/* The types in TypeScript, joined by "|". */
static void
show_types(unsigned types)
{
	static const struct {
		unsigned	 type;
		const char	*words;
	} known[] = {
		{ OPTION_STRING | OPTION_TEXT, "string" },
		{ OPTION_TEXT, "Buffer" },
		{ OPTION_BOOL, "boolean" },
		{ OPTION_INT | OPTION_SECONDS, "number" },
		{ OPTION_LIST, "Array<string | number>" },
		{ OPTION_MAP | OPTION_OBJECT, "object" },
		{ OPTION_REGEXP, "RegExp" },
		{ OPTION_FUNCTION, "((facts: p2.Facts) => any)" }
	};
	const char *between = "";
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (types & known[i].type) {
			printf("%s%s", between, known[i].words);
			between = " | ";
		}
}

static void
show_typescript(const char *name, const struct resource_option *o)
{
	printf("    interface %c%sOptions%s {\n", name[0] - 'a' + 'A', name + 1,
	    strcmp(name, "common") == 0 ? "" : " extends CommonOptions");
	for (; o->name != NULL; o++) {
		if (o->types & OPTION_HIDDEN)
			continue;
		printf("        /** %s", o->help);
		if (o->def != NULL)
			printf("; default: %s", o->def);
		printf(" */\n        %s?: ", o->name);
		show_types(o->types);
		printf(";\n");
	}
	printf("    }\n");
}

int
main(int argc, char **argv)
{
	const struct resource_option *table;
	const struct resource_type *type;
	bool typescript = argc > 1 && strcmp(argv[1], "-t") == 0;

	argc -= typescript;
	argv += typescript;
	for (; argc > 1; argc--, argv++) {
		if (strcmp(argv[1], "common") == 0)
			table = resource_common;
		else if ((type = resource_find(str_of(argv[1]))) != NULL)
			table = type->options;
		else
			errx(2, "%s: no such type", argv[1]);
		if (typescript)
			show_typescript(argv[1], table);
		else
			show(table);
	}
	return 0;
}
