#include <elf.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "facts/package.h"

/*
 * gobuild: what a program in Go says that it was built from.  It stands near
 * the start of what it may write to, behind 14 bytes that nothing else has:
 * the compiler's version, and a text of lines, each with its length before it.
 */
enum { LOOK = 64 * 1024, INFO = 32, MARK = 16, SEGMENTS = 64 };
enum { INLINE = 2 };			/* flag: the texts follow at INFO */

static const char magic[] = "\xff Go buildinf:";

/* Where what is written to begins in the file; -1: it is no such program. */
static off_t
find_data(int fd)
{
	static const unsigned char order = __BYTE_ORDER__ ==
	    __ORDER_LITTLE_ENDIAN__ ? ELFDATA2LSB : ELFDATA2MSB;
	Elf64_Ehdr e;
	Elf64_Phdr p;
	size_t i;

	if (pread(fd, &e, sizeof(e), 0) != sizeof(e) ||
	    memcmp(e.e_ident, ELFMAG, SELFMAG) != 0 ||
	    e.e_ident[EI_CLASS] != ELFCLASS64 ||
	    e.e_ident[EI_DATA] != order || e.e_phentsize != sizeof(p) ||
	    e.e_phoff > INT32_MAX)
		return -1;
	for (i = 0; i < e.e_phnum && i < SEGMENTS; i++) {
		if (pread(fd, &p, sizeof(p), (off_t)(e.e_phoff +
		    i * sizeof(p))) != sizeof(p))
			return -1;
		if (p.p_type == PT_LOAD && (p.p_flags & PF_W) != 0)
			return p.p_offset > INT64_MAX ? -1 :
			    (off_t)p.p_offset;
	}
	return -1;
}

/* The next text: its length, seven bits a byte, and so many bytes; of the last
 * one as many as there are. */
static struct str
take_text(struct str *rest)
{
	struct str s = { NULL, 0 };
	size_t n = 0;
	unsigned shift = 0;
	unsigned char c = 0x80;

	for (; rest->len > 0 && (c & 0x80) != 0 && shift < 35; shift += 7) {
		c = (unsigned char)*rest->p++;
		rest->len--;
		n |= (size_t)(c & 0x7f) << shift;
	}
	if ((c & 0x80) != 0)
		return s;
	s = (struct str){ rest->p, n < rest->len ? n : rest->len };
	rest->p += s.len;
	rest->len -= s.len;
	return s;
}

/* "path\tPROGRAM", "mod\tMODULE\tVERSION\tSUM", and more that is not asked */
static void
take_lines(struct str text, struct val *list)
{
	struct str line, key, name = { NULL, 0 }, version = { NULL, 0 };
	struct val *o;

	while (text_line(&text, &line)) {
		key = text_cut(&line, '\t');
		if (text_is(key, "path"))
			name = line;
		else if (text_is(key, "mod")) {
			if (name.len == 0)
				name = text_cut(&line, '\t');
			else
				(void)text_cut(&line, '\t');
			version = text_cut(&line, '\t');
			break;
		}
	}
	if (name.len == 0)
		return;
	o = val_obj(list, NULL);
	val_str(o, "name", name);
	val_str(o, "version", version);
}

static void
take_program(int fd, struct buf *room, struct val *list)
{
	off_t at = find_data(fd);
	struct str rest;
	const char *p;
	ssize_t n;

	buf_reset(room);
	if (at == -1 || (p = buf_room(room, LOOK)) == NULL ||
	    (n = pread(fd, room->p, LOOK, at)) <= 0 ||
	    (p = memmem(room->p, (size_t)n, magic, strlen(magic))) == NULL)
		return;
	rest = (struct str){ p, (size_t)n - (size_t)(p - room->p) };
	if (rest.len < INFO || (p[15] & INLINE) == 0)
		return;			/* older than Go 1.18 */
	rest = (struct str){ p + INFO, rest.len - INFO };
	(void)take_text(&rest);
	rest = take_text(&rest);
	/* There is a mark of so many bytes before it, and one behind. */
	if (rest.len > MARK)
		take_lines((struct str){ rest.p + MARK, rest.len - MARK },
		    list);
}

static void
put_dir(struct facts *f, const char *path, struct val *list)
{
	struct buf room = { 0 };
	struct dir d;
	size_t i;
	int fd;

	if (!dir_open(f, NULL, path, &d))
		return;
	for (i = 0; i < d.n; i++)
		if ((fd = src_open(f, &d, d.names[i])) != -1) {
			take_program(fd, &room, list);
			close(fd);
		}
	dir_close(&d);
	buf_clear(&room);
}

void
gobuild_put(struct facts *f, struct val *list)
{
	put_dir(f, "/usr/local/bin", list);
	put_dir(f, "/root/go/bin", list);
}
