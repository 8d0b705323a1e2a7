#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "facts/x509.h"

/* Tags of DER. */
enum {
	INTEGER = 0x02, OID = 0x06, BMP_STRING = 0x1e, UTC_TIME = 0x17,
	GENERAL_TIME = 0x18, SEQUENCE = 0x30, SET = 0x31, TAG_VERSION = 0xa0
};

/* Take an element off *rest; false if it is not whole. */
static bool
take(struct str *rest, unsigned *tag, struct str *value)
{
	const unsigned char *p = (const unsigned char *)rest->p;
	size_t n, head = 2, len, i;

	if (rest->len < head || (p[0] & 0x1f) == 0x1f)
		return false;
	*tag = p[0];
	len = p[1];
	if (len >= 0x80) {
		n = len & 0x7f;
		if (n == 0 || n > 4 || rest->len - head < n)
			return false;
		for (len = 0, i = 0; i < n; i++)
			len = len << 8 | p[head + i];
		head += n;
	}
	if (rest->len - head < len)
		return false;
	*value = (struct str){ rest->p + head, len };
	*rest = (struct str){ rest->p + head + len, rest->len - head - len };
	return true;
}

static bool
expect(struct str *rest, unsigned tag, struct str *value)
{
	unsigned got;

	return take(rest, &got, value) && got == tag;
}

static void
put_oid(struct buf *b, struct str oid)
{
	uint64_t n = 0;
	size_t i;

	for (i = 0; i < oid.len; i++) {
		n = n << 7 | ((unsigned char)oid.p[i] & 0x7f);
		if ((unsigned char)oid.p[i] & 0x80)
			continue;
		/* The first two numbers are one. */
		if (b->len > 0 && b->p[b->len - 1] >= '0' &&
		    b->p[b->len - 1] <= '9') {
			buf_putc(b, '.');
			buf_num(b, n);
		} else {
			buf_num(b, n < 80 ? n / 40 : 2);
			buf_putc(b, '.');
			buf_num(b, n < 80 ? n % 40 : n - 80);
		}
		n = 0;
	}
}

static void
put_type(struct buf *b, struct str oid)
{
	static const struct { const char *bytes; size_t n; const char *name; }
	    names[] = {
		{ "\x55\x04\x03", 3, "CN" }, { "\x55\x04\x05", 3,
		    "serialNumber" }, { "\x55\x04\x06", 3, "C" },
		{ "\x55\x04\x07", 3, "L" }, { "\x55\x04\x08", 3, "ST" },
		{ "\x55\x04\x0a", 3, "O" }, { "\x55\x04\x0b", 3, "OU" },
		{ "\x55\x04\x61", 3, "organizationIdentifier" },
		{ "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01", 9, "emailAddress" },
		{ "\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x19", 10, "DC" }
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (oid.len == names[i].n &&
		    memcmp(oid.p, names[i].bytes, oid.len) == 0) {
			buf_puts(b, names[i].name);
			return;
		}
	put_oid(b, oid);
}

/* Two bytes a character, as UTF-8; half of a pair is what it is. */
static void
put_bmp(struct buf *b, struct str s)
{
	unsigned c;
	size_t i;

	for (i = 0; i + 1 < s.len; i += 2) {
		c = (unsigned)(unsigned char)s.p[i] << 8 |
		    (unsigned char)s.p[i + 1];
		if (c < 0x80)
			buf_putc(b, (char)c);
		else if (c < 0x800) {
			buf_putc(b, (char)(0xc0 | c >> 6));
			buf_putc(b, (char)(0x80 | (c & 0x3f)));
		} else {
			buf_putc(b, (char)(0xe0 | c >> 12));
			buf_putc(b, (char)(0x80 | (c >> 6 & 0x3f)));
			buf_putc(b, (char)(0x80 | (c & 0x3f)));
		}
	}
}

/* A sequence of sets of pairs of a type and a value, in their order. */
static bool
put_name(struct buf *b, struct str name)
{
	struct str set, pair, oid, value;
	unsigned tag;

	while (name.len > 0) {
		if (!expect(&name, SET, &set))
			return false;
		while (set.len > 0) {
			if (!expect(&set, SEQUENCE, &pair) ||
			    !expect(&pair, OID, &oid) ||
			    !take(&pair, &tag, &value))
				return false;
			if (b->len > 0)
				buf_puts(b, ", ");
			put_type(b, oid);
			buf_putc(b, '=');
			if (tag == BMP_STRING)
				put_bmp(b, value);
			else
				buf_str(b, value);
		}
	}
	return true;
}

/* "300131120000Z", of this century up to 49; or with all four digits. */
static bool
put_time(char out[24], struct str validity)
{
	struct str before, t;
	const char *p;
	unsigned tag;
	size_t i;

	if (!take(&validity, &tag, &before) || !take(&validity, &tag, &t) ||
	    !((tag == UTC_TIME && t.len == 13) ||
	    (tag == GENERAL_TIME && t.len == 15)))
		return false;
	for (i = 0; i + 1 < t.len; i++)
		if (t.p[i] < '0' || t.p[i] > '9')
			return false;
	p = t.p + (t.len - 11);
	(void)snprintf(out, 24, "%.2s%.2s-%.2s-%.2sT%.2s:%.2s:%.2sZ",
	    tag == GENERAL_TIME ? t.p : p[-2] < '5' ? "20" : "19", p - 2, p,
	    p + 2, p + 4, p + 6, p + 8);
	return true;
}

bool
x509_parse(struct x509 *c, struct str der)
{
	struct str cert, tbs, rest, value;
	unsigned tag;

	buf_reset(&c->subject);
	buf_reset(&c->issuer);
	if (!expect(&der, SEQUENCE, &cert) || !expect(&cert, SEQUENCE, &tbs))
		return false;
	rest = tbs;
	if (take(&rest, &tag, &value) && tag == TAG_VERSION)
		tbs = rest;
	return expect(&tbs, INTEGER, &value) &&		/* serial number */
	    expect(&tbs, SEQUENCE, &value) &&		/* of the signature */
	    expect(&tbs, SEQUENCE, &value) && put_name(&c->issuer, value) &&
	    expect(&tbs, SEQUENCE, &value) && put_time(c->not_after, value) &&
	    expect(&tbs, SEQUENCE, &value) && put_name(&c->subject, value);
}

void
x509_clear(struct x509 *c)
{
	buf_clear(&c->subject);
	buf_clear(&c->issuer);
}
