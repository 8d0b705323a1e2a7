#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "facts/lz4.h"
#include "facts/package.h"
#include "facts/pieces.h"
#include "update/version.h"

/*
 * upgradable: which packages apt would upgrade, by the lists that it has
 * fetched.  These are some 50 MB: so they are read piece by piece.
 */

static const struct fact facts[] = {
	{ "[]", "string", "/var/lib/apt/lists, plain or in LZ4, against "
	    "/var/lib/dpkg/status; pinning is not looked at", false },
	{ NULL, NULL, NULL, false }
};

static const char lists[] = "/var/lib/apt/lists";

/* A suite says in its Release file whether it is for upgrades. */
enum suite { FOR_ALL, FOR_ITS_OWN, NOT_AUTOMATIC };

struct installed {
	const char	*name;		/* these lie in the arena */
	struct str	 arch;
	struct str	 version;
	struct str	 best[2];	/* by FOR_ALL and FOR_ITS_OWN */
};

struct upgrades {
	struct facts	*f;
	struct buf	 all;		/* struct installed, by name */
	struct str	 native;
	enum suite	 suite;
	/* The record at hand. */
	struct buf	 name;
	struct buf	 arch;
	struct buf	 version;
};

static void
take_installed(const struct package *p, void *arg)
{
	struct upgrades *u = arg;
	struct installed one = { .arch = arena_str(facts_arena(u->f), p->arch),
	    .version = arena_str(facts_arena(u->f), p->version) };

	if ((one.name = arena_cstr(facts_arena(u->f), p->name)) != NULL)
		buf_add(&u->all, &one, sizeof(one));
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(((const struct installed *)a)->name,
	    ((const struct installed *)b)->name);
}

static bool
same_arch(struct str a, struct str b)
{
	return str_eq(a, b) || text_is(a, "all") || text_is(b, "all");
}

/* Of one name there may be several, for as many architectures. */
static void
end_record(struct upgrades *u)
{
	struct installed key = { .name = NULL };
	struct installed *first = (void *)u->all.p, *at, *end;
	struct str version = buf_view(&u->version), *best;

	buf_putc(&u->name, '\0');
	key.name = u->name.p;
	end = first + u->all.len / sizeof(key);
	at = version.len == 0 || buf_failed(&u->name) ? NULL :
	    bsearch(&key, first, (size_t)(end - first), sizeof(key), by_name);
	while (at != NULL && at > first && by_name(at - 1, &key) == 0)
		at--;
	for (; at != NULL && at < end && by_name(at, &key) == 0; at++) {
		best = &at->best[u->suite];
		if (same_arch(at->arch, buf_view(&u->arch)) &&
		    (best->len == 0 || version_cmp(version, *best) > 0))
			*best = arena_str(facts_arena(u->f), version);
	}
	buf_reset(&u->name);
	buf_reset(&u->arch);
	buf_reset(&u->version);
}

static void
take_field(struct str line, const char *key, struct buf *to)
{
	size_t n = strlen(key);

	if (line.len <= n || memcmp(line.p, key, n) != 0)
		return;
	buf_reset(to);
	buf_str(to, text_trim((struct str){ line.p + n, line.len - n }));
}

static void
take_line(struct str line, void *arg)
{
	struct upgrades *u = arg;

	if (line.len == 0)
		end_record(u);
	else if (*line.p == 'P')
		take_field(line, "Package:", &u->name);
	else if (*line.p == 'V')
		take_field(line, "Version:", &u->version);
	else if (*line.p == 'A')
		take_field(line, "Architecture:", &u->arch);
}

static void
read_lz4(struct upgrades *u, struct pieces *pieces, int fd)
{
	struct lz4 *z = lz4_new(fd);
	const char *p;
	long n = -1;

	while (z != NULL && (n = lz4_next(z, &p)) > 0)
		pieces_take(pieces, (struct str){ p, (size_t)n });
	if (n == -1)
		src_error(u->f, lists, z == NULL ? strerror(ENOMEM) :
		    "a list cannot be decompressed");
	lz4_free(z);
	pieces_end(pieces);
}

/*
 * The Release file whose name, up to that word, begins the name of the list:
 * of a suite like experimental or backports it says that it is not automatic.
 */
static enum suite
suite_of(struct facts *f, const struct dir *d, struct str list)
{
	static const char *const words[] = { "InRelease", "Release" };
	struct str name, text;
	size_t i, j;

	for (i = 0; i < d->n; i++)
		for (j = 0; j < 2; j++) {
			name = str_of(d->names[i]);
			if (!text_ends(name, words[j]))
				continue;
			name.len -= strlen(words[j]);
			if (name.len == 0 || name.p[name.len - 1] != '_' ||
			    !str_starts(list, name))
				continue;
			text = src_text_max(f, d, d->names[i], SRC_LARGE);
			if (!text_is(text_field(text, "NotAutomatic", ':'),
			    "yes"))
				return FOR_ALL;
			return text_is(text_field(text,
			    "ButAutomaticUpgrades", ':'), "yes") ?
			    FOR_ITS_OWN : NOT_AUTOMATIC;
		}
	return FOR_ALL;
}

static void
read_list(struct upgrades *u, const struct dir *d, const char *name)
{
	struct str s = str_of(name);
	struct pieces pieces = { .fn = take_line, .arg = u };
	bool lz4 = text_ends(s, "_Packages.lz4");
	int fd, error = 0;

	if (!lz4 && !text_ends(s, "_Packages")) {
		if (text_has(s, "_Packages."))
			src_error(u->f, lists, "a list is compressed in a "
			    "way that is not known here");
		return;
	}
	u->suite = suite_of(u->f, d, s);
	if (u->suite == NOT_AUTOMATIC || (fd = src_open(u->f, d, name)) == -1)
		return;
	if (lz4)
		read_lz4(u, &pieces, fd);
	else
		error = pieces_read(&pieces, u->f, lists, fd, SIZE_MAX);
	close(fd);
	end_record(u);
	if (error != 0)
		src_errno(u->f, lists, error);
}

/* One from backports is upgraded from there, all others from elsewhere. */
static bool
is_upgradable(const struct installed *p)
{
	if (p->best[FOR_ALL].len > 0 &&
	    version_cmp(p->best[FOR_ALL], p->version) > 0)
		return true;
	return p->best[FOR_ITS_OWN].len > 0 &&
	    (p->best[FOR_ALL].len == 0 ||
	    version_cmp(p->version, p->best[FOR_ALL]) > 0) &&
	    version_cmp(p->best[FOR_ITS_OWN], p->version) > 0;
}

static void
put(struct upgrades *u, struct val *o, const struct installed *p)
{
	struct buf b = { 0 };

	if (!is_upgradable(p))
		return;
	buf_puts(&b, p->name);
	if (!same_arch(p->arch, u->native)) {
		buf_putc(&b, ':');
		buf_str(&b, p->arch);
	}
	val_str(o, NULL, buf_view(&b));
	buf_clear(&b);
}

static void
run(struct facts *f, struct val *o)
{
	struct upgrades u = { .f = f };
	const struct installed *p;
	struct dir d;
	size_t i, n;

	if (!dpkg_each(f, take_installed, &u) || buf_failed(&u.all))
		goto clear;
	facts_run_named(f, "os");
	u.native = val_text(val_find(facts_top(f), str_of("os.architecture")));
	n = u.all.len / sizeof(*p);
	if (n > 0)
		qsort(u.all.p, n, sizeof(*p), by_name);
	if (n > 0 && dir_open(f, NULL, lists, &d)) {
		for (i = 0; i < d.n; i++)
			read_list(&u, &d, d.names[i]);
		dir_close(&d);
		p = (const void *)u.all.p;
		for (i = 0; i < n; i++)
			put(&u, o, &p[i]);
	}
clear:
	buf_clear(&u.all);
	buf_clear(&u.name);
	buf_clear(&u.arch);
	buf_clear(&u.version);
}

const struct collector collect_upgradable = {
	.name = "packages.upgradable", .help = "packages that apt has a newer "
	    "version of", .when = ON_REQUEST, .is_array = true,
	.facts = facts, .cost = 130, .run = run
};
