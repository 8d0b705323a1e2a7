#ifndef FACTS_UNITS_H
#define FACTS_UNITS_H

#include <stdbool.h>

#include "base/str.h"
#include "facts/facts.h"

/*
 * units: the services that the running systemd has in memory, as it tells
 * over its own socket or, for those who may not use that, over the system's
 * bus; below a root, as it was recorded in /.record/systemd.
 */
struct unit {
	struct str	name;		/* "ssh.service" */
	struct str	load;		/* "loaded", "not-found", ... */
	struct str	active;		/* "active", "inactive", "failed", ... */
	struct str	sub;		/* "running", "exited", "dead", ... */
	struct str	object;		/* what it is to the bus */
};

/* What fn gets is lent until it returns.  False if systemd does not tell. */
bool	units_each(struct facts *f, void (*fn)(const struct unit *u,
	    void *arg), void *arg);

/*
 * The main processes of n services, 0 where there is none or it is not told.
 * Of these there are UNITS_PIDS at most.  False if systemd does not tell.
 */
enum { UNITS_PIDS = 256 };
bool	units_main_pids(struct facts *f, const char *const *objects, size_t n,
	    uint32_t *pids);

#endif
