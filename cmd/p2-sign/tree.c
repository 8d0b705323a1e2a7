#include <sys/stat.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/replace.h"
#include "sign.h"
#include "sign/manifest.h"
#include "sign/signature.h"

enum { FILE_MAX = 64 * 1024 * 1024 };

static void __attribute__((noreturn))
give_up(const struct buf *why)
{
	errx(2, "%.*s", (int)why->len, why->p);
}

/* dir/NAME, or with an ending; the caller frees it. */
static char *
in_dir(const char *dir, const char *ending)
{
	char *path;

	if (asprintf(&path, "%s/%s%s", dir, MANIFEST_NAME, ending) == -1)
		err(2, NULL);
	return path;
}

static void
read_file(const char *path, struct buf *out)
{
	int fd;

	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) == -1 ||
	    buf_read(out, fd, FILE_MAX) == -1)
		err(2, "%s", path);
	close(fd);
}

/* In one step, so that nobody sees half of it. */
static void
write_file(const char *path, struct str text)
{
	struct attrs attrs = ATTRS_NONE;
	struct buf why = { 0 };
	struct place at;
	struct replace r;

	if (place_find(&at, path, PLACE_FOLLOW, &why) == -1)
		give_up(&why);
	if (replace_begin(&r, &at, REPLACE_PUBLIC, &why) == -1 ||
	    replace_write(&r, text, &why) == -1 ||
	    replace_attrs(&r, -1, &attrs, &why) == -1 ||
	    replace_commit(&r, false, &why) == -1) {
		replace_abort(&r);
		give_up(&why);
	}
	replace_abort(&r);
	place_clear(&at);
}

static void
look(struct manifest *m, const char *dir)
{
	struct buf why = { 0 };

	if (manifest_make(m, dir, &why) == -1)
		give_up(&why);
}

static void
list(const struct manifest *m)
{
	size_t i;

	for (i = 0; i < m->n; i++)
		fprintf(stderr, "%.*s\n", (int)m->entries[i].name.len,
		    m->entries[i].name.p);
}

/* The manifest's text as written to the directory. */
static void
write_manifest(const struct asked *a, struct buf *text)
{
	char *path = in_dir(a->what, "");
	struct manifest m;

	look(&m, a->what);
	manifest_write(&m, text);
	if (buf_failed(text))
		errx(2, "out of memory");
	write_file(path, buf_view(text));
	if (a->verbose)
		list(&m);
	manifest_clear(&m);
	free(path);
}

int
manifest(const struct asked *a)
{
	struct buf text = { 0 };

	write_manifest(a, &text);
	buf_clear(&text);
	return 0;
}

int
sign(const struct asked *a)
{
	char *path = in_dir(a->what, ".sig"), trusted[64];
	struct buf text = { 0 }, sig = { 0 }, why = { 0 };
	struct secret_key key;

	read_file(a->key, &text);
	if (secret_key_read(&key, buf_view(&text), a->key, &why) == -1)
		give_up(&why);
	explicit_bzero(text.p, text.len);
	buf_reset(&text);
	write_manifest(a, &text);
	snprintf(trusted, sizeof(trusted), "timestamp:%jd\tfile:%s",
	    (intmax_t)time(NULL), MANIFEST_NAME);
	if (signature_make(&key, buf_view(&text), trusted, &sig, &why) == -1)
		give_up(&why);
	write_file(path, buf_view(&sig));
	key_wipe(&key);
	buf_clear(&text);
	buf_clear(&sig);
	free(path);
	return 0;
}

/*
 * --- Verifying -----------------------------------------------------------
 */

static void
say(size_t *wrong, struct str name, const char *what)
{
	warnx("%.*s: %s", (int)name.len, name.p, what);
	++*wrong;
}

/* Both are in order of names: go through them side by side. */
static size_t
differences(const struct manifest *is, const struct manifest *should)
{
	const struct manifest_entry *a = is->entries, *b = should->entries;
	const struct manifest_entry *a_end = a + is->n, *b_end = b + should->n;
	size_t wrong = 0;
	int c;

	while (a < a_end || b < b_end) {
		c = a == a_end ? 1 : b == b_end ? -1 :
		    str_cmp(a->name, b->name);
		if (c < 0)
			say(&wrong, a->name, "is not in the signed manifest");
		else if (c > 0)
			say(&wrong, b->name, "is missing");
		else if (memcmp(a->digest, b->digest, DIGEST_LEN) != 0)
			say(&wrong, a->name, "is not what was signed");
		a += c <= 0;
		b += c >= 0;
	}
	return wrong;
}

static char *
signature_in(const char *dir)
{
	char *path = in_dir(dir, ".sig");

	if (access(path, F_OK) == 0)
		return path;
	free(path);
	path = in_dir(dir, ".minisig");
	if (access(path, F_OK) == 0)
		return path;
	free(path);
	path = in_dir(dir, "");
	if (access(path, F_OK) == 0)
		errx(1, "%s: is not signed", path);
	err(1, "%s", path);
}

int
verify(const struct asked *a)
{
	char *path = in_dir(a->what, ""), *sig_path = signature_in(a->what);
	struct buf key = { 0 }, text = { 0 }, sig = { 0 }, why = { 0 };
	struct manifest is, should;
	struct public_key p;
	uint64_t when;
	size_t wrong;

	read_file(a->key, &key);
	if (public_key_read(&p, buf_view(&key), a->key, &why) == -1)
		give_up(&why);
	read_file(path, &text);
	read_file(sig_path, &sig);
	if (signature_verify(&p, buf_view(&sig), buf_view(&text), sig_path,
	    &when, &why) == -1 ||
	    manifest_read(&should, buf_view(&text), path, &why) == -1)
		errx(1, "%.*s", (int)why.len, why.p);
	look(&is, a->what);
	if ((wrong = differences(&is, &should)) == 0 && a->verbose)
		list(&is);
	manifest_clear(&is);
	manifest_clear(&should);
	buf_clear(&key);
	buf_clear(&text);
	buf_clear(&sig);
	free(path);
	free(sig_path);
	return wrong > 0;
}
