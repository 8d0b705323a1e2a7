#ifndef SERVICE_SYSTEMD_H
#define SERVICE_SYSTEMD_H

#include <stdbool.h>

#include "base/dbus.h"
#include "service/plan.h"

/*
 * systemd, by org.freedesktop.systemd1(5).  Root talks to it directly, where
 * no message bus has to run; others go through the bus.
 *
 *	systemd_look.c	states of units: calls that are made at once
 *	systemd.c	what is done to them: libsystemd, for its signals
 */
#define DEST	"org.freedesktop.systemd1"
#define PATH	"/org/freedesktop/systemd1"
#define MANAGER	"org.freedesktop.systemd1.Manager"
#define UNIT	"org.freedesktop.systemd1.Unit"
#define PRIVATE	"/run/systemd/private"

#define GENERATED "generated"

/* Of the kind "service", unless its name says another one; to be freed. */
char	*systemd_unit(const char *name);

/* One service; as plan.h has it. */
int	systemd_look(struct services *s, const char *name,
	    struct service_state *st, struct buf *why);

/* It will be looked at, behind others told so: all are asked for at once. */
void	systemd_ahead(struct services *s, const char *name);

/* Something has been done: what was asked for ahead is void. */
void	systemd_forget(struct services *s);

/* End the connection that is looked through. */
void	systemd_look_close(struct services *s);

#endif
