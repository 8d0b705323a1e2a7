#include <sys/inotify.h>

#include <errno.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/replace.h"
#include "base/spots.h"
#include "base/watch.h"
#include "base/why.h"

enum { ROUNDS_MAX = 64, EVENTS_SIZE = 16384 };

int
watch_open(struct watch **wp)
{
	struct watch *w;
	int rc;

	if ((w = calloc(1, sizeof(*w))) == NULL)
		return errno;
	if ((w->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) == -1) {
		rc = errno;
		free(w);
		return rc;
	}
	w->mounted = mounted_open();
	if (spots_init(w) == -1) {
		watch_close(w);
		return ENOMEM;
	}
	*wp = w;
	return 0;
}

void
watch_close(struct watch *w)
{
	if (w == NULL)
		return;
	spots_clear(w);
	mounted_close(w->mounted);
	close(w->fd);
	free(w);
}

static struct user *
user_of(struct spot *s, unsigned id)
{
	struct user *u;

	SLIST_FOREACH(u, &s->users, next)
		if (u->id == id)
			return u;
	return NULL;
}

int
watch_add(struct watch *w, const char *path, int flags, unsigned id,
    struct buf *why)
{
	struct user *u;
	struct spot *s;

	w->why = why;
	w->failed = false;
	if ((s = spot_get(w, path)) == NULL)
		return why_errno(why, path, "watch");
	if ((u = user_of(s, id)) == NULL) {
		if ((u = calloc(1, sizeof(*u))) == NULL)
			return why_errno(why, path, "malloc");
		u->id = id;
		SLIST_INSERT_HEAD(&s->users, u, next);
	} else if ((u->flags & flags) == flags)
		return 0;
	u->flags |= flags;
	/* First its name is watched, then it is looked at. */
	spot_names(w, s->up);
	spot_look(w, s);
	if (flags & WATCH_TREE)
		spot_search(w, s);
	w->why = NULL;
	return w->failed ? -1 : 0;
}

void
watch_remove(struct watch *w, const char *path, unsigned id)
{
	struct spot *s, *deepest;
	struct user *u;

	if (path[0] != '/')
		s = spot_get(w, path);
	else
		s = spot_find(w, path, &deepest);
	if (s == NULL)
		return;
	if ((u = user_of(s, id)) != NULL) {
		SLIST_REMOVE(&s->users, u, user, next);
		free(u);
	}
	spot_drop(w, s);
}

void
watch_fds(const struct watch *w, struct pollfd pfd[WATCH_FDS])
{
	pfd[0] = (struct pollfd){ .fd = w->fd, .events = POLLIN };
	pfd[1] = (struct pollfd){ .events = POLLPRI,
	    .fd = w->mounted == NULL ? -1 : mounted_fd(w->mounted) };
}

/*
 * --- What has happened ----------------------------------------------------
 */

static unsigned
what_of(uint32_t mask)
{
	unsigned what = 0;

	if (mask & (IN_CREATE | IN_DELETE | IN_MOVED_FROM))
		what |= WATCH_CHANGING | WATCH_NAME | DUE_LOOK;
	if (mask & IN_MOVED_TO)
		what |= WATCH_CHANGED | WATCH_NAME | DUE_LOOK;
	if (mask & (IN_CLOSE_WRITE | IN_ATTRIB))
		what |= WATCH_CHANGED;
	if (mask & IN_MODIFY)
		what |= WATCH_CHANGING;
	return what;
}

/* Something of that name in the directory. */
static void
take_name(struct watch *w, struct inode *n, const struct inotify_event *e)
{
	unsigned what = what_of(e->mask);
	struct spot *s = LIST_FIRST(&n->at), *b;

	if (replace_is_temp(e->name)) {
		if ((e->mask & IN_MOVED_FROM) && replace_made(e->name))
			w->cookie = e->cookie;
		return;
	}
	if ((e->mask & IN_MOVED_TO) && e->cookie == w->cookie)
		what = DUE_LOOK;		/* it was us */
	for (; s != NULL; s = LIST_NEXT(s, at)) {
		if ((b = spot_below(w, s, e->name, strlen(e->name))) != NULL)
			spot_due(w, b, what);
		if (what != DUE_LOOK && spot_in_tree(s))
			spot_due(w, s, (what & ~(unsigned)DUE_LOOK) |
			    DUE_TREE | (e->mask & IN_ISDIR ? DUE_SEARCH : 0));
	}
}

/* The directory is gone, or elsewhere. */
static void
take_self(struct watch *w, struct inode *n)
{
	struct spot *s;

	for (s = LIST_FIRST(&n->at); s != NULL; s = LIST_NEXT(s, at))
		spot_due(w, s, WATCH_CHANGED | WATCH_NAME | DUE_LOOK);
}

static void
take(struct watch *w, const struct inotify_event *e)
{
	struct inode *n;

	if (e->mask & IN_Q_OVERFLOW)
		w->lost = true;
	if ((n = spot_inode(w, e->wd)) == NULL)
		return;
	if (e->mask & IN_IGNORED)
		spot_forget(w, n);
	else if (e->mask & (IN_MOVE_SELF | IN_DELETE_SELF | IN_UNMOUNT))
		take_self(w, n);
	else if (e->len > 0)
		take_name(w, n, e);
}

/* Returns false when there is no more. */
static bool
take_some(struct watch *w)
{
	static alignas(struct inotify_event) char room[EVENTS_SIZE];
	const struct inotify_event *e;
	const char *p;
	ssize_t n;

	if ((n = read(w->fd, room, sizeof(room))) <= 0)
		return n == -1 && errno == EINTR;
	for (p = room; p < room + n; p += sizeof(*e) + e->len) {
		e = (const void *)p;
		take(w, e);
	}
	return true;
}

static void
take_mount(void *arg, const char *path)
{
	struct watch *w = arg;
	struct spot *deepest = w->root, *s = spot_find(w, path, &deepest);

	if (s != NULL)
		spot_due(w, s, WATCH_CHANGED | WATCH_NAME | DUE_LOOK |
		    DUE_BELOW);
	else if (spot_in_tree(deepest))
		spot_due(w, deepest, WATCH_CHANGED | DUE_TREE | DUE_SEARCH);
}

static void
take_all(struct watch *w)
{
	spot_due(w, w->root, WATCH_CHANGED | WATCH_NAME | DUE_LOOK |
	    DUE_BELOW);
	w->lost = false;
}

static void
take_mounts(struct watch *w)
{
	if (w->mounted != NULL &&
	    mounted_read(w->mounted, take_mount, w) == -1)
		w->lost = true;
}

/*
 * --- Whom it concerns -----------------------------------------------------
 */

struct telling {
	watch_fn	*fn;
	void		*arg;
};

static void
tell(const struct spot *s, unsigned what, int flags, const struct telling *t)
{
	const struct user *u;

	what &= WATCH_CHANGED | WATCH_CHANGING | WATCH_NAME;
	SLIST_FOREACH(u, &s->users, next)
		if (what != 0 && (u->flags & flags) == flags)
			t->fn(t->arg, u->id, what);
}

static void
tell_tree(const struct spot *s, unsigned what, const struct telling *t)
{
	for (; s != NULL; s = s->up) {
		tell(s, what, WATCH_TREE, t);
		if (!s->branch)
			break;
	}
}

/*
 * All that is below, down to the bottom, be it missing as before: who could do
 * nothing about it may now, and who tried meanwhile has failed.
 */
static void
take_below(struct watch *w, struct spot *s)
{
	struct spot *b;

	for (b = LIST_FIRST(&s->below); b != NULL; b = LIST_NEXT(b, beside))
		spot_due(w, b, WATCH_CHANGING | WATCH_NAME | DUE_LOOK |
		    DUE_BELOW);
}

/* Something else is at s now. */
static void
look(struct watch *w, struct spot *s, unsigned what)
{
	if (spot_look(w, s) || (what & DUE_BELOW))
		take_below(w, s);
	if (spot_in_tree(s))
		spot_search(w, s);
	if (s->branch && s->kind != SPOT_DIR)
		s->branch = false;
}

static void
work(struct watch *w, struct spot *s, const struct telling *t)
{
	unsigned what = s->what;
	struct spot *from;

	s->what = 0;
	s->is_due = false;
	TAILQ_REMOVE(&w->due, s, due);
	tell(s, what, 0, t);
	if (what & DUE_TREE)
		tell_tree(s, what, t);
	if (what & DUE_LOOK)
		look(w, s, what);
	else if (what & DUE_SEARCH)
		spot_search(w, s);
	LIST_FOREACH(from, &s->from, link)
		if (what & ~(unsigned)(DUE_TREE | DUE_SEARCH))
			spot_due(w, from, what & ~(unsigned)(DUE_TREE |
			    DUE_SEARCH | DUE_BELOW));
	spot_drop(w, s);
}

int
watch_read(struct watch *w, watch_fn *fn, void *arg, struct buf *why)
{
	struct telling t = { fn, arg };
	struct spot *s;
	int i;

	w->why = why;
	w->failed = false;
	for (i = 0; i < ROUNDS_MAX && take_some(w); i++)
		;
	take_mounts(w);
	if (w->lost)
		take_all(w);
	while ((s = TAILQ_FIRST(&w->due)) != NULL)
		work(w, s, &t);
	w->why = NULL;
	return w->failed ? -1 : 0;
}
