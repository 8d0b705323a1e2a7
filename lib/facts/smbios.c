#include <string.h>

#include "facts/collect.h"
#include "facts/smbios.h"

/*
 * A structure is a type, its own length, a handle and fields, then strings
 * that are each closed by NUL, with one more NUL at the end.
 */
enum { HEADER = 4, MEMORY_DEVICE = 17, END_OF_TABLE = 127 };

static unsigned
num(const unsigned char *p, size_t at, unsigned bytes)
{
	unsigned n = 0;

	while (bytes-- > 0)
		n = n << 8 | p[at + bytes];
	return n;
}

/* The length of the strings that start at p, or 0: they do not end. */
static size_t
strings_len(const unsigned char *p, size_t left)
{
	size_t i;

	for (i = 0; i + 1 < left; i++)
		if (p[i] == '\0' && p[i + 1] == '\0')
			return i + 2;
	return 0;
}

/* The n-th string, from 1 on. */
static struct str
string(struct str strings, unsigned n)
{
	struct str s = { NULL, 0 };

	while (n-- > 0 && strings.len > 0)
		s = text_cut(&strings, '\0');
	return text_trim(s);
}

static const char *
memory_type(unsigned n)
{
	static const char *const names[] = {
		[0x12] = "DDR", [0x13] = "DDR2", [0x14] = "DDR2 FB-DIMM",
		[0x18] = "DDR3", [0x1a] = "DDR4", [0x1b] = "LPDDR",
		[0x1c] = "LPDDR2", [0x1d] = "LPDDR3", [0x1e] = "LPDDR4",
		[0x20] = "HBM", [0x21] = "HBM2", [0x22] = "DDR5",
		[0x23] = "LPDDR5", [0x24] = "HBM3"
	};

	return n < sizeof(names) / sizeof(names[0]) ? names[n] : NULL;
}

/* Sizes are in MiB, or KiB where the top bit is set. */
static int64_t
memory_size(const unsigned char *p, size_t len)
{
	unsigned n = num(p, 0x0c, 2);

	if (n == 0 || n == 0xffff)
		return 0;
	if (n == 0x7fff && len >= 0x20)
		return (int64_t)(num(p, 0x1c, 4) & 0x7fffffff) << 20;
	if ((n & 0x8000) != 0)
		return (int64_t)(n & 0x7fff) << 10;
	return (int64_t)n << 20;
}

static void
put_device(struct val *all, const unsigned char *p, size_t len,
    struct str strings)
{
	struct val *m;
	int64_t size;

	if (len < 0x15 || (size = memory_size(p, len)) == 0)
		return;
	m = val_obj(all, NULL);
	val_int(m, "size_bytes", size);
	val_cstr(m, "type", memory_type(p[0x12]));
	if (len >= 0x17 && num(p, 0x15, 2) != 0)
		val_int(m, "speed_mts", num(p, 0x15, 2));
	val_str(m, "locator", string(strings, p[0x10]));
	if (len >= 0x1b) {
		val_str(m, "manufacturer", string(strings, p[0x17]));
		val_str(m, "part", string(strings, p[0x1a]));
	}
}

void
smbios_memory(struct facts *f, struct val *o)
{
	struct str text = src_text_max(f, NULL,
	    "/sys/firmware/dmi/tables/DMI", 1024 * 1024);
	const unsigned char *p = (const unsigned char *)text.p;
	size_t left = text.len, len, strings;
	struct val *all;

	if (left == 0)
		return;
	all = val_arr(o, "modules");
	while (left > HEADER && p[0] != END_OF_TABLE) {
		if ((len = p[1]) < HEADER || len >= left)
			return;
		if ((strings = strings_len(p + len, left - len)) == 0)
			return;
		if (p[0] == MEMORY_DEVICE)
			put_device(all, p, len, (struct str){
			    (const char *)p + len, strings });
		p += len + strings;
		left -= len + strings;
	}
}
