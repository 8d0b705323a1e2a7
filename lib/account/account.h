#ifndef ACCOUNT_ACCOUNT_H
#define ACCOUNT_ACCOUNT_H

#include <sys/types.h>

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"
#include "resource/resource.h"

/*
 * account: users and groups of this host, which are lines of four files.
 *
 * The resources of users and groups read the files whole, make of them what is
 * wanted, and look whether that is another text.  Lines that are not concerned
 * stay as they are, byte for byte.  For a dry run the new texts are entered in
 * the world, where whoever asks for a user finds them.
 *
 * What is changed is read again behind the locks that shadow-utils take,
 * staged, made durable and renamed, one file right behind the other.
 *
 * pwck(8) accepts passwd and shadow where both have the same names, whatever
 * their other fields are; grpck(8) accepts group and gshadow where both have
 * the same names, and members that passwd has.  A rename brings names to one
 * file only, so no order of renames avoids that a name is in one file of a
 * pair alone; only a host without any shadow would be accepted, and there
 * nobody could log in.  The order here is one in which nothing else is refused:
 * being killed leaves a pair apart in one place of each pair that gets or
 * loses a name, and nowhere else.  Such a line lets nobody in, and the next
 * run completes or removes it.
 */
/* A host may do without shadow and gshadow. */
enum account_file {
	ACCOUNT_PASSWD,
	ACCOUNT_SHADOW,
	ACCOUNT_GROUP,
	ACCOUNT_GSHADOW,
	ACCOUNT_FILES
};

enum {
	PASSWD_NAME, PASSWD_HASH, PASSWD_UID, PASSWD_GID, PASSWD_GECOS,
	PASSWD_DIR, PASSWD_SHELL, PASSWD_FIELDS
};
enum {
	SHADOW_NAME, SHADOW_HASH, SHADOW_LSTCHG, SHADOW_MIN, SHADOW_MAX,
	SHADOW_WARN, SHADOW_INACT, SHADOW_EXPIRE, SHADOW_FLAG, SHADOW_FIELDS
};
enum {
	GROUP_NAME, GROUP_HASH, GROUP_GID, GROUP_MEMBERS, GROUP_FIELDS
};
enum {
	GSHADOW_NAME, GSHADOW_HASH, GSHADOW_ADMINS, GSHADOW_MEMBERS,
	GSHADOW_FIELDS
};
enum { ACCOUNT_FIELDS_MAX = 9 };

/* Zeroed, it is empty; accounts_clear() makes it so again. */
struct accounts {
	struct {
		bool		 there;
		bool		 changed;
		struct buf	 text;
		struct buf	 first;	/* a text before that one, or empty */
	} f[ACCOUNT_FILES];
	bool	 removing;	/* the order in which files are renamed */
};

/* All of path, added to b; what is not there fails with ENOENT. */
int	account_slurp(const char *path, struct buf *b, struct buf *why);

/* As the world has them, or the host.  Returns 0, or -1 with a reason. */
int	accounts_read(struct accounts *a, const struct world *w,
	    struct buf *why);
void	accounts_clear(struct accounts *a);
bool	accounts_changed(const struct accounts *a);
bool	accounts_failed(const struct accounts *a);	/* no memory */

/*
 * A line, cut into its fields, of which missing ones are empty.  Lent until
 * the next change of that file.
 */
struct account_line {
	struct str	 field[ACCOUNT_FIELDS_MAX];
	size_t		 n;
};

/* The first line of that name; false: there is none. */
bool	account_find(const struct accounts *a, enum account_file f,
	    struct str name, struct account_line *l);

/* The first line of passwd or group that has that number. */
bool	account_find_id(const struct accounts *a, enum account_file f,
	    id_t id, struct account_line *l);

/*
 * What a dry run has made of a user or group: ACCOUNT_FOUND with its number,
 * ACCOUNT_GONE, or ACCOUNT_UNKNOWN, which is for others to tell.
 */
enum account_found { ACCOUNT_UNKNOWN, ACCOUNT_FOUND, ACCOUNT_GONE };
enum account_found account_pretended(const struct world *w,
	    enum account_file f, struct str name, id_t *id);

/* The next line of *rest, which is cut; comments and NIS are passed over. */
bool	account_next(struct str *rest, struct account_line *l);
bool	account_id(struct str s, id_t *id);

/*
 * Set the line of that name, or add one; remove it.  Nothing happens to a file
 * that the host has not.
 */
void	account_set(struct accounts *a, enum account_file f, struct str name,
	    const struct account_line *l);
void	account_drop(struct accounts *a, enum account_file f, struct str name);

/*
 * A user is made: groups as they are now are written before him, and what they
 * become from here on, with him as a member, after him.
 */
void	accounts_part(struct accounts *a);

/* A list with commas between: is it in there?  The same with it, or without. */
bool	account_list_has(struct str list, struct str name);
void	account_list_with(struct buf *b, struct str list, struct str name,
	    bool with);

/*
 * Bring the four files to the host, if they are as they were when a was read
 * under the lock.  Nothing is visible before j's journal has been told.
 */
int	accounts_write(struct accounts *a, struct job *j, struct buf *why);

/* Enter them in the job's world. */
int	accounts_pretend(const struct accounts *a, struct job *j);

/* Nobody else writes while it is held.  Waits as long as that. */
struct account_lock {
	int	 fd;
	bool	 has[ACCOUNT_FILES];
};
int	account_lock(struct account_lock *l, const struct accounts *a,
	    int64_t timeout_ms, struct buf *why);
void	account_unlock(struct account_lock *l);

/* A value of login.defs(5), or of useradd's own defaults; or def. */
const char *account_default(const char *name, const char *def, char *room,
	    size_t size);
long	account_number(const char *name, long def);
bool	account_has_own_group(void);	/* USERGROUPS_ENAB */

/*
 * A number that nobody has, for a user or a group: prefer, if that is free and
 * not -1.  Returns 0, or -1 with a reason.
 */
int	account_new_id(const struct accounts *a, enum account_file f,
	    bool system, id_t prefer, id_t *id, struct buf *why);

/* A name that can stand in such a line; else why it cannot. */
const char *account_name_bad(struct str name);

/* Days since 1970, today. */
long	account_today(void);

/* The path of one of the files. */
extern const char *const account_paths[ACCOUNT_FILES];

/*
 * The line of a group with all that belongs to it, in group and gshadow; made
 * if there is none.  members NULL: none, or as they are.
 */
void	account_put_group(struct accounts *a, struct str name, id_t gid,
	    const struct str *members);

/* What user and group have to do with a change of the files. */
void	account_watch(const struct job *j, resource_watch_fn *fn, void *arg);

#endif
