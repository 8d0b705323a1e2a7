#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/child.h"
#include "facts/text.h"
#include "package/plan.h"

/* Words for a command line; those it holds are its own. */
struct words {
	char		**v;
	size_t		 n;
	bool		 failed;
};

static void
words_give(struct words *w, char *s)
{
	char **more;

	more = s == NULL ? NULL :
	    reallocarray(w->v, w->n + 2, sizeof(*more));
	if (more == NULL) {
		w->failed = true;
		free(s);
		return;
	}
	w->v = more;
	w->v[w->n++] = s;
	w->v[w->n] = NULL;
}

static void
words_add(struct words *w, const char *s)
{
	words_give(w, strdup(s));
}

static void
words_clear(struct words *w)
{
	size_t i;

	for (i = 0; i < w->n; i++)
		free(w->v[i]);
	free(w->v);
	*w = (struct words){ 0 };
}

/* The first word may be a program of the prefix's own. */
static void
words_begin(struct words *v, const struct package_want *w,
    const char *const *words)
{
	char *pip = NULL;

	if (strcmp(words[0], "pip") == 0 &&
	    (pip = pip_program(w->prefix)) != NULL)
		words_give(v, pip);
	else
		words_add(v, words[0]);
	for (words++; *words != NULL; words++)
		words_add(v, *words);
	if (w->prefix != NULL && strcmp(w->m->name, "npm") == 0) {
		words_add(v, "--prefix");
		words_add(v, w->prefix);
	}
}

/* Is name what the variable, "name=value", is called? */
static bool
is_named(const char *variable, const char *name)
{
	size_t n = strcspn(name, "=");

	return strncmp(variable, name, n) == 0 && variable[n] == '=';
}

/*
 * Our own environment, but that nothing asks anything, that messages are those
 * that we know, and that the tools of dpkg are found.
 */
static void
environment(struct words *env)
{
	static const char *const set[] = { "LC_ALL=C", "LANGUAGE=",
	    "DEBIAN_FRONTEND=noninteractive", "DEBIAN_PRIORITY=critical",
	    "APT_LISTCHANGES_FRONTEND=none", "APT_LISTBUGS_FRONTEND=none",
	    "UCF_FORCE_CONFFOLD=1", "PATH=" };
	const char *path = getenv("PATH");
	size_t i, n = sizeof(set) / sizeof(set[0]);
	char **e, *s;

	for (e = environ; *e != NULL; e++) {
		for (i = 0; i < n && !is_named(*e, set[i]); i++)
			;
		if (i == n)
			words_add(env, *e);
	}
	for (i = 0; i + 1 < n; i++)
		words_add(env, set[i]);
	if (asprintf(&s, "PATH=%s%s/usr/local/sbin:/usr/sbin:/sbin",
	    path != NULL ? path : "/usr/local/bin:/usr/bin:/bin",
	    ":") == -1)
		s = NULL;
	words_give(env, s);
}

/* The exit status; or -1 with words in why: it did not end by itself. */
static int
run(const struct package_want *w, struct words *argv, struct buf *out,
    struct buf *err, struct buf *why)
{
	struct child c = { .argv = (const char *const *)argv->v, .out = out,
	    .err = err, .timeout_ms = w->timeout_ms };
	struct words env = { 0 };
	const char *what;
	int status = -1;

	environment(&env);
	c.env = (const char *const *)env.v;
	if (argv->failed || env.failed)
		buf_puts(why, "out of memory");
	else if (child_run(&c, &what) == -1)
		buf_printf(why, "%s: %s", what, strerror(errno));
	else if (c.timed_out)
		buf_printf(why, "%s took longer than %g s", argv->v[0],
		    (double)w->timeout_ms / 1000);
	else if (c.signal != 0)
		buf_printf(why, "%s was ended by signal %d, %s", argv->v[0],
		    c.signal, strsignal(c.signal));
	else
		status = c.status;
	words_clear(&env);
	return status;
}

static bool
is_error(struct str line)
{
	static const char *const starts[] = { "E: ", "Error", "error:",
	    "ERROR", "npm ERR!", "npm error", "dpkg: error", "rpm: ",
	    "Problem", "No provider", "Package '" };
	size_t i;

	for (i = 0; i < sizeof(starts) / sizeof(starts[0]); i++)
		if (str_starts(line, str_of(starts[i])))
			return true;
	return false;
}

/*
 * The line that says best what is wrong: an error, else the last one.  What
 * ends in a colon goes on in the next.
 */
static void
put_telling(struct buf *b, struct str text)
{
	struct str line, found = { "", 0 };

	while (text_line(&text, &line)) {
		line = text_trim(line);
		if (line.len > 0)
			found = line;
		if (is_error(line))
			break;
	}
	buf_str(b, found);
	if (text_ends(found, ":") && text_line(&text, &line)) {
		buf_putc(b, ' ');
		buf_str(b, text_trim(line));
	}
}

/* apt says of a failure of dpkg only that there was one. */
static void
put_status(struct buf *why, const char *program, int status,
    struct str out, struct str err)
{
	bool by_dpkg = text_has(err, "E: Sub-process") &&
	    text_has(out, "dpkg: error");

	buf_printf(why, "%s: exit status %d", program, status);
	if (out.len + err.len > 0) {
		buf_puts(why, ": ");
		put_telling(why, err.len == 0 || by_dpkg ? out : err);
	}
}

/* What asks for upgrades says by its status whether there are any. */
static bool
is_answer(const struct package_want *w, const char *const *words, int status,
    const struct buf *out, const struct buf *err)
{
	if (status == 0 || words != w->m->latest)
		return status == 0;
	if (text_has(buf_view(err), "npm error") ||
	    text_has(buf_view(err), "npm ERR!"))
		return false;
	return status == 100 || (status == 1 &&
	    (out->len > 0 || err->len == 0));
}

int
package_ask(const struct package_want *w, const char *const *words,
    const char *const *names, struct buf *out, struct buf *why)
{
	struct words argv = { 0 };
	struct buf err = { 0 };
	int status, rc = -1;

	words_begin(&argv, w, words);
	for (; *names != NULL; names++)
		words_add(&argv, *names);
	status = run(w, &argv, out, &err, why);
	if (status != -1 && is_answer(w, words, status, out, &err))
		rc = 0;
	else if (status != -1)
		put_status(why, words[0], status, buf_view(out),
		    buf_view(&err));
	words_clear(&argv);
	buf_clear(&err);
	return rc;
}

/* "%n%o%v": name, operator, version. */
static char *
fill_in(const char *format, const char *name, const struct version_test *t,
    const char *version)
{
	static const char *const ops[] = { [VERSION_IS] = "=",
	    [VERSION_LT] = "<", [VERSION_LE] = "<=", [VERSION_GT] = ">",
	    [VERSION_GE] = ">=" };
	struct buf b = { 0 };

	for (; *format != '\0'; format++) {
		if (*format != '%')
			buf_putc(&b, *format);
		else if (*++format == 'n')
			buf_puts(&b, name);
		else if (*format == 'o')
			buf_puts(&b, ops[t->op]);
		else
			buf_puts(&b, version);
	}
	buf_putc(&b, '\0');
	if (!buf_failed(&b))
		return b.p;
	buf_clear(&b);
	return NULL;
}

/* How the manager is told of this change. */
static void
add_spec(struct words *argv, const struct package_want *w,
    const struct package_change *c)
{
	const struct manager *m = w->m;

	if (c->verb < VERB_INSTALL || c->verb == VERB_HOLD)
		words_add(argv, c->name);
	else if (w->source != NULL)
		words_add(argv, w->source);
	else if (w->version == NULL || m->exact == NULL)
		words_add(argv, c->name);
	else if (m->compare == NULL || w->test.op == VERSION_IS)
		words_give(argv, fill_in(m->exact, c->name, &w->test,
		    c->to != NULL ? c->to : w->test.ver.p));
	else
		words_give(argv, fill_in(m->compare, c->name, &w->test,
		    w->test.ver.p));
}

struct transaction {
	struct packages	*ps;
	struct package_want *const *v;
	size_t		 n;
	struct buf	*out;
	struct buf	*err;
	struct buf	 why;		/* why a command failed, the first */
	struct buf	 stale;		/* why the index was not refreshed */
	bool		 unknown;	/* apt says there is no such name */
};

static void
note_failure(struct transaction *t, const char *program, int status,
    size_t out, size_t err)
{
	struct str said = { t->err->p + err, t->err->len - err };

	if (text_has(said, "Unable to locate package") ||
	    text_has(said, "has no installation candidate"))
		t->unknown = true;
	if (t->why.len == 0)
		put_status(&t->why, program, status, (struct str){
		    t->out->p + out, t->out->len - out }, said);
}

static void
command(struct transaction *t, struct words *argv)
{
	size_t out = t->out->len, err = t->err->len;
	struct buf why = { 0 };
	int status;

	status = run(t->v[0], argv, t->out, t->err, &why);
	if (status == -1 && t->why.len == 0)
		buf_str(&t->why, buf_view(&why));
	else if (status > 0)
		note_failure(t, argv->v[0], status, out, err);
	buf_clear(&why);
}

/* One command for all that it is the command for; after verb, of them all. */
static void
do_verb(struct transaction *t, enum package_verb verb)
{
	const struct package_want *w = t->v[0];
	const char *const *words = w->m->verbs[verb];
	const struct package_change *c;
	struct words argv = { 0 };
	size_t i, head;
	int before;

	for (before = 0; before < (int)verb; before++)
		if (w->m->verbs[before] == words)
			return;
	words_begin(&argv, w, words);
	if (verb >= VERB_INSTALL && verb != VERB_HOLD &&
	    w->recommends != -1 && w->m->recommends[w->recommends] != NULL)
		words_add(&argv, w->m->recommends[w->recommends]);
	head = argv.n;
	for (i = 0; i < t->n; i++)
		for (c = t->v[i]->changes; c < t->v[i]->changes +
		    t->v[i]->nchanges; c++)
			if (w->m->verbs[c->verb] == words)
				add_spec(&argv, t->v[i], c);
	if (argv.n > head)
		command(t, &argv);
	words_clear(&argv);
}

static bool
installs(const struct transaction *t)
{
	size_t i, k;

	for (i = 0; i < t->n; i++)
		for (k = 0; k < t->v[i]->nchanges; k++)
			if (t->v[i]->changes[k].verb >= VERB_INSTALL &&
			    t->v[i]->changes[k].verb != VERB_HOLD)
				return true;
	return false;
}

static bool
is_fresh(const struct packages *ps, const struct manager *m)
{
	size_t i;

	for (i = 0; i < ps->nrefreshed; i++)
		if (ps->refreshed[i] == m)
			return true;
	return false;
}

/*
 * Once a run, and before anything is installed.  That it fails need not
 * matter: what was asked for may be in the index that is there.
 */
static void
refresh(struct transaction *t)
{
	const struct manager *m = t->v[0]->m;
	struct buf out = { 0 }, err = { 0 };
	struct words argv = { 0 };
	int status;

	if (m->refresh == NULL || is_fresh(t->ps, m) || !installs(t))
		return;
	if (t->ps->nrefreshed < PACKAGE_REFRESHED_MAX)
		t->ps->refreshed[t->ps->nrefreshed++] = m;
	words_begin(&argv, t->v[0], m->refresh);
	status = run(t->v[0], &argv, &out, &err, &t->stale);
	if (status > 0) {
		put_status(&t->stale, argv.v[0], status, buf_view(&out),
		    buf_view(&err));
		buf_str(t->out, buf_view(&out));
		buf_str(t->err, buf_view(&err));
	}
	words_clear(&argv);
	buf_clear(&out);
	buf_clear(&err);
	packages_forget_offers(t->ps);
}

static void
fail(const struct transaction *t, struct package_want *w, struct str why,
    bool hard)
{
	w->done = true;
	w->outcome = OUTCOME_FAILED;
	w->hard = hard;
	buf_reset(&w->did);
	buf_reset(&w->why);
	buf_str(&w->why, why);
	if (t->stale.len > 0)
		buf_printf(&w->why, "; the index was not refreshed: %.*s",
		    (int)t->stale.len, t->stale.p);
}

/* What has come of it, by what is there now. */
static void
judge(const struct transaction *t, struct package_want *w)
{
	struct buf why = { 0 };
	bool done = true;
	size_t i;

	buf_printf(&why, "%s reports success, but ", w->m->name);
	for (i = 0; i < w->nchanges; i++)
		if (!change_done(t->ps, w, &w->changes[i], &w->did, &why))
			done = false;
	if (done) {
		w->done = true;
		w->outcome = OUTCOME_CHANGED;
	} else {
		fail(t, w, t->why.len > 0 ? buf_view(&t->why) : buf_view(&why),
		    t->unknown);
		if (w != t->v[0]) {
			buf_str(&w->out, buf_view(t->out));
			buf_str(&w->err, buf_view(t->err));
		}
	}
	buf_clear(&why);
}

static bool
has_entries(const char *path)
{
	struct dirent *e;
	bool found = false;
	DIR *d;

	if (path == NULL || (d = opendir(path)) == NULL)
		return false;
	while (!found && (e = readdir(d)) != NULL)
		found = *e->d_name != '.';
	closedir(d);
	return found;
}

/* A manager that was interrupted does nothing else before that is done. */
static void
finish_old(struct transaction *t)
{
	const struct manager *m = t->v[0]->m;
	struct words argv = { 0 };

	if (!has_entries(m->unfinished))
		return;
	words_begin(&argv, t->v[0], m->finish);
	command(t, &argv);
	words_clear(&argv);
	buf_reset(&t->why);
	packages_forget(t->ps);
}

static void
transact(struct transaction *t)
{
	enum package_verb verb;
	size_t i;

	for (verb = VERB_REMOVE; verb < VERBS; verb++)
		if (t->v[0]->m->verbs[verb] != NULL)
			do_verb(t, verb);
	packages_forget(t->ps);
	for (i = 0; i < t->n; i++)
		if (!t->v[i]->done)
			judge(t, t->v[i]);
}

/*
 * One that cannot be done may have kept the others from being done, and which
 * one it was is best seen by trying each.
 */
static void
transact_each(struct transaction *all)
{
	struct transaction t = *all;
	size_t i;

	t.n = 1;
	for (i = 0; i < all->n; i++) {
		if (all->v[i]->outcome != OUTCOME_FAILED)
			continue;
		t.v = &all->v[i];
		t.why = (struct buf){ 0 };
		t.out = &t.v[0]->out;
		t.err = &t.v[0]->err;
		buf_reset(t.out);
		buf_reset(t.err);
		t.unknown = false;
		t.v[0]->done = false;
		transact(&t);
		buf_clear(&t.why);
	}
}

/* Once more, by the index as it is now; who fails here takes no part. */
static size_t
look_again(struct transaction *t, struct package_want **part)
{
	struct buf why = { 0 };
	size_t i, n = 0;

	for (i = 0; i < t->n; i++) {
		if (want_compare(t->ps, t->v[i], false, &why) == -1)
			fail(t, t->v[i], buf_view(&why), t->v[i]->hard);
		else
			part[n++] = t->v[i];
		buf_reset(&why);
	}
	buf_clear(&why);
	return n;
}

void
package_act(struct packages *ps, struct package_want *const *v, size_t n,
    struct buf *out, struct buf *err)
{
	struct transaction t = { .ps = ps, .v = v, .n = n, .out = out,
	    .err = err };
	struct package_want **part;
	struct buf why = { 0 };
	size_t i;

	if ((part = calloc(n, sizeof(*part))) == NULL ||
	    manager_wait(v[0]->m, v[0]->lock_ms, &why) == -1) {
		for (i = 0; i < n; i++)
			fail(&t, v[i], part == NULL ? str_of("out of memory") :
			    buf_view(&why), false);
		goto out;
	}
	finish_old(&t);
	refresh(&t);
	t.n = look_again(&t, part);
	t.v = part;
	if (t.n > 0)
		transact(&t);
	if (t.n > 1 && t.why.len > 0)
		transact_each(&t);
out:
	buf_clear(&t.why);
	buf_clear(&t.stale);
	buf_clear(&why);
	free(part);
}
