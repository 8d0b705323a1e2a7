#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "base/why.h"
#include "sign/manifest.h"

enum { DEPTH_MAX = 128 };

void
digest_bytes(uint8_t digest[DIGEST_LEN], struct str bytes)
{
	crypto_hash_sha256(digest, (const uint8_t *)bytes.p, bytes.len);
}

int
digest_fd(uint8_t digest[DIGEST_LEN], int fd)
{
	crypto_hash_sha256_state st;
	uint8_t room[65536];
	ssize_t n;

	crypto_hash_sha256_init(&st);
	do {
		if ((n = read(fd, room, sizeof(room))) > 0)
			crypto_hash_sha256_update(&st, room, (size_t)n);
	} while (n > 0 || (n == -1 && errno == EINTR));
	crypto_hash_sha256_final(&st, digest);
	return n == 0 ? 0 : -1;
}

/*
 * --- Entries -------------------------------------------------------------
 */

/* While entries are added, the text may move: a name has only a length. */
static int
add_entry(struct manifest *m, struct str name, const uint8_t *digest,
    struct buf *why)
{
	struct manifest_entry *more;

	if ((m->n & (m->n - 1)) == 0) {
		more = reallocarray(m->entries, m->n == 0 ? 1 : 2 * m->n,
		    sizeof(*more));
		if (more == NULL)
			return why_say(why, "out of memory");
		m->entries = more;
	}
	buf_str(&m->text, name);
	if (buf_failed(&m->text))
		return why_say(why, "out of memory");
	m->entries[m->n].name = (struct str){ NULL, name.len };
	memcpy(m->entries[m->n++].digest, digest, DIGEST_LEN);
	return 0;
}

static int
compare(const void *a, const void *b)
{
	const struct manifest_entry *x = a, *y = b;

	return str_cmp(x->name, y->name);
}

static void
settle(struct manifest *m)
{
	const char *at = m->text.p;
	size_t i;

	for (i = 0; i < m->n; i++) {
		m->entries[i].name.p = at;
		at += m->entries[i].name.len;
	}
	if (m->n > 1)
		qsort(m->entries, m->n, sizeof(*m->entries), compare);
}

void
manifest_clear(struct manifest *m)
{
	buf_clear(&m->text);
	free(m->entries);
	*m = (struct manifest){ .n = 0 };
}

const struct manifest_entry *
manifest_find(const struct manifest *m, struct str name)
{
	struct manifest_entry key = { .name = name };

	return m->n == 0 ? NULL :
	    bsearch(&key, m->entries, m->n, sizeof(key), compare);
}

/*
 * --- From a tree ---------------------------------------------------------
 */

struct walk {
	struct manifest	*m;
	const char	*dir;
	struct buf	 path;		/* below dir, with a NUL behind it */
	struct buf	*why;
};

static bool
is_left_out(const struct walk *w, const char *name)
{
	if (strncmp(name, ".git", 4) == 0 || strcmp(name, ".") == 0 ||
	    strcmp(name, "..") == 0)
		return true;
	return w->path.len == 0 && (strcmp(name, MANIFEST_NAME) == 0 ||
	    strcmp(name, MANIFEST_NAME ".sig") == 0 ||
	    strcmp(name, MANIFEST_NAME ".minisig") == 0);
}

static int
fail_at(struct walk *w, const char *call)
{
	return w->path.len == 0 ? why_errno(w->why, w->dir, call) :
	    why_errno(w->why, w->path.p, call);
}

static int
add_file(struct walk *w, int fd)
{
	uint8_t digest[DIGEST_LEN];

	if (digest_fd(digest, fd) == -1)
		return fail_at(w, "read");
	return add_entry(w->m, buf_view(&w->path), digest, w->why);
}

static int	add_directory(struct walk *w, int fd, int depth);

/* fd is of what the path says, and is closed. */
static int
add_opened(struct walk *w, int fd, bool is_link, int depth)
{
	struct stat st;
	int rc;

	if (fstat(fd, &st) == -1)
		rc = fail_at(w, "fstat");
	else if (S_ISREG(st.st_mode))
		rc = add_file(w, fd);
	else if (S_ISDIR(st.st_mode) && !is_link)
		return add_directory(w, fd, depth + 1);
	else
		rc = why_say(w->why, "%s: %s, which no manifest can hold",
		    w->path.p, is_link ? "a link to something else than a file"
		    : "neither a file nor a directory");
	close(fd);
	return rc;
}

static int
add_name(struct walk *w, int dir, const char *name, int depth)
{
	size_t before = w->path.len;
	struct stat st;
	int fd, rc;

	if (before > 0)
		buf_putc(&w->path, '/');
	buf_add(&w->path, name, strlen(name) + 1);
	if (buf_failed(&w->path))
		return why_say(w->why, "out of memory");
	w->path.len--;
	if (strpbrk(name, "\n\r") != NULL)
		rc = why_say(w->why, "%s: has a line break in its name",
		    w->path.p);
	else if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		rc = fail_at(w, "fstatat");
	else if ((fd = openat(dir, name, O_RDONLY | O_NONBLOCK | O_NOCTTY |
	    O_CLOEXEC)) == -1)
		rc = fail_at(w, "openat");
	else
		rc = add_opened(w, fd, S_ISLNK(st.st_mode), depth);
	w->path.len = before;
	w->path.p[before] = '\0';
	return rc;
}

/* All that is in it; fd is closed. */
static int
add_directory(struct walk *w, int fd, int depth)
{
	struct dirent *e;
	DIR *d;
	int rc = 0;

	if (depth > DEPTH_MAX || (d = fdopendir(fd)) == NULL) {
		if (depth > DEPTH_MAX)
			errno = ELOOP;
		rc = fail_at(w, "fdopendir");
		close(fd);
		return rc;
	}
	while (rc == 0 && (errno = 0, e = readdir(d)) != NULL)
		if (!is_left_out(w, e->d_name))
			rc = add_name(w, dirfd(d), e->d_name, depth);
	if (rc == 0 && errno != 0)
		rc = fail_at(w, "readdir");
	closedir(d);
	return rc;
}

int
manifest_make(struct manifest *m, const char *dir, struct buf *why)
{
	struct walk w = { .m = m, .dir = dir, .why = why };
	int fd, rc;

	*m = (struct manifest){ .n = 0 };
	if (sodium_init() == -1)
		return why_say(why, "libsodium does not start");
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1)
		return why_errno(why, dir, "open");
	rc = add_directory(&w, fd, 0);
	buf_clear(&w.path);
	if (rc == 0)
		settle(m);
	else
		manifest_clear(m);
	return rc;
}

/*
 * --- As text -------------------------------------------------------------
 */

static const char head[] = "SHA256 (", middle[] = ") = ";

enum { MIDDLE_LEN = sizeof(middle) - 1, HEX_LEN = 2 * DIGEST_LEN };

void
manifest_write(const struct manifest *m, struct buf *out)
{
	char hex[HEX_LEN + 1];
	size_t i;

	for (i = 0; i < m->n; i++) {
		sodium_bin2hex(hex, sizeof(hex), m->entries[i].digest,
		    DIGEST_LEN);
		buf_puts(out, head);
		buf_str(out, m->entries[i].name);
		buf_puts(out, middle);
		buf_add(out, hex, HEX_LEN);
		buf_putc(out, '\n');
	}
}

/* No name leads out of the tree, or is one of two for the same file. */
static bool
is_plain(struct str name)
{
	struct str part;
	size_t i, from = 0;

	for (i = 0; i <= name.len; i++) {
		if (i < name.len && name.p[i] == '\0')
			return false;
		if (i < name.len && name.p[i] != '/')
			continue;
		part = (struct str){ name.p + from, i - from };
		if (part.len == 0 || str_eq(part, str_of(".")) ||
		    str_eq(part, str_of("..")))
			return false;
		from = i + 1;
	}
	return true;
}

static bool
read_line(struct str line, struct str *name, uint8_t digest[DIGEST_LEN])
{
	size_t tail = MIDDLE_LEN + HEX_LEN, n;
	const char *end;

	if (!str_starts(line, str_of(head)) ||
	    line.len < sizeof(head) - 1 + tail)
		return false;
	*name = (struct str){ line.p + sizeof(head) - 1,
	    line.len - (sizeof(head) - 1) - tail };
	end = name->p + name->len;
	return memcmp(end, middle, MIDDLE_LEN) == 0 && is_plain(*name) &&
	    sodium_hex2bin(digest, DIGEST_LEN, end + MIDDLE_LEN, HEX_LEN,
	    NULL, &n, NULL) == 0 && n == DIGEST_LEN;
}

int
manifest_read(struct manifest *m, struct str text, const char *name,
    struct buf *why)
{
	uint8_t digest[DIGEST_LEN];
	struct str line, file;
	const char *end;
	size_t number;

	*m = (struct manifest){ .n = 0 };
	for (number = 1; text.len > 0; number++) {
		end = memchr(text.p, '\n', text.len);
		line = (struct str){ text.p, end == NULL ? text.len :
		    (size_t)(end - text.p) };
		if (end == NULL || !read_line(line, &file, digest)) {
			manifest_clear(m);
			return why_say(why, "%s:%zu: not a line of a manifest",
			    name, number);
		}
		if (add_entry(m, file, digest, why) == -1) {
			manifest_clear(m);
			return -1;
		}
		text = (struct str){ end + 1, text.len - line.len - 1 };
	}
	settle(m);
	for (number = 1; number < m->n; number++)
		if (compare(&m->entries[number - 1],
		    &m->entries[number]) == 0) {
			why_say(why, "%s: %.*s is in it twice", name,
			    (int)m->entries[number].name.len,
			    m->entries[number].name.p);
			manifest_clear(m);
			return -1;
		}
	return 0;
}
