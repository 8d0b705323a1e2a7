#ifndef POLICY_LITERAL_H
#define POLICY_LITERAL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/str.h"

/*
 * literal: calls that declare a resource with literals only.
 *
 *	.file("/etc/motd", {content: "hello\n", mode: "0644"})
 *
 * What they say is known before anything runs: so they need not be run, and are
 * kept as data.  A zeroed struct literals has none.
 */
struct literals {
	struct buf	 packed;	/* the calls, one behind the other */
};

enum literal_type { LITERAL_FALSE, LITERAL_TRUE, LITERAL_STRING };

/* What lies there lends its strings, with NUL behind each and none in them. */
struct literal {
	unsigned	 type;		/* of resource_types */
	unsigned	 line;		/* that its name is on */
	struct str	 title;
	bool		 has_options;	/* if only {} */
	size_t		 n;		/* of them */
};

struct literal_option {
	struct str	 name;
	enum literal_type type;
	struct str	 str;
};

void	literals_clear(struct literals *l);

/*
 * Does s, which begins on that line, begin with such a call?  How long it is,
 * and then it is kept; or 0.  Only what natives keep as it is: a type whose
 * steps may be plain, options that are in order.
 */
size_t	literals_add(struct literals *l, struct str s, unsigned line);

/* Where the next one that is added will be. */
size_t	literals_end(const struct literals *l);

/* The one at that place, which moves to its first option; false: at the end. */
bool	literals_next(const struct literals *l, size_t *at,
	    struct literal *call);

/* Of its options, the one at that place, which is moved to the next. */
void	literals_option(const struct literals *l, size_t *at,
	    struct literal_option *o);

/* Of a source that was made of another one: lines are that one's. */
struct lines;
void	literals_move(struct literals *l, const struct lines *before);

/* Behind what is in b, so that literals_unpack() finds them. */
void	literals_pack(struct buf *b, const struct literals *l);

/* Take them off the end of b again; false if there are none. */
bool	literals_unpack(struct literals *l, struct buf *b);

#endif
