#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/table.h"
#include "base/utf8.h"

void
table_init(struct table *t, size_t ncols)
{
	*t = (struct table){ .ncols = ncols };
}

void
table_clear(struct table *t)
{
	buf_clear(&t->kept);
	*t = (struct table){ 0 };
}

/* C0, DEL and C1: what a terminal may take for more than text. */
static bool
is_control(uint32_t cp)
{
	return cp < 0x20 || (cp >= 0x7f && cp < 0xa0);
}

/* Append s as it may be shown; returns its width. */
static size_t
show(struct buf *b, struct str s)
{
	size_t width = 0, n;
	uint32_t cp;

	while (s.len > 0) {
		if ((n = utf8_next(s, &cp)) == 0 || is_control(cp))
			buf_putc(b, '?');
		else
			buf_add(b, s.p, n);
		n = n == 0 ? 1 : n;
		s = (struct str){ s.p + n, s.len - n };
		width++;
	}
	return width;
}

static void
pay_blanks(struct table *t, struct buf *out)
{
	static const char blanks[] = "                ";
	size_t n;

	for (; t->pending > 0; t->pending -= n) {
		n = t->pending < sizeof(blanks) - 1 ? t->pending :
		    sizeof(blanks) - 1;
		buf_add(out, blanks, n);
	}
}

/* Blanks wait for a cell that needs them: none are left at a line's end. */
static void
put(struct table *t, struct buf *out, size_t column, struct str cell,
    size_t width)
{
	if (cell.len > 0)
		pay_blanks(t, out);
	buf_str(out, cell);
	if (column + 1 == t->ncols) {
		buf_putc(out, '\n');
		t->pending = 0;
	} else
		t->pending += 2 + (width < t->width[column] ?
		    t->width[column] - width : 0);
}

static void
flush(struct table *t, struct buf *out)
{
	struct str cell;
	size_t column = 0, i;

	if (buf_failed(&t->kept)) {
		out->failed = true;
		return;
	}
	for (i = 0; i < t->kept.len; i += cell.len + 1) {
		cell = str_of(t->kept.p + i);
		put(t, out, column, cell, utf8_count(cell));
		column = (column + 1) % t->ncols;
	}
	buf_clear(&t->kept);
}

void
table_cell(struct table *t, struct buf *out, struct str cell)
{
	size_t width;

	/* Past the rows that are kept, kept holds but this cell. */
	width = show(&t->kept, cell);
	if (t->nrows > TABLE_LOOK) {
		put(t, out, t->column, buf_view(&t->kept), width);
		if (buf_failed(&t->kept))
			out->failed = true;
		buf_reset(&t->kept);
	} else {
		if (width > t->width[t->column])
			t->width[t->column] = width;
		buf_putc(&t->kept, '\0');
	}
	if (++t->column < t->ncols)
		return;
	t->column = 0;
	if (t->nrows > TABLE_LOOK)
		return;
	if (++t->nrows > TABLE_LOOK)
		flush(t, out);
}

void
table_end(struct table *t, struct buf *out)
{
	flush(t, out);
}
