#ifndef POLICY_LOOPS_H
#define POLICY_LOOPS_H

#include "base/buf.h"
#include "base/str.h"

/*
 * loops: for-of as a loop that counts up an index, on the lines it is on:
 *
 *	for (const v of x) f(v)
 *	for (let i = 0, l = __p2list(x), v; i < l.length && (v = l[i], true);
 *	    i++) f(v)
 *
 *	for (const [k, v] of x) {
 *	for (let i = 0, l = __p2list(x); i < l.length; i++) { const [k, v] = l[i];
 *
 * __p2list() is to give an array.  Everything else stays as it is.
 *
 * Appends to out and returns 0; or -1 with "LINE: reason" appended to err.
 */
int	loops_rewrite(struct str source, struct buf *out, struct buf *err);

#endif
