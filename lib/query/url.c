#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/utf8.h"
#include "query/url.h"

static bool
unreserved(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' ||
	    c == '~';
}

/* The byte that two hex digits stand for, or -1. */
static int
hex_byte(const char *p)
{
	int hi = ascii_hex(p[0]), lo = ascii_hex(p[1]);

	return hi == -1 || lo == -1 ? -1 : hi << 4 | lo;
}

void
url_encode(struct buf *b, struct str s)
{
	static const char hex[] = "0123456789ABCDEF";
	unsigned char c;
	size_t i;

	for (i = 0; i < s.len; i++) {
		c = (unsigned char)s.p[i];
		if (unreserved(s.p[i])) {
			buf_putc(b, s.p[i]);
			continue;
		}
		buf_putc(b, '%');
		buf_putc(b, hex[c >> 4]);
		buf_putc(b, hex[c & 15]);
	}
}

bool
url_decode(struct buf *b, struct str s, bool plus)
{
	size_t start = b->len, i;
	struct str out;
	int c;

	for (i = 0; i < s.len; i++) {
		c = (unsigned char)s.p[i];
		if (c == '+' && plus)
			c = ' ';
		else if (c == '%') {
			if (s.len - i < 3 || (c = hex_byte(s.p + i + 1)) == -1)
				return false;
			i += 2;
		}
		buf_putc(b, (char)c);
	}
	if (buf_failed(b))
		return false;
	if (b->len == start)
		return true;
	out = (struct str){ b->p + start, b->len - start };
	return utf8_count(out) != SIZE_MAX &&
	    memchr(out.p, '\0', out.len) == NULL;
}

void
hex_encode(struct buf *b, struct str s)
{
	static const char hex[] = "0123456789abcdef";
	size_t i;

	for (i = 0; i < s.len; i++) {
		buf_putc(b, hex[(unsigned char)s.p[i] >> 4]);
		buf_putc(b, hex[(unsigned char)s.p[i] & 15]);
	}
}

bool
hex_decode(struct buf *b, struct str s)
{
	size_t i;
	int c;

	if (s.len % 2 != 0)
		return false;
	for (i = 0; i < s.len; i += 2) {
		if ((c = hex_byte(s.p + i)) == -1)
			return false;
		buf_putc(b, (char)c);
	}
	return true;
}
