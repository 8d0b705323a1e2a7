#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#include "base/symbol.h"
#include "facts/package.h"

/*
 * rpm: the database is librpm's own business, in several formats.  So it is
 * loaded where such a database is found, and nowhere else.
 */
enum {
	TAG_NAME = 1000, TAG_VERSION = 1001, TAG_RELEASE = 1002,
	TAG_EPOCH = 1003, TAG_SIZE = 1009, TAG_ARCH = 1022,
	TAG_SOURCERPM = 1044, TAG_PROVIDENAME = 1047, DBI_PACKAGES = 0,
	LOG_EMERGENCIES = 1,		/* of which it has none */
	/* Neither digests nor signatures are looked at. */
	NO_CHECKS = 0xf0f00
};

struct librpm {
	int	 (*read_config)(const char *, const char *);
	int	 (*define)(void *, const char *, int);
	int	 (*log_only)(int);
	void	*(*ts_create)(void);
	void	*(*ts_free)(void *);
	int	 (*ts_set_root)(void *, const char *);
	unsigned (*ts_set_flags)(void *, unsigned);
	void	*(*iterate)(const void *, int, const void *, size_t);
	void	*(*next)(void *);
	void	*(*end)(void *);
	const char *(*string)(void *, int);
	uint64_t (*number)(void *, int);
};

static bool
load(struct librpm *l)
{
	static const char *const sonames[] = { "librpm.so.10", "librpm.so.9",
	    "librpm.so.8" };
	const struct { const char *name; void *to; } symbols[] = {
		{ "rpmReadConfigFiles", &l->read_config },
		{ "rpmDefineMacro", &l->define },
		{ "rpmlogSetMask", &l->log_only },
		{ "rpmtsCreate", &l->ts_create },
		{ "rpmtsFree", &l->ts_free },
		{ "rpmtsSetRootDir", &l->ts_set_root },
		{ "rpmtsSetVSFlags", &l->ts_set_flags },
		{ "rpmtsInitIterator", &l->iterate },
		{ "rpmdbNextIterator", &l->next },
		{ "rpmdbFreeIterator", &l->end },
		{ "headerGetString", &l->string },
		{ "headerGetNumber", &l->number }
	};
	void *lib = NULL;
	size_t i;

	for (i = 0; lib == NULL && i < 3; i++)
		lib = dlopen(sonames[i], RTLD_NOW | RTLD_LOCAL);
	for (i = 0; lib != NULL && i < sizeof(symbols) / sizeof(symbols[0]);
	    i++)
		if (!symbol_bind(lib, symbols[i].name, symbols[i].to,
		    sizeof(void *)))
			return false;
	return lib != NULL;
}

static struct str
text_of(const struct librpm *l, void *header, int tag)
{
	const char *s = l->string(header, tag);

	return s == NULL ? (struct str){ "", 0 } : str_of(s);
}

/* "[epoch:]version-release"; public keys lie among the packages. */
static void
put_header(const struct librpm *l, void *header, package_fn *fn, void *arg)
{
	struct package p = { .bytes = -1, .provider = "rpm" };
	char version[512], epoch[24] = "";
	uint64_t n;

	p.name = text_of(l, header, TAG_NAME);
	if (p.name.len == 0 || text_is(p.name, "gpg-pubkey"))
		return;
	if ((n = l->number(header, TAG_EPOCH)) != 0)
		(void)snprintf(epoch, sizeof(epoch), "%llu:",
		    (unsigned long long)n);
	(void)snprintf(version, sizeof(version), "%s%.200s-%.200s", epoch,
	    text_of(l, header, TAG_VERSION).p,
	    text_of(l, header, TAG_RELEASE).p);
	p.version = str_of(version);
	p.arch = text_of(l, header, TAG_ARCH);
	p.source = text_of(l, header, TAG_SOURCERPM);
	if ((n = l->number(header, TAG_SIZE)) <= INT64_MAX)
		p.bytes = (int64_t)n;
	fn(&p, arg);
}

/* The directory is that of what was found: distributions differ in it. */
static bool
set_up(const struct librpm *l, const char *database)
{
	char macro[64];

	(void)snprintf(macro, sizeof(macro), "_dbpath %.*s",
	    (int)(strrchr(database, '/') - database), database);
	(void)l->log_only(LOG_EMERGENCIES);
	return l->read_config(NULL, NULL) == 0 &&
	    l->define(NULL, macro, -1) == 0;
}

/* A set of transactions on the database below the root, or NULL. */
static void *
open_database(struct facts *f, const struct librpm *l, const char *database)
{
	const char *root = facts_opt(f)->root;
	void *ts;

	if (!set_up(l, database) || (ts = l->ts_create()) == NULL) {
		src_error(f, "librpm", "cannot be set up");
		return NULL;
	}
	(void)l->ts_set_flags(ts, NO_CHECKS);
	if (root != NULL)
		(void)l->ts_set_root(ts, root);
	return ts;
}

static void
each_header(struct facts *f, const struct librpm *l, const char *database,
    package_fn *fn, void *arg)
{
	void *ts, *iterator, *header;

	if ((ts = open_database(f, l, database)) == NULL)
		return;
	if ((iterator = l->iterate(ts, DBI_PACKAGES, NULL, 0)) == NULL)
		src_error(f, database, "holds no packages");
	while (iterator != NULL && (header = l->next(iterator)) != NULL)
		put_header(l, header, fn, arg);
	if (iterator != NULL)
		(void)l->end(iterator);
	(void)l->ts_free(ts);
}

/* NULL where there is none. */
static const char *
find_database(struct facts *f)
{
	static const char *const databases[] = {
	    "/var/lib/rpm/rpmdb.sqlite", "/var/lib/rpm/Packages.db",
	    "/var/lib/rpm/Packages", "/usr/lib/sysimage/rpm/rpmdb.sqlite",
	    "/usr/lib/sysimage/rpm/Packages.db",
	    "/usr/lib/sysimage/rpm/Packages" };
	size_t i;

	for (i = 0; i < sizeof(databases) / sizeof(databases[0]); i++)
		if (src_exists(f, databases[i]))
			return databases[i];
	return NULL;
}

bool
facts_rpm_provides(struct facts *f, const char *what)
{
	const char *database = find_database(f);
	struct librpm l;
	void *ts, *iterator;
	bool found;

	if (database == NULL || !load(&l) ||
	    (ts = open_database(f, &l, database)) == NULL)
		return false;
	iterator = l.iterate(ts, TAG_PROVIDENAME, what, 0);
	found = iterator != NULL && l.next(iterator) != NULL;
	if (iterator != NULL)
		(void)l.end(iterator);
	(void)l.ts_free(ts);
	return found;
}

bool
rpm_each(struct facts *f, package_fn *fn, void *arg)
{
	const char *database = find_database(f);
	struct librpm l;

	if (database == NULL)
		return false;
	if (load(&l))
		each_header(f, &l, database, fn, arg);
	else
		src_error(f, database, "librpm is not installed");
	return true;
}
