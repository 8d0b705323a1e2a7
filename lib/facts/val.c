#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "facts/text.h"
#include "facts/val.h"

/* ASCII without NUL, eight bytes at once. */
static bool
is_clean(struct str s)
{
	static const uint64_t ones = UINT64_C(0x0101010101010101);
	uint64_t w;
	size_t i;

	for (i = 0; s.len - i >= sizeof(w); i += sizeof(w)) {
		memcpy(&w, s.p + i, sizeof(w));
		if (((w | (w - ones)) & ones * 0x80) != 0)
			return false;
	}
	if (i > 0 && i < s.len) {	/* the end, and some before it again */
		memcpy(&w, s.p + s.len - sizeof(w), sizeof(w));
		return ((w | (w - ones)) & ones * 0x80) == 0;
	}
	for (; i < s.len; i++)
		if ((unsigned char)s.p[i] >= 0x80 || s.p[i] == '\0')
			return false;
	return true;
}

/* Three bytes of U+FFFD for each bad one is the most it can grow. */
static struct str
clean_copy(struct arena *a, struct str s)
{
	char *p, *to;
	size_t n;

	if (is_clean(s)) {
		p = arena_cstr(a, s);
		return (struct str){ p, p == NULL ? 0 : s.len };
	}
	if (s.len > SIZE_MAX / 8 ||
	    (to = p = arena_alloc(a, s.len * 3 + 1)) == NULL)
		return (struct str){ NULL, 0 };
	while (s.len > 0) {
		n = *s.p == '\0' ? 0 : utf8_next(s, NULL);
		if (n == 0) {
			memcpy(to, "\xef\xbf\xbd", 3);
			to += 3;
			n = 1;
		} else {
			memcpy(to, s.p, n);
			to += n;
		}
		s.p += n;
		s.len -= n;
	}
	return (struct str){ p, (size_t)(to - p) };
}

struct val *
val_new(struct arena *a, enum val_type type)
{
	struct val *v = arena_alloc(a, sizeof(*v));

	if (v == NULL)
		return NULL;
	v->type = type;
	if (type == VAL_OBJ || type == VAL_ARR)
		v->u.list.arena = a;
	return v;
}

void
val_add(struct val *o, const char *key, struct val *v)
{
	if (o == NULL || v == NULL || (o->type == VAL_OBJ && key == NULL))
		return;
	v->key = o->type == VAL_OBJ ? key : NULL;
	v->next = NULL;
	if (o->u.list.first == NULL)
		o->u.list.first = v;
	else
		o->u.list.last->next = v;
	o->u.list.last = v;
}

static struct val *
add_new(struct val *o, const char *key, enum val_type type)
{
	struct val *v;

	if (o == NULL || (o->type == VAL_OBJ && key == NULL))
		return NULL;
	/* Names of files may be anything. */
	if (key != NULL && !is_clean(str_of(key)))
		key = clean_copy(o->u.list.arena, str_of(key)).p;
	if ((v = val_new(o->u.list.arena, type)) != NULL)
		val_add(o, key, v);
	return v;
}

struct val *
val_obj(struct val *o, const char *key)
{
	return add_new(o, key, VAL_OBJ);
}

struct val *
val_arr(struct val *o, const char *key)
{
	return add_new(o, key, VAL_ARR);
}

void
val_str(struct val *o, const char *key, struct str s)
{
	struct val *v;

	if (s.len > 0 && (v = add_new(o, key, VAL_STR)) != NULL)
		v->u.str = clean_copy(o->u.list.arena, s);
}

void
val_cstr(struct val *o, const char *key, const char *s)
{
	if (s != NULL)
		val_str(o, key, str_of(s));
}

void
val_int(struct val *o, const char *key, int64_t n)
{
	struct val *v;

	if ((v = add_new(o, key, VAL_INT)) != NULL)
		v->u.num = n;
}

void
val_real(struct val *o, const char *key, struct str text)
{
	struct val *v;

	if (text_is_number(text) && (v = add_new(o, key, VAL_REAL)) != NULL)
		v->u.text = clean_copy(o->u.list.arena, text);
}

void
val_bool(struct val *o, const char *key, bool yes)
{
	struct val *v;

	if ((v = add_new(o, key, VAL_BOOL)) != NULL)
		v->u.yes = yes;
}

void
val_null(struct val *o, const char *key)
{
	(void)add_new(o, key, VAL_NULL);
}

const char *
val_key(struct val *o, struct str s)
{
	if (o == NULL || s.len == 0)
		return NULL;
	return clean_copy(o->u.list.arena, s).p;
}

struct val *
val_get_str(const struct val *o, struct str key)
{
	struct val *v;

	if (o == NULL || o->type != VAL_OBJ || key.len == 0)
		return NULL;
	for (v = o->u.list.first; v != NULL; v = v->next)
		if (strncmp(v->key, key.p, key.len) == 0 &&
		    v->key[key.len] == '\0')
			return v;
	return NULL;
}

struct val *
val_get(const struct val *o, const char *key)
{
	return val_get_str(o, str_of(key));
}

static struct val *
find_element(const struct val *a, struct str path)
{
	struct str index = text_cut(&path, '.');
	struct val *v = a->u.list.first;
	int64_t n;

	if (!text_num(index, &n) || n < 0)
		return NULL;
	while (v != NULL && n-- > 0)
		v = v->next;
	return v == NULL || path.len == 0 ? v : val_find(v, path);
}

struct val *
val_find(const struct val *o, struct str path)
{
	struct val *v, *found = NULL, *got;
	size_t n, most = 0;

	if (o != NULL && o->type == VAL_ARR)
		return find_element(o, path);
	if (o == NULL || o->type != VAL_OBJ)
		return NULL;
	for (v = o->u.list.first; v != NULL; v = v->next) {
		n = strlen(v->key);
		if (n < most || n > path.len || memcmp(v->key, path.p, n) != 0)
			continue;
		if (n == path.len)
			return v;
		if (path.p[n] != '.' || (got = val_find(v,
		    (struct str){ path.p + n + 1, path.len - n - 1 })) == NULL)
			continue;
		most = n;
		found = got;
	}
	return found;
}

struct str
val_text(const struct val *v)
{
	if (v == NULL || v->type != VAL_STR)
		return (struct str){ "", 0 };
	return v->u.str;
}

void
val_drop(struct val *o, struct val *member)
{
	struct val *v, *before = NULL;

	for (v = o->u.list.first; v != NULL && v != member; v = v->next)
		before = v;
	if (v == NULL)
		return;
	if (before == NULL)
		o->u.list.first = v->next;
	else
		before->next = v->next;
	if (o->u.list.last == v)
		o->u.list.last = before;
}

void
val_copy(struct val *o, const char *key, const struct val *v)
{
	struct val *copy, *m;

	if (v == NULL || (copy = add_new(o, key, v->type)) == NULL)
		return;
	if (v->type != VAL_OBJ && v->type != VAL_ARR) {
		copy->u = v->u;
		return;
	}
	for (m = v->u.list.first; m != NULL; m = m->next)
		val_copy(copy, m->key, m);
}

static int
by_key(const void *a, const void *b)
{
	const struct val *const *x = a, *const *y = b;

	return text_cmp_names((*x)->key, (*y)->key);
}

/* What is sorted already, as directories are, stays as it is. */
static size_t
count_unsorted(const struct val *o, bool *sorted)
{
	const struct val *v;
	size_t n = 0;

	*sorted = true;
	for (v = o->u.list.first; v != NULL; v = v->next, n++)
		if (v->next != NULL && text_cmp_names(v->key,
		    v->next->key) > 0)
			*sorted = false;
	return n;
}

void
val_sort(struct val *o)
{
	struct val **all, *v;
	size_t i, n;
	bool sorted;

	if (o == NULL || o->type != VAL_OBJ)
		return;
	n = count_unsorted(o, &sorted);
	if (sorted || (all = calloc(n, sizeof(*all))) == NULL)
		return;
	for (i = 0, v = o->u.list.first; v != NULL; v = v->next)
		all[i++] = v;
	qsort(all, n, sizeof(*all), by_key);
	for (i = 0; i < n; i++)
		all[i]->next = i + 1 < n ? all[i + 1] : NULL;
	o->u.list.first = all[0];
	o->u.list.last = all[n - 1];
	free(all);
}

static bool
is_empty(const struct val *v)
{
	return v->type == VAL_OBJ && v->u.list.first == NULL && !v->begun;
}

void
val_prune(struct val *v)
{
	struct val **link, *m;

	if (v == NULL || (v->type != VAL_OBJ && v->type != VAL_ARR))
		return;
	v->u.list.last = NULL;
	for (link = &v->u.list.first; (m = *link) != NULL; ) {
		val_prune(m);
		if (is_empty(m)) {
			*link = m->next;
			continue;
		}
		v->u.list.last = m;
		link = &m->next;
	}
}

bool
val_keep_wanted(struct val *v)
{
	struct val **link, *m;

	if (v->wanted)
		return true;
	if (v->type != VAL_OBJ && v->type != VAL_ARR)
		return false;
	v->u.list.last = NULL;
	for (link = &v->u.list.first; (m = *link) != NULL; ) {
		if (!val_keep_wanted(m)) {
			*link = m->next;
			continue;
		}
		v->u.list.last = m;
		link = &m->next;
	}
	return v->u.list.first != NULL;
}
