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

void
apps_put(struct facts *f, struct val *o)
{
	struct val *cargo = val_arr(o, "cargo");

	put_cargo(f, cargo, "/usr/local/.crates.toml");
	put_cargo(f, cargo, "/usr/local/cargo/.crates.toml");
	put_cargo(f, cargo, "/root/.cargo/.crates.toml");
	put_flatpak(f, val_arr(o, "flatpak"));
	put_snap(f, val_arr(o, "snap"));
}
