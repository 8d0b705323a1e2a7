#ifndef USER_PLAN_H
#define USER_PLAN_H

#include "account/account.h"

/*
 * plan: what the sources of resource_user share.
 *
 *	user.c		options, plan and apply
 *	lines.c		the user in the four files
 *	home.c		the home directory, and the keys in it
 */
enum {
	USER_NAME, USER_ENSURE, USER_UID, USER_GID, USER_GECOS, USER_DIR,
	USER_SHELL, USER_SYSTEM, USER_HOME, USER_SPW, USER_LOCK, USER_SLSTCHG,
	USER_SMIN, USER_SMAX, USER_SWARN, USER_SINACT, USER_SEXPIRE,
	USER_GROUPS, USER_APPEND, USER_KEYS, USER_TIMEOUT
};

/* Paths are allocated; NULL: there is none. */
struct user_home {
	char	*is;		/* in passwd, now */
	char	*want;		/* in passwd, then */
	uid_t	 uid;		/* then */
	gid_t	 gid;
	bool	 moves;
	bool	 made;		/* it is to be made, or that was not ended */
	bool	 goes;
	bool	 keys;		/* authorized_keys differ */
	bool	 moved;
};

struct user_plan {
	struct accounts	 db;
	enum { USER_KEEP, USER_CREATE, USER_CHANGE, USER_REMOVE } act;
	struct user_home home;
};

extern const struct resource_option user_options[];

struct str user_name(const struct job *j);
bool	user_yes(const struct job *j, int option);
bool	user_given(const struct job *j, int option);
bool	user_is_absent(const struct job *j);
void	user_clear(struct user_plan *p);

/*
 * What the files are to be, and in the job's why what is other.  Returns 0, or
 * -1 when the job has failed.
 */
int	user_compose(struct job *j, struct user_plan *p);

/* The same for the home directory; touches nothing. */
int	user_look_home(struct job *j, struct user_plan *p);

/*
 * What is done with it before the files are written, so that passwd tells of
 * it until then: it moves, or goes.  And what is done after: it is made, and
 * the keys are written.  In a dry run, in the world.
 */
int	user_home_before(struct job *j, struct user_plan *p, struct buf *why);
int	user_home_after(struct job *j, struct user_plan *p, struct buf *why);
void	user_home_undo(struct user_plan *p);	/* it moves back */
void	user_home_watch(const struct job *j, const struct user_plan *p,
	    resource_watch_fn *fn, void *arg);

#endif
