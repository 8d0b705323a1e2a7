#include <sys/mman.h>

#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "resource/world.h"

/*
 * Entries lie in a tree (tsearch(3)) under their normal path: absolute, with
 * single slashes, and none at the end but for the root.  In that order the
 * entries of a directory do not stand together, so world_each() looks at all.
 */
struct place {
	char		*path;
	struct node	 node;
	char		*data;
	size_t		 mapped;	/* bytes at data, if not allocated */
};

struct world {
	void		*root;
	bool		 vague;
};

static int
place_cmp(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	return strcmp(x->path, y->path);
}

static void
drop_data(struct place *e)
{
	if (e->mapped > 0)
		(void)munmap(e->data, e->mapped);
	else
		free(e->data);
	e->data = NULL;
	e->mapped = 0;
}

static void
place_free(void *p)
{
	struct place *e = p;

	free(e->path);
	drop_data(e);
	free(e);
}

struct world *
world_new(void)
{
	return calloc(1, sizeof(struct world));
}

void
world_free(struct world *w)
{
	if (w == NULL)
		return;
	tdestroy(w->root, place_free);
	free(w);
}

/* The normal form of path, to be freed, or NULL. */
static char *
normal(const char *path)
{
	struct buf b = { 0 };
	char *cwd = NULL;
	size_t n;

	if (path[0] != '/') {
		if ((cwd = getcwd(NULL, 0)) == NULL)
			return NULL;
		if (strcmp(cwd, "/") != 0)
			buf_puts(&b, cwd);
		free(cwd);
	}
	for (; *path != '\0'; path += n) {
		path += strspn(path, "/");
		n = strcspn(path, "/");
		if (n == 0 || (n == 1 && path[0] == '.'))
			continue;
		buf_putc(&b, '/');
		buf_add(&b, path, n);
	}
	if (b.len == 0)
		buf_putc(&b, '/');
	buf_putc(&b, '\0');
	if (buf_failed(&b)) {
		buf_clear(&b);
		return NULL;
	}
	return b.p;
}

static struct place *
find(const struct world *w, char *path)
{
	struct place key = { .path = path };
	struct place *const *found = tfind(&key, &w->root, place_cmp);

	return found == NULL ? NULL : *found;
}

/* Is what the host has at path hidden by something entered above it? */
static bool
is_hidden(const struct world *w, char *path)
{
	const struct place *e;
	char *slash;

	while ((slash = strrchr(path, '/')) != NULL && slash != path) {
		*slash = '\0';
		if ((e = find(w, path)) != NULL)
			return e->node.kind != NODE_LINK &&
			    (e->node.kind != NODE_DIR || e->node.fresh);
	}
	return false;
}

bool
world_look(const struct world *w, const char *path, struct node *n)
{
	const struct place *e;
	bool known = false;
	char *name;

	if (w == NULL || w->root == NULL || (name = normal(path)) == NULL)
		return false;
	if ((e = find(w, name)) != NULL) {
		*n = e->node;
		known = true;
	} else if (is_hidden(w, name)) {
		*n = (struct node){ .kind = NODE_NONE };
		known = true;
	}
	free(name);
	return known;
}

/* The entry of that name, made if need be; takes name over. */
static struct place *
enter(struct world *w, char *name)
{
	struct place *e = find(w, name);

	if (e != NULL) {
		free(name);
		return e;
	}
	if ((e = calloc(1, sizeof(*e))) == NULL) {
		free(name);
		return NULL;
	}
	e->path = name;
	if (tsearch(e, &w->root, place_cmp) == NULL) {
		place_free(e);
		return NULL;
	}
	return e;
}

int
world_set(struct world *w, const char *path, const struct node *n)
{
	struct place *e;
	char *name, *data = NULL;

	if ((name = normal(path)) == NULL || (e = enter(w, name)) == NULL)
		return -1;
	if (n->data.p != NULL && n->data.p != e->data) {
		if ((data = malloc(n->data.len + 1)) == NULL)
			return -1;
		memcpy(data, n->data.p, n->data.len);
		data[n->data.len] = '\0';
	}
	if (n->data.p == NULL || n->data.p != e->data) {
		drop_data(e);
		e->data = data;
	}
	e->node = *n;
	e->node.data.p = e->data;
	return 0;
}

int
world_set_file(struct world *w, const char *path, const struct node *n,
    int fd, size_t size)
{
	struct node empty = *n;
	struct place *e;
	char *name;
	void *map;

	empty.data = (struct str){ "", 0 };
	if (world_set(w, path, &empty) == -1 || (name = normal(path)) == NULL)
		return -1;
	e = find(w, name);
	free(name);
	map = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (map == MAP_FAILED)
		return -1;
	drop_data(e);
	e->data = map;
	e->mapped = size;
	e->node.data = (struct str){ map, size };
	return 0;
}

void
world_set_vague(struct world *w)
{
	w->vague = true;
}

bool
world_is_vague(const struct world *w)
{
	return w != NULL && w->vague;
}

struct walk {
	const char	*dir;
	size_t		 len;
	int		(*fn)(const char *name, const struct node *n,
			    void *arg);
	void		*arg;
	bool		 stopped;
};

static void
visit(const void *nodep, VISIT which, void *arg)
{
	const struct place *e = *(struct place *const *)nodep;
	struct walk *k = arg;
	const char *name;

	if (k->stopped || (which != postorder && which != leaf) ||
	    strncmp(e->path, k->dir, k->len) != 0 || e->path[k->len] != '/')
		return;
	name = e->path + k->len + 1;
	if (*name == '\0' || strchr(name, '/') != NULL)
		return;
	k->stopped = k->fn(name, &e->node, k->arg) != 0;
}

void
world_each(const struct world *w, const char *dir,
    int (*fn)(const char *name, const struct node *n, void *arg), void *arg)
{
	struct walk k = { .fn = fn, .arg = arg };
	char *name;

	if (w == NULL || (name = normal(dir)) == NULL)
		return;
	k.dir = name;
	k.len = strcmp(name, "/") == 0 ? 0 : strlen(name);
	twalk_r(w->root, visit, &k);
	free(name);
}
