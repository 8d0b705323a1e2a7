#ifndef FUZZ_POLICY_H
#define FUZZ_POLICY_H

#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "policy/policy.h"

/*
 * policy: what the fuzzers share that run policies.  The input goes to them
 * through the environment, and what they print comes back in fuzz_printed.
 */
static struct policy *fuzz_policy;
static struct buf fuzz_printed;
static unsigned fuzz_changes;		/* resources changed */

static void
fuzz_result(void *arg, const struct policy_result *r)
{
	(void)arg;
	fuzz_changes += r->outcome == OUTCOME_CHANGED;
}

static void
fuzz_print(void *arg, int fd, struct str s)
{
	(void)arg;
	(void)fd;
	buf_str(&fuzz_printed, s);
}

static bool
fuzz_stop(void *arg)
{
	(void)arg;
	return false;
}

static bool
fuzz_fact(void *arg, struct str name, struct buf *json)
{
	(void)arg;
	(void)name;
	(void)json;
	return false;
}

/* One engine does for many inputs; only a failure is the end of it. */
static void
fuzz_open(bool check)
{
	struct policy_options o = { .check = check, .hooks = {
	    .result = fuzz_result, .print = fuzz_print, .stop = fuzz_stop,
	    .fact = fuzz_fact } };
	struct buf why = { 0 };

	if (fuzz_policy == NULL && policy_new(&fuzz_policy, &o, &why) == -1)
		errx(2, "%.*s", (int)why.len, why.p);
}

/* Returns 0, or -1 with the reason appended to why. */
static inline int
fuzz_apply(const char *text, bool check, struct buf *why)
{
	struct str s = str_of(text);
	int rc;

	fuzz_open(check);
	buf_reset(&fuzz_printed);
	fuzz_changes = 0;
	if ((rc = policy_apply(fuzz_policy, "fuzz", &s, why)) != 0) {
		policy_free(fuzz_policy);
		fuzz_policy = NULL;
	}
	return rc;
}

#endif
