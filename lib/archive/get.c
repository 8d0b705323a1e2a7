#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "archive/plan.h"
#include "base/fetch.h"
#include "base/why.h"
#include "sign/tree.h"

enum { CHUNK = 64 * 1024, STALL_MS = 30000 };

/* The bytes on their way into the copy that is unpacked. */
struct copy {
	SHA2_CTX	 ctx;
	int		 fd;
	int		 error;		/* errno of a write that failed, or 0 */
};

bool
archive_is_url(const char *source)
{
	return strncasecmp(source, "http://", 7) == 0 ||
	    strncasecmp(source, "https://", 8) == 0;
}

static int
receive(const char *p, size_t n, void *arg)
{
	struct copy *c = arg;
	ssize_t k;

	SHA256Update(&c->ctx, (const uint8_t *)p, n);
	for (; c->fd != -1 && n > 0; p += k, n -= (size_t)k)
		if ((k = TEMP_FAILURE_RETRY(write(c->fd, p, n))) == -1) {
			c->error = errno;
			return -1;
		}
	return 0;
}

static int
open_local(const char *path, struct buf *why)
{
	struct stat st;
	int fd;

	fd = TEMP_FAILURE_RETRY(open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY |
	    O_CLOEXEC));
	if (fd == -1)
		return why_say(why, "source %s: %s", path, strerror(errno));
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		return fd;
	close(fd);
	return why_say(why, "source %s: is not a file", path);
}

static int
read_local(const char *path, struct copy *c, struct buf *why)
{
	char *p = malloc(CHUNK);
	ssize_t n = -1;
	int fd;

	if ((fd = open_local(path, why)) == -1) {
		free(p);
		return -1;
	}
	while (p != NULL &&
	    (n = TEMP_FAILURE_RETRY(read(fd, p, CHUNK))) > 0)
		if (receive(p, (size_t)n, c) == -1)
			break;
	if (n == -1)
		why_say(why, "source %s: %s", path, strerror(errno));
	close(fd);
	free(p);
	return n == -1 ? -1 : 0;
}

static int
download(const struct archive_plan *p, struct copy *c, struct buf *why)
{
	const char *errstr;
	struct fetch *f;
	long status;
	int rc;

	if (fetch_new(&f, STALL_MS, &errstr) == -1)
		return why_say(why, "source: %s", errstr);
	fetch_limit(f, p->timeout_ms);
	fetch_follow(f);
	rc = fetch(f, p->source, (struct str){ NULL, 0 }, receive, c, &status,
	    &errstr);
	if (rc == -1)
		why_say(why, "source: %s", errstr);
	else if (status != 200 && c->error == 0)
		rc = why_say(why, "source: the server answers with status "
		    "%ld", status);
	fetch_free(f);
	return rc;
}

int
archive_digest_bad(const struct archive_plan *p, const archive_digest is,
    struct buf *why)
{
	if (*p->digest == '\0' || strcmp(p->digest, is) == 0)
		return 0;
	return why_say(why, "source: its digest is sha256:%s, not sha256:%s",
	    is, p->digest);
}

int
archive_digest_of(const char *path, struct trees *trees,
    archive_digest digest, struct buf *why)
{
	struct copy c = { .fd = -1 };
	int fd, rc;

	SHA256Init(&c.ctx);
	rc = read_local(path, &c, why);
	SHA256End(&c.ctx, digest);
	if (rc == -1 || trees == NULL)
		return rc;
	if ((fd = open_local(path, why)) == -1)
		return -1;
	rc = trees_judge_fd(trees, path, fd, why);
	close(fd);
	return rc;
}

/* Not every filesystem has files without a name. */
static int
open_copy(const char *dir, struct buf *why)
{
	char *name;
	int fd;

	if ((fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600)) != -1)
		return fd;
	if (asprintf(&name, "%s/copy.XXXXXX", dir) == -1)
		return why_errno(why, dir, "malloc");
	if ((fd = mkostemp(name, O_CLOEXEC)) == -1)
		why_errno(why, dir, "create a temporary file in it");
	else
		unlink(name);
	free(name);
	return fd;
}

/* It is copied first, so that what was checked is what is unpacked. */
int
archive_get(const struct archive_plan *p, struct trees *trees,
    const char *dir, int *fd, archive_digest digest, struct buf *why)
{
	struct copy c = { .error = 0 };
	int rc;

	if ((c.fd = open_copy(dir, why)) == -1)
		return -1;
	SHA256Init(&c.ctx);
	rc = p->is_url ? download(p, &c, why) : read_local(p->source, &c, why);
	SHA256End(&c.ctx, digest);
	if (c.error != 0)
		rc = why_say(why, "%s: write: %s", dir, strerror(c.error));
	if (rc == 0)
		rc = archive_digest_bad(p, digest, why);
	if (rc == 0 && lseek(c.fd, 0, SEEK_SET) == -1)
		rc = why_errno(why, dir, "lseek");
	if (rc == 0 && trees != NULL && !p->is_url)
		rc = trees_judge_fd(trees, p->source, c.fd, why);
	if (rc == 0)
		*fd = c.fd;
	else
		close(c.fd);
	return rc;
}
