#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "policy/srcmap.h"

enum { DIGIT_BITS = 5, MORE = 1 << DIGIT_BITS, NUMBER_MAX = 1 << 30 };

/* What a line is from; source is -1 where nothing is known. */
struct from {
	int		 source;
	unsigned	 line;
};

struct srcmap {
	char		**source;
	size_t		 nsources;
	struct from	*line;
	size_t		 nlines;
};

static int
digit(char c)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *p = c == '\0' ? NULL : strchr(digits, c);

	return p == NULL ? -1 : (int)(p - digits);
}

/* Add the number at s, which is cut off it, to n; false if it is none. */
static bool
take_number(struct str *s, int64_t *n)
{
	int64_t value = 0;
	int shift = 0, d;

	do {
		if (s->len == 0 || shift > 30 || (d = digit(*s->p)) == -1)
			return false;
		value |= (int64_t)(d & (MORE - 1)) << shift;
		shift += DIGIT_BITS;
		s->p++;
		s->len--;
	} while (d & MORE);
	*n += value & 1 ? -(value >> 1) : value >> 1;
	return *n >= 0 && *n < NUMBER_MAX;
}

/* The segments of the mappings: where the one under way is, and is from. */
struct at {
	int64_t		 column;
	int64_t		 source;
	int64_t		 line;
	int64_t		 column_there;
	int64_t		 name;
};

static bool
ends_segment(struct str s)
{
	return s.len == 0 || *s.p == ',' || *s.p == ';';
}

/* One segment; from is what its line is from, unless that is known already. */
static bool
take_segment(struct srcmap *m, struct str *s, struct at *at, struct from *from)
{
	if (!take_number(s, &at->column))
		return false;
	if (ends_segment(*s))
		return true;
	if (!take_number(s, &at->source) || !take_number(s, &at->line) ||
	    !take_number(s, &at->column_there) ||
	    (!ends_segment(*s) && !take_number(s, &at->name)) ||
	    !ends_segment(*s) || (size_t)at->source >= m->nsources)
		return false;
	if (from->source == -1)
		*from = (struct from){ (int)at->source,
		    (unsigned)at->line + 1 };
	return true;
}

static bool
take_line(struct srcmap *m, struct str *s, struct at *at, struct from *from)
{
	at->column = 0;
	while (s->len > 0 && *s->p != ';') {
		if (*s->p != ',' && !take_segment(m, s, at, from))
			return false;
		if (s->len > 0 && *s->p == ',') {
			s->p++;
			s->len--;
		}
	}
	if (s->len > 0) {
		s->p++;
		s->len--;
	}
	return true;
}

static const char *
parse_mappings(struct srcmap *m, struct str s)
{
	struct from before = { -1, 0 };
	struct at at = { 0 };
	size_t i, n = 1;

	for (i = 0; i < s.len; i++)
		n += s.p[i] == ';';
	if ((m->line = calloc(n, sizeof(*m->line))) == NULL)
		return "out of memory";
	m->nlines = n;
	for (i = 0; i < n; i++) {
		m->line[i].source = -1;
		if (!take_line(m, &s, &at, &m->line[i]))
			return "its mappings are broken";
		if (m->line[i].source == -1)
			m->line[i] = before;
		before = m->line[i];
	}
	return NULL;
}

static char *
join(const char *root, const char *name)
{
	struct buf b = { 0 };

	if (root[0] != '\0' && name[0] != '/') {
		buf_puts(&b, root);
		if (root[strlen(root) - 1] != '/')
			buf_putc(&b, '/');
	}
	buf_puts(&b, name);
	buf_putc(&b, '\0');
	if (buf_failed(&b))
		buf_clear(&b);
	return b.p;
}

static const char *
parse_sources(struct srcmap *m, json_t *sources, const char *root)
{
	const char *name;
	json_t *v;
	size_t i;

	if ((m->source = calloc(json_array_size(sources) + 1,
	    sizeof(*m->source))) == NULL)
		return "out of memory";
	json_array_foreach(sources, i, v) {
		name = json_string_value(v);
		if ((m->source[i] = join(name == NULL ? "" : root,
		    name == NULL ? "" : name)) == NULL)
			return "out of memory";
		m->nsources++;
	}
	return NULL;
}

static const char *
parse(struct srcmap *m, json_t *map)
{
	const char *root = json_string_value(json_object_get(map,
	    "sourceRoot")), *words;
	json_t *sources = json_object_get(map, "sources");
	json_t *mappings = json_object_get(map, "mappings");

	if (json_integer_value(json_object_get(map, "version")) != 3)
		return "not a source map of version 3";
	if (!json_is_array(sources) || !json_is_string(mappings))
		return "a source map without sources and mappings";
	if ((words = parse_sources(m, sources, root == NULL ? "" : root)) !=
	    NULL)
		return words;
	return parse_mappings(m, (struct str){ json_string_value(mappings),
	    json_string_length(mappings) });
}

int
srcmap_parse(struct srcmap **mp, struct str json, const char **why)
{
	struct srcmap *m;
	json_t *map;

	*why = "out of memory";
	if ((m = calloc(1, sizeof(*m))) == NULL)
		return -1;
	if ((map = json_loadb(json.len == 0 ? "" : json.p, json.len, 0,
	    NULL)) == NULL)
		*why = "not JSON";
	else
		*why = parse(m, map);
	json_decref(map);
	if (*why != NULL) {
		srcmap_free(m);
		return -1;
	}
	*mp = m;
	return 0;
}

void
srcmap_free(struct srcmap *m)
{
	size_t i;

	if (m == NULL)
		return;
	for (i = 0; i < m->nsources; i++)
		free(m->source[i]);
	free(m->source);
	free(m->line);
	free(m);
}

bool
srcmap_find(const struct srcmap *m, unsigned line, struct str *source,
    unsigned *written)
{
	const struct from *from;

	if (line == 0 || line > m->nlines ||
	    (from = &m->line[line - 1])->source == -1)
		return false;
	*source = str_of(m->source[from->source]);
	*written = from->line;
	return true;
}

struct str
srcmap_url(struct str code)
{
	static const char mark[] = "//# sourceMappingURL=";
	struct str line;
	const char *p;

	while (code.len > 0) {
		p = memrchr(code.p, '\n', code.len);
		p = p == NULL ? code.p : p + 1;
		line = (struct str){ p, (size_t)(code.p + code.len - p) };
		if (str_starts(line, str_of(mark))) {
			line.p += sizeof(mark) - 1;
			line.len -= sizeof(mark) - 1;
			while (line.len > 0 &&
			    strchr(" \t\r", line.p[line.len - 1]) != NULL)
				line.len--;
			return line;
		}
		/* Nothing but comments and blank lines may come behind it. */
		if (line.len > 0 && line.p[0] != '\r' &&
		    !str_starts(line, str_of("//")))
			break;
		code.len = p == code.p ? 0 : (size_t)(p - code.p) - 1;
	}
	return (struct str){ 0 };
}

bool
srcmap_data(struct str url, struct buf *out)
{
	static const char mark[] = ";base64,";
	const char *p;
	unsigned bits = 0;
	int n = 0, d;

	if (!str_starts(url, str_of("data:")) ||
	    (p = memmem(url.p, url.len, mark, sizeof(mark) - 1)) == NULL)
		return false;
	for (p += sizeof(mark) - 1; p < url.p + url.len && *p != '='; p++) {
		if ((d = digit(*p)) == -1)
			return false;
		bits = bits << 6 | (unsigned)d;
		if ((n += 6) >= 8) {
			n -= 8;
			buf_putc(out, (char)(bits >> n & 0xff));
		}
	}
	return !buf_failed(out);
}
