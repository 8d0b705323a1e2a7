#include <sys/socket.h>

#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "send.h"

/* A question to the resolver, which nobody may be waiting for any more. */
struct question {
	char		*host;
	char		*port;
	struct addrinfo	*res;
	int		 rc;
	int		 error;
};

static int
look_up(const char *host, const char *port, int flags, struct addrinfo **res)
{
	struct addrinfo hints = { .ai_socktype = SOCK_DGRAM,
	    .ai_flags = AI_NUMERICSERV | flags };

	return getaddrinfo(host, port, &hints, res);
}

static void *
ask(void *arg)
{
	struct question *q = arg;

	q->rc = look_up(q->host, q->port, 0, &q->res);
	q->error = errno;
	return NULL;
}

static void
question_free(struct question *q)
{
	free(q->host);
	free(q->port);
	free(q);
}

int
resolve(const char *host, const char *port, long timeout_ms,
    struct addrinfo **res)
{
	struct timespec until = clock_in_ms(timeout_ms);
	struct question *q;
	pthread_t thread;
	int rc;

	/* An address needs no resolver, which is most of what is ever asked. */
	if ((rc = look_up(host, port, AI_NUMERICHOST, res)) != EAI_NONAME)
		return rc;
	if ((q = calloc(1, sizeof(*q))) == NULL ||
	    (q->host = strdup(host)) == NULL ||
	    (q->port = strdup(port)) == NULL ||
	    pthread_create(&thread, NULL, ask, q) != 0) {
		if (q != NULL)
			question_free(q);
		return EAI_MEMORY;
	}
	if (pthread_clockjoin_np(thread, NULL, CLOCK_MONOTONIC, &until) != 0) {
		/* It may still write to q: leave that to it. */
		(void)pthread_detach(thread);
		errno = ETIMEDOUT;
		return EAI_SYSTEM;
	}
	rc = q->rc;
	errno = q->error;
	*res = q->res;
	question_free(q);
	return rc;
}
