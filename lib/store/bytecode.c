#include <errno.h>
#include <string.h>

#include "store/env.h"

/* A value is the format byte, and the code as it is. */

int
store_bytecode_get(struct store *s, const unsigned char digest[32],
    struct buf *code)
{
	MDB_val k = { 32, (void *)(uintptr_t)digest }, d;
	MDB_txn *txn;
	int rc;

	if (s->dbi[T_BYTECODE] == NO_TABLE)
		return MDB_NOTFOUND;
	if ((rc = mdb_txn_begin(s->env, NULL, MDB_RDONLY, &txn)) != 0)
		return rc;
	if ((rc = mdb_get(txn, s->dbi[T_BYTECODE], &k, &d)) == 0) {
		if (d.mv_size < 1 || *(unsigned char *)d.mv_data !=
		    RECORD_FORMAT)
			rc = STORE_ERECORD;
		else
			buf_add(code, (char *)d.mv_data + 1, d.mv_size - 1);
	}
	mdb_txn_abort(txn);
	return rc != 0 ? rc : buf_failed(code) ? ENOMEM : 0;
}

int
store_bytecode_put(struct store_tx *t, const unsigned char digest[32],
    struct str code)
{
	MDB_dbi dbi = t->s->dbi[T_BYTECODE];
	MDB_val k = { 32, (void *)(uintptr_t)digest }, d;
	MDB_stat stat;
	int rc;

	if ((rc = mdb_stat(t->txn, dbi, &stat)) != 0 ||
	    (stat.ms_entries >= STORE_BYTECODE_MAX &&
	    (rc = mdb_drop(t->txn, dbi, 0)) != 0))
		return rc;
	d = (MDB_val){ 1 + code.len, NULL };
	if ((rc = mdb_put(t->txn, dbi, &k, &d, MDB_RESERVE)) != 0)
		return rc;
	*(unsigned char *)d.mv_data = RECORD_FORMAT;
	memcpy((char *)d.mv_data + 1, code.p, code.len);
	return 0;
}
