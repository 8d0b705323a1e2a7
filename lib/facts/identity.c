#include <string.h>

#include "facts/collect.h"

static const struct fact facts[] = {
	{ "uid", "integer", "/proc/self/status", false },
	{ "gid", "integer", "same", false },
	{ "euid", "integer", "same", false },
	{ "egid", "integer", "same", false },
	{ "user", "string", "/etc/passwd, by euid", false },
	{ "group", "string", "/etc/group, by egid", false },
	{ "groups", "array", "/proc/self/status, /etc/group: names, or "
	    "numbers as text where there is none", false },
	{ "home", "string", "/etc/passwd", false },
	{ "shell", "string", "/etc/passwd", false },
	{ "privileged", "boolean", "euid is 0", false },
	{ "umask", "string", "/proc/self/status, octal", false },
	{ "login_uid", "integer", "/proc/self/loginuid", false },
	{ "tty", "string", "/proc/self/fd/0", false },
	{ NULL, NULL, NULL, false }
};

/* The line of a passwd or group file whose third field is id. */
static struct str
line_of(struct str text, struct str id)
{
	struct str line, rest;

	while (text_line(&text, &line)) {
		rest = line;
		(void)text_cut(&rest, ':');
		(void)text_cut(&rest, ':');
		if (str_eq(text_cut(&rest, ':'), id))
			return line;
	}
	return (struct str){ "", 0 };
}

static struct str
field(struct str line, unsigned n)
{
	struct str s = { NULL, 0 };

	do
		s = text_cut(&line, ':');
	while (n-- > 0);
	return s;
}

static void
put_groups(struct val *o, struct str text, struct str ids)
{
	struct val *a = val_arr(o, "groups");
	struct str id, name;

	while ((id = text_word(&ids)).len > 0) {
		name = field(line_of(text, id), 0);
		val_str(a, NULL, name.len > 0 ? name : id);
	}
}

/* "real effective saved filesystem" */
static struct str
put_ids(struct facts *f, struct val *o, const char *line, const char *real,
    struct val *late, const char *effective)
{
	struct str ids = proc_status(f, line), id;
	int64_t n;

	if (text_num(text_word(&ids), &n))
		val_int(o, real, n);
	id = text_word(&ids);
	if (text_num(id, &n))
		val_int(late, effective, n);
	return id;
}

static void
move(struct val *o, struct val *from)
{
	struct val *m, *next;

	for (m = from == NULL ? NULL : from->u.list.first; m != NULL;
	    m = next) {
		next = m->next;
		val_add(o, m->key, m);
	}
}

static void
put_tty(struct facts *f, struct val *o)
{
	char room[PATH_MAX];
	struct str link = src_link(f, NULL, "/proc/self/fd/0", room);

	if (str_starts(link, str_of("/dev/tty")) ||
	    str_starts(link, str_of("/dev/pts/")))
		val_str(o, "tty", link);
}

static void
run(struct facts *f, struct val *o)
{
	struct val *late = val_new(facts_arena(f), VAL_OBJ);
	struct buf users = { 0 }, groups = { 0 };
	struct str uid, gid, me;
	int64_t n;

	uid = put_ids(f, o, "Uid", "uid", late, "euid");
	gid = put_ids(f, o, "Gid", "gid", late, "egid");
	if (uid.len == 0)
		return;
	move(o, late);
	(void)src_load(f, NULL, "/etc/passwd", SRC_LARGE, &users);
	(void)src_load(f, NULL, "/etc/group", SRC_LARGE, &groups);
	me = line_of(buf_view(&users), uid);
	val_str(o, "user", field(me, 0));
	val_str(o, "group", field(line_of(buf_view(&groups), gid), 0));
	put_groups(o, buf_view(&groups), proc_status(f, "Groups"));
	val_str(o, "home", field(me, 5));
	val_str(o, "shell", field(me, 6));
	val_bool(o, "privileged", text_is(uid, "0"));
	val_str(o, "umask", proc_status(f, "Umask"));
	if (src_num(f, NULL, "/proc/self/loginuid", &n) && n != UINT32_MAX)
		val_int(o, "login_uid", n);
	put_tty(f, o);
	buf_clear(&users);
	buf_clear(&groups);
}

const struct collector collect_identity = {
	.name = "identity", .help = "who asks", .facts = facts,
	.cost = 15, .run = run
};
