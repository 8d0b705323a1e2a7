#include <stdio.h>
#include <string.h>

#include "facts/block.h"

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

bool
block_is_idle(struct facts *f, const struct dir *d, const char *name)
{
	char path[NAME_MAX + 16];
	int64_t size;

	if (strncmp(name, "loop", 4) != 0 && strncmp(name, "ram", 3) != 0 &&
	    strncmp(name, "zram", 4) != 0 && strncmp(name, "nbd", 3) != 0)
		return false;
	(void)snprintf(path, sizeof(path), "%s/size", name);
	return strncmp(name, "ram", 3) == 0 ||
	    !src_num(f, d, path, &size) || size == 0;
}
