#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <err.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <lmdb.h>
#include <microhttpd.h>

#include "peers.h"
#include "query/query.h"
#include "recv.h"
#include "update/update.h"

/*
 * HTTP is libmicrohttpd's work: a few daemons a listening socket, each with a
 * thread.  A request is read whole, up to a limit, and then answered at
 * once; or, when it was a post, set aside until the batch is on disk.
 */
enum {
	BODY_MAX = 1 << 20,		/* of a post: the contract's limit */
	BODY_ENDLESS = 8 << 20,		/* so much more is read to say so */
	BODIES_MAX = 64 << 20,		/* all that are being read at once */
	CONNECTION_MEMORY = 4096,	/* head of a request, chunk of an answer */
	CHUNK = 64 * 1024,		/* of an answer, made at once */
	THREADS = 2,
	ANSWER_RATE = 4096,		/* bytes that a client takes a second */
	PER_ADDRESS = 512,		/* connections */
	TOO_LARGE = 413			/* whose name in the library changes */
};

/* A daemon of the library and the thread that turns it. */
struct worker {
	struct MHD_Daemon	*daemon;
	struct http		*h;
	pthread_t		 thread;
	int			 wake;		/* an eventfd: look around */
};

struct http {
	struct http_config	 config;
	struct http_stats	 stats;
	struct peers		*peers;
	struct worker		 workers[MAX_SOCKETS * THREADS];
	size_t			 nworkers;
	atomic_bool		 stop;		/* they are to end */
	struct MHD_Response	*empty;		/* {} */
	atomic_bool		 quiet;		/* no more posts */
	atomic_size_t		 posts;		/* set aside, or being answered */
};

/* What is asked of a path; what is not here is a question to the store. */
enum route {
	UPDATE, UPDATES, CLEAR, METRICS, HEALTH, VARS, QUESTION, NOWHERE
};

struct request {
	struct ingest_waiter	 waiter;	/* first: it is cast back */
	struct http		*h;
	struct worker		*worker;
	struct MHD_Connection	*conn;
	struct peer		*peer;
	struct buf		 uri;		/* as it came */
	struct buf		 body;
	size_t			 received;	/* of the body, kept or not */
	size_t			 counted;	/* in stats.bodies */
	enum route		 route;
	bool			 started;	/* headers have been looked at */
	bool			 too_much;	/* in all bodies together */
	bool			 posted;	/* counted in h->posts */
	bool			 waited;	/* the batch is on disk, or not: */
	int			 rc;
};

static const char content_json[] = "application/json";
static const char content_text[] = "text/plain; version=0.0.4";

static struct MHD_Response *
response_of(struct buf *b, const char *type)
{
	struct MHD_Response *r;

	if (buf_failed(b) || (r = MHD_create_response_from_buffer(b->len,
	    b->p, MHD_RESPMEM_MUST_FREE)) == NULL) {
		buf_clear(b);
		return NULL;
	}
	*b = (struct buf){ 0 };		/* the response's to free now */
	(void)MHD_add_response_header(r, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	return r;
}

static enum MHD_Result
send_response(struct request *q, unsigned status, struct MHD_Response *r)
{
	enum MHD_Result ok;

	if (r == NULL)
		return MHD_NO;
	peer_takes(q->h->peers, q->peer, 0);
	ok = MHD_queue_response(q->conn, status, r);
	MHD_destroy_response(r);
	return ok;
}

/* {"error":"..."}, and what a header has to say beside it. */
static enum MHD_Result
send_error(struct request *q, unsigned status, const char *why,
    const char *header, const char *value)
{
	struct MHD_Response *r;
	struct buf b = { 0 };

	buf_puts(&b, "{\"error\":");
	buf_json(&b, str_of(why));
	buf_puts(&b, "}\n");
	r = response_of(&b, content_json);
	if (r != NULL && header != NULL)
		(void)MHD_add_response_header(r, header, value);
	return send_response(q, status, r);
}

static enum MHD_Result
send_busy(struct request *q, const char *why)
{
	return send_error(q, MHD_HTTP_SERVICE_UNAVAILABLE, why,
	    MHD_HTTP_HEADER_RETRY_AFTER, "1");
}

static enum MHD_Result
send_store_error(struct request *q, int rc)
{
	return send_error(q, store_is_full(rc) ?
	    MHD_HTTP_INSUFFICIENT_STORAGE : MHD_HTTP_INTERNAL_SERVER_ERROR,
	    store_strerror(rc), NULL, NULL);
}

/* A part of the request's target: up to "?", or what comes after it. */
static struct str
uri_path(const struct request *q)
{
	struct str s = buf_view(&q->uri);
	const char *mark = memchr(s.p, '?', s.len);

	if (mark != NULL)
		s.len = (size_t)(mark - s.p);
	return s;
}

static struct str
uri_query(const struct request *q)
{
	size_t n = uri_path(q).len;

	if (n == q->uri.len)
		return (struct str){ NULL, 0 };
	return (struct str){ q->uri.p + n + 1, q->uri.len - n - 1 };
}

/* The path below /api/v1/, which p then is no longer than. */
static bool
api_path(struct str *path)
{
	static const struct str root = { "/api/v1/", 8 };

	if (!str_starts(*path, root))
		return false;
	path->p += root.len;
	path->len -= root.len;
	return true;
}

static enum route
route_of(const struct request *q)
{
	static const struct { const char *path; enum route route; } top[] = {
		{ "/metrics", METRICS }, { "/healthz", HEALTH },
		{ "/debug/vars", VARS }
	}, api[] = {
		{ "update/", UPDATE }, { "updates/", UPDATES },
		{ "_danger/clear/", CLEAR }, { "debug/vars", VARS }
	};
	struct str path = uri_path(q);
	size_t i;

	for (i = 0; i < sizeof(top) / sizeof(top[0]); i++)
		if (str_eq(path, str_of(top[i].path)))
			return top[i].route;
	if (!api_path(&path))
		return NOWHERE;
	for (i = 0; i < sizeof(api) / sizeof(api[0]); i++)
		if (str_eq(path, str_of(api[i].path)))
			return api[i].route == CLEAR && !q->h->config.danger ?
			    NOWHERE : api[i].route;
	return QUESTION;
}

static bool
is_post(enum route route)
{
	return route == UPDATE || route == UPDATES || route == CLEAR;
}

static void
client_address(const struct request *q, char room[ADDR_MAX], struct str *ip)
{
	const union MHD_ConnectionInfo *info;

	info = MHD_get_connection_info(q->conn,
	    MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	if (info == NULL || info->client_addr == NULL)
		*ip = str_of("unknown");
	else
		*ip = addr_text(info->client_addr, room);
}

/* The next line of *rest; false at the end.  Blank ones are passed over. */
static bool
next_line(struct str *rest, struct str *line, size_t *number)
{
	const char *nl;
	size_t i;

	while (rest->len > 0) {
		nl = memchr(rest->p, '\n', rest->len);
		line->p = rest->p;
		line->len = nl == NULL ? rest->len : (size_t)(nl - rest->p);
		rest->p += line->len + (nl != NULL);
		rest->len -= line->len + (nl != NULL);
		++*number;
		for (i = 0; i < line->len; i++)
			if (strchr(" \t\r", line->p[i]) == NULL ||
			    line->p[i] == '\0')
				return true;
	}
	return false;
}

static enum MHD_Result
refuse(struct request *q, struct str ip, const char *why, size_t line)
{
	char text[128];

	ingest_refused(q->h->config.ingest, ip, "http", why);
	if (line == 0)
		return send_error(q, MHD_HTTP_UNSUPPORTED_MEDIA_TYPE, why,
		    NULL, NULL);
	(void)snprintf(text, sizeof(text), "line %zu: %s", line, why);
	return send_error(q, MHD_HTTP_UNSUPPORTED_MEDIA_TYPE, text, NULL,
	    NULL);
}

static void
wake(const struct worker *w)
{
	uint64_t one = 1;

	if (write(w->wake, &one, sizeof(one)) == -1 && errno != EAGAIN)
		warn("eventfd");
}

/*
 * On the writer's thread: the batch is on disk, or cannot be.  From when it is
 * resumed the request may be gone.
 */
static void
committed(struct ingest_waiter *w, int rc)
{
	struct request *q = (struct request *)w;
	const struct worker *worker = q->worker;

	q->rc = rc;
	q->waited = true;
	MHD_resume_connection(q->conn);
	wake(worker);
}

/*
 * Set the request aside until committed() is called.  With the ingest's lock
 * held: or else that might come first.
 */
static void
set_aside(struct request *q)
{
	q->waiter.done = committed;
	q->posted = true;
	q->h->posts++;
	MHD_suspend_connection(q->conn);
	ingest_wait(q->h->config.ingest, &q->waiter);
}

/* Is every line an update?  If not, *why says what is wrong with which. */
static bool
check_body(const struct request *q, const char **why, size_t *number)
{
	struct str rest = buf_view(&q->body), line;
	struct update u;

	*number = 0;
	if (q->route == UPDATE)
		return update_parse(&u, rest.p == NULL ? "" : rest.p,
		    rest.len, why) == 0;
	while (next_line(&rest, &line, number))
		if (update_parse(&u, line.p, line.len, why) == -1)
			return false;
	return true;
}

/* Every line is an update: add them all.  -1 where memory has run out. */
static int
add_body(const struct request *q, struct str ip)
{
	struct ingest *in = q->h->config.ingest;
	struct str rest = buf_view(&q->body), line;
	uint32_t now = (uint32_t)time(NULL);
	const char *why;
	struct update u;
	size_t number = 0;

	if (q->route == UPDATE) {
		(void)update_parse(&u, rest.p, rest.len, &why);
		return ingest_post(in, &u, ip, now);
	}
	while (next_line(&rest, &line, &number)) {
		(void)update_parse(&u, line.p, line.len, &why);
		if (ingest_post(in, &u, ip, now) == -1)
			return -1;
	}
	return 0;
}

static enum MHD_Result
take_post(struct request *q)
{
	struct ingest *in = q->h->config.ingest;
	char room[ADDR_MAX];
	const char *why = NULL;
	struct str ip;
	size_t line;

	client_address(q, room, &ip);
	if (!check_body(q, &why, &line))
		return refuse(q, ip, why, line);
	ingest_lock(in);
	if (q->h->quiet)
		why = "the server is about to stop";
	else if (!ingest_room(in, q->body.len))
		why = "too much is waiting to be stored";
	else if (add_body(q, ip) == -1)
		why = "out of memory";
	else
		set_aside(q);
	ingest_unlock(in);
	return why != NULL ? send_busy(q, why) : MHD_YES;
}

static enum MHD_Result
take_clear(struct request *q)
{
	struct ingest *in = q->h->config.ingest;
	bool quiet;

	ingest_lock(in);
	if (!(quiet = q->h->quiet)) {
		set_aside(q);
		ingest_clear(in);
	}
	ingest_unlock(in);
	return quiet ? send_busy(q, "the server is about to stop") : MHD_YES;
}

static enum MHD_Result
answer_post(struct request *q)
{
	if (q->rc != 0)
		return send_store_error(q, q->rc);
	peer_takes(q->h->peers, q->peer, 0);
	return MHD_queue_response(q->conn, MHD_HTTP_OK, q->h->empty);
}

/* A long answer, made as fast as it is taken. */
struct stream {
	struct request	*q;
	struct answer	*a;
	struct buf	 chunk;
	size_t		 taken;		/* of the chunk */
	bool		 done;
};

static ssize_t
stream_read(void *cls, uint64_t pos, char *buf, size_t max)
{
	struct stream *s = cls;
	size_t n;

	(void)pos;
	if (s->taken == s->chunk.len) {
		if (s->done)
			return MHD_CONTENT_READER_END_OF_STREAM;
		buf_reset(&s->chunk);
		s->taken = 0;
		if (answer_next(s->a, &s->chunk, CHUNK, &s->done) != 0 ||
		    buf_failed(&s->chunk))
			return MHD_CONTENT_READER_END_WITH_ERROR;
		if (s->chunk.len == 0)
			return MHD_CONTENT_READER_END_OF_STREAM;
	}
	n = s->chunk.len - s->taken;
	if (n > max)
		n = max;
	memcpy(buf, s->chunk.p + s->taken, n);
	s->taken += n;
	peer_takes(s->q->h->peers, s->q->peer, n);
	return (ssize_t)n;
}

static void
stream_free(void *cls)
{
	struct stream *s = cls;

	answer_free(s->a);
	buf_clear(&s->chunk);
	free(s);
}

static enum MHD_Result
send_stream(struct request *q, struct stream *s)
{
	struct MHD_Response *r;

	if (s->done) {
		r = response_of(&s->chunk, content_json);
		stream_free(s);
		return send_response(q, MHD_HTTP_OK, r);
	}
	if ((r = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, CHUNK,
	    stream_read, s, stream_free)) == NULL) {
		stream_free(s);
		return MHD_NO;
	}
	(void)MHD_add_response_header(r, MHD_HTTP_HEADER_CONTENT_TYPE,
	    content_json);
	return send_response(q, MHD_HTTP_OK, r);
}

static enum MHD_Result
send_answer(struct request *q, const struct question *question)
{
	struct stream *s;
	int rc;

	if ((s = calloc(1, sizeof(*s))) == NULL)
		return MHD_NO;
	s->q = q;
	if ((rc = answer_new(&s->a, q->h->config.store, question,
	    ANSWER_REST)) == 0)
		rc = answer_next(s->a, &s->chunk, CHUNK, &s->done);
	if (rc == 0 && buf_failed(&s->chunk))
		rc = ENOMEM;
	if (rc == 0)
		return send_stream(q, s);
	stream_free(s);
	if (rc == MDB_NOTFOUND)
		return send_error(q, MHD_HTTP_NOT_FOUND, "not known", NULL,
		    NULL);
	return send_store_error(q, rc);
}

static enum MHD_Result
take_question(struct request *q)
{
	struct question question;
	struct str path = uri_path(q);
	const char *why;
	enum MHD_Result ok;
	int status;

	(void)api_path(&path);
	if ((status = question_from_url(&question, path, uri_query(q),
	    &why)) != 0)
		return send_error(q, (unsigned)status, why, NULL, NULL);
	ok = send_answer(q, &question);
	question_clear(&question);
	return ok;
}

/* Is the path that of a question, whatever the method? */
static bool
is_question(const struct request *q)
{
	static const struct str none = { NULL, 0 };
	struct question question;
	struct str path = uri_path(q);
	const char *why;
	int status;

	(void)api_path(&path);
	if ((status = question_from_url(&question, path, none, &why)) == 0)
		question_clear(&question);
	return status != MHD_HTTP_NOT_FOUND;
}

static enum MHD_Result
take_get(struct request *q)
{
	struct http *h = q->h;
	struct buf b = { 0 };

	switch (q->route) {
	case METRICS:
		metrics_text(&b, &h->config, &h->stats);
		return send_response(q, MHD_HTTP_OK,
		    response_of(&b, content_text));
	case VARS:
		metrics_json(&b, &h->config, &h->stats);
		break;
	case HEALTH:
		buf_puts(&b, "{\"status\":\"ok\"}\n");
		break;
	default:
		return take_question(q);
	}
	return send_response(q, MHD_HTTP_OK, response_of(&b, content_json));
}

/*
 * The head of a request is there: say at once what is wrong with it, before
 * its body is read.
 */
static enum MHD_Result
check_head(struct request *q, const char *method)
{
	bool get = strcmp(method, MHD_HTTP_METHOD_GET) == 0 ||
	    strcmp(method, MHD_HTTP_METHOD_HEAD) == 0;
	bool post = strcmp(method, MHD_HTTP_METHOD_POST) == 0;
	const char *length, *errstr;

	q->started = true;
	q->route = route_of(q);
	if (q->route == NOWHERE || (q->route == QUESTION && !get &&
	    !is_question(q)))
		return send_error(q, MHD_HTTP_NOT_FOUND, "no such path", NULL,
		    NULL);
	if (is_post(q->route) ? !post : !get)
		return send_error(q, MHD_HTTP_METHOD_NOT_ALLOWED,
		    "method not allowed", MHD_HTTP_HEADER_ALLOW,
		    is_post(q->route) ? "POST" : "GET, HEAD");
	length = MHD_lookup_connection_value(q->conn, MHD_HEADER_KIND,
	    MHD_HTTP_HEADER_CONTENT_LENGTH);
	if (length == NULL)
		return MHD_YES;
	(void)strtonum(length, 0, BODY_MAX, &errstr);
	if (errstr != NULL)
		return send_error(q, TOO_LARGE,
		    "the body is over 1 MiB", NULL, NULL);
	return MHD_YES;
}

/* What is refused anyhow must not keep others out. */
static void
drop_body(struct request *q)
{
	q->h->stats.bodies -= q->counted;
	q->counted = 0;
	buf_clear(&q->body);
}

/* A piece of the body.  MHD_NO ends a connection that never stops. */
static enum MHD_Result
take_body(struct request *q, const char *p, size_t n)
{
	struct http *h = q->h;

	q->received += n;
	if (q->received > BODY_ENDLESS)
		return MHD_NO;
	q->counted += n;
	if (atomic_fetch_add(&h->stats.bodies, n) + n > BODIES_MAX)
		q->too_much = true;
	if (q->received > BODY_MAX || q->too_much)
		drop_body(q);
	else
		buf_add(&q->body, p, n);
	return MHD_YES;
}

static enum MHD_Result
take_request(struct request *q)
{
	peer_asked(q->h->peers, q->peer);
	q->h->stats.requests++;
	if (q->received > BODY_MAX)
		return send_error(q, TOO_LARGE,
		    "the body is over 1 MiB", NULL, NULL);
	if (q->too_much || buf_failed(&q->body))
		return send_busy(q, "too many posts at once");
	if (q->route == CLEAR)
		return take_clear(q);
	return is_post(q->route) ? take_post(q) : take_get(q);
}

static enum MHD_Result
handle(void *cls, struct MHD_Connection *conn, const char *url,
    const char *method, const char *version, const char *data, size_t *size,
    void **context)
{
	struct request *q = *context;
	enum MHD_Result ok;

	(void)cls;
	(void)url;
	(void)version;
	if (q == NULL)
		return MHD_NO;
	q->conn = conn;
	if (!q->started)
		return check_head(q, method);
	if (*size > 0) {
		ok = take_body(q, data, *size);
		*size = 0;
		return ok;
	}
	return q->waited ? answer_post(q) : take_request(q);
}

/* The first that is heard of a request: its target, as it came. */
static void *
begin(void *cls, const char *uri, struct MHD_Connection *conn)
{
	const union MHD_ConnectionInfo *info;
	struct request *q;

	if ((q = calloc(1, sizeof(*q))) == NULL)
		return NULL;
	q->worker = cls;
	q->h = q->worker->h;
	q->conn = conn;
	info = MHD_get_connection_info(conn,
	    MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	if (info != NULL)
		q->peer = info->socket_context;
	buf_puts(&q->uri, uri);
	if (buf_failed(&q->uri)) {
		buf_clear(&q->uri);
		free(q);
		return NULL;
	}
	return q;
}

static void
finish(void *cls, struct MHD_Connection *conn, void **context,
    enum MHD_RequestTerminationCode why)
{
	struct request *q = *context;
	struct http *h = cls;

	(void)conn;
	(void)why;
	if (q == NULL)
		return;
	peer_answered(h->peers, q->peer);
	h->stats.bodies -= q->counted;
	h->posts -= q->posted;
	buf_clear(&q->uri);
	buf_clear(&q->body);
	free(q);
	*context = NULL;
}

static void
connection(void *cls, struct MHD_Connection *conn, void **context,
    enum MHD_ConnectionNotificationCode what)
{
	const union MHD_ConnectionInfo *fd, *addr;
	struct http *h = cls;

	if (what == MHD_CONNECTION_NOTIFY_CLOSED) {
		peer_close(h->peers, *context);
		*context = NULL;
		return;
	}
	h->stats.connections++;
	fd = MHD_get_connection_info(conn, MHD_CONNECTION_INFO_CONNECTION_FD);
	addr = MHD_get_connection_info(conn,
	    MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	if (fd != NULL && addr != NULL)
		*context = peer_open(h->peers, fd->connect_fd,
		    addr->client_addr);
}

/* The target is taken apart by whoever needs it, not here. */
static size_t
keep_escapes(void *cls, struct MHD_Connection *conn, char *s)
{
	(void)cls;
	(void)conn;
	return strlen(s);
}

static unsigned
connections_max(void)
{
	struct rlimit rl;

	if (getrlimit(RLIMIT_NOFILE, &rl) == -1 || rl.rlim_cur < 256)
		return 64;
	/* Some for the store, the log, and what the library opens itself. */
	return rl.rlim_cur > 65536 ? 65536 : (unsigned)rl.rlim_cur - 128;
}

/*
 * The library has a loop of its own, but where exactly 128 descriptors are
 * ready at once it forgets them all until another one is (0.9.75, MHD_epoll):
 * it asks for more before it looks at those, and waits.  Asked not to wait, it
 * does as it should; so the waiting is done here.
 */
static void *
work(void *arg)
{
	struct worker *w = arg;
	const union MHD_DaemonInfo *info;
	struct pollfd pfd[2];
	MHD_UNSIGNED_LONG_LONG ms;
	uint64_t count;
	int timeout;

	info = MHD_get_daemon_info(w->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	if (info == NULL)
		errx(2, "the HTTP server does not start");
	pfd[0] = (struct pollfd){ info->epoll_fd, POLLIN, 0 };
	pfd[1] = (struct pollfd){ w->wake, POLLIN, 0 };
	while (!w->h->stop) {
		timeout = MHD_get_timeout(w->daemon, &ms) == MHD_NO ? -1 :
		    ms > 1000 ? 1000 : (int)ms;
		pfd[1].revents = 0;
		if (timeout != 0 && poll(pfd, 2, timeout) == -1 &&
		    errno != EINTR)
			err(2, "poll");
		if ((pfd[1].revents & POLLIN) != 0 &&
		    read(w->wake, &count, sizeof(count)) == -1 &&
		    errno != EAGAIN)
			err(2, "eventfd");
		(void)MHD_run(w->daemon);
	}
	return NULL;
}

static void
start_worker(struct http *h, int fd, unsigned connections)
{
	struct worker *w = &h->workers[h->nworkers++];
	int rc;

	w->h = h;
	if ((w->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) == -1)
		err(2, "eventfd");
	w->daemon = MHD_start_daemon(MHD_USE_EPOLL |
	    MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, handle, h,
	    MHD_OPTION_LISTEN_SOCKET, fd,
	    MHD_OPTION_CONNECTION_LIMIT, connections,
	    MHD_OPTION_CONNECTION_TIMEOUT, 0U,
	    MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY,
	    MHD_OPTION_URI_LOG_CALLBACK, begin, w,
	    MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, h,
	    MHD_OPTION_NOTIFY_COMPLETED, finish, h,
	    MHD_OPTION_NOTIFY_CONNECTION, connection, h, MHD_OPTION_END);
	if (w->daemon == NULL)
		errx(2, "the HTTP server does not start");
	if ((rc = pthread_create(&w->thread, NULL, work, w)) != 0) {
		errno = rc;
		err(2, "pthread_create");
	}
}

struct http *
http_start(const struct sockets *s, const struct http_config *config)
{
	const struct peers_limits limits = {
		.request_us = (int64_t)config->timeout * 1000000,
		.answer_us = (int64_t)config->timeout * 1000000,
		.answer_rate = ANSWER_RATE,
		.per_address = PER_ADDRESS
	};
	struct http *h;
	unsigned each;
	size_t i;

	if ((h = calloc(1, sizeof(*h))) == NULL)
		err(2, NULL);
	h->config = *config;
	if ((h->peers = peers_new(&limits, &h->stats.expired,
	    &h->stats.evicted)) == NULL)
		err(2, NULL);
	h->empty = MHD_create_response_from_buffer(3,
	    (void *)(uintptr_t)"{}\n", MHD_RESPMEM_PERSISTENT);
	if (h->empty == NULL || MHD_add_response_header(h->empty,
	    MHD_HTTP_HEADER_CONTENT_TYPE, content_json) == MHD_NO)
		err(2, NULL);
	each = connections_max() / THREADS /
	    (unsigned)(s->ntcp == 0 ? 1 : s->ntcp);
	for (i = 0; i < s->ntcp * THREADS; i++)
		start_worker(h, s->tcp[i / THREADS], each);
	return h;
}

void
http_tick(struct http *h)
{
	peers_tick(h->peers);
}

void
http_quiesce(struct http *h)
{
	/* Under the lock: who still adds has added when this returns. */
	ingest_lock(h->config.ingest);
	h->quiet = true;
	ingest_unlock(h->config.ingest);
}

void
http_stop(struct http *h)
{
	static const struct timespec pause = { 0, 1000000 };
	size_t i;
	int patience;

	/* Answers to what was committed last are still on their way. */
	for (patience = 2000; h->posts > 0 && patience > 0; patience--)
		(void)nanosleep(&pause, NULL);
	h->stop = true;
	for (i = 0; i < h->nworkers; i++) {
		wake(&h->workers[i]);
		pthread_join(h->workers[i].thread, NULL);
	}
	/*
	 * A daemon shuts its listening socket down, for all who have it, unless
	 * that is taken from it first.  It may be the service manager's.
	 */
	for (i = 0; i < h->nworkers; i++)
		(void)MHD_quiesce_daemon(h->workers[i].daemon);
	for (i = 0; i < h->nworkers; i++) {
		MHD_stop_daemon(h->workers[i].daemon);
		close(h->workers[i].wake);
	}
	MHD_destroy_response(h->empty);
	peers_free(h->peers);
	free(h);
}
