#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/why.h"
#include "facts/text.h"
#include "user/plan.h"

static struct str
text_or(const struct buf *b)
{
	return b->len > 0 ? buf_view(b) : str_of("");
}

/* Set a field of l, and say why if it is another; b keeps the text. */
static void
field(struct job *j, struct account_line *l, size_t i, const char *what,
    struct str want)
{
	if (str_eq(l->field[i], want))
		return;
	job_why(j, "%s is '%.*s', not '%.*s'", what, (int)l->field[i].len,
	    l->field[i].p, (int)want.len, want.p);
	l->field[i] = want;
}

/*
 * --- Groups --------------------------------------------------------------
 */

static int
no_group(struct job *j, const char *option, const char *name)
{
	job_fail(j, "%s: no group is called %s", option, name);
	return -1;
}

/* By name or number, from our file or from wherever the host has groups. */
static int
find_group(struct job *j, const struct accounts *a, const struct value *v,
    id_t *gid)
{
	struct account_line l;
	struct group *gr;
	bool number = true;

	if (v->type == VALUE_INT) {
		if (v->num < 0 || v->num >= (id_t)-1)
			return job_fail(j, "gid: %lld is not a group's number",
			    (long long)v->num), -1;
		*gid = (id_t)v->num;
	} else
		number = account_id(v->str, gid);
	if (number) {
		if (account_find_id(a, ACCOUNT_GROUP, *gid, &l) ||
		    getgrgid((gid_t)*gid) != NULL)
			return 0;
		return job_fail(j, "gid: no group has the number %llu",
		    (unsigned long long)*gid), -1;
	}
	if (account_find(a, ACCOUNT_GROUP, v->str, &l) &&
	    account_id(l.field[GROUP_GID], gid))
		return 0;
	if ((gr = getgrnam(v->str.p)) == NULL)
		return no_group(j, "gid", v->str.p);
	*gid = gr->gr_gid;
	return 0;
}

/* The names of the groups that are wanted, each behind a comma but the first. */
static int
wanted_groups(struct job *j, const struct accounts *a, struct buf *b)
{
	const struct value *v = &j->values[USER_GROUPS];
	const struct str *list = v->type == VALUE_LIST ? v->list : &v->str;
	size_t i, n = v->type == VALUE_LIST ? v->n : 1;
	struct account_line l;
	id_t id;

	for (i = 0; i < n; i++) {
		if (list[i].len == 0)
			continue;
		if (!account_find(a, ACCOUNT_GROUP, list[i], &l) &&
		    !(account_id(list[i], &id) &&
		    account_find_id(a, ACCOUNT_GROUP, id, &l)))
			return no_group(j, "groups", list[i].p);
		if (b->len > 0)
			buf_putc(b, ',');
		buf_str(b, l.field[GROUP_NAME]);
	}
	return buf_failed(b) ? job_fail(j, "out of memory"), -1 : 0;
}

static void
join_or_leave(struct accounts *a, enum account_file f, size_t members,
    struct account_line *l, struct str user, bool in)
{
	struct buf list = { 0 };

	account_list_with(&list, l->field[members], user, in);
	l->field[members] = text_or(&list);
	account_set(a, f, l->field[0], l);
	buf_clear(&list);
}

/*
 * In each of the groups that list names, and unless others may be, in no
 * other.  A half that lacks the user is completed as well.
 */
static void
set_memberships(struct job *j, struct accounts *a, enum account_file f,
    struct str user, struct str list, bool others)
{
	size_t members = f == ACCOUNT_GROUP ? GROUP_MEMBERS : GSHADOW_MEMBERS;
	struct buf copy = { 0 };
	struct account_line l;
	struct str rest;
	bool in, want;

	if (!a->f[f].there)
		return;
	buf_str(&copy, buf_view(&a->f[f].text));
	rest = text_or(&copy);
	while (account_next(&rest, &l)) {
		in = account_list_has(l.field[members], user);
		want = account_list_has(list, l.field[0]);
		if (in == want || (in && others))
			continue;
		if (f == ACCOUNT_GROUP)
			job_why(j, "is%s in group %.*s", in ? "" : " not",
			    (int)l.field[0].len, l.field[0].p);
		join_or_leave(a, f, members, &l, user, want);
	}
	buf_clear(&copy);
}

static int
plan_groups(struct job *j, struct accounts *a)
{
	bool append = user_yes(j, USER_APPEND);
	struct buf list = { 0 };
	size_t before = j->why.len;
	int rc;

	if (!user_given(j, USER_GROUPS))
		return 0;
	if ((rc = wanted_groups(j, a, &list)) == 0) {
		set_memberships(j, a, ACCOUNT_GROUP, user_name(j),
		    text_or(&list), append);
		set_memberships(j, a, ACCOUNT_GSHADOW, user_name(j),
		    text_or(&list), append);
		if (j->why.len == before && a->f[ACCOUNT_GSHADOW].changed)
			job_why(j, "has other groups in %s",
			    account_paths[ACCOUNT_GSHADOW]);
	}
	buf_clear(&list);
	return rc;
}

/*
 * --- /etc/shadow ---------------------------------------------------------
 */

/* Days since 1970, of a number or of YYYY-MM-DD; negative: no day. */
static int
want_day(struct job *j, int option, struct buf *b)
{
	const struct value *v = &j->values[option];
	struct tm tm = { .tm_isdst = 0 };
	const char *end;
	int64_t n;

	if (v->type == VALUE_INT)
		n = v->num;
	else if (!text_num(v->str, &n)) {
		end = strptime(v->str.p, "%Y-%m-%d", &tm);
		if (end == NULL || *end != '\0')
			return job_fail(j, "%s: '%s' is neither a number of "
			    "days nor a date as 2030-12-31",
			    user_options[option].name, v->str.p), -1;
		n = timegm(&tm) / 86400;
	}
	if (n >= 0)
		buf_printf(b, "%lld", (long long)n);
	return 0;
}

static const struct {
	int		 option;
	size_t		 field;
	const char	*setting;	/* of login.defs and useradd */
	bool		 people;	/* ... which is not for system users */
} numbers[] = {
	{ USER_SLSTCHG, SHADOW_LSTCHG, NULL, false },
	{ USER_SMIN, SHADOW_MIN, "PASS_MIN_DAYS", true },
	{ USER_SMAX, SHADOW_MAX, "PASS_MAX_DAYS", true },
	{ USER_SWARN, SHADOW_WARN, "PASS_WARN_AGE", true },
	{ USER_SINACT, SHADOW_INACT, "INACTIVE", false },
	{ USER_SEXPIRE, SHADOW_EXPIRE, "EXPIRE", false }
};

enum { NNUMBERS = sizeof(numbers) / sizeof(numbers[0]) };

/*
 * As spw and lock say; what is neither given stays.  One who has no password
 * ("!", "*") cannot be opened: there is nothing that would open him.
 */
static void
want_hash(const struct job *j, struct str is, struct buf *b)
{
	const struct value *spw = &j->values[USER_SPW];
	const struct value *lock = &j->values[USER_LOCK];
	struct str hash = spw->type == VALUE_STRING ? spw->str : is, bare;

	for (bare = hash; bare.len > 0 && *bare.p == '!'; bare.len--)
		bare.p++;
	if (lock->type == VALUE_BOOL && lock->yes && bare.len == hash.len)
		buf_putc(b, '!');
	else if (lock->type == VALUE_BOOL && !lock->yes && bare.len > 0)
		hash = bare;
	buf_str(b, hash);
}

static void
plan_hash(struct job *j, struct account_line *l, size_t i, struct buf *b)
{
	struct str old = l->field[i], want;
	bool was_locked = old.len > 0 && *old.p == '!', locked;

	want_hash(j, old, b);
	want = text_or(b);
	if (str_eq(want, old))
		return;
	locked = want.len > 0 && *want.p == '!';
	if (old.len - was_locked == want.len - locked &&
	    memcmp(old.p + was_locked, want.p + locked,
	    old.len - was_locked) == 0)
		job_why(j, locked ? "is not locked" : "is locked");
	else
		job_why(j, "has another password");
	l->field[i] = want;
}

static bool
same_password(struct str a, struct str b)
{
	for (; a.len > 0 && *a.p == '!'; a.len--)
		a.p++;
	for (; b.len > 0 && *b.p == '!'; b.len--)
		b.p++;
	return str_eq(a, b);
}

/* What useradd(8) writes for a new one. */
static void
new_shadow(const struct job *j, struct account_line *l, struct buf room[])
{
	bool system = user_yes(j, USER_SYSTEM);
	char text[64];
	const char *s;
	size_t i;

	for (i = 0; i < SHADOW_FIELDS; i++)
		l->field[i] = str_of("");
	l->n = SHADOW_FIELDS;
	l->field[SHADOW_NAME] = user_name(j);
	l->field[SHADOW_HASH] = str_of("!");
	for (i = 0; i < NNUMBERS; i++) {
		if (numbers[i].field == SHADOW_LSTCHG)
			buf_printf(&room[i], "%ld", account_today());
		else if (!(numbers[i].people && system)) {
			s = account_default(numbers[i].setting, "", text,
			    sizeof(text));
			if (*s != '-')
				buf_puts(&room[i], s);
		}
		l->field[numbers[i].field] = text_or(&room[i]);
	}
}

static int
plan_numbers(struct job *j, struct account_line *l, struct buf room[],
    bool said)
{
	struct buf b = { 0 };
	size_t i;

	for (i = 0; i < NNUMBERS; i++) {
		if (!user_given(j, numbers[i].option))
			continue;
		if (want_day(j, numbers[i].option, &b) == -1)
			return -1;
		if (!said)
			field(j, l, numbers[i].field,
			    user_options[numbers[i].option].name, text_or(&b));
		buf_clear(&room[i]);
		room[i] = b;
		b = (struct buf){ 0 };
		l->field[numbers[i].field] = text_or(&room[i]);
	}
	return 0;
}

/* Of a user that is new, or that lacks this half, all is said already. */
static int
plan_shadow(struct job *j, struct accounts *a, bool is_new)
{
	struct buf room[NNUMBERS + 2] = { 0 };
	struct account_line l;
	struct str old;
	bool fresh;
	size_t i;
	int rc;

	if (!a->f[ACCOUNT_SHADOW].there)
		return 0;
	fresh = is_new || !account_find(a, ACCOUNT_SHADOW, user_name(j), &l);
	if (fresh) {
		if (!is_new)
			job_why(j, "is not in %s",
			    account_paths[ACCOUNT_SHADOW]);
		new_shadow(j, &l, room);
		want_hash(j, l.field[SHADOW_HASH], &room[NNUMBERS]);
		l.field[SHADOW_HASH] = text_or(&room[NNUMBERS]);
	} else {
		old = l.field[SHADOW_HASH];
		plan_hash(j, &l, SHADOW_HASH, &room[NNUMBERS]);
		if (!same_password(old, l.field[SHADOW_HASH]) &&
		    !user_given(j, USER_SLSTCHG)) {
			buf_printf(&room[NNUMBERS + 1], "%ld",
			    account_today());
			l.field[SHADOW_LSTCHG] = text_or(&room[NNUMBERS + 1]);
		}
	}
	if ((rc = plan_numbers(j, &l, room, fresh)) == 0)
		account_set(a, ACCOUNT_SHADOW, user_name(j), &l);
	for (i = 0; i < NNUMBERS + 2; i++)
		buf_clear(&room[i]);
	return rc;
}

/*
 * --- /etc/passwd ---------------------------------------------------------
 */

static int
want_uid(struct job *j, const struct accounts *a, id_t *uid)
{
	const struct value *v = &j->values[USER_UID];
	struct account_line l;

	*uid = (id_t)-1;
	if (v->type == VALUE_NONE)
		return 0;
	if (v->type == VALUE_STRING && !account_id(v->str, uid))
		return job_fail(j, "uid: '%s' is not a user's number",
		    v->str.p), -1;
	if (v->type == VALUE_INT && (v->num < 0 || v->num >= (id_t)-1))
		return job_fail(j, "uid: %lld is not a user's number",
		    (long long)v->num), -1;
	if (v->type == VALUE_INT)
		*uid = (id_t)v->num;
	if (account_find_id(a, ACCOUNT_PASSWD, *uid, &l) &&
	    !str_eq(l.field[PASSWD_NAME], user_name(j)))
		return job_fail(j, "uid: %llu is that of %.*s",
		    (unsigned long long)*uid, (int)l.field[0].len,
		    l.field[0].p), -1;
	return 0;
}

/* The group of a new user; one of its own is made where that is the custom. */
static int
new_user_group(struct job *j, struct accounts *a, id_t uid, id_t *gid,
    struct buf *why)
{
	struct account_line l;
	struct value v = { .type = VALUE_STRING };
	char room[64];

	if (!account_has_own_group()) {
		v.str = str_of(account_default("GROUP", "100", room,
		    sizeof(room)));
		return find_group(j, a, &v, gid);
	}
	if (account_find(a, ACCOUNT_GROUP, user_name(j), &l)) {
		account_id(l.field[GROUP_GID], gid);
		account_put_group(a, user_name(j), *gid, NULL);
		return 0;
	}
	if (account_new_id(a, ACCOUNT_GROUP, user_yes(j, USER_SYSTEM), uid,
	    gid, why) == -1)
		return -1;
	account_put_group(a, user_name(j), *gid, NULL);
	return 0;
}

/* A group of its name that is there already has the number, if it can. */
static id_t
like_its_group(const struct job *j, const struct accounts *a)
{
	struct account_line l;
	id_t id;

	if (!user_given(j, USER_GID) && account_has_own_group() &&
	    account_find(a, ACCOUNT_GROUP, user_name(j), &l) &&
	    account_id(l.field[GROUP_GID], &id))
		return id;
	return (id_t)-1;
}

static int
new_ids(struct job *j, struct accounts *a, id_t *uid, id_t *gid)
{
	struct buf why = { 0 };
	int rc = 0;

	*gid = (id_t)-1;
	if (*uid == (id_t)-1 && (rc = account_new_id(a, ACCOUNT_PASSWD,
	    user_yes(j, USER_SYSTEM), like_its_group(j, a), uid,
	    &why)) == -1)
		job_fail(j, "%.*s", (int)why.len, why.p);
	else if (user_given(j, USER_GID))
		rc = find_group(j, a, &j->values[USER_GID], gid);
	else if ((rc = new_user_group(j, a, *uid, gid, &why)) == -1 &&
	    why.len > 0)
		job_fail(j, "%.*s", (int)why.len, why.p);
	buf_clear(&why);
	return rc;
}

static struct str
given_or(const struct job *j, int option, const char *def)
{
	return user_given(j, option) ? j->values[option].str : str_of(def);
}

static int
create(struct job *j, struct user_plan *p, id_t uid)
{
	struct accounts *a = &p->db;
	struct account_line l = { .n = PASSWD_FIELDS };
	struct buf u = { 0 }, g = { 0 }, home = { 0 };
	char shell[256], base[256];
	id_t gid;

	if (new_ids(j, a, &uid, &gid) == -1)
		return -1;
	job_why(j, "is missing");
	buf_printf(&u, "%llu", (unsigned long long)uid);
	buf_printf(&g, "%llu", (unsigned long long)gid);
	buf_printf(&home, "%s/%.*s", account_default("HOME", "/home", base,
	    sizeof(base)), (int)user_name(j).len, user_name(j).p);
	l.field[PASSWD_NAME] = user_name(j);
	l.field[PASSWD_HASH] = str_of("x");
	l.field[PASSWD_UID] = buf_view(&u);
	l.field[PASSWD_GID] = buf_view(&g);
	l.field[PASSWD_GECOS] = given_or(j, USER_GECOS, "");
	l.field[PASSWD_DIR] = user_given(j, USER_DIR) ?
	    j->values[USER_DIR].str : buf_view(&home);
	l.field[PASSWD_SHELL] = given_or(j, USER_SHELL,
	    account_default("SHELL", "", shell, sizeof(shell)));
	if (!a->f[ACCOUNT_SHADOW].there)
		l.field[PASSWD_HASH] = given_or(j, USER_SPW, "!");
	account_set(a, ACCOUNT_PASSWD, user_name(j), &l);
	p->home.uid = (uid_t)uid;
	p->home.gid = (gid_t)gid;
	p->home.want = strndup(l.field[PASSWD_DIR].p, l.field[PASSWD_DIR].len);
	buf_clear(&u);
	buf_clear(&g);
	buf_clear(&home);
	return 0;
}

/* "0100" is a hundred, too. */
static void
number_field(struct job *j, struct account_line *l, size_t i,
    const char *what, id_t want, struct buf *b)
{
	id_t is;

	if (account_id(l->field[i], &is) && is == want)
		return;
	buf_printf(b, "%llu", (unsigned long long)want);
	field(j, l, i, what, buf_view(b));
}

static int
correct(struct job *j, struct user_plan *p, struct account_line *l, id_t uid)
{
	static const struct { int option; size_t field; } texts[] = {
		{ USER_GECOS, PASSWD_GECOS }, { USER_DIR, PASSWD_DIR },
		{ USER_SHELL, PASSWD_SHELL }
	};
	struct buf u = { 0 }, g = { 0 }, hash = { 0 };
	id_t gid = (id_t)-1;
	size_t i;

	if (l->n != PASSWD_FIELDS)
		return job_fail(j, "%s: the line of %.*s has %zu fields, not "
		    "7", account_paths[ACCOUNT_PASSWD], (int)l->field[0].len,
		    l->field[0].p, l->n), -1;
	if (user_given(j, USER_GID) &&
	    find_group(j, &p->db, &j->values[USER_GID], &gid) == -1)
		return -1;
	p->home.is = strndup(l->field[PASSWD_DIR].p, l->field[PASSWD_DIR].len);
	if (uid != (id_t)-1)
		number_field(j, l, PASSWD_UID, "uid", uid, &u);
	if (gid != (id_t)-1)
		number_field(j, l, PASSWD_GID, "gid", gid, &g);
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (user_given(j, texts[i].option))
			field(j, l, texts[i].field,
			    user_options[texts[i].option].name,
			    j->values[texts[i].option].str);
	if (!p->db.f[ACCOUNT_SHADOW].there)
		plan_hash(j, l, PASSWD_HASH, &hash);
	p->home.want = strndup(l->field[PASSWD_DIR].p,
	    l->field[PASSWD_DIR].len);
	if (account_id(l->field[PASSWD_UID], &uid))
		p->home.uid = (uid_t)uid;
	if (account_id(l->field[PASSWD_GID], &gid))
		p->home.gid = (gid_t)gid;
	account_set(&p->db, ACCOUNT_PASSWD, user_name(j), l);
	buf_clear(&u);
	buf_clear(&g);
	buf_clear(&hash);
	return 0;
}

static int
present(struct job *j, struct user_plan *p)
{
	struct account_line l;
	id_t uid;
	bool there;

	if (want_uid(j, &p->db, &uid) == -1)
		return -1;
	there = account_find(&p->db, ACCOUNT_PASSWD, user_name(j), &l);
	p->act = there ? USER_CHANGE : USER_CREATE;
	if ((there ? correct(j, p, &l, uid) : create(j, p, uid)) == -1 ||
	    plan_shadow(j, &p->db, !there) == -1)
		return -1;
	if (!there)
		accounts_part(&p->db);
	return plan_groups(j, &p->db);
}

/*
 * --- Removal -------------------------------------------------------------
 */

static bool
is_primary(const struct accounts *a, struct str gid, struct str but)
{
	struct str rest = buf_view(&a->f[ACCOUNT_PASSWD].text);
	struct account_line l;

	while (account_next(&rest, &l))
		if (str_eq(l.field[PASSWD_GID], gid) &&
		    !str_eq(l.field[PASSWD_NAME], but))
			return true;
	return false;
}

/* The group of its own goes as well, if nobody else is in it. */
static void
drop_own_group(struct accounts *a, struct str name, const struct str *gid)
{
	struct account_line l;

	if (!account_has_own_group())
		return;
	if (!account_find(a, ACCOUNT_GROUP, name, &l)) {
		account_drop(a, ACCOUNT_GSHADOW, name);
		return;
	}
	if ((gid != NULL && !str_eq(*gid, l.field[GROUP_GID])) ||
	    l.field[GROUP_MEMBERS].len > 0 ||
	    is_primary(a, l.field[GROUP_GID], name))
		return;
	account_drop(a, ACCOUNT_GROUP, name);
	account_drop(a, ACCOUNT_GSHADOW, name);
}

static int
absent(struct job *j, struct user_plan *p)
{
	struct accounts *a = &p->db;
	struct account_line l, half;
	struct str name = user_name(j);
	struct job quiet = { .why = { 0 } };
	bool there = account_find(a, ACCOUNT_PASSWD, name, &l);
	id_t uid;

	a->removing = true;
	p->act = USER_REMOVE;
	if (!there && !account_find(a, ACCOUNT_SHADOW, name, &half))
		return 0;
	if (there && !account_id(l.field[PASSWD_UID], &uid))
		return job_fail(j, "%s: the line of %.*s has no number",
		    account_paths[ACCOUNT_PASSWD], (int)name.len, name.p), -1;
	if (there && uid == 0)
		return job_fail(j, "has the number 0, without which there is "
		    "no host"), -1;
	if (there)
		job_why(j, "is there");
	else
		job_why(j, "is in %s", account_paths[ACCOUNT_SHADOW]);
	if (there) {
		p->home.is = strndup(l.field[PASSWD_DIR].p,
		    l.field[PASSWD_DIR].len);
		p->home.uid = (uid_t)uid;
	}
	set_memberships(&quiet, a, ACCOUNT_GROUP, name, str_of(""), false);
	set_memberships(&quiet, a, ACCOUNT_GSHADOW, name, str_of(""), false);
	buf_clear(&quiet.why);
	drop_own_group(a, name, there ? &l.field[PASSWD_GID] : NULL);
	account_drop(a, ACCOUNT_PASSWD, name);
	account_drop(a, ACCOUNT_SHADOW, name);
	return 0;
}

int
user_compose(struct job *j, struct user_plan *p)
{
	free(p->home.is);
	free(p->home.want);
	p->home = (struct user_home){ .uid = (uid_t)-1, .gid = (gid_t)-1 };
	return user_is_absent(j) ? absent(j, p) : present(j, p);
}
