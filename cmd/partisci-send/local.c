#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "store/store.h"
#include "update/update.h"

#include "send.h"

/* Straight into the store of this host. */
struct local {
	struct transport t;
	struct store	*store;
};

/* What the server would see of a sender that is on its own host. */
static const char address[] = "127.0.0.1";

static int
put_line(struct store_tx *tx, const char *p, size_t len, uint32_t now)
{
	struct sighting s;
	struct update u;
	const char *why;

	if (update_parse(&u, p, len, &why) == -1)
		return STORE_ERECORD;
	s = (struct sighting){ .app = u.app, .ver = u.ver, .host = u.host,
	    .host_ip = str_of(address), .instance = u.instance, .time = now };
	if (s.host.len == 0)
		s.host = s.host_ip;
	return store_update(tx, &s);
}

/* One transaction; how large it can become is a matter of batch_max. */
static int
put_lines(struct store *store, struct str lines)
{
	uint32_t now = (uint32_t)time(NULL);
	struct store_tx *tx;
	const char *nl;
	size_t len;
	int rc;

	if ((rc = store_begin(store, &tx)) != 0)
		return rc;
	while (rc == 0 && (nl = memchr(lines.p, '\n', lines.len)) != NULL) {
		len = (size_t)(nl - lines.p);
		rc = put_line(tx, lines.p, len, now);
		lines.p += len + 1;
		lines.len -= len + 1;
	}
	if (rc == 0)
		rc = store_bump_generation(tx);
	if (rc != 0) {
		store_abort(tx);
		return rc;
	}
	return store_commit(tx);
}

static int
local_deliver(struct transport *t, struct str lines, size_t *done)
{
	struct local *l = (struct local *)t;
	int rc = 0;

	*done = 0;
	if (l->store == NULL)
		rc = store_open(&l->store, t->name, STORE_WRITE);
	if (rc == 0)
		rc = put_lines(l->store, lines);
	if (rc == 0)
		return 0;
	(void)snprintf(t->why, sizeof(t->why), "%s", store_strerror(rc));
	return -1;
}

static void
local_close(struct transport *t)
{
	store_close(((struct local *)t)->store);
	free(t);
}

struct transport *
local_new(const char *dir)
{
	struct local *l;

	if ((l = calloc(1, sizeof(*l))) == NULL)
		err(2, NULL);
	l->t.name = dir;
	l->t.batch_max = 512 * 1024;
	l->t.deliver = local_deliver;
	l->t.close = local_close;
	return &l->t;
}

static int
stdout_deliver(struct transport *t, struct str lines, size_t *done)
{
	ssize_t n;

	(void)t;
	for (*done = 0; *done < lines.len; *done += (size_t)n)
		if ((n = write(STDOUT_FILENO, lines.p + *done,
		    lines.len - *done)) == -1) {
			if (errno != EINTR)
				err(2, "stdout");
			n = 0;
		}
	return 0;
}

static void
stdout_close(struct transport *t)
{
	if (close(STDOUT_FILENO) == -1)
		err(2, "stdout");
	free(t);
}

struct transport *
stdout_new(void)
{
	struct transport *t;

	if ((t = calloc(1, sizeof(*t))) == NULL)
		err(2, NULL);
	t->name = "stdout";
	t->batch_max = 64 * 1024;
	t->deliver = stdout_deliver;
	t->close = stdout_close;
	return t;
}
