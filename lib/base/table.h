#ifndef BASE_TABLE_H
#define BASE_TABLE_H

#include <stddef.h>

#include "base/buf.h"
#include "base/str.h"

/*
 * table: columns of text for people.
 *
 *	APP       VER    HOST
 *	Demo App  1.2.3  web1
 *
 * The first TABLE_LOOK rows are kept and decide how wide each column is; from
 * then on rows pass through, and a wider cell pushes its row to the right.  So
 * memory is bounded, however long the table.  Width is counted in characters
 * of UTF-8.  Control characters, which could move a terminal's cursor or
 * recolour it, show as "?", and so do bytes that are no UTF-8.
 */
enum { TABLE_LOOK = 1000, TABLE_COLUMNS_MAX = 16 };

struct table {
	size_t		 ncols;
	size_t		 width[TABLE_COLUMNS_MAX];
	size_t		 column;	/* where the next cell goes */
	size_t		 nrows;		/* kept, or more than TABLE_LOOK */
	struct buf	 kept;		/* cells, each with NUL behind it */
	size_t		 pending;	/* blanks owed before the next cell */
};

/* ncols is from 1 to TABLE_COLUMNS_MAX; the first row is the header. */
void	table_init(struct table *t, size_t ncols);
void	table_clear(struct table *t);

/*
 * The next cell, from left to right; out gets what is ready to be printed,
 * which may be nothing.  If memory runs out, out is marked failed.
 */
void	table_cell(struct table *t, struct buf *out, struct str cell);

/* After the last row: what is still kept goes to out. */
void	table_end(struct table *t, struct buf *out);

#endif
