#include <stdlib.h>
#include <string.h>

#include "policy/native.h"
#include "types/types.h"

/* What a policy has given, as the values of a job. */

/* Room for n strings more, in one piece. */
static struct str *
list_room(duk_context *ctx, struct policy *p, size_t n)
{
	struct str *more;

	engine_hold(ctx);
	more = reallocarray(p->list, p->nlist + n + 1, sizeof(*more));
	engine_let(ctx);
	if (more == NULL)
		(void)duk_error(ctx, DUK_ERR_RANGE_ERROR, "out of memory");
	p->list = more;
	more += p->nlist;
	p->nlist += n;
	return more;
}

/*
 * The string on top of the stack as UTF-8.  It stays on the stack, at the
 * bottom of which there is an array that keeps all of them.
 */
static struct str
keep_string(duk_context *ctx, duk_idx_t keep, const char *name, bool text)
{
	struct buf *b = scratch(ctx, 0);
	struct str s;
	duk_size_t n;
	char *copy;

	engine_text(ctx, -1, b);
	if (duk_is_string(ctx, -1) && b->len == duk_get_length(ctx, -1) &&
	    memchr(b->p == NULL ? "" : b->p, 0xed, b->len) == NULL) {
		s.p = duk_get_lstring(ctx, -1, &n);
		s.len = n;
	} else {
		copy = duk_push_fixed_buffer(ctx, b->len + 1);
		if (b->len > 0)
			memcpy(copy, b->p, b->len);
		s = (struct str){ copy, b->len };
		duk_replace(ctx, -2);
	}
	if (buf_failed(b))
		(void)duk_error(ctx, DUK_ERR_RANGE_ERROR, "out of memory");
	if (!text && s.len > 0 && memchr(s.p, '\0', s.len) != NULL)
		(void)duk_error(ctx, DUK_ERR_TYPE_ERROR,
		    "option %s: a NUL in it", name);
	duk_put_prop_index(ctx, keep, (duk_uarridx_t)duk_get_length(ctx, keep));
	return s;
}

static void
set_list(duk_context *ctx, struct policy *p, duk_idx_t keep, const char *name,
    struct value *v)
{
	duk_size_t i, n = duk_get_length(ctx, -1);
	struct str s;
	size_t at;

	at = (size_t)(list_room(ctx, p, n) - p->list);
	for (i = 0; i < n; i++) {
		duk_get_prop_index(ctx, -1, (duk_uarridx_t)i);
		duk_to_string(ctx, -1);
		s = keep_string(ctx, keep, name, false);
		p->list[at + i] = s;
	}
	/* The room may move as it grows, so it is an offset until the end. */
	v->type = VALUE_LIST;
	v->num = (int64_t)at;
	v->n = n;
	duk_pop(ctx);
}

/* {a: 'b'} as a list of "a=b". */
static void
set_map(duk_context *ctx, struct policy *p, duk_idx_t keep, const char *name,
    struct value *v)
{
	duk_push_array(ctx);
	duk_enum(ctx, -2, DUK_ENUM_OWN_PROPERTIES_ONLY);
	while (duk_next(ctx, -1, 1)) {
		duk_push_string(ctx, "=");
		duk_insert(ctx, -2);
		duk_to_string(ctx, -1);
		duk_concat(ctx, 3);
		duk_put_prop_index(ctx, -3,
		    (duk_uarridx_t)duk_get_length(ctx, -3));
	}
	duk_pop(ctx);
	duk_remove(ctx, -2);
	set_list(ctx, p, keep, name, v);
}

static void
set_number(struct value *v, const struct resource_option *o, double num)
{
	if (o->types & OPTION_SECONDS)
		num *= 1000;
	v->type = VALUE_INT;
	v->num = num > 9e15 ? INT64_C(9000000000000000) :
	    num < -9e15 ? INT64_C(-9000000000000000) : (int64_t)num;
}

/* The value on top of the stack, which is popped. */
static void
set_value(duk_context *ctx, struct policy *p, duk_idx_t keep,
    const struct resource_option *o, struct value *v)
{
	switch (duk_get_type(ctx, -1)) {
	case DUK_TYPE_BOOLEAN:
		v->type = VALUE_BOOL;
		v->yes = duk_get_boolean(ctx, -1);
		duk_pop(ctx);
		return;
	case DUK_TYPE_NUMBER:
		set_number(v, o, duk_get_number(ctx, -1));
		duk_pop(ctx);
		return;
	case DUK_TYPE_STRING:
	case DUK_TYPE_BUFFER:
		break;
	case DUK_TYPE_OBJECT:
		if (duk_is_array(ctx, -1)) {
			set_list(ctx, p, keep, o->name, v);
			return;
		}
		if (!duk_is_buffer_data(ctx, -1)) {
			set_map(ctx, p, keep, o->name, v);
			return;
		}
		break;
	default:
		duk_pop(ctx);
		return;
	}
	v->type = VALUE_STRING;
	v->str = keep_string(ctx, keep, o->name, o->types & OPTION_TEXT);
}

static void
values_room(duk_context *ctx, struct policy *p,
    const struct resource_type *type)
{
	struct value *more;
	size_t n = 0;

	while (type->options[n].name != NULL)
		n++;
	if (n > p->nvalues) {
		engine_hold(ctx);
		more = reallocarray(p->values, n, sizeof(*more));
		engine_let(ctx);
		if (more == NULL)
			(void)duk_error(ctx, DUK_ERR_RANGE_ERROR,
			    "out of memory");
		p->values = more;
		p->nvalues = n;
	}
	if (n > 0)
		memset(p->values, 0, n * sizeof(*p->values));
	p->nlist = 0;
}

/* Fill the job's values from the options at idx. */
void
set_values(duk_context *ctx, struct policy *p,
    const struct resource_type *type, duk_idx_t idx, duk_idx_t keep)
{
	size_t k;
	int i;

	values_room(ctx, p, type);
	duk_enum(ctx, idx, 0);
	while (duk_next(ctx, -1, 1)) {
		i = option_find(type->options,
		    str_of(duk_get_string(ctx, -2)));
		if (i == -1)
			duk_pop_2(ctx);
		else {
			set_value(ctx, p, keep, &type->options[i],
			    &p->values[i]);
			duk_pop(ctx);
		}
	}
	duk_pop(ctx);
	for (k = 0; type->options[k].name != NULL; k++)
		if (p->values[k].type == VALUE_LIST)
			p->values[k].list = p->list + p->values[k].num;
}

bool
is_set(duk_context *ctx, duk_idx_t idx, const char *name)
{
	bool yes;

	duk_get_prop_string(ctx, idx, name);
	yes = duk_get_boolean_default(ctx, -1, 0);
	duk_pop(ctx);
	return yes;
}

/* What a job has beside title and values. */
static void
fill_job(struct policy *p, const struct resource_type *type, const char *role)
{
	struct job *j = &p->job;

	j->type = type;
	j->values = p->values;
	j->options = owned_hash(j);
	j->owns = type->owns == NULL ? OWNS_NOTHING : type->owns(j);
	j->world = p->world;
	j->packages = p->packages;
	j->services = p->services;
	j->journal = p->world == NULL ? p->o.journal : NULL;
	j->role = role;
	j->trees = p->o.trees;
	j->owed = p->owing.v;
	j->nowed = p->owing.n;
	j->want_diff = p->o.want_diff;
	j->want_detail = p->o.want_detail;
}

void
set_job(duk_context *ctx, struct policy *p, const struct resource_type *type,
    const char *role)
{
	struct job *j = &p->job;

	duk_push_array(ctx);			/* keeps the strings */
	set_values(ctx, p, type, 2, duk_get_top_index(ctx));
	j->title = arg_path(ctx, 1, 1)[0] == '\0' ? str_of("") :
	    (struct str){ p->scratch[1].p, p->scratch[1].len - 1 };
	j->near = NULL;
	j->refresh = duk_get_boolean(ctx, 5);
	j->sensitive = is_set(ctx, 2, "sensitive");
	fill_job(p, type, role);
}

static void
set_plain_value(struct value *v, const struct plain_option *given)
{
	if (given->type == DUK_TYPE_BOOLEAN) {
		v->type = VALUE_BOOL;
		v->yes = given->yes;
	} else if (given->type == DUK_TYPE_NUMBER)
		set_number(v, given->option.row, given->num);
	else if (given->type == DUK_TYPE_STRING) {
		v->type = VALUE_STRING;
		v->str = given->str;
	}
}

void
set_plain_job(duk_context *ctx, struct policy *p, const struct plain *s)
{
	const struct resource_type *type = resource_types[s->type];
	const struct plain_option *given;
	struct job *j = &p->job;

	values_room(ctx, p, type);
	j->title = s->title;
	j->near = &p->near;
	j->refresh = j->sensitive = false;
	for (given = s->options; given < s->options + s->n; given++)
		if (given->option.index != -1)
			set_plain_value(&p->values[given->option.index],
			    given);
		else if (strcmp(given->option.row->name, "sensitive") == 0)
			j->sensitive = given->yes;
	fill_job(p, type, NULL);
}
