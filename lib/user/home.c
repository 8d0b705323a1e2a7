#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/place.h"
#include "base/why.h"
#include "facts/text.h"
#include "file/file.h"
#include "resource/journal.h"
#include "resource/world.h"
#include "user/plan.h"

/*
 * Directories and files are made and removed as resource_file does it, which
 * keeps all its promises: a link of the user's making leads nowhere but to
 * what is his own.
 *
 * A home directory is closed to others, and sticky, which no other one is,
 * until all that it is to have is in it, and it is the user's.  One that is so
 * still was not finished, and is.
 */
enum { VALUES_MAX = 64, UNFINISHED = 01700 };

struct part {
	struct value	 values[VALUES_MAX];
};

static void
set(struct part *p, const char *option, struct value v)
{
	int i = option_find(resource_file.options, str_of(option));

	if (i >= 0 && i < VALUES_MAX)
		p->values[i] = v;
}

static void
set_text(struct part *p, const char *option, const char *s)
{
	set(p, option, (struct value){ .type = VALUE_STRING,
	    .str = str_of(s) });
}

static void
set_yes(struct part *p, const char *option, bool yes)
{
	set(p, option, (struct value){ .type = VALUE_BOOL, .yes = yes });
}

static void
set_owner(struct part *p, uid_t uid, gid_t gid)
{
	set(p, "owner", (struct value){ .type = VALUE_INT, .num = uid });
	set(p, "group", (struct value){ .type = VALUE_INT, .num = gid });
}

/* Plan it, and if so told, do it; OUTCOME_FAILED with a reason in why. */
static enum outcome
run_part(struct job *j, struct part *p, const char *path, bool act,
    struct buf *why)
{
	struct job one = *j;
	enum outcome outcome;

	set_yes(p, "keep_orig", false);
	one.type = &resource_file;
	one.title = str_of(path);
	one.values = p->values;
	one.why = one.did = one.diff = one.detail = one.out = one.err =
	    (struct buf){ 0 };
	one.state = NULL;
	one.drop = NULL;
	one.want_detail = false;
	outcome = resource_file.plan(&one);
	if (outcome == OUTCOME_CHANGED && act)
		outcome = j->world != NULL ? resource_file.pretend(&one) :
		    resource_file.apply(&one);
	if (outcome == OUTCOME_FAILED)
		why_say(why, "%s: %.*s", path, (int)one.why.len, one.why.p);
	else if (outcome == OUTCOME_CHANGED && !act)
		why_say(why, "%s: %.*s", path, (int)one.why.len, one.why.p);
	job_clear(&one);
	return outcome;
}

static char *
join(const char *dir, const char *name)
{
	char *s;

	return asprintf(&s, "%s/%s", dir, name) == -1 ? NULL : s;
}

/* What is at the path, behind a link. */
static void
look(const struct job *j, const char *path, struct node *n)
{
	struct stat st;

	if (world_look(j->world, path, n))
		return;
	*n = (struct node){ .kind = NODE_NONE };
	if (stat(path, &st) == -1)
		return;
	n->kind = S_ISDIR(st.st_mode) ? NODE_DIR : NODE_OTHER;
	n->mode = st.st_mode & 07777;
	n->uid = st.st_uid;
	n->gid = st.st_gid;
}

/*
 * --- Looking -------------------------------------------------------------
 */

/* Is path dir, or below it? */
static bool
is_within(struct str path, const char *dir)
{
	size_t n = strlen(dir);

	while (n > 1 && dir[n - 1] == '/')
		n--;
	return path.len >= n && memcmp(path.p, dir, n) == 0 &&
	    (path.len == n || path.p[n] == '/');
}

/* Only what is this user's, and nobody else's, goes. */
static int
look_removal(struct job *j, struct user_plan *p)
{
	struct str rest = buf_view(&p->db.f[ACCOUNT_PASSWD].text);
	const char *dir = p->home.is;
	struct account_line l;
	struct node n;

	look(j, dir, &n);
	if (n.kind == NODE_NONE)
		return 0;
	if (n.kind != NODE_DIR || n.uid != p->home.uid || n.uid == 0 ||
	    *dir != '/' || dir[strspn(dir, "/")] == '\0')
		return job_fail(j, "home: %s is not a directory of this "
		    "user's", dir), -1;
	while (account_next(&rest, &l))
		if (is_within(l.field[PASSWD_DIR], dir))
			return job_fail(j, "home: %s has that of %.*s in it",
			    dir, (int)l.field[0].len, l.field[0].p), -1;
	p->home.goes = true;
	job_why(j, "%s is there", dir);
	return 0;
}

/* The filesystem that path will be on. */
static dev_t
device(const char *path)
{
	char *up = strdup(path), *slash;
	struct stat st = { .st_dev = 0 };

	while (up != NULL && (slash = strrchr(up, '/')) != NULL) {
		slash[slash == up] = '\0';
		if (stat(up, &st) == 0 || slash == up)
			break;
	}
	free(up);
	return st.st_dev;
}

static int
look_move(struct job *j, struct user_plan *p)
{
	struct user_home *h = &p->home;
	struct stat st;
	struct node n;

	look(j, h->is, &n);
	if (n.kind != NODE_DIR)
		return 0;
	if (is_within(str_of(h->want), h->is))
		return job_fail(j, "home: %s is within %s", h->want,
		    h->is), -1;
	if (lstat(h->is, &st) == 0 && S_ISDIR(st.st_mode) &&
	    st.st_dev != device(h->want))
		return job_fail(j, "home: %s is on another filesystem than "
		    "%s", h->want, h->is), -1;
	h->moves = true;
	return 0;
}

/* The first of which is how it comes into being. */
static bool
is_unfinished(const struct user_home *h, const struct node *n)
{
	if (n->mode == (UNFINISHED & 0777))
		return n->uid == 0 && n->gid == 0 && h->uid != 0;
	return n->mode == UNFINISHED && (n->uid == 0 || n->uid == h->uid);
}

static int
look_made(struct job *j, struct user_plan *p)
{
	struct user_home *h = &p->home;
	struct node n;

	look(j, h->want, &n);
	if (n.kind == NODE_NONE) {
		if (h->is != NULL && strcmp(h->is, h->want) != 0 &&
		    look_move(j, p) == -1)
			return -1;
		h->made = !h->moves;
		if (h->made)
			job_why(j, "%s is missing", h->want);
	} else if (n.kind != NODE_DIR) {
		return job_fail(j, "home: %s is not a directory", h->want), -1;
	} else if (is_unfinished(h, &n)) {
		h->made = true;
		job_why(j, "%s was not finished", h->want);
	}
	return 0;
}

/*
 * --- Keys ----------------------------------------------------------------
 */

static void
key_lines(const struct job *j, struct buf *b)
{
	const struct value *v = &j->values[USER_KEYS];
	const struct str *list = v->type == VALUE_LIST ? v->list : &v->str;
	size_t i, n = v->type == VALUE_LIST ? v->n : 1;

	for (i = 0; i < n; i++) {
		buf_str(b, list[i]);
		if (list[i].len > 0 && list[i].p[list[i].len - 1] != '\n')
			buf_putc(b, '\n');
	}
}

/*
 * The directory and the file in it, if need be.  A link is refused, or it is
 * replaced; one that the user puts there later leads to his own or nowhere.
 */
static enum outcome
run_keys(struct job *j, const struct user_home *h, const char *home,
    bool act, struct buf *why)
{
	char *dir = join(home, ".ssh"), *file = NULL;
	struct part d = { .values = { { .type = VALUE_NONE } } }, f = d;
	enum outcome one = OUTCOME_FAILED, two = OUTCOME_OK;
	struct buf text = { 0 };
	struct stat st;

	key_lines(j, &text);
	if (dir == NULL || (file = join(dir, "authorized_keys")) == NULL ||
	    buf_failed(&text)) {
		why_say(why, "out of memory");
		goto clear;
	}
	if (lstat(dir, &st) == 0 && S_ISLNK(st.st_mode)) {
		why_say(why, "%s: is a symbolic link", dir);
		goto clear;
	}
	set_text(&d, "ensure", "directory");
	set_text(&d, "mode", "0700");
	set_owner(&d, h->uid, h->gid);
	one = run_part(j, &d, dir, act, why);
	if (one == OUTCOME_FAILED || (one == OUTCOME_CHANGED && !act))
		goto clear;
	set(&f, "content", (struct value){ .type = VALUE_STRING,
	    .str = text.len > 0 ? buf_view(&text) : str_of("") });
	set_text(&f, "mode", "0600");
	set_yes(&f, "follow", false);
	set_yes(&f, "force", true);
	set_owner(&f, h->uid, h->gid);
	two = run_part(j, &f, file, act, why);
clear:
	buf_clear(&text);
	free(file);
	free(dir);
	return one == OUTCOME_FAILED || two == OUTCOME_FAILED ?
	    OUTCOME_FAILED : one == OUTCOME_CHANGED ? one : two;
}

static int
look_keys(struct job *j, struct user_plan *p)
{
	struct user_home *h = &p->home;
	const char *home = h->moves ? h->is : h->want;
	struct buf why = { 0 };
	enum outcome outcome;
	struct node n;

	look(j, home, &n);
	if (n.kind != NODE_DIR && !h->made)
		return job_fail(j, "authorized_keys: there is no directory "
		    "%s", home), -1;
	if (h->made) {
		h->keys = true;
		job_why(j, "authorized_keys are missing");
		return 0;
	}
	outcome = run_keys(j, h, home, false, &why);
	h->keys = outcome == OUTCOME_CHANGED;
	if (outcome == OUTCOME_CHANGED)
		job_why(j, "%.*s", (int)why.len, why.p);
	else if (outcome == OUTCOME_FAILED)
		job_fail(j, "%.*s", (int)why.len, why.p);
	buf_clear(&why);
	return outcome == OUTCOME_FAILED ? -1 : 0;
}

int
user_look_home(struct job *j, struct user_plan *p)
{
	if (user_is_absent(j))
		return user_yes(j, USER_HOME) && p->home.is != NULL ?
		    look_removal(j, p) : 0;
	if (p->home.want == NULL)
		return job_fail(j, "out of memory"), -1;
	if (user_yes(j, USER_HOME) && look_made(j, p) == -1)
		return -1;
	return user_given(j, USER_KEYS) ? look_keys(j, p) : 0;
}

/*
 * --- Doing it ------------------------------------------------------------
 */

static int
rename_dir(const char *from, const char *to, int flags, struct buf *why)
{
	struct place a, b;
	int rc;

	if (place_find(&a, from, 0, why) == -1)
		return -1;
	if ((rc = place_find(&b, to, flags, why)) == 0) {
		rc = renameat2(a.dir, a.name, b.dir, b.name,
		    RENAME_NOREPLACE);
		if (rc == -1 && (errno == EINVAL || errno == ENOSYS))
			rc = renameat(a.dir, a.name, b.dir, b.name);
		if (rc == -1)
			why_errno(why, from, "rename");
		place_clear(&b);
	}
	place_clear(&a);
	return rc;
}

static int
pretend_move(struct job *j, const struct user_home *h)
{
	struct node n, none = { .kind = NODE_NONE };

	look(j, h->is, &n);
	n.fresh = true;
	n.data = (struct str){ NULL, 0 };
	return world_set(j->world, h->want, &n) == -1 ? -1 :
	    world_set(j->world, h->is, &none);
}

int
user_home_before(struct job *j, struct user_plan *p, struct buf *why)
{
	struct part gone = { .values = { { .type = VALUE_NONE } } };
	struct user_home *h = &p->home;

	if (h->moves && j->world != NULL)
		return pretend_move(j, h) == -1 ?
		    why_say(why, "out of memory") : 0;
	if (h->moves) {
		if (journal_commit(j, why) == -1 ||
		    rename_dir(h->is, h->want, PLACE_PARENTS, why) == -1)
			return -1;
		h->moved = true;
		job_did(j, "Moved home directory.");
	}
	if (!h->goes)
		return 0;
	set_text(&gone, "ensure", "absent");
	set_yes(&gone, "recurse", true);
	set_yes(&gone, "force", true);
	if (run_part(j, &gone, h->is, true, why) == OUTCOME_FAILED)
		return -1;
	job_did(j, "Removed home directory.");
	return 0;
}

void
user_home_undo(struct user_plan *p)
{
	struct buf ignored = { 0 };

	if (p->home.moved)
		rename_dir(p->home.want, p->home.is, 0, &ignored);
	p->home.moved = false;
	buf_clear(&ignored);
}

static int
make_dir(struct job *j, const char *dir, uid_t uid, gid_t gid, unsigned mode,
    struct buf *why)
{
	static const char *const bits[] = { "", "x", "w", "wx", "r", "rx",
	    "rw", "rwx" };
	struct part p = { .values = { { .type = VALUE_NONE } } };
	char text[32];

	/* Digits would not clear the bit. */
	snprintf(text, sizeof(text), "u=%s,g=%s,o=%s,%ct", bits[mode >> 6 & 7],
	    bits[mode >> 3 & 7], bits[mode & 7], mode & 01000 ? '+' : '-');
	set_text(&p, "ensure", "directory");
	set_text(&p, "mode", text);
	set_yes(&p, "parents", true);
	set_owner(&p, uid, gid);
	return run_part(j, &p, dir, true, why) == OUTCOME_FAILED ? -1 : 0;
}

/* One entry of /etc/skel, with all that is below. */
static int
fill_one(struct job *j, const struct user_home *h, const char *skel,
    const char *name, struct buf *why)
{
	struct part p = { .values = { { .type = VALUE_NONE } } };
	char *from = join(skel, name), *to = join(h->want, name);
	char target[4096];
	ssize_t n;
	int rc = -1;

	if (from == NULL || to == NULL) {
		why_say(why, "out of memory");
		goto free_both;
	}
	if ((n = readlink(from, target, sizeof(target) - 1)) >= 0) {
		target[n] = '\0';
		set_text(&p, "ensure", "link");
		set_text(&p, "target", target);
	} else {
		set_text(&p, "source", from);
		set_yes(&p, "recurse", true);
		set_yes(&p, "replace", false);
	}
	set_owner(&p, h->uid, h->gid);
	rc = run_part(j, &p, to, true, why) == OUTCOME_FAILED ? -1 : 0;
free_both:
	free(from);
	free(to);
	return rc;
}

static int
fill(struct job *j, const struct user_home *h, struct buf *why)
{
	char room[256];
	const char *skel = account_default("SKEL", "/etc/skel", room,
	    sizeof(room));
	struct dirent *e;
	int rc = 0;
	DIR *d;

	if ((d = opendir(skel)) == NULL)
		return errno == ENOENT ? 0 : why_errno(why, skel, "opendir");
	while (rc == 0 && (e = readdir(d)) != NULL)
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			rc = fill_one(j, h, skel, e->d_name, why);
	closedir(d);
	return rc;
}

int
user_home_after(struct job *j, struct user_plan *p, struct buf *why)
{
	const struct user_home *h = &p->home;
	unsigned mode;

	if (h->made) {
		mode = (unsigned)account_number("HOME_MODE",
		    0777 & ~account_number("UMASK", 022)) & 0777;
		if (make_dir(j, h->want, 0, 0, UNFINISHED, why) == -1 ||
		    fill(j, h, why) == -1 ||
		    make_dir(j, h->want, h->uid, h->gid, mode, why) == -1)
			return -1;
		job_did(j, "Created home directory.");
	}
	if (h->keys) {
		if (run_keys(j, h, h->want, true, why) == OUTCOME_FAILED)
			return -1;
		job_did(j, "Wrote authorized keys.");
	}
	return 0;
}

void
user_home_watch(const struct job *j, const struct user_plan *p,
    resource_watch_fn *fn, void *arg)
{
	const char *home = p->home.want;
	char *path;

	if (home == NULL)
		return;
	if (user_yes(j, USER_HOME))
		fn(home, 0, arg);
	if (user_given(j, USER_KEYS) &&
	    asprintf(&path, "%s/.ssh/authorized_keys", home) != -1) {
		fn(path, 0, arg);
		free(path);
	}
}

void
user_clear(struct user_plan *p)
{
	accounts_clear(&p->db);
	free(p->home.is);
	free(p->home.want);
}
