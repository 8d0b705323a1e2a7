/*
 * fill DIR HOSTS APPS: put HOSTS * APPS records into the store in DIR, with
 * ten versions of each app, in large transactions, host after host as they
 * report what they have.  They are those of bench.h, where APPS is KEY_APPS,
 * as if each had come from this host.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "store/store.h"

enum { TX_RECORDS = 100000, VERSIONS = 10 };

static void
check(int rc)
{
	if (rc != 0)
		errx(2, "%s", store_strerror(rc));
}

static void
put(struct store_tx *t, unsigned long app, unsigned long host, uint32_t now)
{
	char text[3][80];

	(void)snprintf(text[0], sizeof(text[0]), "App %06lu", app);
	(void)snprintf(text[1], sizeof(text[1]), "100.%lu.%lu",
	    host % VERSIONS, app % 7);
	(void)snprintf(text[2], sizeof(text[2]), "host%06lu.example", host);
	check(store_update(t, &(struct sighting){
	    .app = str_of(text[0]), .ver = str_of(text[1]),
	    .host = str_of(text[2]), .host_ip = str_of("127.0.0.1"),
	    .time = now }));
}

int
main(int argc, char **argv)
{
	struct store *s;
	struct store_tx *t = NULL;
	unsigned long hosts, apps, i;
	uint32_t now = (uint32_t)time(NULL);

	if (argc != 4)
		errx(2, "usage: fill DIR HOSTS APPS");
	hosts = strtoul(argv[2], NULL, 10);
	apps = strtoul(argv[3], NULL, 10);
	check(store_open(&s, argv[1], STORE_WRITE));
	for (i = 0; i < hosts * apps; i++) {
		if (i % TX_RECORDS == 0) {
			if (t != NULL)
				check(store_commit(t));
			check(store_begin(s, &t));
		}
		put(t, i % apps, i / apps, now);
	}
	if (t != NULL)
		check(store_commit(t));
	store_close(s);
	return 0;
}
