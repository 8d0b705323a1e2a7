#include <sys/stat.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <lmdb.h>

#include "base/clock.h"
#include "base/why.h"
#include "keep/look.h"

/* After the last run that changed something, whatever the clock says. */
static int
next_run(struct store *s, uint64_t *run)
{
	struct store_view *v;
	uint64_t last;
	int rc;

	if ((rc = store_view(s, &v)) != 0)
		return rc;
	rc = store_last_change(v, &last);
	store_view_end(v);
	*run = clock_unix_ms();
	if (*run <= last)
		*run = last + 1;
	return rc;
}

int
keep_new(struct keep **kp, struct store *s, const struct keep_limits *limits)
{
	struct keep *k;
	int rc;

	if ((k = calloc(1, sizeof(*k))) == NULL)
		return ENOMEM;
	k->store = s;
	k->limits = *limits;
	if ((rc = next_run(s, &k->run)) != 0) {
		free(k);
		return rc;
	}
	*kp = k;
	return 0;
}

static void
drop_rows(struct keep *k)
{
	while (k->n > 0)
		row_free(&k->rows[--k->n].row);
	k->told = 0;
}

static void
compared_free(struct compared *c)
{
	text_free(&c->type);
	text_free(&c->title);
	free(c);
}

void
keep_free(struct keep *k)
{
	struct compared *c;

	if (k == NULL)
		return;
	drop_rows(k);
	pieces_drop(k);
	while ((c = k->compared) != NULL) {
		k->compared = c->next;
		compared_free(c);
	}
	free(k->rows);
	free(k->policy);
	free(k);
}

int
keep_policy(struct keep *k, struct str policy)
{
	char *copy;

	if ((copy = strndup(policy.p, policy.len)) == NULL)
		return -1;
	free(k->policy);
	k->policy = copy;
	return 0;
}

uint64_t
keep_run(const struct keep *k)
{
	return k->run;
}

bool
keep_is_empty(const struct keep *k)
{
	return k->n == 0;
}

/* --- What was ------------------------------------------------------------ */

static int
look_before(struct keep *k, const struct journal_step *s,
    struct kept_state *was, struct buf *why)
{
	int fd = -1, rc;

	*was = (struct kept_state){ .kind = KEPT_NONE };
	if (s->dir == -1)
		return 0;
	if (state_look(was, s->dir, s->name, &fd, s->path, why) == -1)
		return -1;
	rc = 0;
	if (was->kind == KEPT_FILE && s->op != JOURNAL_ATTRS)
		rc = content_note(k, s->old != -1 ? s->old : fd, was,
		    s->sensitive, s->path, why);
	if (fd != -1)
		close(fd);
	if (rc == -1)
		state_free(was);
	return rc;
}

/* --- What will be -------------------------------------------------------- */

static void
will_attrs(const struct journal_step *s, struct kept_state *is, mode_t type)
{
	if (s->attrs.mode != (mode_t)-1) {
		is->has |= KEPT_HAS_MODE;
		is->mode = s->attrs.mode | type;
	}
	if (s->attrs.uid != (uid_t)-1) {
		is->has |= KEPT_HAS_UID;
		is->uid = s->attrs.uid;
	}
	if (s->attrs.gid != (gid_t)-1) {
		is->has |= KEPT_HAS_GID;
		is->gid = s->attrs.gid;
	}
}

/* As it was, but for the content and what is set. */
static int
will_keep(const struct journal_step *s, const struct kept_state *was,
    struct kept_state *is)
{
	if (state_copy(is, was) == -1)
		return -1;
	is->has &= KEPT_HAS_MODE | KEPT_HAS_UID | KEPT_HAS_GID |
	    KEPT_HAS_XATTRS;
	will_attrs(s, is, was->mode & S_IFMT);
	if (is->mode != was->mode || is->uid != was->uid ||
	    is->gid != was->gid)
		is->has |= KEPT_HAS_PART;
	return 0;
}

static int
will_write(const struct keep *k, const struct journal_step *s,
    const struct kept_state *was, struct kept_state *is, struct buf *why)
{
	struct stat st;

	if (was->kind == KEPT_FILE) {
		if (will_keep(s, was, is) == -1)
			return why_errno(why, s->path, "malloc");
	} else {
		is->kind = KEPT_FILE;
		is->has = KEPT_HAS_UID;
		is->uid = geteuid();
		will_attrs(s, is, S_IFREG);
	}
	is->size = s->data.len;
	if (s->from != NULL) {
		if (stat(s->from, &st) == -1)
			return why_errno(why, s->from, "stat");
		is->size = (uint64_t)st.st_size;
	}
	if (!content_fits(k, is->size))
		return 0;
	is->has |= KEPT_HAS_DIGEST;
	return journal_digest(s, is->digest, why);
}

static int
look_after(const struct keep *k, const struct journal_step *s,
    const struct kept_state *was, struct kept_state *is, struct buf *why)
{
	*is = (struct kept_state){ .kind = KEPT_NONE };
	switch (s->op) {
	case JOURNAL_WRITE:
		return will_write(k, s, was, is, why);
	case JOURNAL_ATTRS:
		if (will_keep(s, was, is) == 0)
			return 0;
		break;
	case JOURNAL_MKDIR:
		is->kind = KEPT_DIR;
		is->has = KEPT_HAS_UID;
		is->uid = geteuid();
		will_attrs(s, is, S_IFDIR);
		return 0;
	case JOURNAL_LINK:
		is->kind = KEPT_LINK;
		is->has = KEPT_HAS_UID;
		is->uid = geteuid();
		will_attrs(s, is, S_IFLNK);
		if (text_copy(&is->target, str_of(s->target)) == 0)
			return 0;
		break;
	default:
		return 0;
	}
	return why_errno(why, s->path, "malloc");
}

/* --- What the resource had left there ------------------------------------ */

static unsigned
compare(const struct left_row *left, const struct kept_state *was)
{
	if (!state_same(&left->is, was))
		return KEEP_DRIFTED;
	return left->undone ? KEEP_UNDONE : KEEP_AS_LEFT;
}

static struct compared *
compared_of(struct keep *k, struct str type, struct str title)
{
	struct compared *c;

	for (c = k->compared; c != NULL; c = c->next)
		if (str_eq(c->type, type) && str_eq(c->title, title))
			return c;
	if ((c = calloc(1, sizeof(*c))) == NULL)
		return NULL;
	if (text_copy(&c->type, type) == -1 ||
	    text_copy(&c->title, title) == -1) {
		compared_free(c);
		return NULL;
	}
	c->next = k->compared;
	return k->compared = c;
}

/* Sets n->made. */
static int
compare_left(struct keep *k, struct noted *n, struct buf *why)
{
	struct owner who = { n->row.policy, n->row.type, n->row.title };
	struct compared *c;
	struct store_view *v;
	struct left_row left;
	unsigned flags = 0;
	int rc;

	n->made = n->row.was.kind == KEPT_NONE;
	if ((rc = store_view(k->store, &v)) != 0)
		goto fail;
	if ((rc = store_left(v, &who, n->row.path, &left)) == 0) {
		flags = compare(&left, &n->row.was);
		n->made = n->made || left.made;
	}
	store_view_end(v);
	if (rc != 0 && rc != MDB_NOTFOUND)
		goto fail;
	if (flags == 0)
		return 0;
	if ((c = compared_of(k, who.type, who.title)) == NULL)
		return why_errno(why, n->row.path.p, "malloc");
	c->flags |= flags;
	return 0;
fail:
	return why_say(why, "%s: to look up what was left: %s",
	    n->row.path.p, store_strerror(rc));
}

unsigned
keep_compared(struct keep *k, struct str type, struct str title)
{
	struct compared **cp, *c;
	unsigned flags;

	for (cp = &k->compared; (c = *cp) != NULL; cp = &c->next)
		if (str_eq(c->type, type) && str_eq(c->title, title)) {
			flags = c->flags;
			*cp = c->next;
			compared_free(c);
			return flags;
		}
	return 0;
}

/* --- Notes --------------------------------------------------------------- */

static struct noted *
row_room(struct keep *k)
{
	struct noted *more;
	size_t size;

	if (k->n == k->size) {
		size = k->size == 0 ? 16 : k->size * 2;
		more = reallocarray(k->rows, size, sizeof(*more));
		if (more == NULL)
			return NULL;
		k->rows = more;
		k->size = size;
	}
	k->rows[k->n] = (struct noted){ .made = false };
	return &k->rows[k->n];
}

int
change_note(struct keep *k, struct change_row *r, struct buf *why)
{
	struct noted *n;

	if ((n = row_room(k)) == NULL) {
		state_free(&r->was);
		state_free(&r->is);
		return why_errno(why, r->path.p, "malloc");
	}
	k->n++;
	n->row.run = k->run;
	n->row.undoes = r->undoes;
	n->row.was = r->was;
	n->row.is = r->is;
	r->was.target = r->was.xattrs = (struct str){ NULL, 0 };
	r->is.target = r->is.xattrs = (struct str){ NULL, 0 };
	if (text_copy(&n->row.policy, r->policy) == -1 ||
	    text_copy(&n->row.type, r->type) == -1 ||
	    text_copy(&n->row.title, r->title) == -1 ||
	    text_copy(&n->row.path, r->path) == -1)
		return why_errno(why, r->path.p, "malloc");
	if (compare_left(k, n, why) == -1)
		return -1;
	/* Of what nobody may see, nor its digest stays. */
	if (n->row.was.has & KEPT_SENSITIVE)
		n->row.was.has &= ~(unsigned)KEPT_HAS_DIGEST;
	return 0;
}

bool
keep_will_be_dir(const struct keep *k, struct str path)
{
	size_t i;

	for (i = k == NULL ? 0 : k->n; i-- > 0;)
		if (str_eq(k->rows[i].row.path, path))
			return k->rows[i].row.is.kind == KEPT_DIR;
	return false;
}

int
keep_note(struct keep *k, const struct journal_step *s, struct str type,
    struct str title, struct buf *why)
{
	struct change_row r = { .type = type, .title = title };
	struct buf path = { 0 };
	int rc = -1;

	if (k->policy != NULL)
		r.policy = str_of(k->policy);
	if ((s->dir == -1 ? keep_path_in(k, &path, s->path) :
	    keep_path_at(&path, s->dir, s->name)) == -1)
		why_errno(why, s->path, "realpath");
	else if (look_before(k, s, &r.was, why) == 0) {
		r.path = buf_view(&path);
		if (look_after(k, s, &r.was, &r.is, why) == -1) {
			state_free(&r.was);
			state_free(&r.is);
		} else
			rc = change_note(k, &r, why);
	}
	buf_clear(&path);
	return rc;
}

static int
put_row(struct store_tx *t, const struct noted *n)
{
	const struct change_row *r = &n->row;
	struct owner who = { r->policy, r->type, r->title };
	struct left_row left = { .path = r->path, .is = r->is,
	    .made = n->made, .undone = r->undoes != 0 };
	int rc;

	if ((rc = store_change(t, r)) != 0)
		return rc;
	if (r->is.kind == KEPT_NONE && !left.undone)
		return store_left_del(t, &who, r->path);
	return store_left_put(t, &who, &left);
}

int
keep_put(struct keep *k, struct store_tx *t)
{
	uint64_t age = k->limits.age_max * 1000;
	size_t i;
	int rc;

	if (k->n == 0)
		return 0;
	rc = pieces_put(k, t);
	for (i = 0; rc == 0 && i < k->n; i++)
		rc = put_row(t, &k->rows[i]);
	if (rc == 0 && k->swept)
		rc = store_content_settled(t);
	if (rc != 0)
		return rc;
	return store_kept_trim(t, k->run > age ? k->run - age : 0,
	    k->limits.size_max, k->run);
}

void
keep_done(struct keep *k)
{
	drop_rows(k);
	pieces_drop(k);
	k->loose = false;
}

void
keep_forget(struct keep *k)
{
	drop_rows(k);
	pieces_drop(k);
	if (k->loose)
		k->swept = false;
	k->loose = false;
}

const char *
keep_next_lost(struct keep *k, const char **why)
{
	const struct change_row *r;

	while (k->told < k->n) {
		r = &k->rows[k->told++].row;
		if ((r->was.has & KEPT_SENSITIVE) == 0 &&
		    (*why = keep_why_not(&r->was)) != NULL)
			return r->path.p;
	}
	return NULL;
}

const char *
keep_why_not(const struct kept_state *s)
{
	return s->has & KEPT_SENSITIVE ? "it is sensitive" :
	    s->has & KEPT_TOO_LARGE ? "it is larger than is kept" :
	    s->has & KEPT_UNREADABLE ? "it could not be read" : NULL;
}
