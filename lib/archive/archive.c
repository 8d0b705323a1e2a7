#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "archive/archive.h"
#include "archive/plan.h"
#include "base/diff.h"
#include "base/watch.h"
#include "base/why.h"
#include "facts/text.h"
#include "file/mode.h"
#include "resource/journal.h"

static void
drop(void *state)
{
	struct archive_plan *p = state;

	free(p->marker);
	buf_clear(&p->options);
	buf_clear(&p->old);
	part_clear(&p->gone);
	free(p);
}

static enum outcome
fail(struct job *j, struct buf *why)
{
	enum outcome outcome = job_fail(j, "%.*s", (int)why->len, why->p);

	buf_clear(why);
	return outcome;
}

/*
 * --- What is there -------------------------------------------------------
 */

/* Of a local one without a digest: with the same size and time, it is that. */
static void
put_stat(struct buf *b, const char *path)
{
	struct stat st;

	if (stat(path, &st) == 0)
		buf_printf(b, "%lld %lld.%09ld", (long long)st.st_size,
		    (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
}

/* In a dry run: is there an archive by then, whatever is in it? */
static bool
is_pretended(const struct job *j, const struct archive_plan *p)
{
	struct node n;

	if (world_look(j->world, p->source, &n))
		return n.kind != NODE_NONE;
	return world_is_vague(j->world) && access(p->source, F_OK) == -1;
}

/* A local one: is it what the directory has been made of? */
static int
compare_local(struct job *j, struct archive_plan *p, struct str digest)
{
	struct buf stat = { 0 }, why = { 0 };
	archive_digest is;
	int rc = 0;

	put_stat(&stat, p->source);
	if (is_pretended(j, p))
		job_why(j, "its archive may be another by then");
	else if (stat.len == 0 || !str_eq(buf_view(&stat),
	    text_field(buf_view(&p->old), "stat", ':'))) {
		if ((rc = archive_digest_of(p->source, j->trees, is, &why)) == -1)
			fail(j, &why);
		else if (!text_is(digest, is))
			job_why(j, "its archive is another");
	}
	buf_clear(&stat);
	return rc;
}

/* Against the marker that there is. */
static int
compare(struct job *j, struct archive_plan *p)
{
	struct str old = p->old.len == 0 ? str_of("") : buf_view(&p->old),
	    digest = text_field(old, "digest", ':');
	archive_digest source;

	if (!str_eq(text_field(old, "options", ':'), buf_view(&p->options)))
		job_why(j, "was unpacked with other options");
	if (*p->digest != '\0') {
		if (!text_is(digest, p->digest))
			job_why(j, "its archive has the digest sha256:%.*s, "
			    "not sha256:%s", (int)digest.len, digest.p,
			    p->digest);
		return 0;
	}
	if (!p->is_url)
		return compare_local(j, p, digest);
	SHA256Data((const uint8_t *)p->source, strlen(p->source), source);
	if (!text_is(text_field(old, "source", ':'), source))
		job_why(j, "came from another source");
	return 0;
}

/* What would fail anyway may as well do so in a dry run. */
static int
check_source(struct job *j, struct archive_plan *p)
{
	struct buf why = { 0 };
	archive_digest is;

	if (p->is_url || is_pretended(j, p))
		return 0;
	if (archive_digest_of(p->source, j->trees, is, &why) == 0 &&
	    archive_digest_bad(p, is, &why) == 0) {
		strlcpy(p->digest, is, sizeof(p->digest));
		return 0;
	}
	fail(j, &why);
	return -1;
}

static void
put_marker(struct buf *b, const struct archive_plan *p,
    const archive_digest digest)
{
	archive_digest source;

	SHA256Data((const uint8_t *)p->source, strlen(p->source), source);
	buf_printf(b, "digest: %s\nsource: %s\noptions: %.*s\n", digest, source,
	    (int)p->options.len, p->options.p);
	if (p->is_url)
		return;
	buf_puts(b, "stat: ");
	put_stat(b, p->source);
	buf_putc(b, '\n');
}

static void
show_diff(struct job *j, const struct archive_plan *p)
{
	struct str none = { "", 0 };
	struct buf new = { 0 };

	if (!j->want_diff || j->sensitive || *p->digest == '\0')
		return;
	put_marker(&new, p, p->digest);
	diff_unified(&j->diff, p->old.len == 0 ? none : buf_view(&p->old),
	    buf_view(&new), p->old.len == 0 ? "/dev/null" : p->marker,
	    p->marker);
	buf_clear(&new);
}

/*
 * --- Plan ----------------------------------------------------------------
 */

static enum outcome
plan_absent(struct job *j, struct archive_plan *p)
{
	struct part_seen seen;

	part_look(j, p->path, &seen);
	if (seen.kind == NODE_NONE)
		return OUTCOME_OK;
	if (seen.kind != NODE_DIR)
		return job_fail(j, "%s is not a directory", p->path);
	if (!seen.empty && !part_read(j, p->marker, &p->old) && !archive_is_forced(j))
		return job_fail(j, "%s is not from an archive; with force it "
		    "goes", p->path);
	if (part_init(&p->gone, j, p->path) == -1)
		return OUTCOME_FAILED;
	part_set_absent(&p->gone);
	part_set_flag(&p->gone, "recurse", true);
	part_set_flag(&p->gone, "force", true);
	return part_plan(&p->gone, j);
}

static int
look(struct job *j, struct archive_plan *p)
{
	bool found = part_read(j, p->marker, &p->old);
	struct part_seen seen;

	part_look(j, p->path, &seen);
	switch (seen.kind) {
	case NODE_NONE:
		if (seen.no_parent && !world_is_vague(j->world))
			return job_fail(j, "the directory that %s is to be in "
			    "is missing", p->path), -1;
		job_why(j, "is missing");
		return 0;
	case NODE_DIR:
		break;
	default:
		return job_fail(j, "%s is not a directory", p->path), -1;
	}
	if (found)
		return compare(j, p);
	if (!seen.empty && !archive_is_forced(j))
		return job_fail(j, "%s has something in it, and not from an "
		    "archive; with force that goes", p->path), -1;
	job_why(j, seen.empty ? "is empty" : "is not from an archive");
	return 0;
}

static enum outcome
plan_present(struct job *j, struct archive_plan *p)
{
	const char *creates = archive_text(j, ARCHIVE_CREATES);
	struct part_seen seen = { .kind = NODE_NONE };

	if (creates != NULL)
		part_look(j, creates, &seen);
	if (seen.kind != NODE_NONE) {
		job_why(j, "%s exists", creates);
		return OUTCOME_SKIPPED;
	}
	if (look(j, p) == -1)
		return OUTCOME_FAILED;
	if (j->why.len > 0) {
		if (check_source(j, p) == -1)
			return OUTCOME_FAILED;
		show_diff(j, p);
		return OUTCOME_CHANGED;
	}
	if (!beside_left(p->path))
		return OUTCOME_OK;
	p->sweeps = true;
	job_why(j, "what an unfinished run has left is beside it");
	return OUTCOME_CHANGED;
}

static enum outcome
plan(struct job *j)
{
	struct archive_plan *p;

	if ((p = calloc(1, sizeof(*p))) == NULL)
		return job_fail(j, "out of memory");
	j->state = p;
	j->drop = drop;
	if (archive_want(j, p) == -1)
		return OUTCOME_FAILED;
	return archive_is_absent(j) ? plan_absent(j, p) : plan_present(j, p);
}

/*
 * --- Doing it ------------------------------------------------------------
 */

static int
write_marker(const struct archive_plan *p, int dir,
    const archive_digest digest, struct buf *why)
{
	struct buf b = { 0 };
	int fd, rc;

	fd = openat(dir, ARCHIVE_MARKER, O_WRONLY | O_CREAT | O_EXCL |
	    O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd == -1)
		return why_errno(why, p->marker, "create");
	put_marker(&b, p, digest);
	rc = buf_failed(&b) ? -1 : buf_write(&b, fd);
	if (close(fd) == -1 || rc == -1)
		rc = why_errno(why, p->marker, "write");
	buf_clear(&b);
	return rc;
}

static int
set_attrs(const struct archive_plan *p, const struct beside *b,
    struct buf *why)
{
	struct attrs a = { p->uid, p->gid, 0755 };
	const char *errstr;

	if (p->mode != NULL &&
	    file_mode(&a.mode, p->mode, a.mode, true, &errstr) == -1)
		return why_say(why, "mode %s: %s", p->mode, errstr);
	return beside_attrs(b, &a, p->mode != NULL, why);
}

static int
fill(struct job *j, const struct archive_plan *p, const struct beside *b,
    archive_digest digest, struct buf *why)
{
	int fd, rc;

	if (archive_get(p, j->trees, b->path, &fd, digest, why) == -1)
		return -1;
	if ((rc = archive_unpack(p, fd, b->fd, why)) == 0 &&
	    (rc = write_marker(p, b->fd, digest, why)) == 0)
		rc = set_attrs(p, b, why);
	close(fd);
	return rc;
}

static int
unpack(struct job *j, const struct archive_plan *p, struct buf *why)
{
	archive_digest digest;
	struct beside b;

	if (beside_begin(&b, p->path, why) == -1 ||
	    fill(j, p, &b, digest, why) == -1)
		goto abort;
	if (archive_note(j, &b, why) == -1) {
		journal_forget(j);
		goto abort;
	}
	if (journal_commit(j, why) == -1 || beside_commit(&b, why) == -1)
		goto abort;
	job_detail(j, "sha256", str_of(digest));
	job_did(j, "Unpacked the archive sha256:%.12s.", digest);
	return 0;
abort:
	beside_abort(&b);
	return -1;
}

static enum outcome
apply(struct job *j)
{
	struct archive_plan *p = j->state;
	struct buf why = { 0 };

	if (archive_is_absent(j)) {
		if (part_apply(&p->gone, j) == OUTCOME_FAILED)
			return OUTCOME_FAILED;
		job_did(j, "Removed the directory.");
		return OUTCOME_CHANGED;
	}
	if (p->sweeps) {
		if (beside_sweep(p->path, &why) == -1)
			return fail(j, &why);
		job_did(j, "Removed what an unfinished run had left.");
		return OUTCOME_CHANGED;
	}
	return unpack(j, p, &why) == -1 ? fail(j, &why) : OUTCOME_CHANGED;
}

/* What else there is by then, only the archive could tell. */
static enum outcome
pretend(struct job *j)
{
	struct archive_plan *p = j->state;
	struct node dir = { .kind = NODE_DIR, .mode = 0755, .fresh = true,
	    .uid = p->uid != (uid_t)-1 ? p->uid : geteuid(),
	    .gid = p->gid != (gid_t)-1 ? p->gid : getegid() },
	    file = { .kind = NODE_FILE, .mode = 0644, .uid = geteuid(),
	    .gid = getegid() };
	struct buf marker = { 0 };
	int rc;

	if (archive_is_absent(j))
		return part_pretend(&p->gone, j);
	if (p->sweeps)
		return OUTCOME_CHANGED;
	world_set_vague(j->world);
	put_marker(&marker, p, p->digest);
	file.data = buf_view(&marker);
	rc = buf_failed(&marker) ||
	    world_set(j->world, p->path, &dir) == -1 ||
	    world_set(j->world, p->marker, &file) == -1;
	buf_clear(&marker);
	return rc ? job_fail(j, "out of memory") : OUTCOME_CHANGED;
}

/* With a digest, the archive need not be there any more. */
static void
watch(const struct job *j, resource_watch_fn *fn, void *arg)
{
	const char *creates = archive_text(j, ARCHIVE_CREATES),
	    *source = archive_text(j, ARCHIVE_SOURCE);
	char *marker;

	if (asprintf(&marker, "%s/" ARCHIVE_MARKER, archive_path(j)) != -1) {
		fn(marker, WATCH_FOLLOW, arg);
		free(marker);
	}
	if (creates != NULL)
		fn(creates, WATCH_FOLLOW, arg);
	if (source != NULL && !archive_given(j, ARCHIVE_DIGEST) &&
	    !archive_is_url(source))
		fn(source, WATCH_FOLLOW, arg);
}

static enum resource_owns
owns(const struct job *j)
{
	return archive_is_absent(j) ? OWNS_NOTHING : OWNS_WHOLE;
}

const struct resource_type resource_archive = {
	.name = "archive", .options = archive_options, .plan = plan, .apply = apply,
	.pretend = pretend, .watch = watch, .owns = owns
};
