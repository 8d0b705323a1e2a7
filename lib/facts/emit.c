#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "facts/emit.h"
#include "facts/text.h"

static void
human_bytes(struct buf *b, int64_t n)
{
	static const char units[] = "BKMGTPE";
	double x = (double)n;
	size_t i = 0;

	while ((x >= 1024 || x <= -1024) && units[i + 1] != '\0') {
		x /= 1024;
		i++;
	}
	if (i == 0)
		buf_printf(b, "%" PRId64 " B", n);
	else
		buf_printf(b, "%.1f %ciB", x, units[i]);
}

static void
human_seconds(struct buf *b, int64_t n)
{
	if (n >= 86400)
		buf_printf(b, "%" PRId64 "d %" PRId64 "h", n / 86400,
		    n / 3600 % 24);
	else if (n >= 3600)
		buf_printf(b, "%" PRId64 "h %" PRId64 "m", n / 3600,
		    n / 60 % 60);
	else
		buf_printf(b, "%" PRId64 "m %" PRId64 "s", n / 60, n % 60);
}

/* Is it something that people would rather read otherwise?  Then do so. */
static bool
human(struct buf *b, const struct val *v)
{
	struct str key;

	if (v->type != VAL_INT || v->key == NULL)
		return false;
	key = str_of(v->key);
	if (text_ends(key, "bytes"))
		human_bytes(b, v->u.num);
	else if (text_ends(key, "seconds") && v->u.num >= 0)
		human_seconds(b, v->u.num);
	else
		return false;
	return true;
}

static void
emit_int(struct buf *b, int64_t n)
{
	if (n < 0)
		buf_putc(b, '-');
	buf_num(b, n < 0 ? 0 - (uint64_t)n : (uint64_t)n);
}

static void
emit_scalar(struct buf *b, const struct val *v)
{
	switch (v->type) {
	case VAL_STR:
		buf_json(b, v->u.str);
		break;
	case VAL_INT:
		emit_int(b, v->u.num);
		break;
	case VAL_REAL:
		buf_str(b, v->u.text);
		break;
	case VAL_BOOL:
		buf_puts(b, v->u.yes ? "true" : "false");
		break;
	default:
		buf_puts(b, "null");
		break;
	}
}

static void
new_line(struct buf *b, unsigned depth, unsigned flags)
{
	if ((flags & EMIT_PRETTY) == 0)
		return;
	buf_putc(b, '\n');
	while (depth-- > 0)
		buf_puts(b, "  ");
}

static void	emit_at(struct buf *b, const struct val *v, unsigned depth,
		    unsigned flags);

static void
emit_key(struct buf *b, const struct val *m, bool first, unsigned depth,
    unsigned flags)
{
	if (!first)
		buf_putc(b, ',');
	new_line(b, depth, flags);
	if (m->key == NULL)
		return;
	buf_json(b, str_of(m->key));
	buf_putc(b, ':');
	if (flags & EMIT_PRETTY)
		buf_putc(b, ' ');
}

static const char *
ends_of(const struct val *v)
{
	return v->type == VAL_OBJ ? "{}" : "[]";
}

/* Of what was begun before, the rest. */
static void
emit_list(struct buf *b, const struct val *v, unsigned depth, unsigned flags)
{
	const struct val *m;
	bool some = v->some;

	if (!v->begun)
		buf_putc(b, ends_of(v)[0]);
	for (m = v->u.list.first; m != NULL; m = m->next) {
		if (!m->begun)
			emit_key(b, m, !some, depth + 1, flags);
		some = true;
		emit_at(b, m, depth + 1, flags);
	}
	if (some)
		new_line(b, depth, flags);
	buf_putc(b, ends_of(v)[1]);
}

/* For people; the text is built aside, for it is quoted as a whole. */
static bool
emit_human(struct buf *b, const struct val *v, unsigned flags)
{
	struct buf text = { 0 };

	if ((flags & EMIT_HUMAN) == 0 || !human(&text, v))
		return false;
	buf_json(b, buf_view(&text));
	b->failed |= text.failed;
	buf_clear(&text);
	return true;
}

static void
emit_at(struct buf *b, const struct val *v, unsigned depth, unsigned flags)
{
	if (v->type == VAL_OBJ || v->type == VAL_ARR)
		emit_list(b, v, depth, flags);
	else if (!emit_human(b, v, flags))
		emit_scalar(b, v);
}

static void
part_at(struct buf *b, struct val *v, const struct val *open, unsigned depth,
    unsigned flags)
{
	struct val *m, *on_way;

	if (!v->begun)
		buf_putc(b, ends_of(v)[0]);
	v->begun = true;
	on_way = v == open ? NULL : v->u.list.last;
	for (m = v->u.list.first; m != NULL; m = m->next) {
		if (!m->begun)
			emit_key(b, m, !v->some, depth + 1, flags);
		v->some = true;
		if (m == on_way)
			part_at(b, m, open, depth + 1, flags);
		else
			emit_at(b, m, depth + 1, flags);
	}
	v->u.list.first = v->u.list.last = on_way;
}

void
emit_part(struct buf *b, struct val *tree, const struct val *open,
    unsigned flags)
{
	part_at(b, tree, open, 0, flags);
}

void
emit_json(struct buf *b, const struct val *v, unsigned flags)
{
	emit_at(b, v, 0, flags);
}

void
emit_bare(struct buf *b, const struct val *v, unsigned flags)
{
	if (v->type == VAL_STR)
		buf_str(b, v->u.str);
	else if (v->type == VAL_OBJ || v->type == VAL_ARR)
		emit_json(b, v, flags & ~(unsigned)EMIT_PRETTY);
	else if ((flags & EMIT_HUMAN) == 0 || !human(b, v))
		emit_scalar(b, v);
}

typedef void emit_line(struct buf *, struct str, const struct val *,
    unsigned);

/* Walk to each scalar; name is where the path to it is built. */
static void
each_scalar(struct buf *b, struct buf *name, const struct val *v,
    unsigned flags, emit_line *line)
{
	size_t len = name->len, i = 0;
	const struct val *m;

	if (v->type != VAL_OBJ && v->type != VAL_ARR) {
		line(b, buf_view(name), v, flags);
		return;
	}
	for (m = v->u.list.first; m != NULL; m = m->next, i++) {
		if (len > 0)
			buf_putc(name, '.');
		if (m->key != NULL)
			buf_puts(name, m->key);
		else
			buf_num(name, i);
		each_scalar(b, name, m, flags, line);
		if (buf_failed(name)) {
			b->failed = true;
			return;
		}
		name->len = len;
	}
}

/* One line a value, whatever is in it: as in JSON, but for the quotes. */
static void
put_escaped(struct buf *b, struct str s)
{
	size_t start = b->len;

	buf_json(b, s);
	if (buf_failed(b))
		return;
	memmove(b->p + start, b->p + start + 1, b->len - start - 2);
	b->len -= 2;
}

static bool
is_plain(struct str s)
{
	size_t i;

	for (i = 0; i < s.len; i++)
		if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f)
			return false;
	return true;
}

static void
put_text(struct buf *b, struct str s)
{
	if (is_plain(s))
		buf_str(b, s);
	else
		put_escaped(b, s);
}

static void
flat_line(struct buf *b, struct str name, const struct val *v, unsigned flags)
{
	put_text(b, name);
	buf_putc(b, '=');
	if (v->type == VAL_STR)
		put_text(b, v->u.str);
	else
		emit_bare(b, v, flags);
	buf_putc(b, '\n');
}

static void
shell_name(struct buf *b, struct str s)
{
	size_t i;
	char c;

	buf_puts(b, "P2_");
	for (i = 0; i < s.len; i++) {
		c = s.p[i];
		if (c >= 'a' && c <= 'z')
			buf_putc(b, (char)(c - 'a' + 'A'));
		else if ((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))
			buf_putc(b, c);
		else
			buf_putc(b, '_');
	}
}

static void
shell_line(struct buf *b, struct str name, const struct val *v,
    unsigned flags)
{
	struct buf text = { 0 };
	size_t i;

	shell_name(b, name);
	buf_puts(b, "='");
	emit_bare(&text, v, flags);
	for (i = 0; i < text.len; i++)
		if (text.p[i] == '\'')
			buf_puts(b, "'\\''");
		else
			buf_putc(b, text.p[i]);
	buf_puts(b, "'\n");
	b->failed |= text.failed;
	buf_clear(&text);
}

static void
emit_lines(struct buf *b, const char *name, const struct val *v,
    unsigned flags, emit_line *line)
{
	struct buf path = { 0 };

	buf_puts(&path, name);
	each_scalar(b, &path, v, flags, line);
	buf_clear(&path);
}

void
emit_flat(struct buf *b, const char *name, const struct val *v,
    unsigned flags)
{
	emit_lines(b, name, v, flags, flat_line);
}

void
emit_shell(struct buf *b, const char *name, const struct val *v,
    unsigned flags)
{
	emit_lines(b, name, v, flags, shell_line);
}
