#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/trust.h"
#include "facts/collect.h"
#include "facts/json.h"
#include "facts/program.h"

static const struct fact facts[] = {
	{ "*.*", "any", "/etc/p2/facts.d, or the directory of -F: by the "
	    "name of the file, without its end", false },
	{ NULL, NULL, NULL, false }
};

static const char default_dir[] = "/etc/p2/facts.d";

/* May we obey it?  If not, say why. */
static bool
trusted(struct facts *f, const char *path, const struct stat *st)
{
	const char *why = trust_why_not(st);
	char words[128];

	if (why == NULL)
		return true;
	(void)snprintf(words, sizeof(words), "refused: %s", why);
	src_error(f, path, words);
	return false;
}

/* "key=value" lines; the rest of what is there is no matter. */
static void
put_lines(struct val *o, struct str text)
{
	struct str line, key;
	struct val *old;

	while (text_line(&text, &line)) {
		line = text_trim(line);
		if (line.len == 0 || *line.p == '#' ||
		    memchr(line.p, '=', line.len) == NULL)
			continue;
		key = text_trim(text_cut(&line, '='));
		if ((old = val_get_str(o, key)) != NULL)
			val_drop(o, old);
		val_str(o, val_key(o, key), text_trim(line));
	}
}

/* At the top stands only what no collector could ever put there. */
static void
merge(struct facts *f, struct val *from, const char *path)
{
	struct val *m, *next, *tree = facts_top(f);

	for (m = from->u.list.first; m != NULL; m = next) {
		next = m->next;
		if (strcmp(m->key, "_merge") == 0)
			continue;
		if (facts_known(str_of(m->key)) ||
		    val_get(tree, m->key) != NULL)
			src_error(f, path, "refused: it would hide a fact "
			    "of this name");
		else
			val_add(tree, m->key, m);
	}
}

static bool
wants_merge(const struct val *v)
{
	const struct val *m = val_get(v, "_merge");

	return m != NULL && m->type == VAL_BOOL && m->u.yes;
}

static void
put_text(struct facts *f, struct val *o, const char *path, const char *name,
    struct str text, bool json)
{
	struct val *room = val_new(facts_arena(f), VAL_OBJ), *v;
	const char *dot = strrchr(name, '.'), *errstr, *key;
	struct str base = { name, dot == NULL ? strlen(name) :
	    (size_t)(dot - name) };

	if ((key = val_key(o, base)) == NULL)
		return;
	if (!json)
		put_lines(val_obj(room, key), text);
	else if (json_parse(room, key, text, &errstr) == -1) {
		src_error(f, path, errstr);
		return;
	}
	if ((v = val_get(room, key)) == NULL)
		return;
	if (wants_merge(v))
		merge(f, v, path);
	else if (val_get(o, key) != NULL)
		src_error(f, path, "refused: there is another of this name");
	else
		val_add(o, key, v);
}

static bool
looks_like_json(struct str text)
{
	text = text_trim(text);
	return text.len > 0 && *text.p == '{';
}

static void
run_one(struct facts *f, struct val *o, const char *path, const char *name)
{
	struct buf b = { 0 };
	const char *why;

	if (!facts_live(f))
		return;			/* of an image nothing is run */
	if ((why = program_output(path, &b)) != NULL)
		src_error(f, path, why);
	else
		put_text(f, o, path, name, buf_view(&b),
		    looks_like_json(buf_view(&b)));
	buf_clear(&b);
}

static void
take_trusted(struct facts *f, struct val *o, const struct dir *d,
    const char *name, const char *path, bool executable)
{
	struct str s = str_of(name);
	struct buf b = { 0 };

	if (text_ends(s, ".json") || text_ends(s, ".txt")) {
		if (src_load(f, d, name, PROGRAM_OUTPUT_MAX, &b))
			put_text(f, o, path, name, buf_view(&b),
			    text_ends(s, ".json"));
	} else if (executable)
		run_one(f, o, path, name);
	buf_clear(&b);
}

static void
take_file(struct facts *f, struct val *o, const struct dir *d,
    const char *name)
{
	char path[PATH_MAX];
	struct stat st;

	(void)snprintf(path, sizeof(path), "%s/%s", d->path, name);
	if (!src_stat(f, d, name, &st))
		src_error(f, path, "leads nowhere");
	else if (!S_ISREG(st.st_mode))
		src_error(f, path, "not a regular file");
	else if (trusted(f, path, &st))
		take_trusted(f, o, d, name, path, (st.st_mode & 0111) != 0);
}

/* The directory of -F is the caller's own, wherever the root is. */
static bool
open_dir(struct facts *f, struct dir *d)
{
	const char *dir = facts_opt(f)->external;

	if (dir == NULL)
		return dir_open(f, NULL, default_dir, d);
	return dir_open_here(f, dir, d);
}

static void
run(struct facts *f, struct val *o)
{
	struct dir d;
	struct stat st;
	size_t i;

	if (!open_dir(f, &d))
		return;
	if (fstat(d.fd, &st) == -1)
		src_errno(f, d.path, errno);
	else if (trusted(f, d.path, &st))
		for (i = 0; i < d.n; i++)
			take_file(f, o, &d, d.names[i]);
	dir_close(&d);
	val_sort(o);
}

const struct collector collect_external = {
	.name = "external", .help = "custom facts", .facts = facts,
	.cost = 36, .run = run
};
