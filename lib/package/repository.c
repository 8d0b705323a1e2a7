#include <sys/stat.h>

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/child.h"
#include "file/part.h"
#include "package/plan.h"
#include "package/repository.h"
#include "package/repository_text.h"
#include "sign/tree.h"

/* In the order of the table. */
enum { ENSURE, URI, SUITES, COMPONENTS, TYPES, ARCHITECTURES, KEY, KEY_DIGEST,
    TRUSTED, ENABLED, DESCRIPTION, SETTINGS, PROVIDER, FAMILY, NOPTIONS };

static const struct resource_option options[] = {
	[ENSURE] = { "ensure", OPTION_STRING, "present",
	    "present or absent" },
	[URI] = { "uri", OPTION_STRING | OPTION_LIST, NULL,
	    "where it is" },
	[SUITES] = { "suites", OPTION_STRING | OPTION_LIST, NULL,
	    "of apt: the releases, bookworm; of a flat one ./" },
	[COMPONENTS] = { "components", OPTION_STRING | OPTION_LIST, NULL,
	    "of apt: its parts, main" },
	[TYPES] = { "types", OPTION_STRING | OPTION_LIST, "deb",
	    "of apt: deb and deb-src" },
	[ARCHITECTURES] = { "architectures", OPTION_STRING | OPTION_LIST,
	    NULL, "of apt: only these" },
	[KEY] = { "key", OPTION_STRING | OPTION_TEXT, NULL,
	    "the key that it is signed with, or a file that has it" },
	[KEY_DIGEST] = { "key_digest", OPTION_STRING, NULL,
	    "SHA-256 that the key has to have, in hex" },
	[TRUSTED] = { "trusted", OPTION_BOOL, "false",
	    "take what is not signed" },
	[ENABLED] = { "enabled", OPTION_BOOL, "true",
	    "packages are taken from it" },
	[DESCRIPTION] = { "description", OPTION_STRING, "the title",
	    "of dnf, yum and zypper: its name for people" },
	[SETTINGS] = { "settings", OPTION_MAP, NULL,
	    "further fields, as the manager spells them" },
	[PROVIDER] = { "provider", OPTION_STRING, "that of the os_family",
	    "apt, dnf, yum or zypper" },
	[FAMILY] = { "os_family", OPTION_STRING | OPTION_HIDDEN, NULL,
	    "the fact" },
	[NOPTIONS] = { NULL, 0, NULL, NULL }
};

enum { KEY_MAX = 1024 * 1024 };

struct repository {
	const struct manager *m;
	enum repository_format format;
	bool		 absent;
	struct part_list parts;		/* the key, before what names it */
};

static const struct value *
given(const struct job *j, int i)
{
	return j->values[i].type == VALUE_NONE ? NULL : &j->values[i];
}

static bool
flag(const struct job *j, int i, bool def)
{
	return given(j, i) == NULL ? def : j->values[i].yes;
}

static void
drop(void *state)
{
	struct repository *r = state;

	part_list_clear(&r->parts);
	free(r);
}

static int
find_manager(struct job *j, struct repository *r)
{
	const struct value *v = given(j, PROVIDER), *family = given(j, FAMILY);

	r->m = v != NULL ? manager_called(v->str.p) :
	    family != NULL ? manager_of(family->str.p) : NULL;
	if (r->m == NULL && v == NULL)
		return job_fail(j, "no provider is known for hosts of the "
		    "family %s", family != NULL ? family->str.p : "?"), -1;
	if (r->m != NULL && strcmp(r->m->name, "apt") == 0) {
		r->format = FORMAT_DEB822;
		return 0;
	}
	r->format = FORMAT_YUM;
	if (r->m != NULL && (strcmp(r->m->name, "dnf") == 0 ||
	    strcmp(r->m->name, "yum") == 0 ||
	    strcmp(r->m->name, "zypper") == 0))
		return 0;
	job_fail(j, "provider %s: not one of apt, dnf, yum and zypper",
	    v != NULL ? v->str.p : r->m->name);
	return -1;
}

/* apt passes over files that are called otherwise. */
static int
check_title(struct job *j)
{
	const char *s = j->title.p;

	if (*s != '.' && *s != '-' && *s != '\0') {
		while (isalnum((unsigned char)*s) ||
		    (*s != '\0' && strchr("-_.", *s) != NULL))
			s++;
		if (*s == '\0')
			return 0;
	}
	job_fail(j, "not a name for a repository: only letters, digits and "
	    "- _ . may be in it");
	return -1;
}

static int
check_options(struct job *j, struct repository *r)
{
	if (job_ensure(j, &r->absent) == -1)
		return -1;
	if (r->absent)
		return 0;
	if (given(j, URI) == NULL)
		return job_fail(j, "uri: is missing"), -1;
	if (r->format == FORMAT_DEB822 && given(j, SUITES) == NULL)
		return job_fail(j, "suites: is missing"), -1;
	if (given(j, KEY_DIGEST) != NULL && given(j, KEY) == NULL)
		return job_fail(j, "key_digest: there is no key"), -1;
	return 0;
}

static int
read_key(struct job *j, const char *path, struct buf *b)
{
	struct buf why = { 0 };
	int fd, rc = -1;

	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) == -1)
		return job_fail(j, "key %s: %s", path, strerror(errno)), -1;
	if (j->trees != NULL &&
	    trees_judge_fd(j->trees, path, fd, &why) == -1)
		job_fail(j, "%.*s", (int)why.len, why.p);
	else if ((rc = buf_read(b, fd, KEY_MAX)) == -1)
		job_fail(j, "key %s: %s", path, strerror(errno));
	close(fd);
	buf_clear(&why);
	return rc;
}

static int
check_digest(struct job *j, const struct buf *key)
{
	const struct value *v = given(j, KEY_DIGEST);
	char hex[SHA256_DIGEST_STRING_LENGTH];
	const char *want;

	if (v == NULL)
		return 0;
	want = v->str.p;
	if (strncmp(want, "sha256:", 7) == 0)
		want += 7;
	SHA256Data((const uint8_t *)(key->len > 0 ? key->p : ""), key->len,
	    hex);
	if (strcasecmp(want, hex) == 0)
		return 0;
	job_fail(j, "key: its SHA-256 is %s, not %s", hex, want);
	return -1;
}

static int
load_key(struct job *j, struct buf *b)
{
	const struct value *v = given(j, KEY);

	if (v->str.len > 0 && *v->str.p == '/') {
		if (read_key(j, v->str.p, b) == -1)
			return -1;
	} else
		buf_str(b, v->str);
	if (b->len == 0)
		return job_fail(j, "key: is empty"), -1;
	return check_digest(j, b);
}

static bool
is_armored(const struct buf *key)
{
	return memmem(key->p, key->len, "-----BEGIN PGP", 14) != NULL;
}

/* apt tells by the suffix which of the two formats a key has. */
static struct part *
add_key(struct job *j, struct repository *r, const char *suffix)
{
	return r->format == FORMAT_DEB822 ?
	    part_list_add(&r->parts, j, "/etc/apt/keyrings/%s.%s", j->title.p,
	    suffix) :
	    part_list_add(&r->parts, j, "/etc/pki/rpm-gpg/RPM-GPG-KEY-%s",
	    j->title.p);
}

static struct part *
add_source(struct job *j, struct repository *r)
{
	const char *name = j->title.p;

	return r->format == FORMAT_DEB822 ? part_list_add(&r->parts, j,
	    "/etc/apt/sources.list.d/%s.sources", name) :
	    part_list_add(&r->parts, j, "%s/%s.repo",
	    strcmp(r->m->name, "zypper") == 0 ? "/etc/zypp/repos.d" :
	    "/etc/yum.repos.d", name);
}

static int
compose(struct job *j, struct repository *r)
{
	struct repository_text t = { .format = r->format, .name = j->title.p,
	    .uri = &j->values[URI], .suites = &j->values[SUITES],
	    .components = &j->values[COMPONENTS], .types = &j->values[TYPES],
	    .architectures = &j->values[ARCHITECTURES],
	    .description = &j->values[DESCRIPTION],
	    .settings = &j->values[SETTINGS],
	    .enabled = flag(j, ENABLED, true),
	    .trusted = flag(j, TRUSTED, false) };
	struct buf key = { 0 }, why = { 0 };
	struct part *p;

	if (given(j, KEY) != NULL) {
		if (load_key(j, &key) == -1) {
			buf_clear(&key);
			return -1;
		}
		p = add_key(j, r, is_armored(&key) ? "asc" : "gpg");
		if (p == NULL) {
			buf_clear(&key);
			return -1;
		}
		p->content = key;
		t.key_path = p->path;
	}
	if ((p = add_source(j, r)) == NULL)
		return -1;
	if (repository_write(&t, &p->content, &why) == -1) {
		job_fail(j, "%.*s", (int)why.len, why.p);
		buf_clear(&why);
		return -1;
	}
	return 0;
}

/* What names the key goes before the key, of whichever format that is. */
static int
compose_absent(struct job *j, struct repository *r)
{
	if (add_source(j, r) == NULL || add_key(j, r, "asc") == NULL)
		return -1;
	return r->format == FORMAT_DEB822 && add_key(j, r, "gpg") == NULL ?
	    -1 : 0;
}

static enum outcome
plan(struct job *j)
{
	struct repository *r;
	size_t i;

	if ((r = calloc(1, sizeof(*r))) == NULL)
		return job_fail(j, "out of memory");
	j->state = r;
	j->drop = drop;
	if (find_manager(j, r) == -1 || check_title(j) == -1 ||
	    check_options(j, r) == -1)
		return OUTCOME_FAILED;
	if ((r->absent ? compose_absent(j, r) : compose(j, r)) == -1)
		return OUTCOME_FAILED;
	for (i = 0; i < r->parts.n; i++)
		if (r->absent)
			part_set_absent(&r->parts.v[i]);
		else
			part_set_content(&r->parts.v[i], "0644");
	return part_list_plan(&r->parts, j);
}

/* zypper asks whether a key is to be trusted, unless rpm knows it. */
static int
import_key(struct job *j, const struct repository *r)
{
	const char *argv[] = { "rpm", "--import", r->parts.v[0].path, NULL };
	struct child c = { .argv = argv, .out = &j->out, .err = &j->err };
	const char *what;

	if (strcmp(r->m->name, "zypper") != 0 || r->absent || r->parts.n < 2)
		return 0;
	if (child_run(&c, &what) == -1)
		return job_fail(j, "%s: %s", what, strerror(errno)), -1;
	if (c.status == 0 && c.signal == 0)
		return 0;
	j->show = true;
	job_fail(j, "rpm --import %s: exit status %d", r->parts.v[0].path,
	    c.status);
	return -1;
}

static enum outcome
apply(struct job *j)
{
	struct repository *r = j->state;
	size_t i;

	for (i = 0; i < r->parts.n; i++)
		if ((i == r->parts.n - 1 && import_key(j, r) == -1) ||
		    part_write(&r->parts.v[i], j) == OUTCOME_FAILED)
			return OUTCOME_FAILED;
	packages_stale(j->packages);
	return OUTCOME_CHANGED;
}

static enum outcome
pretend(struct job *j)
{
	struct repository *r = j->state;

	return part_list_pretend(&r->parts, j) == OUTCOME_FAILED ?
	    OUTCOME_FAILED : OUTCOME_CHANGED;
}

static void
watch(const struct job *j, resource_watch_fn *fn, void *arg)
{
	const struct repository *r = j->state;

	if (r != NULL)
		part_list_watch(&r->parts, fn, arg);
}

const struct resource_type resource_repository = {
	.name = "repository", .options = options, .plan = plan,
	.apply = apply, .pretend = pretend, .watch = watch,
	.owns = part_owns
};
