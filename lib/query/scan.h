#ifndef QUERY_SCAN_H
#define QUERY_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

/*
 * scan: the rows out of a document {"data":[{...},...],"next":"..."} that
 * comes piece by piece from a stranger.
 *
 * Every byte is held to the grammar of JSON, and a row to UTF-8, so what is
 * handed on can be printed.  White space between tokens is taken out; the
 * rest of a row stays as it came.  Other members of the document pass.  Of a
 * row, SCAN_ROW_MAX bytes are kept at most: a longer one is an error.
 */
enum { SCAN_ROW_MAX = 65536, SCAN_DEPTH_MAX = 32, SCAN_TEXT_MAX = 2048 };

struct scan {
	int		 state;
	unsigned	 depth;
	unsigned	 data_depth;	/* of the rows' array while in it, or 0 */
	bool		 array[SCAN_DEPTH_MAX];	/* or else an object */
	bool		 in_key;
	bool		 seen_data;
	unsigned	 hex;		/* digits of \uXXXX still to come */
	struct buf	 key;		/* at depth 1, as escaped */
	struct buf	 word;		/* number or literal */
	struct buf	 row;
	struct buf	 next;		/* of the document; as escaped */
	struct buf	 error;		/* {"error":"..."}; as escaped */
	struct buf	*text;		/* the one to fill, or NULL */
	int		(*fn)(struct str row, void *arg);
	void		*arg;
};

/* fn is called for each row, which is lent; nonzero ends the scan. */
void	scan_init(struct scan *s, int (*fn)(struct str row, void *arg),
	    void *arg);
void	scan_clear(struct scan *s);

/*
 * Take n more bytes.  Returns 0, or -1 with *errstr (static) the reason why
 * this is no such document, or NULL where fn has ended it.
 */
int	scan_feed(struct scan *s, const char *p, size_t n,
	    const char **errstr);

/* That was all: is the document complete?  Returns as scan_feed(). */
int	scan_end(struct scan *s, const char **errstr);

#endif
