#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "account/account.h"
#include "base/why.h"
#include "facts/text.h"

/* "NAME value" of login.defs, or "NAME=value" of useradd's. */
static bool
look_in(const char *path, char sep, const char *name, char *room, size_t size)
{
	struct buf b = { 0 }, ignored = { 0 };
	struct str rest, line, key;
	bool found = false;

	if (account_slurp(path, &b, &ignored) == -1)
		buf_reset(&b);
	rest = buf_view(&b);
	while (text_line(&rest, &line)) {
		line = text_trim(line);
		if (sep == ' ')
			key = text_word(&line);
		else
			key = text_trim(text_cut(&line, sep));
		if (!text_is(key, name))
			continue;
		line = text_trim(text_unquote(text_trim(line)));
		snprintf(room, size, "%.*s", (int)line.len, line.p);
		found = true;
	}
	buf_clear(&b);
	buf_clear(&ignored);
	return found;
}

const char *
account_default(const char *name, const char *def, char *room, size_t size)
{
	if (look_in("/etc/default/useradd", '=', name, room, size) ||
	    look_in("/etc/login.defs", ' ', name, room, size))
		return room;
	return def;
}

/* As shadow-utils read them: 0 in front makes it octal, 0x hexadecimal. */
long
account_number(const char *name, long def)
{
	char room[64], *end;
	const char *s = account_default(name, NULL, room, sizeof(room));
	long n;

	if (s == NULL)
		return def;
	errno = 0;
	n = strtol(s, &end, 0);
	return *s == '\0' || *end != '\0' || errno != 0 ? def : n;
}

bool
account_has_own_group(void)
{
	char room[64];

	return strcasecmp(account_default("USERGROUPS_ENAB", "no", room,
	    sizeof(room)), "yes") == 0;
}

/* Of one who is known from elsewhere than our file, too. */
static bool
is_free(const struct accounts *a, enum account_file f, id_t id)
{
	struct account_line l;

	return !account_find_id(a, f, id, &l) && (f == ACCOUNT_PASSWD ?
	    getpwuid((uid_t)id) == NULL : getgrgid((gid_t)id) == NULL);
}

static void
range(enum account_file f, bool system, id_t *min, id_t *max)
{
	bool user = f == ACCOUNT_PASSWD;
	long first = account_number(user ? "UID_MIN" : "GID_MIN", 1000);

	*min = (id_t)first;
	*max = (id_t)account_number(user ? "UID_MAX" : "GID_MAX", 60000);
	if (!system)
		return;
	*min = (id_t)account_number(user ? "SYS_UID_MIN" : "SYS_GID_MIN", 101);
	*max = (id_t)account_number(user ? "SYS_UID_MAX" : "SYS_GID_MAX",
	    first - 1);
}

/*
 * Behind the last that was given, so that a number that was somebody's is not
 * at once another's: people upwards, systems downwards.
 */
static id_t
behind(const struct accounts *a, enum account_file f, bool system, id_t min,
    id_t max)
{
	struct str rest = buf_view(&a->f[f].text);
	struct account_line l;
	id_t id, next = system ? max : min;

	while (account_next(&rest, &l)) {
		if (!account_id(l.field[2], &id) || id < min || id > max)
			continue;
		if (system ? id <= next : id >= next)
			next = system ? id - 1 : id + 1;
	}
	return next;
}

int
account_new_id(const struct accounts *a, enum account_file f, bool system,
    id_t prefer, id_t *id, struct buf *why)
{
	id_t min, max, first, i, n;

	if (prefer != (id_t)-1 && is_free(a, f, prefer)) {
		*id = prefer;
		return 0;
	}
	range(f, system, &min, &max);
	if (min > max || max == (id_t)-1)
		return why_say(why, "/etc/login.defs: there is no number "
		    "between %lld and %lld", (long long)min, (long long)max);
	first = behind(a, f, system, min, max);
	for (n = 0; n <= max - min; n++) {
		i = system ? first - n : first + n;
		if (i < min || i > max)
			i = system ? i + (max - min + 1) : i - (max - min + 1);
		if (i >= min && i <= max && is_free(a, f, i)) {
			*id = i;
			return 0;
		}
	}
	return why_say(why, "all numbers from %llu to %llu are taken",
	    (unsigned long long)min, (unsigned long long)max);
}
