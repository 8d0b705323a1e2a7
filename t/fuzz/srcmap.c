/*
 * A source map, or the end of code that names one.  Where a line is from is
 * told, or is not; a line there is counts from 1.
 */
#include <stdint.h>
#include <stdlib.h>

#include "policy/srcmap.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str s = { (const char *)data, size }, source;
	struct srcmap *m = NULL;
	struct buf out = { 0 };
	const char *why = NULL;
	unsigned line, written;

	(void)srcmap_data(srcmap_url(s), &out);
	(void)srcmap_data(s, &out);
	if (srcmap_parse(&m, s, &why) == -1) {
		if (why == NULL)
			abort();
	} else
		for (line = 0; line < 20; line++)
			if (srcmap_find(m, line, &source, &written) &&
			    written == 0)
				abort();
	srcmap_free(m);
	buf_clear(&out);
	return 0;
}
