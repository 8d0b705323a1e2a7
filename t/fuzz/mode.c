/*
 * A mode before, whether it is a directory's, and the text of a mode: what is
 * accepted stays when it is asked again, and digits mean themselves.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "file/mode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *errstr;
	mode_t now, mode, again;
	char text[200];
	bool is_dir;

	if (size < 2 || size - 2 >= sizeof(text))
		return 0;
	now = (mode_t)(data[0] | (data[1] & 15) << 8);
	is_dir = (data[1] & 16) != 0;
	memcpy(text, data + 2, size - 2);
	text[size - 2] = '\0';
	if (file_mode(&mode, text, now, is_dir, &errstr) == -1) {
		if (errstr == NULL)
			abort();
		return 0;
	}
	if (errstr != NULL || mode > 07777 ||
	    file_mode(&again, text, mode, is_dir, &errstr) == -1 ||
	    again != mode)
		abort();
	if (file_mode_is_octal(text) &&
	    (mode & 0777) != (strtoul(text, NULL, 8) & 0777))
		abort();
	return 0;
}
