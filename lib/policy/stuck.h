#ifndef POLICY_STUCK_H
#define POLICY_STUCK_H

#include <stdbool.h>
#include <stddef.h>

#include <duktape.h>

/*
 * stuck: where an engine is that does not come to an end.
 *
 * It is asked from the handler of the signal that has interrupted it, thus in
 * the middle of anything; so a child asks its own copy, which may throw, crash
 * or be stuck again.  Puts "FILE:LINE" into at, or "" if it is not to be known.
 */
void	stuck_ask(duk_context *ctx, char *at, size_t size);

/* Is this that child?  It is not to go anywhere else. */
bool	stuck_is_child(void);

#endif
