#ifndef ARCHIVE_LIBRARY_H
#define ARCHIVE_LIBRARY_H

#include <sys/types.h>

#include <stdint.h>

/*
 * library: what is called of libarchive, which is loaded when an archive is to
 * be unpacked: a program that never does so does not pay for it.
 *
 * Its types are opaque, and its numbers those of its interface, which stay.
 */
enum { LA_EOF = 1, LA_OK = 0, LA_WARN = -20 };

struct archive;
struct archive_entry;

struct libarchive {
	struct archive *(*read_new)(void);
	int	(*format_tar)(struct archive *);
	int	(*format_zip)(struct archive *);
	int	(*filter_gzip)(struct archive *);
	int	(*filter_bzip2)(struct archive *);
	int	(*filter_xz)(struct archive *);
	int	(*filter_zstd)(struct archive *);
	int	(*open_fd)(struct archive *, int, size_t);
	int	(*next_header)(struct archive *, struct archive_entry **);
	int	(*data_block)(struct archive *, const void **, size_t *,
		    int64_t *);
	const char *(*error_string)(struct archive *);
	int	(*read_free)(struct archive *);
	/* In UTF-8 where it can be had so, else as bytes; or NULL. */
	const char *(*pathname_utf8)(struct archive_entry *);
	const char *(*pathname)(struct archive_entry *);
	const char *(*symlink_utf8)(struct archive_entry *);
	const char *(*symlink)(struct archive_entry *);
	const char *(*hardlink_utf8)(struct archive_entry *);
	const char *(*hardlink)(struct archive_entry *);
	mode_t	(*filetype)(struct archive_entry *);
	mode_t	(*perm)(struct archive_entry *);
	int64_t	(*size)(struct archive_entry *);
	/*
	 * A time_t of the library's, which on 32 bits is not always of our
	 * size: a long is what we get of either.
	 */
	long	(*mtime)(struct archive_entry *);
	int	(*mtime_is_set)(struct archive_entry *);
};

/* NULL, with *errstr (static), where it cannot be had. */
const struct libarchive *libarchive_load(const char **errstr);

#endif
