#ifndef QUERY_ROW_H
#define QUERY_ROW_H

#include "base/buf.h"
#include "store/store.h"

/*
 * row: rows of the store as JSON objects, without anything behind them.
 */
void	row_version(struct buf *b, const struct version_row *r);
void	row_app(struct buf *b, const struct app_row *r);
void	row_host(struct buf *b, const struct host_row *r);
void	row_history(struct buf *b, const struct history_row *r);
void	row_event(struct buf *b, const struct event_row *r);
void	row_run(struct buf *b, const struct run_row *r);
void	row_result(struct buf *b, const struct result_row *r);

#endif
