#include <string.h>

#include "template/parse.h"
#include "template/template.h"

/* The contexts that names are looked up in, the innermost one last. */
struct template_run {
	const struct template_data *d;
	template_value	 context[2 * TEMPLATE_DEPTH_MAX + 1];
	size_t		 ncontexts;
	unsigned	 depth;		/* of partials and lambdas */
	struct delimiters delims;	/* those of the lambda's section */
};

static int	render(struct template_run *r, struct str text,
		    const struct delimiters *delims, struct buf *out,
		    struct buf *err);

static const struct delimiters standard = { { "{{", 2 }, { "}}", 2 } };

void
template_escape(struct buf *out, struct str s)
{
	static const char special[] = "&<>\"'/`=";
	static const char *const entity[] = { "&amp;", "&lt;", "&gt;",
	    "&quot;", "&#39;", "&#x2F;", "&#x60;", "&#x3D;" };
	const char *hit;
	size_t i, from = 0;

	for (i = 0; i < s.len; i++) {
		if (s.p[i] == '\0' || (hit = strchr(special, s.p[i])) == NULL)
			continue;
		buf_add(out, s.p + from, i - from);
		buf_puts(out, entity[hit - special]);
		from = i + 1;
	}
	if (from < s.len)
		buf_add(out, s.p + from, s.len - from);
}

static struct str
next_name(struct str *rest)
{
	const char *dot = memchr(rest->p, '.', rest->len);
	struct str name = *rest;

	if (dot != NULL)
		name.len = (size_t)(dot - rest->p);
	rest->p += name.len + (dot != NULL);
	rest->len -= name.len + (dot != NULL);
	return name;
}

/* 1 with *v, 0 where there is nothing of that name, or -1. */
static int
look_up(struct template_run *r, struct str name, template_value *v,
    struct buf *err)
{
	const struct template_data *d = r->d;
	struct str first;
	size_t i;
	int rc = 0;

	if (str_eq(name, str_of("."))) {
		*v = r->context[r->ncontexts - 1];
		return 1;
	}
	first = next_name(&name);
	for (i = r->ncontexts; rc == 0 && i-- > 0;)
		rc = d->get(d->arg, r->context[i], first, v, err);
	while (rc == 1 && name.len > 0) {
		first = next_name(&name);
		rc = d->get(d->arg, *v, first, v, err);
	}
	return rc;
}

static int
render_value(struct template_run *r, const struct part *p, struct buf *out,
    struct buf *err)
{
	struct buf text = { 0 };
	template_value v;
	int rc;

	if ((rc = look_up(r, p->text, &v, err)) != 1)
		return rc;
	if (p->kind == PART_RAW)
		return r->d->text(r->d->arg, v, out, err);
	if ((rc = r->d->text(r->d->arg, v, &text, err)) == 0)
		template_escape(out, buf_view(&text));
	if (buf_failed(&text))
		out->failed = true;
	buf_clear(&text);
	return rc;
}

static size_t
mark(const struct template_run *r)
{
	return r->d->mark == NULL ? 0 : r->d->mark(r->d->arg);
}

static void
release(const struct template_run *r, size_t to)
{
	if (r->d->release != NULL)
		r->d->release(r->d->arg, to);
}

static int	render_parts(struct template_run *r, const struct parts *l,
		    size_t from, size_t to, struct buf *out, struct buf *err);

static int
render_in(struct template_run *r, template_value context,
    const struct parts *l, size_t section, struct buf *out, struct buf *err)
{
	int rc;

	if (r->ncontexts == sizeof(r->context) / sizeof(r->context[0])) {
		buf_puts(err, "sections are nested too deep");
		return -1;
	}
	r->context[r->ncontexts++] = context;
	rc = render_parts(r, l, section + 1, l->part[section].end, out, err);
	r->ncontexts--;
	return rc;
}

static int
render_list(struct template_run *r, template_value list,
    const struct parts *l, size_t section, struct buf *out, struct buf *err)
{
	const struct template_data *d = r->d;
	size_t i, n = d->length(d->arg, list), before;
	int rc = 0;

	for (i = 0; rc == 0 && i < n; i++) {
		before = mark(r);
		rc = render_in(r, d->item(d->arg, list, i), l, section, out,
		    err);
		release(r, before);
	}
	return rc;
}

static int
render_lambda(struct template_run *r, template_value v, const struct part *p,
    struct buf *out, struct buf *err)
{
	struct delimiters outer = r->delims;
	int rc;

	if (r->d->call == NULL)
		return 0;
	r->delims = p->delims;
	rc = r->d->call(r->d->arg, v, p->body, r, out, err);
	r->delims = outer;
	return rc;
}

static int
render_section(struct template_run *r, const struct parts *l, size_t i,
    struct buf *out, struct buf *err)
{
	const struct part *p = &l->part[i];
	enum template_kind kind = TEMPLATE_FALSE;
	template_value v = 0;
	int rc;

	if ((rc = look_up(r, p->text, &v, err)) == -1)
		return -1;
	if (rc == 1)
		kind = r->d->kind(r->d->arg, v);
	if (kind == TEMPLATE_LIST && r->d->length(r->d->arg, v) == 0)
		kind = TEMPLATE_FALSE;
	if (p->kind == PART_INVERTED)
		return kind != TEMPLATE_FALSE ? 0 :
		    render_parts(r, l, i + 1, p->end, out, err);
	switch (kind) {
	case TEMPLATE_LIST:
		return render_list(r, v, l, i, out, err);
	case TEMPLATE_LAMBDA:
		return render_lambda(r, v, p, out, err);
	case TEMPLATE_TRUE:
		return render_in(r, v, l, i, out, err);
	case TEMPLATE_FALSE:
		break;
	}
	return 0;
}

/* Append text with indent before each of its lines. */
static void
add_indented(struct buf *out, struct str text, struct str indent)
{
	const char *end;
	size_t n;

	for (; text.len > 0; text.p += n, text.len -= n) {
		end = memchr(text.p, '\n', text.len);
		n = end == NULL ? text.len : (size_t)(end - text.p) + 1;
		buf_str(out, indent);
		buf_add(out, text.p, n);
	}
}

static int
render_partial(struct template_run *r, const struct part *p, struct buf *out,
    struct buf *err)
{
	struct buf text = { 0 }, indented = { 0 };
	int rc;

	if (r->d->partial == NULL)
		return 0;
	if ((rc = r->d->partial(r->d->arg, p->text, &text, err)) == 1) {
		add_indented(&indented, buf_view(&text), p->body);
		if (buf_failed(&text) || buf_failed(&indented))
			out->failed = true;
		rc = render(r, buf_view(&indented), &standard, out, err);
	}
	buf_clear(&text);
	buf_clear(&indented);
	return rc;
}

static int
render_part(struct template_run *r, const struct parts *l, size_t i,
    struct buf *out, struct buf *err)
{
	const struct part *p = &l->part[i];

	switch (p->kind) {
	case PART_TEXT:
		buf_str(out, p->text);
		break;
	case PART_VALUE:
	case PART_RAW:
		return render_value(r, p, out, err);
	case PART_SECTION:
	case PART_INVERTED:
		return render_section(r, l, i, out, err);
	case PART_PARTIAL:
		return render_partial(r, p, out, err);
	case PART_END:
		break;
	}
	return 0;
}

static int
render_parts(struct template_run *r, const struct parts *l, size_t from,
    size_t to, struct buf *out, struct buf *err)
{
	const struct part *p;
	size_t i, before;
	int rc;

	for (i = from; i < to; i++) {
		p = &l->part[i];
		before = mark(r);
		rc = render_part(r, l, i, out, err);
		release(r, before);
		if (rc == -1)
			return -1;
		if (buf_failed(out) || out->len > TEMPLATE_OUT_MAX) {
			buf_printf(err, "line %u: too large", p->line);
			return -1;
		}
		if (p->kind == PART_SECTION || p->kind == PART_INVERTED)
			i = p->end;
	}
	return 0;
}

static int
render(struct template_run *r, struct str text,
    const struct delimiters *delims, struct buf *out, struct buf *err)
{
	struct parts l;
	int rc = -1;

	if (r->depth == TEMPLATE_DEPTH_MAX) {
		buf_puts(err, "partials are nested too deep");
		return -1;
	}
	r->depth++;
	if (parts_parse(&l, text, delims, err) == 0) {
		rc = render_parts(r, &l, 0, l.n, out, err);
		parts_clear(&l);
	}
	r->depth--;
	return rc;
}

int
template_render(struct str text, const struct template_data *d,
    template_value root, struct buf *out, struct buf *err)
{
	struct template_run r = { .d = d, .context = { root }, .ncontexts = 1,
	    .delims = standard };

	return render(&r, text, &standard, out, err);
}

int
template_section(struct template_run *run, struct str text, struct buf *out,
    struct buf *err)
{
	struct delimiters delims = run->delims;

	return render(run, text, &delims, out, err);
}
