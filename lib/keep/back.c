#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/attrs.h"
#include "base/place.h"
#include "base/replace.h"
#include "base/why.h"
#include "keep/look.h"

/* --- What there is to do ------------------------------------------------- */

static const char *
kind_name(enum kept_kind kind)
{
	static const char *const names[] = { "nothing", "a file",
	    "a directory", "a link", "a special file" };

	return names[kind];
}

/* Was it only mode, owner or the like that changed? */
static bool
is_attrs_only(const struct kept_state *was, const struct kept_state *now)
{
	if (was->kind != now->kind)
		return false;
	if (was->kind == KEPT_FILE)
		return (was->has & (KEPT_HAS_CONTENT | KEPT_SENSITIVE |
		    KEPT_TOO_LARGE | KEPT_UNREADABLE)) == 0;
	return was->kind == KEPT_DIR || (was->kind == KEPT_LINK &&
	    str_eq(was->target, now->target)) ||
	    (was->kind == KEPT_OTHER && was->rdev == now->rdev &&
	    (was->mode & S_IFMT) == (now->mode & S_IFMT));
}

static void
say(struct buf *b, const char *what)
{
	if (b->len > 0)
		buf_puts(b, ", ");
	buf_puts(b, what);
}

static void
say_attrs(struct buf *b, const struct kept_state *was,
    const struct kept_state *now)
{
	if (was->kind != KEPT_LINK && was->mode != now->mode) {
		say(b, "");
		buf_printf(b, "mode %04o to %04o", now->mode & 07777,
		    was->mode & 07777);
	}
	if (was->uid != now->uid || was->gid != now->gid) {
		say(b, "");
		buf_printf(b, "owner %u:%u to %u:%u", now->uid, now->gid,
		    was->uid, was->gid);
	}
	if ((was->has & now->has & KEPT_HAS_XATTRS) &&
	    !str_eq(was->xattrs, now->xattrs))
		say(b, "attributes");
}

/* In words, what would be done. */
static void
say_what(struct buf *b, const struct kept_state *was,
    const struct kept_state *now)
{
	if (was->kind == KEPT_NONE)
		buf_printf(b, "%s goes", kind_name(now->kind));
	else if (was->kind != now->kind)
		buf_printf(b, "%s comes back", kind_name(was->kind));
	else {
		if (was->kind == KEPT_LINK && !str_eq(was->target,
		    now->target)) {
			say(b, "");
			buf_printf(b, "leads to %.*s again",
			    (int)was->target.len, was->target.p);
		}
		if (!is_attrs_only(was, now) && was->kind == KEPT_FILE &&
		    memcmp(was->digest, now->digest, 32) != 0)
			say(b, "content");
		say_attrs(b, was, now);
	}
}

static bool
can_come_back(const struct kept_state *was, const struct kept_state *now,
    const char *path, struct buf *why)
{
	const char *not = keep_why_not(was);

	if (not != NULL) {
		why_say(why, "%s: what was there is not kept: %s", path, not);
		return false;
	}
	if (was->kind == KEPT_FILE && (was->has & KEPT_HAS_CONTENT) == 0 &&
	    now->kind != KEPT_FILE) {
		why_say(why, "%s: is no longer a file", path);
		return false;
	}
	return true;
}

/* As we left it; or as it was before a last change that was never made. */
static bool
is_as_left(const struct keep_change *c, const struct kept_state *now,
    struct buf *why)
{
	const struct kept_state *is = &c->row.is;
	const char *path = c->row.path.p;

	if (is->kind == KEPT_FILE && (is->has & KEPT_HAS_DIGEST) == 0 &&
	    now->kind == KEPT_FILE && !is_attrs_only(&c->row.was, now)) {
		why_say(why, "%s: is too large to tell whether it has changed "
		    "since", path);
		return false;
	}
	if (state_same(is, now) || state_same(&c->before, now))
		return true;
	why_say(why, "%s: has changed since", path);
	return false;
}

/* Can it be had back in turn, as far as it may be seen? */
static bool
is_kept(const struct kept_state *now, const char *path, struct buf *why)
{
	if (keep_why_not(now) == NULL || (now->has & KEPT_SENSITIVE))
		return true;
	why_say(why, "%s: what is there could not be had back: %s", path,
	    keep_why_not(now));
	return false;
}

static bool
may_go(const struct keep_change *c, const struct kept_state *now,
    enum keep_care care, struct buf *why)
{
	const char *path = c->row.path.p;

	if (care == KEEP_UNCHANGED && !is_as_left(c, now, why))
		return false;
	return care == KEEP_FORCED || is_kept(now, path, why);
}

/* What is there now, content and all where that would go. */
static int
look_now(struct keep *k, const struct keep_change *c, struct kept_state *now,
    bool dry, struct buf *why)
{
	bool sensitive = (c->row.was.has & KEPT_SENSITIVE) != 0;
	const char *path = c->row.path.p;
	struct buf ignored = { 0 };
	struct place at;
	int fd = -1, rc;

	*now = (struct kept_state){ .kind = KEPT_NONE };
	if (place_of(&at, path, &ignored) == -1) {
		rc = (errno == ENOENT || errno == ENOTDIR || errno == ELOOP) &&
		    (dry || c->row.was.kind == KEPT_NONE) ? 0 :
		    why_say(why, "%.*s", (int)ignored.len, ignored.p);
		buf_clear(&ignored);
		return rc;
	}
	rc = state_look(now, at.dir, at.name, &fd, path, why);
	if (rc == 0 && now->kind == KEPT_FILE &&
	    !is_attrs_only(&c->row.was, now)) {
		if (dry) {
			if (fd == -1)
				now->has |= KEPT_UNREADABLE;
			else if (!content_fits(k, now->size))
				now->has |= KEPT_TOO_LARGE;
			else if (content_digest(fd, now->digest, &now->size) == 0)
				now->has |= KEPT_HAS_DIGEST;
		} else
			rc = content_note(k, fd, now, sensitive, path, why);
	}
	if (fd != -1)
		close(fd);
	place_clear(&at);
	if (rc == -1)
		state_free(now);
	return rc;
}

/* was and now agree in all that was is known to have been. */
static bool
is_so_already(const struct kept_state *was, const struct kept_state *now)
{
	if (was->kind == KEPT_FILE && keep_why_not(was) != NULL)
		return false;
	return state_same(was, now);
}

static int
note_back(struct keep *k, const struct keep_change *c, struct kept_state *now,
    struct buf *why)
{
	struct change_row r = c->row;

	r.undoes = c->first;
	r.was = *now;
	*now = (struct kept_state){ .kind = KEPT_NONE };
	if (state_copy(&r.is, &c->row.was) == -1) {
		state_free(&r.was);
		return why_errno(why, r.path.p, "malloc");
	}
	r.is.has &= ~(unsigned)KEPT_HAS_CONTENT;
	return change_note(k, &r, why);
}

enum keep_verdict
keep_look_back(struct keep *k, const struct keep_change *c,
    enum keep_care care, bool dry, struct buf *what, struct buf *why)
{
	const struct kept_state *was = &c->row.was;
	enum keep_verdict verdict = KEEP_REFUSED;
	struct kept_state now;

	if (look_now(k, c, &now, dry, why) == -1)
		return KEEP_REFUSED;
	if (is_so_already(was, &now))
		verdict = KEEP_SAME;
	else if (can_come_back(was, &now, c->row.path.p, why) &&
	    may_go(c, &now, care, why)) {
		say_what(what, was, &now);
		if (dry || note_back(k, c, &now, why) == 0)
			verdict = KEEP_BACK;
	}
	state_free(&now);
	return verdict;
}

/* --- Doing it ------------------------------------------------------------ */

/* What was there, for the functions that set attributes. */
static struct attrs
attrs_of(const struct kept_state *was)
{
	return (struct attrs){ was->uid, was->gid, was->mode & 07777 };
}

/* Of a file or directory that is open: owner, attributes, then the mode. */
static int
set_attrs(int fd, const struct kept_state *was, const char *path,
    struct buf *why)
{
	struct attrs a = attrs_of(was), mode = ATTRS_NONE;

	mode.mode = a.mode;
	if (attrs_set(fd, &a, path, why) == -1)
		return -1;
	if ((was->has & KEPT_HAS_XATTRS) &&
	    attrs_list_set(fd, was->xattrs, path, why) == -1)
		return -1;
	return attrs_set(fd, &mode, path, why);
}

static int
set_time(int fd, const struct kept_state *was, const char *path,
    struct buf *why)
{
	struct timespec t[2] = { { .tv_nsec = UTIME_OMIT },
	    { .tv_sec = (time_t)was->time, .tv_nsec = (long)was->nsec } };

	if (futimens(fd, t) == -1)
		return why_errno(why, path, "futimens");
	return 0;
}

static int
sync_dir(const struct place *at, struct buf *why)
{
	int fd = place_open_dir(at), rc;

	if (fd == -1)
		return why_errno(why, at->path, "open its directory");
	if ((rc = TEMP_FAILURE_RETRY(fsync(fd))) == -1)
		why_errno(why, at->path, "fsync its directory");
	close(fd);
	return rc;
}

/* Without content: what is there stays, and gets its attributes back. */
static int
back_attrs(const struct place *at, const struct kept_state *was, bool forced,
    struct buf *why)
{
	int fd, flags = 0, rc = 0;

	if (was->kind == KEPT_LINK || was->kind == KEPT_OTHER) {
		if (fchownat(at->dir, at->name, was->uid, was->gid,
		    AT_SYMLINK_NOFOLLOW) == -1)
			return why_errno(why, at->path, "fchownat");
		if (was->kind == KEPT_OTHER && fchmodat(at->dir, at->name,
		    was->mode & 07777, 0) == -1)
			return why_errno(why, at->path, "fchmodat");
		return 0;
	}
	fd = place_open(at, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	if (fd == -1)
		return why_errno(why, at->path, "openat");
	if (forced)
		rc = attrs_flags_clear(fd, &flags, at->path, why);
	if (rc == 0)
		rc = set_attrs(fd, was, at->path, why);
	if (rc == 0 && TEMP_FAILURE_RETRY(fsync(fd)) == -1)
		rc = why_errno(why, at->path, "fsync");
	if (attrs_flags_set(fd, flags, at->path, why) == -1)
		rc = -1;
	close(fd);
	return rc;
}

/* So that something else can come in its place; a directory has to be empty. */
static int
back_none(const struct place *at, const struct stat *now, bool forced,
    struct buf *why)
{
	int fd, flags, rc = 0;

	if (forced && (S_ISREG(now->st_mode) || S_ISDIR(now->st_mode)) &&
	    (fd = place_open(at, O_RDONLY | O_NONBLOCK | O_NOCTTY)) != -1) {
		rc = attrs_flags_clear(fd, &flags, at->path, why);
		close(fd);
	}
	if (rc == -1)
		return -1;
	if (TEMP_FAILURE_RETRY(unlinkat(at->dir, at->name,
	    S_ISDIR(now->st_mode) ? AT_REMOVEDIR : 0)) == -1)
		return why_errno(why, at->path, S_ISDIR(now->st_mode) ?
		    "rmdir" : "unlinkat");
	return sync_dir(at, why);
}

static int
back_file(struct store *s, const struct place *at,
    const struct kept_state *was, bool forced, struct buf *why)
{
	struct replace r;
	int rc = -1;

	if (replace_begin(&r, at, 0, why) == 0 &&
	    keep_content(s, was, r.fd, at->path, why) == 0 &&
	    set_attrs(r.fd, was, at->path, why) == 0 &&
	    set_time(r.fd, was, at->path, why) == 0) {
		r.attrs = attrs_of(was);
		rc = replace_commit(&r, forced, why);
	}
	replace_abort(&r);
	return rc;
}

static int
back_dir(const struct place *at, const struct kept_state *was,
    struct buf *why)
{
	int fd, rc;

	if (TEMP_FAILURE_RETRY(mkdirat(at->dir, at->name, 0700)) == -1)
		return why_errno(why, at->path, "mkdirat");
	fd = place_open(at, O_RDONLY | O_DIRECTORY);
	if (fd == -1)
		return why_errno(why, at->path, "openat");
	rc = set_attrs(fd, was, at->path, why);
	close(fd);
	return rc == -1 ? -1 : sync_dir(at, why);
}

static int
back_other(const struct place *at, const struct kept_state *was,
    struct buf *why)
{
	if (mknodat(at->dir, at->name, was->mode, (dev_t)was->rdev) == -1)
		return why_errno(why, at->path, "mknodat");
	if (back_attrs(at, was, false, why) == -1)
		return -1;
	return sync_dir(at, why);
}

/* now is what is there, NULL: nothing. */
static int
back_at(struct store *s, const struct place *at, const struct kept_state *was,
    const struct stat *now, bool forced, struct buf *why)
{
	struct attrs a = attrs_of(was);
	bool by_rename = (was->kind == KEPT_FILE || was->kind == KEPT_LINK) &&
	    (now == NULL || !S_ISDIR(now->st_mode));

	if (now != NULL && !by_rename &&
	    back_none(at, now, forced, why) == -1)
		return -1;
	switch (was->kind) {
	case KEPT_FILE:
		return back_file(s, at, was, forced, why);
	case KEPT_LINK:
		return replace_with_link(at, was->target.p, &a, why);
	case KEPT_DIR:
		return back_dir(at, was, why);
	case KEPT_OTHER:
		return back_other(at, was, why);
	default:
		return 0;
	}
}

int
keep_back(struct store *s, const struct keep_change *c, bool forced,
    struct buf *why)
{
	const struct kept_state *was = &c->row.was;
	struct kept_state now;
	struct stat st;
	struct place at;
	bool there;
	int fd, rc;

	if (place_of(&at, c->row.path.p, why) == -1)
		return -1;
	rc = state_look(&now, at.dir, at.name, &fd, at.path, why);
	if (rc == -1)
		goto clear_at;
	if (fd != -1)
		close(fd);
	if (now.kind != KEPT_NONE && is_attrs_only(was, &now))
		rc = back_attrs(&at, was, forced, why);
	else {
		there = fstatat(at.dir, at.name, &st,
		    AT_SYMLINK_NOFOLLOW) == 0;
		rc = back_at(s, &at, was, there ? &st : NULL, forced, why);
	}
	state_free(&now);
clear_at:
	place_clear(&at);
	return rc;
}
