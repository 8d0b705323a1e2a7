#include <stdlib.h>
#include <string.h>

#include "file/mode.h"

enum { SPECIAL = 07000, ALL = 0777 };

bool
file_mode_is_octal(const char *text)
{
	return text[0] >= '0' && text[0] <= '9';
}

static int
octal(mode_t *mode, const char *text, mode_t now)
{
	size_t n = strspn(text, "01234567");
	mode_t m;

	if (text[n] != '\0' || n < 3 || n > 4)
		return -1;
	m = (mode_t)strtoul(text, NULL, 8);
	*mode = m & SPECIAL ? m : (now & SPECIAL) | m;
	return 0;
}

/* Whose bits, set-id and sticky among them; all of them if nobody's. */
static const char *
who(const char *p, mode_t *mask)
{
	mode_t m = 0;

	for (;; p++)
		switch (*p) {
		case 'u':
			m |= 04700;
			break;
		case 'g':
			m |= 02070;
			break;
		case 'o':
			m |= 00007;
			break;
		case 'a':
			m |= 07777;
			break;
		default:
			*mask = m == 0 ? 07777 : m;
			return p;
		}
}

/* The three bits of a class, for all three. */
static mode_t
spread(mode_t now, unsigned shift)
{
	mode_t bits = now >> shift & 7;

	return bits << 6 | bits << 3 | bits;
}

static const char *
permissions(const char *p, mode_t *bits, mode_t now, bool is_dir)
{
	mode_t m = 0;

	*bits = 0;
	if (*p == 'u' || *p == 'g' || *p == 'o') {
		*bits = spread(now, *p == 'u' ? 6 : *p == 'g' ? 3 : 0);
		return p + 1;
	}
	for (;; p++)
		switch (*p) {
		case 'r':
			m |= 0444;
			break;
		case 'w':
			m |= 0222;
			break;
		case 'X':
			if (!is_dir && (now & 0111) == 0)
				break;
			/* FALLTHROUGH */
		case 'x':
			m |= 0111;
			break;
		case 's':
			m |= 06000;
			break;
		case 't':
			m |= 01000;
			break;
		default:
			*bits = m;
			return p;
		}
}

/* "+t" is for all: the sticky bit is nobody's but is meant by "a" alone. */
static mode_t
operate(mode_t now, char op, mode_t mask, mode_t bits)
{
	if (bits & 01000)
		mask |= 01000;
	bits &= mask;
	if (op == '+')
		return now | bits;
	if (op == '-')
		return now & ~bits;
	/* Directories keep the bits that were not named, as with digits. */
	mask &= ALL | (bits & SPECIAL);
	return (now & ~mask) | bits;
}

static int
symbolic(mode_t *mode, const char *p, mode_t now, bool is_dir)
{
	mode_t bits, mask;
	char op;

	for (;; p++) {
		p = who(p, &mask);
		if (*p != '+' && *p != '-' && *p != '=')
			return -1;
		while (*p == '+' || *p == '-' || *p == '=') {
			op = *p;
			p = permissions(p + 1, &bits, now, is_dir);
			now = operate(now, op, mask, bits);
		}
		if (*p == '\0')
			break;
		if (*p != ',')
			return -1;
	}
	*mode = now;
	return 0;
}

int
file_mode(mode_t *mode, const char *text, mode_t now, bool is_dir,
    const char **errstr)
{
	mode_t again;

	*errstr = "is neither three or four octal digits nor like u=rw,go=r";
	now &= SPECIAL | ALL;
	if (file_mode_is_octal(text)) {
		if (octal(mode, text, now) == -1)
			return -1;
	} else {
		if (symbolic(mode, text, now, is_dir) == -1)
			return -1;
		*errstr = "never settles: made again it is another mode";
		if (symbolic(&again, text, *mode, is_dir) == -1 ||
		    again != *mode)
			return -1;
	}
	*errstr = NULL;
	return 0;
}
