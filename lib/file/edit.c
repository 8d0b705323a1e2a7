#include <errno.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "base/why.h"
#include "file/edit.h"

#define MARK		"{mark}"

/*
 * A text under way is a list of lines, without newlines; where no newline ends
 * the last one, cut is true.  CRs belong to the line.  What expressions are
 * held against ends in NUL, though only some regexec() need that.
 */
struct lines {
	struct str	*v;
	size_t		 n;
	size_t		 size;
	bool		 cut;
};

static int
insert(struct lines *l, size_t at, const struct str *s, size_t n)
{
	struct str *v;
	size_t size = l->size < 64 ? 64 : l->size;

	while (size - l->n < n)
		size *= 2;
	if (size != l->size) {
		if ((v = reallocarray(l->v, size, sizeof(*v))) == NULL)
			return -1;
		l->v = v;
		l->size = size;
	}
	if (n == 0)
		return 0;
	memmove(l->v + at + n, l->v + at, (l->n - at) * sizeof(*l->v));
	memcpy(l->v + at, s, n * sizeof(*s));
	if (at == l->n)
		l->cut = false;
	l->n += n;
	return 0;
}

static void
delete(struct lines *l, size_t at, size_t n)
{
	if (at + n == l->n)
		l->cut = false;
	memmove(l->v + at, l->v + at + n, (l->n - at - n) * sizeof(*l->v));
	l->n -= n;
}

static int
split(struct lines *l, struct str s)
{
	const char *p = s.p, *end, *nl;
	struct str line;
	bool cut = false;

	if (s.len == 0)
		return 0;
	for (end = p + s.len; p < end; p = nl + 1) {
		nl = memchr(p, '\n', (size_t)(end - p));
		cut = nl == NULL;
		line = (struct str){ p, (size_t)((cut ? end : nl) - p) };
		if (insert(l, l->n, &line, 1) == -1)
			return -1;
		if (cut)
			break;
	}
	l->cut = cut;
	return 0;
}

static void
join(struct buf *out, const struct lines *l)
{
	size_t i;

	for (i = 0; i < l->n; i++) {
		buf_str(out, l->v[i]);
		if (i + 1 < l->n || !l->cut)
			buf_putc(out, '\n');
	}
}

/* A struct file_find made ready. */
struct finder {
	regex_t		 re;
	bool		 is_found;
	struct lines	 found;		/* sorted */
};

static int
compare(const void *a, const void *b)
{
	const struct str *s = a, *t = b;
	size_t n = s->len < t->len ? s->len : t->len;
	int c = n == 0 ? 0 : memcmp(s->p, t->p, n);

	return c != 0 ? c : (s->len > t->len) - (s->len < t->len);
}

static int
finder_init(struct finder *f, const struct file_find *how, struct buf *why)
{
	char words[200];
	int rc;

	*f = (struct finder){ .is_found = how->is_found };
	if (f->is_found) {
		if (split(&f->found, how->found) == -1)
			return why_errno(why, how->expr, "malloc");
		if (f->found.n > 0)
			qsort(f->found.v, f->found.n, sizeof(*f->found.v),
			    compare);
		return 0;
	}
	if ((rc = regcomp(&f->re, how->expr, REG_EXTENDED | REG_NEWLINE)) == 0)
		return 0;
	regerror(rc, &f->re, words, sizeof(words));
	errno = EINVAL;
	return why_say(why, "%s: %s", how->expr, words);
}

static void
finder_clear(struct finder *f)
{
	if (f->is_found)
		free(f->found.v);
	else
		regfree(&f->re);
}

static bool
finds(const struct finder *f, struct str s)
{
	regmatch_t m = { .rm_so = 0, .rm_eo = (regoff_t)s.len };

	if (f->is_found)
		return f->found.n > 0 && bsearch(&s, f->found.v, f->found.n,
		    sizeof(s), compare) != NULL;
	return regexec(&f->re, s.len == 0 ? "" : s.p, 1, &m,
	    REG_STARTEND) == 0;
}

/* Index behind the last line that is found, or 0. */
static int
last_found(const struct lines *l, const struct file_find *how, size_t *at,
    struct buf *why)
{
	struct finder f;
	size_t i;

	*at = 0;
	if (finder_init(&f, how, why) == -1)
		return -1;
	for (i = l->n; i > 0 && *at == 0; i--)
		if (finds(&f, l->v[i - 1]))
			*at = i;
	finder_clear(&f);
	return 0;
}

/* Where something new goes. */
static int
where(const struct lines *l, const struct file_edit *e, size_t *at,
    struct buf *why)
{
	*at = l->n;
	if (e->after.expr == NULL)
		return 0;
	if (last_found(l, &e->after, at, why) == -1)
		return -1;
	if (*at == 0)
		*at = l->n;
	return 0;
}

static int
remove_lines(struct lines *l, const struct file_edit *e, struct buf *why)
{
	size_t i, n = 0;
	struct finder f;

	if (e->remove.expr == NULL)
		return 0;
	if (finder_init(&f, &e->remove, why) == -1)
		return -1;
	for (i = 0; i < l->n; i++)
		if (!finds(&f, l->v[i]))
			l->v[n++] = l->v[i];
		else if (i + 1 == l->n)
			l->cut = false;
	l->n = n;
	finder_clear(&f);
	return 0;
}

static bool
has_line(const struct lines *l, struct str s)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		if (str_eq(l->v[i], s))
			return true;
	return false;
}

static int
put_line(struct lines *l, const struct file_edit *e, struct str s,
    struct buf *why)
{
	size_t at;

	if (has_line(l, s))
		return 0;
	if (where(l, e, &at, why) == -1)
		return -1;
	if (insert(l, at, &s, 1) == -1)
		return why_errno(why, "line", "malloc");
	return 0;
}

/*
 * The last line that match finds becomes s.  Where match finds s itself, the
 * last one has to be it; else it is enough that s is there.
 */
static int
put_matched(struct lines *l, const struct file_edit *e, struct str s,
    struct buf *why)
{
	struct lines one = { .v = &s, .n = 1 };
	size_t at, self;

	if (last_found(l, &e->match, &at, why) == -1 ||
	    last_found(&one, &e->match, &self, why) == -1)
		return -1;
	if (at == 0 || (self == 0 && has_line(l, s)))
		return put_line(l, e, s, why);
	l->v[at - 1] = s;
	return 0;
}

static int
put_lines(struct lines *l, const struct file_edit *e, struct buf *why)
{
	size_t i;

	errno = EINVAL;
	if (e->match.expr != NULL && e->nlines != 1)
		return why_say(why, "match: goes with one line, not %zu",
		    e->nlines);
	for (i = 0; i < e->nlines; i++) {
		if (e->line[i].len > 0 && memchr(e->line[i].p, '\n',
		    e->line[i].len) != NULL)
			return why_say(why, "line: has a line break in it");
		if ((e->match.expr != NULL ? put_matched : put_line)(l, e,
		    e->line[i], why) == -1)
			return -1;
	}
	return 0;
}

/* The line that marks an end of the block. */
static int
marker(struct buf *b, const struct file_edit *e, const char *word,
    struct buf *why)
{
	const char *p = strstr(e->marker, MARK);

	errno = EINVAL;
	if (p == NULL || strchr(e->marker, '\n') != NULL)
		return why_say(why, "marker: %s: not one line with %s in it",
		    e->marker, MARK);
	buf_add(b, e->marker, (size_t)(p - e->marker));
	buf_puts(b, word);
	buf_puts(b, p + strlen(MARK));
	return 0;
}

/* Index of s, or l->n; SIZE_MAX if it is there twice. */
static size_t
find_once(const struct lines *l, struct str s)
{
	size_t at = l->n, i;

	for (i = 0; i < l->n; i++)
		if (str_eq(l->v[i], s)) {
			if (at != l->n)
				return SIZE_MAX;
			at = i;
		}
	return at;
}

static int
insert_block(struct lines *l, size_t at, const struct lines *block,
    struct str begin, struct str end)
{
	if (insert(l, at, &end, 1) == -1 ||
	    insert(l, at, block->v, block->n) == -1)
		return -1;
	return insert(l, at, &begin, 1);
}

static bool
same_block(const struct lines *l, size_t at, const struct lines *block)
{
	size_t i;

	for (i = 0; i < block->n; i++)
		if (!str_eq(l->v[at + i], block->v[i]))
			return false;
	return true;
}

static int
put_block(struct lines *l, const struct file_edit *e, struct str begin,
    struct str end, struct buf *why)
{
	struct lines block = { 0 };
	size_t b, f, n;
	int rc = -1;

	b = find_once(l, begin);
	f = find_once(l, end);
	n = l->n;
	errno = EINVAL;
	if (b == SIZE_MAX || f == SIZE_MAX || (b == n) != (f == n) || f < b)
		return why_say(why, "block: its markers \"%.*s\" and \"%.*s\" "
		    "are not there once each, in this order", (int)begin.len,
		    begin.p, (int)end.len, end.p);
	if (split(&block, e->block) == -1) {
		why_errno(why, "block", "malloc");
		goto done;
	}
	if (b != n) {
		if (block.n > 0 && f - b - 1 == block.n &&
		    same_block(l, b + 1, &block)) {
			rc = 0;
			goto done;
		}
		delete(l, b, f - b + 1);
	} else if (where(l, e, &b, why) == -1)
		goto done;
	if (block.n == 0 || insert_block(l, b, &block, begin, end) == 0)
		rc = 0;
	else
		why_errno(why, "block", "malloc");
done:
	free(block.v);
	return rc;
}

static int
edit_block(struct lines *l, const struct file_edit *e, struct buf *begin,
    struct buf *end, struct buf *why)
{
	if (!e->has_block)
		return 0;
	if (marker(begin, e, "BEGIN", why) == -1 ||
	    marker(end, e, "END", why) == -1)
		return -1;
	if (buf_failed(begin) || buf_failed(end)) {
		errno = ENOMEM;
		return why_errno(why, "block", "malloc");
	}
	return put_block(l, e, buf_view(begin), buf_view(end), why);
}

/* A copy of text with NULs where it has newlines, split into lines. */
static char *
take_apart(struct lines *l, struct str text)
{
	char *copy, *p;

	if ((copy = malloc(text.len + 1)) == NULL)
		return NULL;
	memcpy(copy, text.p, text.len);
	copy[text.len] = '\0';
	if (split(l, (struct str){ copy, text.len }) == -1) {
		free(copy);
		return NULL;
	}
	for (p = copy; (p = memchr(p, '\n', text.len - (size_t)(p - copy))) !=
	    NULL; p++)
		*p = '\0';
	return copy;
}

static bool
has_all(const struct lines *l, const struct file_edit *e)
{
	size_t i;

	for (i = 0; i < e->nlines; i++)
		if (!has_line(l, e->line[i]))
			return false;
	return true;
}

static int
never_settles(struct buf *why)
{
	errno = EINVAL;
	return why_say(why,
	    "line and block: never settle, since one undoes the other");
}

static int
edit_once(struct buf *out, struct str text, const struct file_edit *e,
    struct buf *why)
{
	struct buf begin = { 0 }, end = { 0 };
	struct lines l = { 0 };
	char *copy;
	int rc = -1;

	if ((copy = take_apart(&l, text)) == NULL)
		why_errno(why, "text", "malloc");
	else if (remove_lines(&l, e, why) == 0 &&
	    put_lines(&l, e, why) == 0 &&
	    edit_block(&l, e, &begin, &end, why) == 0) {
		join(out, &l);
		rc = 0;
	}
	if (rc == 0 && !has_all(&l, e))
		rc = never_settles(why);
	free(l.v);
	free(copy);
	buf_clear(&begin);
	buf_clear(&end);
	return rc;
}

int
file_edit(struct buf *out, struct str text, const struct file_edit *e,
    struct buf *why)
{
	struct buf again = { 0 };
	struct str new;
	size_t start = out->len;
	int rc;

	if (edit_once(out, text, e, why) == -1)
		return -1;
	if (buf_failed(out)) {
		errno = ENOMEM;
		return why_errno(why, "text", "malloc");
	}
	new = (struct str){ out->len == 0 ? "" : out->p + start,
	    out->len - start };
	if ((rc = edit_once(&again, new, e, why)) == 0 &&
	    !str_eq(new, buf_view(&again)))
		rc = never_settles(why);
	buf_clear(&again);
	return rc;
}
