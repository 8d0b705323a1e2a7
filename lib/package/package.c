#include <stdlib.h>
#include <string.h>

#include "base/watch.h"
#include "package/plan.h"
#include "resource/journal.h"

/*
 * A want that a transaction has had waits among those ahead until it is its
 * turn; the others there are only known to come.
 */
static struct package_want *
take_ahead(struct packages *ps, const struct package_want *w)
{
	struct package_want *first = ps->ahead;

	if (first == NULL)
		return NULL;
	if (!want_equal(first, w)) {
		/* Something else has come instead: what was known is void. */
		while ((first = ps->ahead) != NULL) {
			ps->ahead = first->next;
			want_free(first);
		}
		return NULL;
	}
	ps->ahead = first->next;
	first->next = NULL;
	return first;
}

static void
drop(void *state)
{
	want_free(state);
}

/* What came of it, in a transaction of its own or of another's. */
static enum outcome
tell(struct job *j, const struct package_want *w)
{
	buf_str(&j->did, buf_view(&w->did));
	buf_str(&j->out, buf_view(&w->out));
	buf_str(&j->err, buf_view(&w->err));
	j->soft = !w->hard;
	if (w->outcome != OUTCOME_FAILED)
		return w->outcome;
	j->show = true;
	return job_fail(j, "%.*s", (int)w->why.len, w->why.p);
}

static enum outcome
compare(struct job *j, struct package_want *w)
{
	struct buf why = { 0 };
	enum outcome outcome = OUTCOME_OK;

	if (want_compare(j->packages, w, true, &why) == -1) {
		outcome = job_fail(j, "%.*s", (int)why.len, why.p);
		j->soft = !w->hard;
	} else if (w->nchanges > 0)
		outcome = OUTCOME_CHANGED;
	else if (w->unsure)
		job_why(j, "%s does not tell in a dry run what is the latest",
		    w->m->name);
	buf_clear(&why);
	return outcome;
}

static enum outcome
plan(struct job *j)
{
	struct package_want *w, *known;
	enum outcome outcome;

	j->soft = true;
	j->packages->dry = j->world != NULL;
	if ((w = want_new(j)) == NULL)
		return OUTCOME_FAILED;
	if ((known = take_ahead(j->packages, w)) != NULL) {
		want_free(w);
		w = known;
	}
	j->state = w;
	j->drop = drop;
	if (w->done && w->outcome == OUTCOME_FAILED)
		return tell(j, w);
	outcome = w->done ? OUTCOME_CHANGED : compare(j, w);
	if (outcome == OUTCOME_CHANGED)
		want_reasons(w, j);
	return outcome;
}

static void
ahead(struct job *j)
{
	struct package_want *w, **end;
	size_t i;

	/* What is wrong with it is told when it is its turn. */
	if ((w = want_new(j)) == NULL)
		return;
	for (i = 0; i < j->nowed; i++) {
		buf_str(&w->owed, j->owed[i].resource);
		buf_putc(&w->owed, '\0');
		buf_str(&w->owed, j->owed[i].handler);
		buf_putc(&w->owed, '\0');
	}
	w->nowed = j->nowed;
	for (end = &j->packages->ahead; *end != NULL; end = &(*end)->next)
		;
	*end = w;
}

/* Does it change what one of these does as well? */
static bool
meets(const struct package_want *w, struct package_want *const *v, size_t n)
{
	size_t i, k, m;

	for (i = 0; i < n; i++)
		for (k = 0; k < v[i]->nchanges; k++)
			for (m = 0; m < w->nchanges; m++)
				if (strcmp(v[i]->changes[k].name,
				    w->changes[m].name) == 0)
					return true;
	return false;
}

/*
 * w and those ahead that go with it, up to one that has something else to do.
 * *v is to be freed.
 */
static size_t
gather(struct packages *ps, struct package_want *w, struct package_want ***v)
{
	struct package_want *other, **more;
	struct buf why = { 0 };
	size_t n = 0;

	if ((*v = calloc(1, sizeof(**v))) == NULL)
		return 0;
	(*v)[n++] = w;
	for (other = ps->ahead; other != NULL; other = other->next) {
		if (want_compare(ps, other, true, &why) == -1 ||
		    (other->nchanges > 0 && (!want_same(w, other) ||
		    meets(other, *v, n))))
			break;
		if (other->nchanges == 0)
			continue;
		more = reallocarray(*v, n + 1, sizeof(*more));
		if (more == NULL)
			break;
		*v = more;
		more[n++] = other;
	}
	buf_clear(&why);
	return n;
}

static int
commit_other(const struct job *j, const struct package_want *w,
    struct buf *why)
{
	struct job other = *j;
	struct owed *owed;
	const char *p = w->owed.p;
	size_t i;
	int rc;

	if ((owed = calloc(w->nowed + 1, sizeof(*owed))) == NULL ||
	    buf_failed(&w->owed)) {
		free(owed);
		buf_puts(why, "out of memory");
		return -1;
	}
	for (i = 0; i < w->nowed; i++) {
		owed[i].resource = str_of(p);
		p += strlen(p) + 1;
		owed[i].handler = str_of(p);
		p += strlen(p) + 1;
	}
	other.title = str_of(w->title);
	other.owed = owed;
	other.nowed = w->nowed;
	rc = journal_commit(&other, why);
	free(owed);
	return rc;
}

/* What is promised of each is to be kept before the first change. */
static int
commit(const struct job *j, struct package_want *const *v, size_t n,
    struct buf *why)
{
	size_t i;

	if (journal_commit(j, why) == -1)
		return -1;
	for (i = 1; i < n; i++)
		if (commit_other(j, v[i], why) == -1)
			return -1;
	return 0;
}

static void
act(struct job *j, struct package_want *w)
{
	struct package_want **v;
	struct buf why = { 0 };
	size_t n = gather(j->packages, w, &v);

	if (n == 0 || commit(j, v, n, &why) == -1) {
		w->outcome = OUTCOME_FAILED;
		buf_str(&w->why, n == 0 ? str_of("out of memory") :
		    buf_view(&why));
		w->done = true;
	} else
		package_act(j->packages, v, n, &j->out, &j->err);
	buf_clear(&why);
	free(v);
}

static enum outcome
apply(struct job *j)
{
	struct package_want *w = j->state;

	if (!w->done)
		act(j, w);
	return tell(j, w);
}

static enum outcome
pretend(struct job *j)
{
	struct package_want *w = j->state;
	const struct package_change *c;
	struct package_found f;
	int rc = 0;

	for (c = w->changes; c < w->changes + w->nchanges && rc == 0; c++) {
		package_find(j->packages, w, c->name, &f);
		if (c->verb == VERB_HOLD || c->verb == VERB_RELEASE)
			rc = package_pretend(j->packages, w, c->name, f.state,
			    f.version, c->verb == VERB_HOLD);
		else if (c->verb < VERB_INSTALL)
			rc = package_pretend(j->packages, w, c->name,
			    PACKAGE_NONE, NULL, false);
		else {
			world_set_vague(j->world);
			rc = package_pretend(j->packages, w, c->name,
			    PACKAGE_INSTALLED, c->to, f.held);
		}
	}
	return rc == 0 ? OUTCOME_CHANGED : job_fail(j, "out of memory");
}

static void
watch(const struct job *j, resource_watch_fn *fn, void *arg)
{
	const struct package_want *w = j->state;
	int i;

	if (w == NULL)
		return;
	for (i = 0; i < PACKAGE_PATHS && w->m->paths[i] != NULL; i++)
		fn(w->m->paths[i], WATCH_FOLLOW, arg);
}

const struct resource_type resource_package = {
	.name = "package", .options = package_options, .plan = plan,
	.apply = apply, .pretend = pretend, .watch = watch, .ahead = ahead,
	.owns = package_owns
};
