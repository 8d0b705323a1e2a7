#ifndef POLICY_REWRITE_H
#define POLICY_REWRITE_H

#include "base/buf.h"
#include "base/str.h"
#include "policy/lines.h"
#include "policy/literal.h"

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
 * If literals is not NULL, calls of such a chain that it can keep go there, and
 * in their place there is one of a function, which has to be known in the code
 * as __given: of what they were called on, where the first is, and how many
 * there are.
 *
 *	p2.file("/a").b()	v=p2;v=__given(v,0,1);v=v.b()
 *
 * The engine takes a call to be on the line where its arguments end.  If lines
 * is not NULL, one that ends on another line than its name is on gets a line
 * more, and lines says what that stands for.
 *
 * Appends to out and returns 0; or appends "LINE: reason" to err and returns
 * REWRITE_LACKS, if the language lacks what is there, or REWRITE_BAD.
 */
enum { REWRITE_LACKS = 1, REWRITE_BAD = -1 };

int	rewrite(struct str source, const char *variable,
	    struct literals *literals, struct buf *out, struct lines *lines,
	    struct buf *err);

#endif
