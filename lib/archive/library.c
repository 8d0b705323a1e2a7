#include <stdio.h>

#include "archive/library.h"
#include "base/symbol.h"

static struct libarchive lib;

static const struct {
	const char	*name;
	void		*fn;
} symbols[] = {
	{ "archive_read_new", &lib.read_new },
	{ "archive_read_support_format_tar", &lib.format_tar },
	{ "archive_read_support_format_zip", &lib.format_zip },
	{ "archive_read_support_filter_gzip", &lib.filter_gzip },
	{ "archive_read_support_filter_bzip2", &lib.filter_bzip2 },
	{ "archive_read_support_filter_xz", &lib.filter_xz },
	{ "archive_read_support_filter_zstd", &lib.filter_zstd },
	{ "archive_read_open_fd", &lib.open_fd },
	{ "archive_read_next_header", &lib.next_header },
	{ "archive_read_data_block", &lib.data_block },
	{ "archive_error_string", &lib.error_string },
	{ "archive_read_free", &lib.read_free },
	{ "archive_entry_pathname_utf8", &lib.pathname_utf8 },
	{ "archive_entry_pathname", &lib.pathname },
	{ "archive_entry_symlink_utf8", &lib.symlink_utf8 },
	{ "archive_entry_symlink", &lib.symlink },
	{ "archive_entry_hardlink_utf8", &lib.hardlink_utf8 },
	{ "archive_entry_hardlink", &lib.hardlink },
	{ "archive_entry_filetype", &lib.filetype },
	{ "archive_entry_perm", &lib.perm },
	{ "archive_entry_size", &lib.size },
	{ "archive_entry_mtime", &lib.mtime },
	{ "archive_entry_mtime_is_set", &lib.mtime_is_set }
};

const struct libarchive *
libarchive_load(const char **errstr)
{
	static bool loaded;
	size_t i;
	void *so;

	*errstr = NULL;
	if (loaded)
		return &lib;
	*errstr = "libarchive.so.13 cannot be loaded";
	if ((so = dlopen("libarchive.so.13", RTLD_NOW | RTLD_LOCAL)) == NULL)
		return NULL;
	*errstr = "libarchive lacks a function";
	for (i = 0; i < sizeof(symbols) / sizeof(symbols[0]); i++)
		if (!symbol_bind(so, symbols[i].name, symbols[i].fn,
		    sizeof(lib.read_new)))
			return NULL;
	*errstr = NULL;
	loaded = true;
	return &lib;
}
