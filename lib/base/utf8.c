#include <string.h>

#include "base/utf8.h"

size_t
utf8_next(struct str s, uint32_t *cp)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *p = (const unsigned char *)s.p;
	uint32_t c;
	size_t i, n;

	if (s.len == 0)
		return 0;
	c = p[0];
	if (c < 0x80) {
		if (cp != NULL)
			*cp = c;
		return 1;
	}
	n = c >> 5 == 6 ? 2 : c >> 4 == 14 ? 3 : c >> 3 == 30 ? 4 : 0;
	if (n == 0 || n > s.len)
		return 0;
	c &= 0x7fU >> n;
	for (i = 1; i < n; i++) {
		if (p[i] >> 6 != 2)
			return 0;
		c = c << 6 | (p[i] & 0x3f);
	}
	if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	if (cp != NULL)
		*cp = c;
	return n;
}

/* How much of s is ASCII for certain, eight bytes at a time. */
static size_t
ascii(struct str s)
{
	uint64_t w;
	size_t n;

	for (n = 0; s.len - n >= sizeof(w); n += sizeof(w)) {
		memcpy(&w, s.p + n, sizeof(w));
		if ((w & UINT64_C(0x8080808080808080)) != 0)
			break;
	}
	return n;
}

size_t
utf8_count(struct str s)
{
	size_t n, count = ascii(s);

	if (count > 0)
		s = (struct str){ s.p + count, s.len - count };
	for (; s.len > 0; count++) {
		if ((n = utf8_next(s, NULL)) == 0)
			return SIZE_MAX;
		s.p += n;
		s.len -= n;
	}
	return count;
}

struct str
utf8_cut(struct str s, size_t max)
{
	if (s.len <= max)
		return s;
	while (max > 0 && (unsigned char)s.p[max] >> 6 == 2)
		max--;
	return (struct str){ s.p, max };
}
