#include <stdlib.h>
#include <string.h>

#include "facts/package.h"
#include "facts/state.h"

static const char status_path[] = "/var/lib/dpkg/status";

/* A field of the record at hand: "Key: value" at the start of a line. */
static bool
field(struct str line, struct str key, struct str *value)
{
	if (line.len <= key.len || line.p[key.len] != ':' ||
	    memcmp(line.p, key.p, key.len) != 0)
		return false;
	*value = text_trim((struct str){ line.p + key.len + 1,
	    line.len - key.len - 1 });
	return true;
}

static void
take_line(struct package *p, struct str line)
{
	struct str size;

	if (line.len == 0)
		return;
	switch (*line.p) {
	case 'P':
		if (!field(line, str_of("Package"), &p->name))
			(void)field(line, str_of("Provides"), &p->provides);
		break;
	case 'V':
		(void)field(line, str_of("Version"), &p->version);
		break;
	case 'A':
		(void)field(line, str_of("Architecture"), &p->arch);
		break;
	case 'I':
		if (field(line, str_of("Installed-Size"), &size) &&
		    text_num(size, &p->bytes))
			p->bytes = p->bytes > INT64_MAX / 1024 ? -1 :
			    p->bytes * 1024;
		break;
	case 'S':
		if (!field(line, str_of("Status"), &p->state) &&
		    !field(line, str_of("Source"), &p->source))
			(void)field(line, str_of("Section"), &p->section);
		break;
	}
}

/* "install ok installed": what is wanted, whether it is well, and what is. */
static void
set_state(struct package *p)
{
	struct str rest = p->state, want, flag;

	if (text_is(rest, "install ok installed")) {
		p->state = str_of("installed");
		return;
	}
	want = text_word(&rest);
	flag = text_word(&rest);
	p->state = text_word(&rest);
	if (!text_is(want, "install"))
		p->status = want;
	else if (!text_is(flag, "ok"))
		p->status = flag;
}

static void
end_record(struct package *p, struct buf *all)
{
	if (p->name.len == 0)
		return;
	p->provider = "apt";
	set_state(p);
	p->source = text_word(&p->source);
	if (p->source.len == 0)
		p->source = p->name;
	buf_add(all, p, sizeof(*p));
}

/* Most of a database is what goes on in a second line: not looked at. */
static bool
next_line(struct str *rest, struct str *line)
{
	const char *p = rest->p, *end = p + rest->len, *nl;

	for (; p < end; p = nl + (nl < end)) {
		nl = memchr(p, '\n', (size_t)(end - p));
		if (nl == NULL)
			nl = end;
		if (*p == ' ')
			continue;
		*line = (struct str){ p, (size_t)(nl - p) };
		p = nl + (nl < end);
		*rest = (struct str){ p, (size_t)(end - p) };
		return true;
	}
	return false;
}

static void
parse(struct str text, struct buf *all)
{
	static const struct package none = { .bytes = -1 };
	struct package p = none;
	struct str line;

	while (next_line(&text, &line)) {
		if (line.len > 0) {
			take_line(&p, line);
			continue;
		}
		end_record(&p, all);
		p = none;
	}
	end_record(&p, all);
}

/* What was parsed lies in what was read, and is parsed once, too. */
bool
dpkg_each_state(struct facts *f, package_fn *fn, void *arg)
{
	struct str text = src_database(f, status_path, PACKAGE_DB_MAX);
	const struct package *p;
	size_t i;

	if (text.p == NULL)
		return false;
	if (f->packages.len == 0)
		parse(text, &f->packages);
	if (buf_failed(&f->packages))
		return true;
	p = (const struct package *)(const void *)f->packages.p;
	for (i = 0; i < f->packages.len / sizeof(*p); i++)
		fn(&p[i], arg);
	return true;
}

struct filter {
	package_fn	*fn;
	void		*arg;
};

/* What is in another state is not there, or not whole. */
static void
pass_installed(const struct package *p, void *arg)
{
	const struct filter *f = arg;

	if (p->version.len > 0 && text_is(p->state, "installed"))
		f->fn(p, f->arg);
}

bool
dpkg_each(struct facts *f, package_fn *fn, void *arg)
{
	struct filter filter = { fn, arg };

	return dpkg_each_state(f, pass_installed, &filter);
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

bool
dpkg_autos(struct facts *f, struct buf *sorted)
{
	struct str text, line, name = { NULL, 0 }, value;
	const char *p;

	text = src_text_max(f, NULL, "/var/lib/apt/extended_states",
	    PACKAGE_DB_MAX);
	if (text.p == NULL)
		return false;
	while (text_line(&text, &line)) {
		if (field(line, str_of("Package"), &value))
			name = value;
		else if (field(line, str_of("Auto-Installed"), &value) &&
		    text_is(value, "1") &&
		    (p = arena_cstr(facts_arena(f), name)) != NULL)
			buf_add(sorted, &p, sizeof(p));
	}
	if (sorted->len > 0 && !buf_failed(sorted))
		qsort(sorted->p, sorted->len / sizeof(p), sizeof(p), by_name);
	return true;
}

bool
dpkg_is_auto(const struct buf *sorted, struct str name)
{
	char key[256];
	const char *p = key;

	if (name.len >= sizeof(key) || sorted->len == 0 ||
	    buf_failed(sorted))
		return false;
	memcpy(key, name.p, name.len);
	key[name.len] = '\0';
	return bsearch(&p, sorted->p, sorted->len / sizeof(p), sizeof(p),
	    by_name) != NULL;
}
