/*
 * world: drive lib/resource/world.c by lines on stdin, and print.
 *
 *	set KIND PATH [DATA]	KIND is none, file, dir, fresh or link
 *	look PATH
 *	each PATH
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "resource/world.h"

static const char *const kinds[] = { "none", "file", "dir", "link", "other" };

static void
set(struct world *w, const char *kind, const char *path, const char *data)
{
	struct node n = { .mode = 0644 };
	size_t i;

	if (strcmp(kind, "fresh") == 0) {
		n.kind = NODE_DIR;
		n.fresh = true;
	}
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kinds[i], kind) == 0)
			n.kind = (enum node_kind)i;
	if (data != NULL)
		n.data = str_of(data);
	if (world_set(w, path, &n) == -1)
		err(2, NULL);
}

static void
look(const struct world *w, const char *path)
{
	struct node n;

	if (world_look(w, path, &n))
		printf("%s: %s %s\n", path, kinds[n.kind],
		    n.data.p == NULL ? "-" : n.data.p);
	else
		printf("%s: as it is\n", path);
}

static int
show(const char *name, const struct node *n, void *arg)
{
	(void)arg;
	printf("  %s %s\n", name, kinds[n->kind]);
	return 0;
}

int
main(void)
{
	struct world *w = world_new();
	char *line = NULL, *verb, *a, *b, *rest;
	size_t size = 0;

	if (w == NULL)
		err(2, NULL);
	while (getline(&line, &size, stdin) != -1) {
		line[strcspn(line, "\n")] = '\0';
		rest = line;
		verb = strsep(&rest, " ");
		a = strsep(&rest, " ");
		b = strsep(&rest, " ");
		if (strcmp(verb, "set") == 0 && b != NULL)
			set(w, a, b, rest);
		else if (strcmp(verb, "look") == 0 && a != NULL)
			look(w, a);
		else if (strcmp(verb, "each") == 0 && a != NULL)
			world_each(w, a, show, NULL);
	}
	free(line);
	world_free(w);
	return 0;
}
