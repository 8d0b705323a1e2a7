/*
 * lmdbpeer: LMDB alone, to compare with.
 *
 * lmdbpeer commit DIR RECORDS SECONDS
 *	Make an environment of a million records of 100 bytes in DIR, unless
 *	there is one, and commit transactions of so many random ones to it, on
 *	disk each.  Prints records_s=N.
 * lmdbpeer scan DIR TABLE
 *	Read a table from its first record to its last, and touch each of them.
 *	Prints records_s=N records=N.
 */
#include <sys/stat.h>

#include <errno.h>

#include <lmdb.h>

#include "bench.h"

enum { KEYS = 1000000, VALUE = 100 };

static void
check(int rc)
{
	if (rc != 0)
		errx(2, "%s", mdb_strerror(rc));
}

static MDB_env *
open_env(const char *dir, unsigned flags)
{
	MDB_env *env;

	check(mdb_env_create(&env));
	check(mdb_env_set_mapsize(env, SIZE_MAX > UINT32_MAX ?
	    (size_t)(UINT64_C(1) << 40) : (size_t)1 << 30));
	check(mdb_env_set_maxdbs(env, 16));
	check(mdb_env_open(env, dir, flags, 0600));
	return env;
}

/* Keys as long as ours: some 30 bytes. */
static void
upsert(MDB_txn *txn, MDB_dbi dbi, uint64_t i, unsigned flags)
{
	char key[40], value[VALUE];
	MDB_val k, d = { sizeof(value), value };

	k.mv_size = (size_t)snprintf(key, sizeof(key),
	    "app_%06u.host%06u.example", (unsigned)(i / 10000),
	    (unsigned)(i % 10000));
	k.mv_data = key;
	memset(value, (int)(bench_random() & 255), sizeof(value));
	check(mdb_put(txn, dbi, &k, &d, flags));
}

static void
make(MDB_env *env)
{
	MDB_txn *txn;
	MDB_dbi dbi;
	MDB_stat st;
	uint64_t i;

	check(mdb_txn_begin(env, NULL, 0, &txn));
	check(mdb_dbi_open(txn, NULL, 0, &dbi));
	check(mdb_stat(txn, dbi, &st));
	for (i = 0; st.ms_entries == 0 && i < KEYS; i++)
		upsert(txn, dbi, i, MDB_APPEND);
	check(mdb_txn_commit(txn));
}

static void
commits(const char *dir, unsigned long records, double seconds)
{
	MDB_env *env;
	MDB_txn *txn;
	double start, now;
	unsigned long i, n = 0;
	MDB_dbi dbi;

	if (mkdir(dir, 0700) == -1 && errno != EEXIST)
		err(2, "%s", dir);
	env = open_env(dir, 0);
	make(env);
	start = bench_now();
	do {
		check(mdb_txn_begin(env, NULL, 0, &txn));
		check(mdb_dbi_open(txn, NULL, 0, &dbi));
		for (i = 0; i < records; i++)
			upsert(txn, dbi, bench_random() % KEYS, 0);
		check(mdb_txn_commit(txn));
		n += records;
		now = bench_now();
	} while (now - start < seconds);
	mdb_env_close(env);
	printf("records_s=%.0f\n", (double)n / (now - start));
}

static void
scan(const char *dir, const char *table)
{
	MDB_env *env = open_env(dir, MDB_RDONLY);
	MDB_txn *txn;
	MDB_cursor *c;
	MDB_val k, d;
	MDB_dbi dbi;
	unsigned long n = 0;
	double start = bench_now();

	check(mdb_txn_begin(env, NULL, MDB_RDONLY, &txn));
	check(mdb_dbi_open(txn, table, 0, &dbi));
	check(mdb_cursor_open(txn, dbi, &c));
	for (; mdb_cursor_get(c, &k, &d, MDB_NEXT) == 0; n++)
		(void)*(volatile unsigned char *)d.mv_data;
	mdb_cursor_close(c);
	mdb_txn_abort(txn);
	printf("records_s=%.0f records=%lu\n",
	    (double)n / (bench_now() - start), n);
	mdb_env_close(env);
}

int
main(int argc, char **argv)
{
	if (argc == 5 && strcmp(argv[1], "commit") == 0)
		commits(argv[2], bench_number(argv[3], KEYS),
		    (double)bench_number(argv[4], 1000));
	else if (argc == 4 && strcmp(argv[1], "scan") == 0)
		scan(argv[2], argv[3]);
	else
		errx(2, "usage: lmdbpeer commit DIR RECORDS SECONDS\n"
		    "                lmdbpeer scan DIR TABLE");
	return 0;
}
