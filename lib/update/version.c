#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "update/version.h"

struct parts {
	struct str	epoch;		/* digits, or empty */
	struct str	upstream;
	struct str	revision;
};

static size_t
digits(struct str s)
{
	size_t n = 0;

	while (n < s.len && ascii_digit(s.p[n]))
		n++;
	return n;
}

static void
split(struct parts *v, struct str s)
{
	size_t n;

	*v = (struct parts){ { "", 0 }, s, { "", 0 } };
	if ((n = digits(s)) > 0 && n < s.len && s.p[n] == ':') {
		v->epoch = (struct str){ s.p, n };
		v->upstream = str_from(s, n + 1);
	}
	for (n = v->upstream.len; n-- > 0;)
		if (v->upstream.p[n] == '-') {
			v->revision = str_from(v->upstream, n + 1);
			v->upstream.len = n;
			return;
		}
}

/* The weight of the first character; 0 at the end and before a number. */
static int
weight(struct str s)
{
	if (s.len == 0 || ascii_digit(s.p[0]))
		return 0;
	if (s.p[0] == '~')
		return -1;
	return (unsigned char)s.p[0] + (ascii_letter(s.p[0]) ? 0 : 256);
}

static struct str
skip_zeros(struct str s)
{
	while (s.len > 0 && s.p[0] == '0')
		s = str_from(s, 1);
	return s;
}

/* Numbers of any length: without zeros in front, the longer is the greater. */
static int
number_cmp(struct str a, struct str b)
{
	if (a.len != b.len)
		return a.len < b.len ? -1 : 1;
	return str_cmp(a, b);
}

static int
part_cmp(struct str a, struct str b)
{
	size_t na, nb;
	int c;

	while (a.len > 0 || b.len > 0) {
		while ((c = weight(a)) != 0 || weight(b) != 0) {
			if (c != weight(b))
				return c - weight(b);
			a = str_from(a, 1);
			b = str_from(b, 1);
		}
		a = skip_zeros(a);
		b = skip_zeros(b);
		na = digits(a);
		nb = digits(b);
		if ((c = number_cmp((struct str){ a.p, na },
		    (struct str){ b.p, nb })) != 0)
			return c;
		a = str_from(a, na);
		b = str_from(b, nb);
	}
	return 0;
}

int
version_cmp(struct str a, struct str b)
{
	struct parts va, vb;
	int c;

	split(&va, a);
	split(&vb, b);
	if ((c = number_cmp(skip_zeros(va.epoch), skip_zeros(vb.epoch))) != 0 ||
	    (c = part_cmp(va.upstream, vb.upstream)) != 0)
		return c;
	return part_cmp(va.revision, vb.revision);
}

int
version_parse_test(struct version_test *t, struct str s, const char **errstr)
{
	bool equal;

	*errstr = NULL;
	t->op = VERSION_IS;
	if (s.len > 0 && strchr("<>=", s.p[0]) != NULL && s.p[0] != '\0') {
		equal = s.len > 1 && s.p[0] != '=' && s.p[1] == '=';
		if (s.p[0] == '<')
			t->op = equal ? VERSION_LE : VERSION_LT;
		else if (s.p[0] == '>')
			t->op = equal ? VERSION_GE : VERSION_GT;
		s = str_from(s, equal ? 2 : 1);
		while (s.len > 0 && (s.p[0] == ' ' || s.p[0] == '\t'))
			s = str_from(s, 1);
	}
	t->ver = s;
	if (s.len > 0)
		return 0;
	*errstr = "no version given";
	return -1;
}

bool
version_passes(const struct version_test *t, struct str ver)
{
	switch (t->op) {
	case VERSION_LT:
		return version_cmp(ver, t->ver) < 0;
	case VERSION_LE:
		return version_cmp(ver, t->ver) <= 0;
	case VERSION_GT:
		return version_cmp(ver, t->ver) > 0;
	case VERSION_GE:
		return version_cmp(ver, t->ver) >= 0;
	case VERSION_IS:
		break;
	}
	return str_eq(ver, t->ver);
}
