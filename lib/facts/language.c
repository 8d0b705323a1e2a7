#include <stdio.h>
#include <string.h>

#include "facts/json.h"
#include "facts/package.h"

static const struct fact facts[] = {
	{ "python[].name", "string", "*.dist-info, *.egg-info below "
	    "/usr/lib/python3, /usr/lib/python3.*, /usr/local/lib/python3.*",
	    false },
	{ "python[].version", "string", "same", false },
	{ "node[].name", "string", "package.json below "
	    "/usr/lib/node_modules, /usr/local/lib/node_modules", false },
	{ "node[].version", "string", "same", false },
	{ "ruby[].name", "string", "*.gemspec below /var/lib/gems, "
	    "/usr/share/rubygems-integration", false },
	{ "ruby[].version", "string", "same", false },
	{ "perl[].name", "string", "perllocal.pod below /usr/local/lib, "
	    "/usr/local/lib64/perl5, /usr/lib64/perl5", false },
	{ "perl[].version", "string", "same", false },
	{ "go[].name", "string", "what Go programs in /usr/local/bin and "
	    "/root/go/bin say that they were built from", false },
	{ "go[].version", "string", "same", false },
	{ "cargo[].name", "string", "the file .crates.toml in /usr/local, "
	    "/usr/local/cargo, /root/.cargo", false },
	{ "cargo[].version", "string", "same", false },
	{ "flatpak[].name", "string", "/var/lib/flatpak/app", false },
	{ "flatpak[].version", "string", "same: the branch", false },
	{ "snap[].name", "string", "/snap/*/current/meta/snap.yaml", false },
	{ "snap[].version", "string", "same", false },
	{ NULL, NULL, NULL, false }
};

/* A directory of packages; "@scope" holds more of them. */
static void
npm_dir(struct facts *f, const struct dir *above, const char *path,
    void (*fn)(struct val *, struct str, void *), void *arg, bool scoped)
{
	char file[NAME_MAX + 16];
	struct val *o;
	struct str text, name;
	const char *errstr;
	struct dir d;
	size_t i;

	if (!dir_open(f, above, path, &d))
		return;
	for (i = 0; i < d.n; i++) {
		if (*d.names[i] == '@' && !scoped) {
			npm_dir(f, &d, d.names[i], fn, arg, true);
			continue;
		}
		(void)snprintf(file, sizeof(file), "%s/package.json",
		    d.names[i]);
		text = src_text(f, &d, file);
		o = val_new(facts_arena(f), VAL_OBJ);
		if (text.p == NULL ||
		    json_parse(o, "json", text, &errstr) == -1)
			continue;
		o = val_get(o, "json");
		name = val_text(val_get(o, "name"));
		if (name.len > 0)
			fn(o, name, arg);
	}
	dir_close(&d);
}

void
npm_each(struct facts *f, void (*fn)(struct val *json, struct str name,
    void *arg), void *arg)
{
	npm_dir(f, NULL, "/usr/local/lib/node_modules", fn, arg, false);
	npm_dir(f, NULL, "/usr/lib/node_modules", fn, arg, false);
}

/* The head of METADATA says how it is spelt; else the directory's name. */
static void
pip_package(struct facts *f, const struct dir *d, const char *entry,
    const char *file, void (*fn)(struct str, struct str, void *), void *arg)
{
	struct str text = { NULL, 0 }, name, version;
	char path[NAME_MAX + 16];

	(void)snprintf(path, sizeof(path), "%s%s", entry, file);
	text = src_text(f, d, path);
	name = text_field(text, "Name", ':');
	version = text_field(text, "Version", ':');
	if (name.len == 0) {
		version = str_of(entry);
		version.len -= text_tail(version, '.').len + 1;
		name = text_cut(&version, '-');
		version = text_cut(&version, '-');
	}
	if (name.len > 0)
		fn(name, version, arg);
}

static void
pip_dir(struct facts *f, const char *path,
    void (*fn)(struct str, struct str, void *), void *arg)
{
	struct str name;
	struct stat st;
	struct dir d;
	size_t i;

	if (!dir_open(f, NULL, path, &d))
		return;
	for (i = 0; i < d.n; i++) {
		name = str_of(d.names[i]);
		if (text_ends(name, ".dist-info"))
			pip_package(f, &d, d.names[i], "/METADATA", fn, arg);
		else if (text_ends(name, ".egg-info") &&
		    src_stat(f, &d, d.names[i], &st))
			pip_package(f, &d, d.names[i],
			    S_ISDIR(st.st_mode) ? "/PKG-INFO" : "", fn, arg);
	}
	dir_close(&d);
}

void
pip_each(struct facts *f, void (*fn)(struct str name, struct str version,
    void *arg), void *arg)
{
	static const char *const roots[] = { "/usr/local/lib", "/usr/lib",
	    "/usr/lib64" };
	static const char *const leaves[] = { "dist-packages",
	    "site-packages" };
	char path[NAME_MAX + 64];
	struct dir d;
	size_t i, j, k;

	for (i = 0; i < 3; i++) {
		if (!dir_open(f, NULL, roots[i], &d))
			continue;
		for (j = 0; j < d.n; j++) {
			if (strncmp(d.names[j], "python3", 7) != 0)
				continue;
			for (k = 0; k < 2; k++) {
				(void)snprintf(path, sizeof(path),
				    "%s/%s/%s", roots[i], d.names[j],
				    leaves[k]);
				pip_dir(f, path, fn, arg);
			}
		}
		dir_close(&d);
	}
}

static void
put(struct val *list, struct str name, struct str version)
{
	struct val *o = val_obj(list, NULL);

	val_str(o, "name", name);
	val_str(o, "version", version);
}

static void
put_node(struct val *json, struct str name, void *arg)
{
	put(arg, name, val_text(val_get(json, "version")));
}

static void
put_python(struct str name, struct str version, void *arg)
{
	put(arg, name, version);
}

/* "rake-13.0.6.gemspec" */
static void
gem_dir(struct facts *f, const char *path, struct val *list)
{
	struct str name, version;
	struct dir d;
	size_t i;

	if (!dir_open(f, NULL, path, &d))
		return;
	for (i = 0; i < d.n; i++) {
		name = str_of(d.names[i]);
		if (!text_ends(name, ".gemspec"))
			continue;
		name.len -= strlen(".gemspec");
		version = text_tail(name, '-');
		if (version.len < name.len) {
			name.len -= version.len + 1;
			put(list, name, version);
		}
	}
	dir_close(&d);
}

static void
put_ruby(struct facts *f, struct val *list)
{
	static const char *const roots[] = { "/var/lib/gems",
	    "/usr/share/rubygems-integration" };
	char path[NAME_MAX + 64];
	struct dir d;
	size_t i, j;

	for (i = 0; i < 2; i++) {
		if (!dir_open(f, NULL, roots[i], &d))
			continue;
		for (j = 0; j < d.n; j++) {
			(void)snprintf(path, sizeof(path),
			    "%s/%s/specifications", roots[i], d.names[j]);
			gem_dir(f, path, list);
		}
		dir_close(&d);
	}
}

static void
run(struct facts *f, struct val *o)
{
	pip_each(f, put_python, val_arr(o, "python"));
	npm_each(f, put_node, val_arr(o, "node"));
	put_ruby(f, val_arr(o, "ruby"));
	apps_put(f, o);
}

const struct collector collect_language = {
	.name = "packages.language", .help = "packages of languages",
	.when = ON_REQUEST, .facts = facts, .cost = 600, .run = run
};
