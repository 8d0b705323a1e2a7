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
};

/* What fn gets is lent until it returns.  False if systemd does not tell. */
bool	units_each(struct facts *f, void (*fn)(const struct unit *u,
	    void *arg), void *arg);

#endif
