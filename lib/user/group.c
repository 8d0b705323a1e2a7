#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#include "account/account.h"
#include "base/why.h"
#include "facts/text.h"
#include "file/part.h"
#include "user/user.h"

/* In the order of the table. */
enum { NAME, ENSURE, GID, USER_LIST, SYSTEM, TIMEOUT };

static const struct resource_option options[] = {
	[NAME] = { "name", OPTION_STRING, "the title", "its name" },
	[ENSURE] = { "ensure", OPTION_STRING, "present",
	    "present or absent" },
	[GID] = { "gid", OPTION_INT | OPTION_STRING, "one that is free",
	    "its number" },
	[USER_LIST] = { "user_list", OPTION_LIST, NULL,
	    "its members, and no others" },
	[SYSTEM] = { "system", OPTION_BOOL, "false",
	    "a new one gets a number of the host's own" },
	[TIMEOUT] = { "timeout", OPTION_SECONDS, "15",
	    "how long another program may lock the files" },
	{ NULL, 0, NULL, NULL }
};

struct group_plan {
	struct accounts	 db;
	enum { KEEP, CREATE, CHANGE, REMOVE } act;
};

static struct str
name_of(const struct job *j)
{
	return j->values[NAME].type == VALUE_STRING ? j->values[NAME].str :
	    j->title;
}

/* (id_t)-1 if it is not given.  Returns 0, or -1 when the job has failed. */
static int
want_gid(struct job *j, id_t *gid)
{
	const struct value *v = &j->values[GID];

	*gid = (id_t)-1;
	if (v->type == VALUE_INT && v->num >= 0 && v->num < (id_t)-1)
		*gid = (id_t)v->num;
	else if (v->type == VALUE_INT)
		return job_fail(j, "gid: %lld is not a group's number",
		    (long long)v->num), -1;
	else if (v->type == VALUE_STRING && !account_id(v->str, gid))
		return job_fail(j, "gid: '%s' is not a group's number",
		    v->str.p), -1;
	return 0;
}

/* The members that are wanted, with commas between them. */
static int
want_members(struct job *j, const struct accounts *a, struct buf *b)
{
	const struct value *v = &j->values[USER_LIST];
	struct account_line l;
	size_t i;

	for (i = 0; i < v->n; i++) {
		if (!account_find(a, ACCOUNT_PASSWD, v->list[i], &l) &&
		    getpwnam(v->list[i].p) == NULL)
			return job_fail(j, "user_list: no user is called %s",
			    v->list[i].p), -1;
		if (account_list_has(buf_view(b), v->list[i]))
			continue;
		if (b->len > 0)
			buf_putc(b, ',');
		buf_str(b, v->list[i]);
	}
	return buf_failed(b) ? job_fail(j, "out of memory"), -1 : 0;
}

static bool
same_members(struct str a, struct str b)
{
	struct str one, rest;

	for (rest = a; rest.len > 0;) {
		one = text_trim(text_cut(&rest, ','));
		if (one.len > 0 && !account_list_has(b, one))
			return false;
	}
	for (rest = b; rest.len > 0;)
		if (!account_list_has(a, text_trim(text_cut(&rest, ','))))
			return false;
	return true;
}

/* Whose group it was remains in it. */
static void
renumber(struct accounts *a, struct str from, struct str to)
{
	struct buf copy = { 0 };
	struct account_line l;
	struct str rest;

	buf_str(&copy, buf_view(&a->f[ACCOUNT_PASSWD].text));
	rest = buf_view(&copy);
	while (account_next(&rest, &l))
		if (str_eq(l.field[PASSWD_GID], from)) {
			l.field[PASSWD_GID] = to;
			account_set(a, ACCOUNT_PASSWD, l.field[PASSWD_NAME],
			    &l);
		}
	buf_clear(&copy);
}

static int
plan_gid(struct job *j, struct accounts *a, const struct account_line *l,
    id_t *gid)
{
	struct buf from = { 0 }, to = { 0 };
	struct account_line other;
	id_t is;

	if (!account_id(l->field[GROUP_GID], &is))
		return job_fail(j, "%s: the line of %.*s has no number",
		    account_paths[ACCOUNT_GROUP], (int)l->field[0].len,
		    l->field[0].p), -1;
	if (*gid == (id_t)-1 || *gid == is) {
		*gid = is;
		return 0;
	}
	if (account_find_id(a, ACCOUNT_GROUP, *gid, &other))
		return job_fail(j, "gid: %llu is that of %.*s",
		    (unsigned long long)*gid, (int)other.field[0].len,
		    other.field[0].p), -1;
	job_why(j, "gid is %llu, not %llu", (unsigned long long)is,
	    (unsigned long long)*gid);
	buf_str(&from, l->field[GROUP_GID]);
	buf_printf(&to, "%llu", (unsigned long long)*gid);
	renumber(a, buf_view(&from), buf_view(&to));
	buf_clear(&from);
	buf_clear(&to);
	return 0;
}

static int
plan_members(struct job *j, const struct account_line *l, struct str want)
{
	if (same_members(l->field[GROUP_MEMBERS], want))
		return 0;
	job_why(j, "members are '%.*s', not '%.*s'",
	    (int)l->field[GROUP_MEMBERS].len, l->field[GROUP_MEMBERS].p,
	    (int)want.len, want.p);
	return 1;
}

/* Of a group that there is. */
static int
correct(struct job *j, struct accounts *a, struct str name, id_t gid,
    const struct str *members)
{
	struct account_line l, other;
	bool same = true;

	account_find(a, ACCOUNT_GROUP, name, &l);
	if (plan_gid(j, a, &l, &gid) == -1)
		return -1;
	if (members != NULL)
		same = plan_members(j, &l, *members) == 0;
	if (a->f[ACCOUNT_GSHADOW].there && text_is(l.field[GROUP_HASH], "x") &&
	    !account_find(a, ACCOUNT_GSHADOW, name, &other))
		job_why(j, "is not in %s", account_paths[ACCOUNT_GSHADOW]);
	else if (members != NULL && same && a->f[ACCOUNT_GSHADOW].there &&
	    account_find(a, ACCOUNT_GSHADOW, name, &other) &&
	    !same_members(other.field[GSHADOW_MEMBERS], *members)) {
		job_why(j, "has other members in %s",
		    account_paths[ACCOUNT_GSHADOW]);
		same = false;
	}
	if (j->why.len > 0)
		account_put_group(a, name, gid, same ? NULL : members);
	return 0;
}

static int
create(struct job *j, struct accounts *a, struct str name, id_t gid,
    const struct str *members)
{
	struct account_line other;
	struct buf why = { 0 };
	int rc = 0;

	if (gid == (id_t)-1)
		rc = account_new_id(a, ACCOUNT_GROUP,
		    j->values[SYSTEM].type == VALUE_BOOL &&
		    j->values[SYSTEM].yes, (id_t)-1, &gid, &why);
	else if (account_find_id(a, ACCOUNT_GROUP, gid, &other))
		rc = why_say(&why, "gid: %llu is that of %.*s",
		    (unsigned long long)gid, (int)other.field[0].len,
		    other.field[0].p);
	if (rc == -1)
		job_fail(j, "%.*s", (int)why.len, why.p);
	else {
		job_why(j, "is missing");
		account_put_group(a, name, gid, members);
	}
	buf_clear(&why);
	return rc;
}

static int
destroy(struct job *j, struct accounts *a, struct str name)
{
	struct account_line l, user;
	struct str rest = buf_view(&a->f[ACCOUNT_PASSWD].text);

	a->removing = true;
	if (account_find(a, ACCOUNT_GROUP, name, &l)) {
		while (account_next(&rest, &user))
			if (str_eq(user.field[PASSWD_GID],
			    l.field[GROUP_GID]))
				return job_fail(j, "is the group of user %.*s",
				    (int)user.field[0].len,
				    user.field[0].p), -1;
		job_why(j, "is there");
	} else if (account_find(a, ACCOUNT_GSHADOW, name, &l))
		job_why(j, "is in %s", account_paths[ACCOUNT_GSHADOW]);
	else
		return 0;
	account_drop(a, ACCOUNT_GROUP, name);
	account_drop(a, ACCOUNT_GSHADOW, name);
	return 0;
}

/* What the files are to be, and in the job's why what is other. */
static int
compose(struct job *j, struct group_plan *p)
{
	const struct value *ensure = &j->values[ENSURE];
	struct str name = name_of(j), members, *given = NULL;
	struct accounts *a = &p->db;
	struct account_line l;
	struct buf list = { 0 };
	id_t gid;
	int rc;

	if (ensure->type == VALUE_STRING && text_is(ensure->str, "absent")) {
		p->act = REMOVE;
		return destroy(j, a, name);
	}
	if (want_gid(j, &gid) == -1)
		return -1;
	if ((rc = want_members(j, a, &list)) == 0) {
		members = list.len > 0 ? buf_view(&list) : str_of("");
		if (j->values[USER_LIST].type == VALUE_LIST)
			given = &members;
		p->act = account_find(a, ACCOUNT_GROUP, name, &l) ?
		    CHANGE : CREATE;
		rc = p->act == CREATE ?
		    create(j, a, name, gid, given) :
		    correct(j, a, name, gid, given);
	}
	buf_clear(&list);
	return rc;
}

static int
check(struct job *j)
{
	const struct value *ensure = &j->values[ENSURE];
	const char *bad = account_name_bad(name_of(j));

	if (bad != NULL)
		job_fail(j, "name: %s", bad);
	else if (ensure->type == VALUE_STRING &&
	    !text_is(ensure->str, "present") && !text_is(ensure->str, "absent"))
		job_fail(j, "ensure: '%s' is none of its values",
		    ensure->str.p);
	else
		return 0;
	return -1;
}

static int
look(struct job *j, struct group_plan *p)
{
	struct buf why = { 0 };
	int rc;

	if ((rc = accounts_read(&p->db, j->world, &why)) == -1)
		job_fail(j, "%.*s", (int)why.len, why.p);
	else
		rc = compose(j, p);
	buf_clear(&why);
	return rc;
}

static void
drop(void *state)
{
	struct group_plan *p = state;

	accounts_clear(&p->db);
	free(p);
}

static enum outcome
plan(struct job *j)
{
	struct group_plan *p;

	if (check(j) == -1)
		return OUTCOME_FAILED;
	if ((p = calloc(1, sizeof(*p))) == NULL)
		return job_fail(j, "out of memory");
	j->state = p;
	j->drop = drop;
	if (look(j, p) == -1)
		return OUTCOME_FAILED;
	return accounts_changed(&p->db) ? OUTCOME_CHANGED : OUTCOME_OK;
}

/* Behind the lock the files may be others than they were. */
static int
write_locked(struct job *j, struct group_plan *p, struct buf *why)
{
	if (accounts_read(&p->db, NULL, why) == -1)
		return -1;
	buf_reset(&j->why);
	if (compose(j, p) == -1) {
		buf_str(why, buf_view(&j->why));
		return -1;
	}
	return accounts_write(&p->db, j, why);
}

static enum outcome
apply(struct job *j)
{
	static const char *const did[] = { "", "Created group.",
	    "Changed group.", "Removed group." };
	const struct value *timeout = &j->values[TIMEOUT];
	struct group_plan *p = j->state;
	enum outcome outcome = OUTCOME_CHANGED;
	struct account_lock lock;
	struct buf why = { 0 };
	int rc;

	if ((rc = account_lock(&lock, &p->db, timeout->type == VALUE_INT ?
	    timeout->num : 15000, &why)) == 0) {
		rc = write_locked(j, p, &why);
		account_unlock(&lock);
	}
	if (rc == -1)
		outcome = job_fail(j, "%.*s", (int)why.len, why.p);
	else
		job_did(j, "%s", did[p->act]);
	buf_clear(&why);
	return outcome;
}

static enum outcome
pretend(struct job *j)
{
	struct group_plan *p = j->state;

	return accounts_pretend(&p->db, j) == -1 ?
	    job_fail(j, "out of memory") : OUTCOME_CHANGED;
}

const struct resource_type resource_group = {
	.name = "group", .options = options, .plan = plan, .apply = apply,
	.pretend = pretend, .watch = account_watch, .owns = part_owns
};
