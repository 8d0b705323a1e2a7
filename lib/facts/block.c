#include <stdio.h>
#include <string.h>

#include "facts/block.h"
#include "facts/state.h"

struct str
block_udev(struct facts *f, struct str dev)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/run/udev/data/b%.*s",
	    (int)(dev.len < 30 ? dev.len : 30), dev.p);
	return src_text(f, NULL, path);
}

struct str
block_udev_value(struct str text, const char *key)
{
	struct str line;

	while (text_line(&text, &line)) {
		if (!str_starts(line, str_of("E:")))
			continue;
		line = (struct str){ line.p + 2, line.len - 2 };
		if (text_is(text_cut(&line, '='), key))
			return line;
	}
	return (struct str){ "", 0 };
}

struct str
block_decode(struct facts *f, struct str s)
{
	char *out = arena_cstr(facts_arena(f), s);
	size_t i, n = 0;
	uint64_t c;

	if (out == NULL)
		return (struct str){ "", 0 };
	for (i = 0; i < s.len; i++)
		if (s.p[i] == '\\' && i + 3 < s.len && s.p[i + 1] == 'x' &&
		    text_hex((struct str){ s.p + i + 2, 2 }, &c)) {
			out[n++] = (char)c;
			i += 3;
		} else
			out[n++] = s.p[i];
	out[n] = '\0';
	return (struct str){ out, n };
}

/* "\040": three octal digits, of one byte. */
static bool
is_octal(const char *p)
{
	return p[0] >= '0' && p[0] <= '3' && p[1] >= '0' && p[1] <= '7' &&
	    p[2] >= '0' && p[2] <= '7';
}

struct str
block_unescape(struct facts *f, struct str s)
{
	char *out = arena_cstr(facts_arena(f), s);
	size_t i, n = 0;

	if (out == NULL)
		return (struct str){ "", 0 };
	for (i = 0; i < s.len; i++)
		if (s.p[i] == '\\' && i + 3 < s.len &&
		    is_octal(s.p + i + 1)) {
			out[n++] = (char)((s.p[i + 1] - '0') << 6 |
			    (s.p[i + 2] - '0') << 3 | (s.p[i + 3] - '0'));
			i += 3;
		} else
			out[n++] = s.p[i];
	out[n] = '\0';
	return (struct str){ out, n };
}

/* "36 35 98:0 /root /mount options ..." */
struct str
block_mount(struct facts *f, struct str dev)
{
	struct str text = src_keep(f, "/proc/self/mountinfo", SRC_LARGE);
	struct str line;

	while (text_line(&text, &line)) {
		(void)text_word(&line);
		(void)text_word(&line);
		if (!str_eq(text_word(&line), dev))
			continue;
		(void)text_word(&line);
		return block_unescape(f, text_word(&line));
	}
	return (struct str){ "", 0 };
}

const struct dir *
block_dir(struct facts *f)
{
	if (f->blocks == NULL &&
	    (f->blocks = arena_alloc(&f->arena, sizeof(*f->blocks))) != NULL)
		f->has_blocks = dir_open(f, NULL, "/sys/block", f->blocks);
	return f->has_blocks ? f->blocks : NULL;
}

/* "major minor blocks name": devices without a size are not among them. */
static bool
may_have_size(struct facts *f, const char *name)
{
	struct str text = src_keep(f, "/proc/partitions", SRC_LARGE), line;

	if (text.len == 0)
		return true;
	while (text_line(&text, &line))
		if (text_is(text_tail(line, ' '), name))
			return true;
	return false;
}

static bool
is_idle(struct facts *f, const struct dir *d, const char *name)
{
	char path[NAME_MAX + 16];
	int64_t size;

	if (strncmp(name, "ram", 3) == 0)
		return true;
	if (strncmp(name, "loop", 4) != 0 && strncmp(name, "zram", 4) != 0 &&
	    strncmp(name, "nbd", 3) != 0)
		return false;
	(void)snprintf(path, sizeof(path), "%s/size", name);
	return !may_have_size(f, name) || !src_num(f, d, path, &size) ||
	    size == 0;
}

static struct str
kept_line(struct facts *f, const struct dir *d, const char *path)
{
	return arena_str(facts_arena(f), src_line(f, d, path));
}

static void
take_block(struct facts *f, struct buf *b, const char *name)
{
	struct block at = { .name = name };
	char dev[32];

	if (!dir_open(f, f->blocks, name, &at.dir))
		return;
	at.size = kept_line(f, &at.dir, "size");
	at.dev = kept_line(f, &at.dir, "dev");
	(void)snprintf(dev, sizeof(dev), "%.*s", (int)(at.dev.len < 30 ?
	    at.dev.len : 30), at.dev.p);
	at.dev.len = strlen(dev);
	dir_close(&at.dir);
	if (at.dev.len > 0)
		at.udev = arena_str(facts_arena(f), block_udev(f,
		    str_of(dev)));
	buf_add(b, &at, sizeof(at));
}

const struct block *
block_all(struct facts *f, size_t *n)
{
	const struct dir *d = block_dir(f);
	struct buf b = { 0 };
	size_t i;

	if (f->block == NULL && d != NULL) {
		for (i = 0; i < d->n; i++)
			if (!is_idle(f, d, d->names[i]))
				take_block(f, &b, d->names[i]);
		if (!buf_failed(&b) && b.len > 0 && (f->block =
		    arena_alloc(&f->arena, b.len)) != NULL) {
			memcpy(f->block, b.p, b.len);
			f->nblocks = b.len / sizeof(struct block);
		}
		buf_clear(&b);
	}
	*n = f->nblocks;
	return f->block;
}

void
block_put_bytes(struct val *o, const char *key, struct str sectors)
{
	int64_t n;

	if (text_num(sectors, &n) && n >= 0 && n < INT64_MAX / 512)
		val_int(o, key, n * 512);
}
