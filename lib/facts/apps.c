#include <stdio.h>
#include <string.h>

#include "facts/package.h"

/*
 * apps: packages of packages.language that are kept each in a way of its own.
 */

static void
put(struct val *list, struct str name, struct str version)
{
	struct val *o;

	if (name.len == 0)
		return;
	o = val_obj(list, NULL);
	val_str(o, "name", name);
	val_str(o, "version", version);
}

/* "\"ripgrep 13.0.0 (registry+https://...)\" = [...]", below [v1] */
static void
put_cargo(struct facts *f, struct val *list, const char *path)
{
	struct str text = src_text_max(f, NULL, path, SRC_LARGE), line, name;

	while (text_line(&text, &line)) {
		line = text_trim(line);
		if (line.len < 2 || *line.p != '"')
			continue;
		line = (struct str){ line.p + 1, line.len - 1 };
		line = text_cut(&line, '"');
		name = text_word(&line);
		put(list, name, text_word(&line));
	}
}

/* A link, "current", leads to "ARCH/BRANCH". */
static void
put_flatpak(struct facts *f, struct val *list)
{
	char path[NAME_MAX + 16], room[PATH_MAX];
	struct dir d;
	size_t i;

	if (!dir_open(f, NULL, "/var/lib/flatpak/app", &d))
		return;
	for (i = 0; i < d.n; i++) {
		(void)snprintf(path, sizeof(path), "%s/current", d.names[i]);
		put(list, str_of(d.names[i]), text_tail(src_link(f, &d, path,
		    room), '/'));
	}
	dir_close(&d);
}

/* What is mounted there says in meta/snap.yaml which version it is. */
static void
put_snap(struct facts *f, struct val *list)
{
	char path[NAME_MAX + 32];
	struct str text;
	struct dir d;
	size_t i;

	if (!dir_open(f, NULL, "/snap", &d))
		return;
	for (i = 0; i < d.n; i++) {
		(void)snprintf(path, sizeof(path), "%s/current/meta/snap.yaml",
		    d.names[i]);
		text = src_text(f, &d, path);
		if (text.p != NULL)
			put(list, str_of(d.names[i]), text_unquote(text_field(
			    text, "version", ':')));
	}
	dir_close(&d);
}

/* Of what was installed twice the last counts. */
static void
put_module(struct val *list, struct str name, struct str version)
{
	struct val *v;

	for (v = list == NULL ? NULL : list->u.list.first; v != NULL;
	    v = v->next)
		if (str_eq(val_text(val_get(v, "name")), name)) {
			val_drop(list, v);
			break;
		}
	put(list, name, version);
}

/* "=head2 DATE: C<Module> L<JSON::XS|JSON::XS>", then "C<VERSION: 4.03>" */
static void
put_perllocal(struct facts *f, const struct dir *above, const char *path,
    struct val *list)
{
	static const char head[] = "=head2 ", link[] = "> L<",
	    version[] = "C<VERSION: ";
	struct str text = src_text_max(f, above, path, SRC_LARGE), line,
	    name = { NULL, 0 };
	const char *at;

	while (text_line(&text, &line)) {
		if (str_starts(line, str_of(head)) && (at = memmem(line.p,
		    line.len, link, strlen(link))) != NULL) {
			at += strlen(link);
			name = (struct str){ at, line.len -
			    (size_t)(at - line.p) };
			name = text_cut(&name, '|');
		} else if (str_starts(line, str_of(version))) {
			(void)text_word(&line);
			line = text_trim(line);
			put_module(list, name, text_cut(&line, '>'));
		}
	}
}

/* One below each PATH/ANY/then/ANY. */
static void
put_perllocals(struct facts *f, const char *path, const char *then,
    struct val *list)
{
	char name[2 * NAME_MAX + 32];
	struct dir d, versions;
	size_t i, j;

	if (!dir_open(f, NULL, path, &d))
		return;
	for (i = 0; i < d.n; i++) {
		(void)snprintf(name, sizeof(name), "%s%s", d.names[i], then);
		if (!dir_open(f, &d, name, &versions))
			continue;
		for (j = 0; j < versions.n; j++) {
			(void)snprintf(name, sizeof(name), "%s/perllocal.pod",
			    versions.names[j]);
			put_perllocal(f, &versions, name, list);
		}
		dir_close(&versions);
	}
	dir_close(&d);
}

/* Debian's, that of Perl itself, and Red Hat's. */
static void
put_perl(struct facts *f, struct val *list)
{
	put_perllocals(f, "/usr/local/lib", "/perl", list);
	put_perllocals(f, "/usr/local/lib/perl5", "", list);
	put_perllocals(f, "/usr/local/lib64", "", list);
	put_perllocal(f, NULL, "/usr/local/lib64/perl5/perllocal.pod", list);
	put_perllocal(f, NULL, "/usr/lib64/perl5/perllocal.pod", list);
}

void
apps_put(struct facts *f, struct val *o)
{
	struct val *cargo;

	put_perl(f, val_arr(o, "perl"));
	gobuild_put(f, val_arr(o, "go"));
	cargo = val_arr(o, "cargo");
	put_cargo(f, cargo, "/usr/local/.crates.toml");
	put_cargo(f, cargo, "/usr/local/cargo/.crates.toml");
	put_cargo(f, cargo, "/root/.cargo/.crates.toml");
	put_flatpak(f, val_arr(o, "flatpak"));
	put_snap(f, val_arr(o, "snap"));
}
