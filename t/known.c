/*
 * known SEED STEPS: random words to lib/ingest/known, and the same to a plain
 * array.  Those who are spoken of stand close together in the table, at its
 * end too, so that they get in each other's way.  Prints where the two differ;
 * exits 1 if they do anywhere.
 */
#include <err.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "ingest/known.h"

enum { PEOPLE = 12000, CROWD = 40, WORDS = 3 };

struct person {
	uint64_t	who;
	uint64_t	what;
	uint32_t	slot;
	int		known;
};

static struct person people[PEOPLE];
static uint64_t state;
static size_t nknown;
static int faults;

static uint32_t
chance(uint32_t n)
{
	state = state * UINT64_C(6364136223846793005) +
	    UINT64_C(1442695040888963407);
	return (uint32_t)(state >> 33) % n;
}

/* Crowds at random places of the 48 bits, and one at their very end. */
static void
meet(void)
{
	uint64_t place = 0;
	int i;

	for (i = 0; i < PEOPLE; i++) {
		if (i % CROWD == 0)
			place = i == 0 ? UINT64_C(0xffffffff) :
			    (uint64_t)chance(UINT32_MAX);
		people[i].who = place << 16 | (uint64_t)(i % CROWD * 257 + 1);
	}
}

static uint64_t
word(void)
{
	static const uint64_t words[WORDS] = { 0, UINT64_C(0xffffffffffff),
	    UINT64_C(0x123400005678) };

	return words[chance(WORDS)];
}

static void
complain(const char *what, const struct person *p, uint64_t is, uint64_t not)
{
	printf("%s of %#" PRIx64 ": %#" PRIx64 ", not %#" PRIx64 "\n", what,
	    p->who, is, not);
	faults++;
}

static void
compare(struct known *k, const struct person *p)
{
	struct known_digest d = { p->who, word() };
	uint32_t is, should;

	is = known_same(k, &d);
	should = p->known && d.what == p->what ? p->slot : KNOWN_NO_SLOT;
	if (is != should)
		complain("slot", p, is, should);
	if (known_count(k) != nknown)
		complain("count", p, known_count(k), nknown);
}

static void
say(struct known *k, struct person *p)
{
	struct known_digest d = { p->who, word() };

	if (known_say(k, &d) == -1)
		err(2, NULL);
	if (!p->known) {
		p->slot = KNOWN_NO_SLOT;
		p->known = 1;
		nknown++;
	}
	p->what = d.what;
}

static void
forget(struct known *k, struct person *p)
{
	known_forget(k, p->who);
	nknown -= (size_t)p->known;
	p->known = 0;
}

static void
renew(struct known *k)
{
	int i;

	if (known_renew(k, chance(PEOPLE)) == -1)
		err(2, NULL);
	for (i = 0; i < PEOPLE; i++)
		people[i].known = 0;
	nknown = 0;
}

/* More is said at some times, more forgotten at others. */
static void
step(struct known *k, int growing)
{
	struct person *p = &people[chance(PEOPLE)];

	switch (chance(8)) {
	case 0:
	case 1:
	case 2:
		if (growing)
			say(k, p);
		else
			forget(k, p);
		break;
	case 3:
		say(k, p);
		break;
	case 4:
		forget(k, p);
		break;
	case 5:
		known_doubt(k, p->who);
		p->slot = KNOWN_NO_SLOT;
		break;
	default:
		p->slot = chance(KNOWN_NO_SLOT);
		known_place(k, p->who, p->slot);
		break;
	}
	compare(k, p);
}

int
main(int argc, char **argv)
{
	struct known *k;
	long i, steps;
	int j;

	if (argc != 3)
		errx(2, "usage: known seed steps");
	state = strtoull(argv[1], NULL, 10);
	steps = strtol(argv[2], NULL, 10);
	meet();
	if ((k = known_new(0)) == NULL)
		err(2, NULL);
	for (i = 0; i < steps && faults == 0; i++) {
		if (chance((uint32_t)steps / 2) == 0)
			renew(k);
		step(k, i / (steps / 8 + 1) % 2 == 0);
		if (i % (steps / 16 + 1) == 0)
			for (j = 0; j < PEOPLE; j++)
				compare(k, &people[j]);
	}
	for (j = 0; j < PEOPLE; j++)
		compare(k, &people[j]);
	known_free(k);
	return faults != 0;
}
