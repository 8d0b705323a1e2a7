#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "facts/text.h"
#include "git/refs.h"

bool
git_is_id(struct str s)
{
	size_t i;

	for (i = 0; i < s.len; i++)
		if (strchr("0123456789abcdef", s.p[i]) == NULL ||
		    s.p[i] == '\0')
			return false;
	return s.len == 40 || s.len == 64;
}

/* One of the names between slashes. */
static bool
is_part(struct str s)
{
	return s.len > 0 && *s.p != '.' && s.p[s.len - 1] != '.' &&
	    !text_ends(s, ".lock");
}

bool
git_is_ref(struct str name)
{
	struct str rest = name;
	size_t i;

	if (name.len == 0 || *name.p == '-' || text_is(name, "@") ||
	    name.p[name.len - 1] == '/' || text_has(name, "..") ||
	    text_has(name, "@{"))
		return false;
	for (i = 0; i < name.len; i++)
		if ((unsigned char)name.p[i] <= ' ' || name.p[i] == 127 ||
		    strchr("~^:?*[\\", name.p[i]) != NULL)
			return false;
	while (rest.len > 0)
		if (!is_part(text_cut(&rest, '/')))
			return false;
	return true;
}

bool
git_ref(struct str text, struct str *id, struct str *ref)
{
	struct str line;

	*id = *ref = (struct str){ "", 0 };
	if (!text_line(&text, &line))
		return false;
	if (str_starts(line, str_of("ref:"))) {
		*ref = text_trim((struct str){ line.p + 4, line.len - 4 });
		return str_starts(*ref, str_of("refs/")) && git_is_ref(*ref);
	}
	*id = text_trim(line);
	return git_is_id(*id);
}

bool
git_packed(struct str text, struct str ref, struct str *id,
    struct str *peeled)
{
	bool all = false, found = false;
	struct str line;

	*id = *peeled = (struct str){ "", 0 };
	while (text_line(&text, &line)) {
		if (line.len == 0)
			continue;
		if (found) {
			if (*line.p == '^')
				*peeled = (struct str){ line.p + 1,
				    line.len - 1 };
			break;
		}
		if (*line.p == '#') {
			all = all || text_has(line, " fully-peeled ");
			continue;
		}
		*id = text_word(&line);
		found = git_is_id(*id) && str_eq(text_trim(line), ref);
	}
	if (!found) {
		*id = (struct str){ "", 0 };
		return false;
	}
	/* Without a line of its own, what is fully peeled is no object. */
	if (peeled->len == 0 && all)
		*peeled = *id;
	if (!git_is_id(*peeled))
		*peeled = (struct str){ "", 0 };
	return true;
}

/*
 * --- config --------------------------------------------------------------
 */

static bool
same_word(struct str s, const char *word)
{
	return s.len == strlen(word) && strncasecmp(s.p, word, s.len) == 0;
}

/* [remote "NAME"]; in NAME, a backslash stands before what is meant so. */
static bool
is_remote(struct str line, struct str remote)
{
	struct str name;
	size_t i, n = 0;

	line.p++;
	line.len--;
	name = text_trim(text_cut(&line, '"'));
	if (!same_word(name, "remote"))
		return false;
	for (i = 0; i < line.len && line.p[i] != '"'; i++) {
		if (line.p[i] == '\\' && i + 1 < line.len)
			i++;
		if (n >= remote.len || remote.p[n++] != line.p[i])
			return false;
	}
	return i < line.len && n == remote.len;
}

/* Quotes go, escapes are what they stand for, and a comment ends it. */
static void
put_value(struct buf *b, struct str s)
{
	static const char from[] = "ntb", to[] = "\n\t\b";
	const char *known;
	bool quoted = false;
	size_t i;

	for (i = 0; i < s.len; i++) {
		if (s.p[i] == '"')
			quoted = !quoted;
		else if (s.p[i] == '\\' && i + 1 < s.len) {
			i++;
			known = s.p[i] == '\0' ? NULL : strchr(from, s.p[i]);
			buf_putc(b, known == NULL ? s.p[i] :
			    to[known - from]);
		} else if (!quoted && (s.p[i] == '#' || s.p[i] == ';'))
			break;
		else
			buf_putc(b, s.p[i]);
	}
	while (!quoted && b->len > 0 && isspace((unsigned char)b->p[b->len - 1]))
		b->len--;
}

bool
git_remote_url(struct str text, struct str remote, struct buf *b)
{
	bool ours = false, found = false;
	struct str line, key;

	while (text_line(&text, &line)) {
		line = text_trim(line);
		if (line.len > 0 && *line.p == '[') {
			ours = is_remote(line, remote);
			continue;
		}
		key = text_trim(text_cut(&line, '='));
		if (!ours || !same_word(key, "url"))
			continue;
		buf_reset(b);
		put_value(b, text_trim(line));
		found = true;
	}
	return found && !buf_failed(b);
}

/*
 * --- ls-remote -----------------------------------------------------------
 */

bool
git_listed_next(struct str *text, struct str *id, struct str *ref)
{
	struct str line;

	while (text_line(text, &line)) {
		*id = text_cut(&line, '\t');
		*ref = line;
		if (git_is_id(*id) && ref->len > 0)
			return true;
	}
	return false;
}

struct str
git_listed(struct str text, const char *ref)
{
	struct str id, name;

	while (git_listed_next(&text, &id, &name))
		if (text_is(name, ref))
			return id;
	return (struct str){ "", 0 };
}

struct str
git_listed_symref(struct str text, const char *ref)
{
	struct str line, to;

	while (text_line(&text, &line)) {
		to = text_cut(&line, '\t');
		if (!text_is(line, ref) || !str_starts(to, str_of("ref: ")))
			continue;
		to.p += 5;
		to.len -= 5;
		if (git_is_ref(to))
			return to;
	}
	return (struct str){ "", 0 };
}
