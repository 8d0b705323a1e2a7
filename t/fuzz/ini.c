/*
 * Options, a section, a key, a value and an ini file, split at NULs.  What the
 * role does to the file leaves all lines but one as they were; done again it
 * changes nothing; and the value that was written is the one that is read.
 */
#include <sys/stat.h>

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include "base/utf8.h"
#include "policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { OPTIONS, SECTION, KEY, VALUE, FILE_TEXT, FIELDS };

static const char names[FIELDS][16] = { "FUZZ_OPTIONS", "FUZZ_SECTION", "FUZZ_KEY",
    "FUZZ_VALUE", "" };

static const char text[] =
"var e = process.env, flags = e.FUZZ_OPTIONS, cfg = {};"
"function options(value) {"
"	var inner = {};"
"	inner[e.FUZZ_KEY] = value;"
"	cfg = {};"
"	if (e.FUZZ_SECTION) cfg[e.FUZZ_SECTION] = inner; else cfg = inner;"
"	return {cfg: cfg, whitespace: !/w/.test(flags),"
"	    hash_in_value: /h/.test(flags), noesc: /n/.test(flags)};"
"}"
"p2.ini_file(e.FUZZ_FILE, options(e.FUZZ_VALUE));";

static const char again[] =
"p2.ini_file(e.FUZZ_FILE, options(function (old) {"
"	process.stdout.write('=' + old);"
"	return old;"
"}));";

static char dir[] = "/tmp/fuzz-ini.XXXXXX";
static char file[64], kept[80];

static void
remove_all(void)
{
	unlink(file);
	unlink(kept);
	rmdir(dir);
}

static void
make_dir(void)
{
	if (mkdtemp(dir) == NULL)
		err(2, "%s", dir);
	snprintf(file, sizeof(file), "%s/f", dir);
	snprintf(kept, sizeof(kept), "%s/f.orig_partout", dir);
	setenv("FUZZ_FILE", file, 1);
	atexit(remove_all);
}

static void
write_file(struct str s)
{
	int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd == -1 || write(fd, s.p, s.len) != (ssize_t)s.len)
		err(2, "%s", file);
	close(fd);
}

static void
read_file(struct buf *b)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	char *room = buf_room(b, 1 << 20);
	ssize_t n;

	if (fd == -1 || room == NULL || (n = read(fd, room, 1 << 20)) == -1)
		err(2, "%s", file);
	b->len += (size_t)n;
	close(fd);
}

/* The next line from *s; its line break, which the last may lack, is not. */
static bool
next_line(struct str *s, struct str *line)
{
	const char *nl;

	if (s->len == 0)
		return false;
	nl = memchr(s->p, '\n', s->len);
	line->p = s->p;
	line->len = nl == NULL ? s->len : (size_t)(nl - s->p);
	s->p += line->len + (nl != NULL);
	s->len -= line->len + (nl != NULL);
	if (line->len > 0 && line->p[line->len - 1] == '\r')
		line->len--;
	return true;
}

/* Are all lines of a, but for one, in b in their order? */
static bool
is_within(struct str a, struct str b)
{
	struct str l, m, rest;
	unsigned lacking = 0;
	bool found;

	while (next_line(&a, &l)) {
		rest = b;
		do
			found = next_line(&rest, &m);
		while (found && !str_eq(l, m));
		if (found)
			b = rest;
		else if (lacking++ > 0)
			return false;
	}
	return true;
}

static void
read_back(struct str options, struct str value)
{
	struct buf policy = { 0 }, why = { 0 };

	buf_add(&policy, text, strstr(text, "p2.ini_file") - text);
	buf_puts(&policy, again);
	buf_putc(&policy, '\0');
	if (fuzz_apply(policy.p, false, &why) != 0)
		errx(2, "%.*s", (int)why.len, why.p);
	if (memchr(options.p, 'n', options.len) == NULL &&
	    (fuzz_printed.len != value.len + 1 ||
	    memcmp(fuzz_printed.p + 1, value.p, value.len) != 0))
		errx(2, "read: %.*s", (int)fuzz_printed.len, fuzz_printed.p);
	buf_clear(&policy);
}

static void
check(const struct str *f)
{
	struct buf why = { 0 }, after = { 0 };

	write_file(f[FILE_TEXT]);
	if (fuzz_apply(text, false, &why) != 0) {
		/* Refused: then it is as it was. */
		read_file(&after);
		if (why.len == 0 || !str_eq(buf_view(&after), f[FILE_TEXT]))
			abort();
		goto clear;
	}
	read_file(&after);
	if (!is_within(f[FILE_TEXT], buf_view(&after)))
		abort();
	if (fuzz_apply(text, false, &why) != 0 || fuzz_changes != 0)
		abort();
	read_back(f[OPTIONS], f[VALUE]);
clear:
	buf_clear(&why);
	buf_clear(&after);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str f[FIELDS], rest;
	const char *nul;
	char *copy;
	int i;

	if (*file == '\0')
		make_dir();
	if ((copy = malloc(size + 1)) == NULL)
		return 0;
	memcpy(copy, data, size);
	copy[size] = '\0';
	rest = (struct str){ copy, size };
	for (i = 0; i < FILE_TEXT; i++) {
		nul = memchr(rest.p, '\0', rest.len);
		if (nul == NULL)
			goto free_copy;
		f[i] = (struct str){ rest.p, (size_t)(nul - rest.p) };
		/* What comes from a policy is text, and no template here. */
		if (utf8_count(f[i]) == SIZE_MAX ||
		    strstr(f[i].p, "{{") != NULL)
			goto free_copy;
		rest.p += f[i].len + 1;
		rest.len -= f[i].len + 1;
		setenv(names[i], f[i].p, 1);
	}
	f[FILE_TEXT] = rest;
	if (memchr(rest.p, '\0', rest.len) == NULL)
		check(f);
free_copy:
	free(copy);
	return 0;
}
