#include <err.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "apply.h"
#include "base/when.h"
#include "keep/keep.h"

/* --history: what became of a path, the last change first. */
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
	when_format_utc(b, (time_t)(r->run / 1000));
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
		buf_member(b, "target", s->target);
	if (s->kind == KEPT_FILE && (s->has & KEPT_HAS_DIGEST)) {
		buf_printf(b, ",\"size\":%llu,\"sha256\":\"",
		    (unsigned long long)s->size);
		for (i = 0; i < sizeof(s->digest); i++)
			buf_printf(b, "%02x", s->digest[i]);
		buf_putc(b, '"');
	}
	if (keep_why_not(s) != NULL)
		buf_member(b, "not_kept", str_of(keep_why_not(s)));
	buf_putc(b, '}');
}

static void
add_json(struct buf *b, const struct change_row *r)
{
	buf_puts(b, "{\"time\":\"");
	when_format_utc(b, (time_t)(r->run / 1000));
	buf_printf(b, "\",\"run\":%llu,\"what\":\"%s\"",
	    (unsigned long long)r->run, what_of(r));
	buf_member(b, "path", r->path);
	buf_puts(b, ",\"policy\":");
	with_policy(b, r->policy, buf_json);
	buf_member(b, "type", r->type);
	buf_member(b, "title", r->title);
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

static int
rows(struct store_view *v, struct list *l)
{
	return store_each_change_of(v, l->path, add_row, l);
}

int
history(const struct asked *a)
{
	struct list l = { 0 };
	struct buf path = { 0 };
	int status;

	if (*a->dir == '\0')
		errx(2, "there is no store, so nothing is kept");
	if (keep_path(&path, a->history) == -1)
		err(2, "%s", a->history);
	l.path = buf_view(&path);
	status = list_print(a, &l, rows);
	buf_clear(&path);
	return status;
}
