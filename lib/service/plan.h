#ifndef SERVICE_PLAN_H
#define SERVICE_PLAN_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/dbus.h"
#include "resource/resource.h"

/*
 * What service.c and the providers say to each other.  What fails has said
 * why (base/why.h) and returns -1.
 */
enum service_action {
	SERVICE_UNMASK,
	SERVICE_ENABLE,
	SERVICE_DISABLE,
	SERVICE_STOP,
	SERVICE_START,
	SERVICE_RESTART,
	SERVICE_RELOAD,
	SERVICE_MASK,
	SERVICE_ACTIONS			/* how many there are */
};

struct service_state {
	bool	 exists;
	bool	 running;
	bool	 enabled;		/* to be started with the host */
	bool	 fixed;			/* can neither be enabled nor disabled */
	bool	 masked;
};

/* One action on one service. */
struct service_order {
	const char	*name;
	enum service_action action;
	long		 timeout_ms;
	struct buf	*out;		/* what a program printed, or NULL */
};

struct services;

struct service_provider {
	const char	*name;
	bool		 masks;		/* knows masking */
	/* Is it this host's? */
	bool		(*here)(void);
	int		(*look)(struct services *s, const char *name,
			    struct service_state *state, struct buf *why);
	/* One that is about to be looked at, in order; NULL: never mind. */
	void		(*ahead)(struct services *s, const char *name);
	int		(*act)(struct services *s,
			    const struct service_order *o, struct buf *why);
	/* At the end of a run; NULL: nothing to be done. */
	int		(*settle)(struct services *s, struct buf *why);
};

extern const struct service_provider service_systemd;
extern const struct service_provider service_openrc;
extern const struct service_provider service_runit;
extern const struct service_provider service_sysv;

/* A service as a dry run has left it. */
struct service_pretended {
	struct service_pretended *next;
	struct service_state state;
	char		 name[];
};

/* A service that will be looked at, and what is known of it. */
struct service_ahead {
	char		*name;
	bool		 known;
	bool		 generated;	/* of a script, which is looked at */
	struct service_state state;
};

enum { SERVICES_AHEAD = 1024 };

struct services {
	struct service_pretended *pretended;
	struct systemd	*systemd;	/* connected, or NULL */
	struct dbus	 bus;		/* to look through; or closed */
	struct service_ahead ahead[SERVICES_AHEAD];
	size_t		 nahead;
	size_t		 next;		/* of these, the first to come */
};

/* systemd: end the connection. */
void	systemd_close(struct systemd *d);

/* Run argv, up to NULL; an exit status other than 0 is a failure. */
int	service_run(const char *const *argv, const struct service_order *o,
	    struct buf *why);

/* Does the program exist in PATH? */
bool	service_has(const char *program);

#endif
