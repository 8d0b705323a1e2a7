#ifndef STORE_STATE_H
#define STORE_STATE_H

#include "base/buf.h"
#include "base/hash.h"
#include "store/kept.h"
#include "store/record.h"

/*
 * state: how what p2-apply keeps lies in values, whose texts may be long, and
 * in keys.  Seen by lib/store alone.
 */
void	wide_num(struct buf *b, uint64_t n, unsigned bytes);
void	wide_text(struct buf *b, struct str s);
int	wide_take_num32(const MDB_val *d, size_t *at, uint32_t *n);
int	wide_take_text(const MDB_val *d, size_t *at, struct str *s);

void	state_pack(struct buf *b, const struct kept_state *s);
int	state_take(const MDB_val *d, size_t *at, struct kept_state *s);

/* Append a path, or a title, as one part. */
void	path_key(struct key *k, struct str path);

/*
 * What a value says of itself is in its key as well: 0, or STORE_ERECORD where
 * that is not the key that it would have.
 */
int	key_same(const MDB_val *k, const struct key *should);

/*
 * A value that is acted upon ends with a hash of what is before it: sum_put()
 * appends it, sum_end() is for its end, at which it has to be right.  Older
 * values have none.
 */
void	sum_put(struct buf *b);
int	sum_end(const MDB_val *d, size_t at);

/* 0, or STORE_ERECORD for what is no absolute path. */
int	path_check(struct str path);

/* kept_check.c: for store_check(); adds to *faults. */
int	kept_check(struct store_view *v, uint64_t *faults,
	    void (*fn)(const char *what, void *arg), void *arg);

/* content.c: another change, by 1 or -1, refers to what s has of content. */
int	kept_ref(struct store_tx *t, const struct kept_state *s, int by);

/* So many bytes more, or less. */
int	kept_count(struct store_tx *t, int64_t bytes);

#endif
