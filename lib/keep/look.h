#ifndef KEEP_LOOK_H
#define KEEP_LOOK_H

#include "base/place.h"
#include "keep/keep.h"

/*
 * look: what the files of lib/keep share, and nobody else sees.
 *
 * A state whose texts are its own, as struct keep_change has them.
 */
int	text_copy(struct str *to, struct str from);
int	state_copy(struct kept_state *to, const struct kept_state *from);
void	text_free(struct str *s);
void	state_free(struct kept_state *s);
void	row_free(struct change_row *r);	/* of a row with such texts */

/*
 * What is at a name in a directory: all but the content.  *fd is it, open for
 * reading where it is a file or a directory that can be, else -1.  The texts of
 * s are its own.
 */
int	state_look(struct kept_state *s, int dir, const char *name, int *fd,
	    const char *path, struct buf *why);

/*
 * As keep_path(), after what is noted; and of that, whether there will be a
 * directory.
 */
int	keep_path_in(const struct keep *k, struct buf *b, const char *path);
bool	keep_will_be_dir(const struct keep *k, struct str path);

/* As keep_path(), of a name in a directory that is open. */
int	keep_path_at(struct buf *b, int dir, const char *name);

/* SHA-256 of all that can be read from fd, by pread(2); 0, or -1 with errno. */
int	content_digest(int fd, unsigned char digest[32], uint64_t *size);

/*
 * Into s, and where it is new into the store, the content of fd: as the
 * limits say, or else why not.  Nothing refers to it yet.
 */
int	content_note(struct keep *k, int fd, struct kept_state *s,
	    bool sensitive, const char *path, struct buf *why);

/* What waits for the commit, into t; or dropped. */
int	pieces_put(struct keep *k, struct store_tx *t);
void	pieces_drop(struct keep *k);

/* Would it be kept?  Without looking at more than its size. */
bool	content_fits(const struct keep *k, uint64_t size);

/*
 * The place of a path that has no links on the way: one that has by now leads
 * to nothing of ours, and is ENOTDIR.
 */
int	place_of(struct place *p, const char *path, struct buf *why);

/*
 * A note of one's own making.  The texts of r->was and r->is are given, the
 * others copied.
 */
int	change_note(struct keep *k, struct change_row *r, struct buf *why);

/*
 * Are two states the same, as far as both are known?  Attributes that follow
 * from mode and owner are left out where one says KEPT_HAS_PART.
 */
bool	state_same(const struct kept_state *a, const struct kept_state *b);

/* Pending content, not yet in the store. */
struct piece {
	struct piece	*next;
	unsigned char	 digest[32];
	uint64_t	 size;
	uint32_t	 number;
	struct buf	 bytes;		/* encoded */
};

/* Noted, and not yet asked for by keep_compared(). */
struct compared {
	struct compared	*next;
	struct str	 type;		/* both are its own */
	struct str	 title;
	unsigned	 flags;
};

/* A change, and what its resource is to have left there. */
struct noted {
	struct change_row row;		/* its texts are its own */
	bool		 made;
};

struct keep {
	struct store	*store;
	struct keep_limits limits;
	uint64_t	 run;
	char		*policy;
	struct noted	*rows;
	struct compared	*compared;
	size_t		 n;
	size_t		 size;
	size_t		 told;		/* rows that keep_next_lost() has seen */
	struct piece	*pieces;	/* newest first */
	size_t		 held;		/* bytes in them */
	uint64_t	 kept;		/* bytes of content, in this run */
	bool		 swept;		/* no content is there for nothing */
	bool		 loose;		/* some is ahead of its change */
};

#endif
