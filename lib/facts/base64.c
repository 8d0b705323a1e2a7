#include <stdint.h>
#include <string.h>

#include "facts/base64.h"

static const char digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

long
base64_decode(unsigned char *out, size_t size, struct str text)
{
	const char *at;
	uint32_t bits = 0;
	unsigned have = 0;
	size_t i, n = 0;

	for (i = 0; i < text.len && text.p[i] != '='; i++) {
		if (memchr(" \t\r\n", text.p[i], 4) != NULL)
			continue;
		at = memchr(digits, text.p[i], sizeof(digits) - 1);
		if (at == NULL)
			return -1;
		bits = bits << 6 | (uint32_t)(at - digits);
		if ((have += 6) < 8)
			continue;
		have -= 8;
		if (n == size)
			return -1;
		out[n++] = (unsigned char)(bits >> have);
	}
	return (long)n;
}

void
base64_encode(char *out, const unsigned char *p, size_t n)
{
	uint32_t bits = 0;
	unsigned have = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		bits = bits << 8 | p[i];
		for (have += 8; have >= 6; have -= 6)
			*out++ = digits[bits >> (have - 6) & 63];
	}
	if (have > 0)
		*out++ = digits[bits << (6 - have) & 63];
	*out = '\0';
}
