#ifndef TYPES_TOOL_H
#define TYPES_TOOL_H

#include "resource/resource.h"

/*
 * tool: what a resource needs a program of the host's for.
 *
 * After journal_commit(), tool_run() runs argv, up to NULL, to its end.  Both
 * return 0, or -1 after job_fail(); what a program that failed has written
 * is shown.
 */
int	tool_commit(struct job *j);
int	tool_run(struct job *j, const char *const *argv);

#endif
