#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/trust.h"
#include "base/path.h"
#include "base/why.h"
#include "sign/manifest.h"
#include "sign/signature.h"
#include "sign/tree.h"

enum { MANIFEST_MAX = 64 * 1024 * 1024, KEY_MAX = 4096 };

struct tree {
	struct tree	*next;
	struct buf	 root;		/* absolute, without "/" at its end */
	struct manifest	 manifest;
};

struct trees {
	struct public_key key;
	int		(*accept)(void *, const struct tree_signed *,
			    struct buf *);
	void		*arg;
	struct tree	*list;
};

/* Read a file as a whole; 1 if there is none. */
static int
read_whole(const char *path, size_t max, bool trust, struct buf *out,
    struct buf *why)
{
	const char *bad = NULL;
	struct stat st;
	int fd, rc = -1;

	fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd == -1)
		return errno == ENOENT ? 1 : why_errno(why, path, "open");
	if (fstat(fd, &st) == -1)
		why_errno(why, path, "fstat");
	else if (!S_ISREG(st.st_mode))
		why_say(why, "%s: not a regular file", path);
	else if (trust && (bad = trust_why_not(&st)) != NULL)
		why_say(why, "%s: %s", path, bad);
	else if ((rc = buf_read(out, fd, max)) == -1)
		why_errno(why, path, "read");
	close(fd);
	return rc;
}

int
trees_open(struct trees **tp, const char *keyfile,
    int (*accept)(void *arg, const struct tree_signed *s, struct buf *why),
    void *arg, struct buf *why)
{
	struct buf text = { 0 };
	struct trees *t;
	int rc;

	if ((t = calloc(1, sizeof(*t))) == NULL)
		return why_say(why, "out of memory");
	t->accept = accept;
	t->arg = arg;
	rc = read_whole(keyfile, KEY_MAX, true, &text, why);
	if (rc == 1)
		rc = why_errno(why, keyfile, "open");
	if (rc == 0)
		rc = public_key_read(&t->key, buf_view(&text), keyfile, why);
	buf_clear(&text);
	if (rc == 0)
		*tp = t;
	else
		free(t);
	return rc;
}

static void
tree_free(struct tree *t)
{
	buf_clear(&t->root);
	manifest_clear(&t->manifest);
	free(t);
}

void
trees_close(struct trees *t)
{
	struct tree *one;

	if (t == NULL)
		return;
	while ((one = t->list) != NULL) {
		t->list = one->next;
		tree_free(one);
	}
	free(t);
}

/*
 * --- Names ---------------------------------------------------------------
 */

static int
absolute(struct buf *b, const char *path, struct buf *why)
{
	return path_absolute(b, path) == 0 ? 0 : why_errno(why, path, "getcwd");
}

static bool
contains(const struct tree *t, struct str path)
{
	return path.len > t->root.len + 1 &&
	    str_starts(path, buf_view(&t->root)) &&
	    path.p[t->root.len] == '/';
}

/* The innermost tree that we know and the path is in, or NULL. */
static const struct tree *
known(const struct trees *t, struct str path)
{
	const struct tree *one, *best = NULL;

	for (one = t->list; one != NULL; one = one->next)
		if (contains(one, path) &&
		    (best == NULL || one->root.len > best->root.len))
			best = one;
	return best;
}

/*
 * --- Finding trees -------------------------------------------------------
 */

static int
read_signature(struct buf *path, struct buf *out, struct buf *why)
{
	static const char *const endings[] = { ".sig", ".minisig" };
	size_t len = path->len, i;
	int rc = 1;

	for (i = 0; rc == 1 && i < 2; i++) {
		path->len = len;
		buf_add(path, endings[i], strlen(endings[i]) + 1);
		if (buf_failed(path))
			return why_say(why, "out of memory");
		rc = read_whole(path->p, KEY_MAX, false, out, why);
	}
	if (rc == 1) {
		path->p[len] = '\0';
		return why_say(why, "%s: is not signed", path->p);
	}
	return rc;
}

/* The manifest at path, which is not longer needed then. */
static int
verify(const struct trees *t, struct buf *path, struct str text,
    struct tree *one, struct buf *why)
{
	struct tree_signed s = { .root = buf_view(&one->root) };
	struct buf sig = { 0 };
	int rc;

	memcpy(s.key, t->key.key, sizeof(s.key));

	path->len--;			/* its NUL */
	if ((rc = read_signature(path, &sig, why)) == 0 &&
	    (rc = signature_verify(&t->key, buf_view(&sig), text, path->p,
	    &s.time, why)) == 0 && (rc = t->accept(t->arg, &s, why)) == 0)
		rc = manifest_read(&one->manifest, text, path->p, why);
	buf_clear(&sig);
	return rc;
}

/* Is there a tree at root?  Then add it.  1 if there is none. */
static int
add_tree(struct trees *t, struct str root, struct buf *why)
{
	struct buf path = { 0 }, text = { 0 };
	struct tree *one;
	int rc;

	if ((one = calloc(1, sizeof(*one))) == NULL)
		return why_say(why, "out of memory");
	buf_str(&one->root, root);
	buf_str(&path, root);
	buf_add(&path, "/" MANIFEST_NAME, sizeof("/" MANIFEST_NAME));
	if (buf_failed(&path) || buf_failed(&one->root))
		rc = why_say(why, "out of memory");
	else if ((rc = read_whole(path.p, MANIFEST_MAX, false, &text,
	    why)) == 0)
		rc = verify(t, &path, buf_view(&text), one, why);
	if (rc == 0) {
		one->next = t->list;
		t->list = one;
	} else
		tree_free(one);
	buf_clear(&path);
	buf_clear(&text);
	return rc;
}

/* The tree that the path is in, found from the file upwards. */
static int
find_tree(struct trees *t, struct str path, const struct tree **found,
    struct buf *why)
{
	struct str dir = path;
	int rc = 1;

	if ((*found = known(t, path)) != NULL)
		return 0;
	while (rc == 1 && dir.len > 0) {
		while (dir.len > 0 && dir.p[--dir.len] != '/')
			;
		rc = add_tree(t, dir, why);
	}
	if (rc == 1)
		return why_say(why, "%.*s: is in no signed tree",
		    (int)path.len, path.p);
	*found = t->list;
	return rc;
}

/*
 * --- Judging -------------------------------------------------------------
 */

static int
compare(const struct tree *t, struct str path, const uint8_t *digest,
    struct buf *why)
{
	struct str name = { path.p + t->root.len + 1,
	    path.len - t->root.len - 1 };
	const struct manifest_entry *e = manifest_find(&t->manifest, name);

	if (e == NULL)
		return why_say(why, "%.*s: is not in the signed manifest",
		    (int)path.len, path.p);
	if (memcmp(e->digest, digest, DIGEST_LEN) != 0)
		return why_say(why, "%.*s: is not what was signed",
		    (int)path.len, path.p);
	return 0;
}

int
trees_judge_code(struct trees *t, const char *path, struct str bytes,
    struct buf *why)
{
	uint8_t digest[DIGEST_LEN];
	const struct tree *in;
	struct buf full = { 0 };
	int rc;

	if ((rc = absolute(&full, path, why)) == 0 &&
	    (rc = find_tree(t, buf_view(&full), &in, why)) == 0) {
		digest_bytes(digest, bytes);
		rc = compare(in, buf_view(&full), digest, why);
	}
	buf_clear(&full);
	return rc;
}

/* Either bytes, or those of fd, which is put back to its beginning. */
static int
judge_data(struct trees *t, const char *path, const struct str *bytes, int fd,
    struct buf *why)
{
	uint8_t digest[DIGEST_LEN];
	const struct tree *in;
	struct buf full = { 0 };
	int rc;

	if ((rc = absolute(&full, path, why)) == 0 &&
	    (in = known(t, buf_view(&full))) != NULL) {
		if (bytes != NULL)
			digest_bytes(digest, *bytes);
		else if (lseek(fd, 0, SEEK_SET) == -1 ||
		    digest_fd(digest, fd) == -1 ||
		    lseek(fd, 0, SEEK_SET) == -1)
			rc = why_errno(why, path, "read");
		if (rc == 0)
			rc = compare(in, buf_view(&full), digest, why);
	}
	buf_clear(&full);
	return rc;
}

int
trees_judge_data(struct trees *t, const char *path, struct str bytes,
    struct buf *why)
{
	return judge_data(t, path, &bytes, -1, why);
}

int
trees_judge_fd(struct trees *t, const char *path, int fd, struct buf *why)
{
	return judge_data(t, path, NULL, fd, why);
}
