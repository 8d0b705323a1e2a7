#include <sha2.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "facts/base64.h"
#include "facts/collect.h"

static const struct fact facts[] = {
	{ "host_keys.*.key", "string", "/etc/ssh/ssh_host_*_key.pub", false },
	{ "host_keys.*.algorithm", "string", "same", false },
	{ "host_keys.*.bits", "integer", "same", false },
	{ "host_keys.*.sha256", "string", "same: the fingerprint", false },
	{ "host_keys.*.sshfp", "string", "same: the DNS record, SHA-256",
	    false },
	{ "server.port", "integer", "/etc/ssh/sshd_config and what it "
	    "includes; the first that is said counts", false },
	{ "server.permit_root_login", "string", "same", false },
	{ "server.password_authentication", "string", "same", false },
	{ NULL, NULL, NULL, false }
};

enum { BLOB_MAX = 8192, DEPTH_MAX = 16 };

/* RFC 4255 and its successors. */
static int
sshfp_algorithm(struct str algorithm)
{
	if (text_is(algorithm, "ssh-rsa"))
		return 1;
	if (text_is(algorithm, "ssh-dss"))
		return 2;
	if (str_starts(algorithm, str_of("ecdsa-")))
		return 3;
	return text_is(algorithm, "ssh-ed25519") ? 4 : 0;
}

/* The blob is a row of strings, each with its length in four bytes. */
static bool
next_part(const unsigned char **p, size_t *left, struct str *part)
{
	size_t n;

	if (*left < 4)
		return false;
	n = (size_t)(*p)[0] << 24 | (size_t)(*p)[1] << 16 |
	    (size_t)(*p)[2] << 8 | (*p)[3];
	if (n > *left - 4)
		return false;
	*part = (struct str){ (const char *)*p + 4, n };
	*p += n + 4;
	*left -= n + 4;
	return true;
}

static int64_t
key_bits(struct str algorithm, const unsigned char *p, size_t left)
{
	struct str part;
	int64_t n;

	if (text_is(algorithm, "ssh-ed25519"))
		return 256;
	if (str_starts(algorithm, str_of("ecdsa-")))
		return text_num(text_tail(algorithm, 'p'), &n) ? n : 0;
	/* For RSA the name, the exponent and the modulus. */
	if (!next_part(&p, &left, &part) || !next_part(&p, &left, &part) ||
	    !next_part(&p, &left, &part))
		return 0;
	while (part.len > 0 && *part.p == '\0')
		part = (struct str){ part.p + 1, part.len - 1 };
	if (part.len == 0)
		return 0;
	n = (int64_t)part.len * 8;
	for (left = 0x80; ((unsigned char)*part.p & left) == 0; left >>= 1)
		n--;
	return n;
}

static void
put_digest(struct val *o, const unsigned char *blob, size_t len,
    int algorithm)
{
	unsigned char digest[SHA256_DIGEST_LENGTH];
	char text[SHA256_DIGEST_LENGTH * 2 + 32] = "SHA256:";
	SHA2_CTX ctx;
	size_t i, n;

	SHA256Init(&ctx);
	SHA256Update(&ctx, blob, len);
	SHA256Final(digest, &ctx);
	base64_encode(text + 7, digest, sizeof(digest));
	val_cstr(o, "sha256", text);
	if (algorithm == 0)
		return;
	n = (size_t)snprintf(text, sizeof(text), "SSHFP %d 2 ", algorithm);
	for (i = 0; i < sizeof(digest); i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%02x",
		    digest[i]);
	val_cstr(o, "sshfp", text);
}

/* "algorithm base64 comment"; name is what is between ssh_host_ and _key. */
static void
put_key(struct val *o, struct str line)
{
	struct str algorithm = text_word(&line), text = text_word(&line);
	unsigned char blob[BLOB_MAX];
	int64_t bits;
	long n;

	if ((n = base64_decode(blob, sizeof(blob), text)) <= 0)
		return;
	val_str(o, "key", text);
	val_str(o, "algorithm", algorithm);
	if ((bits = key_bits(algorithm, blob, (size_t)n)) > 0)
		val_int(o, "bits", bits);
	put_digest(o, blob, (size_t)n, sshfp_algorithm(algorithm));
}

static void
put_keys(struct facts *f, const struct dir *d, struct val *o)
{
	static const char before[] = "ssh_host_", after[] = "_key.pub";
	struct val *keys = val_obj(o, "host_keys"), *one;
	struct str name;
	size_t i;

	for (i = 0; i < d->n; i++) {
		name = str_of(d->names[i]);
		if (!str_starts(name, str_of(before)) ||
		    !text_ends(name, after) ||
		    name.len <= strlen(before) + strlen(after))
			continue;
		name = (struct str){ name.p + strlen(before), name.len -
		    strlen(before) - strlen(after) };
		one = val_obj(keys, val_key(keys, name));
		put_key(one, src_line(f, d, d->names[i]));
	}
}

static bool
same_word(struct str s, const char *word)
{
	return s.len == strlen(word) && strncasecmp(s.p, word, s.len) == 0;
}

static void	read_config(struct facts *f, const char *path, struct val *o,
		    int depth);

/* A pattern is in the last part of the path only, and only a star. */
static void
include(struct facts *f, struct str pattern, struct val *o, int depth)
{
	char path[PATH_MAX], file[PATH_MAX + NAME_MAX + 2];
	struct dir d;
	const char *star;
	char *slash;
	size_t i;

	if (snprintf(path, sizeof(path), "%s%.*s", *pattern.p == '/' ? "" :
	    "/etc/ssh/", (int)pattern.len, pattern.p) >= (int)sizeof(path))
		return;
	if ((slash = strrchr(path, '/')) == NULL ||
	    (star = strchr(slash, '*')) == NULL) {
		read_config(f, path, o, depth + 1);
		return;
	}
	*slash = '\0';
	if (!dir_open(f, NULL, path, &d))
		return;
	for (i = 0; i < d.n; i++)
		if (strncmp(d.names[i], slash + 1,
		    (size_t)(star - slash) - 1) == 0 &&
		    text_ends(str_of(d.names[i]), star + 1)) {
			(void)snprintf(file, sizeof(file), "%s/%s", path,
			    d.names[i]);
			read_config(f, file, o, depth + 1);
		}
	dir_close(&d);
}

/* What is said under "Match" does not hold for all. */
static bool
take_setting(struct facts *f, struct str line, struct val *o, int depth)
{
	struct str key, word;
	int64_t n;

	line = text_trim(line);
	if (line.len == 0 || *line.p == '#')
		return true;
	key = text_word(&line);
	if (memchr(key.p, '=', key.len) != NULL) {
		line.len += (size_t)(line.p - key.p);
		line.p = key.p;
		key = text_cut(&line, '=');
	}
	if (same_word(key, "Match"))
		return false;
	if (same_word(key, "Include"))
		while ((word = text_word(&line)).len > 0)
			include(f, word, o, depth);
	word = text_unquote(text_word(&line));
	if (same_word(key, "Port") && val_get(o, "port") == NULL &&
	    text_num(word, &n))
		val_int(o, "port", n);
	else if (same_word(key, "PermitRootLogin") &&
	    val_get(o, "permit_root_login") == NULL)
		val_str(o, "permit_root_login", word);
	else if (same_word(key, "PasswordAuthentication") &&
	    val_get(o, "password_authentication") == NULL)
		val_str(o, "password_authentication", word);
	return true;
}

static void
read_config(struct facts *f, const char *path, struct val *o, int depth)
{
	struct buf b = { 0 };
	struct str text, line;

	if (depth < DEPTH_MAX && src_load(f, NULL, path, SRC_MAX, &b)) {
		text = buf_view(&b);
		while (text_line(&text, &line))
			if (!take_setting(f, line, o, depth))
				break;
	}
	buf_clear(&b);
}

static void
move(struct val *o, struct val *from, const char *key)
{
	struct val *v = val_get(from, key);

	if (v == NULL)
		return;
	val_drop(from, v);
	val_add(o, key, v);
}

static void
run(struct facts *f, struct val *o)
{
	struct val *said = val_new(facts_arena(f), VAL_OBJ), *server;
	struct dir d;

	if (!dir_open(f, NULL, "/etc/ssh", &d))
		return;
	put_keys(f, &d, o);
	if (dir_has(&d, "sshd_config")) {
		read_config(f, "/etc/ssh/sshd_config", said, 0);
		server = val_obj(o, "server");
		move(server, said, "port");
		move(server, said, "permit_root_login");
		move(server, said, "password_authentication");
	}
	dir_close(&d);
}

const struct collector collect_ssh = {
	.name = "ssh", .help = "host keys and the server", .facts = facts,
	.cost = 20, .run = run
};
