#include <sys/file.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/trust.h"
#include "store/env.h"

enum {
	SCHEMA = 1,
	READERS = 510,
	LOCK_SIZE = 32768		/* what LMDB makes lock.mdb for those */
};

/*
 * Address space set aside for the map.  It costs nothing until it is used, so
 * that a store that grows need never be mapped anew.
 */
#if UINTPTR_MAX > UINT32_MAX
static const size_t map_most = (size_t)1 << 40;
#else
static const size_t map_most = (size_t)1 << 30;
#endif
static const size_t map_least = (size_t)1 << 28;

static const char *const table_names[NTABLES] = {
	"meta", "version", "by_host", "by_ver", "seen", "slot", "app", "host",
	"history", "event", "outbox", "bytecode", "run", "result",
	"fact", "owed", "content", "change", "by_path", "holding", "left"
};

const char *
store_default_dir(void)
{
	const char *dir = getenv("PARTISCI_DB");

	return dir != NULL && *dir != '\0' ? dir : "/var/lib/partisci";
}

const char *
store_strerror(int rc)
{
	switch (rc) {
	case STORE_EFOREIGN:
	case MDB_INVALID:
	case MDB_VERSION_MISMATCH:
		return "not a store of this toolkit";
	case STORE_EWORDS:
		return sizeof(size_t) == 8 ?
		    "made by a program of 32 bits, and this one has 64: "
		    "partisci(7) tells how to move it" :
		    "made by a program of 64 bits, and this one has 32: "
		    "partisci(7) tells how to move it";
	case STORE_ENEWER:
		return "made by a newer version of this toolkit";
	case STORE_ETRUNCATED:
		return "the store is truncated";
	case STORE_EWRITABLE:
		return "refused, because others may write it";
	case STORE_EOWNER:
		return "refused, because it belongs to another user";
	case STORE_EBUSY:
		return "in use by another partisci-recv";
	case STORE_ERECORD:
		return "the store holds a damaged record";
	case MDB_NOTFOUND:
		return "not found";
	case MDB_MAP_FULL:
		return "the store has reached its largest size";
	default:
		return rc > 0 ? strerror(rc) : mdb_strerror(rc);
	}
}

bool
store_is_full(int rc)
{
	return rc == ENOSPC || rc == EDQUOT || rc == EFBIG ||
	    rc == MDB_MAP_FULL;
}

int
store_make_dir(const char *dir)
{
	char path[PATH_MAX], *p;

	if (strlcpy(path, dir, sizeof(path)) >= sizeof(path))
		return ENAMETOOLONG;
	for (p = path + 1; (p = strchr(p, '/')) != NULL; *p++ = '/') {
		*p = '\0';
		if (mkdir(path, 0755) == -1 && errno != EEXIST)
			return errno;
	}
	if (mkdir(path, 0700) == -1 && errno != EEXIST)
		return errno;
	return 0;
}

/* May we believe what is in there? */
static int
check_trust(const struct stat *st)
{
	if (!trust_owner(st))
		return STORE_EOWNER;
	return trust_mode(st) ? 0 : STORE_EWRITABLE;
}

static int
check_files(int dirfd, bool *exists)
{
	static const char *const names[] = { "data.mdb", "lock.mdb" };
	struct stat st;
	size_t i;
	int rc;

	if (fstat(dirfd, &st) == -1)
		return errno;
	if ((rc = check_trust(&st)) != 0)
		return rc;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (fstatat(dirfd, names[i], &st, 0) == -1) {
			if (errno == ENOENT)
				continue;
			return errno;
		}
		if (!S_ISREG(st.st_mode))
			return STORE_EFOREIGN;
		if ((rc = check_trust(&st)) != 0)
			return rc;
		*exists |= i == 0;
	}
	return 0;
}

/*
 * LMDB maps the lock file and writes to it; where that needs a block and the
 * disk has none, the process ends with SIGBUS.  So it gets its blocks before.
 * Whoever may not write it is left to LMDB, which may do without.
 */
static int
reserve_lock(int dirfd)
{
	struct stat st;
	int fd, rc = 0;

	if (fstatat(dirfd, "lock.mdb", &st, 0) == 0 &&
	    (int64_t)st.st_blocks * 512 >= LOCK_SIZE)
		return 0;
	if ((fd = openat(dirfd, "lock.mdb", O_RDWR | O_CREAT | O_CLOEXEC,
	    0600)) == -1)
		return errno == ENOSPC || errno == EDQUOT ? errno : 0;
	if (fallocate(fd, 0, 0, LOCK_SIZE) == -1 && errno != EOPNOTSUPP)
		rc = errno;
	close(fd);
	return rc;
}

static int
open_env(struct store *s, const char *dir, unsigned flags)
{
	size_t size;
	int rc = 0;

	/* What a limit on address space refuses in large it may grant small. */
	for (size = map_most; size >= map_least; size /= 2) {
		if ((rc = mdb_env_create(&s->env)) != 0)
			return rc;
		if ((rc = mdb_env_set_mapsize(s->env, size)) == 0 &&
		    (rc = mdb_env_set_maxdbs(s->env, NTABLES)) == 0 &&
		    (rc = mdb_env_set_maxreaders(s->env, READERS)) == 0 &&
		    (rc = mdb_env_open(s->env, dir, flags, 0600)) == 0)
			return 0;
		mdb_env_close(s->env);
		s->env = NULL;
		if (rc != ENOMEM)
			break;
	}
	return rc;
}

/*
 * LMDB reads a page by touching the map, and a page past the end of the file
 * ends the process with SIGBUS.  So the file must be as long as it says; to
 * make that a sure sign, tx_extend() keeps it longer than it has to be.
 */
static int
check_length(struct store *s)
{
	MDB_envinfo info;
	MDB_stat stat;
	struct stat st;
	int rc;

	if ((rc = mdb_env_get_fd(s->env, &s->datafd)) != 0 ||
	    (rc = mdb_env_info(s->env, &info)) != 0 ||
	    (rc = mdb_env_stat(s->env, &stat)) != 0)
		return rc;
	s->psize = stat.ms_psize;
	if (fstat(s->datafd, &st) == -1)
		return errno;
	return st.st_size / s->psize < (off_t)info.me_last_pgno + 1 ?
	    STORE_ETRUNCATED : 0;
}

static int
tx_extend(struct store *s)
{
	MDB_envinfo info;
	struct stat st;
	off_t used, slack;
	int rc;

	if ((rc = mdb_env_info(s->env, &info)) != 0)
		return rc;
	if (fstat(s->datafd, &st) == -1)
		return errno;
	used = ((off_t)info.me_last_pgno + 1) * s->psize;
	slack = used < (4 << 20) ? 1 << 20 :
	    used > (256 << 20) ? 64 << 20 : used / 4;
	/* A hole: it takes no space, and if it cannot be had, none is lost. */
	if (st.st_size < used + slack / 2 &&
	    ftruncate(s->datafd, used + slack) == -1 && errno != EFBIG)
		return errno;
	return 0;
}

/*
 * A store that was made before there were the later tables lacks them, until
 * somebody opens it to write.
 */
static int
open_tables(struct store *s, MDB_txn *txn, unsigned flags, bool *lacks)
{
	int i, rc;

	*lacks = false;
	for (i = 0; i < NTABLES; i++) {
		rc = mdb_dbi_open(txn, table_names[i], flags, &s->dbi[i]);
		if (rc == MDB_NOTFOUND && i >= FIRST_LATER_TABLE) {
			s->dbi[i] = NO_TABLE;
			*lacks = true;
		} else if (rc != 0)
			return rc;
	}
	return 0;
}

/* A file that LMDB can read: is it ours, and do we know its schema? */
static int
check_schema(struct store *s, MDB_txn *txn, bool *empty)
{
	MDB_stat stat;
	MDB_dbi dbi;
	uint64_t schema;
	int rc;

	*empty = false;
	if ((rc = mdb_dbi_open(txn, NULL, 0, &dbi)) != 0 ||
	    (rc = mdb_stat(txn, dbi, &stat)) != 0)
		return rc;
	if (stat.ms_entries == 0) {
		*empty = true;
		return 0;
	}
	rc = mdb_dbi_open(txn, table_names[T_META], 0, &s->dbi[T_META]);
	if (rc == MDB_NOTFOUND || rc == MDB_INCOMPATIBLE)
		return STORE_EFOREIGN;
	if (rc == 0)
		rc = meta_get(s, txn, "schema", &schema);
	if (rc != 0)
		return rc == STORE_ERECORD ? STORE_EFOREIGN : rc;
	return schema == 0 ? STORE_EFOREIGN :
	    schema > SCHEMA ? STORE_ENEWER : 0;
}

static int
make_tables(struct store *s)
{
	MDB_txn *txn;
	bool empty, lacks;
	int rc;

	if ((rc = tx_extend(s)) != 0 ||
	    (rc = mdb_txn_begin(s->env, NULL, 0, &txn)) != 0)
		return rc;
	/* Somebody else may have been quicker. */
	if ((rc = check_schema(s, txn, &empty)) != 0 ||
	    (rc = open_tables(s, txn, MDB_CREATE, &lacks)) != 0 ||
	    (empty && (rc = meta_put(s, txn, "schema", SCHEMA)) != 0)) {
		mdb_txn_abort(txn);
		return rc;
	}
	return mdb_txn_commit(txn);
}

static int
load_tables(struct store *s, enum store_mode mode)
{
	MDB_txn *txn;
	bool empty, lacks;
	int rc;

	if ((rc = mdb_txn_begin(s->env, NULL, MDB_RDONLY, &txn)) != 0)
		return rc;
	if ((rc = check_schema(s, txn, &empty)) != 0)
		goto abort_txn;
	if (empty && mode == STORE_WRITE) {
		mdb_txn_abort(txn);
		return make_tables(s);
	}
	if ((rc = open_tables(s, txn, 0, &lacks)) != 0) {
		if (rc == MDB_NOTFOUND)
			rc = STORE_EFOREIGN;
		goto abort_txn;
	}
	if (lacks && mode == STORE_WRITE) {
		mdb_txn_abort(txn);
		return make_tables(s);
	}
	/* Handles outlive the transaction only where it is committed. */
	return mdb_txn_commit(txn);
abort_txn:
	mdb_txn_abort(txn);
	return rc;
}

int
store_open(struct store **sp, const char *dir, enum store_mode mode)
{
	unsigned flags = mode == STORE_READ ? MDB_RDONLY : 0;
	struct store *s;
	bool exists = false;
	int rc;

	if ((s = calloc(1, sizeof(*s))) == NULL)
		return ENOMEM;
	s->claim = -1;
	if (mode == STORE_WRITE && (rc = store_make_dir(dir)) != 0)
		goto free_store;
	s->dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->dirfd == -1) {
		rc = errno;
		goto free_store;
	}
	if ((rc = check_files(s->dirfd, &exists)) != 0)
		goto close_dir;
	if (!exists && mode == STORE_READ) {
		rc = ENOENT;
		goto close_dir;
	}
	if ((rc = reserve_lock(s->dirfd)) != 0 ||
	    (rc = open_env(s, dir, flags | MDB_NOTLS)) != 0) {
		if ((rc == MDB_INVALID || rc == MDB_VERSION_MISMATCH) &&
		    of_other_words(s->dirfd))
			rc = STORE_EWORDS;
		goto close_dir;
	}
	if ((rc = check_length(s)) != 0 || (rc = load_tables(s, mode)) != 0)
		goto close_env;
	*sp = s;
	return 0;
close_env:
	mdb_env_close(s->env);
close_dir:
	close(s->dirfd);
free_store:
	free(s);
	return rc;
}

void
store_close(struct store *s)
{
	if (s == NULL)
		return;
	mdb_env_close(s->env);
	if (s->claim != -1)
		close(s->claim);
	close(s->dirfd);
	free(s);
}

int
store_claim(struct store *s)
{
	int fd, rc;

	if ((fd = openat(s->dirfd, "recv.lock", O_RDWR | O_CREAT | O_CLOEXEC |
	    O_NOFOLLOW, 0600)) == -1)
		return errno;
	if (flock(fd, LOCK_EX | LOCK_NB) == -1) {
		rc = errno == EWOULDBLOCK ? STORE_EBUSY : errno;
		close(fd);
		return rc;
	}
	s->claim = fd;
	/* Readers that were killed hold on to old pages. */
	return mdb_reader_check(s->env, NULL);
}

/*
 * The map is as large as it can be; only where it had to be made smaller can
 * another process have written past it, and then it is taken anew.
 */
static int
txn_begin(struct store *s, unsigned flags, MDB_txn **txnp)
{
	int rc;

	rc = mdb_txn_begin(s->env, NULL, flags, txnp);
	if (rc == MDB_MAP_RESIZED && (rc = mdb_env_set_mapsize(s->env, 0)) == 0)
		rc = mdb_txn_begin(s->env, NULL, flags, txnp);
	return rc;
}

int
store_begin(struct store *s, struct store_tx **tp)
{
	struct store_tx *t;
	int rc;

	if ((t = calloc(1, sizeof(*t))) == NULL)
		return ENOMEM;
	t->s = s;
	if ((rc = txn_begin(s, 0, &t->txn)) != 0) {
		free(t);
		return rc;
	}
	if ((rc = tx_extend(s)) != 0) {
		store_abort(t);
		return rc;
	}
	*tp = t;
	return 0;
}

/* LMDB wants cursors of a writer closed before its transaction ends. */
static void
close_cursors(struct store_tx *t)
{
	int i;

	for (i = 0; i < NTABLES; i++)
		if (t->cur[i] != NULL)
			mdb_cursor_close(t->cur[i]);
}

int
store_commit(struct store_tx *t)
{
	int rc;

	if ((rc = tx_flush(t)) != 0) {
		store_abort(t);
		return rc;
	}
	close_cursors(t);
	rc = mdb_txn_commit(t->txn);
	free(t);
	return rc;
}

void
store_abort(struct store_tx *t)
{
	if (t == NULL)
		return;
	close_cursors(t);
	mdb_txn_abort(t->txn);
	free(t);
}

int
tx_cursor(struct store_tx *t, enum table table, MDB_cursor **cp)
{
	int rc;

	if (t->cur[table] == NULL && (rc = mdb_cursor_open(t->txn,
	    t->s->dbi[table], &t->cur[table])) != 0)
		return rc;
	*cp = t->cur[table];
	return 0;
}

int
meta_get(const struct store *s, MDB_txn *txn, const char *name, uint64_t *n)
{
	MDB_val k = { strlen(name), (void *)(uintptr_t)name }, d;
	size_t at;
	int rc;

	*n = 0;
	if ((rc = mdb_get(txn, s->dbi[T_META], &k, &d)) == MDB_NOTFOUND)
		return 0;
	if (rc != 0 || (rc = value_open(&d, &at)) != 0)
		return rc;
	return value_take_num(&d, &at, n, 8);
}

int
meta_put(const struct store *s, MDB_txn *txn, const char *name, uint64_t n)
{
	MDB_val k = { strlen(name), (void *)(uintptr_t)name };
	struct value v;

	value_init(&v);
	value_num(&v, n, 8);
	return mdb_put(txn, s->dbi[T_META], &k, &v.val, 0);
}

int
store_generation(struct store_tx *t, uint64_t *gen)
{
	return meta_get(t->s, t->txn, "generation", gen);
}

int
store_bump_generation(struct store_tx *t)
{
	uint64_t gen;
	int rc;

	if ((rc = store_generation(t, &gen)) != 0)
		return rc;
	return meta_put(t->s, t->txn, "generation", gen + 1);
}

uint64_t
store_last_commit(struct store *s)
{
	MDB_envinfo info;

	return mdb_env_info(s->env, &info) == 0 ? info.me_last_txnid : 0;
}

uint64_t
store_next_commit(struct store_tx *t)
{
	return mdb_txn_id(t->txn);
}

int
store_view(struct store *s, struct store_view **vp)
{
	struct store_view *v;
	uint64_t slots;
	int rc;

	if ((v = calloc(1, sizeof(*v))) == NULL)
		return ENOMEM;
	v->s = s;
	if ((rc = txn_begin(s, MDB_RDONLY, &v->txn)) != 0)
		goto free_view;
	if ((rc = meta_get(s, v->txn, "next_slot", &slots)) != 0)
		goto abort_txn;
	if (slots > UINT32_MAX) {
		rc = STORE_ERECORD;
		goto abort_txn;
	}
	v->pages = (uint32_t)((slots + STORE_PAGE_SLOTS - 1) /
	    STORE_PAGE_SLOTS);
	if ((v->seen = calloc(v->pages + 1U, sizeof(*v->seen))) == NULL) {
		rc = ENOMEM;
		goto abort_txn;
	}
	*vp = v;
	return 0;
abort_txn:
	mdb_txn_abort(v->txn);
free_view:
	free(v);
	return rc;
}

void
store_view_end(struct store_view *v)
{
	if (v == NULL)
		return;
	mdb_txn_abort(v->txn);
	free(v->seen);
	free(v);
}

int
store_counts(struct store_view *v, struct store_counts *c)
{
	const struct { enum table table; uint64_t *n; } what[] = {
		{ T_VERSION, &c->versions }, { T_APP, &c->apps },
		{ T_HOST, &c->hosts }, { T_HISTORY, &c->history },
		{ T_EVENT, &c->events }, { T_OUTBOX, &c->outbox }
	};
	MDB_envinfo info;
	MDB_stat st;
	size_t i;
	int rc;

	for (i = 0; i < sizeof(what) / sizeof(what[0]); i++) {
		if ((rc = mdb_stat(v->txn, v->s->dbi[what[i].table],
		    &st)) != 0)
			return rc;
		*what[i].n = st.ms_entries;
	}
	if ((rc = mdb_env_info(v->s->env, &info)) != 0)
		return rc;
	c->bytes = ((uint64_t)info.me_last_pgno + 1) * v->s->psize;
	return 0;
}
