#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"
#include "update/update.h"

/*
 * store: what is known on this host, in one LMDB environment (a directory
 * with data.mdb and lock.mdb), shared by all tools: many readers and one
 * writer at a time, each of which sees whole transactions only.
 *
 * Functions that can fail return 0, or a code that store_strerror() puts into
 * words: positive codes are errno values, negative ones LMDB's or those below.
 * Nothing in here prints or exits.
 *
 * A transaction belongs to the thread that began it.  Keep none open while
 * waiting for a pipe, a socket or a child: a reader that lingers makes the
 * file grow, and a writer keeps all others out.  Open after any fork(2).
 */
struct store;

enum {
	STORE_EFOREIGN = -31000,	/* data.mdb is not one of our stores */
	STORE_EWORDS,			/* made by a program of 32 bits for one of
					   64, or the other way round */
	STORE_ENEWER,			/* its schema is newer than this code */
	STORE_ETRUNCATED,		/* data.mdb ends before its pages do */
	STORE_EWRITABLE,		/* others may write it */
	STORE_EOWNER,			/* it belongs to somebody else */
	STORE_EBUSY,			/* store_claim: another process has it */
	STORE_ERECORD			/* a record that cannot be read */
};

enum store_mode {
	STORE_READ,	/* must exist; nothing is changed */
	STORE_WRITE	/* made, directories and all, if it does not exist */
};

/* The store if nobody says otherwise: $PARTISCI_DB, or /var/lib/partisci. */
const char *store_default_dir(void);

/*
 * On success *sp is the caller's, to give back with store_close().
 *
 * LMDB trusts the bytes it maps, so a store is refused unless its directory
 * and files belong to root or to the effective user and nobody else may write
 * them (STORE_EOWNER, STORE_EWRITABLE).
 */
int	store_open(struct store **sp, const char *dir, enum store_mode mode);
void	store_close(struct store *s);

/*
 * Make dir, private, and what is missing above it.  store_open() does it where
 * it writes; who is about to become another user does it before.
 */
int	store_make_dir(const char *dir);

/* Static words for a code. */
const char *store_strerror(int rc);

/* True for the codes that mean "no room": they may pass by themselves. */
bool	store_is_full(int rc);

/*
 * Claim the ingest of this store for this process until store_close(), or
 * STORE_EBUSY.  Not needed to write, only to believe that what one keeps in
 * memory of the store stays true: see store_generation().
 */
int	store_claim(struct store *s);

/*
 * Writing.  A store_tx sees its own changes; nobody else does before
 * store_commit(), which makes them durable.  Whatever store_commit() returns,
 * the transaction is over.
 */
struct store_tx;

int	store_begin(struct store *s, struct store_tx **tp);
int	store_commit(struct store_tx *t);
void	store_abort(struct store_tx *t);

/*
 * The number of times that somebody who does not hold the claim has changed
 * versions.  Who keeps slots in memory has to read them again when it moves.
 */
int	store_generation(struct store_tx *t, uint64_t *gen);
int	store_bump_generation(struct store_tx *t);

/*
 * Commits are numbered, whoever makes them: the last one's number, which is
 * read without a transaction, and that which t's own will have.
 */
uint64_t store_last_commit(struct store *s);
uint64_t store_next_commit(struct store_tx *t);

/* An update that has arrived: from where (text of an address), and when. */
struct sighting {
	struct str	app;
	struct str	ver;
	struct str	host;		/* never empty: see update.h */
	struct str	host_ip;
	unsigned	instance;
	uint32_t	time;		/* seconds since 1970 */
};

enum store_news {
	STORE_SAME,		/* known, and nothing new in it */
	STORE_DETAIL,		/* same version; another spelling or address */
	STORE_CHANGED,		/* another version */
	STORE_NEW		/* not known before */
};

/*
 * Record what s says, all but that it was heard now: for that, store_seen()
 * on the slot that is returned.  A new record needs it in the same
 * transaction.  history gets a row when the version is another one.
 */
int	store_put(struct store_tx *t, const struct sighting *s,
	    uint32_t *slot, enum store_news *news);

/* The one who is at slot was heard of at that time. */
int	store_seen(struct store_tx *t, uint32_t slot, uint32_t time);

/*
 * Many of them at once.  Slots lie STORE_PAGE_SLOTS to a page; page p has the
 * slots from p * STORE_PAGE_SLOTS on.  0 is: never, or no such slot.
 */
enum { STORE_PAGE_SLOTS = 1016 };

int	store_seen_page(struct store_tx *t, uint32_t page,
	    const uint32_t times[STORE_PAGE_SLOTS]);

/* Both of the above in one, for who keeps nothing in memory. */
int	store_update(struct store_tx *t, const struct sighting *s);

/*
 * Forget one record; its slot is free for another from then on.  MDB_NOTFOUND
 * where there is none.  History is kept.
 */
int	store_forget(struct store_tx *t, struct str app_id, struct str host,
	    unsigned instance, uint32_t *slot);

/* Empty everything that updates have put here, history and events included. */
int	store_clear(struct store_tx *t);

/* Something happened; the same again only counts up.  Long texts are cut. */
int	store_event(struct store_tx *t, struct str host, struct str module,
	    struct str object, struct str msg, uint32_t time, uint32_t count);

/*
 * Reading.  A view is one moment of the store; end it before you wait for
 * anything.  Its rows, and the keys beside them, are lent until the callback
 * returns.  Callbacks return nonzero to stop.
 */
struct store_view;

int	store_view(struct store *s, struct store_view **vp);
void	store_view_end(struct store_view *v);

struct version_row {
	struct str	app_id;
	struct str	app;
	struct str	ver;
	struct str	host;
	struct str	host_ip;
	unsigned	instance;
	uint32_t	slot;
	uint32_t	first_seen;	/* when it was first known, any version */
	uint32_t	last_update;	/* when it was last heard of */
};

/* The three orders in which versions are kept, by the parts of their keys. */
enum store_order {
	STORE_BY_APP,		/* app_id, host, instance */
	STORE_BY_HOST,		/* host, app_id, instance */
	STORE_BY_VER		/* app_id, ver, host, instance */
};

/*
 * Append to b the start of a key: its first part and, where second.p is not
 * NULL, its second one, each closed by NUL.  It is a prefix of all keys that
 * have these parts.
 */
void	store_prefix(struct buf *b, struct str first, struct str second);

/*
 * Call fn for each version in that order whose key starts with prefix and
 * comes after the key "after" (empty: from the first on).  To go on later,
 * in another view, keep the key that fn was given last; to pass over all that
 * start with some prefix, use that prefix with one byte 0xff behind it.
 */
int	store_each_version(struct store_view *v, enum store_order order,
	    struct str prefix, struct str after,
	    int (*fn)(const struct version_row *row, struct str key, void *arg),
	    void *arg);

/*
 * What is known of one application or host, or MDB_NOTFOUND.  The summary's
 * strings are lent until the view ends.  last_update is the newest of its
 * records, and takes a look at each.
 */
struct app_row {
	struct str	app_id;
	struct str	app;		/* the newest spelling */
	uint32_t	host_count;
	uint32_t	record_count;
	uint32_t	last_update;
};

struct host_row {
	struct str	host;
	uint32_t	app_count;
	uint32_t	record_count;
	uint32_t	last_update;
};

int	store_app(struct store_view *v, struct str app_id, struct app_row *row);
int	store_host(struct store_view *v, struct str host, struct host_row *row);

/* All of them, in order of app_id or host, after that one. */
int	store_each_app(struct store_view *v, struct str after,
	    int (*fn)(const struct app_row *row, void *arg), void *arg);
int	store_each_host(struct store_view *v, struct str after,
	    int (*fn)(const struct host_row *row, void *arg), void *arg);

/* A change of version: from that time on it was ver. */
struct history_row {
	struct str	app_id;
	struct str	host;
	unsigned	instance;
	uint32_t	time;
	struct str	ver;
};

/* In order of app_id, host, instance and time; see store_each_version(). */
int	store_each_history(struct store_view *v, struct str prefix,
	    struct str after,
	    int (*fn)(const struct history_row *row, struct str key, void *arg),
	    void *arg);

struct event_row {
	struct str	host;
	struct str	module;
	struct str	object;
	struct str	msg;
	uint32_t	count;
	uint32_t	first;
	uint32_t	last;
};

/* In order of host, module, object and msg; prefixes as above. */
int	store_each_event(struct store_view *v, struct str prefix,
	    struct str after,
	    int (*fn)(const struct event_row *row, struct str key, void *arg),
	    void *arg);

struct store_counts {
	uint64_t	versions;
	uint64_t	apps;
	uint64_t	hosts;
	uint64_t	history;
	uint64_t	events;
	uint64_t	outbox;
	uint64_t	bytes;		/* of the data file that are in use */
};

int	store_counts(struct store_view *v, struct store_counts *c);

/*
 * Compare every table with every other.  fn is told each thing that does not
 * hold, in a sentence; *faults is their number.  0 faults and a return of 0
 * mean a sound store.
 */
int	store_check(struct store_view *v, uint64_t *faults,
	    void (*fn)(const char *what, void *arg), void *arg);

/*
 * The outbox: updates that could not be delivered, in the order in which they
 * came.  dest says where to, in the words of whoever delivers it.
 */
int	store_outbox_add(struct store_tx *t, struct str dest, struct str line);
int	store_outbox_del(struct store_tx *t, uint64_t number);

/* Of those numbered above "after", in order; lent until fn returns. */
int	store_each_outbox(struct store_view *v, uint64_t after,
	    int (*fn)(uint64_t number, struct str dest, struct str line,
	    void *arg), void *arg);

/*
 * Compiled policies, by the digest of whatever they depend on.  The engine
 * believes what it loads, as LMDB does: see store_open().  Returns
 * MDB_NOTFOUND where there is none, or it is damaged.  Beyond STORE_BYTECODE_MAX of them, all
 * are dropped: those in use will come again.
 */
enum { STORE_BYTECODE_MAX = 200 };

int	store_bytecode_get(struct store *s, const unsigned char digest[32],
	    struct buf *code);
int	store_bytecode_put(struct store_tx *t, const unsigned char digest[32],
	    struct str code);

/*
 * The facts of a host as one JSON object, those that were kept last.  The
 * store does not look into it.
 */
int	store_fact_put(struct store_tx *t, struct str host, struct str json);

/* Of one host, or of all (host is empty) in order, those behind the host
 * "after" (empty: from the first on); lent until fn returns. */
int	store_each_fact(struct store_view *v, struct str host,
	    struct str after, int (*fn)(struct str host, struct str json,
	    void *arg), void *arg);

/*
 * Notifications that a change calls for and that have not been delivered:
 * resource, "file:/etc/motd", of a policy has changed, and handler is to know
 * of it.  To put one that is there is no harm, nor to delete one that is not.
 * Several policies may have one name: what they are known by is the file, which
 * is empty in rows of old.
 */
struct owed_row {
	struct str	policy;
	struct str	file;
	struct str	resource;
	struct str	handler;
	uint32_t	time;
};

int	store_owed_put(struct store_tx *t, const struct owed_row *r);
int	store_owed_del(struct store_tx *t, const struct owed_row *r);

/* Of all of one name, or of all (it is empty); lent until fn returns. */
int	store_each_owed(struct store_view *v, struct str policy,
	    int (*fn)(const struct owed_row *row, void *arg), void *arg);

/*
 * Numbers that a tool remembers from one run to the next; 0 where there is
 * none.  Names are short literals, "packages" say.
 */
int	store_note_put(struct store_tx *t, const char *name, uint64_t n);
int	store_note(struct store_view *v, const char *name, uint64_t *n);

/*
 * What p2-apply did: its runs, the last STORE_RUNS_MAX of them, and of each
 * resource what came of it last, written only where that is news.  Long texts
 * are cut.
 */
enum { STORE_RUNS_MAX = 1000 };

struct run_row {
	uint64_t	time;		/* milliseconds since 1970 */
	struct str	policy;
	struct str	ver;
	struct str	outcome;	/* "ok", "changed" or "failed" */
	uint32_t	changed;	/* resources */
	uint32_t	ok;
	uint32_t	skipped;
	uint32_t	failed;
	uint32_t	ms;
};

struct result_row {
	struct str	type;
	struct str	title;
	struct str	policy;
	struct str	outcome;
	struct str	why;
	struct str	cause;		/* of a change, a word; or empty */
	uint32_t	time;		/* since then it has been so */
};

int	store_run(struct store_tx *t, const struct run_row *r);
int	store_result(struct store_tx *t, const struct result_row *r);

/* The last run of a policy, lent until the view ends; or MDB_NOTFOUND. */
int	store_last_run(struct store_view *v, struct str policy,
	    struct run_row *r);

/*
 * Does the store say as much already?  That nothing had to be done for a
 * resource says no more than that it was done before.
 */
int	store_is_told(struct store_view *v, const struct result_row *r,
	    bool *told);

/* In order of time, and of type and title; see store_each_version(). */
int	store_each_run(struct store_view *v, struct str after,
	    int (*fn)(const struct run_row *row, struct str key, void *arg),
	    void *arg);
int	store_each_result(struct store_view *v, struct str prefix,
	    struct str after,
	    int (*fn)(const struct result_row *row, struct str key, void *arg),
	    void *arg);

#endif
