#include <string.h>

#include <jansson.h>

#include "facts/text.h"
#include "package/plan.h"

/* What the managers print of packages that could be upgraded. */

/* "name.arch  version  repository" */
void
dnf_update(struct str out, update_fn *fn, void *arg)
{
	struct str line, name, version, arch;

	while (text_line(&out, &line)) {
		if (line.len == 0 || *line.p == ' ')
			continue;
		if (str_starts(line, str_of("Obsoleting Packages")))
			break;
		name = text_word(&line);
		version = text_word(&line);
		arch = text_tail(name, '.');
		if (arch.len == name.len || text_word(&line).len == 0)
			continue;
		name.len -= arch.len + 1;
		fn(name, version, arg);
	}
}

/* "v | repository | name | current | available | arch" */
void
zypper_update(struct str out, update_fn *fn, void *arg)
{
	struct str line, cell[5];
	size_t i;

	while (text_line(&out, &line)) {
		if (!str_starts(line, str_of("v ")))
			continue;
		for (i = 0; i < 5; i++)
			cell[i] = text_trim(text_cut(&line, '|'));
		fn(cell[2], cell[4], arg);
	}
}

/* "name 1.0-1 -> 1.1-1" */
void
pacman_update(struct str out, update_fn *fn, void *arg)
{
	struct str line, name;

	while (text_line(&out, &line)) {
		name = text_word(&line);
		(void)text_word(&line);
		if (text_is(text_word(&line), "->"))
			fn(name, text_word(&line), arg);
	}
}

/* "name-1.0-r0    < 1.1-r0" */
void
apk_update(struct str out, update_fn *fn, void *arg)
{
	struct str line, name;
	int i;

	while (text_line(&out, &line)) {
		name = text_word(&line);
		if (!text_is(text_word(&line), "<"))
			continue;
		for (i = 0; i < 2; i++)
			name.len -= text_tail(name, '-').len + 1;
		fn(name, text_word(&line), arg);
	}
}

/* {"name": {"current": ..., "wanted": ..., "latest": ...}, ...} */
void
npm_update(struct str out, update_fn *fn, void *arg)
{
	json_t *o = json_loadb(out.p, out.len, 0, NULL), *one;
	const char *name, *latest;

	json_object_foreach(o, name, one) {
		latest = json_string_value(json_object_get(one, "latest"));
		if (latest != NULL)
			fn(str_of(name), str_of(latest), arg);
	}
	json_decref(o);
}

/* [{"name": ..., "version": ..., "latest_version": ...}, ...] */
void
pip_update(struct str out, update_fn *fn, void *arg)
{
	json_t *list = json_loadb(out.p, out.len, 0, NULL), *one;
	const char *name, *latest;
	size_t i;

	json_array_foreach(list, i, one) {
		name = json_string_value(json_object_get(one, "name"));
		latest = json_string_value(json_object_get(one,
		    "latest_version"));
		if (name != NULL && latest != NULL)
			fn(str_of(name), str_of(latest), arg);
	}
	json_decref(list);
}

/* "name (1.0 < 1.1)" */
void
gem_update(struct str out, update_fn *fn, void *arg)
{
	struct str line, name, version;

	while (text_line(&out, &line)) {
		name = text_word(&line);
		(void)text_word(&line);
		if (!text_is(text_word(&line), "<"))
			continue;
		version = text_word(&line);
		if (version.len > 1)
			version.len--;
		fn(name, version, arg);
	}
}

/* "[ebuild     U ] cat/name-1.1 [1.0]" */
void
portage_update(struct str out, update_fn *fn, void *arg)
{
	struct str line, atom;
	size_t i;

	while (text_line(&out, &line)) {
		if (!str_starts(line, str_of("[ebuild")))
			continue;
		(void)text_cut(&line, ']');
		atom = text_word(&line);
		for (i = 1; i + 1 < atom.len; i++)
			if (atom.p[i] == '-' && atom.p[i + 1] >= '0' &&
			    atom.p[i + 1] <= '9')
				break;
		if (i + 1 < atom.len)
			fn((struct str){ atom.p, i }, (struct str){
			    atom.p + i + 1, atom.len - i - 1 }, arg);
	}
}
