#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "account/account.h"
#include "base/watch.h"
#include "base/why.h"
#include "facts/text.h"
#include "resource/world.h"

const char *const account_paths[ACCOUNT_FILES] = {
	"/etc/passwd", "/etc/shadow", "/etc/group", "/etc/gshadow"
};

/* How many fields a line has. */
static const size_t nfields[ACCOUNT_FILES] = {
	PASSWD_FIELDS, SHADOW_FIELDS, GROUP_FIELDS, GSHADOW_FIELDS
};

int
account_slurp(const char *path, struct buf *b, struct buf *why)
{
	int fd, rc;

	fd = TEMP_FAILURE_RETRY(open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY |
	    O_CLOEXEC));
	if (fd == -1)
		return why_errno(why, path, "open");
	if ((rc = buf_read(b, fd, SIZE_MAX)) == -1)
		why_errno(why, path, "read");
	close(fd);
	return rc;
}

static int
read_one(struct accounts *a, enum account_file f, const struct world *w,
    struct buf *why)
{
	struct node n;
	struct buf reason = { 0 };
	int rc = 0;

	a->f[f].there = true;
	if (world_look(w, account_paths[f], &n) &&
	    (n.kind != NODE_FILE || n.data.p != NULL)) {
		a->f[f].there = n.kind == NODE_FILE;
		if (n.kind == NODE_FILE)
			buf_str(&a->f[f].text, n.data);
	} else if (account_slurp(account_paths[f], &a->f[f].text,
	    &reason) == -1) {
		a->f[f].there = false;
		if (errno != ENOENT) {
			buf_str(why, buf_view(&reason));
			rc = -1;
		}
	}
	buf_clear(&reason);
	if (rc == 0 && !a->f[f].there && (f == ACCOUNT_PASSWD ||
	    f == ACCOUNT_GROUP))
		return why_say(why, "there is no %s", account_paths[f]);
	return rc;
}

int
accounts_read(struct accounts *a, const struct world *w, struct buf *why)
{
	int i;

	accounts_clear(a);
	for (i = 0; i < ACCOUNT_FILES; i++)
		if (read_one(a, (enum account_file)i, w, why) == -1)
			return -1;
	return accounts_failed(a) ? why_say(why, "out of memory") : 0;
}

void
accounts_clear(struct accounts *a)
{
	size_t i;

	for (i = 0; i < ACCOUNT_FILES; i++) {
		buf_clear(&a->f[i].text);
		buf_clear(&a->f[i].first);
		a->f[i].there = a->f[i].changed = false;
	}
	a->removing = false;
}

bool
accounts_changed(const struct accounts *a)
{
	size_t i;

	for (i = 0; i < ACCOUNT_FILES; i++)
		if (a->f[i].changed)
			return true;
	return false;
}

bool
accounts_failed(const struct accounts *a)
{
	size_t i;

	for (i = 0; i < ACCOUNT_FILES; i++)
		if (buf_failed(&a->f[i].text) || buf_failed(&a->f[i].first))
			return true;
	return false;
}

/*
 * --- Lines ---------------------------------------------------------------
 */

static bool
is_account(struct str line)
{
	return line.len > 0 && strchr("#+-", *line.p) == NULL;
}

static void
cut(struct str line, struct account_line *l)
{
	struct str *last = &l->field[ACCOUNT_FIELDS_MAX - 1];
	size_t i;
	bool more = true;

	l->n = 0;
	for (i = 0; i < ACCOUNT_FIELDS_MAX; i++) {
		l->field[i] = str_of("");
		if (!more)
			continue;
		more = memchr(line.p, ':', line.len) != NULL;
		l->field[l->n++] = text_cut(&line, ':');
	}
	/* What is too much stays where it is. */
	if (more)
		last->len = (size_t)(line.p + line.len - last->p);
}

bool
account_next(struct str *rest, struct account_line *l)
{
	struct str line;

	while (text_line(rest, &line))
		if (is_account(line)) {
			cut(line, l);
			return true;
		}
	return false;
}

bool
account_id(struct str s, id_t *id)
{
	int64_t n;

	if (s.len == 0 || *s.p == '-' || *s.p == '+' || !text_num(s, &n) ||
	    n < 0 || n >= (id_t)-1)
		return false;
	*id = (id_t)n;
	return true;
}

bool
account_find(const struct accounts *a, enum account_file f, struct str name,
    struct account_line *l)
{
	struct str rest = buf_view(&a->f[f].text);

	while (account_next(&rest, l))
		if (str_eq(l->field[0], name))
			return true;
	return false;
}

bool
account_find_id(const struct accounts *a, enum account_file f, id_t id,
    struct account_line *l)
{
	struct str rest = buf_view(&a->f[f].text);
	id_t found;

	while (account_next(&rest, l))
		if (account_id(l->field[2], &found) && found == id)
			return true;
	return false;
}

static bool
find_in(struct str text, struct str name, id_t *id)
{
	struct account_line l;

	while (account_next(&text, &l))
		if (str_eq(l.field[0], name))
			return account_id(l.field[2], id);
	return false;
}

enum account_found
account_pretended(const struct world *w, enum account_file f, struct str name,
    id_t *id)
{
	struct buf host = { 0 }, ignored = { 0 };
	struct node n;
	bool was;

	if (!world_look(w, account_paths[f], &n) || n.kind != NODE_FILE ||
	    n.data.p == NULL)
		return ACCOUNT_UNKNOWN;
	if (find_in(n.data, name, id))
		return ACCOUNT_FOUND;
	was = account_slurp(account_paths[f], &host, &ignored) == 0 &&
	    find_in(buf_view(&host), name, id);
	buf_clear(&host);
	buf_clear(&ignored);
	return was ? ACCOUNT_GONE : ACCOUNT_UNKNOWN;
}

static void
put_line(struct buf *b, const struct account_line *l, size_t least)
{
	size_t i, n = l->n > least ? l->n : least;

	for (i = 0; i < n; i++) {
		if (i > 0)
			buf_putc(b, ':');
		buf_str(b, l->field[i]);
	}
	buf_putc(b, '\n');
}

/* Like the line, which is without its end: does it have that name? */
static bool
is_named(struct str line, struct str name)
{
	return is_account(line) && line.len >= name.len &&
	    memcmp(line.p, name.p, name.len) == 0 &&
	    (line.len == name.len || line.p[name.len] == ':');
}

/*
 * The text with l in place of the first line of that name, and without the
 * others; a new one goes before what NIS has to add.
 */
static void
rewrite(struct buf *b, struct str text, struct str name,
    const struct account_line *l, size_t least)
{
	struct str line, rest = text;
	struct account_line old;
	const char *p;
	bool there, put = l == NULL;

	for (there = false; !there && account_next(&rest, &old);)
		there = str_eq(old.field[0], name);
	for (p = text.p; text_line(&text, &line); p = text.p) {
		if (is_named(line, name)) {
			if (!put)
				put_line(b, l, least);
			put = true;
			continue;
		}
		if (!put && !there && line.len > 0 &&
		    (*line.p == '+' || *line.p == '-')) {
			put_line(b, l, least);
			put = true;
		}
		buf_add(b, p, (size_t)(text.p - p));
	}
	if (b->len > 0 && b->p[b->len - 1] != '\n' && !put)
		buf_putc(b, '\n');
	if (!put)
		put_line(b, l, least);
}

static void
change(struct accounts *a, enum account_file f, struct str name,
    const struct account_line *l)
{
	struct buf b = { 0 }, *old = &a->f[f].text;

	if (!a->f[f].there)
		return;
	rewrite(&b, buf_view(old), name, l, nfields[f]);
	if (buf_failed(&b) || !str_eq(buf_view(&b), buf_view(old)))
		a->f[f].changed = true;
	buf_clear(old);
	*old = b;
}

void
account_set(struct accounts *a, enum account_file f, struct str name,
    const struct account_line *l)
{
	change(a, f, name, l);
}

void
account_drop(struct accounts *a, enum account_file f, struct str name)
{
	change(a, f, name, NULL);
}

void
accounts_part(struct accounts *a)
{
	static const enum account_file groups[] = { ACCOUNT_GROUP,
	    ACCOUNT_GSHADOW };
	size_t i;

	for (i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
		if (a->f[groups[i]].changed)
			buf_str(&a->f[groups[i]].first,
			    buf_view(&a->f[groups[i]].text));
}

bool
account_list_has(struct str list, struct str name)
{
	while (list.len > 0)
		if (str_eq(text_trim(text_cut(&list, ',')), name))
			return true;
	return false;
}

void
account_list_with(struct buf *b, struct str list, struct str name, bool with)
{
	size_t begin = b->len;
	struct str one;

	while (list.len > 0) {
		one = text_cut(&list, ',');
		if (one.len == 0 || str_eq(text_trim(one), name))
			continue;
		if (b->len > begin)
			buf_putc(b, ',');
		buf_str(b, one);
	}
	if (!with)
		return;
	if (b->len > begin)
		buf_putc(b, ',');
	buf_str(b, name);
}

void
account_put_group(struct accounts *a, struct str name, id_t gid,
    const struct str *members)
{
	struct account_line l = { .n = 0 };
	struct buf number = { 0 };
	bool there = account_find(a, ACCOUNT_GROUP, name, &l), hidden;

	buf_printf(&number, "%llu", (unsigned long long)gid);
	hidden = !there || text_is(l.field[GROUP_HASH], "x");
	if (!there) {
		l.field[GROUP_NAME] = name;
		l.field[GROUP_HASH] = str_of(a->f[ACCOUNT_GSHADOW].there ?
		    "x" : "!");
		l.field[GROUP_MEMBERS] = str_of("");
	}
	l.field[GROUP_GID] = buf_view(&number);
	if (members != NULL)
		l.field[GROUP_MEMBERS] = *members;
	/* Its other half has the members that there are here. */
	if (hidden) {
		struct account_line s = { .n = 0 };
		struct str list = l.field[GROUP_MEMBERS];
		bool half = there &&
		    account_find(a, ACCOUNT_GSHADOW, name, &s);

		if (!half) {
			s = (struct account_line){ .n = 0 };
			s.field[GSHADOW_NAME] = name;
			s.field[GSHADOW_HASH] = str_of("!");
			s.field[GSHADOW_ADMINS] = str_of("");
		}
		if (members != NULL || !half)
			s.field[GSHADOW_MEMBERS] = list;
		account_set(a, ACCOUNT_GSHADOW, name, &s);
	}
	account_set(a, ACCOUNT_GROUP, name, &l);
	buf_clear(&number);
}

/*
 * --- What lines are made of ----------------------------------------------
 */

const char *
account_name_bad(struct str name)
{
	size_t i;

	if (name.len == 0)
		return "a name is not empty";
	if (name.len > 32)
		return "a name has 32 bytes at most";
	if (strchr("-+~#", *name.p) != NULL)
		return "a name does not begin with '-', '+', '~' or '#'";
	if (text_is(name, ".") || text_is(name, ".."))
		return "that is a directory's name";
	for (i = 0; i < name.len; i++)
		if ((unsigned char)name.p[i] <= ' ' || name.p[i] == 127 ||
		    strchr(":,/", name.p[i]) != NULL)
			return "a name has no blank, colon, comma, slash or "
			    "control character";
	return name.p[strspn(name.p, "0123456789")] == '\0' ?
	    "a name is more than a number" : NULL;
}

long
account_today(void)
{
	return (long)(time(NULL) / 86400);
}

void
account_watch(const struct job *j, resource_watch_fn *fn, void *arg)
{
	size_t i;

	(void)j;
	for (i = 0; i < ACCOUNT_FILES; i++)
		fn(account_paths[i], WATCH_FOLLOW, arg);
}
