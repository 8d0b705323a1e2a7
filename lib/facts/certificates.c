#include <stdio.h>
#include <string.h>

#include "facts/base64.h"
#include "facts/collect.h"
#include "facts/x509.h"

static const struct fact facts[] = {
	{ "[].file", "string", "/etc/ssl/certs/*.pem, else the bundle of the "
	    "system, and the files in the lines of /etc/p2/certificates",
	    false },
	{ "[].subject", "string", "same", false },
	{ "[].issuer", "string", "same", false },
	{ "[].not_after", "string", "same, in UTC", false },
	{ NULL, NULL, NULL, false }
};

static const char begin[] = "-----BEGIN CERTIFICATE-----";
static const char end[] = "-----END CERTIFICATE-----";

static void
put(struct val *o, const char *file, const struct x509 *c)
{
	struct val *one = val_obj(o, NULL);

	val_cstr(one, "file", file);
	val_str(one, "subject", buf_view(&c->subject));
	val_str(one, "issuer", buf_view(&c->issuer));
	val_cstr(one, "not_after", c->not_after);
}

/* What is between two markers of PEM, RFC 7468; false where none is left. */
static bool
next_block(struct str *text, struct str *block)
{
	const char *from, *to;

	from = text->len == 0 ? NULL : memmem(text->p, text->len, begin,
	    strlen(begin));
	if (from == NULL)
		return false;
	from += strlen(begin);
	text->len -= (size_t)(from - text->p);
	text->p = from;
	if ((to = memmem(from, text->len, end, strlen(end))) == NULL)
		return false;
	*block = (struct str){ from, (size_t)(to - from) };
	text->len -= (size_t)(to - from);
	text->p = to;
	return true;
}

/* One file may hold many, as a bundle does. */
static void
put_file(struct facts *f, struct val *o, const struct dir *d,
    const char *name, const char *shown)
{
	struct str text = src_text_max(f, d, name, SRC_LARGE), block;
	struct x509 c = { .not_after = "" };
	struct buf der = { 0 };
	char *room;
	long n;

	while (next_block(&text, &block)) {
		buf_reset(&der);
		if ((room = buf_room(&der, block.len)) == NULL)
			break;
		n = base64_decode((unsigned char *)room, block.len, block);
		if (n > 0 && x509_parse(&c, (struct str){ room, (size_t)n }))
			put(o, shown, &c);
		else
			src_error(f, shown, "a certificate is malformed");
	}
	buf_clear(&der);
	x509_clear(&c);
}

/* Beside the files there are links to them, by the digest of the subject. */
static bool
put_dir(struct facts *f, struct val *o, const char *path)
{
	char shown[PATH_MAX];
	bool any = false;
	struct dir d;
	size_t i;

	if (!dir_open(f, NULL, path, &d))
		return false;
	for (i = 0; i < d.n; i++)
		if (text_ends(str_of(d.names[i]), ".pem")) {
			if (snprintf(shown, sizeof(shown), "%s/%s", path,
			    d.names[i]) >= (int)sizeof(shown))
				continue;
			put_file(f, o, &d, d.names[i], shown);
			any = true;
		}
	dir_close(&d);
	return any;
}

static void
put_bundle(struct facts *f, struct val *o)
{
	static const char *const bundles[] = {
	    "/etc/ssl/certs/ca-certificates.crt",
	    "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem",
	    "/etc/ssl/cert.pem" };
	size_t i;

	for (i = 0; i < sizeof(bundles) / sizeof(bundles[0]); i++)
		if (src_exists(f, bundles[i])) {
			put_file(f, o, NULL, bundles[i], bundles[i]);
			return;
		}
}

/* Those that the administrator names, a line each. */
static void
put_named(struct facts *f, struct val *o)
{
	struct str text, line;
	struct buf names = { 0 };
	char *path;

	if (src_load(f, NULL, "/etc/p2/certificates", SRC_MAX, &names)) {
		text = buf_view(&names);
		while (text_line(&text, &line)) {
			line = text_trim(text_cut(&line, '#'));
			path = arena_cstr(facts_arena(f), line);
			if (path != NULL && *path == '/' &&
			    line.len < PATH_MAX)
				put_file(f, o, NULL, path, path);
			else if (line.len > 0)
				src_error(f, "/etc/p2/certificates",
				    "a line is no absolute path");
		}
	}
	buf_clear(&names);
}

static void
run(struct facts *f, struct val *o)
{
	if (!put_dir(f, o, "/etc/ssl/certs"))
		put_bundle(f, o);
	put_named(f, o);
}

const struct collector collect_certificates = {
	.name = "certificates", .help = "certificates, and until when they are "
	    "valid", .when = ON_REQUEST, .is_array = true, .facts = facts,
	.cost = 1000, .run = run
};
