#include <sys/stat.h>

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "facts/text.h"
#include "types/entry.h"
#include "types/fstab.h"

bool
fstab_words(struct str line, struct str words[FSTAB_WORDS])
{
	size_t i;

	for (i = 0; i < FSTAB_WORDS; i++)
		words[i] = text_word(&line);
	return words[FSTAB_POINT].len > 0 && *words[0].p != '#';
}

void
fstab_escape(struct buf *b, struct str s)
{
	size_t i;

	for (i = 0; i < s.len; i++)
		if (strchr(" \t\n\\#", s.p[i]) != NULL)
			buf_printf(b, "\\%03o", (unsigned char)s.p[i]);
		else
			buf_putc(b, s.p[i]);
}

static bool
is_octal(const char *p)
{
	return p[0] >= '0' && p[0] <= '3' && p[1] >= '0' && p[1] <= '7' &&
	    p[2] >= '0' && p[2] <= '7';
}

void
fstab_unescape(struct buf *b, struct str w)
{
	size_t i;

	for (i = 0; i < w.len; i++)
		if (w.p[i] == '\\' && i + 3 < w.len && is_octal(w.p + i + 1)) {
			buf_putc(b, (char)((w.p[i + 1] - '0') << 6 |
			    (w.p[i + 2] - '0') << 3 | (w.p[i + 3] - '0')));
			i += 3;
		} else
			buf_putc(b, w.p[i]);
}

bool
fstab_is(struct str word, struct str s)
{
	struct buf b = { 0 };
	bool yes;

	fstab_unescape(&b, word);
	yes = str_eq(buf_view(&b), s);
	buf_clear(&b);
	return yes;
}

/* "id parent device root path options tags... - type source super" */
static struct str
at_path(struct str *line)
{
	int i;

	for (i = 0; i < 4; i++)
		(void)text_word(line);
	return text_word(line);
}

bool
mountinfo_find(struct str text, struct str path, struct mounted_at *m)
{
	struct str line, word;
	bool found = false;

	while (text_line(&text, &line)) {
		if (!fstab_is(at_path(&line), path))
			continue;
		found = true;
		m->options = text_word(&line);
		while ((word = text_word(&line)).len > 0 && !text_is(word, "-"))
			;
		m->type = text_word(&line);
		m->device = text_word(&line);
		m->super = text_word(&line);
	}
	return found;
}

void
mountinfo_without(struct buf *b, struct str text, struct str path)
{
	struct str raw, line;

	while (entry_line(&text, &raw)) {
		line = raw;
		if (!fstab_is(at_path(&line), path))
			buf_str(b, raw);
	}
}

static bool
has_option(struct str options, struct str name)
{
	while (options.len > 0)
		if (str_eq(text_cut(&options, ','), name))
			return true;
	return false;
}

/* Where udev has the device that a word names; the word, if it is a path. */
static bool
device_path(const char *name, char room[PATH_MAX])
{
	static const struct {
		const char	*tag;
		const char	*dir;
	} tags[] = { { "UUID=", "uuid" }, { "LABEL=", "label" },
	    { "PARTUUID=", "partuuid" }, { "PARTLABEL=", "partlabel" } };
	size_t i;

	for (i = 0; i < sizeof(tags) / sizeof(tags[0]); i++)
		if (strncmp(name, tags[i].tag, strlen(tags[i].tag)) == 0)
			return snprintf(room, PATH_MAX, "/dev/disk/by-%s/%s",
			    tags[i].dir, name + strlen(tags[i].tag)) < PATH_MAX;
	return strlcpy(room, name, PATH_MAX) < PATH_MAX && *name == '/';
}

/* File systems on several devices name one of them. */
bool
mounted_other(const struct mounted_at *at, const char *device)
{
	char path[PATH_MAX], now[PATH_MAX];
	struct stat a, b;

	if (text_is(at->type, "btrfs") || text_is(at->type, "zfs") ||
	    text_is(at->type, "bcachefs") || at->device.len >= sizeof(now) ||
	    at->device.len == 0 || *at->device.p != '/' ||
	    !device_path(device, path))
		return false;
	memcpy(now, at->device.p, at->device.len);
	now[at->device.len] = '\0';
	return stat(path, &a) == 0 && stat(now, &b) == 0 &&
	    S_ISBLK(a.st_mode) && S_ISBLK(b.st_mode) && a.st_rdev != b.st_rdev;
}

bool
mounted_lacks(const struct mounted_at *at, struct str name)
{
	static const char *const flags[] = { "nosuid", "nodev", "noexec",
	    "noatime", "nodiratime" };
	bool read_only = has_option(at->options, str_of("ro")) ||
	    has_option(at->super, str_of("ro"));
	size_t i;

	if (text_is(name, "ro") || text_is(name, "rw"))
		return read_only != text_is(name, "ro");
	for (i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		if (text_is(name, flags[i]))
			return !has_option(at->options, name);
		else if (i < 3 && text_is(name, flags[i] + 2))
			return has_option(at->options, str_of(flags[i]));
	return false;
}
