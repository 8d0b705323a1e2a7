#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "account/account.h"
#include "base/place.h"
#include "base/replace.h"
#include "base/why.h"
#include "resource/journal.h"
#include "resource/world.h"

/* A file that is about to be replaced. */
struct part {
	struct place	 at;
	struct replace	 r;
	int		 old;
};

/* A text of a file: the one that goes first, or the last one. */
struct turn {
	enum account_file file;
	bool		 first;
};

enum { TURNS = 6 };

/*
 * What comes first is what counts least by itself: the hidden half of what is
 * made; of what goes, the half that programs look at.  A user comes behind the
 * group of its own and before it is a member of others, which grpck(8) would
 * not have.  It is the last to go: it tells that there is still something to
 * do.
 */
static const struct turn making[TURNS] = {
	{ ACCOUNT_GSHADOW, true }, { ACCOUNT_GROUP, true },
	{ ACCOUNT_SHADOW, false }, { ACCOUNT_PASSWD, false },
	{ ACCOUNT_GSHADOW, false }, { ACCOUNT_GROUP, false }
};
static const struct turn removing[TURNS] = {
	{ ACCOUNT_GROUP, true }, { ACCOUNT_GSHADOW, true },
	{ ACCOUNT_GROUP, false }, { ACCOUNT_GSHADOW, false },
	{ ACCOUNT_PASSWD, false }, { ACCOUNT_SHADOW, false }
};

/* The text of that turn; without one, there is nothing to be written. */
static struct str
text_of(const struct accounts *a, const struct turn *t)
{
	struct str none = { NULL, 0 };
	struct str text = buf_view(&a->f[t->file].text);
	struct str first = buf_view(&a->f[t->file].first);

	if (t->first)
		return first.len > 0 ? first : none;
	if (!a->f[t->file].changed || (first.len > 0 && str_eq(text, first)))
		return none;
	return text.p != NULL ? text : str_of("");
}

static int
note(const struct part *p, const struct str text, const struct job *j,
    struct buf *why)
{
	struct journal_step s = { .op = JOURNAL_WRITE, .path = p->at.path,
	    .dir = p->at.dir, .name = p->at.name, .was = NODE_FILE,
	    .old = p->old, .attrs = ATTRS_NONE, .data = text,
	    .sensitive = j->sensitive };

	if (fstat(p->old, &s.st) == -1)
		return why_errno(why, p->at.path, "fstat");
	return journal_note(j, &s, why);
}

static int
stage(struct part *p, const char *path, struct str text, const struct job *j,
    struct buf *why)
{
	const struct attrs none = ATTRS_NONE;

	if (place_find(&p->at, path, PLACE_FOLLOW, why) == -1)
		return -1;
	p->old = place_open(&p->at, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	if (p->old == -1) {
		why_errno(why, path, "open");
		goto clear;
	}
	if (replace_begin(&p->r, &p->at, 0, why) == 0 &&
	    replace_write(&p->r, text, why) == 0 &&
	    replace_attrs(&p->r, p->old, &none, why) == 0 &&
	    note(p, text, j, why) == 0)
		return 0;
	replace_abort(&p->r);
	close(p->old);
clear:
	place_clear(&p->at);
	return -1;
}

static void
end(struct part *p)
{
	replace_abort(&p->r);
	close(p->old);
	place_clear(&p->at);
}

int
accounts_write(struct accounts *a, struct job *j, struct buf *why)
{
	const struct turn *turns = a->removing ? removing : making;
	struct part parts[TURNS];
	struct replace *all[TURNS];
	struct str text;
	size_t done, i, n = 0;
	int rc = 0;

	if (accounts_failed(a))
		return why_say(why, "out of memory");
	for (i = 0; rc == 0 && i < TURNS; i++) {
		text = text_of(a, &turns[i]);
		if (text.p != NULL && (rc = stage(&parts[n],
		    account_paths[turns[i].file], text, j, why)) == 0) {
			all[n] = &parts[n].r;
			n++;
		}
	}
	if (rc == -1)
		journal_forget(j);
	else if ((rc = journal_commit(j, why)) == 0)
		rc = replace_commit_all(all, n, false, &done, why);
	for (i = 0; i < n; i++)
		end(&parts[i]);
	return rc;
}

int
accounts_pretend(const struct accounts *a, struct job *j)
{
	struct node n;
	struct stat st;
	size_t i;

	for (i = 0; i < ACCOUNT_FILES; i++) {
		if (!a->f[i].changed)
			continue;
		if (!world_look(j->world, account_paths[i], &n)) {
			if (stat(account_paths[i], &st) == -1)
				return -1;
			n = (struct node){ .kind = NODE_FILE,
			    .mode = st.st_mode & 07777, .uid = st.st_uid,
			    .gid = st.st_gid };
		}
		n.data = buf_view(&a->f[i].text);
		if (world_set(j->world, account_paths[i], &n) == -1)
			return -1;
	}
	return 0;
}
