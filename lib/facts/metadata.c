#include <sys/socket.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "facts/json.h"
#include "facts/metadata.h"

enum { ANSWER_MAX = 256 * 1024 };

static const char link_local[] = "169.254.169.254";

/* What a cloud is asked, and where in the answer what is. */
struct api {
	const char	*provider;
	const char	*address;
	const char	*path;
	const char	*header;	/* "Name: value", or NULL */
	const char	*id;
	const char	*region;	/* NULL: the zone without its last part */
	const char	*zone;
};

/* DMI's names of the clouds, and those of cloud-init where they differ. */
static const struct api apis[] = {
	{ "aws", link_local, "/latest/dynamic/instance-identity/document",
	    NULL, "instanceId", "region", "availabilityZone" },
	{ "gce", link_local, "/computeMetadata/v1/instance/?recursive=true",
	    "Metadata-Flavor: Google", "id", NULL, "zone" },
	{ "azure", link_local,
	    "/metadata/instance/compute?api-version=2021-02-01",
	    "Metadata: true", "vmId", "location", "zone" },
	{ "digitalocean", link_local, "/metadata/v1.json", NULL,
	    "droplet_id", "region", "zone" },
	{ "hetzner", link_local, "/hetzner/v1/metadata", NULL,
	    "instance-id", "region", "availability-zone" },
	{ "openstack", link_local, "/openstack/latest/meta_data.json", NULL,
	    "uuid", "region", "availability_zone" },
	{ "oracle", link_local, "/opc/v2/instance/",
	    "Authorization: Bearer Oracle", "id", "canonicalRegionName",
	    "availabilityDomain" },
	{ "vultr", link_local, "/v1.json", NULL, "instance-v2-id",
	    "region.regioncode", "zone" },
	{ "alibaba", "100.100.100.200",
	    "/latest/dynamic/instance-identity/document", NULL,
	    "instance-id", "region-id", "zone-id" },
	{ "aliyun", "100.100.100.200",
	    "/latest/dynamic/instance-identity/document", NULL,
	    "instance-id", "region-id", "zone-id" }
};

static const struct api *
find_api(struct str provider)
{
	size_t i;

	for (i = 0; i < sizeof(apis) / sizeof(apis[0]); i++)
		if (text_is(provider, apis[i].provider))
			return &apis[i];
	return NULL;
}

/* --- A question over HTTP, and its answer --- */

static bool
wait_for(int fd, short events, int64_t until)
{
	struct pollfd pfd = { .fd = fd, .events = events };
	int64_t left;
	int rc;

	do {
		left = (until - clock_us()) / 1000;
		rc = poll(&pfd, 1, left > 0 ? (int)left : 0);
	} while (rc == -1 && errno == EINTR && left > 0);
	if (rc == 0)
		errno = ETIMEDOUT;
	return rc > 0;
}

/* Returns a descriptor; or -1, and errno is set. */
static int
dial(const char *address, int64_t until)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
	    .sin_port = htons(80) };
	int fd, error = 0;
	socklen_t n = sizeof(error);

	(void)inet_pton(AF_INET, address, &to.sin_addr);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd == -1)
		return -1;
	if (connect(fd, (const struct sockaddr *)&to, sizeof(to)) == 0)
		return fd;
	if (errno == EINPROGRESS && wait_for(fd, POLLOUT, until)) {
		if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &n) == 0 &&
		    error == 0)
			return fd;
		errno = error;
	}
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

/* All that comes until the other side closes.  False: errno is set. */
static bool
receive(int fd, int64_t until, struct buf *b)
{
	enum { STEP = 16 * 1024 };
	ssize_t n;
	char *p;

	while (b->len <= ANSWER_MAX) {
		if ((p = buf_room(b, STEP)) == NULL)
			return false;
		if ((n = recv(fd, p, STEP, MSG_DONTWAIT)) == 0)
			return true;
		if (n > 0)
			b->len += (size_t)n;
		else if (errno == EAGAIN && !wait_for(fd, POLLIN, until))
			return false;
		else if (errno != EAGAIN && errno != EINTR)
			return false;
	}
	errno = EMSGSIZE;
	return false;
}

/* What is sent fits into the socket, which is new. */
static bool
exchange(int fd, int64_t until, const struct buf *request, struct buf *b)
{
	ssize_t n = send(fd, request->p, request->len, MSG_NOSIGNAL);

	if (n == -1)
		return false;
	if ((size_t)n != request->len) {
		errno = EPIPE;
		return false;
	}
	return receive(fd, until, b);
}

/* The body of an answer that is as it should be, lent from b; or p is NULL. */
static struct str
body(const struct buf *b)
{
	struct str all = buf_view(b), line = text_cut(&all, '\n');
	const char *end;

	(void)text_word(&line);
	if (!str_starts(buf_view(b), str_of("HTTP/1.")) ||
	    !text_is(text_word(&line), "200") || all.len == 0 ||
	    (end = memmem(all.p, all.len, "\r\n\r\n", 4)) == NULL)
		return (struct str){ NULL, 0 };
	end += 4;
	return (struct str){ end, all.len - (size_t)(end - all.p) };
}

struct question {
	const char	*method;
	const char	*address;
	const char	*path;
	const char	*header;	/* or NULL */
	struct str	 token;		/* of Amazon's, or empty */
};

/* The answer is lent from b; p is NULL where there is none, and why is told. */
static struct str
ask(struct facts *f, const struct question *q, int64_t until, struct buf *b)
{
	struct str answer = { NULL, 0 };
	struct buf request = { 0 };
	bool told = false;
	int fd;

	buf_reset(b);
	/* Of version 1.0, so that there are no chunks. */
	buf_printf(&request, "%s %s HTTP/1.0\r\nHost: %s\r\n"
	    "Connection: close\r\n", q->method, q->path, q->address);
	if (q->header != NULL)
		buf_printf(&request, "%s\r\n", q->header);
	if (q->token.len > 0)
		buf_printf(&request, "X-aws-ec2-metadata-token: %.*s\r\n",
		    (int)q->token.len, q->token.p);
	buf_puts(&request, "\r\n");
	if (!buf_failed(&request) &&
	    (fd = dial(q->address, until)) != -1) {
		told = exchange(fd, until, &request, b);
		if (!told)
			src_errno(f, q->address, errno);
		close(fd);
	} else
		src_errno(f, q->address, errno);
	buf_clear(&request);
	if (told && (answer = body(b)).p == NULL)
		src_error(f, q->address, "it does not tell");
	return answer;
}

/* --- What is in it --- */

/* JSON, or lines of "key: value"; numbers as they are written. */
struct answer {
	struct val	*json;		/* or NULL */
	struct str	 text;
};

/* In the arena; empty where there is none. */
static struct str
value(struct facts *f, const struct answer *a, const char *path)
{
	const struct val *v;
	struct str s;
	char number[24];

	if (path == NULL)
		return (struct str){ NULL, 0 };
	v = val_find(a->json, str_of(path));
	if (a->json == NULL)
		s = text_unquote(text_field(a->text, path, ':'));
	else if (v != NULL && v->type == VAL_INT) {
		(void)snprintf(number, sizeof(number), "%lld",
		    (long long)v->u.num);
		s = str_of(number);
	} else
		s = val_text(v);
	/* Google's are "projects/1/zones/us-central1-a". */
	s = text_tail(s, '/');
	s.p = arena_cstr(facts_arena(f), s);
	return s.p == NULL ? (struct str){ NULL, 0 } : s;
}

/* "us-central1-a" is in us-central1. */
static struct str
region_of(struct str zone)
{
	struct str last = text_tail(zone, '-');

	zone.len -= last.len < zone.len ? last.len + 1 : last.len;
	return zone;
}

static void
fill(struct str *old, struct str s)
{
	if (old->len == 0)
		*old = s;
}

static void
take(struct facts *f, struct cloud *c, const struct api *api,
    struct str text)
{
	struct val *room = val_new(facts_arena(f), VAL_OBJ);
	struct answer a = { NULL, text };
	const char *errstr;
	struct str zone;

	if (text_trim(text).len > 0 && *text_trim(text).p == '{') {
		if (json_parse(room, "data", text, &errstr) == -1) {
			src_error(f, api->address, errstr);
			return;
		}
		a.json = val_get(room, "data");
	}
	zone = value(f, &a, api->zone);
	fill(&c->instance_id, value(f, &a, api->id));
	fill(&c->region, api->region == NULL ? region_of(zone) :
	    value(f, &a, api->region));
	fill(&c->zone, zone);
}

void
metadata_ask(struct facts *f, struct cloud *c)
{
	const struct api *api = find_api(c->provider);
	int64_t until = clock_us() + (int64_t)METADATA_MS * 1000;
	struct buf token = { 0 }, room = { 0 };
	struct str text;
	struct question q;

	if (api == NULL)
		return;
	q = (struct question){ "PUT", api->address, "/latest/api/token",
	    "X-aws-ec2-metadata-token-ttl-seconds: 60", { NULL, 0 } };
	/* Amazon's wants a token; one that is older has none to give. */
	if (text_is(c->provider, "aws")) {
		text = ask(f, &q, until, &token);
		q.token = text_word(&text);
	}
	q.method = "GET";
	q.path = api->path;
	q.header = api->header;
	text = ask(f, &q, until, &room);
	if (text.p != NULL)
		take(f, c, api, text);
	buf_clear(&token);
	buf_clear(&room);
}
