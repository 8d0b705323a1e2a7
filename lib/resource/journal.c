#include <errno.h>
#include <fcntl.h>
#include <sha2.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/why.h"
#include "resource/journal.h"

enum { CHUNK = 64 * 1024 };

/* To the end of fd. */
static int
digest_fd(SHA2_CTX *ctx, int fd)
{
	unsigned char *p;
	ssize_t n;

	if ((p = malloc(CHUNK)) == NULL)
		return -1;
	while ((n = TEMP_FAILURE_RETRY(read(fd, p, CHUNK))) > 0)
		SHA256Update(ctx, p, (size_t)n);
	free(p);
	return n == 0 ? 0 : -1;
}

int
journal_digest(const struct journal_step *s, unsigned char digest[32],
    struct buf *why)
{
	SHA2_CTX ctx;
	int fd, rc = 0;

	SHA256Init(&ctx);
	if (s->from == NULL)
		SHA256Update(&ctx, (const unsigned char *)s->data.p,
		    s->data.len);
	else {
		fd = TEMP_FAILURE_RETRY(open(s->from, O_RDONLY | O_NONBLOCK |
		    O_NOCTTY | O_CLOEXEC));
		if (fd == -1)
			return why_errno(why, s->from, "open");
		if ((rc = digest_fd(&ctx, fd)) == -1)
			why_errno(why, s->from, "read");
		close(fd);
	}
	SHA256Final(digest, &ctx);
	return rc;
}

int
journal_note(const struct job *j, const struct journal_step *s,
    struct buf *why)
{
	return j->journal == NULL ? 0 :
	    j->journal->note(j->journal, j, s, why);
}

int
journal_commit(const struct job *j, struct buf *why)
{
	return j->journal == NULL ? 0 :
	    j->journal->commit(j->journal, j, why);
}

int
journal_commit_all(struct job *const *v, size_t n, struct buf *why)
{
	struct journal *jn = n > 0 ? v[0]->journal : NULL;
	size_t i;

	if (jn == NULL)
		return 0;
	for (i = 0; i + 1 < n; i++)
		if (jn->owe(jn, v[i], why) == -1)
			return -1;
	return jn->commit(jn, v[i], why);
}

void
journal_forget(const struct job *j)
{
	if (j->journal != NULL)
		j->journal->forget(j->journal);
}
