#include <stdlib.h>
#include <string.h>

#include "package/plan.h"

static bool
passes(const struct package_want *w, const char *version)
{
	return w->version == NULL ||
	    order_passes(w->m->order, &w->test, str_of(version));
}

static int
add(struct package_want *w, enum package_verb verb, const char *name,
    const char *from, const char *to)
{
	struct package_change *c;

	c = reallocarray(w->changes, w->nchanges + 1, sizeof(*c));
	if (c == NULL)
		return -1;
	w->changes = c;
	c += w->nchanges++;
	*c = (struct package_change){ .verb = verb, .name = name };
	if ((from != NULL && (c->from = strdup(from)) == NULL) ||
	    (to != NULL && (c->to = strdup(to)) == NULL))
		return -1;
	return 0;
}

/* Of the versions that are offered, the highest that passes; or NULL. */
static const char *
best_of(const struct package_want *w, const struct package_offer *o)
{
	const char *p = o->versions.p, *end = p + o->versions.len;
	const char *best = NULL;

	for (; p < end; p += strlen(p) + 1)
		if (passes(w, p) && (best == NULL ||
		    version_cmp(str_of(p), str_of(best)) > 0))
			best = p;
	return best;
}

static bool
is_apt(const struct package_want *w)
{
	return strcmp(w->m->name, "apt") == 0;
}

/* In a dry run, a manager may be unable to tell: that is no failure. */
static int
give_way(const struct packages *ps, struct package_want *w, struct buf *why)
{
	if (!ps->dry)
		return -1;
	w->unsure = true;
	buf_reset(why);
	return 0;
}

/*
 * What apt would make of it, in *to; NULL is as it comes.  Its versions are
 * named exactly, so one that passes has to be found here.
 */
static int
choose(struct packages *ps, struct package_want *w, const char *name,
    bool unheard, const char **to, struct buf *why)
{
	const struct package_offer *o = package_offer(ps, w, name, why);

	*to = NULL;
	if (o == NULL)
		return give_way(ps, w, why);
	if (!o->known && !unheard) {
		buf_reset(why);
		buf_printf(why, "%s: apt knows no package of that name", name);
		w->hard = true;
		return -1;
	}
	if (w->version == NULL) {
		*to = o->best;
		return 0;
	}
	if ((*to = best_of(w, o)) != NULL || unheard)
		return 0;
	buf_reset(why);
	buf_printf(why, "%s: apt has no version that is %s", name, w->version);
	if (o->best != NULL)
		buf_printf(why, "; it has %s", o->best);
	return -1;
}

/* It is to be there, and is not, or not in this version. */
static int
compare_missing(struct packages *ps, struct package_want *w,
    const char *name, const struct package_found *f, bool unheard,
    struct buf *why)
{
	enum package_verb verb = VERB_INSTALL;
	const char *to = NULL, *from = NULL;

	if (is_apt(w) && choose(ps, w, name, unheard, &to, why) == -1)
		return -1;
	if (to == NULL && w->version != NULL)
		to = w->test.op == VERSION_IS ? w->test.ver.p : w->version;
	if (f->state == PACKAGE_INSTALLED) {
		from = f->version;
		verb = order_cmp(w->m->order, str_of(from), w->test.ver) > 0 ?
		    VERB_DOWNGRADE : VERB_UPGRADE;
		/* Only these take a version; a plain upgrade takes names. */
		if (verb == VERB_UPGRADE)
			verb = VERB_INSTALL;
	}
	return add(w, verb, name, from, to);
}

static int
compare_latest(struct packages *ps, struct package_want *w, const char *name,
    const struct package_found *f, struct buf *why)
{
	const struct package_offer *o;

	if (!is_apt(w) && w->m->latest == NULL)
		return 0;
	if ((o = package_offer(ps, w, name, why)) == NULL)
		return give_way(ps, w, why);
	if (o->best == NULL || *f->version == '\0' ||
	    order_cmp(w->m->order, str_of(o->best), str_of(f->version)) <= 0)
		return 0;
	return add(w, VERB_UPGRADE, name, f->version, o->best);
}

/* A file says by its name which version it has: NAME_VERSION_ARCH.deb. */
static bool
is_in_name(const struct package_want *w, const char *version)
{
	const char *file = strrchr(w->source, '/'), *v;

	file = file == NULL ? w->source : file + 1;
	if ((v = strchr(version, ':')) != NULL)
		version = v + 1;
	return *version != '\0' && strstr(file, version) != NULL;
}

/* The version that is in the file has to be found out by a child. */
static int
compare_file(struct package_want *w, const char *name,
    const struct package_found *f, struct buf *why)
{
	const char *const file[] = { w->source, NULL };
	bool there = f->state == PACKAGE_INSTALLED;
	struct buf out = { 0 };
	int rc = -1;

	if (there && is_in_name(w, f->version))
		return 0;
	if (package_ask(w, w->m->file, file, &out, why) == 0) {
		while (out.len > 0 && out.p[out.len - 1] == '\n')
			out.len--;
		buf_putc(&out, '\0');
		if (buf_failed(&out))
			buf_puts(why, "out of memory");
		else if (there && strcmp(out.p, f->version) == 0)
			rc = 0;
		else
			rc = add(w, VERB_INSTALL, name, there ? f->version :
			    NULL, out.p);
	}
	buf_clear(&out);
	return rc;
}

static int
compare_present(struct packages *ps, struct package_want *w,
    const char *name, const struct package_found *f, bool unheard,
    struct buf *why)
{
	if (w->source != NULL)
		return compare_file(w, name, f, why);
	if (f->state != PACKAGE_INSTALLED || !passes(w, f->version))
		return compare_missing(ps, w, name, f, unheard, why);
	return w->ensure == ENSURE_LATEST ?
	    compare_latest(ps, w, name, f, why) : 0;
}

static int
compare_name(struct packages *ps, struct package_want *w, const char *name,
    bool unheard, struct buf *why)
{
	struct package_found f;

	package_find(ps, w, name, &f);
	if (w->ensure == ENSURE_ABSENT)
		return f.state < PACKAGE_PARTLY ? 0 :
		    add(w, VERB_REMOVE, name, f.version, NULL);
	if (w->ensure == ENSURE_PURGED)
		return f.state == PACKAGE_NONE ? 0 : add(w, VERB_PURGE, name,
		    f.state == PACKAGE_LEFT ? NULL : f.version, NULL);
	if (w->hold == 0 && f.held && add(w, VERB_RELEASE, name, NULL,
	    NULL) == -1)
		return -1;
	if (compare_present(ps, w, name, &f, unheard, why) == -1)
		return -1;
	/* A hold that is in the way of a change is lifted for it. */
	if (w->hold == 1 && f.held && w->nchanges > 0 &&
	    w->changes[w->nchanges - 1].name == name)
		return add(w, VERB_RELEASE, name, NULL, NULL) == -1 ? -1 :
		    add(w, VERB_HOLD, name, NULL, NULL);
	return w->hold == 1 && !f.held ? add(w, VERB_HOLD, name, NULL,
	    NULL) : 0;
}

int
want_compare(struct packages *ps, struct package_want *w, bool unheard,
    struct buf *why)
{
	size_t i;

	for (i = 0; i < w->nchanges; i++) {
		free(w->changes[i].from);
		free(w->changes[i].to);
	}
	w->nchanges = 0;
	for (i = 0; i < w->nnames; i++)
		if (compare_name(ps, w, w->names[i], unheard, why) == -1) {
			if (why->len == 0)
				buf_puts(why, "out of memory");
			return -1;
		}
	return 0;
}

/* Is it released only to be held again behind the change? */
static bool
is_lifted(const struct package_want *w, const char *name)
{
	const struct package_change *c;

	for (c = w->changes; c < w->changes + w->nchanges; c++)
		if (c->verb == VERB_RELEASE && c->name == name)
			return w->hold == 1;
	return false;
}

static void
reason(const struct package_want *w, const struct package_change *c,
    struct job *j)
{
	switch (c->verb) {
	case VERB_HOLD:
	case VERB_RELEASE:
		if (!is_lifted(w, c->name))
			job_why(j, "%s is %sheld", c->name,
			    c->verb == VERB_HOLD ? "not " : "");
		break;
	case VERB_REMOVE:
	case VERB_PURGE:
		if (c->from != NULL)
			job_why(j, "%s %s is installed", c->name, c->from);
		else
			job_why(j, "the configuration of %s is left",
			    c->name);
		break;
	default:
		if (c->from != NULL)
			job_why(j, "%s is %s, not %s", c->name, c->from,
			    c->to);
		else
			job_why(j, "%s%s%s is not installed", c->name,
			    c->to != NULL ? " " : "",
			    c->to != NULL ? c->to : "");
	}
}

void
want_reasons(const struct package_want *w, struct job *j)
{
	size_t i;

	for (i = 0; i < w->nchanges; i++)
		reason(w, &w->changes[i], j);
}

/* Not there yet: why not, as far as that can be seen. */
static bool
not_done(const struct package_found *f, const struct package_change *c,
    struct buf *why)
{
	static const char *const words[] = { "not installed",
	    "not installed, but its configuration is there",
	    "not installed wholly", "still installed" };

	if (why->len > 0 && why->p[why->len - 1] != ' ')
		buf_puts(why, "; ");
	if (c->verb == VERB_HOLD || c->verb == VERB_RELEASE)
		buf_printf(why, "%s is %s held", c->name,
		    f->held ? "still" : "not");
	else if (c->verb >= VERB_INSTALL && f->state == PACKAGE_INSTALLED)
		buf_printf(why, "%s is still %s", c->name, f->version);
	else
		buf_printf(why, "%s is %s", c->name, words[f->state]);
	return false;
}

static void
tell_installed(const struct package_found *f, const struct package_change *c,
    enum order order, struct buf *did)
{
	if (c->from == NULL)
		buf_printf(did, "Installed %s%s%s.\n", c->name,
		    *f->version != '\0' ? " " : "", f->version);
	else
		buf_printf(did, "%s %s from %s to %s.\n",
		    order_cmp(order, str_of(c->from), str_of(f->version)) > 0 ?
		    "Downgraded" : "Upgraded", c->name, c->from, f->version);
}

bool
change_done(struct packages *ps, struct package_want *w,
    const struct package_change *c, struct buf *did, struct buf *why)
{
	struct package_found f;

	package_find(ps, w, c->name, &f);
	switch (c->verb) {
	case VERB_REMOVE:
	case VERB_PURGE:
		if (f.state > (c->verb == VERB_PURGE ? PACKAGE_NONE :
		    PACKAGE_LEFT))
			return not_done(&f, c, why);
		if (c->from != NULL)
			buf_printf(did, "Removed %s %s.\n", c->name, c->from);
		else
			buf_printf(did, "Purged %s.\n", c->name);
		return true;
	case VERB_HOLD:
	case VERB_RELEASE:
		if (f.held != (w->hold == 1))
			return not_done(&f, c, why);
		if (!is_lifted(w, c->name))
			buf_printf(did, c->verb == VERB_HOLD ? "Held %s.\n" :
			    "Released %s.\n", c->name);
		return true;
	default:
		if (f.state != PACKAGE_INSTALLED || !passes(w, f.version) ||
		    (c->from != NULL && strcmp(c->from, f.version) == 0))
			return not_done(&f, c, why);
		tell_installed(&f, c, w->m->order, did);
		return true;
	}
}
