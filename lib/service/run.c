#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/child.h"
#include "base/why.h"
#include "service/plan.h"

/* The last line that says anything. */
static struct str
last_line(const struct buf *b)
{
	size_t end = b->len, from;

	if (end == 0)
		return str_of("");
	while (end > 0 && strchr(" \t\r\n", b->p[end - 1]) != NULL)
		end--;
	for (from = end; from > 0 && b->p[from - 1] != '\n'; from--)
		;
	return (struct str){ b->p + from, end - from };
}

int
service_run(const char *const *argv, const struct service_order *o,
    struct buf *why)
{
	struct buf out = { 0 };
	struct child c = { .argv = argv, .timeout_ms = o->timeout_ms,
	    .out = &out, .err = &out };
	const char *what;
	struct str line;
	int rc = 0;

	if (child_run(&c, &what) == -1)
		rc = why_say(why, "%s: %s", what, strerror(errno));
	else if (c.timed_out)
		rc = why_say(why, "%s: %s: took longer than %g s", o->name,
		    argv[0], (double)o->timeout_ms / 1000);
	else if (c.signal != 0)
		rc = why_say(why, "%s: %s: ended by signal %d", o->name,
		    argv[0], c.signal);
	else if (c.status != 0) {
		line = last_line(&out);
		rc = why_say(why, "%s: %s: exit status %d%s%.*s", o->name,
		    argv[0], c.status, line.len > 0 ? ": " : "",
		    (int)line.len, line.len > 0 ? line.p : "");
	}
	if (o->out != NULL)
		buf_str(o->out, buf_view(&out));
	buf_clear(&out);
	return rc;
}

bool
service_has(const char *program)
{
	const char *path = getenv("PATH");
	struct buf b = { 0 };
	bool found = false;
	size_t n;

	if (path == NULL)
		path = "/usr/sbin:/usr/bin:/sbin:/bin";
	for (; !found && *path != '\0'; path += n + (path[n] == ':')) {
		n = strcspn(path, ":");
		buf_reset(&b);
		buf_add(&b, path, n);
		buf_putc(&b, '/');
		buf_add(&b, program, strlen(program) + 1);
		found = !buf_failed(&b) && access(b.p, X_OK) == 0;
	}
	buf_clear(&b);
	return found;
}
