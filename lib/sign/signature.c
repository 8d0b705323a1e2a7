#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "base/why.h"
#include "sign/signature.h"

static const char untrusted[] = "untrusted comment: ";
static const char trusted_comment[] = "trusted comment: ";

/* As they are in base64; all of bytes, so nothing is between them. */
struct public_blob {
	uint8_t	 algorithm[2];		/* "Ed" */
	uint8_t	 number[KEY_NUMBER_LEN];
	uint8_t	 key[32];
};

struct signature_blob {
	uint8_t	 algorithm[2];		/* "Ed", or "ED": hashed before */
	uint8_t	 number[KEY_NUMBER_LEN];
	uint8_t	 signature[64];
};

struct signify_secret {
	uint8_t	 algorithm[2];		/* "Ed" */
	uint8_t	 kdf[2];		/* "BK" */
	uint8_t	 rounds[4];		/* 0: no passphrase */
	uint8_t	 salt[16];
	uint8_t	 checksum[8];		/* SHA-512 of the key, the first 8 */
	uint8_t	 number[KEY_NUMBER_LEN];
	uint8_t	 key[64];
};

struct minisign_secret {
	uint8_t	 algorithm[2];		/* "Ed" */
	uint8_t	 kdf[2];		/* "Sc", or 0, 0: no passphrase */
	uint8_t	 hash[2];		/* "B2" */
	uint8_t	 salt[32];
	uint8_t	 limits[16];
	uint8_t	 number[KEY_NUMBER_LEN];
	uint8_t	 key[64];
	uint8_t	 checksum[32];		/* 0 without a passphrase */
};

static int
ready(struct buf *why)
{
	return sodium_init() == -1 ?
	    why_say(why, "libsodium does not start") : 0;
}

/*
 * --- Lines ---------------------------------------------------------------
 */

/* Take a line off the front of s, without what ends it. */
static struct str
next_line(struct str *s)
{
	const char *end = s->len > 0 ? memchr(s->p, '\n', s->len) : NULL;
	struct str line = { s->p, end != NULL ? (size_t)(end - s->p) : s->len };
	size_t used = line.len + (end != NULL);

	*s = (struct str){ s->p + used, s->len - used };
	if (line.len > 0 && line.p[line.len - 1] == '\r')
		line.len--;
	return line;
}

/* The bytes of a line of base64: how many, or -1 if that is not what it is. */
static ptrdiff_t
decode(struct str line, void *out, size_t max)
{
	const char *end;
	size_t n;

	if (sodium_base642bin(out, max, line.p, line.len, NULL, &n, &end,
	    sodium_base64_VARIANT_ORIGINAL) == -1 || end != line.p + line.len)
		return -1;
	return (ptrdiff_t)n;
}

static void
encode(struct buf *out, const void *p, size_t n)
{
	size_t room = sodium_base64_encoded_len(n,
	    sodium_base64_VARIANT_ORIGINAL);
	char *to;

	if ((to = buf_room(out, room)) == NULL)
		return;
	sodium_bin2base64(to, room, p, n, sodium_base64_VARIANT_ORIGINAL);
	out->len += room - 1;		/* without its NUL */
	buf_putc(out, '\n');
}

/* The second line, behind one of comment. */
static ptrdiff_t
read_blob(struct str *text, void *out, size_t max)
{
	if (!str_starts(next_line(text), str_of(untrusted)))
		return -1;
	return decode(next_line(text), out, max);
}

static void
write_blob(struct buf *out, const char *comment, const void *p, size_t n)
{
	buf_puts(out, untrusted);
	buf_puts(out, comment);
	buf_putc(out, '\n');
	encode(out, p, n);
}

/*
 * --- Keys ----------------------------------------------------------------
 */

int
key_make(struct public_key *p, struct secret_key *s, struct buf *why)
{
	if (ready(why) == -1)
		return -1;
	crypto_sign_keypair(p->key, s->key);
	randombytes_buf(p->number, sizeof(p->number));
	memcpy(s->number, p->number, sizeof(s->number));
	return 0;
}

void
key_wipe(struct secret_key *s)
{
	sodium_memzero(s, sizeof(*s));
}

void
public_key_write(const struct public_key *p, const char *comment,
    struct buf *out)
{
	struct public_blob b = { .algorithm = { 'E', 'd' } };

	memcpy(b.number, p->number, sizeof(b.number));
	memcpy(b.key, p->key, sizeof(b.key));
	write_blob(out, comment, &b, sizeof(b));
}

void
secret_key_write(const struct secret_key *s, const char *comment,
    struct buf *out)
{
	struct signify_secret b = { .algorithm = { 'E', 'd' },
	    .kdf = { 'B', 'K' } };
	uint8_t sum[crypto_hash_sha512_BYTES];

	randombytes_buf(b.salt, sizeof(b.salt));
	crypto_hash_sha512(sum, s->key, sizeof(s->key));
	memcpy(b.checksum, sum, sizeof(b.checksum));
	memcpy(b.number, s->number, sizeof(b.number));
	memcpy(b.key, s->key, sizeof(b.key));
	write_blob(out, comment, &b, sizeof(b));
	sodium_memzero(&b, sizeof(b));
}

int
public_key_read(struct public_key *p, struct str text, const char *name,
    struct buf *why)
{
	struct public_blob b;

	if (ready(why) == -1)
		return -1;
	if (read_blob(&text, &b, sizeof(b)) != sizeof(b) ||
	    memcmp(b.algorithm, "Ed", 2) != 0)
		return why_say(why, "%s: not a public key", name);
	memcpy(p->number, b.number, sizeof(p->number));
	memcpy(p->key, b.key, sizeof(p->key));
	return 0;
}

/* Its second half is the public key, which the first, the seed, tells. */
static int
take(struct secret_key *s, const uint8_t *number, const uint8_t *key,
    const char *name, struct buf *why)
{
	uint8_t public[32], whole[64];
	int rc = 0;

	crypto_sign_seed_keypair(public, whole, key);
	if (memcmp(whole, key, sizeof(whole)) != 0)
		rc = why_say(why, "%s: the key is damaged", name);
	sodium_memzero(whole, sizeof(whole));
	memcpy(s->number, number, sizeof(s->number));
	memcpy(s->key, key, sizeof(s->key));
	return rc;
}

static int
refuse_passphrase(const char *name, struct buf *why)
{
	return why_say(why, "%s: is protected by a passphrase; sign with the "
	    "tool that asks for it", name);
}

int
secret_key_read(struct secret_key *s, struct str text, const char *name,
    struct buf *why)
{
	union {
		uint8_t	 bytes[256];
		struct signify_secret signify;
		struct minisign_secret minisign;
	} b;
	static const uint8_t none[4];
	ptrdiff_t n;
	int rc;

	if (ready(why) == -1)
		return -1;
	n = read_blob(&text, &b, sizeof(b));
	if (n == sizeof(b.signify) && memcmp(&b, "EdBK", 4) == 0)
		rc = memcmp(b.signify.rounds, none, 4) != 0 ?
		    refuse_passphrase(name, why) :
		    take(s, b.signify.number, b.signify.key, name, why);
	else if (n == sizeof(b.minisign) && memcmp(&b, "Ed", 2) == 0)
		rc = memcmp(b.minisign.kdf, none, 2) != 0 ?
		    refuse_passphrase(name, why) :
		    take(s, b.minisign.number, b.minisign.key, name, why);
	else
		rc = why_say(why, "%s: not a secret key", name);
	sodium_memzero(&b, sizeof(b));
	return rc;
}

/*
 * --- Signatures ----------------------------------------------------------
 */

/* What the last line of minisign's signs: signature, trusted comment. */
static void
put_global(struct buf *b, const struct signature_blob *sig, struct str trusted)
{
	buf_add(b, sig->signature, sizeof(sig->signature));
	buf_str(b, trusted);
}

int
signature_make(const struct secret_key *s, struct str message,
    const char *trusted, struct buf *out, struct buf *why)
{
	struct signature_blob sig = { .algorithm = { 'E', 'd' } };
	struct buf whole = { 0 };
	uint8_t global[64];

	if (ready(why) == -1)
		return -1;
	memcpy(sig.number, s->number, sizeof(sig.number));
	crypto_sign_detached(sig.signature, NULL, (const uint8_t *)message.p,
	    message.len, s->key);
	put_global(&whole, &sig, str_of(trusted));
	crypto_sign_detached(global, NULL, (const uint8_t *)whole.p, whole.len,
	    s->key);
	write_blob(out, "verify with p2-sign, minisign or signify", &sig,
	    sizeof(sig));
	buf_puts(out, trusted_comment);
	buf_puts(out, trusted);
	buf_putc(out, '\n');
	encode(out, global, sizeof(global));
	if (buf_failed(&whole) || buf_failed(out)) {
		buf_clear(&whole);
		return why_say(why, "out of memory");
	}
	buf_clear(&whole);
	return 0;
}

static bool
is_of(const struct public_key *p, const struct signature_blob *sig,
    struct str message)
{
	uint8_t hash[64];

	if (memcmp(sig->algorithm, "ED", 2) == 0) {
		crypto_generichash(hash, sizeof(hash),
		    (const uint8_t *)message.p, message.len, NULL, 0);
		message = (struct str){ (const char *)hash, sizeof(hash) };
	}
	return crypto_sign_verify_detached(sig->signature,
	    (const uint8_t *)message.p, message.len, p->key) == 0;
}

/* Words of a comment are apart by tabs or blanks. */
static uint64_t
timestamp_in(struct str comment)
{
	static const char word[] = "timestamp:";
	uint64_t time = 0;
	size_t i = 0;

	for (; i < comment.len; i++)
		if ((i == 0 || comment.p[i - 1] == '\t' ||
		    comment.p[i - 1] == ' ') && str_starts((struct str){
		    comment.p + i, comment.len - i }, str_of(word)))
			break;
	for (i += sizeof(word) - 1; i < comment.len && comment.p[i] >= '0' &&
	    comment.p[i] <= '9' && time < UINT64_MAX / 100; i++)
		time = time * 10 + (uint64_t)(comment.p[i] - '0');
	return time;
}

/* The last two lines, if they are there. */
static bool
comment_is_of(const struct public_key *p, const struct signature_blob *sig,
    struct str text, uint64_t *time)
{
	struct str head = str_of(trusted_comment), line = next_line(&text);
	struct buf whole = { 0 };
	uint8_t global[64];
	bool ok;

	if (line.len == 0 && text.len == 0)
		return true;
	if (!str_starts(line, head) ||
	    decode(next_line(&text), global, sizeof(global)) != sizeof(global))
		return false;
	line = (struct str){ line.p + head.len, line.len - head.len };
	*time = timestamp_in(line);
	put_global(&whole, sig, line);
	ok = !buf_failed(&whole) && crypto_sign_verify_detached(global,
	    (const uint8_t *)whole.p, whole.len, p->key) == 0;
	buf_clear(&whole);
	return ok;
}

int
signature_verify(const struct public_key *p, struct str text,
    struct str message, const char *name, uint64_t *time, struct buf *why)
{
	struct signature_blob sig;

	*time = 0;
	if (ready(why) == -1)
		return -1;
	if (read_blob(&text, &sig, sizeof(sig)) != sizeof(sig) ||
	    (memcmp(sig.algorithm, "Ed", 2) != 0 &&
	    memcmp(sig.algorithm, "ED", 2) != 0))
		return why_say(why, "%s: not a signature", name);
	if (memcmp(sig.number, p->number, sizeof(sig.number)) != 0)
		return why_say(why, "%s: was made with another key", name);
	if (!is_of(p, &sig, message) || !comment_is_of(p, &sig, text,
	    time))
		return why_say(why, "%s: the signature is wrong", name);
	return 0;
}
