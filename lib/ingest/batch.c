#include <stdlib.h>
#include <string.h>

#include "ingest/batch.h"

/* As large as malloc maps by itself, so that free gives it back at once. */
enum { BLOCK_SIZE = 256 * 1024, ALIGN = 8 };

struct block {
	struct block	*next;
	size_t		 used;		/* bytes of room */
	uint64_t	 room[];
};

static size_t
block_room(void)
{
	return BLOCK_SIZE - sizeof(struct block);
}

static size_t
change_size(const struct change *c)
{
	size_t n = sizeof(*c) + c->keylen + (size_t)c->verlen + c->applen +
	    c->iplen;

	return (n + ALIGN - 1) / ALIGN * ALIGN;
}

struct str
change_key(const struct change *c)
{
	return (struct str){ c->text, c->keylen };
}

void
change_sighting(const struct change *c, struct sighting *s)
{
	const char *p = c->text + c->keylen;
	const char *host = (const char *)memchr(c->text, '\0', c->keylen) + 1;
	const unsigned char *n = (const unsigned char *)p - 2;

	s->host = (struct str){ host, (size_t)((const char *)n - host) - 1 };
	s->instance = (unsigned)n[0] << 8 | n[1];
	s->ver = (struct str){ p, c->verlen };
	s->app = (struct str){ p + c->verlen, c->applen };
	s->host_ip = (struct str){ p + c->verlen + c->applen, c->iplen };
	s->time = c->time;
}

bool
change_equal(const struct change *a, const struct change *b)
{
	size_t n = (size_t)a->keylen + a->verlen + a->applen + a->iplen;

	return a->keylen == b->keylen && a->verlen == b->verlen &&
	    a->applen == b->applen && a->iplen == b->iplen &&
	    memcmp(a->text, b->text, n) == 0;
}

void
batch_clear(struct batch *b)
{
	struct block *block, *next;

	for (block = b->first; block != NULL; block = next) {
		next = block->next;
		free(block);
	}
	*b = (struct batch){ 0 };
}

static void *
batch_room(struct batch *b, size_t n)
{
	struct block *block = b->last;
	void *p;

	if (block == NULL || block_room() - block->used < n) {
		if ((block = malloc(BLOCK_SIZE)) == NULL)
			return NULL;
		block->next = NULL;
		block->used = 0;
		if (b->last != NULL)
			b->last->next = block;
		else
			b->first = block;
		b->last = block;
		b->bytes += BLOCK_SIZE;
	}
	p = (char *)block->room + block->used;
	block->used += n;
	return p;
}

int
batch_add(struct batch *b, uint64_t who, struct str key,
    const struct sighting *s, bool posted)
{
	const struct change head = { who, s->time, (uint16_t)key.len,
	    (uint8_t)s->ver.len, (uint8_t)s->app.len, (uint8_t)s->host_ip.len,
	    posted };
	struct change *c;
	char *p;

	if ((c = batch_room(b, change_size(&head))) == NULL)
		return -1;
	*c = head;
	p = c->text;
	memcpy(p, key.p, key.len);
	memcpy(p += key.len, s->ver.p, s->ver.len);
	memcpy(p += s->ver.len, s->app.p, s->app.len);
	memcpy(p + s->app.len, s->host_ip.p, s->host_ip.len);
	b->count++;
	b->posted += posted;
	return 0;
}

void
batch_append(struct batch *b, struct batch *from)
{
	if (from->first == NULL)
		return;
	if (b->last != NULL)
		b->last->next = from->first;
	else
		b->first = from->first;
	b->last = from->last;
	b->bytes += from->bytes;
	b->count += from->count;
	b->posted += from->posted;
	*from = (struct batch){ 0 };
}

const struct change *
batch_next(const struct batch *b, const struct block **block,
    const struct change *c)
{
	const char *p;

	if (c == NULL) {
		if ((*block = b->first) == NULL)
			return NULL;
		p = (const char *)(*block)->room;
	} else
		p = (const char *)c + change_size(c);
	if (p == (const char *)(*block)->room + (*block)->used) {
		if ((*block = (*block)->next) == NULL)
			return NULL;
		p = (const char *)(*block)->room;
	}
	return (const void *)p;
}

int
batch_drop_posted(struct batch *b)
{
	const struct change *c;
	const struct block *block = NULL;
	struct batch kept = { 0 };
	struct sighting s;

	for (c = batch_next(b, &block, NULL); c != NULL;
	    c = batch_next(b, &block, c)) {
		if (c->posted)
			continue;
		change_sighting(c, &s);
		if (batch_add(&kept, c->who, change_key(c), &s, false) == -1) {
			batch_clear(&kept);
			return -1;
		}
	}
	batch_clear(b);
	*b = kept;
	return 0;
}

/* Sorted by 8 bytes at hand; only where these agree is the key looked at. */
struct ref {
	uint64_t		 head;
	uint64_t		 seq;
	const struct change	*c;
};

static int
ref_cmp(const void *va, const void *vb)
{
	const struct ref *a = va, *b = vb;
	int cmp;

	if (a->head != b->head)
		return a->head < b->head ? -1 : 1;
	if ((cmp = str_cmp(change_key(a->c), change_key(b->c))) != 0)
		return cmp;
	return a->seq < b->seq ? -1 : 1;
}

static uint64_t
head_of(struct str key, size_t skip)
{
	uint64_t n = 0;
	size_t i;

	for (i = skip; i < skip + 8; i++)
		n = n << 8 | (i < key.len ? (unsigned char)key.p[i] : 0);
	return n;
}

/* Bytes that all keys begin with: names in a batch are often much alike. */
static size_t
common(const struct batch *b)
{
	const struct block *block = NULL;
	const struct change *c;
	struct str first, key;
	size_t n, i;

	if ((c = batch_next(b, &block, NULL)) == NULL)
		return 0;
	first = change_key(c);
	for (n = first.len; c != NULL && n > 0; c = batch_next(b, &block, c)) {
		key = change_key(c);
		for (i = 0; i < n && i < key.len && key.p[i] == first.p[i]; )
			i++;
		n = i;
	}
	return n;
}

const struct change **
batch_sort(const struct batch *b)
{
	const struct change **out, *c;
	const struct block *block = NULL;
	struct ref *refs;
	size_t i, n = b->count, skip = common(b);

	out = calloc(n + 1, sizeof(*out));
	refs = calloc(n + 1, sizeof(*refs));
	if (out == NULL || refs == NULL) {
		free(out);
		free(refs);
		return NULL;
	}
	for (i = 0, c = batch_next(b, &block, NULL); c != NULL;
	    c = batch_next(b, &block, c), i++)
		refs[i] = (struct ref){ head_of(change_key(c), skip), i, c };
	qsort(refs, n, sizeof(*refs), ref_cmp);
	for (i = 0; i < n; i++)
		out[i] = refs[i].c;
	free(refs);
	return out;
}
