/*
 * forge WHAT DIR: make the environment of LMDB in DIR one that is no store of
 * ours: "newer" raises the schema of a store to one that is yet to come,
 * "plain" has a key and no tables, "tables" those of somebody else, "meta" a
 * table of that name without a schema in it, and "queue" one whose duplicates
 * are sorted.
 */
#include <err.h>
#include <string.h>
#include <sys/stat.h>

#include <lmdb.h>

#include "store/record.h"

enum { NEWER = 99 };

static void
check(int rc)
{
	if (rc != 0)
		errx(2, "%s", mdb_strerror(rc));
}

static void
put(MDB_txn *txn, const char *table, unsigned flags, const char *key,
    MDB_val d)
{
	MDB_val k = { strlen(key), (void *)(uintptr_t)key };
	MDB_dbi dbi;

	check(mdb_dbi_open(txn, table, MDB_CREATE | flags, &dbi));
	check(mdb_put(txn, dbi, &k, &d, 0));
}

int
main(int argc, char **argv)
{
	MDB_val some = { 5, (void *)(uintptr_t)"value" };
	struct value v;
	MDB_env *env;
	MDB_txn *txn;

	if (argc != 3)
		errx(2, "usage: forge what dir");
	(void)mkdir(argv[2], 0700);
	check(mdb_env_create(&env));
	check(mdb_env_set_maxdbs(env, 4));
	check(mdb_env_set_mapsize(env, 64 << 20));
	check(mdb_env_open(env, argv[2], 0, 0600));
	check(mdb_txn_begin(env, NULL, 0, &txn));
	if (strcmp(argv[1], "newer") == 0) {
		value_init(&v);
		value_num(&v, NEWER, 8);
		put(txn, "meta", 0, "schema", v.val);
	} else if (strcmp(argv[1], "plain") == 0)
		put(txn, NULL, 0, "key", some);
	else if (strcmp(argv[1], "tables") == 0)
		put(txn, "others", 0, "key", some);
	else if (strcmp(argv[1], "meta") == 0)
		put(txn, "meta", 0, "key", some);
	else if (strcmp(argv[1], "queue") == 0)
		put(txn, "meta", MDB_DUPSORT, "schema", some);
	else
		errx(2, "%s: not known", argv[1]);
	check(mdb_txn_commit(txn));
	mdb_env_close(env);
	return 0;
}
