/*
 * ask DIR REQUEST [ABOUT [lines]]: answer "version/?host=web1" and the like
 * from the store in DIR as a server would, in pieces of ABOUT bytes.  Ends
 * with the status of a refusal divided by 100, its words going to stderr.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <lmdb.h>

#include "query/query.h"

static int
refuse(int status, const char *why)
{
	fprintf(stderr, "%d %s\n", status, why);
	return status / 100;
}

static void
print(struct answer *a, size_t about)
{
	struct buf b = { 0 };
	bool done = false;
	int rc;

	while (!done) {
		if ((rc = answer_next(a, &b, about, &done)) != 0)
			errx(2, "%s", store_strerror(rc));
		if (buf_write(&b, STDOUT_FILENO) == -1)
			err(2, "stdout");
	}
	buf_clear(&b);
}

int
main(int argc, char **argv)
{
	struct question q;
	struct answer *a;
	struct store *s;
	struct str path, query = { NULL, 0 };
	const char *errstr;
	char *mark;
	int rc;

	if (argc < 3)
		errx(2, "usage: ask DIR REQUEST [ABOUT [lines]]");
	if ((mark = strchr(argv[2], '?')) != NULL) {
		*mark = '\0';
		query = str_of(mark + 1);
	}
	path = str_of(argv[2]);
	if ((rc = store_open(&s, argv[1], STORE_READ)) != 0)
		errx(2, "%s", store_strerror(rc));
	if ((rc = question_from_url(&q, path, query, &errstr)) != 0)
		return refuse(rc, errstr);
	rc = answer_new(&a, s, &q, argc > 4 ? ANSWER_LINES : ANSWER_REST);
	question_clear(&q);
	if (rc == MDB_NOTFOUND)
		return refuse(404, "not found");
	if (rc != 0)
		errx(2, "%s", store_strerror(rc));
	print(a, argc > 3 ? strtoul(argv[3], NULL, 10) : 65536);
	answer_free(a);
	store_close(s);
	return 0;
}
