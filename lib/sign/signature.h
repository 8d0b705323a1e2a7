#ifndef SIGN_SIGNATURE_H
#define SIGN_SIGNATURE_H

#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

/*
 * signature: Ed25519 (RFC 8032) keys and detached signatures, in the files of
 * signify(1) and minisign(1).
 *
 * Public keys are the same with both.  What is signed here has the four lines
 * of minisign, of which signify reads the first two, so that both verify it:
 *
 *	untrusted comment: ...
 *	base64 of "Ed", the key's number (8 bytes), the signature (64)
 *	trusted comment: ...
 *	base64 of the signature of signature and trusted comment (64)
 *
 * What is verified may lack the last two lines, as signify's does, or have
 * "ED", where BLAKE2b-512 of the message is signed and not the message.
 *
 * Secret keys are read as either tool writes them, as long as there is no
 * passphrase on them; they are written as signify's.
 *
 * What fails has said why (base/why.h); in what it says, name stands for the
 * file.
 */
enum { KEY_NUMBER_LEN = 8 };

struct public_key {
	uint8_t	 number[KEY_NUMBER_LEN];	/* chosen at random */
	uint8_t	 key[32];
};

struct secret_key {
	uint8_t	 number[KEY_NUMBER_LEN];
	uint8_t	 key[64];		/* seed and public key */
};

/* A new pair.  Returns 0 or -1. */
int	key_make(struct public_key *p, struct secret_key *s, struct buf *why);

/* Wipe it from memory. */
void	key_wipe(struct secret_key *s);

/* What a file with that key has in it; comment is one line, or "". */
void	public_key_write(const struct public_key *p, const char *comment,
	    struct buf *out);
void	secret_key_write(const struct secret_key *s, const char *comment,
	    struct buf *out);

int	public_key_read(struct public_key *p, struct str text,
	    const char *name, struct buf *why);
int	secret_key_read(struct secret_key *s, struct str text,
	    const char *name, struct buf *why);

/* The file of a signature of message; trusted is one line. */
int	signature_make(const struct secret_key *s, struct str message,
	    const char *trusted, struct buf *out, struct buf *why);

/*
 * Is text a signature of message by p?  Returns 0, or -1: it is not.  *time is
 * when it was made, in seconds since 1970, as a signed comment has it in the
 * manner of minisign, "timestamp:1700000000"; 0 where there is none.
 */
int	signature_verify(const struct public_key *p, struct str text,
	    struct str message, const char *name, uint64_t *time,
	    struct buf *why);

#endif
