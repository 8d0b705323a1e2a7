#ifndef POLICY_WATCHING_H
#define POLICY_WATCHING_H

#include "policy/native.h"

/*
 * watching: which steps a change concerns, and when their turn is.
 *
 * A step that may be repaired has a number, from 1 (share/p2/core/watch.js);
 * 0 is the policy itself.  None of these does anything where p is not to
 * watch; and none throws.
 */
int	watching_open(struct policy *p, struct buf *err);
void	watching_close(struct policy *p);

/* While it is declared, what a policy reads is a part of it. */
void	watching_declare(struct policy *p, bool declaring);

/* A file of the policy's is about to be read; one that it asks for. */
void	watching_policy(struct policy *p, const char *path);
void	watching_read(struct policy *p, const char *path);

/* The job is about to be planned; what came of it, as n_run() returns it. */
void	watching_plan(struct policy *p, const struct job *j);
void	watching_done(struct policy *p, int rc);

/* Take in what has happened so far. */
void	watching_drain(struct policy *p);

/* The repair has to wait; true if it had to the last time. */
bool	watching_waits(struct policy *p);

/* Has a change called for the job that is planned?  For any? */
bool	watching_repairs(const struct policy *p);
bool	watching_repairing(const struct policy *p);

#endif
