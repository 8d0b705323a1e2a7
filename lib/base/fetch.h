#ifndef BASE_FETCH_H
#define BASE_FETCH_H

#include <stddef.h>

#include "base/str.h"

/*
 * fetch: HTTP and HTTPS requests, one after the other on one connection that
 * is kept alive.  The work is libcurl's, which is loaded when the first
 * struct fetch is made: a program that never makes one does not pay for it.
 * Proxies are taken from the environment, as curl(1) does.  No signal is
 * raised, and none is left pending.
 *
 * A struct fetch belongs to one thread at a time.
 */
struct fetch;

/*
 * timeout_ms bounds connecting (finding the address included), and any pause
 * without a byte afterwards, to the second.
 * Returns 0, or -1 with *errstr (static) where libcurl cannot be had.
 */
int	fetch_new(struct fetch **fp, long timeout_ms, const char **errstr);
void	fetch_free(struct fetch *f);

/* Bound each request that follows as a whole, too; 0, as it is at first: not. */
void	fetch_limit(struct fetch *f, long total_ms);

/*
 * Let the requests that follow be redirected, a few times, but not from
 * https:// to anything else.  Without that a redirect is an answer as any.
 */
void	fetch_follow(struct fetch *f);

/*
 * GET url, or POST body to it as application/json where body.p is not NULL.
 * What comes back goes to fn piece by piece; where fn returns nonzero the
 * transfer ends there, and well.  fn may be NULL; it is given the body of a
 * redirect, too, unless that is followed.
 *
 * Returns 0 with the HTTP status in *status, or -1 with *errstr, words that
 * are lent until the next call with f; "Connection refused", say.
 */
int	fetch(struct fetch *f, const char *url, struct str body,
	    int (*fn)(const char *p, size_t n, void *arg), void *arg,
	    long *status, const char **errstr);

#endif
