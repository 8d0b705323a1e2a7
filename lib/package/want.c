#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "package/plan.h"

/* In the order of the table. */
enum { NAME, ENSURE, WANTED, HOLD, RECOMMENDS, SOURCE, PREFIX, PROVIDER,
    TIMEOUT, LOCK_TIMEOUT, FAMILY };

enum { LOCK_MS = 60000 };

const struct resource_option package_options[] = {
	[NAME] = { "name", OPTION_STRING | OPTION_LIST, "the title",
	    "what the manager calls it; several: in one transaction" },
	[ENSURE] = { "ensure", OPTION_STRING, "present",
	    "present, installed, latest, absent, purged, or a version" },
	[WANTED] = { "version", OPTION_STRING, NULL,
	    "this one, 1.2, or what passes, >=1.2" },
	[HOLD] = { "hold", OPTION_BOOL, NULL,
	    "keep the manager from upgrading it; false: let it" },
	[RECOMMENDS] = { "recommends", OPTION_BOOL, "as the manager has it",
	    "install also what it only recommends" },
	[SOURCE] = { "source", OPTION_STRING, "the title",
	    "for deb and rpm: the file" },
	[PREFIX] = { "prefix", OPTION_STRING, NULL,
	    "for npm: its prefix; for pip: a virtual environment" },
	[PROVIDER] = { "provider", OPTION_STRING, "that of the os_family",
	    "apt, dnf, yum, zypper, pacman, apk, portage, npm, pip, gem, deb "
	    "or rpm" },
	[TIMEOUT] = { "timeout", OPTION_SECONDS, NULL,
	    "end the manager after that" },
	[LOCK_TIMEOUT] = { "lock_timeout", OPTION_SECONDS, "60",
	    "wait so long for another that has the manager" },
	[FAMILY] = { "os_family", OPTION_STRING | OPTION_HIDDEN, NULL,
	    "the fact" },
	{ NULL, 0, NULL, NULL }
};

static const struct value *
given(const struct job *j, int i)
{
	return j->values[i].type == VALUE_NONE ? NULL : &j->values[i];
}

static const struct manager *
find_manager(struct job *j)
{
	const struct value *v = given(j, PROVIDER);
	const struct value *family = given(j, FAMILY);
	const struct manager *m;

	if (v != NULL) {
		if ((m = manager_called(v->str.p)) == NULL)
			job_fail(j, "provider %s: not one of apt, dnf, yum, "
			    "zypper, pacman, apk, portage, npm, pip, gem, deb "
			    "and rpm", v->str.p);
		return m;
	}
	if (family == NULL) {
		job_fail(j, "no provider, and the family of the host is not "
		    "known");
		return NULL;
	}
	if ((m = manager_of(family->str.p)) == NULL)
		job_fail(j, "no provider is known for hosts of the family %s",
		    family->str.p);
	return m;
}

static int
set_version(struct job *j, struct package_want *w, const char *text,
    const char *option)
{
	const char *errstr;

	if (w->version != NULL)
		return job_fail(j, "a version in ensure and in version"), -1;
	if ((w->version = strdup(text)) == NULL)
		return job_fail(j, "out of memory"), -1;
	if (version_parse_test(&w->test, str_of(w->version), &errstr) == -1)
		return job_fail(j, "%s %s: %s", option, text, errstr), -1;
	if (strpbrk(w->test.ver.p, " \t\n") != NULL)
		return job_fail(j, "%s %s: a blank in a version", option,
		    text), -1;
	return 0;
}

static int
set_ensure(struct job *j, struct package_want *w)
{
	static const struct {
		const char		*word;
		enum package_ensure	 ensure;
	} words[] = {
		{ "present", ENSURE_PRESENT }, { "installed", ENSURE_PRESENT },
		{ "latest", ENSURE_LATEST }, { "absent", ENSURE_ABSENT },
		{ "purged", ENSURE_PURGED }
	};
	const struct value *v = given(j, ENSURE);
	size_t i;

	if (v == NULL)
		return 0;
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(v->str.p, words[i].word) == 0) {
			w->ensure = words[i].ensure;
			return 0;
		}
	if (v->str.len > 0 && strchr("<>=0123456789", *v->str.p) != NULL)
		return set_version(j, w, v->str.p, "ensure");
	job_fail(j, "ensure %s: neither present, installed, latest, absent, "
	    "purged nor a version", v->str.p);
	return -1;
}

/* apt takes "name-" for a removal, and much else for an expression. */
static bool
is_debian_name(const char *s)
{
	const char *end = s + strcspn(s, ":");

	if (!isalnum((unsigned char)*s) || end[-1] == '-')
		return false;
	for (; s < end; s++)
		if (!isalnum((unsigned char)*s) && strchr("+.-", *s) == NULL)
			return false;
	if (*end == '\0')
		return true;
	return end[1] != '\0' && end[1 + strspn(end + 1,
	    "abcdefghijklmnopqrstuvwxyz0123456789-")] == '\0';
}

/* Nothing that a manager could take for an option, a pattern or two names. */
static bool
is_name(const char *s)
{
	if (!isalnum((unsigned char)*s) && strchr("@/_.", *s) == NULL)
		return false;
	for (; *s != '\0'; s++)
		if ((unsigned char)*s <= ' ' || *s == 0x7f ||
		    strchr("*?[]\"'`\\$;&|<>=", *s) != NULL)
			return false;
	return true;
}

static int
add_name(struct job *j, struct package_want *w, struct str name)
{
	char *s;

	if ((s = strndup(name.p, name.len)) == NULL)
		return job_fail(j, "out of memory"), -1;
	w->names[w->nnames++] = s;
	if (*s != '\0' && (w->m->order == ORDER_DEBIAN ? is_debian_name(s) :
	    is_name(s)))
		return 0;
	job_fail(j, "%s: not the name of a package",
	    *s == '\0' ? "an empty string" : s);
	return -1;
}

/* NAME_VERSION_ARCH.deb and NAME-VERSION-RELEASE.ARCH.rpm. */
static struct str
name_in_file(const char *path)
{
	const char *slash = strrchr(path, '/');
	struct str s = str_of(slash == NULL ? path : slash + 1);
	size_t i, dashes = 0;

	for (i = 0; i < s.len; i++)
		if (s.p[i] == '_')
			return (struct str){ s.p, i };
	for (i = s.len; i > 0; i--)
		if (s.p[i - 1] == '-' && ++dashes == 2)
			return (struct str){ s.p, i - 1 };
	return s;
}

static int
set_source(struct job *j, struct package_want *w)
{
	const struct value *v = given(j, SOURCE);
	const char *path = v != NULL ? v->str.p : j->title.p;

	if (w->m->file == NULL)
		return v == NULL ? 0 : (job_fail(j, "source: for the "
		    "providers deb and rpm only"), -1);
	if (v == NULL && strchr(path, '/') == NULL) {
		if (w->ensure == ENSURE_ABSENT || w->ensure == ENSURE_PURGED)
			return 0;
		job_fail(j, "source: the path of the file is missing");
		return -1;
	}
	if ((w->source = strdup(path)) == NULL)
		return job_fail(j, "out of memory"), -1;
	return 0;
}

static int
set_names(struct job *j, struct package_want *w)
{
	const struct value *v = given(j, NAME);
	size_t i, n = v != NULL && v->type == VALUE_LIST ? v->n : 1;

	if (n == 0)
		return job_fail(j, "name: an empty list"), -1;
	if ((w->names = calloc(n, sizeof(*w->names))) == NULL)
		return job_fail(j, "out of memory"), -1;
	if (v == NULL)
		return add_name(j, w, w->source != NULL &&
		    given(j, SOURCE) == NULL ? name_in_file(w->source) :
		    j->title);
	if (v->type == VALUE_STRING)
		return add_name(j, w, v->str);
	if (w->m->file != NULL && n > 1)
		return job_fail(j, "name: a file is of one package"), -1;
	for (i = 0; i < n; i++)
		if (add_name(j, w, v->list[i]) == -1)
			return -1;
	return 0;
}

static int
set_flags(struct job *j, struct package_want *w)
{
	const struct value *v;

	if ((v = given(j, HOLD)) != NULL) {
		w->hold = v->yes;
		if (w->m->verbs[VERB_HOLD] == NULL)
			return job_fail(j, "hold: %s cannot hold packages",
			    w->m->name), -1;
		if (w->ensure == ENSURE_ABSENT || w->ensure == ENSURE_PURGED)
			return job_fail(j, "hold: of a package that is not "
			    "to be there"), -1;
	}
	if ((v = given(j, RECOMMENDS)) != NULL)
		w->recommends = v->yes;
	if ((v = given(j, PREFIX)) != NULL) {
		if (w->m->look == NULL || strcmp(w->m->name, "gem") == 0)
			return job_fail(j, "prefix: for the providers npm and "
			    "pip only"), -1;
		if ((w->prefix = strdup(v->str.p)) == NULL)
			return job_fail(j, "out of memory"), -1;
	}
	w->lock_ms = (v = given(j, LOCK_TIMEOUT)) != NULL ? (long)v->num :
	    LOCK_MS;
	w->timeout_ms = (v = given(j, TIMEOUT)) != NULL ? (long)v->num : 0;
	return 0;
}

/* What cannot be asked of this manager, though of others. */
static int
check_version(struct job *j, struct package_want *w)
{
	if (w->version == NULL)
		return 0;
	if (w->ensure != ENSURE_PRESENT)
		return job_fail(j, "version: of a package that is not to be "
		    "present"), -1;
	if (w->m->order != ORDER_DEBIAN && w->m->compare == NULL &&
	    w->test.op != VERSION_IS)
		return job_fail(j, "version %s: %s takes no comparison",
		    w->version, w->m->name), -1;
	return 0;
}

struct package_want *
want_new(struct job *j)
{
	const struct value *v = given(j, WANTED);
	struct package_want *w;

	if ((w = calloc(1, sizeof(*w))) == NULL) {
		job_fail(j, "out of memory");
		return NULL;
	}
	w->recommends = w->hold = -1;
	if ((w->title = strndup(j->title.p, j->title.len)) != NULL &&
	    (w->m = find_manager(j)) != NULL &&
	    set_ensure(j, w) == 0 && (v == NULL ||
	    set_version(j, w, v->str.p, "version") == 0) &&
	    set_source(j, w) == 0 && set_names(j, w) == 0 &&
	    set_flags(j, w) == 0 && check_version(j, w) == 0)
		return w;
	want_free(w);
	return NULL;
}

static void
free_changes(struct package_want *w)
{
	size_t i;

	for (i = 0; i < w->nchanges; i++) {
		free(w->changes[i].from);
		free(w->changes[i].to);
	}
	free(w->changes);
	w->changes = NULL;
	w->nchanges = 0;
}

void
want_free(struct package_want *w)
{
	size_t i;

	if (w == NULL)
		return;
	free_changes(w);
	for (i = 0; i < w->nnames; i++)
		free(w->names[i]);
	free(w->names);
	free(w->title);
	free(w->version);
	free(w->source);
	free(w->prefix);
	buf_clear(&w->why);
	buf_clear(&w->owed);
	buf_clear(&w->did);
	buf_clear(&w->out);
	buf_clear(&w->err);
	free(w);
}

static bool
same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool
removes(const struct package_want *w)
{
	return w->ensure == ENSURE_ABSENT || w->ensure == ENSURE_PURGED;
}

bool
want_same(const struct package_want *a, const struct package_want *b)
{
	return a->m == b->m && removes(a) == removes(b) &&
	    a->recommends == b->recommends && a->timeout_ms == b->timeout_ms &&
	    same_text(a->prefix, b->prefix);
}

bool
want_equal(const struct package_want *a, const struct package_want *b)
{
	size_t i;

	if (!want_same(a, b) || strcmp(a->title, b->title) != 0 ||
	    a->ensure != b->ensure || a->hold != b->hold ||
	    a->nnames != b->nnames || !same_text(a->version, b->version) ||
	    !same_text(a->source, b->source))
		return false;
	for (i = 0; i < a->nnames; i++)
		if (strcmp(a->names[i], b->names[i]) != 0)
			return false;
	return true;
}

/* That others want it, too, nobody knows: it is told of, and stays. */
enum resource_owns
package_owns(const struct job *j)
{
	const struct value *v = given(j, ENSURE);

	return v != NULL && (str_eq(v->str, str_of("absent")) ||
	    str_eq(v->str, str_of("purged"))) ? OWNS_NOTHING : OWNS_PART;
}
