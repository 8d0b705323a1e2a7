#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/why.h"
#include "facts/text.h"
#include "service/systemd.h"

/*
 * A unit's state is three properties of its object, the name of which follows
 * from the unit's.  To get them loads the unit, but only LoadUnit tells why
 * that cannot be.  All four go out at once, those of many units together.
 */
static const char *const properties[] = { "LoadState", "ActiveState",
    "UnitFileState" };

enum { CALLS = 4, LOAD_UNIT = 0, LOAD, ACTIVE, FILE_STATE };
enum { BATCH = 64, CALLS_MAX = BATCH * CALLS, ASK_MS = 25000 };

_Static_assert((int)CALLS_MAX <= (int)DBUS_CALLS, "too many calls");

/* Of the kind "service", unless its name says another one. */
char *
systemd_unit(const char *name)
{
	static const char *const kinds[] = { "service", "socket", "timer",
	    "path", "mount", "automount", "swap", "target", "slice", "scope",
	    "device", NULL };
	const char *dot = strrchr(name, '.');
	char *unit;
	size_t i, n;

	for (i = 0; dot != NULL && kinds[i] != NULL; i++)
		if (strcmp(dot + 1, kinds[i]) == 0)
			return strdup(name);
	n = strlen(name);
	if ((unit = malloc(n + sizeof(".service"))) != NULL) {
		memcpy(unit, name, n);
		memcpy(unit + n, ".service", sizeof(".service"));
	}
	return unit;
}

/* The words are those of org.freedesktop.systemd1(5). */
static bool
is_one_of(struct str word, const char *const *words)
{
	for (; *words != NULL; words++)
		if (text_is(word, *words))
			return true;
	return false;
}

static void
judge(struct service_state *st, struct str load, struct str active,
    struct str file)
{
	static const char *const running[] = { "active", "reloading",
	    "activating", NULL };
	static const char *const enabled[] = { "enabled", "enabled-runtime",
	    NULL };
	static const char *const fixed[] = { "static", "indirect", "alias",
	    "transient", NULL };

	st->exists = !text_is(load, "not-found");
	st->masked = text_is(load, "masked") ||
	    str_starts(file, str_of("masked"));
	st->running = is_one_of(active, running);
	st->enabled = is_one_of(file, enabled);
	st->fixed = is_one_of(file, fixed);
}

/* A unit made of a script of System V is enabled as such scripts are. */
static int
look_behind(struct services *s, const char *name, struct service_state *st,
    struct buf *why)
{
	struct service_state script;

	if (service_sysv.look(s, name, &script, why) == -1)
		return -1;
	st->enabled = script.enabled;
	st->fixed = !script.exists;
	return 0;
}


/*
 * --- Asking --------------------------------------------------------------
 */

/* What the calls about units lend their arguments and paths from. */
struct question {
	struct buf	 text[BATCH];	/* the unit, as an argument */
	struct buf	 path[BATCH];
	struct buf	 property[CALLS];
	struct dbus_call calls[CALLS_MAX];
	struct dbus_args answers[CALLS_MAX];
};

/* Others than letters and digits, and a digit at first, are "_" and hex. */
static void
put_object(struct buf *b, const char *unit)
{
	const char *p;

	buf_puts(b, PATH "/unit/");
	for (p = unit; *p != '\0'; p++)
		if ((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
		    (*p >= '0' && *p <= '9' && p > unit))
			buf_putc(b, *p);
		else
			buf_printf(b, "_%02x", (unsigned char)*p);
	buf_putc(b, '\0');
}

static bool
put_unit(struct question *q, size_t i, const char *name)
{
	static const struct dbus_call load = { .destination = DEST,
	    .path = PATH, .interface = MANAGER, .member = "LoadUnit",
	    .signature = "s", .answer = "o" };
	static const struct dbus_call get = { .destination = DEST,
	    .interface = "org.freedesktop.DBus.Properties", .member = "Get",
	    .signature = "ss", .answer = "v" };
	struct dbus_call *c = &q->calls[i * CALLS];
	char *unit = systemd_unit(name);
	size_t k;

	if (unit == NULL)
		return false;
	dbus_put_str(&q->text[i], unit);
	put_object(&q->path[i], unit);
	free(unit);
	if (buf_failed(&q->text[i]) || buf_failed(&q->path[i]))
		return false;
	c[LOAD_UNIT] = load;
	c[LOAD_UNIT].args = buf_view(&q->text[i]);
	for (k = LOAD; k < CALLS; k++) {
		c[k] = get;
		c[k].path = q->path[i].p;
		c[k].args = buf_view(&q->property[k]);
	}
	return true;
}

static void
question_free(struct question *q)
{
	size_t i;

	if (q == NULL)
		return;
	for (i = 0; i < BATCH; i++) {
		buf_clear(&q->text[i]);
		buf_clear(&q->path[i]);
	}
	for (i = 0; i < CALLS; i++)
		buf_clear(&q->property[i]);
	free(q);
}

static struct question *
question_new(const struct service_ahead *v, size_t n)
{
	struct question *q = calloc(1, sizeof(*q));
	bool well = q != NULL;
	size_t i;

	for (i = LOAD; well && i < CALLS; i++) {
		dbus_put_str(&q->property[i], UNIT);
		dbus_put_str(&q->property[i], properties[i - LOAD]);
		well = !buf_failed(&q->property[i]);
	}
	for (i = 0; well && i < n; i++)
		well = put_unit(q, i, v[i].name);
	if (well)
		return q;
	question_free(q);
	return NULL;
}

/* Of a unit that cannot be told about, why it cannot is for its turn. */
static int
take(struct service_ahead *v, struct dbus_args *a, struct buf *why)
{
	struct str told[CALLS], failure;
	size_t i;

	for (i = 0; i < CALLS; i++) {
		if (!a[i].bad)
			told[i] = i == LOAD_UNIT ? dbus_str(&a[i]) :
			    dbus_variant_str(&a[i]);
		if (!a[i].bad)
			continue;
		failure = a[i].failure.len > 0 ? a[i].failure :
		    str_of("systemd's answer is malformed");
		return why_say(why, "%s: %.*s", v->name, (int)failure.len,
		    failure.p);
	}
	judge(&v->state, told[LOAD], told[ACTIVE], told[FILE_STATE]);
	v->generated = text_is(told[FILE_STATE], GENERATED);
	v->known = true;
	return 0;
}

static const char *
connect_to(struct dbus *d)
{
	bool direct = geteuid() == 0 && access(PRIVATE, F_OK) == 0;

	return dbus_open(d, direct ? PRIVATE : "/run/dbus/system_bus_socket",
	    !direct, ASK_MS);
}

/* A connection from long ago may have ended with the systemd of then. */
static const char *
talk(struct services *s, const struct question *q, size_t n,
    struct dbus_args *answers)
{
	bool old = s->bus.fd != -1;
	const char *why = NULL;

	if (!old)
		why = connect_to(&s->bus);
	if (why == NULL)
		why = dbus_ask(&s->bus, q->calls, n * CALLS, ASK_MS, answers);
	if (why == NULL)
		return NULL;
	dbus_close(&s->bus);
	return old ? talk(s, q, n, answers) : why;
}

/* What is known of the n, BATCH at most; the first of them has to be. */
static int
ask(struct services *s, struct service_ahead *v, size_t n, struct buf *why)
{
	struct question *q = question_new(v, n);
	struct buf ignored = { 0 };
	const char *failed;
	int rc = 0;
	size_t i;

	if (q == NULL)
		return why_say(why, "out of memory");
	if ((failed = talk(s, q, n, q->answers)) != NULL)
		rc = why_say(why, "systemd cannot be reached: %s", failed);
	for (i = 0; failed == NULL && i < n; i++)
		if (take(&v[i], &q->answers[i * CALLS], i == 0 ? why :
		    &ignored) == -1 && i == 0)
			rc = -1;
	buf_clear(&ignored);
	question_free(q);
	return rc;
}

/*
 * --- Ahead ---------------------------------------------------------------
 */

void
systemd_ahead(struct services *s, const char *name)
{
	struct service_ahead *v = &s->ahead[s->nahead];

	if (s->nahead == SERVICES_AHEAD)
		return;
	*v = (struct service_ahead){ .name = strdup(name) };
	if (v->name != NULL)
		s->nahead++;
}

void
systemd_forget(struct services *s)
{
	while (s->nahead > 0)
		free(s->ahead[--s->nahead].name);
	s->next = 0;
}

void
systemd_look_close(struct services *s)
{
	systemd_forget(s);
	dbus_close(&s->bus);
}

static int
look_ahead(struct services *s, struct service_ahead *one, struct buf *why)
{
	struct service_ahead *v = &s->ahead[s->next];

	size_t n = s->nahead - s->next;

	if (!v->known && ask(s, v, n < BATCH ? n : BATCH, why) == -1)
		return -1;
	one->state = v->state;
	one->generated = v->generated;
	s->next++;
	return 0;
}

int
systemd_look(struct services *s, const char *name, struct service_state *st,
    struct buf *why)
{
	struct service_ahead one = { .name = (char *)(uintptr_t)name };
	int rc;

	if (s->next < s->nahead && strcmp(s->ahead[s->next].name, name) == 0)
		rc = look_ahead(s, &one, why);
	else {
		/* Something else has come than was told. */
		systemd_forget(s);
		rc = ask(s, &one, 1, why);
	}
	if (rc == -1)
		return -1;
	*st = one.state;
	return one.generated ? look_behind(s, name, st, why) : 0;
}
