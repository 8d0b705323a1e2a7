#include <string.h>

#include "policy/native.h"
#include "types/types.h"

/*
 * Most steps are done without a look at them by the prelude: those are kept
 * here, in less room and time than an object takes.  In its arrays, the prelude
 * has their numbers.
 */

/* Room for n more bytes or so at p, which belongs to the engine. */
static void *
grown(duk_context *ctx, void *p, size_t size)
{
	if ((p = duk_realloc(ctx, p, size)) == NULL)
		(void)duk_error(ctx, DUK_ERR_RANGE_ERROR, "out of memory");
	return p;
}

/* Keep the value on top of the stack in an array of the stash, and pop it. */
static void
keep(duk_context *ctx, const char *array, unsigned i)
{
	duk_push_global_stash(ctx);
	if (!duk_get_prop_string(ctx, -1, array)) {
		duk_pop(ctx);
		duk_push_array(ctx);
		duk_dup(ctx, -1);
		duk_put_prop_string(ctx, -3, array);
	}
	duk_dup(ctx, -3);
	duk_put_prop_index(ctx, -2, i);
	duk_pop_3(ctx);
}

/* Push what was kept there; undefined if nothing was. */
static void
push_kept(duk_context *ctx, const char *array, unsigned i)
{
	duk_push_global_stash(ctx);
	if (duk_get_prop_string(ctx, -1, array))
		duk_get_prop_index(ctx, -1, i);
	else
		duk_push_undefined(ctx);
	duk_replace(ctx, -3);
	duk_pop(ctx);
}

/* The number of the kind at idx. */
static unsigned
kind_of(duk_context *ctx, struct plains *all, duk_idx_t idx)
{
	void *kind = duk_get_heapptr(ctx, idx);

	if (all->nkinds == 0 || kind != all->kind) {
		duk_dup(ctx, idx);
		keep(ctx, "kinds", all->nkinds);
		all->nkinds++;
		all->kind = kind;
	}
	return all->nkinds - 1;
}

/* The number of the file that push_line() has found. */
static unsigned
file_of(duk_context *ctx, struct plains *all, void *at)
{
	struct plain_file *f;
	struct str name;
	unsigned i;
	char *copy;

	for (i = all->nfiles; i > 0; i--)
		if (all->files[i - 1].at == at)
			return i - 1;
	duk_push_heapptr(ctx, at);
	name = arg_text(ctx, -1, 0);
	copy = grown(ctx, NULL, name.len + 1);
	memcpy(copy, name.p, name.len + 1);
	all->files = grown(ctx, all->files, (all->nfiles + 1) * sizeof(*f));
	keep(ctx, "files", all->nfiles);
	all->files[all->nfiles] = (struct plain_file){ at,
	    { copy, name.len } };
	return all->nfiles++;
}

/* The string at idx, if natives can read it as it is; its bytes are counted. */
static bool
is_readable(duk_context *ctx, duk_idx_t idx, bool nul, struct str *s,
    size_t *size)
{
	duk_size_t n;

	s->p = duk_get_lstring(ctx, idx, &n);
	s->len = n;
	*size += n + 1;
	return memchr(s->p, 0xed, n) == NULL &&
	    (nul || memchr(s->p, '\0', n) == NULL);
}

/* What is given on the stack, still lent; false if that is not for natives. */
static bool
look_at(duk_context *ctx, duk_idx_t idx, struct plain_option *o, size_t *size)
{
	switch (o->type = duk_get_type(ctx, idx)) {
	case DUK_TYPE_UNDEFINED:
	case DUK_TYPE_NULL:
		return true;
	case DUK_TYPE_BOOLEAN:
		o->yes = duk_get_boolean(ctx, idx);
		return true;
	case DUK_TYPE_NUMBER:
		o->num = duk_get_number(ctx, idx);
		return true;
	case DUK_TYPE_STRING:
		return is_readable(ctx, idx,
		    o->option.row->types & OPTION_TEXT, &o->str, size);
	default:
		return false;
	}
}

static void
copy_text(struct str *s, char **room)
{
	memcpy(*room, s->p, s->len + 1);
	s->p = *room;
	*room += s->len + 1;
}

/* What s has so far, and its options, in one piece. */
static struct plain *
packed(duk_context *ctx, const struct plain *s, const struct plain_option *o,
    size_t size)
{
	struct plain *copy;
	char *room;
	size_t i;

	copy = grown(ctx, NULL, sizeof(*s) + s->n * sizeof(*o) + size);
	*copy = *s;
	room = (char *)&copy->options[s->n];
	copy_text(&copy->title, &room);
	for (i = 0; i < s->n; i++) {
		copy->options[i] = o[i];
		if (o[i].type == DUK_TYPE_STRING)
			copy_text(&copy->options[i].str, &room);
	}
	return copy;
}

/* Put it behind all others, and its number on the stack. */
static void
push_number(duk_context *ctx, struct plains *all, struct plain *s)
{
	size_t size = all->size * 2 + 64;

	if (all->n == all->size) {
		all->v = grown(ctx, all->v, size * sizeof(*all->v));
		all->size = size;
	}
	all->v[all->n] = s;
	duk_push_uint(ctx, (duk_uint_t)all->n++);
}

bool
plain_put(duk_context *ctx, unsigned type, duk_idx_t kind, duk_idx_t pairs,
    const struct option_row *rows, size_t n)
{
	struct policy *p = policy_of(ctx);
	struct plains *all = &p->plains;
	struct plain_option o[PLAIN_OPTIONS_MAX];
	struct plain s = { .type = type, .n = n };
	size_t i, size = 0;

	if (n > PLAIN_OPTIONS_MAX ||
	    !is_readable(ctx, 0, false, &s.title, &size) || s.title.len == 0)
		return false;
	for (i = 0; i < n; i++) {
		o[i] = (struct plain_option){ .option = rows[i] };
		if (!look_at(ctx, pairs + 2 * (duk_idx_t)i + 1, &o[i], &size))
			return false;
	}
	if (!push_line(ctx, -2))
		return false;
	s.line = duk_get_uint(ctx, -1);
	s.file = file_of(ctx, all, p->at);
	s.kind = kind_of(ctx, all, kind);
	push_number(ctx, all, packed(ctx, &s, o, size));
	return true;
}

/* With an option that is not of that type, natives would not have kept it. */
static void
read_option(struct plain_option *o, unsigned type,
    const struct literal_option *l)
{
	o->type = DUK_TYPE_BOOLEAN;
	o->yes = l->type == LITERAL_TRUE;
	if (l->type == LITERAL_STRING) {
		o->type = DUK_TYPE_STRING;
		o->str = l->str;
	}
	(void)plain_fits(resource_types[type], l->name.p, 0, &o->option);
}

void
plain_put_literal(duk_context *ctx, duk_idx_t kind, const struct literals *l,
    size_t *at, const struct literal *call)
{
	struct plains *all = &policy_of(ctx)->plains;
	struct literal_option o;
	struct plain *s;
	size_t i;

	s = grown(ctx, NULL, sizeof(*s) + call->n * sizeof(s->options[0]));
	*s = (struct plain){ .type = call->type, .line = call->line,
	    .title = call->title, .n = call->n };
	for (i = 0; i < call->n; i++) {
		s->options[i] = (struct plain_option){ .yes = false };
		literals_option(l, at, &o);
		read_option(&s->options[i], call->type, &o);
	}
	s->file = file_of(ctx, all, policy_of(ctx)->at);
	s->kind = kind_of(ctx, all, kind);
	push_number(ctx, all, s);
}

static void
push_given(duk_context *ctx, const struct plain_option *o)
{
	if (o->type == DUK_TYPE_BOOLEAN)
		duk_push_boolean(ctx, o->yes);
	else if (o->type == DUK_TYPE_NUMBER)
		duk_push_number(ctx, o->num);
	else if (o->type == DUK_TYPE_STRING)
		duk_push_lstring(ctx, o->str.p, o->str.len);
	else if (o->type == DUK_TYPE_NULL)
		duk_push_null(ctx);
	else
		duk_push_undefined(ctx);
}

/* The object that it would have been from the start. */
static void
push_object(duk_context *ctx, const struct plain *s, unsigned number)
{
	size_t i;

	duk_push_object(ctx);
	push_kept(ctx, "kinds", s->kind);
	duk_set_prototype(ctx, -2);
	duk_push_lstring(ctx, s->title.p, s->title.len);
	duk_put_prop_literal(ctx, -2, "title");
	duk_push_object(ctx);
	for (i = 0; i < s->n; i++) {
		push_given(ctx, &s->options[i]);
		duk_put_prop_string(ctx, -2, s->options[i].option.row->name);
	}
	duk_put_prop_literal(ctx, -2, "opts");
	duk_push_uint(ctx, s->line);
	duk_put_prop_literal(ctx, -2, "line");
	push_kept(ctx, "files", s->file);
	duk_put_prop_literal(ctx, -2, "file");
	duk_push_uint(ctx, number);
	duk_put_prop_literal(ctx, -2, "plain");
	duk_push_uint(ctx, s->done);
	duk_put_prop_literal(ctx, -2, "state");
}

/* made(number): its object, always the same one. */
static duk_ret_t
n_made(duk_context *ctx)
{
	struct policy *p = policy_of(ctx);
	unsigned number = duk_require_uint(ctx, 0);

	push_kept(ctx, "made", number);
	if (!duk_is_undefined(ctx, -1) || number >= p->plains.n)
		return 1;
	p->plains.v[number]->is_made = true;
	push_object(ctx, p->plains.v[number], number);
	duk_dup(ctx, -1);
	keep(ctx, "made", number);
	return 1;
}

/* unmake(number): it is done, and nobody has its object, or will look at it. */
static duk_ret_t
n_unmake(duk_context *ctx)
{
	struct plains *all = &policy_of(ctx)->plains;
	unsigned number = duk_require_uint(ctx, 0);

	all->v[number]->is_made = false;
	all->v[number]->done = true;
	duk_push_global_stash(ctx);
	duk_get_prop_literal(ctx, -1, "made");
	duk_del_prop_index(ctx, -1, number);
	return 0;
}

/* name(number): "type:title" */
static duk_ret_t
n_name(duk_context *ctx)
{
	const struct plains *all = &policy_of(ctx)->plains;
	const struct plain *s = all->v[duk_require_uint(ctx, 0)];

	duk_push_string(ctx, resource_types[s->type]->name);
	duk_push_literal(ctx, ":");
	duk_push_lstring(ctx, s->title.p, s->title.len);
	duk_concat(ctx, 3);
	return 1;
}

const struct native natives_plain[] = {
	{ "made", n_made, 1 },
	{ "unmake", n_unmake, 1 },
	{ "name", n_name, 1 },
	{ NULL, NULL, 0 }
};
