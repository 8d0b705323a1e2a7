#include <errno.h>
#include <string.h>

#include "base/child.h"
#include "resource/journal.h"
#include "types/tool.h"

int
tool_commit(struct job *j)
{
	struct buf why = { 0 };
	int rc;

	if ((rc = journal_commit(j, &why)) == -1)
		job_fail(j, "%.*s", (int)why.len, why.p);
	buf_clear(&why);
	return rc;
}

int
tool_run(struct job *j, const char *const *argv)
{
	struct child c = { .argv = argv, .out = &j->out, .err = &j->err };
	const char *what;

	if (tool_commit(j) == -1)
		return -1;
	if (child_run(&c, &what) == -1)
		return job_fail(j, "%s: %s", what, strerror(errno)), -1;
	if (c.status == 0 && c.signal == 0)
		return 0;
	j->show = true;
	if (c.signal != 0)
		job_fail(j, "%s: ended by signal %d, %s", argv[0], c.signal,
		    strsignal(c.signal));
	else
		job_fail(j, "%s: exit status %d", argv[0], c.status);
	return -1;
}
