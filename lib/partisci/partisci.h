#ifndef PARTISCI_H
#define PARTISCI_H

/*
 * partisci: a program tells which version of it runs.
 *
 *	partisci_report("billing", "1.2.3");
 *
 * at every start, and in programs that run for long once an hour or once a
 * day.  The update goes by UDP to $PARTISCI_SERVER, a name or an address,
 * perhaps with a port ("host:port", "[::1]:port"), or else to 127.0.0.1, port
 * $PARTISCI_PORT or 7777.
 *
 * These functions never block, print, exit or raise a signal, and leave errno
 * alone.  They may be called from any thread, at any time after fork(2), and
 * keep no descriptor open.  They read the environment and so must not run
 * beside setenv(3), and are not for signal handlers.
 *
 * They return 0, or one of the codes of <errno.h>:
 *
 *	EINVAL		the update breaks a rule, or the server is no name
 *			or address, or its port no port
 *	ECONNREFUSED	the server is on this host, and does not run
 *	EAGAIN, EMFILE, ENETUNREACH, ...	it could not be sent
 *
 * 0 means that the update is on its way; whether it arrives nobody knows.
 * It is for the caller to decide if he cares: most do not.
 */

#ifdef __cplusplus
extern "C" {
#endif

/*
 * app and ver are UTF-8 of 1 to 50 characters.  The host is the name of this
 * host, the instance 0.
 */
int	partisci_report(const char *app, const char *ver);

/*
 * The same with all there is to say.  host, of up to 50 characters, may be
 * NULL (the name of this host) or "" (the server goes by the address);
 * instance is 0 to 65535; server and port may be NULL (see above).
 */
int	partisci_report_to(const char *server, const char *port,
	    const char *app, const char *ver, const char *host, int instance);

/*
 * To find the address of a name takes a while: where the server is a name
 * other than "localhost", a thread of its own does it, with all signals
 * blocked, and sends then.  A program that ends sooner than that would lose
 * the update: wait here, for at most timeout_ms, until all have been sent.
 * Returns 0, or ETIMEDOUT.  With an address there is nothing to wait for.
 */
int	partisci_wait(int timeout_ms);

#ifdef __cplusplus
}
#endif

#endif
