#include <string.h>

#include "facts/package.h"

/*
 * repos: where packages come from.
 */

/* "[a=b c=d]" behind the type: only the key is of interest. */
static struct str
take_options(struct str *line)
{
	struct str options, one, signed_by = { NULL, 0 };
	struct str rest = text_trim(*line);

	if (rest.len == 0 || *rest.p != '[')
		return signed_by;
	rest = (struct str){ rest.p + 1, rest.len - 1 };
	options = text_cut(&rest, ']');
	*line = rest;
	while ((one = text_word(&options)).len > 0)
		if (text_is(text_cut(&one, '='), "signed-by"))
			signed_by = one;
	return signed_by;
}

static void
put_words(struct val *o, const char *key, struct str words)
{
	struct val *a;
	struct str word;

	if ((word = text_word(&words)).len == 0)
		return;
	a = val_arr(o, key);
	for (; word.len > 0; word = text_word(&words))
		val_str(a, NULL, word);
}

/* "deb [options] uri suite component ..." */
static void
put_one_line(struct val *list, struct str line)
{
	struct str type, signed_by;
	struct val *o;

	line = text_cut(&line, '#');
	type = text_word(&line);
	if (!text_is(type, "deb") && !text_is(type, "deb-src"))
		return;
	signed_by = take_options(&line);
	o = val_obj(list, NULL);
	val_str(o, "type", type);
	val_str(o, "uri", text_word(&line));
	val_str(o, "suite", text_word(&line));
	put_words(o, "components", line);
	val_str(o, "signed_by", signed_by);
	val_bool(o, "enabled", true);
}

/* A paragraph of deb822: a repository for each type, URI and suite. */
static void
put_paragraph(struct val *list, struct str text)
{
	struct str types = text_field(text, "Types", ':'), uris, suites;
	struct str type, uri, suite, key = text_field(text, "Signed-By", ':');
	bool enabled = !text_is(text_field(text, "Enabled", ':'), "no");
	struct val *o;

	while ((type = text_word(&types)).len > 0) {
		uris = text_field(text, "URIs", ':');
		while ((uri = text_word(&uris)).len > 0) {
			suites = text_field(text, "Suites", ':');
			while ((suite = text_word(&suites)).len > 0) {
				o = val_obj(list, NULL);
				val_str(o, "type", type);
				val_str(o, "uri", uri);
				val_str(o, "suite", suite);
				put_words(o, "components", text_field(text,
				    "Components", ':'));
				val_str(o, "signed_by", key);
				val_bool(o, "enabled", enabled);
			}
		}
	}
}

static void
put_deb822(struct val *list, struct str text)
{
	struct str rest = text, line, part = { text.p, 0 };

	while (text_line(&rest, &line)) {
		if (text_trim(line).len > 0) {
			part.len = (size_t)(line.p + line.len - part.p);
			continue;
		}
		put_paragraph(list, part);
		part = (struct str){ rest.p, 0 };
	}
	if (part.len > 0)
		put_paragraph(list, part);
}

/* "[id]", then "key=value" lines, as yum and zypper have it. */
static void
put_ini(struct val *list, struct str text, const char *type)
{
	struct str line, key;
	struct val *o = NULL, *enabled = NULL;

	while (text_line(&text, &line)) {
		line = text_trim(line);
		if (line.len > 2 && *line.p == '[') {
			o = val_obj(list, NULL);
			val_cstr(o, "type", type);
			line = (struct str){ line.p + 1, line.len - 1 };
			val_str(o, "name", text_cut(&line, ']'));
			val_bool(o, "enabled", true);
			enabled = val_get(o, "enabled");
			continue;
		}
		key = text_trim(text_cut(&line, '='));
		line = text_trim(line);
		if (text_is(key, "baseurl") || text_is(key, "mirrorlist") ||
		    text_is(key, "metalink"))
			val_str(o, "uri", line);
		else if (text_is(key, "gpgkey"))
			val_str(o, "signed_by", line);
		else if (text_is(key, "enabled") && enabled != NULL)
			enabled->u.yes = text_is(line, "1");
	}
}

static void
put_apk(struct val *list, struct str text)
{
	struct str line;
	struct val *o;

	while (text_line(&text, &line)) {
		line = text_trim(line);
		if (line.len == 0 || *line.p == '#')
			continue;
		o = val_obj(list, NULL);
		val_cstr(o, "type", "apk");
		val_str(o, "uri", line);
		val_bool(o, "enabled", true);
	}
}

static void
put_dir(struct facts *f, struct val *list, const char *path,
    const char *type)
{
	struct str text, line, name;
	struct dir d;
	size_t i;

	if (!dir_open(f, NULL, path, &d))
		return;
	for (i = 0; i < d.n; i++) {
		name = str_of(d.names[i]);
		if (type != NULL && text_ends(name, ".repo"))
			put_ini(list, src_text(f, &d, d.names[i]), type);
		else if (type == NULL && text_ends(name, ".sources"))
			put_deb822(list, src_text(f, &d, d.names[i]));
		else if (type == NULL && text_ends(name, ".list")) {
			text = src_text(f, &d, d.names[i]);
			while (text_line(&text, &line))
				put_one_line(list, line);
		}
	}
	dir_close(&d);
}

/* As the table of facts has it: some formats say it in another order. */
static void
put_in_order(struct val *list, struct val *all)
{
	static const char *const keys[] = { "type", "uri", "suite",
	    "components", "name", "signed_by", "enabled" };
	struct val *v, *o, *m;
	size_t i;

	for (v = all == NULL ? NULL : all->u.list.first; v != NULL;
	    v = v->next) {
		o = val_obj(list, NULL);
		for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
			if ((m = val_get(v, keys[i])) != NULL)
				val_copy(o, keys[i], m);
	}
}

void
repos_put(struct facts *f, struct val *o)
{
	struct val *all = val_new(facts_arena(f), VAL_ARR);
	struct str text, line;

	text = src_text(f, NULL, "/etc/apt/sources.list");
	while (text_line(&text, &line))
		put_one_line(all, line);
	put_dir(f, all, "/etc/apt/sources.list.d", NULL);
	put_dir(f, all, "/etc/yum.repos.d", "yum");
	put_dir(f, all, "/etc/zypp/repos.d", "zypp");
	put_apk(all, src_text(f, NULL, "/etc/apk/repositories"));
	if (all != NULL && all->u.list.first != NULL)
		put_in_order(val_arr(o, "repositories"), all);
}
