#include <stdio.h>
#include <string.h>

#include "facts/collect.h"

static const struct fact users_facts[] = {
	{ "*.uid", "integer", "/etc/passwd", false },
	{ "*.gid", "integer", "/etc/passwd", false },
	{ "*.gecos", "string", "/etc/passwd", false },
	{ "*.home", "string", "/etc/passwd", false },
	{ "*.shell", "string", "/etc/passwd", false },
	{ "*.locked", "boolean", "/etc/shadow, for root", false },
	{ "*.password_algorithm", "string", "/etc/shadow, for root; never "
	    "the hash", false },
	{ "*.last_change", "integer", "/etc/shadow, for root: days since "
	    "1970", false },
	{ "*.expires", "integer", "same", false },
	{ NULL, NULL, NULL, false }
};

static const struct fact groups_facts[] = {
	{ "*.gid", "integer", "/etc/group", false },
	{ "*.members", "array", "/etc/group", false },
	{ NULL, NULL, NULL, false }
};

static const struct fact old_facts[] = {
	{ "users.*.name", "string", "/etc/passwd", false },
	{ "users.*.pw", "string", "x, or what stands for no password",
	    false },
	{ "users.*.uid", "integer", "/etc/passwd", false },
	{ "users.*.gid", "integer", "/etc/passwd", false },
	{ "users.*.gecos", "string", "/etc/passwd", false },
	{ "users.*.dir", "string", "/etc/passwd", false },
	{ "users.*.shell", "string", "/etc/passwd", false },
	{ "users.*.slstchg", "integer", "/etc/shadow, for root", false },
	{ "users.*.smin", "integer", "/etc/shadow, for root", false },
	{ "users.*.smax", "integer", "/etc/shadow, for root", false },
	{ "users.*.swarn", "integer", "/etc/shadow, for root", false },
	{ "users.*.sinact", "integer", "/etc/shadow, for root", false },
	{ "users.*.sexpire", "integer", "/etc/shadow, for root", false },
	{ "groups.*.name", "string", "/etc/group", false },
	{ "groups.*.pw", "string", "as in users", false },
	{ "groups.*.gid", "integer", "/etc/group", false },
	{ "groups.*.user_list", "array", "/etc/group", false },
	{ NULL, NULL, NULL, false }
};

enum { FIELDS = 9 };

/* Split a line at its colons; what is missing is empty. */
static bool
split(struct str line, struct str field[FIELDS])
{
	int i;

	for (i = 0; i < FIELDS; i++)
		field[i] = text_cut(&line, ':');
	return field[0].len > 0 && *field[0].p != '#' && *field[0].p != '+' &&
	    *field[0].p != '-';
}

static void
put_num(struct val *o, const char *key, struct str s)
{
	int64_t n;

	if (text_num(s, &n))
		val_int(o, key, n);
}

static const char *
algorithm(struct str hash)
{
	static const char *const ids[][2] = {
		{ "$1$", "md5" }, { "$2", "bcrypt" }, { "$5$", "sha256" },
		{ "$6$", "sha512" }, { "$y$", "yescrypt" },
		{ "$gy$", "gost-yescrypt" }, { "$7$", "scrypt" }
	};
	size_t i;

	while (hash.len > 0 && *hash.p == '!')
		hash = (struct str){ hash.p + 1, hash.len - 1 };
	for (i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
		if (str_starts(hash, str_of(ids[i][0])))
			return ids[i][1];
	return hash.len == 13 && *hash.p != '*' ? "des" : NULL;
}

static void
put_shadow(struct facts *f, struct val *users)
{
	struct str text = src_text_max(f, NULL, "/etc/shadow", SRC_LARGE);
	struct str line, field[FIELDS];
	struct val *o;

	while (text_line(&text, &line)) {
		if (!split(line, field) ||
		    (o = val_get_str(users, field[0])) == NULL)
			continue;
		val_bool(o, "locked", field[1].len > 0 &&
		    (*field[1].p == '!' || *field[1].p == '*'));
		val_cstr(o, "password_algorithm", algorithm(field[1]));
		put_num(o, "last_change", field[2]);
		put_num(o, "expires", field[7]);
	}
}

static void
run_users(struct facts *f, struct val *o)
{
	struct str text = src_text_max(f, NULL, "/etc/passwd", SRC_LARGE);
	struct str line, field[FIELDS];
	struct val *one;

	while (text_line(&text, &line)) {
		if (!split(line, field) || val_get_str(o, field[0]) != NULL)
			continue;
		one = val_obj(o, val_key(o, field[0]));
		put_num(one, "uid", field[2]);
		put_num(one, "gid", field[3]);
		val_str(one, "gecos", field[4]);
		val_str(one, "home", field[5]);
		val_str(one, "shell", field[6]);
	}
	put_shadow(f, o);
	val_sort(o);
}

static void
put_members(struct val *o, const char *key, struct str list)
{
	struct val *a = val_arr(o, key);

	while (list.len > 0)
		val_str(a, NULL, text_trim(text_cut(&list, ',')));
}

static void
run_groups(struct facts *f, struct val *o)
{
	struct str text = src_text_max(f, NULL, "/etc/group", SRC_LARGE);
	struct str line, field[FIELDS];
	struct val *one;

	while (text_line(&text, &line)) {
		if (!split(line, field) || val_get_str(o, field[0]) != NULL)
			continue;
		one = val_obj(o, val_key(o, field[0]));
		put_num(one, "gid", field[2]);
		put_members(one, "members", field[3]);
	}
	val_sort(o);
}

/* Whether somebody else made the member already. */
static struct val *
member(struct val *o, struct str name)
{
	struct val *v = val_get_str(o, name);

	return v != NULL ? v : val_obj(o, val_key(o, name));
}

static void
add_str(struct val *o, const char *key, struct str s)
{
	if (val_get(o, key) == NULL)
		val_str(o, key, s);
}

static void
add_num(struct val *o, const char *key, struct str s)
{
	if (val_get(o, key) == NULL)
		put_num(o, key, s);
}

/* A hash that stands in the file itself is nobody's business. */
static struct str
masked(struct str pw)
{
	return pw.len > 1 ? str_of("x") : pw;
}

static void
old_shadow(struct facts *f, struct val *users)
{
	static const char *const keys[] = { "slstchg", "smin", "smax",
	    "swarn", "sinact", "sexpire" };
	struct str text = src_text_max(f, NULL, "/etc/shadow", SRC_LARGE);
	struct str line, field[FIELDS];
	struct val *o;
	size_t i;

	while (text_line(&text, &line)) {
		if (!split(line, field) ||
		    (o = val_get_str(users, field[0])) == NULL)
			continue;
		for (i = 0; i < 6; i++)
			put_num(o, keys[i], field[i + 2].len > 0 ?
			    field[i + 2] : str_of("0"));
	}
}

static void
old_users(struct facts *f, struct val *users)
{
	struct str text = src_text_max(f, NULL, "/etc/passwd", SRC_LARGE);
	struct str line, field[FIELDS];
	struct val *o;

	while (text_line(&text, &line)) {
		if (!split(line, field))
			continue;
		o = member(users, field[0]);
		if (val_get(o, "name") != NULL)
			continue;
		val_str(o, "name", field[0]);
		val_str(o, "pw", masked(field[1]));
		add_num(o, "uid", field[2]);
		add_num(o, "gid", field[3]);
		add_str(o, "gecos", field[4]);
		val_str(o, "dir", field[5]);
		add_str(o, "shell", field[6]);
	}
	old_shadow(f, users);
}

static void
old_groups(struct facts *f, struct val *groups)
{
	struct str text = src_text_max(f, NULL, "/etc/group", SRC_LARGE);
	struct str line, field[FIELDS];
	struct val *o;

	while (text_line(&text, &line)) {
		if (!split(line, field))
			continue;
		o = member(groups, field[0]);
		if (val_get(o, "name") != NULL)
			continue;
		val_str(o, "name", field[0]);
		val_str(o, "pw", masked(field[1]));
		add_num(o, "gid", field[2]);
		put_members(o, "user_list", field[3]);
	}
}

/* The structured facts of these names come first: both share an object. */
static void
run_old(struct facts *f, struct val *o)
{
	struct val *users, *groups;

	facts_run_named(f, "users");
	facts_run_named(f, "groups");
	users = member(o, str_of("users"));
	groups = member(o, str_of("groups"));
	old_users(f, users);
	old_groups(f, groups);
	val_sort(users);
	val_sort(groups);
}

const struct collector collect_users = {
	.name = "users", .help = "local accounts", .when = ON_REQUEST,
	.facts = users_facts, .cost = 6, .run = run_users
};

const struct collector collect_groups = {
	.name = "groups", .help = "local groups", .when = ON_REQUEST,
	.facts = groups_facts, .cost = 6, .run = run_groups
};

const struct collector collect_old_accounts = {
	.name = "", .help = "accounts, by their old names",
	.when = COMPAT_ON_REQUEST, .facts = old_facts, .cost = 30,
	.run = run_old
};
