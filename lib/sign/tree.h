#ifndef SIGN_TREE_H
#define SIGN_TREE_H

#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

/*
 * tree: files that are believed because a key has signed for them.
 *
 * A tree is a directory with a manifest (P2MANIFEST) in it and a signature of
 * that beside it (P2MANIFEST.sig, or .minisig).  It is the business of who
 * reads a file to hand over the very bytes that he is going to use.
 *
 * Files are known by the names they are asked for, made absolute, without
 * looking at the file system: what a link leads to elsewhere is right if it
 * has the bytes that are signed for under the link's name.
 *
 * What fails has said why (base/why.h).
 */
struct trees;

/* A tree whose signature is right. */
struct tree_signed {
	struct str	 root;		/* absolute, without "/" at its end */
	uint8_t		 key[32];	/* the public key */
	uint64_t	 time;		/* as of signature_verify() */
};

/*
 * keyfile is a public key, which no other than root or the caller may write.
 * accept() is asked of each tree before anything in it is believed: 0, or -1
 * with a reason.
 */
int	trees_open(struct trees **tp, const char *keyfile,
	    int (*accept)(void *arg, const struct tree_signed *s,
	    struct buf *why), void *arg, struct buf *why);
void	trees_close(struct trees *t);

/*
 * Code: path has to be in a tree whose signature is right, the innermost that
 * there is above it.  Returns 0, or -1: do not run this.
 */
int	trees_judge_code(struct trees *t, const char *path, struct str bytes,
	    struct buf *why);

/*
 * Data: the same for what lies in one of the trees that code has come from;
 * all else is the host's own and goes unjudged.
 */
int	trees_judge_data(struct trees *t, const char *path, struct str bytes,
	    struct buf *why);

/* The same for what can be read from fd, which is left at its beginning. */
int	trees_judge_fd(struct trees *t, const char *path, int fd,
	    struct buf *why);

#endif
