#include <stdlib.h>
#include <string.h>

#include "package/plan.h"

/*
 * What is offered is asked for once for all names that are known to come, and
 * stands until the index is read again.
 */
void
packages_forget_offers(struct packages *ps)
{
	struct package_offer *o;

	while ((o = ps->offers) != NULL) {
		ps->offers = o->next;
		free(o->name);
		free(o->best);
		buf_clear(&o->versions);
		free(o);
	}
}

static struct package_offer *
find(const struct packages *ps, const struct manager *m, struct str name)
{
	struct package_offer *o;

	for (o = ps->offers; o != NULL; o = o->next)
		if (o->m == m && str_eq(str_of(o->name), name))
			break;
	return o;
}

/* A new one of that name, of which nothing is known yet; NULL: no memory. */
static struct package_offer *
add(struct packages *ps, const struct manager *m, const char *name)
{
	struct package_offer *o;

	if ((o = calloc(1, sizeof(*o))) == NULL)
		return NULL;
	if ((o->name = strdup(name)) == NULL) {
		free(o);
		return NULL;
	}
	o->m = m;
	o->next = ps->offers;
	ps->offers = o;
	return o;
}

/* The names of w for which there is no offer yet get one. */
static size_t
add_names(struct packages *ps, const struct package_want *w)
{
	size_t i, n = 0;

	for (i = 0; i < w->nnames; i++)
		if (find(ps, w->m, str_of(w->names[i])) == NULL &&
		    add(ps, w->m, w->names[i]) != NULL)
			n++;
	return n;
}

struct asking {
	struct packages		*ps;
	const struct manager	*m;
};

static void
take(struct str name, struct str version, void *arg)
{
	const struct asking *a = arg;
	struct package_offer *o = find(a->ps, a->m, name);

	if (o == NULL || version.len == 0)
		return;
	free(o->best);
	o->best = strndup(version.p, version.len);
}

/* Ask for the first n offers, the last of which was added first. */
static int
ask_manager(struct packages *ps, const struct package_want *w, size_t n,
    struct buf *why)
{
	struct asking a = { ps, w->m };
	struct package_offer *o = ps->offers;
	struct buf out = { 0 };
	const char **names;
	size_t i;
	int rc;

	if ((names = calloc(n + 1, sizeof(*names))) == NULL) {
		buf_puts(why, "out of memory");
		return -1;
	}
	for (i = 0; i < n; i++, o = o->next) {
		names[n - 1 - i] = w->m->latest_all ? NULL : o->name;
		o->known = true;
	}
	if ((rc = package_ask(w, w->m->latest, names, &out, why)) == 0)
		w->m->update(buf_view(&out), take, &a);
	buf_clear(&out);
	free(names);
	return rc;
}

static int
ask_apt(struct packages *ps, size_t n, struct buf *why)
{
	struct package_offer **v, *o = ps->offers;
	size_t i;
	int rc;

	if ((v = calloc(n, sizeof(*v))) == NULL) {
		buf_puts(why, "out of memory");
		return -1;
	}
	for (i = 0; i < n; i++, o = o->next)
		v[i] = o;
	rc = apt_offers(ps, v, n, why);
	free(v);
	return rc;
}

const struct package_offer *
package_offer(struct packages *ps, const struct package_want *w,
    const char *name, struct buf *why)
{
	const struct package_offer *o = find(ps, w->m, str_of(name));
	const struct package_want *other;
	size_t n;
	int rc;

	if (o != NULL)
		return o;
	n = add_names(ps, w);
	for (other = ps->ahead; other != NULL; other = other->next)
		if (other->m == w->m && !other->done)
			n += add_names(ps, other);
	if (strcmp(w->m->name, "apt") == 0)
		rc = ask_apt(ps, n, why);
	else
		rc = ask_manager(ps, w, n, why);
	if (rc == -1) {
		packages_forget_offers(ps);
		return NULL;
	}
	if ((o = find(ps, w->m, str_of(name))) == NULL)
		buf_puts(why, "out of memory");
	return o;
}
