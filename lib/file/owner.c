#include <sys/stat.h>

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "account/account.h"
#include "base/why.h"
#include "file/owner.h"

enum { KNOWN_MAX = 16 };

/* Policies use few names and use them often. */
struct known {
	const char	*file;		/* where local names are */
	struct timespec	 time;		/* its, when the names were found */
	ino_t		 ino;
	unsigned	 n;
	struct {
		char	*name;
		id_t	 id;
	} v[KNOWN_MAX];
};

static struct known users = { .file = "/etc/passwd" };
static struct known groups = { .file = "/etc/group" };

static void
forget_if_stale(struct known *k)
{
	struct stat st = { .st_ino = 0 };
	unsigned i;

	if (stat(k->file, &st) == 0 && st.st_ino == k->ino &&
	    st.st_mtim.tv_sec == k->time.tv_sec &&
	    st.st_mtim.tv_nsec == k->time.tv_nsec)
		return;
	for (i = 0; i < KNOWN_MAX; i++) {
		free(k->v[i].name);
		k->v[i].name = NULL;
	}
	k->ino = st.st_ino;
	k->time = st.st_mtim;
}

static bool
recall(struct known *k, const char *name, id_t *id)
{
	unsigned i;

	forget_if_stale(k);
	for (i = 0; i < KNOWN_MAX; i++)
		if (k->v[i].name != NULL && strcmp(k->v[i].name, name) == 0) {
			*id = k->v[i].id;
			return true;
		}
	return false;
}

static void
remember(struct known *k, const char *name, id_t id)
{
	unsigned i = k->n++ % KNOWN_MAX;

	free(k->v[i].name);
	k->v[i].name = strdup(name);
	k->v[i].id = id;
}

/* Digits only; the largest number stands for none. */
static bool
number(const char *name, id_t *id)
{
	const char *errstr;

	if (name[0] == '\0' || name[strspn(name, "0123456789")] != '\0')
		return false;
	*id = (id_t)strtonum(name, 0, (id_t)-2, &errstr);
	return errstr == NULL;
}

static int
unknown(const char *what, const char *name, int e, struct buf *why)
{
	errno = e != 0 ? e : ENOENT;
	if (e != 0 && e != ENOENT && e != ESRCH)
		return why_errno(why, name, what);
	return why_say(why, "no %s is called %s", what, name);
}

/* Not to be taken for one that may yet come to be. */
static int
gone(const char *what, const char *name, struct buf *why)
{
	errno = EIDRM;
	return why_say(why, "no %s is called %s", what, name);
}

int
file_owner_user(uid_t *uid, const char *name, const struct world *w,
    struct buf *why)
{
	enum account_found found;
	struct passwd *pw;

	if (number(name, uid))
		return 0;
	found = account_pretended(w, ACCOUNT_PASSWD, str_of(name), uid);
	if (found == ACCOUNT_GONE)
		return gone("user", name, why);
	if (found == ACCOUNT_FOUND || recall(&users, name, uid))
		return 0;
	errno = 0;
	if ((pw = getpwnam(name)) == NULL)
		return unknown("user", name, errno, why);
	*uid = pw->pw_uid;
	remember(&users, name, *uid);
	return 0;
}

int
file_owner_group(gid_t *gid, const char *name, const struct world *w,
    struct buf *why)
{
	enum account_found found;
	struct group *gr;

	if (number(name, gid))
		return 0;
	found = account_pretended(w, ACCOUNT_GROUP, str_of(name), gid);
	if (found == ACCOUNT_GONE)
		return gone("group", name, why);
	if (found == ACCOUNT_FOUND || recall(&groups, name, gid))
		return 0;
	errno = 0;
	if ((gr = getgrnam(name)) == NULL)
		return unknown("group", name, errno, why);
	*gid = gr->gr_gid;
	remember(&groups, name, *gid);
	return 0;
}
