#ifndef ARCHIVE_PLAN_H
#define ARCHIVE_PLAN_H

#include <sys/types.h>

#include <sha2.h>

#include "base/beside.h"
#include "base/buf.h"
#include "file/part.h"
#include "resource/resource.h"

/*
 * plan: what the sources of resource_archive share.
 *
 *	archive.c	plan, apply
 *	want.c		options, and what they say
 *	get.c		the bytes of the archive, and their digest
 *	unpack.c	what is in it, into a directory
 *	library.c	libarchive, loaded where it is needed
 *	name.c		where a member goes
 *	note.c		the journal told of what comes and goes
 *
 * Functions return 0, or -1 with a sentence in why (base/why.h).
 */
#define ARCHIVE_MARKER	".p2-archive"

enum {
	ARCHIVE_PATH, ARCHIVE_ENSURE, ARCHIVE_SOURCE, ARCHIVE_DIGEST,
	ARCHIVE_CREATES, ARCHIVE_STRIP, ARCHIVE_OWNER, ARCHIVE_GROUP,
	ARCHIVE_MODE, ARCHIVE_FORCE, ARCHIVE_TIMEOUT
};

/* In hexadecimal, with NUL. */
typedef char archive_digest[SHA256_DIGEST_STRING_LENGTH];

struct archive_plan {
	const char	*path;
	const char	*source;	/* a file, or a URL */
	bool		 is_url;
	archive_digest	 digest;	/* that it has to have; or "" */
	unsigned	 strip;
	uid_t		 uid;		/* (uid_t)-1: ours */
	gid_t		 gid;
	const char	*mode;		/* NULL: as the archive has it */
	long		 timeout_ms;
	bool		 sweeps;	/* only what is left of another run */
	char		*marker;	/* its path */
	struct buf	 options;	/* the line of the marker */
	struct buf	 old;		/* the marker that there is */
	struct part	 gone;		/* the directory, if it is to be absent */
};

/* --- want.c */
extern const struct resource_option archive_options[];
bool	archive_given(const struct job *j, int option);
const char *archive_text(const struct job *j, int option);	/* or NULL */
const char *archive_path(const struct job *j);
bool	archive_is_absent(const struct job *j);
bool	archive_is_forced(const struct job *j);
/* Into a zeroed plan; -1 after job_fail(). */
int	archive_want(struct job *j, struct archive_plan *p);

/* --- get.c */
bool	archive_is_url(const char *source);

/*
 * The archive into a file without a name, in the directory dir, left at its
 * beginning as *fd; digest becomes its own, and is checked.
 */
int	archive_get(const struct archive_plan *p, struct trees *trees,
	    const char *dir, int *fd, archive_digest digest, struct buf *why);

/* Of a local one, where it is; trees may have a say in that. */
int	archive_digest_of(const char *path, struct trees *trees,
	    archive_digest digest, struct buf *why);
int	archive_digest_bad(const struct archive_plan *p,
	    const archive_digest is, struct buf *why);

/* --- unpack.c */
int	archive_unpack(const struct archive_plan *p, int fd, int dir,
	    struct buf *why);

/* --- name.c */
/*
 * Where a member called name goes, relative to the directory, without the first
 * strip components: appended to out, which is nothing for the directory itself
 * and for what is within those.  Returns NULL, or what is wrong with it.
 */
const char *archive_name(struct buf *out, struct str name, unsigned strip);

/*
 * Does a link at path, as from archive_name(), stay within the directory, as
 * far as its text tells?
 */
bool	archive_link_inside(struct str path, struct str target);

/* --- note.c */
/* What is in b, and takes its place; it is not committed. */
int	archive_note(const struct job *j, const struct beside *b,
	    struct buf *why);

#endif
