#ifndef PARTISCI_QUERY_ASK_H
#define PARTISCI_QUERY_ASK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "query/query.h"

/*
 * The parts of partisci-query.  Trouble ends the program with exit 2 where it
 * is met; what is here returns only if all went well.
 */
enum shape { SHAPE_LINES, SHAPE_REST, SHAPE_TABLE };

/* Ask; the answer goes to stdout in that shape.  Returns the number of rows. */
uint64_t ask_store(const char *dir, const struct question *q,
	    enum shape shape);
uint64_t ask_server(const char *server, const struct question *q,
	    enum shape shape);

/* Print each fault of the store, and return how many there are. */
uint64_t check_store(const char *dir, bool verbose);

/* Print the facts that are kept of that host, or of all if it is empty. */
uint64_t ask_facts(const char *dir, const char *host);

/* To read, or not at all. */
struct store *open_store(const char *dir);

/* What the parts share: out.c, table of rows in show.c. */
enum { OUT_PIECE = 128 * 1024 };	/* bytes that are written at once */

/* Write b to stdout and empty it. */
void	out_write(struct buf *b);

/* The last act: did all of it arrive? */
void	out_close(void);

/* A row, a JSON object, becomes a row of the table; out gets what is ready. */
void	show_begin(enum subject subject);
void	show_row(struct buf *out, struct str row);
void	show_end(struct buf *out);

#endif
