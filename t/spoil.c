/*
 * spoil DIR TABLE HOW [SEED]: damage each row of that table of the store:
 * "cut" ends its value early, "older" and "newer" are formats that are none of
 * ours, "empty" leaves nothing, and "random" puts bytes in the place of others.
 * Prints how many rows there were.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/env.h"

static uint64_t state = 1;

/* Xorshift: the same for the same seed, everywhere. */
static size_t
chance(size_t n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return n == 0 ? 0 : (size_t)(state % n);
}

static void
spoil(unsigned char *p, size_t *n, const char *how)
{
	size_t i;

	if (strcmp(how, "empty") == 0 || *n == 0)
		*n = 0;
	else if (strcmp(how, "cut") == 0)
		*n = chance(*n);
	else if (strcmp(how, "older") == 0)
		p[0] = 0;
	else if (strcmp(how, "newer") == 0)
		p[0] = RECORD_FORMAT + 1;
	else if (strcmp(how, "random") == 0)
		for (i = 1 + chance(8); i > 0; i--)
			p[chance(*n)] = (unsigned char)chance(256);
	else
		errx(2, "%s: not known", how);
}

static int
spoil_rows(MDB_txn *txn, MDB_dbi dbi, const char *how)
{
	static unsigned char room[1 << 21];
	struct key key;
	MDB_cursor *c;
	MDB_val k, d;
	int rc, rows = 0;

	if ((rc = mdb_cursor_open(txn, dbi, &c)) != 0)
		return rc;
	while ((rc = mdb_cursor_get(c, &k, &d, MDB_NEXT)) == 0) {
		if (d.mv_size > sizeof(room))
			errx(2, "a value is too large");
		/* What lies in a page is not there for long. */
		memcpy(key.room, k.mv_data, k.mv_size);
		k.mv_data = key.room;
		memcpy(room, d.mv_data, d.mv_size);
		spoil(room, &d.mv_size, how);
		d.mv_data = room;
		if ((rc = mdb_cursor_put(c, &k, &d, MDB_CURRENT)) != 0)
			break;
		rows++;
	}
	mdb_cursor_close(c);
	printf("%d\n", rows);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

int
main(int argc, char **argv)
{
	MDB_env *env;
	MDB_txn *txn;
	MDB_dbi dbi;
	int rc;

	if (argc != 4 && argc != 5)
		errx(2, "usage: spoil dir table how [seed]");
	if (argc == 5)
		state += strtoull(argv[4], NULL, 10) * 0x9e3779b97f4a7c15U;
	if ((rc = mdb_env_create(&env)) != 0 ||
	    (rc = mdb_env_set_maxdbs(env, NTABLES)) != 0 ||
	    (rc = mdb_env_set_mapsize(env, (size_t)1 << 28)) != 0 ||
	    (rc = mdb_env_open(env, argv[1], 0, 0600)) != 0 ||
	    (rc = mdb_txn_begin(env, NULL, 0, &txn)) != 0 ||
	    (rc = mdb_dbi_open(txn, argv[2], 0, &dbi)) != 0 ||
	    (rc = spoil_rows(txn, dbi, argv[3])) != 0 ||
	    (rc = mdb_txn_commit(txn)) != 0)
		errx(2, "%s: %s: %s", argv[1], argv[2], mdb_strerror(rc));
	mdb_env_close(env);
	return 0;
}
