#include <sys/mman.h>
#include <sys/stat.h>

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "facts/text.h"
#include "package/plan.h"

/*
 * What apt could install.  Where no preference of the admin's and no release
 * that asks to be held back has a say, that is the highest version in the
 * lists, which are read here.  Else, and where the lists are compressed or
 * older than what they are made of, apt-cache has to be asked.
 */
#define LISTS	"/var/lib/apt/lists"

struct lookup {
	struct package_offer *const *v;
	size_t		 n;
	struct str	 arch;		/* of dpkg itself */
	bool		 plain;		/* the lists say it all */
};

static void
add_version(struct package_offer *o, struct str ver)
{
	size_t i;

	if (ver.len == 0)
		return;
	for (i = 0; i < o->versions.len; i += strlen(o->versions.p + i) + 1)
		if (str_eq(str_of(o->versions.p + i), ver))
			return;
	buf_str(&o->versions, ver);
	buf_putc(&o->versions, '\0');
	o->known = true;
	if (o->best == NULL || version_cmp(ver, str_of(o->best)) > 0) {
		free(o->best);
		o->best = strndup(ver.p, ver.len);
	}
}

/* Does "Provides: a, b (= 1)" have the name? */
static bool
is_among(struct str list, const char *name)
{
	struct str item;

	while (list.len > 0) {
		item = text_cut(&list, ',');
		if (text_is(text_word(&item), name))
			return true;
	}
	return false;
}

static void
take_record(const struct lookup *l, struct str record)
{
	struct str name = text_field(record, "Package", ':'),
	    arch = text_field(record, "Architecture", ':'), provides;
	size_t i;

	if (!str_eq(arch, l->arch) && !text_is(arch, "all"))
		return;
	provides = text_field(record, "Provides", ':');
	for (i = 0; i < l->n; i++) {
		if (text_is(name, l->v[i]->name))
			add_version(l->v[i],
			    text_field(record, "Version", ':'));
		else if (provides.len > 0 &&
		    is_among(provides, l->v[i]->name))
			l->v[i]->known = true;
	}
}

/* Could the record be about one of them? */
static bool
is_of_interest(const struct lookup *l, struct str record)
{
	struct str first, rest = record;
	size_t i;

	if (!text_line(&rest, &first))
		return false;
	for (i = 0; i < l->n; i++)
		if (str_starts(first, str_of("Package: ")) &&
		    text_is((struct str){ first.p + 9, first.len - 9 },
		    l->v[i]->name))
			return true;
	return memmem(record.p, record.len, "\nProvides:", 10) != NULL ||
	    !str_starts(first, str_of("Package: "));
}

void
apt_take_list(struct package_offer *const *v, size_t n, struct str arch,
    struct str text)
{
	const struct lookup l = { .v = v, .n = n, .arch = arch };
	const char *end;
	struct str record;

	while (text.len > 0) {
		end = memmem(text.p, text.len, "\n\n", 2);
		record = (struct str){ text.p, end == NULL ? text.len :
		    (size_t)(end - text.p) };
		if (is_of_interest(&l, record))
			take_record(&l, record);
		if (end == NULL)
			break;
		text.p += record.len + 2;
		text.len -= record.len + 2;
	}
}

static void
read_list(struct lookup *l, const char *path)
{
	struct stat st;
	void *p;
	int fd;

	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) == -1) {
		l->plain = false;
		return;
	}
	if (fstat(fd, &st) == -1)
		l->plain = false;
	else if (st.st_size > 0) {
		p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd,
		    0);
		if (p == MAP_FAILED)
			l->plain = false;
		else {
			apt_take_list(l->v, l->n, l->arch, (struct str){ p,
			    (size_t)st.st_size });
			munmap(p, (size_t)st.st_size);
		}
	}
	close(fd);
}

/* The release asks to be passed over, as backports do. */
static bool
is_held_back(const char *path)
{
	char line[512];
	bool found = false;
	FILE *f;

	if ((f = fopen(path, "re")) == NULL)
		return true;
	while (!found && fgets(line, sizeof(line), f) != NULL)
		found = strncmp(line, "NotAutomatic: yes", 17) == 0;
	fclose(f);
	return found;
}

static void
read_lists(struct lookup *l)
{
	char path[PATH_MAX];
	struct dirent *e;
	struct str name;
	DIR *d;

	if ((d = opendir(LISTS)) == NULL) {
		l->plain = false;
		return;
	}
	while (l->plain && (e = readdir(d)) != NULL) {
		name = str_of(e->d_name);
		(void)snprintf(path, sizeof(path), LISTS "/%s", e->d_name);
		if (text_ends(name, "_Packages"))
			read_list(l, path);
		else if (text_ends(name, "Release"))
			l->plain = !is_held_back(path);
		else if (text_has(name, "_Packages."))
			l->plain = false;
	}
	closedir(d);
}

/* Is anything in the directory, but for what apt ignores? */
static bool
has_files(const char *path)
{
	struct dirent *e;
	bool found = false;
	DIR *d;

	if ((d = opendir(path)) == NULL)
		return false;
	while (!found && (e = readdir(d)) != NULL)
		found = *e->d_name != '.' &&
		    strchr(e->d_name, '~') == NULL;
	closedir(d);
	return found;
}

/* Does any file of apt's configuration name a release to be preferred? */
static bool
prefers_release(void)
{
	static const char dir[] = "/etc/apt/apt.conf.d";
	char path[PATH_MAX], line[1024];
	bool found = getenv("APT_CONFIG") != NULL ||
	    access("/etc/apt/apt.conf", F_OK) == 0;
	struct dirent *e;
	DIR *d;
	FILE *f;

	if (found || (d = opendir(dir)) == NULL)
		return found;
	while (!found && (e = readdir(d)) != NULL) {
		(void)snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
		if (*e->d_name == '.' || (f = fopen(path, "re")) == NULL)
			continue;
		while (!found && fgets(line, sizeof(line), f) != NULL)
			found = strcasestr(line, "Default-Release") != NULL ||
			    strcasestr(line, "Dir::") != NULL;
		fclose(f);
	}
	closedir(d);
	return found;
}

static bool
is_newer(const char *path, const struct stat *than)
{
	struct stat st;

	return stat(path, &st) == 0 &&
	    (st.st_mtim.tv_sec > than->st_mtim.tv_sec ||
	    (st.st_mtim.tv_sec == than->st_mtim.tv_sec &&
	    st.st_mtim.tv_nsec > than->st_mtim.tv_nsec));
}

static bool
are_sources_newer(const struct stat *than)
{
	static const char dir[] = "/etc/apt/sources.list.d";
	char path[PATH_MAX];
	bool newer = is_newer("/etc/apt/sources.list", than) ||
	    is_newer(dir, than);
	struct dirent *e;
	DIR *d;

	if (newer || (d = opendir(dir)) == NULL)
		return newer;
	while (!newer && (e = readdir(d)) != NULL) {
		(void)snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
		newer = *e->d_name != '.' && is_newer(path, than);
	}
	closedir(d);
	return newer;
}

static bool
is_simple(void)
{
	struct stat lists;

	return stat(LISTS, &lists) == 0 &&
	    access("/etc/apt/preferences", F_OK) == -1 &&
	    !has_files("/etc/apt/preferences.d") && !prefers_release() &&
	    !are_sources_newer(&lists);
}

/* apt never goes back by itself: what is there counts as offered. */
static void
add_installed(struct packages *ps, const struct lookup *l)
{
	struct package_want as_apt = { .m = manager_called("apt") };
	struct package_found f;
	size_t i;

	for (i = 0; i < l->n; i++) {
		package_find(ps, &as_apt, l->v[i]->name, &f);
		if (f.state == PACKAGE_INSTALLED && l->v[i]->best != NULL)
			add_version(l->v[i], str_of(f.version));
	}
}

static bool
read_own(struct packages *ps, struct lookup *l)
{
	struct package_want as_apt = { .m = manager_called("apt") };
	const struct package_entry *e;
	struct package_found f;
	size_t i;

	for (i = 0; i < l->n; i++)
		if (strchr(l->v[i]->name, ':') != NULL)
			return false;
	package_find(ps, &as_apt, "dpkg", &f);
	for (e = ps->entries; e < ps->entries + ps->nentries; e++)
		if (strcmp(e->name, "dpkg") == 0)
			l->arch = str_of(e->arch);
	if (l->arch.len == 0 || !is_simple())
		return false;
	l->plain = true;
	read_lists(l);
	if (l->plain)
		add_installed(ps, l);
	return l->plain;
}

static struct package_offer *
offer_called(const struct lookup *l, struct str name)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		if (str_eq(str_of(l->v[i]->name), name))
			return l->v[i];
	return NULL;
}

/*
 * "NAME:", "  Candidate: VERSION", then "     VERSION PRIORITY" for each
 * that there is; one that is installed has "***" before it.
 */
void
apt_take_policy(struct package_offer *const *v, size_t n, struct str text)
{
	const struct lookup l = { .v = v, .n = n };
	struct package_offer *o = NULL;
	struct str line, word;
	int64_t priority;
	char *best;

	while (text_line(&text, &line)) {
		if (line.len > 1 && *line.p != ' ') {
			line.len--;
			o = offer_called(&l, line);
			continue;
		}
		word = text_word(&line);
		if (o == NULL || word.len == 0 || text_is(word, "Installed:"))
			continue;
		if (text_is(word, "Candidate:")) {
			word = text_word(&line);
			if (text_is(word, "(none)") ||
			    (best = strndup(word.p, word.len)) == NULL)
				continue;
			free(o->best);
			o->best = best;
			o->known = true;
			continue;
		}
		if (text_is(word, "***"))
			word = text_word(&line);
		if (text_num(text_trim(line), &priority)) {
			buf_str(&o->versions, word);
			buf_putc(&o->versions, '\0');
			o->known = true;
		}
	}
}

static int
ask_cache(const struct packages *ps, const struct lookup *l, struct buf *why)
{
	static const char *const words[] = { "apt-cache", "policy", NULL };
	/* It would bring its own cache up to date. */
	static const char *const dry[] = { "apt-cache", "-o",
	    "Dir::Cache::pkgcache=", "-o", "Dir::Cache::srcpkgcache=",
	    "policy", NULL };
	struct package_want as_apt = { .m = manager_called("apt") };
	struct buf out = { 0 };
	const char **names;
	size_t i;
	int rc;

	if ((names = calloc(l->n + 1, sizeof(*names))) == NULL) {
		buf_puts(why, "out of memory");
		return -1;
	}
	for (i = 0; i < l->n; i++)
		names[i] = l->v[i]->name;
	if ((rc = package_ask(&as_apt, ps->dry ? dry : words, names, &out,
	    why)) == 0)
		apt_take_policy(l->v, l->n, buf_view(&out));
	buf_clear(&out);
	free(names);
	return rc;
}

int
apt_offers(struct packages *ps, struct package_offer **v, size_t n,
    struct buf *why)
{
	struct lookup l = { .v = v, .n = n };
	size_t i;

	if (n == 0 || read_own(ps, &l))
		return 0;
	for (i = 0; i < n; i++) {
		buf_reset(&v[i]->versions);
		free(v[i]->best);
		v[i]->best = NULL;
		v[i]->known = false;
	}
	return ask_cache(ps, &l, why);
}
