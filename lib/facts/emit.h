#ifndef FACTS_EMIT_H
#define FACTS_EMIT_H

#include <stdbool.h>

#include "base/buf.h"
#include "facts/val.h"

/*
 * emit: a tree of values as text.
 */
enum emit_flags {
	EMIT_PRETTY = 1,	/* JSON on many lines */
	EMIT_HUMAN = 2		/* 1.5 GiB and 2d 3h for what is in bytes
				   and seconds */
};

/* As JSON, without a newline behind it. */
void	emit_json(struct buf *b, const struct val *v, unsigned flags);

/*
 * The same, when more is to come at the end of open, which is the last in the
 * tree, or the last in the last, and so on.  All is printed but what ends open
 * and those it is in, and taken out of the tree.  In the end emit_json()
 * prints the rest.
 */
void	emit_part(struct buf *b, struct val *tree, const struct val *open,
	    unsigned flags);

/* Each scalar as "a.b.c=value" on a line; control characters escaped. */
void	emit_flat(struct buf *b, const char *name, const struct val *v,
	    unsigned flags);

/* Each scalar as "P2_A_B_C='value'", safe to be evaluated by a shell. */
void	emit_shell(struct buf *b, const char *name, const struct val *v,
	    unsigned flags);

/* A scalar for people and $(...): a string without its quotes. */
void	emit_bare(struct buf *b, const struct val *v, unsigned flags);

#endif
