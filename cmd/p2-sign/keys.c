#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "sign.h"
#include "sign/signature.h"

/* A new file; never one that is there already. */
static void
create(const char *path, struct buf *text, mode_t mode)
{
	int fd;

	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	if (fd == -1)
		err(2, "%s", path);
	if (buf_failed(text) || buf_write(text, fd) == -1 || fsync(fd) == -1 ||
	    close(fd) == -1) {
		warn("%s", path);
		unlink(path);
		exit(2);
	}
}

static char *
file_of(const char *name, const char *ending)
{
	char *path;

	if (asprintf(&path, "%s%s", name, ending) == -1)
		err(2, NULL);
	return path;
}

/* The public key is first: a secret one alone would be of no use. */
int
generate(const struct asked *a)
{
	char *pub = file_of(a->what, ".pub"), *sec = file_of(a->what, ".sec");
	char *comment = file_of(*a->comment != '\0' ? a->comment : "p2-sign",
	    " public key");
	struct buf text = { 0 }, why = { 0 };
	struct public_key p;
	struct secret_key s;

	if (access(sec, F_OK) == 0)
		errx(2, "%s: is there already", sec);
	if (key_make(&p, &s, &why) == -1)
		errx(2, "%.*s", (int)why.len, why.p);
	public_key_write(&p, comment, &text);
	create(pub, &text, 0644);
	free(comment);
	comment = file_of(*a->comment != '\0' ? a->comment : "p2-sign",
	    " secret key");
	buf_reset(&text);
	secret_key_write(&s, comment, &text);
	create(sec, &text, 0600);
	key_wipe(&s);
	buf_clear(&text);
	free(comment);
	free(pub);
	free(sec);
	return 0;
}
