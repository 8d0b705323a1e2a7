#include <sys/inotify.h>
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/spots.h"
#include "base/watch.h"
#include "base/why.h"

/*
 * Of a directory on the way it is enough to know that it goes; in one that has
 * something of ours, every name counts.
 */
#define SELF	(IN_MOVE_SELF | IN_DELETE_SELF)
#define NAMES	(IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | \
		IN_MODIFY | IN_CLOSE_WRITE | IN_ATTRIB)

enum { LINKS_MAX = 40 };

/*
 * --- Tables ---------------------------------------------------------------
 */

static uint32_t
hash_name(const struct spot *up, const char *name, size_t len)
{
	uint32_t h = 2166136261u ^ (uint32_t)((uintptr_t)up >> 4);

	for (; len > 0; len--)
		h = (h ^ (unsigned char)*name++) * 16777619u;
	return h ^ h >> 15;
}

static uint32_t
hash_wd(int wd)
{
	return (uint32_t)wd * 2654435761u >> 8;
}

static uint32_t
hash_of(const struct watch *w, const struct table *t, void *p)
{
	const struct spot *s = p;

	if (t == &w->inodes)
		return hash_wd(((const struct inode *)p)->wd);
	return hash_name(s->up, s->name, strlen(s->name));
}

/* Both begin with what comes next in the table. */
static void **
next_of(void *p)
{
	return p;
}

static void
enter(const struct watch *w, struct table *t, void *p)
{
	void **head = &t->v[hash_of(w, t, p) & (t->size - 1)];

	*next_of(p) = *head;
	*head = p;
}

static int
grow(const struct watch *w, struct table *t)
{
	struct table bigger = { .size = t->size == 0 ? 64 : t->size * 2,
	    .n = t->n };
	void *p, *next;
	size_t i;

	if ((bigger.v = calloc(bigger.size, sizeof(*bigger.v))) == NULL)
		return -1;
	for (i = 0; i < t->size; i++)
		for (p = t->v[i]; p != NULL; p = next) {
			next = *next_of(p);
			*next_of(p) = bigger.v[hash_of(w, t, p) &
			    (bigger.size - 1)];
			bigger.v[hash_of(w, t, p) & (bigger.size - 1)] = p;
		}
	free(t->v);
	*t = bigger;
	return 0;
}

static int
table_add(const struct watch *w, struct table *t, void *p)
{
	if (t->n >= t->size && grow(w, t) == -1)
		return -1;
	enter(w, t, p);
	t->n++;
	return 0;
}

static void
table_remove(const struct watch *w, struct table *t, void *p)
{
	void **at = &t->v[hash_of(w, t, p) & (t->size - 1)];

	while (*at != p)
		at = next_of(*at);
	*at = *next_of(p);
	t->n--;
}

/*
 * --- Directories that are watched -----------------------------------------
 */

struct inode *
spot_inode(struct watch *w, int wd)
{
	struct inode *n;

	if (w->inodes.size == 0)
		return NULL;
	for (n = w->inodes.v[hash_wd(wd) & (w->inodes.size - 1)];
	    n != NULL && n->wd != wd; n = n->next)
		;
	return n;
}

static struct inode *
inode_get(struct watch *w, int wd)
{
	struct inode *n = spot_inode(w, wd);

	if (n != NULL || (n = calloc(1, sizeof(*n))) == NULL)
		return n;
	n->wd = wd;
	LIST_INIT(&n->at);
	if (table_add(w, &w->inodes, n) == 0)
		return n;
	free(n);
	return NULL;
}

static void
leave(struct watch *w, struct spot *s)
{
	struct inode *n = s->inode;

	if (n == NULL)
		return;
	s->inode = NULL;
	LIST_REMOVE(s, at);
	if (!LIST_EMPTY(&n->at))
		return;
	(void)inotify_rm_watch(w->fd, n->wd);
	table_remove(w, &w->inodes, n);
	free(n);
}

void
spot_forget(struct watch *w, struct inode *n)
{
	struct spot *s;

	while ((s = LIST_FIRST(&n->at)) != NULL) {
		s->inode = NULL;
		LIST_REMOVE(s, at);
		spot_due(w, s, WATCH_CHANGED | WATCH_NAME | DUE_LOOK);
	}
	table_remove(w, &w->inodes, n);
	free(n);
}

/*
 * --- Paths ----------------------------------------------------------------
 */

static bool
add_path(const struct spot *s, char *path, size_t size, size_t *len)
{
	size_t n = strlen(s->name);

	if (s->up == NULL)
		return true;
	if (!add_path(s->up, path, size, len) || *len + n + 2 > size)
		return false;
	path[(*len)++] = '/';
	memcpy(path + *len, s->name, n + 1);
	*len += n;
	return true;
}

static bool
path_of(const struct spot *s, char path[PATH_MAX])
{
	size_t len = 0;

	strcpy(path, "/");
	return add_path(s, path, PATH_MAX, &len);
}

static void
fail(struct watch *w, const char *path, const char *call)
{
	if (!w->failed && w->why != NULL)
		why_errno(w->why, path, call);
	w->failed = true;
}

struct spot *
spot_below(struct watch *w, const struct spot *up, const char *name,
    size_t len)
{
	struct spot *s;

	if (w->spots.size == 0)
		return NULL;
	for (s = w->spots.v[hash_name(up, name, len) & (w->spots.size - 1)];
	    s != NULL; s = s->next)
		if (s->up == up && strncmp(s->name, name, len) == 0 &&
		    s->name[len] == '\0')
			break;
	return s;
}

static struct spot *
make(struct watch *w, struct spot *up, const char *name, size_t len)
{
	struct spot *s;

	if ((s = calloc(1, sizeof(*s) + len + 1)) == NULL)
		return NULL;
	memcpy(s->name, name, len);
	s->up = up;
	LIST_INIT(&s->below);
	LIST_INIT(&s->from);
	SLIST_INIT(&s->users);
	if (table_add(w, &w->spots, s) == -1) {
		free(s);
		return NULL;
	}
	if (up != NULL)
		LIST_INSERT_HEAD(&up->below, s, beside);
	return s;
}

static struct spot *
final(struct spot *s)
{
	int i;

	for (i = 0; s->to != NULL && i < LINKS_MAX; i++)
		s = s->to;
	return s;
}

static struct spot *
child(struct watch *w, struct spot *up, const char *name, size_t len)
{
	struct spot *s = spot_below(w, up, name, len);

	if (s == NULL)
		s = make(w, up, name, len);
	else if (s->kind != SPOT_NONE)
		return s;
	if (s != NULL)
		spot_look(w, s);
	return s;
}

/* From up, component by component. */
static struct spot *
walk(struct watch *w, struct spot *up, const char *path)
{
	size_t len;

	if (path[0] == '/')
		up = w->root;
	for (; up != NULL && *path != '\0'; path += len) {
		path += strspn(path, "/");
		len = strcspn(path, "/");
		if (len == 0 || (len == 1 && path[0] == '.'))
			continue;
		if (len == 2 && path[0] == '.' && path[1] == '.') {
			up = final(up);
			up = up->up == NULL ? up : up->up;
		} else
			up = child(w, up, path, len);
	}
	return up;
}

struct spot *
spot_get(struct watch *w, const char *path)
{
	struct spot *up = w->root;
	char *cwd;

	if (path[0] == '/')
		return walk(w, up, path);
	if ((cwd = getcwd(NULL, 0)) == NULL)
		return NULL;
	up = walk(w, up, cwd);
	free(cwd);
	return up == NULL ? NULL : walk(w, up, path);
}

struct spot *
spot_find(struct watch *w, const char *path, struct spot **deepest)
{
	struct spot *s = w->root;
	size_t len;

	for (; s != NULL && *path != '\0'; path += len) {
		*deepest = s;
		path += strspn(path, "/");
		len = strcspn(path, "/");
		if (len > 0)
			s = spot_below(w, s, path, len);
	}
	if (s != NULL)
		*deepest = s;
	return s;
}

static bool
is_used(const struct spot *s)
{
	return s->up == NULL || s->branch || !SLIST_EMPTY(&s->users) ||
	    !LIST_EMPTY(&s->below) || !LIST_EMPTY(&s->from);
}

void
spot_drop(struct watch *w, struct spot *s)
{
	struct spot *up, *to;

	for (; s != NULL && !is_used(s); s = up) {
		up = s->up;
		leave(w, s);
		if (s->is_due)
			TAILQ_REMOVE(&w->due, s, due);
		table_remove(w, &w->spots, s);
		LIST_REMOVE(s, beside);
		if ((to = s->to) != NULL) {
			LIST_REMOVE(s, link);
			spot_drop(w, to);
		}
		free(s);
	}
}

void
spot_due(struct watch *w, struct spot *s, unsigned what)
{
	s->what |= what;
	if (s->is_due)
		return;
	s->is_due = true;
	TAILQ_INSERT_TAIL(&w->due, s, due);
}

bool
spot_in_tree(const struct spot *s)
{
	const struct user *u;

	for (; s != NULL; s = s->up) {
		SLIST_FOREACH(u, &s->users, next)
			if (u->flags & WATCH_TREE)
				return true;
		if (!s->branch)
			return false;
	}
	return false;
}

/*
 * --- What is there --------------------------------------------------------
 */

/* Stand at the directory that path leads to; true if it is another one. */
static bool
attach(struct watch *w, struct spot *s, const char *path)
{
	uint32_t mask = SELF | IN_ONLYDIR | IN_MASK_ADD | IN_EXCL_UNLINK |
	    (s->names ? NAMES : 0) |
	    (s->kind == SPOT_DIR ? IN_DONT_FOLLOW : 0);
	struct inode *n;
	int wd;

	if ((wd = inotify_add_watch(w->fd, path, mask)) == -1) {
		if (errno != ENOENT && errno != ENOTDIR && errno != ELOOP)
			fail(w, path, "inotify_add_watch");
		if (s->inode == NULL)
			return false;
		leave(w, s);
		return true;
	}
	if (s->inode != NULL && s->inode->wd == wd)
		return false;
	leave(w, s);
	if ((n = inode_get(w, wd)) == NULL) {
		fail(w, path, "malloc");
		return true;
	}
	s->inode = n;
	LIST_INSERT_HEAD(&n->at, s, at);
	return true;
}

void
spot_names(struct watch *w, struct spot *s)
{
	char path[PATH_MAX];

	if (s == NULL || s->names)
		return;
	s->names = true;
	if (s->inode != NULL && path_of(s, path) && attach(w, s, path))
		spot_due(w, s, WATCH_CHANGED | WATCH_NAME | DUE_BELOW);
}

static enum spot_kind
kind_at(const char *path)
{
	struct stat st;

	if (lstat(path, &st) == -1)
		return SPOT_NONE;
	return S_ISDIR(st.st_mode) ? SPOT_DIR : S_ISLNK(st.st_mode) ?
	    SPOT_LINK : SPOT_OTHER;
}

/* Links that lead in a circle lead nowhere. */
static bool
leads_back(const struct spot *s, const struct spot *to)
{
	for (; to != NULL; to = to->to)
		if (to == s)
			return true;
	return false;
}

static void
lead_to(struct watch *w, struct spot *s, struct spot *to)
{
	struct spot *old = s->to;

	if (leads_back(s, to))
		to = NULL;
	if (old == to)
		return;
	if (old != NULL)
		LIST_REMOVE(s, link);
	s->to = to;
	if (to != NULL) {
		LIST_INSERT_HEAD(&to->from, s, link);
		spot_names(w, to->up);
	}
	if (old != NULL)
		spot_drop(w, old);
}

/* A link whose end is watched, or that is on the way to something. */
static void
look_at_link(struct watch *w, struct spot *s, const char *path)
{
	static int depth;
	char text[PATH_MAX];
	struct spot *to = NULL;
	ssize_t n;

	if (depth < LINKS_MAX &&
	    (n = readlink(path, text, sizeof(text) - 1)) != -1) {
		text[n] = '\0';
		depth++;
		to = walk(w, s->up == NULL ? s : s->up, text);
		depth--;
	}
	lead_to(w, s, to);
}

static bool
is_followed(const struct spot *s)
{
	const struct user *u;

	if (!LIST_EMPTY(&s->below) || !LIST_EMPTY(&s->from) ||
	    SLIST_EMPTY(&s->users))
		return true;
	SLIST_FOREACH(u, &s->users, next)
		if (u->flags & WATCH_FOLLOW)
			return true;
	return false;
}

bool
spot_look(struct watch *w, struct spot *s)
{
	enum spot_kind was = s->kind;
	char path[PATH_MAX];
	bool other;

	if (!path_of(s, path)) {
		errno = ENAMETOOLONG;
		fail(w, s->name, "watch");
		return false;
	}
	s->kind = kind_at(path);
	if (s->kind == SPOT_NONE || s->kind == SPOT_LINK) {
		/* It may have changed before its name was watched. */
		spot_names(w, s->up);
		s->kind = kind_at(path);
	}
	if (s->kind == SPOT_LINK && is_followed(s))
		look_at_link(w, s, path);
	else
		lead_to(w, s, NULL);
	if (s->kind == SPOT_DIR || s->to != NULL)
		other = attach(w, s, path);
	else {
		other = s->inode != NULL;
		leave(w, s);
	}
	return other || s->kind != was;
}

void
spot_search(struct watch *w, struct spot *s)
{
	char path[PATH_MAX];
	struct dirent *e;
	struct spot *b;
	DIR *d;

	if (s->inode == NULL || !path_of(s, path))
		return;
	spot_names(w, s);
	if ((d = opendir(path)) == NULL)
		return;
	while ((e = readdir(d)) != NULL) {
		if (e->d_name[0] == '.' && (e->d_name[1] == '\0' ||
		    strcmp(e->d_name, "..") == 0))
			continue;
		if (e->d_type != DT_DIR && e->d_type != DT_UNKNOWN)
			continue;
		if ((b = child(w, s, e->d_name, strlen(e->d_name))) == NULL)
			fail(w, path, "malloc");
		else if (b->kind == SPOT_DIR && !b->branch) {
			b->branch = true;
			spot_search(w, b);
		} else
			spot_drop(w, b);
	}
	closedir(d);
}

int
spots_init(struct watch *w)
{
	TAILQ_INIT(&w->due);
	if ((w->root = make(w, NULL, "", 0)) == NULL)
		return -1;
	spot_look(w, w->root);
	return 0;
}

void
spots_clear(struct watch *w)
{
	struct user *u;
	struct spot *s;
	void *p, *next;
	size_t i;

	for (i = 0; i < w->spots.size; i++)
		for (p = w->spots.v[i]; p != NULL; p = next) {
			next = *next_of(p);
			s = p;
			while ((u = SLIST_FIRST(&s->users)) != NULL) {
				SLIST_REMOVE_HEAD(&s->users, next);
				free(u);
			}
			free(s);
		}
	for (i = 0; i < w->inodes.size; i++)
		for (p = w->inodes.v[i]; p != NULL; p = next) {
			next = *next_of(p);
			free(p);
		}
	free(w->spots.v);
	free(w->inodes.v);
}
