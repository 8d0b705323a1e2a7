/*
 * vercmp: for each line "A B" on stdin (split at the first tab) print "<", "="
 * or ">".  With -s, print the lines of stdin in order of versions instead;
 * equal ones stay in the order in which they came.  With -o rpm, pacman or words,
 * the order is that one.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "update/order.h"

static int
compare(const void *a, const void *b)
{
	const char *const *pa = a, *const *pb = b;

	return version_cmp(str_of(*pa), str_of(*pb));
}

static int
sort_lines(void)
{
	char **lines = NULL, *line = NULL;
	size_t n = 0, size = 0, i;

	while (getline(&line, &size, stdin) != -1) {
		lines = reallocarray(lines, n + 1, sizeof(*lines));
		if (lines == NULL)
			err(2, NULL);
		line[strcspn(line, "\n")] = '\0';
		lines[n++] = line;
		line = NULL;
		size = 0;
	}
	if (mergesort(lines, n, sizeof(*lines), compare) == -1)
		err(2, NULL);
	for (i = 0; i < n; i++)
		puts(lines[i]);
	return 0;
}

int
main(int argc, char **argv)
{
	char *line = NULL, *tab;
	enum order order = ORDER_DEBIAN;
	size_t size = 0;
	int c;

	if (argc > 2 && strcmp(argv[1], "-o") == 0)
		order = strcmp(argv[2], "rpm") == 0 ? ORDER_RPM :
		    strcmp(argv[2], "pacman") == 0 ? ORDER_PACMAN :
		    ORDER_WORDS;

	if (argc > 1 && strcmp(argv[1], "-s") == 0)
		return sort_lines();
	while (getline(&line, &size, stdin) != -1) {
		line[strcspn(line, "\n")] = '\0';
		if ((tab = strchr(line, '\t')) == NULL)
			errx(2, "no tab in: %s", line);
		*tab = '\0';
		c = order_cmp(order, str_of(line), str_of(tab + 1));
		puts(c < 0 ? "<" : c > 0 ? ">" : "=");
	}
	return 0;
}
