#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/hash.h"
#include "facts/package.h"
#include "facts/pieces.h"
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

/* The database as it is read: what is wanted of it is copied. */
struct reading {
	struct facts	*f;
	struct package	 at;		/* the record at hand */
};

static const struct package none = { .bytes = -1 };

static bool
take(struct reading *r, struct str line, struct str key, struct str *to)
{
	struct str value;

	if (!field(line, key, &value))
		return false;
	*to = arena_str(facts_arena(r->f), value);
	return true;
}

/* "install ok installed": what is wanted, whether it is well, and what is. */
static void
take_state(struct reading *r, struct str value)
{
	struct package *p = &r->at;
	struct str want, flag;

	if (text_is(value, "install ok installed")) {
		p->state = str_of("installed");
		return;
	}
	value = arena_str(facts_arena(r->f), value);
	want = text_word(&value);
	flag = text_word(&value);
	p->state = text_word(&value);
	if (!text_is(want, "install"))
		p->status = want;
	else if (!text_is(flag, "ok"))
		p->status = flag;
}

static void
take_field(struct reading *r, struct str line)
{
	struct package *p = &r->at;
	struct str value;

	switch (*line.p) {
	case 'P':
		if (!take(r, line, str_of("Package"), &p->name))
			(void)take(r, line, str_of("Provides"), &p->provides);
		break;
	case 'V':
		(void)take(r, line, str_of("Version"), &p->version);
		break;
	case 'A':
		(void)take(r, line, str_of("Architecture"), &p->arch);
		break;
	case 'I':
		if (field(line, str_of("Installed-Size"), &value) &&
		    text_num(value, &p->bytes))
			p->bytes = p->bytes > INT64_MAX / 1024 ? -1 :
			    p->bytes * 1024;
		break;
	case 'S':
		if (field(line, str_of("Status"), &value))
			take_state(r, value);
		else if (!take(r, line, str_of("Source"), &p->source))
			(void)take(r, line, str_of("Section"), &p->section);
		break;
	}
}

static void
end_record(struct reading *r)
{
	struct package *p = &r->at;

	if (p->name.len > 0) {
		p->provider = "apt";
		p->source = text_word(&p->source);
		if (p->source.len == 0)
			p->source = p->name;
		buf_add(&r->f->packages, p, sizeof(*p));
	}
	r->at = none;
}

static void
take_line(struct str line, void *arg)
{
	struct reading *r = arg;

	if (line.len == 0)
		end_record(r);
	else if (*line.p != ' ')	/* most of it goes on in a second line */
		take_field(r, line);
}

/* Read once: all of it, or nothing. */
static bool
read_database(struct facts *f)
{
	struct reading r = { .f = f, .at = none };
	struct pieces pieces = { .fn = take_line, .arg = &r };
	int fd, error;

	if ((fd = src_open(f, NULL, status_path)) == -1)
		return false;
	error = pieces_read(&pieces, f, status_path, fd, PACKAGE_DB_MAX);
	close(fd);
	end_record(&r);
	if (error == 0)
		return true;
	buf_reset(&f->packages);
	src_errno(f, status_path, error);
	return false;
}

bool
dpkg_each_state(struct facts *f, package_fn *fn, void *arg)
{
	const struct package *p;
	size_t i;

	if (!f->packages_known)
		f->has_packages = read_database(f);
	f->packages_known = true;
	if (!f->has_packages || buf_failed(&f->packages))
		return f->has_packages;
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

/* Where name is among the slots, or would be: there is always a free one. */
static struct str *
slot_of(const struct autos *a, struct str name)
{
	size_t i = (size_t)hash64(0, name.p, name.len) & a->mask;

	while (a->slots[i].len > 0 && !str_eq(a->slots[i], name))
		i = (i + 1) & a->mask;
	return &a->slots[i];
}

bool
dpkg_autos(struct facts *f, struct autos *a)
{
	enum { RECORD_LEAST = 16 };	/* bytes; it is rather 27 */
	struct str text, line, name = { NULL, 0 }, value;

	if (!src_load(f, NULL, "/var/lib/apt/extended_states", PACKAGE_DB_MAX,
	    &a->text))
		return false;
	text = buf_view(&a->text);
	for (a->mask = 1; a->mask < text.len / RECORD_LEAST; )
		a->mask = a->mask * 2 + 1;
	if ((a->slots = calloc(a->mask + 1, sizeof(*a->slots))) == NULL)
		return false;
	while (text_line(&text, &line)) {
		if (field(line, str_of("Package"), &value))
			name = value;
		else if (name.len > 0 &&
		    field(line, str_of("Auto-Installed"), &value) &&
		    text_is(value, "1"))
			*slot_of(a, name) = name;
	}
	return true;
}

bool
dpkg_is_auto(const struct autos *a, struct str name)
{
	return name.len > 0 && a->slots != NULL && slot_of(a, name)->len > 0;
}

void
dpkg_autos_clear(struct autos *a)
{
	buf_clear(&a->text);
	free(a->slots);
	*a = (struct autos){ 0 };
}
