#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "policy/origin.h"

static struct origin *
find(const struct origin *list, const char *path)
{
	const struct origin *p;

	for (p = list; p != NULL; p = p->next)
		if (strcmp(p->path, path) == 0)
			return (struct origin *)(uintptr_t)p;
	return NULL;
}

static void
empty(struct origin *p)
{
	lines_clear(&p->lines);
	buf_clear(&p->url);
	buf_clear(&p->base);
	srcmap_free(p->map);
	p->map = NULL;
	p->tried = false;
}

struct origin *
origin_add(struct origin **list, const char *path)
{
	struct origin *p = find(*list, path);

	if (p != NULL) {
		empty(p);
		return p;
	}
	if ((p = calloc(1, sizeof(*p))) == NULL)
		return NULL;
	if ((p->path = strdup(path)) == NULL) {
		free(p);
		return NULL;
	}
	p->next = *list;
	*list = p;
	return p;
}

void
origin_clear(struct origin **list)
{
	struct origin *p;

	while ((p = *list) != NULL) {
		*list = p->next;
		empty(p);
		free(p->path);
		free(p);
	}
}

unsigned
origin_line(const struct origin *list, const char *path, unsigned line)
{
	const struct origin *p = find(list, path);

	return p == NULL ? line : lines_written(&p->lines, line);
}

/* Append name as it is seen from the directory of path, without dots. */
static void
resolve(struct buf *out, const char *path, struct str name)
{
	const char *slash = strrchr(path, '/');
	size_t start = out->len;

	if (name.len > 0 && name.p[0] != '/' && slash != NULL &&
	    memmem(name.p, name.len, "://", 3) == NULL)
		buf_add(out, path, (size_t)(slash - path) + 1);
	while (str_starts(name, str_of("./")) ||
	    str_starts(name, str_of("../"))) {
		if (name.p[1] == '.') {
			while (out->len > start + 1 &&
			    out->p[--out->len - 1] != '/')
				;
			name.p++;
			name.len--;
		}
		name.p += 2;
		name.len -= 2;
	}
	buf_str(out, name);
}

/* Read the map, which may be in the code itself. */
static const char *
load(struct origin *p, bool (*read)(const char *path, struct buf *out,
    struct buf *why), struct buf *trouble)
{
	struct buf json = { 0 };
	const char *why = NULL;

	if (str_starts(buf_view(&p->url), str_of("data:"))) {
		buf_puts(&p->base, p->path);
		if (!srcmap_data(buf_view(&p->url), &json))
			why = "its source map is not in base64";
	} else
		resolve(&p->base, p->path, buf_view(&p->url));
	buf_putc(&p->base, '\0');
	if (buf_failed(&p->base))
		why = "out of memory";
	else if (why == NULL && json.len == 0 &&
	    !read(p->base.p, &json, trouble))
		return NULL;
	if (why == NULL)
		(void)srcmap_parse(&p->map, buf_view(&json), &why);
	buf_clear(&json);
	return why;
}

bool
origin_source(struct origin *list, const char *path, unsigned *line,
    struct buf *file, bool (*read)(const char *path, struct buf *out,
    struct buf *why), struct buf *trouble)
{
	struct origin *p = find(list, path);
	struct str source;
	const char *why;

	if (p == NULL || p->url.len == 0)
		return false;
	if (!p->tried) {
		p->tried = true;
		if ((why = load(p, read, trouble)) != NULL)
			buf_printf(trouble, "%s: %s", p->base.p == NULL ?
			    path : p->base.p, why);
	}
	if (p->map == NULL || !srcmap_find(p->map, *line, &source, line))
		return false;
	resolve(file, p->base.p, source);
	return !buf_failed(file);
}
