#include <sys/stat.h>

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/child.h"
#include "policy/buble.h"
#include "policy/loops.h"
#include "policy/srcmap.h"

enum { TIMEOUT_MS = 30000, PACKAGE_MAX = 65536 };

static bool
is_program(const char *path, struct stat *st)
{
	return stat(path, st) == 0 && S_ISREG(st->st_mode) &&
	    access(path, X_OK) == 0;
}

/* The program in one of the directories of PATH. */
static bool
find_in(const char *dirs, struct buf *path, struct stat *st)
{
	size_t n;

	for (; *dirs != '\0'; dirs += n + (dirs[n] == ':')) {
		n = strcspn(dirs, ":");
		if (dirs[0] != '/')
			continue;
		buf_reset(path);
		buf_add(path, dirs, n);
		buf_puts(path, "/buble");
		buf_putc(path, '\0');
		if (!buf_failed(path) && is_program(path->p, st))
			return true;
	}
	return false;
}

static void
add_file(struct buf *b, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char *room = buf_room(b, PACKAGE_MAX);
	ssize_t n = -1;

	if (fd != -1 && room != NULL)
		n = read(fd, room, PACKAGE_MAX);
	if (n > 0)
		b->len += (size_t)n;
	if (fd != -1)
		close(fd);
}

/* It is MODULES/buble/bin/buble, and MODULES/buble/package.json tells more. */
static void
identify(struct buble *b, const struct stat *st)
{
	char real[PATH_MAX], *slash;
	int i;

	buf_printf(&b->identity, "buble %s %lld %lld ", b->path.p,
	    (long long)st->st_size, (long long)st->st_mtime);
	if (realpath(b->path.p, real) == NULL)
		return;
	for (i = 0; i < 3 && (slash = strrchr(real, '/')) != NULL; i++)
		*slash = '\0';
	buf_puts(&b->modules, real);
	buf_puts(&b->modules, "/buble/package.json");
	buf_putc(&b->modules, '\0');
	if (!buf_failed(&b->modules))
		add_file(&b->identity, b->modules.p);
	buf_reset(&b->modules);
	buf_puts(&b->modules, real);
}

bool
buble_find(struct buble *b)
{
	const char *dirs = getenv("PATH");
	struct stat st;

	*b = (struct buble){ 0 };
	if (dirs == NULL || !find_in(dirs, &b->path, &st)) {
		buble_clear(b);
		return false;
	}
	identify(b, &st);
	return true;
}

void
buble_clear(struct buble *b)
{
	buf_clear(&b->path);
	buf_clear(&b->modules);
	buf_clear(&b->identity);
}

/* A line that ends in "(LINE:COLUMN)", without that: an error. */
static bool
take_error(struct str line, struct buf *err)
{
	static const char hint[] = ". Use ";
	const char *p, *open;
	unsigned at;

	if (line.len == 0 || line.p[line.len - 1] != ')' ||
	    (open = memrchr(line.p, '(', line.len)) == NULL ||
	    open == line.p || !isdigit((unsigned char)open[1]) ||
	    memchr(open, ':', (size_t)(line.p + line.len - open)) == NULL)
		return false;
	at = (unsigned)strtoul(open + 1, NULL, 10);
	line.len = (size_t)(open - line.p);
	if ((p = memmem(line.p, line.len, hint, sizeof(hint) - 1)) != NULL)
		line.len = (size_t)(p - line.p);
	while (line.len > 0 && line.p[line.len - 1] == ' ')
		line.len--;
	buf_printf(err, "%u: %.*s", at, (int)line.len, line.p);
	return true;
}

/* What it says on stderr: the source around the place, then the reason. */
static void
tell_error(struct str said, const struct child *c, struct buf *err)
{
	struct str line, all = said;
	const char *nl;

	while (said.len > 0) {
		nl = memchr(said.p, '\n', said.len);
		line = (struct str){ said.p, nl == NULL ? said.len :
		    (size_t)(nl - said.p) };
		if (take_error(line, err))
			return;
		said.p += line.len + (nl != NULL);
		said.len -= line.len + (nl != NULL);
	}
	if (c->timed_out)
		buf_printf(err, "0: buble took more than %d seconds",
		    TIMEOUT_MS / 1000);
	else if (c->signal != 0)
		buf_printf(err, "0: buble was ended by signal %d", c->signal);
	else {
		buf_printf(err, "0: buble ended with status %d", c->status);
		nl = all.len == 0 ? NULL : memchr(all.p, '\n', all.len);
		if (nl != NULL)
			buf_printf(err, ": %.*s", (int)(nl - all.p), all.p);
	}
}

static void
take_lines(struct lines *lines, struct str code)
{
	struct buf json = { 0 };
	struct srcmap *m = NULL;
	struct str source;
	const char *why;
	unsigned line, written;
	size_t i, n = 1;

	for (i = 0; i < code.len; i++)
		n += code.p[i] == '\n';
	if (srcmap_data(srcmap_url(code), &json) &&
	    srcmap_parse(&m, buf_view(&json), &why) == 0)
		for (line = 1; line <= n; line++)
			if (srcmap_find(m, line, &source, &written))
				lines_add(lines, line, written);
	srcmap_free(m);
	buf_clear(&json);
}

/* The code without the map behind it, which has been read. */
static void
drop_map(struct buf *out)
{
	struct str url = srcmap_url(buf_view(out));
	const char *p;

	if (url.p != NULL && (p = memrchr(out->p, '\n',
	    (size_t)(url.p - out->p))) != NULL)
		out->len = (size_t)(p - out->p) + 1;
}

int
buble_run(const struct buble *b, struct str source, struct buf *out,
    struct lines *lines, struct buf *err)
{
	struct buf path = { 0 }, said = { 0 }, plain = { 0 };
	const char *argv[] = { "env", NULL, b->path.p, "-m", "inline",
	    "--objectAssign", "Object.assign", NULL };
	struct child c = { .argv = argv, .out = out, .err = &said,
	    .timeout_ms = TIMEOUT_MS, .no_network = true };
	const char *what, *before = getenv("NODE_PATH");
	int rc = -1;

	/* A node that is not Debian's would not look for modules there. */
	buf_printf(&path, "NODE_PATH=%.*s:%s", (int)b->modules.len,
	    b->modules.p == NULL ? "" : b->modules.p,
	    before == NULL ? "" : before);
	buf_putc(&path, '\0');
	argv[1] = path.p;
	/* Its own for-of goes wrong where a pattern or no braces are. */
	if (loops_rewrite(source, &plain, err) == -1)
		goto clear;
	c.input = plain.len == 0 ? "" : plain.p;
	c.input_len = plain.len;
	if (buf_failed(&path) || buf_failed(&plain))
		buf_puts(err, "0: out of memory");
	else if (child_run(&c, &what) == -1)
		buf_printf(err, "0: %s: %s", what, strerror(errno));
	else if (c.status != 0 || c.signal != 0 || c.dropped > 0 ||
	    buf_failed(out))
		tell_error(buf_view(&said), &c, err);
	else {
		take_lines(lines, buf_view(out));
		drop_map(out);
		rc = 0;
	}
clear:
	buf_clear(&path);
	buf_clear(&said);
	buf_clear(&plain);
	return rc;
}
