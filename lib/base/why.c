#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/why.h"

int
why_errno(struct buf *why, const char *path, const char *call)
{
	int e = errno;

	buf_reset(why);
	buf_printf(why, "%s: %s: %s", path, call, strerror(e));
	errno = e;
	return -1;
}

int
why_say(struct buf *why, const char *fmt, ...)
{
	int e = errno;
	char *s;
	va_list ap;

	buf_reset(why);
	va_start(ap, fmt);
	if (vasprintf(&s, fmt, ap) != -1) {
		buf_puts(why, s);
		free(s);
	}
	va_end(ap);
	errno = e;
	return -1;
}
