#ifndef SIGN_MANIFEST_H
#define SIGN_MANIFEST_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

/*
 * manifest: the SHA-256 digest of every file of a tree, as text:
 *
 *	SHA256 (site.p2) = e3b0c44298fc1c149afbf4c8996fb924...
 *
 * one line a file, in order of their names' bytes, as "sha256sum --tag"
 * prints and "sha256sum --check" reads it.  Names are relative to the tree;
 * a link to a file stands for what is in the file.  Left out are the manifest
 * itself, its signatures, and what has a name that begins with ".git".
 *
 * What fails has said why (base/why.h).
 */
#define MANIFEST_NAME	"P2MANIFEST"

enum { DIGEST_LEN = 32 };

struct manifest_entry {
	struct str	 name;
	uint8_t		 digest[DIGEST_LEN];
};

struct manifest {
	struct buf	 text;		/* names are in it */
	struct manifest_entry *entries;	/* in order */
	size_t		 n;
};

/*
 * Of the tree at dir.  What cannot be in a manifest (neither file nor
 * directory, a link to a directory, a name with a line break) is refused.
 * Returns 0, or -1; clear it after either.
 */
int	manifest_make(struct manifest *m, const char *dir, struct buf *why);

/* Of text, which name is for in messages. */
int	manifest_read(struct manifest *m, struct str text, const char *name,
	    struct buf *why);
void	manifest_clear(struct manifest *m);

/* The entry of that name, or NULL. */
const struct manifest_entry *manifest_find(const struct manifest *m,
	    struct str name);

/* The text of m. */
void	manifest_write(const struct manifest *m, struct buf *out);

/* SHA-256 of bytes, or of all that is left to read from fd (0, or -1). */
void	digest_bytes(uint8_t digest[DIGEST_LEN], struct str bytes);
int	digest_fd(uint8_t digest[DIGEST_LEN], int fd);

#endif
