/*
 * fill DIR: put what stdin says into the store in DIR, in one transaction.
 * A line is, split at tabs, one of
 *
 *	v TIME APP VER HOST INSTANCE IP
 *	e TIME HOST MODULE OBJECT MSG COUNT
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/store.h"

enum { FIELDS = 7 };

static void
check(int rc)
{
	if (rc != 0)
		errx(2, "%s", store_strerror(rc));
}

static void
split(char *line, char *field[FIELDS])
{
	size_t i;

	line[strcspn(line, "\n")] = '\0';
	for (i = 0; i < FIELDS; i++)
		if ((field[i] = strsep(&line, "\t")) == NULL)
			errx(2, "a line has %zu fields", i);
}

static uint32_t
number(const char *s)
{
	return (uint32_t)strtoul(s, NULL, 10);
}

static void
put(struct store_tx *t, char *f[FIELDS])
{
	if (f[0][0] == 'e') {
		check(store_event(t, str_of(f[2]), str_of(f[3]), str_of(f[4]),
		    str_of(f[5]), number(f[1]), number(f[6])));
		return;
	}
	check(store_update(t, &(struct sighting){ .app = str_of(f[2]),
	    .ver = str_of(f[3]), .host = str_of(f[4]),
	    .instance = number(f[5]), .host_ip = str_of(f[6]),
	    .time = number(f[1]) }));
}

int
main(int argc, char **argv)
{
	struct store *s;
	struct store_tx *t;
	char *line = NULL, *field[FIELDS];
	size_t size = 0;

	if (argc != 2)
		errx(2, "usage: fill DIR");
	check(store_open(&s, argv[1], STORE_WRITE));
	check(store_begin(s, &t));
	while (getline(&line, &size, stdin) != -1) {
		split(line, field);
		put(t, field);
	}
	check(store_commit(t));
	store_close(s);
	free(line);
	return 0;
}
