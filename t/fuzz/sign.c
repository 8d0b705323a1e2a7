/*
 * Manifests, keys and signatures, which come with policies from anywhere.  A
 * manifest that is taken is found again by each of its names, and is written
 * as one that reads as the same.
 */
#include <stdlib.h>
#include <string.h>

#include "sign/manifest.h"
#include "sign/signature.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_manifest(const struct manifest *m)
{
	struct manifest again;
	struct buf text = { 0 }, why = { 0 };
	size_t i;

	for (i = 0; i < m->n; i++)
		if (manifest_find(m, m->entries[i].name) != &m->entries[i])
			abort();
	manifest_write(m, &text);
	if (manifest_read(&again, buf_view(&text), "again", &why) == -1 ||
	    again.n != m->n)
		abort();
	for (i = 0; i < m->n; i++)
		if (!str_eq(again.entries[i].name, m->entries[i].name) ||
		    memcmp(again.entries[i].digest, m->entries[i].digest,
		    DIGEST_LEN) != 0)
			abort();
	manifest_clear(&again);
	buf_clear(&text);
	buf_clear(&why);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = { (const char *)data, size };
	struct buf why = { 0 };
	struct public_key p;
	struct secret_key s;
	uint64_t when;
	struct manifest m;

	if (public_key_read(&p, text, "key", &why) == -1)
		memset(&p, 0, sizeof(p));
	(void)secret_key_read(&s, text, "key", &why);
	(void)signature_verify(&p, text, str_of("message"), "sig", &when,
	    &why);
	if (manifest_read(&m, text, "manifest", &why) == 0) {
		check_manifest(&m);
		manifest_clear(&m);
	}
	buf_clear(&why);
	return 0;
}
