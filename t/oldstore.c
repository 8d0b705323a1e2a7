/*
 * oldstore DIR: make the store one from before it had its later tables.
 * oldstore DIR POLICY RESOURCE HANDLER: put there what is owed as it was put
 * when no policy's file went with it.
 */
#include <err.h>
#include <stdlib.h>

#include "store/env.h"

static int
drop_later(struct store_tx *t)
{
	int i, rc = 0;

	for (i = FIRST_LATER_TABLE; rc == 0 && i < NTABLES; i++)
		rc = mdb_drop(t->txn, t->s->dbi[i], 1);
	return rc;
}

int
main(int argc, char **argv)
{
	struct owed_row r = { .time = 1 };
	struct store_tx *t;
	struct store *s;
	int rc;

	if (argc != 2 && argc != 5)
		errx(2, "usage: oldstore dir [policy resource handler]");
	if (argc == 5) {
		r.policy = str_of(argv[2]);
		r.resource = str_of(argv[3]);
		r.handler = str_of(argv[4]);
	}
	if ((rc = store_open(&s, argv[1], STORE_WRITE)) != 0 ||
	    (rc = store_begin(s, &t)) != 0 ||
	    (rc = argc == 5 ? store_owed_put(t, &r) : drop_later(t)) != 0 ||
	    (rc = store_commit(t)) != 0)
		errx(2, "%s: %s", argv[1], store_strerror(rc));
	store_close(s);
	return 0;
}
