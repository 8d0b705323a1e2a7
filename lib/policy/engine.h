#ifndef POLICY_ENGINE_H
#define POLICY_ENGINE_H

#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

#include <duktape.h>

#include "base/buf.h"
#include "base/str.h"
#include "policy/pool.h"

/*
 * engine: Duktape with limits.
 *
 * Debian's build cannot be interrupted from within, so a timer's signal jumps
 * out of it where it has gone on for too long; the heap is then abandoned as
 * it is.  A jump must not leave malloc(3) or anything else of the process half
 * done: the allocator, and all C that is called from a policy, runs between
 * engine_hold() and engine_let(), and there the signal waits.  In between
 * nothing may be called that throws.
 */
struct engine {
	duk_context	*ctx;
	struct pool	 pool;		/* the heap's memory */
	size_t		 max;		/* of it, in bytes */
	unsigned	 seconds;
	volatile sig_atomic_t held;	/* not to be jumped out of */
	volatile sig_atomic_t running;	/* escape is valid */
	volatile sig_atomic_t ticks;	/* of the timer, without progress */
	volatile sig_atomic_t dead;	/* was jumped out of */
	bool		 full;		/* memory was refused */
	const char	*fatal;		/* why, if not for its time */
	char		 at[512];	/* "FILE:LINE" it was then, or "" */
	sigjmp_buf	 escape;
	void		*owner;
};

/* Returns 0, or -1: no memory. */
int	engine_open(struct engine *e, size_t memory_max, unsigned seconds,
	    void *owner);
void	engine_close(struct engine *e);

/* The engine, and its owner, of a context. */
struct engine *engine_of(duk_context *ctx);
void	*engine_owner(duk_context *ctx);

void	engine_hold(duk_context *ctx);
void	engine_let(duk_context *ctx);

/* Something was done: the time starts anew. */
void	engine_progress(struct engine *e);

/*
 * Run fn in the protection of the limits, with nothing else on the stack.
 * What fn throws, and running out of time or memory, gives -1 and a reason.
 */
int	engine_run(struct engine *e, void (*fn)(duk_context *ctx, void *arg),
	    void *arg, struct buf *err);

/*
 * Strings between the world, where they are UTF-8, and the engine, where they
 * are CESU-8.  What is no UTF-8 gets U+FFFD for each bad byte.
 */
void	engine_push(duk_context *ctx, struct str s);
/* Append the string, or bytes of the buffer, at idx; false for others. */
bool	engine_text(duk_context *ctx, duk_idx_t idx, struct buf *out);

#endif
