#include <sys/stat.h>

#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "apply.h"
#include "keep/keep.h"

/* --history: what became of a path, the last change first. */
struct list {
	struct buf	 out;
	bool		 json;
};

static void
put_time(struct buf *b, uint64_t ms)
{
	time_t t = (time_t)(ms / 1000);
	struct tm tm;
	char text[32];

	gmtime_r(&t, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	buf_puts(b, text);
}

static const char *
kind_of(const struct kept_state *s)
{
	static const char *const kinds[] = { "nothing", "file", "directory",
	    "link", "special" };

	return kinds[s->kind];
}

static const char *
what_of(const struct change_row *r)
{
	if (r->undoes != 0)
		return "restored";
	if (r->was.kind == KEPT_NONE)
		return "created";
	if (r->is.kind == KEPT_NONE)
		return "removed";
	if (r->was.kind == r->is.kind && r->was.kind != KEPT_LINK &&
	    (r->is.has & KEPT_HAS_DIGEST) == 0 &&
	    (r->was.has & KEPT_HAS_CONTENT) == 0 &&
	    keep_why_not(&r->was) == NULL)
		return "attributes";
	return "replaced";
}

static void
put_was(struct buf *b, const struct kept_state *s)
{
	buf_puts(b, kind_of(s));
	if (s->kind == KEPT_LINK) {
		buf_puts(b, " to ");
		buf_str(b, s->target);
	}
	if (s->kind != KEPT_LINK && (s->has & KEPT_HAS_MODE))
		buf_printf(b, " %04o", s->mode & 07777);
	if (s->has & KEPT_HAS_UID)
		buf_printf(b, " %u:%u", s->uid, s->gid);
	if (s->kind == KEPT_FILE)
		buf_printf(b, " %llu bytes", (unsigned long long)s->size);
	if (keep_why_not(s) != NULL)
		buf_printf(b, ", not kept: %s", keep_why_not(s));
}

/* The name of the policy whose file that is. */
static void
with_policy(struct buf *b, struct str file,
    void (*add)(struct buf *, struct str))
{
	char *path = strndup(file.p, file.len);

	if (path == NULL)
		err(2, NULL);
	add(b, policy_name(path));
	free(path);
}

static void
add_text(struct buf *b, const struct change_row *r)
{
	put_time(b, r->run);
	buf_printf(b, "\t%s\twas ", what_of(r));
	put_was(b, &r->was);
	buf_putc(b, '\t');
	with_policy(b, r->policy, buf_str);
	buf_putc(b, ' ');
	buf_str(b, r->type);
	buf_putc(b, ':');
	buf_str(b, r->title);
	buf_putc(b, '\n');
}

static void
member(struct buf *b, const char *name, struct str value)
{
	buf_putc(b, ',');
	buf_json(b, str_of(name));
	buf_putc(b, ':');
	buf_json(b, value);
}

static void
put_state(struct buf *b, const char *name, const struct kept_state *s)
{
	size_t i;

	buf_printf(b, ",\"%s\":{\"kind\":\"%s\"", name, kind_of(s));
	if (s->kind != KEPT_LINK && (s->has & KEPT_HAS_MODE))
		buf_printf(b, ",\"mode\":\"%04o\"", s->mode & 07777);
	if (s->has & KEPT_HAS_UID)
		buf_printf(b, ",\"uid\":%u", s->uid);
	if (s->has & KEPT_HAS_GID)
		buf_printf(b, ",\"gid\":%u", s->gid);
	if (s->kind == KEPT_LINK)
		member(b, "target", s->target);
	if (s->kind == KEPT_FILE && (s->has & KEPT_HAS_DIGEST)) {
		buf_printf(b, ",\"size\":%llu,\"sha256\":\"",
		    (unsigned long long)s->size);
		for (i = 0; i < sizeof(s->digest); i++)
			buf_printf(b, "%02x", s->digest[i]);
		buf_putc(b, '"');
	}
	if (keep_why_not(s) != NULL)
		member(b, "not_kept", str_of(keep_why_not(s)));
	buf_putc(b, '}');
}

static void
add_json(struct buf *b, const struct change_row *r)
{
	buf_puts(b, "{\"time\":\"");
	put_time(b, r->run);
	buf_printf(b, "\",\"run\":%llu,\"what\":\"%s\"",
	    (unsigned long long)r->run, what_of(r));
	member(b, "path", r->path);
	buf_puts(b, ",\"policy\":");
	with_policy(b, r->policy, buf_json);
	member(b, "type", r->type);
	member(b, "title", r->title);
	if (r->undoes != 0)
		buf_printf(b, ",\"undoes\":%llu",
		    (unsigned long long)r->undoes);
	put_state(b, "was", &r->was);
	put_state(b, "is", &r->is);
	buf_puts(b, "}\n");
}

static int
add_row(const struct change_row *r, void *arg)
{
	struct list *l = arg;

	if (l->json)
		add_json(&l->out, r);
	else
		add_text(&l->out, r);
	return 0;
}

int
history(const struct asked *a)
{
	struct list l = { .json = a->json };
	struct buf path = { 0 };
	struct store_view *v;
	struct store *s;
	bool any;
	int rc;

	if (*a->dir == '\0')
		errx(2, "there is no store, so nothing is kept");
	if (keep_path(&path, a->history) == -1)
		err(2, "%s", a->history);
	if ((rc = store_open(&s, a->dir, STORE_READ)) != 0)
		errx(2, "%s: %s", a->dir, store_strerror(rc));
	if ((rc = store_view(s, &v)) == 0) {
		rc = store_each_change_of(v, buf_view(&path), add_row, &l);
		store_view_end(v);
	}
	store_close(s);
	if (rc == 0 && buf_failed(&l.out))
		rc = ENOMEM;
	if (rc != 0)
		errx(2, "%s: %s", a->dir, store_strerror(rc));
	any = l.out.len > 0;
	if (any && fwrite(l.out.p, 1, l.out.len, stdout) != l.out.len)
		err(2, "stdout");
	buf_clear(&l.out);
	buf_clear(&path);
	return any ? 0 : 1;
}
