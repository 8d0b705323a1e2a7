#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"

void
buf_clear(struct buf *b)
{
	free(b->p);
	*b = (struct buf){ 0 };
}

void
buf_reset(struct buf *b)
{
	b->len = 0;
	b->failed = false;
}

bool
buf_failed(const struct buf *b)
{
	return b->failed;
}

char *
buf_room(struct buf *b, size_t n)
{
	size_t size;
	char *p;

	if (b->failed)
		return NULL;
	if (b->size - b->len >= n && b->p != NULL)
		return b->p + b->len;
	for (size = b->size < 256 ? 256 : b->size; size - b->len < n; size *= 2)
		if (size > SIZE_MAX / 4)
			goto fail;
	if ((p = realloc(b->p, size)) == NULL)
		goto fail;
	b->p = p;
	b->size = size;
	return p + b->len;
fail:
	b->failed = true;
	return NULL;
}

void
buf_add(struct buf *b, const void *p, size_t n)
{
	if (n == 0 || ((b->failed || b->size - b->len < n) &&
	    buf_room(b, n) == NULL))
		return;
	memcpy(b->p + b->len, p, n);
	b->len += n;
}

void
buf_str(struct buf *b, struct str s)
{
	buf_add(b, s.p, s.len);
}

void
buf_puts(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void
buf_putc(struct buf *b, char c)
{
	if (b->len < b->size && !b->failed)
		b->p[b->len++] = c;
	else
		buf_add(b, &c, 1);
}

void
buf_num(struct buf *b, uint64_t n)
{
	char digits[20], *p = digits + sizeof(digits);

	do
		*--p = (char)('0' + n % 10);
	while ((n /= 10) != 0);
	buf_add(b, p, (size_t)(digits + sizeof(digits) - p));
}

void
buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	char *room;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0 || (room = buf_room(b, (size_t)n + 1)) == NULL) {
		b->failed = true;
		return;
	}
	va_start(ap, fmt);
	(void)vsnprintf(room, (size_t)n + 1, fmt, ap);
	va_end(ap);
	b->len += (size_t)n;
}

static bool
plain(unsigned char c)
{
	return c >= 0x20 && c != '"' && c != '\\';
}

/* Eight bytes at once: is each of them plain? */
static bool
eight_plain(uint64_t w)
{
	static const uint64_t ones = UINT64_C(0x0101010101010101);

	return (((w - ones * 0x20) | ((w ^ ones * '"') - ones) |
	    ((w ^ ones * '\\') - ones)) & ~w & ones * 0x80) == 0;
}

static char *
escape(char *out, unsigned char c)
{
	static const char hex[] = "0123456789abcdef";
	static const char from[] = "\b\f\n\r\t\"\\", to[] = "bfnrt\"\\";
	const char *at;

	*out++ = '\\';
	if (c != '\0' && (at = strchr(from, c)) != NULL) {
		*out++ = to[at - from];
		return out;
	}
	memcpy(out, "u00", 3);
	out[3] = hex[c >> 4];
	out[4] = hex[c & 15];
	return out + 5;
}

static uint64_t
eight(const char *p)
{
	uint64_t w;

	memcpy(&w, p, sizeof(w));
	return w;
}

/* The same for four to seven, some of which are seen twice. */
static uint64_t
four(const char *p, size_t n)
{
	uint32_t a, b;

	memcpy(&a, p, sizeof(a));
	memcpy(&b, p + n - 4, sizeof(b));
	return (uint64_t)a << 32 | b;
}

/*
 * What is left, less than eight bytes, as one word: together with some before
 * it, which are written again as they are.  Returns how much was done.
 */
static size_t
end_plain(char *out, struct str s, size_t i)
{
	size_t n = s.len - i;

	if (i > 0 && n > 0 && s.len >= 8) {
		if (!eight_plain(eight(s.p + s.len - 8)))
			return 0;
		memcpy(out + n - 8, s.p + s.len - 8, 8);
		return n;
	}
	if (i > 0 || n < 4 || !eight_plain(four(s.p, n)))
		return 0;
	memcpy(out, s.p, 4);
	memcpy(out + n - 4, s.p + n - 4, 4);
	return n;
}

void
buf_json(struct buf *b, struct str s)
{
	char *room, *out;
	size_t i, n;

	/* Six bytes for the worst character: one check, then only stores. */
	if ((out = room = buf_room(b, s.len * 6 + 2)) == NULL)
		return;
	*out++ = '"';
	for (i = 0; i < s.len; )
		if (s.len - i >= 8 && eight_plain(eight(s.p + i))) {
			memcpy(out, s.p + i, 8);
			out += 8;
			i += 8;
		} else if (s.len - i < 8 && (n = end_plain(out, s, i)) > 0) {
			out += n;
			i += n;
		} else if (plain((unsigned char)s.p[i]))
			*out++ = s.p[i++];
		else
			out = escape(out, (unsigned char)s.p[i++]);
	*out++ = '"';
	b->len += (size_t)(out - room);
}

void
buf_member(struct buf *b, const char *name, struct str value)
{
	buf_putc(b, ',');
	buf_json(b, str_of(name));
	buf_putc(b, ':');
	buf_json(b, value);
}

struct str
buf_view(const struct buf *b)
{
	return (struct str){ b->p, b->len };
}

int
buf_read(struct buf *b, int fd, size_t max)
{
	enum { PIECE = 64 * 1024 };
	char *room;
	ssize_t n;

	do {
		if ((room = buf_room(b, PIECE)) == NULL) {
			errno = ENOMEM;
			return -1;
		}
		if ((n = read(fd, room, PIECE)) > 0)
			b->len += (size_t)n;
		if (b->len > max) {
			errno = EFBIG;
			return -1;
		}
	} while (n > 0 || (n == -1 && errno == EINTR));
	return n == 0 ? 0 : -1;
}

int
buf_write(struct buf *b, int fd)
{
	size_t done = 0;
	ssize_t n;

	while (done < b->len) {
		n = write(fd, b->p + done, b->len - done);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1) {
			memmove(b->p, b->p + done, b->len - done);
			b->len -= done;
			return -1;
		}
		done += (size_t)n;
	}
	buf_reset(b);
	return 0;
}
