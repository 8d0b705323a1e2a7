/*
 * nomem: with LD_PRELOAD, memory runs out once.
 *
 * The allocation of the number in NOMEM_AT fails, as malloc(3) does; how many
 * there were in all is written to the file in NOMEM_COUNT.  What the process
 * starts has all the memory it wants.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* glibc's own, below what is replaced here. */
extern void *__libc_malloc(size_t n);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *p, size_t n);

void	*malloc(size_t n);
void	*calloc(size_t n, size_t size);
void	*realloc(void *p, size_t n);

static atomic_long count;
static long fail_at = -1;
static const char *count_to;

static int
fails(void)
{
	if (atomic_fetch_add(&count, 1) + 1 != fail_at)
		return 0;
	errno = ENOMEM;
	return 1;
}

void *
malloc(size_t n)
{
	return fails() ? NULL : __libc_malloc(n);
}

void *
calloc(size_t n, size_t size)
{
	return fails() ? NULL : __libc_calloc(n, size);
}

void *
realloc(void *p, size_t n)
{
	return fails() ? NULL : __libc_realloc(p, n);
}

/* Counting begins with the program, not with what loads it. */
static void __attribute__((constructor))
begin(void)
{
	const char *at = getenv("NOMEM_AT");

	count_to = getenv("NOMEM_COUNT");
	fail_at = at == NULL ? -1 : atol(at);
	unsetenv("LD_PRELOAD");
	unsetenv("NOMEM_AT");
	unsetenv("NOMEM_COUNT");
	count = 0;
}

static void __attribute__((destructor))
end(void)
{
	char text[32];
	int fd, n;

	if (count_to == NULL)
		return;
	n = snprintf(text, sizeof(text), "%ld\n", (long)count);
	fd = open(count_to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd == -1 || write(fd, text, (size_t)n) != n)
		_exit(99);
	close(fd);
}
