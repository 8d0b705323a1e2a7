#ifndef GIT_REFS_H
#define GIT_REFS_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"

/*
 * refs: what is in the files of a repository, and what git prints of another.
 * All that is returned is lent from the text; empty where there is none.
 */

/* An id of a commit in full: 40 or 64 hexadecimal digits. */
bool	git_is_id(struct str s);

/* May it be the name of a branch or a tag, as git-check-ref-format(1) says? */
bool	git_is_ref(struct str name);

/* HEAD, or another ref in a file: an id, or another ref, "refs/heads/x". */
bool	git_ref(struct str text, struct str *id, struct str *ref);

/*
 * packed-refs: the id of a ref, and what is behind it if that is known: of a
 * tag with an object of its own the commit, else the same id.
 */
bool	git_packed(struct str text, struct str ref, struct str *id,
	    struct str *peeled);

/*
 * config: url of [remote "NAME"], the last one; appended to b without quotes
 * and escapes.  False where there is none.
 */
bool	git_remote_url(struct str text, struct str remote, struct buf *b);

/*
 * Of ls-remote --symref: the id of a ref, and what "ref: X<TAB>REF" says that
 * it stands for.
 */
struct str git_listed(struct str text, const char *ref);
struct str git_listed_symref(struct str text, const char *ref);

/* The next "ID<TAB>REF" of it; false at its end. */
bool	git_listed_next(struct str *text, struct str *id, struct str *ref);

#endif
