#ifndef BASE_MOUNTED_H
#define BASE_MOUNTED_H

/*
 * mounted: be told where something has been mounted or unmounted.
 */
struct mounted;

/* NULL with errno where there is no telling. */
struct mounted *mounted_open(void);
void	mounted_close(struct mounted *m);

/* To be polled for POLLPRI; then mounted_read(). */
int	mounted_fd(const struct mounted *m);

/*
 * If something has changed, call fn for each place where it is not as it was with the last call; the
 * path is lent.  Returns 0, or -1 with errno: then it may be anywhere.
 */
int	mounted_read(struct mounted *m, void (*fn)(void *arg, const char *path),
	    void *arg);

#endif
