#ifndef SERVICE_SERVICE_H
#define SERVICE_SERVICE_H

#include "resource/resource.h"

/*
 * service: a program that the host's service manager starts and stops.
 *
 * States are looked up without starting a program: from systemd over D-Bus,
 * from the files of OpenRC and runit; only a script of System V is asked, for
 * it alone knows.  The language makes unit files of what a policy says (core/
 * service.js); here they are loaded again where they have changed, at most
 * once before what needs it.
 */
extern const struct resource_type resource_service;

/* The service manager of this host, "systemd" and so on; NULL: none. */
const char *service_provider(void);

/* What a run knows of services: a connection, and what a dry run pretends. */
struct services *services_new(void);	/* NULL: out of memory */

/*
 * At the end of a run: what was enabled or changed is made known to the
 * manager.  Returns 0, or -1 with a sentence in why.
 */
int	services_settle(struct services *s, struct buf *why);
void	services_free(struct services *s);

#endif
