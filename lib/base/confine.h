#ifndef BASE_CONFINE_H
#define BASE_CONFINE_H

/*
 * confine: give up, for good, what somebody who only looks does not need.
 *
 * From then on this process and all that it starts can change nothing of this
 * host that lasts, whoever runs it, except in the directories for scratch
 * files (/tmp, /var/tmp, /dev/shm) and in devices such as /dev/null:
 *
 *   - no file is written, made, renamed or removed anywhere else: landlock(7),
 *     from Linux 5.13 on; without it, that is left to the two below;
 *   - no owner, mode, attribute or time of a file is set, nothing is mounted,
 *     no module loaded, no clock or name of the host set: seccomp(2), for
 *     system calls of the machine's own kind;
 *   - the capabilities for such things are gone: capabilities(7).
 *
 * What is open already stays as it is.  Programs without privilege cannot get
 * any from then on, as by sudo(8); root still can become somebody else.
 */
enum {
	CONFINE_FILES = 1,		/* landlock is in force */
	CONFINE_CALLS = 2,		/* seccomp is */
	CONFINE_CAPABILITIES = 4	/* there are none for it */
};

/*
 * All that the kernel has of it.  Returns what is in force, or'd together; it
 * is for who calls to decide whether that is enough.
 */
int	confine(void);

#endif
