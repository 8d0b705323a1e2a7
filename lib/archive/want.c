#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "archive/plan.h"
#include "base/why.h"
#include "file/mode.h"
#include "file/owner.h"

const struct resource_option archive_options[] = {
	[ARCHIVE_PATH] = { "path", OPTION_STRING, "the title",
	    "the directory" },
	[ARCHIVE_ENSURE] = { "ensure", OPTION_STRING, "present",
	    "present or absent" },
	[ARCHIVE_SOURCE] = { "source", OPTION_STRING, NULL,
	    "the archive: a file, or a URL of http or https" },
	[ARCHIVE_DIGEST] = { "digest", OPTION_STRING, NULL,
	    "that the archive has to have, sha256:HEX" },
	[ARCHIVE_CREATES] = { "creates", OPTION_STRING, NULL,
	    "unpack only if there is nothing at this path" },
	[ARCHIVE_STRIP] = { "strip", OPTION_INT, "0",
	    "leave out so many directories at the front of each name" },
	[ARCHIVE_OWNER] = { "owner", OPTION_STRING | OPTION_INT,
	    "who runs p2-apply", "of all that is in it: name or number" },
	[ARCHIVE_GROUP] = { "group", OPTION_STRING | OPTION_INT,
	    "that of who runs p2-apply",
	    "of all that is in it: name or number" },
	[ARCHIVE_MODE] = { "mode", OPTION_STRING,
	    "as in the archive, less go-w", "of all that is in it: u=rwX,go=rX" },
	[ARCHIVE_FORCE] = { "force", OPTION_BOOL, "false",
	    "a directory that is there goes, whatever is in it" },
	[ARCHIVE_TIMEOUT] = { "timeout", OPTION_SECONDS, "600",
	    "how long the download may take" },
	{ NULL, 0, NULL, NULL }
};

bool
archive_given(const struct job *j, int i)
{
	return j->values[i].type != VALUE_NONE;
}

const char *
archive_text(const struct job *j, int i)
{
	return archive_given(j, i) ? j->values[i].str.p : NULL;
}

const char *
archive_path(const struct job *j)
{
	const char *path = archive_text(j, ARCHIVE_PATH);

	return path != NULL ? path : j->title.p;
}

bool
archive_is_absent(const struct job *j)
{
	return part_owns(j) == OWNS_NOTHING;
}

bool
archive_is_forced(const struct job *j)
{
	return archive_given(j, ARCHIVE_FORCE) && j->values[ARCHIVE_FORCE].yes;
}

static int
want_digest(struct job *j, struct archive_plan *p)
{
	const char *s = archive_text(j, ARCHIVE_DIGEST);
	size_t i;

	if (s == NULL && strncasecmp(p->source, "http://", 7) == 0)
		return job_fail(j, "digest: is missing; without it nobody can "
		    "tell what comes over http"), -1;
	if (s == NULL)
		return 0;
	if (strncmp(s, "sha256:", 7) != 0 || strlen(s) != 7 + 64 ||
	    s[7 + strspn(s + 7, "0123456789abcdefABCDEF")] != '\0')
		return job_fail(j, "digest %s: not sha256: and 64 digits", s),
		    -1;
	for (i = 0; i < 64; i++)
		p->digest[i] = s[7 + i] >= 'A' && s[7 + i] <= 'F' ?
		    s[7 + i] - 'A' + 'a' : s[7 + i];
	return 0;
}

static int
want_id(struct job *j, int option, id_t *id)
{
	const struct value *v = &j->values[option];
	struct buf why = { 0 };
	int rc = 0;

	*id = (id_t)-1;
	if (v->type == VALUE_INT && (v->num < 0 || v->num >= (id_t)-1))
		rc = why_say(&why, "%s: %lld is no number of one",
		    archive_options[option].name, (long long)v->num);
	else if (v->type == VALUE_INT)
		*id = (id_t)v->num;
	else if (v->type == VALUE_STRING) {
		rc = option == ARCHIVE_OWNER ?
		    file_owner_user(id, v->str.p, j->world, &why) :
		    file_owner_group(id, v->str.p, j->world, &why);
		/* Who is yet to be. */
		if (rc == -1 && j->world != NULL && errno != EIDRM)
			rc = 0;
	}
	if (rc == -1)
		job_fail(j, "%.*s", (int)why.len, why.p);
	buf_clear(&why);
	return rc;
}

static int
want_present(struct job *j, struct archive_plan *p)
{
	const struct value *strip = &j->values[ARCHIVE_STRIP];
	const char *errstr;
	mode_t mode;

	if ((p->source = archive_text(j, ARCHIVE_SOURCE)) == NULL)
		return job_fail(j, "source: is missing"), -1;
	p->is_url = archive_is_url(p->source);
	if (want_digest(j, p) == -1 ||
	    want_id(j, ARCHIVE_OWNER, &p->uid) == -1 ||
	    want_id(j, ARCHIVE_GROUP, &p->gid) == -1)
		return -1;
	if (archive_given(j, ARCHIVE_STRIP) && (strip->num < 0 || strip->num > 100))
		return job_fail(j, "strip: %lld is none of 0 to 100",
		    (long long)strip->num), -1;
	p->strip = archive_given(j, ARCHIVE_STRIP) ? (unsigned)strip->num : 0;
	p->mode = archive_text(j, ARCHIVE_MODE);
	if (p->mode != NULL &&
	    file_mode(&mode, p->mode, 0644, false, &errstr) == -1)
		return job_fail(j, "mode %s: %s", p->mode, errstr), -1;
	p->timeout_ms = archive_given(j, ARCHIVE_TIMEOUT) ?
	    (long)j->values[ARCHIVE_TIMEOUT].num : 600000;
	buf_printf(&p->options, "strip=%u mode=%s", p->strip,
	    p->mode == NULL ? "" : p->mode);
	if (p->uid != (uid_t)-1)
		buf_printf(&p->options, " uid=%lu", (unsigned long)p->uid);
	if (p->gid != (gid_t)-1)
		buf_printf(&p->options, " gid=%lu", (unsigned long)p->gid);
	return 0;
}

int
archive_want(struct job *j, struct archive_plan *p)
{
	bool absent;

	p->path = archive_path(j);
	if (asprintf(&p->marker, "%s/" ARCHIVE_MARKER, p->path) == -1) {
		p->marker = NULL;
		return job_fail(j, "out of memory"), -1;
	}
	if (job_ensure(j, &absent) == -1)
		return -1;
	return absent ? 0 : want_present(j, p);
}
