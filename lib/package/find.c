#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "facts/facts.h"
#include "facts/text.h"
#include "package/plan.h"

/*
 * The database is read once and made a table, which stands as long as the
 * files that it is made of do not change.  A dry run enters what would be.
 */
struct packages *
packages_new(void)
{
	return calloc(1, sizeof(struct packages));
}

void
packages_forget(struct packages *ps)
{
	ps->database = NULL;
	ps->nentries = 0;
	buf_reset(&ps->text);
}

void
packages_free(struct packages *ps)
{
	struct package_pretended *p;
	struct package_want *w;

	if (ps == NULL)
		return;
	while ((p = ps->pretended) != NULL) {
		ps->pretended = p->next;
		free(p->key);
		free(p->version);
		free(p);
	}
	while ((w = ps->ahead) != NULL) {
		ps->ahead = w->next;
		want_free(w);
	}
	packages_forget_offers(ps);
	buf_clear(&ps->text);
	buf_clear(&ps->version);
	free(ps->entries);
	free(ps);
}

void
packages_stale(struct packages *ps)
{
	ps->nrefreshed = 0;
	packages_forget_offers(ps);
}

struct reading {
	struct packages	*ps;
	size_t		 room;
	bool		 failed;
};

/* An offset for now: the text moves as it grows. */
static const char *
keep(struct packages *ps, struct str s)
{
	size_t at = ps->text.len;

	buf_str(&ps->text, s);
	buf_putc(&ps->text, '\0');
	return (const char *)(uintptr_t)at;
}

static enum package_state
state_of(const struct package *p)
{
	if (p->state.len == 0 || text_is(p->state, "installed") ||
	    text_is(p->state, "triggers-pending") ||
	    text_is(p->state, "triggers-awaited"))
		return PACKAGE_INSTALLED;
	if (text_is(p->state, "config-files"))
		return PACKAGE_LEFT;
	return text_is(p->state, "not-installed") ? PACKAGE_NONE :
	    PACKAGE_PARTLY;
}

static void
take(const struct package *p, void *arg)
{
	struct reading *r = arg;
	struct packages *ps = r->ps;
	struct package_entry *more;

	if (ps->nentries == r->room) {
		r->room = r->room == 0 ? 1024 : 2 * r->room;
		more = reallocarray(ps->entries, r->room, sizeof(*more));
		if (more == NULL) {
			r->failed = true;
			r->room = ps->nentries;
			return;
		}
		ps->entries = more;
	}
	ps->entries[ps->nentries++] = (struct package_entry){
	    .name = keep(ps, p->name), .version = keep(ps, p->version),
	    .arch = keep(ps, p->arch), .provides = keep(ps, p->provides),
	    .state = state_of(p), .held = text_is(p->status, "hold") };
}

static int
by_name(const void *a, const void *b)
{
	const struct package_entry *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static void
look_at(const struct manager *m, struct stat st[PACKAGE_PATHS])
{
	int i;

	memset(st, 0, PACKAGE_PATHS * sizeof(*st));
	for (i = 0; i < PACKAGE_PATHS && m->paths[i] != NULL; i++)
		if (stat(m->paths[i], &st[i]) == -1)
			memset(&st[i], 0, sizeof(st[i]));
}

static bool
is_current(const struct packages *ps, const struct manager *m)
{
	struct stat now[PACKAGE_PATHS];
	int i;

	if (ps->database == NULL || strcmp(ps->database, m->database) != 0)
		return false;
	look_at(m, now);
	for (i = 0; i < PACKAGE_PATHS; i++)
		if (now[i].st_ino != ps->seen[i].st_ino ||
		    now[i].st_size != ps->seen[i].st_size ||
		    now[i].st_mtim.tv_sec != ps->seen[i].st_mtim.tv_sec ||
		    now[i].st_mtim.tv_nsec != ps->seen[i].st_mtim.tv_nsec)
			return false;
	return true;
}

static void
settle(struct packages *ps)
{
	struct package_entry *e;
	const char *base = ps->text.p;

	for (e = ps->entries; e < ps->entries + ps->nentries; e++) {
		e->name = base + (uintptr_t)e->name;
		e->version = base + (uintptr_t)e->version;
		e->arch = base + (uintptr_t)e->arch;
		e->provides = base + (uintptr_t)e->provides;
	}
	if (ps->nentries > 0)
		qsort(ps->entries, ps->nentries, sizeof(*e), by_name);
}

static void
read_database(struct packages *ps, const struct manager *m)
{
	static const struct facts_options o = { .compat = false };
	struct reading r = { .ps = ps };
	struct facts *f;

	packages_forget(ps);
	free(ps->entries);
	ps->entries = NULL;
	look_at(m, ps->seen);
	if (facts_new(&f, &o) != 0)
		return;
	(void)facts_packages_of(f, m->database, take, &r);
	facts_free(f);
	if (r.failed || buf_failed(&ps->text))
		packages_forget(ps);
	else {
		settle(ps);
		ps->database = m->database;
	}
}

/* Of several architectures, the one that is there most. */
static const struct package_entry *
find_entry(const struct packages *ps, const char *name)
{
	const struct package_entry *e, *best = NULL;
	struct package_entry key = { .name = name };
	const char *colon = strrchr(name, ':');
	char *bare = NULL;

	if (colon != NULL && strcmp(ps->database, "apt") == 0)
		key.name = bare = strndup(name, (size_t)(colon - name));
	if (key.name != NULL && ps->nentries > 0 &&
	    (e = bsearch(&key, ps->entries, ps->nentries, sizeof(key),
	    by_name)) != NULL) {
		while (e > ps->entries && strcmp(e[-1].name, key.name) == 0)
			e--;
		for (; e < ps->entries + ps->nentries &&
		    strcmp(e->name, key.name) == 0; e++)
			if ((bare == NULL || strcmp(e->arch, colon + 1) == 0) &&
			    (best == NULL || e->state > best->state))
				best = e;
	}
	free(bare);
	return best;
}

/* "mail-transport-agent, imap-server (= 1)": is name one of them? */
static bool
is_provided(const char *list, const char *name)
{
	size_t n = strlen(name);
	const char *p;

	for (p = strstr(list, name); p != NULL; p = strstr(p + 1, name))
		if ((p == list || strchr(" ,\n", p[-1]) != NULL) &&
		    (p[n] == '\0' || strchr(" ,\n(=<>~", p[n]) != NULL))
			return true;
	return false;
}

static const struct package_entry *
find_provider(const struct packages *ps, const char *name)
{
	static const struct package_entry by_rpm = { .version = "",
	    .state = PACKAGE_INSTALLED };
	static const struct facts_options o = { .compat = false };
	const struct package_entry *e;
	struct facts *f;
	bool found;

	if (strcmp(ps->database, "rpm") == 0) {
		if (ps->nentries == 0 || facts_new(&f, &o) != 0)
			return NULL;
		found = facts_rpm_provides(f, name);
		facts_free(f);
		return found ? &by_rpm : NULL;
	}
	for (e = ps->entries; e < ps->entries + ps->nentries; e++)
		if (e->state == PACKAGE_INSTALLED && *e->provides != '\0' &&
		    is_provided(e->provides, name))
			return e;
	return NULL;
}

/* zypper and dnf have files of their own for what is held. */
static bool
is_locked(const struct manager *m, const char *name)
{
	const char *path = strcmp(m->name, "zypper") == 0 ?
	    "/etc/zypp/locks" : "/etc/dnf/plugins/versionlock.list";
	const char *prefix = strcmp(m->name, "zypper") == 0 ?
	    "solvable_name: " : "";
	size_t n = strlen(prefix), len = strlen(name), size = 0;
	char *line = NULL;
	bool found = false;
	FILE *f;

	if ((f = fopen(path, "re")) == NULL)
		return false;
	while (!found && getline(&line, &size, f) != -1)
		found = strncmp(line, prefix, n) == 0 &&
		    strncmp(line + n, name, len) == 0 &&
		    (line[n + len] == '\n' || (line[n + len] == '-' &&
		    line[n + len + 1] >= '0' && line[n + len + 1] <= '9'));
	free(line);
	fclose(f);
	return found;
}

static void
find_in_database(struct packages *ps, const struct manager *m,
    const char *name, struct package_found *f)
{
	const struct package_entry *e;

	if (!is_current(ps, m))
		read_database(ps, m);
	if (ps->database == NULL)
		return;
	e = find_entry(ps, name);
	if (e != NULL) {
		f->state = e->state;
		f->held = e->held;
		f->version = e->version;
	}
	if (f->state != PACKAGE_INSTALLED &&
	    (e = find_provider(ps, name)) != NULL) {
		f->state = e->state;
		f->version = e->version;
	}
	if (m->verbs[VERB_HOLD] != NULL && strcmp(m->database, "rpm") == 0)
		f->held = is_locked(m, name);
}

/* A key for what belongs together, however the manager is called. */
static char *
key_of(const struct package_want *w, const char *name)
{
	char *key;

	if (asprintf(&key, "%s\n%s\n%s", w->m->database != NULL ?
	    w->m->database : w->m->name, w->prefix != NULL ? w->prefix : "",
	    name) == -1)
		return NULL;
	return key;
}

static struct package_pretended *
find_pretended(const struct packages *ps, const struct package_want *w,
    const char *name)
{
	struct package_pretended *p = ps->pretended;
	char *key;

	if (p == NULL || (key = key_of(w, name)) == NULL)
		return NULL;
	while (p != NULL && strcmp(p->key, key) != 0)
		p = p->next;
	free(key);
	return p;
}

void
package_find(struct packages *ps, const struct package_want *w,
    const char *name, struct package_found *f)
{
	const struct package_pretended *p = find_pretended(ps, w, name);

	*f = (struct package_found){ .state = PACKAGE_NONE, .version = "" };
	if (p != NULL) {
		*f = (struct package_found){ p->state,
		    p->version != NULL ? p->version : "", p->held };
		return;
	}
	if (w->m->database != NULL) {
		find_in_database(ps, w->m, name, f);
		return;
	}
	buf_reset(&ps->version);
	if (w->m->look(w->prefix, name, &ps->version)) {
		buf_putc(&ps->version, '\0');
		f->state = PACKAGE_INSTALLED;
		if (!buf_failed(&ps->version))
			f->version = ps->version.p;
	}
}

int
package_pretend(struct packages *ps, const struct package_want *w,
    const char *name, enum package_state state, const char *version, bool held)
{
	struct package_pretended *p = find_pretended(ps, w, name);
	char *copy = NULL;

	if (version != NULL && (copy = strdup(version)) == NULL)
		return -1;
	if (p == NULL) {
		if ((p = calloc(1, sizeof(*p))) == NULL ||
		    (p->key = key_of(w, name)) == NULL) {
			free(p);
			free(copy);
			return -1;
		}
		p->next = ps->pretended;
		ps->pretended = p;
	}
	free(p->version);
	p->version = copy;
	p->state = state;
	p->held = held;
	return 0;
}
