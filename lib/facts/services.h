#ifndef FACTS_SERVICES_H
#define FACTS_SERVICES_H

#include "facts/collect.h"

/*
 * services: what the managers of services have in common.  o is an object of
 * services by name.
 */

/* The service of that name, made if it is not there; NULL for an empty one. */
struct val *service_get(struct val *o, struct str name, const char *manager);

/* The same for a name that is not there, as the caller knows. */
struct val *service_new(struct val *o, struct str name, const char *manager);

/* Once it is true it stays so. */
void	service_set(struct val *v, const char *key, bool yes);
void	service_set_all(struct val *o, const char *key, bool yes);

/* active and main_pid, as /run/NAME.pid has it; where there is none, neither. */
void	service_put_pidfile(struct facts *f, struct val *v, const char *name);

/* Is it the script of a service, of those in /etc/init.d? */
bool	service_is_script(const char *name);

/* "ssh.service": its name without the end, or an empty one. */
struct str service_of_unit(const char *file);

/* Those of systemd.  If it tells, true, and failed, an array, has names. */
bool	systemd_put(struct facts *f, struct val *o, struct val *failed);

/* The state of the file of a unit that is neither enabled nor masked. */
const char *systemd_file_state(struct facts *f, const char *name);

#endif
