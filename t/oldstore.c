/*
 * oldstore DIR: make the store one from before it had its later tables.
 */
#include <err.h>
#include <stdlib.h>

#include "store/env.h"

int
main(int argc, char **argv)
{
	struct store_tx *t;
	struct store *s;
	int i, rc;

	if (argc != 2)
		errx(2, "usage: oldstore dir");
	if ((rc = store_open(&s, argv[1], STORE_WRITE)) != 0 ||
	    (rc = store_begin(s, &t)) != 0)
		errx(2, "%s: %s", argv[1], store_strerror(rc));
	for (i = FIRST_LATER_TABLE; i < NTABLES; i++)
		if ((rc = mdb_drop(t->txn, s->dbi[i], 1)) != 0)
			errx(2, "%d: %s", i, store_strerror(rc));
	if ((rc = store_commit(t)) != 0)
		errx(2, "%s: %s", argv[1], store_strerror(rc));
	store_close(s);
	return 0;
}
