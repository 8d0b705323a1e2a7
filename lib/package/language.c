#include <ctype.h>
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "facts/text.h"
#include "package/plan.h"

/*
 * Packages of npm, pip and gem: what is there is looked up by its name, where
 * the program that is in PATH puts it.
 */
char *
program_path(const char *name)
{
	const char *p = getenv("PATH");
	char *path;
	size_t n;

	for (; p != NULL && *p != '\0'; p += n + (p[n] == ':')) {
		n = strcspn(p, ":");
		if (n == 0 || asprintf(&path, "%.*s/%s", (int)n, p, name) ==
		    -1)
			continue;
		if (access(path, X_OK) == 0)
			return path;
		free(path);
	}
	return NULL;
}

/* The directory above the one that the program is in, or NULL. */
static char *
base_of(char *program)
{
	char *slash;
	int i;

	for (i = 0; program != NULL && i < 2; i++)
		if ((slash = strrchr(program, '/')) != NULL)
			*slash = '\0';
	return program;
}

/* --- npm */

static bool
npm_version(const char *prefix, const char *name, struct buf *b)
{
	const char *version;
	char path[PATH_MAX];
	json_t *o;

	(void)snprintf(path, sizeof(path),
	    "%s/lib/node_modules/%s/package.json", prefix, name);
	if ((o = json_load_file(path, 0, NULL)) == NULL)
		return false;
	version = json_string_value(json_object_get(o, "version"));
	buf_puts(b, version != NULL ? version : "");
	json_decref(o);
	return true;
}

/* The prefix that npm's own settings name, to be freed, or NULL. */
static char *
npm_setting(void)
{
	const char *env = getenv("npm_config_prefix"), *home = getenv("HOME");
	char path[PATH_MAX], line[PATH_MAX], *found = NULL;
	struct str value;
	FILE *f;

	if (env == NULL)
		env = getenv("NPM_CONFIG_PREFIX");
	if (env != NULL)
		return strdup(env);
	(void)snprintf(path, sizeof(path), "%s/.npmrc",
	    home != NULL ? home : "/root");
	if ((f = fopen(path, "re")) == NULL)
		return NULL;
	while (found == NULL && fgets(line, sizeof(line), f) != NULL)
		if (text_key(text_trim(str_of(line)), "prefix", '=', &value) &&
		    value.len > 0 && *value.p == '/')
			found = strndup(value.p, value.len);
	fclose(f);
	return found;
}

bool
npm_look(const char *prefix, const char *name, struct buf *b)
{
	char *base;
	bool found;

	if (prefix != NULL)
		return npm_version(prefix, name, b);
	if ((base = npm_setting()) != NULL) {
		found = npm_version(base, name, b);
		free(base);
		return found;
	}
	base = base_of(program_path("npm"));
	found = base != NULL && npm_version(base, name, b);
	free(base);
	return found || npm_version("/usr/local", name, b);
}

/* --- pip */

char *
pip_program(const char *prefix)
{
	char *path;

	if (prefix != NULL)
		return asprintf(&path, "%s/bin/pip", prefix) == -1 ? NULL :
		    path;
	if ((path = program_path("pip3")) == NULL)
		path = program_path("pip");
	return path;
}

/* "Foo.Bar" and "foo_bar" are one: PEP 503. */
static bool
is_same_name(struct str a, const char *b)
{
	size_t i = 0;

	while (i < a.len && *b != '\0') {
		if (strchr("-_.", a.p[i]) != NULL && strchr("-_.", *b)) {
			while (i < a.len && strchr("-_.", a.p[i]) != NULL)
				i++;
			b += strspn(b, "-_.");
		} else if (tolower((unsigned char)a.p[i]) ==
		    tolower((unsigned char)*b)) {
			i++;
			b++;
		} else
			return false;
	}
	return i == a.len && *b == '\0';
}

/* NAME-VERSION.dist-info, or NAME-VERSION-py3.11.egg-info. */
static bool
pip_entry(const char *entry, const char *name, struct buf *b)
{
	struct str s = str_of(entry), found;

	if (text_ends(s, ".dist-info"))
		s.len -= strlen(".dist-info");
	else if (text_ends(s, ".egg-info"))
		s.len -= strlen(".egg-info");
	else
		return false;
	found = text_cut(&s, '-');
	if (!is_same_name(found, name))
		return false;
	buf_str(b, text_cut(&s, '-'));
	return true;
}

static bool
pip_in(const char *dir, const char *name, struct buf *b)
{
	struct dirent *e;
	bool found = false;
	DIR *d;

	if ((d = opendir(dir)) == NULL)
		return false;
	while (!found && (e = readdir(d)) != NULL)
		found = pip_entry(e->d_name, name, b);
	closedir(d);
	return found;
}

/* Below the lib of one prefix, for each Python; *any: there is one. */
static bool
pip_below(const char *lib, const char *name, struct buf *b, bool *any)
{
	static const char *const leaves[] = { "site-packages",
	    "dist-packages" };
	char path[PATH_MAX];
	struct dirent *e;
	bool found = false;
	size_t i;
	DIR *d;

	if ((d = opendir(lib)) == NULL)
		return false;
	while (!found && (e = readdir(d)) != NULL) {
		if (strncmp(e->d_name, "python3", 7) != 0)
			continue;
		*any = true;
		for (i = 0; !found && i < 2; i++) {
			(void)snprintf(path, sizeof(path), "%s/%s/%s", lib,
			    e->d_name, leaves[i]);
			found = pip_in(path, name, b);
		}
	}
	closedir(d);
	return found;
}

/* A pip that is not in the prefix that it installs to can only be asked. */
static bool
pip_ask(const char *name, struct buf *b)
{
	static const char *const words[] = { "pip", "show", NULL };
	const char *const names[] = { name, NULL };
	struct package_want w = { .m = manager_called("pip") };
	struct buf out = { 0 }, why = { 0 };
	bool found;

	found = package_ask(&w, words, names, &out, &why) == 0;
	if (found)
		buf_str(b, text_field(buf_view(&out), "Version", ':'));
	buf_clear(&out);
	buf_clear(&why);
	return found;
}

bool
pip_look(const char *prefix, const char *name, struct buf *b)
{
	char *base, lib[PATH_MAX];
	bool found, any = false;

	base = prefix != NULL ? strdup(prefix) : base_of(pip_program(NULL));
	if (base == NULL)
		return false;
	(void)snprintf(lib, sizeof(lib), "%s/lib", base);
	found = pip_below(lib, name, b, &any);
	if (!found && prefix == NULL && strcmp(base, "/usr") == 0)
		found = pip_below("/usr/local/lib", name, b, &any) ||
		    pip_below("/usr/lib64", name, b, &any);
	free(base);
	return found || (prefix == NULL && !any && pip_ask(name, b));
}

/* --- gem */

/* "rake-13.0.6.gemspec", "nokogiri-1.15.0-x86_64-linux.gemspec" */
static bool
gem_in(const char *dir, const char *name, struct buf *b)
{
	size_t n = strlen(name);
	struct dirent *e;
	bool found = false;
	struct str s;
	DIR *d;

	if ((d = opendir(dir)) == NULL)
		return false;
	while (!found && (e = readdir(d)) != NULL) {
		s = str_of(e->d_name);
		if (!text_ends(s, ".gemspec") || s.len < n + 2 + 8 ||
		    strncmp(s.p, name, n) != 0 || s.p[n] != '-' ||
		    !isdigit((unsigned char)s.p[n + 1]))
			continue;
		s = (struct str){ s.p + n + 1, s.len - n - 1 - 8 };
		buf_str(b, text_cut(&s, '-'));
		found = true;
	}
	closedir(d);
	return found;
}

bool
gem_look(const char *prefix, const char *name, struct buf *b)
{
	static const char *const roots[] = { "/var/lib/gems",
	    "/usr/local/lib/ruby/gems", "/usr/lib/ruby/gems",
	    "/usr/share/gems", "/usr/local/share/gems",
	    "/usr/share/rubygems-integration" };
	char path[PATH_MAX];
	struct dirent *e;
	bool found = false;
	size_t i;
	DIR *d;

	(void)prefix;
	for (i = 0; !found && i < sizeof(roots) / sizeof(roots[0]); i++) {
		if ((d = opendir(roots[i])) == NULL)
			continue;
		while (!found && (e = readdir(d)) != NULL) {
			if (strcmp(e->d_name, ".") == 0 ||
			    strcmp(e->d_name, "..") == 0)
				continue;
			(void)snprintf(path, sizeof(path),
			    "%s/%s/specifications", roots[i], e->d_name);
			found = gem_in(path, name, b);
		}
		closedir(d);
		(void)snprintf(path, sizeof(path), "%s/specifications",
		    roots[i]);
		found = found || gem_in(path, name, b);
	}
	return found;
}
