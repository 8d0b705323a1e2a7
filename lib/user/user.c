#include <stdlib.h>
#include <string.h>

#include "base/watch.h"
#include "facts/text.h"
#include "file/part.h"
#include "user/plan.h"
#include "user/user.h"

const struct resource_option user_options[] = {
	[USER_NAME] = { "name", OPTION_STRING, "the title", "its name" },
	[USER_ENSURE] = { "ensure", OPTION_STRING, "present",
	    "present or absent" },
	[USER_UID] = { "uid", OPTION_INT | OPTION_STRING, "one that is free",
	    "its number" },
	[USER_GID] = { "gid", OPTION_INT | OPTION_STRING,
	    "a group of its own, as /etc/login.defs says",
	    "its group: name or number" },
	[USER_GECOS] = { "gecos", OPTION_STRING, NULL, "who it is" },
	[USER_DIR] = { "dir", OPTION_STRING, "below /home, by its name",
	    "its home directory" },
	[USER_SHELL] = { "shell", OPTION_STRING,
	    "that of /etc/default/useradd", "what a login starts" },
	[USER_SYSTEM] = { "system", OPTION_BOOL, "false",
	    "a new one gets a number of the host's own" },
	[USER_HOME] = { "home", OPTION_BOOL, "false",
	    "the home directory is made, moves, and goes with the user" },
	[USER_SPW] = { "spw", OPTION_STRING, NULL,
	    "the password, encrypted as in /etc/shadow" },
	[USER_LOCK] = { "lock", OPTION_BOOL, NULL,
	    "no password opens it, or the old one does again" },
	[USER_SLSTCHG] = { "slstchg", OPTION_INT | OPTION_STRING, NULL,
	    "when the password was last changed" },
	[USER_SMIN] = { "smin", OPTION_INT, NULL,
	    "days before the password may be changed" },
	[USER_SMAX] = { "smax", OPTION_INT, NULL,
	    "days after which the password has to be changed" },
	[USER_SWARN] = { "swarn", OPTION_INT, NULL,
	    "days before that in which a login is warned" },
	[USER_SINACT] = { "sinact", OPTION_INT, NULL,
	    "days after that in which a login still can change it" },
	[USER_SEXPIRE] = { "sexpire", OPTION_INT | OPTION_STRING, NULL,
	    "when the user expires" },
	[USER_GROUPS] = { "groups", OPTION_STRING | OPTION_LIST, NULL,
	    "further groups that it is in: names or numbers" },
	[USER_APPEND] = { "append", OPTION_BOOL, "false",
	    "it may be in other groups than these, too" },
	[USER_KEYS] = { "authorized_keys", OPTION_STRING | OPTION_LIST, NULL,
	    "the lines of ~/.ssh/authorized_keys, and no others" },
	[USER_TIMEOUT] = { "timeout", OPTION_SECONDS, "15",
	    "how long another program may lock the files" },
	{ NULL, 0, NULL, NULL }
};

struct str
user_name(const struct job *j)
{
	return j->values[USER_NAME].type == VALUE_STRING ?
	    j->values[USER_NAME].str : j->title;
}

bool
user_yes(const struct job *j, int option)
{
	return j->values[option].type == VALUE_BOOL && j->values[option].yes;
}

bool
user_given(const struct job *j, int option)
{
	return j->values[option].type != VALUE_NONE;
}

bool
user_is_absent(const struct job *j)
{
	const struct value *v = &j->values[USER_ENSURE];

	return v->type == VALUE_STRING && text_is(v->str, "absent");
}

/*
 * --- Checks --------------------------------------------------------------
 */

/* A line has no room for a colon, nor a file of lines for the end of one. */
static int
check_text(struct job *j, int option)
{
	const struct value *v = &j->values[option];
	size_t i;

	for (i = 0; v->type == VALUE_STRING && i < v->str.len; i++)
		if (v->str.p[i] == ':' || (unsigned char)v->str.p[i] < ' ' ||
		    v->str.p[i] == 127)
			return job_fail(j, "%s: has a colon or a control "
			    "character in it", user_options[option].name), -1;
	return 0;
}

static int
check_path(struct job *j, int option)
{
	const struct value *v = &j->values[option];

	if (v->type != VALUE_STRING || (v->str.len > 0 && *v->str.p == '/') ||
	    (option == USER_SHELL && v->str.len == 0))
		return check_text(j, option);
	return job_fail(j, "%s: '%s' does not begin with '/'",
	    user_options[option].name, v->str.p), -1;
}

static int
check_keys(struct job *j)
{
	const struct value *v = &j->values[USER_KEYS];
	size_t i;

	for (i = 0; v->type == VALUE_LIST && i < v->n; i++)
		if (memchr(v->list[i].p, '\n', v->list[i].len) != NULL)
			return job_fail(j, "authorized_keys: one of them is "
			    "more than a line"), -1;
	return 0;
}

static int
check(struct job *j)
{
	const struct value *ensure = &j->values[USER_ENSURE];
	const char *bad = account_name_bad(user_name(j));

	if (bad != NULL)
		return job_fail(j, "name: %s", bad), -1;
	if (ensure->type == VALUE_STRING &&
	    !text_is(ensure->str, "present") && !text_is(ensure->str, "absent"))
		return job_fail(j, "ensure: '%s' is none of its values",
		    ensure->str.p), -1;
	if (user_given(j, USER_APPEND) && !user_given(j, USER_GROUPS))
		return job_fail(j, "append is for groups, of which there are "
		    "none"), -1;
	if (check_text(j, USER_GECOS) == -1 || check_text(j, USER_SPW) == -1 ||
	    check_path(j, USER_DIR) == -1 || check_path(j, USER_SHELL) == -1 ||
	    check_keys(j) == -1)
		return -1;
	return 0;
}

/*
 * --- Plan ----------------------------------------------------------------
 */

static void
drop(void *state)
{
	struct user_plan *p = state;

	user_clear(p);
	free(p);
}

static enum outcome
plan(struct job *j)
{
	struct user_plan *p;
	struct buf why = { 0 };
	int rc;

	if (check(j) == -1)
		return OUTCOME_FAILED;
	if ((p = calloc(1, sizeof(*p))) == NULL)
		return job_fail(j, "out of memory");
	j->state = p;
	j->drop = drop;
	if ((rc = accounts_read(&p->db, j->world, &why)) == -1)
		job_fail(j, "%.*s", (int)why.len, why.p);
	else if ((rc = user_compose(j, p)) == 0)
		rc = user_look_home(j, p);
	buf_clear(&why);
	if (rc == -1)
		return OUTCOME_FAILED;
	return j->why.len > 0 ? OUTCOME_CHANGED : OUTCOME_OK;
}

/*
 * --- Doing it ------------------------------------------------------------
 */

/* Behind the lock the files may be others than they were. */
static int
write_locked(struct job *j, struct user_plan *p, struct buf *why)
{
	if (accounts_read(&p->db, NULL, why) == -1)
		return -1;
	buf_reset(&j->why);
	if (user_compose(j, p) == -1 || user_look_home(j, p) == -1) {
		buf_str(why, buf_view(&j->why));
		return -1;
	}
	if (user_home_before(j, p, why) == -1)
		return -1;
	if (accounts_changed(&p->db) &&
	    accounts_write(&p->db, j, why) == -1) {
		user_home_undo(p);
		return -1;
	}
	return 0;
}

static int
write_files(struct job *j, struct user_plan *p, struct buf *why)
{
	static const char *const did[] = { "", "Created user.",
	    "Changed user.", "Removed user." };
	const struct value *timeout = &j->values[USER_TIMEOUT];
	struct account_lock lock;
	int rc;

	if (!accounts_changed(&p->db) && !p->home.goes)
		return 0;
	if (account_lock(&lock, &p->db, timeout->type == VALUE_INT ?
	    timeout->num : 15000, why) == -1)
		return -1;
	if ((rc = write_locked(j, p, why)) == 0 && accounts_changed(&p->db))
		job_did(j, "%s", did[p->act]);
	account_unlock(&lock);
	return rc;
}

static enum outcome
apply(struct job *j)
{
	struct user_plan *p = j->state;
	enum outcome outcome = OUTCOME_CHANGED;
	struct buf why = { 0 };

	if (write_files(j, p, &why) == -1 ||
	    user_home_after(j, p, &why) == -1)
		outcome = job_fail(j, "%.*s", (int)why.len, why.p);
	buf_clear(&why);
	return outcome;
}

static enum outcome
pretend(struct job *j)
{
	struct user_plan *p = j->state;
	enum outcome outcome = OUTCOME_CHANGED;
	struct buf why = { 0 };

	if (accounts_pretend(&p->db, j) == -1)
		outcome = job_fail(j, "out of memory");
	else if (user_home_before(j, p, &why) == -1 ||
	    user_home_after(j, p, &why) == -1)
		outcome = job_fail(j, "%.*s", (int)why.len, why.p);
	buf_clear(&why);
	return outcome;
}

static void
watch(const struct job *j, resource_watch_fn *fn, void *arg)
{
	account_watch(j, fn, arg);
	if (j->state != NULL)
		user_home_watch(j, j->state, fn, arg);
}

const struct resource_type resource_user = {
	.name = "user", .options = user_options, .plan = plan, .apply = apply,
	.pretend = pretend, .watch = watch, .owns = part_owns
};
