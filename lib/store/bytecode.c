#include <errno.h>
#include <string.h>

#include "base/hash.h"
#include "store/env.h"

/*
 * A value is a format byte, a hash of the code, and the code: the engine would
 * believe a damaged one, and nobody need have it.
 */
enum { FORMAT = 2, HEAD = 1 + 8 };

static int
unpack(const MDB_val *d, struct str *code)
{
	const unsigned char *p = d->mv_data;

	if (d->mv_size < HEAD || p[0] != FORMAT)
		return MDB_NOTFOUND;
	*code = (struct str){ (const char *)p + HEAD, d->mv_size - HEAD };
	return num_get(p + 1, 8) == hash64(0, code->p, code->len) ? 0 :
	    MDB_NOTFOUND;
}

int
store_bytecode_get(struct store *s, const unsigned char digest[32],
    struct buf *code)
{
	MDB_val k = { 32, (void *)(uintptr_t)digest }, d;
	struct str found;
	MDB_txn *txn;
	int rc;

	if (s->dbi[T_BYTECODE] == NO_TABLE)
		return MDB_NOTFOUND;
	if ((rc = mdb_txn_begin(s->env, NULL, MDB_RDONLY, &txn)) != 0)
		return rc;
	if ((rc = mdb_get(txn, s->dbi[T_BYTECODE], &k, &d)) == 0 &&
	    (rc = unpack(&d, &found)) == 0)
		buf_str(code, found);
	mdb_txn_abort(txn);
	return rc != 0 ? rc : buf_failed(code) ? ENOMEM : 0;
}

int
store_bytecode_put(struct store_tx *t, const unsigned char digest[32],
    struct str code)
{
	MDB_dbi dbi = t->s->dbi[T_BYTECODE];
	MDB_val k = { 32, (void *)(uintptr_t)digest }, d;
	unsigned char *p;
	MDB_stat stat;
	int rc;

	if ((rc = mdb_stat(t->txn, dbi, &stat)) != 0 ||
	    (stat.ms_entries >= STORE_BYTECODE_MAX &&
	    (rc = mdb_drop(t->txn, dbi, 0)) != 0))
		return rc;
	d = (MDB_val){ HEAD + code.len, NULL };
	if ((rc = mdb_put(t->txn, dbi, &k, &d, MDB_RESERVE)) != 0)
		return rc;
	p = d.mv_data;
	p[0] = FORMAT;
	num_put(p + 1, hash64(0, code.p, code.len), 8);
	memcpy(p + HEAD, code.p, code.len);
	return 0;
}
