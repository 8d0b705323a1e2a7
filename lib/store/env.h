#ifndef STORE_ENV_H
#define STORE_ENV_H

#include <stdbool.h>
#include <stdint.h>

#include <lmdb.h>

#include "store/record.h"
#include "store/store.h"

/*
 * env: what the files of lib/store share, and nobody else sees.
 *
 *  table     key                             value
 *  version   app_id, host, instance          slot, first seen, app, ver, ip
 *  by_host   host, app_id, instance          slot
 *  by_ver    app_id, ver, host, instance     slot
 *  seen      slot / STORE_PAGE_SLOTS         the times of that many slots
 *  slot      a slot below next_slot          (none): it is free
 *  app       app_id                          hosts, records, newest spelling
 *  host      host                            apps, records
 *  history   app_id, host, instance, time    ver
 *  event     host, module, object, msg       count, first, last, the texts
 *  outbox    number                          destination, update
 *  bytecode  digest                          code of the policy engine
 *  run       time, policy                    version, outcome, counts
 *  result    type, title                     policy, outcome, why, since when
 *  fact      host                            facts, as JSON
 *  owed      policy, digest of the value     since when, resource, handler, file
 *  content   digest, and in pieces, number   references; bytes
 *  change    run, number                     of what, what was and what is
 *  by_path   path, run, number               (none)
 *  holding   policy, type, title             options, of what role, who hears
 *  left      owner, path                     the state we left it in
 *  meta      name                            a number
 *
 * "version", "by_host" and "by_ver" have the same records, each with a slot
 * of its own whose time in "seen" is not 0; every slot below next_slot is in
 * use or in "slot".  "app" and "host" count the records and have no row that
 * counts none.  Each record has a history.
 */
enum table {
	T_META, T_VERSION, T_BY_HOST, T_BY_VER, T_SEEN, T_SLOT, T_APP, T_HOST,
	T_HISTORY, T_EVENT, T_OUTBOX,
	/* These came later: a store that is only read may lack them. */
	T_BYTECODE, T_RUN, T_RESULT, T_FACT, T_OWED, T_CONTENT, T_CHANGE,
	T_BY_PATH, T_HOLDING, T_LEFT,
	NTABLES, FIRST_LATER_TABLE = T_BYTECODE
};

/* In place of the handle of a table that the store lacks. */
#define NO_TABLE	((MDB_dbi)-1)

struct store {
	MDB_env		*env;
	MDB_dbi		 dbi[NTABLES];
	int		 dirfd;		/* the store's directory */
	int		 claim;		/* the lock file, or -1 */
	int		 datafd;	/* LMDB's own; not ours to close */
	unsigned	 psize;
};

/* An application's summary, held back while its records go by in order. */
struct held {
	bool		valid;
	bool		dirty;
	struct key	key;
	uint32_t	others;
	uint32_t	records;
	size_t		namelen;
	char		name[RECORD_TEXT_MAX];
};

struct store_tx {
	struct store	*s;
	MDB_txn		*txn;
	MDB_cursor	*cur[NTABLES];	/* opened when first needed */
	uint32_t	 next_slot;	/* slots handed out so far, ... */
	bool		 slot_dirty;	/* ... not yet written to meta */
	bool		 slot_known;
	bool		 no_free;	/* "slot" is known to be empty */
	struct held	 app;
};

struct store_view {
	struct store	*s;
	MDB_txn		*txn;
	uint32_t	 pages;			/* of "seen" */
	const void	**seen;			/* NULL: not looked up yet */
};

/*
 * Is the file that LMDB refuses one that was made where a word has 64 bits and
 * here has 32, or the other way round?
 */
bool	of_other_words(int dirfd);

/* The cursor of a table in t, opened if need be. */
int	tx_cursor(struct store_tx *t, enum table table, MDB_cursor **cp);

/* Numbers in "meta", of 8 bytes; 0 where there is none. */
int	meta_get(const struct store *s, MDB_txn *txn, const char *name,
	    uint64_t *n);
int	meta_put(const struct store *s, MDB_txn *txn, const char *name,
	    uint64_t n);

/* Write back what t has held back; store_commit() does it first. */
int	tx_flush(struct store_tx *t);

/* When the one at slot was last heard of: 0 for never, or a bad slot. */
int	view_seen(struct store_view *v, uint32_t slot, uint32_t *time);

/*
 * Walk a table: fn gets each key that starts with prefix and comes after
 * "after", with its value, until it returns nonzero to stop.
 */
int	view_walk(struct store_view *v, enum table table, struct str prefix,
	    struct str after,
	    int (*fn)(const MDB_val *k, const MDB_val *d, void *arg),
	    void *arg);

#endif
