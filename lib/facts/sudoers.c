#include <sha2.h>

#include <string.h>

#include "facts/collect.h"

static const struct fact facts[] = {
	{ "files", "array", "/etc/sudoers.d", false },
	{ "digest", "string", "SHA-256 of /etc/sudoers and of these, each "
	    "behind its name; for root", false },
	{ NULL, NULL, NULL, false }
};

/* What sudo takes: sudoers(5). */
static bool
is_taken(const char *name)
{
	return strchr(name, '.') == NULL && !text_ends(str_of(name), "~");
}

/* False where it may not be read: half of it would be another digest. */
static bool
add(struct facts *f, SHA2_CTX *ctx, const struct dir *d, const char *name)
{
	struct str text = src_text(f, d, name);

	if (text.p == NULL)
		return false;
	SHA256Update(ctx, (const uint8_t *)name, strlen(name) + 1);
	SHA256Update(ctx, (const uint8_t *)text.p, text.len);
	return true;
}

static void
run(struct facts *f, struct val *o)
{
	char hex[SHA256_DIGEST_STRING_LENGTH];
	struct val *a;
	SHA2_CTX ctx;
	struct dir d;
	size_t i;
	bool whole;

	SHA256Init(&ctx);
	whole = add(f, &ctx, NULL, "/etc/sudoers");
	if (dir_open(f, NULL, "/etc/sudoers.d", &d)) {
		a = val_arr(o, "files");
		for (i = 0; i < d.n; i++)
			if (is_taken(d.names[i])) {
				val_cstr(a, NULL, d.names[i]);
				whole = add(f, &ctx, &d, d.names[i]) && whole;
			}
		dir_close(&d);
	}
	(void)SHA256End(&ctx, hex);
	if (whole)
		val_cstr(o, "digest", hex);
}

const struct collector collect_sudoers = {
	.name = "sudoers", .help = "files that grant rights",
	.when = ON_REQUEST, .facts = facts, .cost = 30, .run = run
};
