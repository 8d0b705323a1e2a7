#include <err.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <lmdb.h>

#include "apply.h"
#include "base/hash.h"
#include "keep/keep.h"

/*
 * What the policy that is applied owns, by its results, against what the store
 * says that it owned before.  It counts where the policy was carried out as a
 * whole, and is put into the store with the outcome, if it is news.
 */
struct item {
	struct policy_owned o;		/* its texts are its own */
	uint64_t	 options;
	bool		 whole;
	bool		 fresh;		/* not in the store as it is */
	struct item	*next;		/* with the same hash */
};

enum fate { STAYS, IS_TOLD, IS_DROPPED };

struct orphan {
	struct policy_owned o;
	enum fate	 fate;
	bool		 told;		/* by an earlier run */
	struct orphan	*next;
};

static struct store *store;		/* NULL: nobody owns anything */
static char *policy;			/* its identity */
static struct item **buckets;
static size_t nbuckets, nitems;
static uint64_t sum;			/* of all items, in whatever order */
static struct orphan *orphans;
static bool ended;			/* results are no longer of resources */
static bool news;			/* the sum is not the one in the store */
static uint64_t old_sum;
static size_t nfresh;

/* --- Texts --------------------------------------------------------------- */

static struct str
copy(struct str s)
{
	char *p;

	if ((p = malloc(s.len + 1)) == NULL)
		err(2, NULL);
	if (s.len > 0)
		memcpy(p, s.p, s.len);
	p[s.len] = '\0';
	return (struct str){ p, s.len };
}

static void
let(struct str s)
{
	free((char *)(uintptr_t)s.p);
}

static void
owned_clear(struct policy_owned *o)
{
	let(o->type);
	let(o->title);
	let(o->role);
	let(o->hears);
}

static struct policy_owned
owned_copy(const struct holding_row *r)
{
	return (struct policy_owned){ copy(r->who.type), copy(r->who.title),
	    copy(r->role), copy(r->hears) };
}

static struct owner
owner_of(const struct policy_owned *o)
{
	return (struct owner){ str_of(policy), o->type, o->title };
}

/* --- What there is now --------------------------------------------------- */

static uint64_t
hash_of(struct str type, struct str title)
{
	return hash64(hash64(0, type.p, type.len), title.p, title.len);
}

static struct item *
find(struct str type, struct str title)
{
	struct item *i;

	if (nbuckets == 0)
		return NULL;
	i = buckets[hash_of(type, title) & (nbuckets - 1)];
	while (i != NULL && (!str_eq(i->o.type, type) ||
	    !str_eq(i->o.title, title)))
		i = i->next;
	return i;
}

static void
grow(void)
{
	size_t n = nbuckets == 0 ? 64 : nbuckets * 4, i;
	struct item **more, *one, *next, **at;

	if (nitems < nbuckets)
		return;
	if ((more = calloc(n, sizeof(*more))) == NULL)
		err(2, NULL);
	for (i = 0; i < nbuckets; i++)
		for (one = buckets[i]; one != NULL; one = next) {
			next = one->next;
			at = &more[hash_of(one->o.type, one->o.title) &
			    (n - 1)];
			one->next = *at;
			*at = one;
		}
	free(buckets);
	buckets = more;
	nbuckets = n;
}

static uint64_t
part_of_sum(const struct item *i)
{
	uint64_t name = hash_of(i->o.type, i->o.title);

	return hash64(hash64(i->options, &i->whole, sizeof(i->whole)), &name,
	    sizeof(name));
}

/*
 * The row of a resource, if there is one: 1, else 0.  Only numbers of it are
 * there when the view has ended.
 */
static bool
options_before(const struct policy_result *r, uint64_t *options)
{
	struct owner who = { str_of(policy), r->native, r->title };
	struct holding_row row;
	struct store_view *v;
	bool known;

	if (store_view(store, &v) != 0)
		return false;
	known = store_holding(v, &who, &row) == 0;
	*options = known ? row.options : 0;
	store_view_end(v);
	return known;
}

void
owned_result(const struct policy_result *r)
{
	struct str title = r->title;
	uint64_t options = r->options;
	struct item *i, **at;

	if (store == NULL || ended || r->native.len == 0 ||
	    r->owns == OWNS_NOTHING || r->outcome == OUTCOME_FAILED)
		return;
	/* What waits for its time is still as it was declared before. */
	if (str_eq(r->word, str_of("waits")) && !options_before(r, &options))
		return;
	title.len = strnlen(title.p, title.len);
	if ((i = find(r->native, title)) != NULL) {
		sum -= part_of_sum(i);
	} else {
		grow();
		if ((i = calloc(1, sizeof(*i))) == NULL)
			err(2, NULL);
		i->o = (struct policy_owned){ copy(r->native), copy(title),
		    { NULL, 0 }, { NULL, 0 } };
		at = &buckets[hash_of(r->native, title) & (nbuckets - 1)];
		i->next = *at;
		*at = i;
		nitems++;
	}
	i->options = options;
	i->whole = r->owns == OWNS_WHOLE;
	sum += part_of_sum(i);
}

static void
drop(void)
{
	struct orphan *o;
	struct item *i;
	size_t k;

	for (k = 0; k < nbuckets; k++)
		while ((i = buckets[k]) != NULL) {
			buckets[k] = i->next;
			owned_clear(&i->o);
			free(i);
		}
	while ((o = orphans) != NULL) {
		orphans = o->next;
		owned_clear(&o->o);
		free(o);
	}
	free(buckets);
	buckets = NULL;
	nbuckets = nitems = 0;
	sum = 0;
	ended = news = false;
	old_sum = nfresh = 0;
}

void
owned_begin(struct store *s, const char *path)
{
	drop();
	free(policy);
	policy = NULL;
	store = NULL;
	if (s == NULL || (policy = identity(path)) == NULL)
		return;
	store = s;
}

void
owned_end(void)
{
	drop();
	free(policy);
	policy = NULL;
	store = NULL;
}

/* --- Why something had to be changed ------------------------------------- */

const char *
owned_cause(const struct policy_result *r, bool dry)
{
	unsigned compared;
	uint64_t options;

	if (store == NULL || r->native.len == 0 ||
	    r->owns == OWNS_NOTHING || r->outcome != OUTCOME_CHANGED)
		return NULL;
	compared = dry ? keep_compare(store, &(struct owner){
	    str_of(policy), r->native, r->title }) :
	    journal_compared(r->native, r->title);
	if (!options_before(r, &options))
		return "new";
	if (options != r->options)
		return "policy";
	if (compared & KEEP_DRIFTED)
		return "drift";
	if (compared & KEEP_UNDONE)
		return "undone";
	return compared & KEEP_AS_LEFT ? "policy" : "drift";
}

/* --- Against what there was ---------------------------------------------- */

/* Is the row that the store has still right? */
static bool
is_same_row(struct store_view *v, const struct item *i)
{
	struct owner who = owner_of(&i->o);
	struct holding_row row;

	return store_holding(v, &who, &row) == 0 &&
	    row.options == i->options && row.whole == i->whole && !row.told;
}

static bool
is_declared(struct str type, struct str title)
{
	return find(type, title) != NULL;
}

void
owned_fresh(bool dry, void (*fn)(const struct policy_owned *o, void *fnarg),
    void *fnarg)
{
	struct store_view *v;
	struct item *i;
	size_t k;

	ended = true;
	if (store != NULL && !dry)
		moved(store, policy, is_declared);
	if (store == NULL || store_view(store, &v) != 0)
		return;
	news = store_holding_sum(v, str_of(policy), &old_sum) != 0 ||
	    old_sum != sum;
	for (k = 0; news && k < nbuckets; k++)
		for (i = buckets[k]; i != NULL; i = i->next)
			if ((i->fresh = !is_same_row(v, i))) {
				nfresh++;
				fn(&i->o, fnarg);
			}
	store_view_end(v);
}

void
owned_own(const struct policy_owned *o)
{
	struct item *i = find(o->type, o->title);

	if (i == NULL)
		return;
	let(i->o.role);
	let(i->o.hears);
	i->o.role = copy(o->role);
	i->o.hears = copy(o->hears);
}

struct missing {
	void	(*fn)(const struct policy_owned *o, void *fnarg);
	void	*arg;
};

static int
each_missing(const struct holding_row *r, void *arg)
{
	struct missing *m = arg;
	struct policy_owned o;

	if (find(r->who.type, r->who.title) != NULL)
		return 0;
	o = owned_copy(r);
	m->fn(&o, m->arg);
	owned_clear(&o);
	return 0;
}

void
owned_gone(void (*fn)(const struct policy_owned *o, void *fnarg), void *fnarg)
{
	struct missing m = { fn, fnarg };
	struct store_view *v;
	int rc;

	if (store == NULL || !news || store_view(store, &v) != 0)
		return;
	rc = store_each_holding(v, str_of(policy), each_missing, &m);
	store_view_end(v);
	if (rc != 0)
		warnx("%s: what it owned before: %s", policy,
		    store_strerror(rc));
}

/* --- Orphans ------------------------------------------------------------- */

static bool
is_told(const struct owner *who, bool *whole)
{
	struct holding_row row;
	struct store_view *v;
	bool told = false;

	*whole = false;
	if (store_view(store, &v) != 0)
		return false;
	if (store_holding(v, who, &row) == 0) {
		told = row.told;
		*whole = row.whole;
	}
	store_view_end(v);
	return told;
}

/* That another policy has it, too, is reason enough to leave it alone. */
static int
is_others(const struct holding_row *r, void *arg)
{
	struct owner *who = arg;

	if (str_eq(r->who.policy, who->policy) ||
	    !str_eq(r->who.type, who->type) ||
	    !str_eq(r->who.title, who->title))
		return 0;
	who->policy.p = NULL;
	return 1;
}

static bool
has_another(struct owner who)
{
	struct store_view *v;

	if (store_view(store, &v) != 0)
		return false;
	store_each_holding(v, str_of(""), is_others, &who);
	store_view_end(v);
	return who.policy.p == NULL;
}

static void
tell(const struct policy_owned *o, const char *why)
{
	struct policy_result r = { .type = o->type, .title = o->title,
	    .outcome = OUTCOME_OK, .word = str_of("orphan"),
	    .why = str_of(why) };

	show_orphan(&r);
}

/* Where it is to go, and may: its paths, what is in a directory before that. */
static const char *
offer(const struct owner *who, bool whole,
    void (*fn)(struct str path, void *fnarg), void *fnarg)
{
	struct keep_left left;
	const char *why = "the policy no longer has it";
	size_t i;

	if (!whole)
		return "the policy no longer has it, others may: it stays";
	if (keep_left(store, who, &left) != 0 || left.n == 0)
		return "the policy no longer has it, nor has it made it: "
		    "it stays";
	for (i = 0; i < left.n; i++)
		if (left.v[i].changed)
			why = "the policy no longer has it, but it has "
			    "changed since: it stays";
	for (i = 0; i < left.n; i++)
		if (!left.v[i].changed)
			fn(str_of(left.v[i].path), fnarg);
	keep_left_free(&left);
	return why;
}

bool
owned_orphan(const struct policy_owned *o, bool remove, bool silent,
    void (*fn)(struct str path, void *fnarg), void *fnarg)
{
	struct owner who = owner_of(o);
	struct orphan *orphan;
	const char *why = "the policy no longer has it";
	bool whole;

	if ((orphan = calloc(1, sizeof(*orphan))) == NULL)
		err(2, NULL);
	orphan->o = (struct policy_owned){ copy(o->type), copy(o->title),
	    copy(str_of("")), copy(str_of("")) };
	orphan->told = is_told(&who, &whole);
	orphan->next = orphans;
	orphans = orphan;
	if (has_another(who)) {
		orphan->fate = IS_DROPPED;
		return false;
	}
	if (remove)
		why = offer(&who, whole, fn, fnarg);
	if (!orphan->told && !silent)
		tell(o, why);
	return true;
}

/* --- Into the store ------------------------------------------------------ */

/* What it has made is gone, or there never was any: nothing is left of it. */
static bool
is_gone(const struct owner *who)
{
	struct keep_left left;
	bool gone = keep_left(store, who, &left) == 0 && left.n == 0;

	keep_left_free(&left);
	return gone;
}

/* As long as there are orphans, the sum is none, and they are looked for. */
static uint64_t
sum_to_be(void)
{
	const struct orphan *o;

	for (o = orphans; o != NULL; o = o->next)
		if (o->fate != IS_DROPPED)
			return 0;
	return sum;
}

bool
owned_is_put(void)
{
	struct orphan *o;
	struct owner who;
	size_t n = nfresh;

	if (store == NULL || !ended || !news)
		return true;
	for (o = orphans; o != NULL; o = o->next) {
		who = owner_of(&o->o);
		if (o->fate != IS_DROPPED)
			o->fate = is_gone(&who) ? IS_DROPPED :
			    o->told ? STAYS : IS_TOLD;
		n += o->fate != STAYS;
	}
	return n == 0 && sum_to_be() == old_sum;
}

static int
put_orphan(struct store_tx *t, struct store_view *v, const struct orphan *o)
{
	struct owner who = owner_of(&o->o);
	struct holding_row row;
	int rc;

	if (o->fate == IS_DROPPED)
		return store_holding_del(t, &who);
	if (o->fate == STAYS)
		return 0;
	if ((rc = store_holding(v, &who, &row)) != 0)
		return rc == MDB_NOTFOUND ? 0 : rc;
	row.told = true;
	return store_holding_put(t, &row);
}

static int
put_items(struct store_tx *t)
{
	struct holding_row row = { .told = false };
	struct item *i;
	size_t k;
	int rc = 0;

	for (k = 0; rc == 0 && k < nbuckets; k++)
		for (i = buckets[k]; rc == 0 && i != NULL; i = i->next) {
			if (!i->fresh)
				continue;
			row.who = owner_of(&i->o);
			row.options = i->options;
			row.whole = i->whole;
			row.role = i->o.role;
			row.hears = i->o.hears;
			rc = store_holding_put(t, &row);
		}
	return rc;
}

int
owned_put(struct store_tx *t)
{
	struct store_view *v;
	struct orphan *o;
	int rc;

	if (owned_is_put())
		return 0;
	if ((rc = store_view(store, &v)) != 0)
		return rc;
	rc = put_items(t);
	for (o = orphans; rc == 0 && o != NULL; o = o->next)
		rc = put_orphan(t, v, o);
	store_view_end(v);
	return rc != 0 ? rc : store_holding_set_sum(t, str_of(policy),
	    sum_to_be());
}

void
owned_done(void)
{
	news = false;
}
