#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "recv.h"

void
say(const char *fmt, ...)
{
	char line[512];
	va_list ap;
	size_t n;

	n = (size_t)snprintf(line, sizeof(line), "partisci-recv: ");
	va_start(ap, fmt);
	(void)vsnprintf(line + n, sizeof(line) - n - 1, fmt, ap);
	va_end(ap);
	(void)strlcat(line, "\n", sizeof(line));
	if (write(STDERR_FILENO, line, strlen(line)) == -1)
		return;		/* nobody is left to be told */
}
