/*
 * parse: what an update costs before it is stored.  Prints NAME=VALUE for a
 * shell: ours and jansson (update_parse() and json_loadb() with json_unpack(),
 * messages a second), digest (known_digest()) and same (known_same() among a
 * million), each a second.
 */
#include <jansson.h>

#include "bench.h"
#include "ingest/known.h"
#include "update/update.h"

enum { MESSAGES = 1000000, JANSSON = 200000, RECORDS = 1000000 };

static double
ours(const char *text)
{
	const char *why;
	struct update u;
	double start = bench_now();
	size_t i;

	for (i = 0; i < MESSAGES; i++)
		if (update_parse(&u, text + i * KEY_LEN, KEY_LEN, &why) == -1)
			errx(2, "%s", why);
	return MESSAGES / (bench_now() - start);
}

static double
janssons(const char *text)
{
	const char *app, *ver, *host;
	double start = bench_now();
	json_error_t e;
	json_t *j;
	int instance;
	size_t i;

	for (i = 0; i < JANSSON; i++) {
		if ((j = json_loadb(text + i * KEY_LEN, KEY_LEN, 0,
		    &e)) == NULL || json_unpack(j, "{s:s,s:s,s:s,s:i}",
		    "app", &app, "ver", &ver, "host", &host, "instance",
		    &instance) == -1)
			errx(2, "jansson: %s", e.text);
		json_decref(j);
	}
	return JANSSON / (bench_now() - start);
}

static void
digest(const struct known *k, struct known_digest *d, const char *text,
    size_t i)
{
	const char *p = text + i * KEY_LEN;

	known_digest(k, d, (struct str){ p, 50 }, (struct str){ p + 30, 7 },
	    (struct str){ p + 9, 10 }, str_of("127.0.0.1"));
}

int
main(void)
{
	struct known *k = known_new(RECORDS);
	struct known_digest *d = calloc(RECORDS, sizeof(*d));
	char *text = malloc((size_t)MESSAGES * KEY_LEN);
	uint32_t *order = bench_shuffled(RECORDS);
	double start, digests;
	size_t i, found = 0;

	if (k == NULL || d == NULL || text == NULL)
		err(2, NULL);
	for (i = 0; i < MESSAGES; i++)
		key_update(text + i * KEY_LEN, i, 0);
	printf("ours=%.0f jansson=%.0f", ours(text), janssons(text));
	start = bench_now();
	for (i = 0; i < RECORDS; i++)
		digest(k, &d[i], text, i);
	digests = RECORDS / (bench_now() - start);
	for (i = 0; i < RECORDS; i++) {
		(void)known_say(k, &d[order[i]]);
		known_place(k, d[order[i]].who, (uint32_t)i);
	}
	start = bench_now();
	for (i = 0; i < RECORDS; i++)
		found += known_same(k, &d[i]) != KNOWN_NO_SLOT;
	printf(" digest=%.0f same=%.0f found=%zu\n", digests,
	    RECORDS / (bench_now() - start), found);
	return 0;
}
