#include <err.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "apply.h"

static const struct asked *asked;
static struct buf line;
static bool colour;

void
show_begin(const struct asked *a)
{
	const char *no = getenv("NO_COLOR");

	asked = a;
	colour = !a->json && isatty(STDOUT_FILENO) &&
	    (no == NULL || *no == '\0');
}

static void
flush_line(void)
{
	if (buf_failed(&line))
		errx(2, "out of memory");
	progress_wipe();
	if (fwrite(line.p, 1, line.len, stdout) != line.len)
		err(2, "stdout");
	buf_reset(&line);
}

static const char *
outcome_word(enum outcome o)
{
	static const char *const words[] = { "ok", "changed", "skipped",
	    "failed" };

	return words[o];
}

static void
show_json(const struct policy_result *r)
{
	buf_puts(&line, "{\"type\":");
	buf_json(&line, r->type);
	buf_member(&line, "title", r->title);
	buf_member(&line, "outcome", str_of(outcome_word(r->outcome)));
	if (!str_eq(r->word, str_of(outcome_word(r->outcome))))
		buf_member(&line, "result", r->word);
	if (r->cause != NULL)
		buf_member(&line, "cause", str_of(r->cause));
	if (r->why.len > 0)
		buf_member(&line, "why", r->why);
	if (asked->noop)
		buf_puts(&line, ",\"noop\":true");
	if (r->repair)
		buf_puts(&line, ",\"repair\":true");
	if (r->file.len > 0) {
		buf_member(&line, "file", r->file);
		buf_printf(&line, ",\"line\":%u,\"ms\":%.3f", r->line,
		    r->ms);
	}
	if (r->detail.len > 0) {
		buf_putc(&line, ',');
		buf_str(&line, r->detail);
	}
	if (r->diff.len > 0)
		buf_member(&line, "diff", r->diff);
	if (r->out.len > 0)
		buf_member(&line, "output", r->out);
	buf_puts(&line, "}\n");
	flush_line();
}

static const char *
colour_of(enum outcome o)
{
	return o == OUTCOME_CHANGED ? "\033[33m" : o == OUTCOME_FAILED ?
	    "\033[31m" : o == OUTCOME_OK ? "\033[32m" : "\033[36m";
}

/* What was done, on one line; in a dry run, why it would be. */
static void
show_reason(const struct policy_result *r)
{
	size_t i;

	if (asked->noop || r->did.len == 0) {
		buf_str(&line, r->why);
		return;
	}
	for (i = 0; i + 1 < r->did.len; i++)
		buf_putc(&line, r->did.p[i] == '\n' ? ' ' : r->did.p[i]);
}

/* That nobody meant it to be so is worth a word. */
static void
show_cause(const struct policy_result *r)
{
	if (r->cause != NULL && strcmp(r->cause, "drift") == 0)
		buf_puts(&line, " (drift)");
}

/* "would change file /etc/motd: content differs", and the diff below it. */
static void
show_text(const struct policy_result *r)
{
	if (colour)
		buf_puts(&line, colour_of(r->outcome));
	if (asked->noop && r->outcome == OUTCOME_CHANGED)
		buf_puts(&line, "would change");
	else
		buf_str(&line, r->word);
	if (colour)
		buf_puts(&line, "\033[m");
	buf_putc(&line, ' ');
	buf_str(&line, r->type);
	buf_putc(&line, ' ');
	buf_str(&line, r->title);
	if (r->why.len > 0 || r->did.len > 0)
		buf_puts(&line, ": ");
	show_reason(r);
	show_cause(r);
	buf_putc(&line, '\n');
	if (asked->noop || asked->verbose)
		buf_str(&line, r->diff);
	buf_str(&line, r->out);
	if (r->out.len > 0 && r->out.p[r->out.len - 1] != '\n')
		buf_putc(&line, '\n');
	flush_line();
}

/* Failures are told on stderr as the run ends; here is what they printed. */
void
show_result(const struct policy_result *r)
{
	if (asked->json)
		show_json(r);
	else if (r->outcome == OUTCOME_FAILED)
		show_print(STDERR_FILENO, r->out);
	else if (r->outcome == OUTCOME_CHANGED || asked->verbose ||
	    r->out.len > 0 ||
	    (r->repair && r->outcome == OUTCOME_SKIPPED))
		show_text(r);
}

/* What the policy has no longer is told, be it ever so well. */
void
show_orphan(const struct policy_result *r)
{
	if (asked->json)
		show_json(r);
	else
		show_text(r);
}

void
show_summary(const struct tally *t, double ms)
{
	if (asked->json) {
		buf_printf(&line, "{\"summary\":true,\"noop\":%s,\"changed\":%"
		    PRIu64 ",\"ok\":%" PRIu64 ",\"skipped\":%" PRIu64
		    ",\"failed\":%" PRIu64 ",\"drift\":%" PRIu64
		    ",\"orphans\":%" PRIu64 ",\"ms\":%.3f}\n",
		    asked->noop ? "true" : "false", t->changed, t->ok,
		    t->skipped, t->failed, t->drifted, t->orphans, ms);
		flush_line();
		return;
	}
	if (!asked->verbose)
		return;
	fprintf(stderr, "changed %" PRIu64 ", ok %" PRIu64 ", skipped %" PRIu64
	    ", failed %" PRIu64, t->changed, t->ok, t->skipped, t->failed);
	if (t->drifted > 0)
		fprintf(stderr, ", drift %" PRIu64, t->drifted);
	if (t->orphans > 0)
		fprintf(stderr, ", orphans %" PRIu64, t->orphans);
	fputc('\n', stderr);
}

/* In JSON, stdout is for objects only: what a policy prints goes to stderr. */
void
show_print(int fd, struct str s)
{
	FILE *f = fd == STDOUT_FILENO && !asked->json ? stdout : stderr;

	progress_wipe();
	if (s.len > 0 && fwrite(s.p, 1, s.len, f) != s.len && f == stdout)
		err(2, "stdout");
}

void
show_end(void)
{
	buf_clear(&line);
	if (ferror(stdout) || fclose(stdout) == EOF)
		err(2, "stdout");
}
