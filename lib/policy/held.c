#include <sys/resource.h>

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "policy/native.h"

/*
 * Resources whose changes wait to be made together, and the results of those
 * behind them, which are told in order.
 */
struct held {
	struct job	 job;		/* title and owed are its own */
	struct owing	 owing;
	char		*text;		/* title, role, file; NUL behind each */
	struct result	 r;
	bool		 staged;	/* and to be finished */
};

static void
held_clear(struct held *h)
{
	job_clear(&h->job);
	owing_clear(&h->owing);
	free(h->text);
	*h = (struct held){ 0 };
}

void
held_drop(struct policy *p)
{
	while (p->nheld > 0)
		held_clear(&p->held[--p->nheld]);
	p->nstaged = 0;
}

void
held_free(struct policy *p)
{
	held_drop(p);
	free(p->held);
}

static char *
put(char **at, struct str s)
{
	char *p = *at;

	if (s.len > 0)
		memcpy(p, s.p, s.len);
	*at += s.len + 1;
	return p;
}

/* The texts that are lent, as its own. */
static bool
keep_texts(struct held *h)
{
	struct str role = str_of(h->r.role != NULL ? h->r.role : "");
	char *p;

	if ((p = h->text = calloc(1, h->job.title.len + role.len +
	    h->r.file.len + 3)) == NULL)
		return false;
	h->job.title.p = put(&p, h->job.title);
	if (h->r.role != NULL)
		h->job.role = h->r.role = put(&p, role);
	h->r.file.p = put(&p, h->r.file);
	return true;
}

/* Each of them has files open, and some have to be left for all else. */
static size_t
staged_max(void)
{
	enum { EACH = 4, OTHERS = 40 };
	struct rlimit l;

	if (getrlimit(RLIMIT_NOFILE, &l) == -1 ||
	    l.rlim_cur >= RESOURCE_GATHER_MAX * EACH + OTHERS)
		return RESOURCE_GATHER_MAX;
	return l.rlim_cur < OTHERS + EACH ? 1 : (l.rlim_cur - OTHERS) / EACH;
}

bool
held_put(struct policy *p, const struct result *r, bool staged)
{
	struct held *h;

	if (p->held == NULL) {
		p->held = calloc(HELD_MAX, sizeof(*p->held));
		p->staged_max = staged_max();
	}
	if (p->held == NULL)
		return false;
	h = &p->held[p->nheld];
	h->job = p->job;
	h->r = *r;
	h->r.ms = clock_fine_ms() - p->started;
	if (!keep_texts(h)) {
		*h = (struct held){ 0 };
		return false;
	}
	h->owing = p->owing;
	h->staged = staged;
	p->job = (struct job){ 0 };
	p->owing = (struct owing){ 0 };
	p->nheld++;
	p->nstaged += staged;
	return true;
}

bool
held_is_full(const struct policy *p)
{
	return p->nheld == HELD_MAX || p->nstaged >= p->staged_max;
}

static size_t
list_staged(const struct policy *p, struct job *v[RESOURCE_GATHER_MAX])
{
	size_t i, n = 0;

	for (i = 0; i < p->nheld; i++)
		if (p->held[i].staged)
			v[n++] = &p->held[i].job;
	return n;
}

bool
held_apart(const struct policy *p, const struct job *j)
{
	struct job *v[RESOURCE_GATHER_MAX];
	size_t n = list_staged(p, v);

	return n == 0 || (v[0]->type == j->type &&
	    j->type->gather->apart(j, v, n));
}

/* What came of it is the policy's last, for those who ask. */
static void
fail_with(struct policy *p, struct held *h)
{
	job_clear(&p->job);
	p->job = h->job;
	h->job = (struct job){ 0 };
}

size_t
held_end(struct policy *p, int outcomes[HELD_MAX])
{
	struct job *v[RESOURCE_GATHER_MAX];
	size_t n = list_staged(p, v), done = 0, i, k = 0;
	double started = clock_fine_ms(), each;
	struct held *h;

	if (n > 0)
		done = v[0]->type->gather->finish(v, n);
	each = n == 0 ? 0 : (clock_fine_ms() - started) / (double)n;
	for (i = 0; i < p->nheld; i++) {
		h = &p->held[i];
		if (h->staged) {
			h->r.outcome = k++ < done ? OUTCOME_CHANGED :
			    OUTCOME_FAILED;
			h->r.ms += each;
		}
		result_tell(p, &h->job, &h->r);
		outcomes[i] = (int)h->r.outcome;
		if (h->r.outcome == OUTCOME_FAILED) {
			fail_with(p, h);
			i++;
			break;
		}
	}
	held_drop(p);
	return i;
}
