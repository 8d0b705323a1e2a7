#ifndef POLICY_REWRITE_H
#define POLICY_REWRITE_H

#include "base/buf.h"
#include "base/str.h"

/*
 * rewrite: newer JavaScript as ECMAScript 5, token by token, with each thing
 * staying on its line:
 *
 *	(a, b) => a + b		(function (a, b) { return ( a + b); })
 *	`a ${b}`		("a " + ( b) + "")
 *	f(a, b,)		f(a, b )
 *
 * A function whose body is but a comment gives that to heredoc().
 *
 * Everything else stays as it is, right or wrong: what is no JavaScript is for
 * the engine to say.  Where it is known to lack something, the error says how
 * to write it.
 *
 * Where variable is not NULL, statements that are chains of calls on p2 are
 * taken apart with it, so it has to be one that the source does not use:
 *
 *	p2.a().b()		v=p2.a();v=v.b()
 *
 * Appends to out and returns 0; or -1 with "LINE: reason" appended to err.
 */
int	rewrite(struct str source, const char *variable, struct buf *out,
	    struct buf *err);

#endif
