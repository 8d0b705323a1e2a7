#include <sha2.h>

#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "store/store.h"
#include "update/update.h"
#include "update/version.h"

#include "show.h"

/*
 * Packages as updates.  A record is told apart by the id of its name, so of
 * several whose ids are alike (kernels side by side, "a.b" and "a-b") each
 * gets an instance of its own: the newest, or first, is 0.
 */
struct entry {
	char		*name;
	char		*version;
	size_t		 idlen;
	char		 id[UPDATE_ID_MAX];
};

struct set {
	struct facts	*f;
	struct str	 native;	/* architecture */
	struct buf	 entries;	/* struct entry */
	struct buf	 name;		/* of the package at hand */
	struct arena	 texts;
	uint64_t	 bad;
};

static char *
keep(struct set *set, struct str s)
{
	char *p = arena_cstr(&set->texts, s);

	if (p == NULL) {
		errno = ENOMEM;
		err(EXIT_TROUBLE, NULL);
	}
	return p;
}

/*
 * A field holds 50 characters.  Of more, the first 41 are kept, and eight
 * digits of the digest of all tell it from others that begin so.
 */
static char *
fit(struct set *set, struct str s)
{
	enum { KEPT = UPDATE_CHARS_MAX - 9 };
	struct str rest = s;
	char hex[SHA256_DIGEST_STRING_LENGTH], *p, *kept;
	SHA2_CTX ctx;
	size_t n, chars;

	if (s.len <= UPDATE_CHARS_MAX ||
	    (n = utf8_count(s)) <= UPDATE_CHARS_MAX || n == SIZE_MAX)
		return keep(set, s);
	for (chars = 0; chars < KEPT; chars++) {
		n = utf8_next(rest, NULL);
		rest = (struct str){ rest.p + n, rest.len - n };
	}
	SHA256Init(&ctx);
	SHA256Update(&ctx, (const uint8_t *)s.p, s.len);
	(void)SHA256End(&ctx, hex);
	n = (size_t)(rest.p - s.p);
	if (asprintf(&p, "%.*s~%.8s", (int)n, s.p, hex) == -1)
		err(EXIT_TROUBLE, NULL);
	kept = keep(set, str_of(p));
	free(p);
	return kept;
}

/* Those of another architecture by the name that the manager prints. */
static struct str
full_name(struct set *s, const struct package *p)
{
	if (p->arch.len == 0 || str_eq(p->arch, str_of("all")) ||
	    str_eq(p->arch, s->native) || strcmp(p->provider, "apt") != 0)
		return p->name;
	buf_reset(&s->name);
	buf_str(&s->name, p->name);
	buf_putc(&s->name, ':');
	buf_str(&s->name, p->arch);
	return buf_view(&s->name);
}

static void
take(const struct package *p, void *arg)
{
	struct set *s = arg;
	struct entry e;
	struct update u;
	const char *why;

	e.name = fit(s, full_name(s, p));
	e.version = fit(s, p->version);
	if (update_make(&u, str_of(e.name), str_of(e.version),
	    (struct str){ "", 0 }, 0, &why) == -1) {
		warnx("%s: %s", e.name, why);
		s->bad++;
		return;
	}
	e.idlen = update_app_id(e.id, str_of(e.name));
	buf_add(&s->entries, &e, sizeof(e));
}

static int
by_id(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int c = str_cmp((struct str){ x->id, x->idlen },
	    (struct str){ y->id, y->idlen });

	if (c == 0)
		c = strcmp(x->name, y->name);
	if (c == 0)
		c = version_cmp(str_of(y->version), str_of(x->version));
	return c;
}

static bool
is_twin(const struct entry *a, const struct entry *b)
{
	return a->idlen == b->idlen && memcmp(a->id, b->id, a->idlen) == 0;
}

static void
print(struct set *s)
{
	struct entry *e = (struct entry *)(void *)s->entries.p;
	size_t i, n = s->entries.len / sizeof(*e);
	struct update u = { .host = { "", 0 } };
	struct buf b = { 0 };

	if (buf_failed(&s->entries)) {
		errno = ENOMEM;
		err(EXIT_TROUBLE, NULL);
	}
	if (n > 0)
		qsort(e, n, sizeof(*e), by_id);
	for (i = 0; i < n; i++) {
		u.app = str_of(e[i].name);
		u.ver = str_of(e[i].version);
		u.instance = i > 0 && is_twin(&e[i], &e[i - 1]) ?
		    u.instance + 1 : 0;
		if (u.instance > UPDATE_INSTANCE_MAX) {
			warnx("%s: there are too many", e[i].name);
			s->bad++;
			continue;
		}
		update_format(&b, &u);
		buf_putc(&b, '\n');
	}
	out_write(&b);
	buf_clear(&b);
}

/* 64 bits of the digest are what the store remembers. */
static uint64_t
digest(struct facts *f)
{
	char hex[65];
	uint64_t n;

	facts_package_digest(f, hex);
	hex[16] = '\0';
	n = strtoull(hex, NULL, 16);
	return n != 0 ? n : 1;
}

static bool
is_known(const char *dir, uint64_t now)
{
	struct store *s;
	struct store_view *v;
	uint64_t before = 0;
	int rc;

	if ((rc = store_open(&s, dir, STORE_READ)) == ENOENT)
		return false;
	if (rc != 0)
		errx(EXIT_TROUBLE, "%s: %s", dir, store_strerror(rc));
	if ((rc = store_view(s, &v)) == 0) {
		rc = store_note(v, "packages", &before);
		store_view_end(v);
	}
	if (rc != 0)
		errx(EXIT_TROUBLE, "%s: %s", dir, store_strerror(rc));
	store_close(s);
	return before == now;
}

static void
remember(const char *dir, uint64_t now)
{
	struct store *s;
	struct store_tx *t;
	int rc;

	if ((rc = store_open(&s, dir, STORE_WRITE)) != 0)
		errx(EXIT_TROUBLE, "%s: %s", dir, store_strerror(rc));
	if ((rc = store_begin(s, &t)) == 0) {
		if ((rc = store_note_put(t, "packages", now)) == 0)
			rc = store_commit(t);
		else
			store_abort(t);
	}
	if (rc != 0)
		errx(EXIT_TROUBLE, "%s: %s", dir, store_strerror(rc));
	store_close(s);
}

int
show_packages(struct facts *f, const struct wanted *w)
{
	struct set s = { .f = f };
	uint64_t now = w->changed ? digest(f) : 0;
	const struct val *v;

	if (w->changed && is_known(w->dir, now))
		return 0;
	v = facts_get(f, str_of("os.architecture"));
	s.native = val_text(v);
	facts_each_package(f, take, &s);
	print(&s);
	out_close();
	if (w->changed && s.bad == 0)
		remember(w->dir, now);
	arena_clear(&s.texts);
	buf_clear(&s.entries);
	buf_clear(&s.name);
	return s.bad > 0 ? EXIT_TROUBLE : 0;
}
