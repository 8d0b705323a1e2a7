/*
 * What a server answers.  The first byte says into pieces of which size it is
 * cut; cut or not, the same rows must come out.  What the scan takes jansson
 * must take, too.
 */
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "query/scan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int
on_row(struct str row, void *arg)
{
	struct buf *rows = arg;

	buf_str(rows, row);
	buf_putc(rows, '\n');
	return 0;
}

/* Is the document good, and which rows were in it? */
static bool
scan(struct buf *rows, const char *p, size_t n, size_t piece)
{
	struct scan s;
	const char *errstr;
	size_t some;
	int rc = 0;

	scan_init(&s, on_row, rows);
	for (; n > 0 && rc == 0; p += some, n -= some) {
		some = n < piece ? n : piece;
		rc = scan_feed(&s, p, some, &errstr);
	}
	if (rc == 0)
		rc = scan_end(&s, &errstr);
	scan_clear(&s);
	return rc == 0;
}

/*
 * jansson refuses some escapes (\u0000, half a surrogate pair) and numbers
 * beyond its range, which are well-formed JSON; all else is to agree.
 */
static bool
arguable(const char *p, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (p[i] == '\\' || p[i] == 'e' || p[i] == 'E' ||
		    (unsigned char)p[i] >= 0x80)
			return true;
	for (i = 0; i + 18 < n; i++)
		if (strspn(p + i, "0123456789") > 17)
			return true;
	return false;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf whole = { 0 }, pieces = { 0 };
	const char *p = (const char *)data + 1;
	bool good;
	char *copy;
	json_t *o;

	if (size < 2)
		return 0;
	good = scan(&whole, p, size - 1, size);
	if (scan(&pieces, p, size - 1, data[0] % 16 + 1) != good ||
	    !str_eq(buf_view(&whole), buf_view(&pieces)))
		abort();
	if ((copy = strndup(p, size - 1)) == NULL)
		abort();
	if (good && !arguable(copy, strlen(copy))) {
		if ((o = json_loadb(p, size - 1, 0, NULL)) == NULL)
			abort();
		json_decref(o);
	}
	free(copy);
	buf_clear(&whole);
	buf_clear(&pieces);
	return 0;
}
