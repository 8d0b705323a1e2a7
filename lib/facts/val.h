#ifndef FACTS_VAL_H
#define FACTS_VAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "facts/arena.h"

/*
 * val: a tree of values in the making, all of it in one arena.
 *
 * All that a function returns is lent until the arena is cleared.  When
 * memory runs out, whatever would have been built is left out; a NULL object
 * takes what is put into it and forgets it.  So build without checks, and ask
 * arena_failed() once.
 */
enum val_type {
	VAL_OBJ, VAL_ARR, VAL_STR, VAL_INT, VAL_REAL, VAL_BOOL, VAL_NULL
};

struct val {
	struct val	*next;		/* in the object or array */
	const char	*key;		/* NULL in an array */
	enum val_type	 type;
	bool		 wanted;	/* see val_keep_wanted() */
	bool		 begun;		/* see emit_part() */
	bool		 some;		/* of it was printed */
	union {
		struct {
			struct val	*first;
			struct val	*last;
			struct arena	*arena;
		} list;			/* VAL_OBJ, VAL_ARR */
		struct str	 str;	/* VAL_STR: valid UTF-8 without NUL */
		int64_t		 num;	/* VAL_INT */
		struct str	 text;	/* VAL_REAL: as JSON writes it */
		bool		 yes;	/* VAL_BOOL */
	} u;
};

/* A root, in which everything else is put. */
struct val *val_new(struct arena *a, enum val_type type);

/*
 * Put something at the end of o, an object or (key is NULL) an array.  key is
 * kept, not copied: it is a literal or comes from val_key().  That it is not
 * there yet is the caller's to know.  Texts are copied; in them, what is not
 * UTF-8 and each NUL becomes U+FFFD.  An empty text is left out, as are a
 * VAL_REAL that is no JSON number and what has a NULL key in an object.
 */
struct val *val_obj(struct val *o, const char *key);
struct val *val_arr(struct val *o, const char *key);
void	 val_str(struct val *o, const char *key, struct str s);
void	 val_cstr(struct val *o, const char *key, const char *s);
void	 val_int(struct val *o, const char *key, int64_t n);
void	 val_real(struct val *o, const char *key, struct str text);
void	 val_bool(struct val *o, const char *key, bool yes);
void	 val_null(struct val *o, const char *key);
void	 val_add(struct val *o, const char *key, struct val *v);

/* A copy of s that can serve as key in o; NULL if it is empty. */
const char *val_key(struct val *o, struct str s);

/* The member of that name, or NULL; o may be NULL, or no object. */
struct val *val_get(const struct val *o, const char *key);
struct val *val_get_str(const struct val *o, struct str key);

/* By dotted path below o.  Keys may hold dots: the longest match is tried
 * first.  A number names an element of an array. */
struct val *val_find(const struct val *o, struct str path);

/* The text of a string, or an empty one. */
struct str val_text(const struct val *v);

/* Take one member out; it stays valid. */
void	 val_drop(struct val *o, struct val *member);

/* A copy of all of v, at the end of o. */
void	 val_copy(struct val *o, const char *key, const struct val *v);

/* Order the members of an object by key, runs of digits by value. */
void	 val_sort(struct val *o);

/* Take out what is not wanted, nor holds or belongs to what is.  Returns
 * whether anything is left. */
bool	 val_keep_wanted(struct val *v);

/* Take out objects that have nothing in them, at any depth below v. */
void	 val_prune(struct val *v);

#endif
