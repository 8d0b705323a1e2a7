#include <errno.h>
#include <sha2.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include <lmdb.h>

#include "base/why.h"
#include "keep/look.h"

/*
 * A piece is a byte that says how it is encoded, and then the bytes, by zlib
 * where that makes them fewer.  What is in one piece waits in memory for the
 * commit; larger files go to the store at once, and count by the commit, too.
 */
enum { PLAIN = 0, DEFLATED = 1, LEVEL = 4, HELD_MAX = 8 * 1024 * 1024 };

/* Up to n bytes from there on, fewer at the end only. */
static ssize_t
read_at(int fd, void *p, size_t n, off_t at)
{
	size_t got = 0;
	ssize_t k;

	while (got < n) {
		k = TEMP_FAILURE_RETRY(pread(fd, (char *)p + got, n - got,
		    at + (off_t)got));
		if (k == -1)
			return -1;
		if (k == 0)
			break;
		got += (size_t)k;
	}
	return (ssize_t)got;
}

int
content_digest(int fd, unsigned char digest[32], uint64_t *size)
{
	enum { CHUNK = 128 * 1024 };
	unsigned char *p;
	SHA2_CTX ctx;
	ssize_t n;

	*size = 0;
	if ((p = malloc(CHUNK)) == NULL)
		return -1;
	SHA256Init(&ctx);
	do {
		if ((n = read_at(fd, p, CHUNK, (off_t)*size)) > 0) {
			SHA256Update(&ctx, p, (size_t)n);
			*size += (uint64_t)n;
		}
	} while (n == CHUNK);
	SHA256Final(digest, &ctx);
	free(p);
	return n == -1 ? -1 : 0;
}

static int
encode(struct buf *b, const void *p, size_t n)
{
	uLongf len = compressBound(n);
	char *room;

	buf_reset(b);
	buf_putc(b, DEFLATED);
	if ((room = buf_room(b, len)) == NULL)
		return -1;
	if (compress2((Bytef *)room, &len, p, n, LEVEL) == Z_OK && len < n) {
		b->len += len;
		return 0;
	}
	buf_reset(b);
	buf_putc(b, PLAIN);
	buf_add(b, p, n);
	return buf_failed(b) ? -1 : 0;
}

/* Into b, of which there are to be size bytes. */
static int
decode(struct buf *b, struct str bytes, size_t size)
{
	uLongf len = size;
	char *room;

	buf_reset(b);
	if (bytes.len < 1)
		return STORE_ERECORD;
	if ((room = buf_room(b, size + 1)) == NULL)
		return ENOMEM;
	if (bytes.p[0] == PLAIN && bytes.len == size + 1)
		memcpy(room, bytes.p + 1, size);
	else if (bytes.p[0] != DEFLATED || uncompress((Bytef *)room, &len,
	    (const Bytef *)bytes.p + 1, bytes.len - 1) != Z_OK || len != size)
		return STORE_ERECORD;
	b->len += size;
	return 0;
}

bool
content_fits(const struct keep *k, uint64_t size)
{
	return size <= k->limits.file_max && size <= k->limits.size_max;
}

static int
put_piece(struct store_tx *t, const struct piece *p)
{
	int rc = 0;

	if (p->number == 0)
		rc = store_content_put(t, p->digest, p->size);
	if (rc == MDB_KEYEXIST)
		return 0;
	return rc != 0 ? rc : store_content_piece(t, p->digest, p->number,
	    buf_view(&p->bytes));
}

int
pieces_put(struct keep *k, struct store_tx *t)
{
	const struct piece *p;
	int rc = 0;

	for (p = k->pieces; rc == 0 && p != NULL; p = p->next)
		rc = put_piece(t, p);
	return rc;
}

void
pieces_drop(struct keep *k)
{
	struct piece *p;

	while ((p = k->pieces) != NULL) {
		k->pieces = p->next;
		buf_clear(&p->bytes);
		free(p);
	}
	k->held = 0;
}

/* Out of memory and into the store, where nothing refers to it yet. */
static int
flush(struct keep *k)
{
	struct store_tx *t;
	int rc;

	if (k->pieces == NULL)
		return 0;
	k->loose = true;
	if ((rc = store_begin(k->store, &t)) != 0)
		return rc;
	if ((rc = pieces_put(k, t)) != 0)
		store_abort(t);
	else
		rc = store_commit(t);
	pieces_drop(k);
	return rc;
}

static int
hold(struct keep *k, const unsigned char digest[32], const void *bytes,
    size_t n)
{
	struct piece *p;

	if ((p = calloc(1, sizeof(*p))) == NULL)
		return ENOMEM;
	memcpy(p->digest, digest, 32);
	p->size = n;
	if (encode(&p->bytes, bytes, n) == -1) {
		buf_clear(&p->bytes);
		free(p);
		return ENOMEM;
	}
	p->next = k->pieces;
	k->pieces = p;
	k->held += p->bytes.len;
	return k->held > HELD_MAX ? flush(k) : 0;
}

/* One transaction a piece, so that nobody waits for us for long. */
static int
put_one(struct keep *k, struct piece *p, const void *bytes, size_t n)
{
	struct store_tx *t;
	int rc;

	if (encode(&p->bytes, bytes, n) == -1)
		return ENOMEM;
	if ((rc = store_begin(k->store, &t)) != 0)
		return rc;
	if ((rc = put_piece(t, p)) == 0)
		return store_commit(t);
	store_abort(t);
	return rc;
}

/* A file of several pieces; it has to be what its digest was made of. */
static int
stream(struct keep *k, int fd, const struct kept_state *s)
{
	struct piece p = { .size = s->size };
	unsigned char *room, digest[32];
	uint64_t at = 0;
	SHA2_CTX ctx;
	ssize_t n;
	int rc = 0;

	k->loose = true;
	if ((room = malloc(KEPT_PIECE)) == NULL)
		return ENOMEM;
	memcpy(p.digest, s->digest, sizeof(p.digest));
	SHA256Init(&ctx);
	for (; rc == 0 && at < s->size; at += KEPT_PIECE, p.number++) {
		n = read_at(fd, room, s->size - at < KEPT_PIECE ?
		    (size_t)(s->size - at) : KEPT_PIECE, (off_t)at);
		if (n <= 0) {
			rc = n == 0 ? EAGAIN : errno;
			break;
		}
		SHA256Update(&ctx, room, (size_t)n);
		rc = put_one(k, &p, room, (size_t)n);
	}
	SHA256Final(digest, &ctx);
	if (rc == 0 && memcmp(digest, s->digest, sizeof(digest)) != 0)
		rc = EAGAIN;
	buf_clear(&p.bytes);
	free(room);
	return rc;
}

/* What earlier runs, or this one, have left half done goes first. */
static int
sweep(struct keep *k)
{
	struct store_tx *t;
	int rc;

	if (k->swept)
		return 0;
	if ((rc = store_begin(k->store, &t)) != 0)
		return rc;
	if ((rc = store_content_sweep(t)) != 0)
		store_abort(t);
	else if ((rc = store_commit(t)) == 0)
		k->swept = true;
	return rc;
}

/* Has the store it, or is it on its way? */
static int
is_known(const struct keep *k, const unsigned char digest[32], bool *known)
{
	const struct piece *p;
	struct store_view *v;
	uint64_t size;
	int rc;

	for (p = k->pieces; p != NULL; p = p->next)
		if (memcmp(p->digest, digest, 32) == 0) {
			*known = true;
			return 0;
		}
	if ((rc = store_view(k->store, &v)) != 0)
		return rc;
	rc = store_content_get(v, digest, &size);
	store_view_end(v);
	*known = rc == 0;
	return rc == MDB_NOTFOUND ? 0 : rc;
}

/* A file of one piece; 0, or a code. */
static int
note_small(struct keep *k, int fd, struct kept_state *s)
{
	unsigned char *room;
	SHA2_CTX ctx;
	bool known;
	ssize_t n;
	int rc;

	if ((room = malloc(KEPT_PIECE)) == NULL)
		return ENOMEM;
	if ((n = read_at(fd, room, KEPT_PIECE, 0)) == -1) {
		rc = errno;
		goto free_room;
	}
	SHA256Init(&ctx);
	SHA256Update(&ctx, room, (size_t)n);
	SHA256Final(s->digest, &ctx);
	s->size = (uint64_t)n;
	if ((rc = is_known(k, s->digest, &known)) == 0 && !known)
		rc = hold(k, s->digest, room, (size_t)n);
free_room:
	free(room);
	return rc;
}

static int
note_large(struct keep *k, int fd, struct kept_state *s)
{
	bool known;
	int rc;

	if (content_digest(fd, s->digest, &s->size) == -1)
		return errno;
	if ((rc = is_known(k, s->digest, &known)) != 0 || known)
		return rc;
	return stream(k, fd, s);
}

int
content_note(struct keep *k, int fd, struct kept_state *s, bool sensitive,
    const char *path, struct buf *why)
{
	int rc;

	if (sensitive || fd == -1) {
		s->has |= sensitive ? KEPT_SENSITIVE : KEPT_UNREADABLE;
		if (fd != -1 && content_fits(k, s->size) &&
		    content_digest(fd, s->digest, &s->size) == 0)
			s->has |= KEPT_HAS_DIGEST;
		return 0;
	}
	if (!content_fits(k, s->size) ||
	    k->kept + s->size > k->limits.size_max) {
		s->has |= KEPT_TOO_LARGE;
		return 0;
	}
	if ((rc = sweep(k)) == 0)
		rc = s->size < KEPT_PIECE ? note_small(k, fd, s) :
		    note_large(k, fd, s);
	if (rc == EAGAIN)
		return why_say(why, "%s: has changed meanwhile", path);
	if (rc != 0)
		return why_say(why, "%s: to keep what is there: %s", path,
		    store_strerror(rc));
	s->has |= KEPT_HAS_DIGEST | KEPT_HAS_CONTENT;
	k->kept += s->size;
	return 0;
}

static int
get_piece(struct store *s, const struct kept_state *state, uint32_t piece,
    size_t size, struct buf *b)
{
	struct store_view *v;
	struct str bytes;
	int rc;

	if ((rc = store_view(s, &v)) != 0)
		return rc;
	if ((rc = store_content_get_piece(v, state->digest, piece,
	    &bytes)) == 0)
		rc = decode(b, bytes, size);
	store_view_end(v);
	return rc;
}

int
keep_content(struct store *s, const struct kept_state *state, int fd,
    const char *path, struct buf *why)
{
	unsigned char digest[32];
	struct buf b = { 0 };
	uint64_t left = state->size;
	uint32_t piece = 0;
	SHA2_CTX ctx;
	size_t n;
	int rc = 0;

	SHA256Init(&ctx);
	do {
		n = left < KEPT_PIECE ? (size_t)left : KEPT_PIECE;
		rc = get_piece(s, state, piece++, n, &b);
		if (rc == 0) {
			SHA256Update(&ctx, (unsigned char *)b.p, b.len);
			rc = buf_write(&b, fd) == -1 ? errno : 0;
		}
		left -= n;
	} while (rc == 0 && left > 0);
	SHA256Final(digest, &ctx);
	if (rc == 0 && memcmp(digest, state->digest, sizeof(digest)) != 0)
		rc = STORE_ERECORD;
	buf_clear(&b);
	return rc == 0 ? 0 : why_say(why, "%s: to put back what was there: "
	    "%s", path, store_strerror(rc));
}
