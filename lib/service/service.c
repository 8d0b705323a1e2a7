#include <stdlib.h>
#include <string.h>

#include "base/why.h"
#include "resource/journal.h"
#include "service/plan.h"
#include "service/service.h"
#include "service/systemd.h"

/* In the order of the table. */
enum { NAME, ENSURE, ENABLED, MASKED, PROVIDER, REFRESH, TIMEOUT, EXEC };

static const struct resource_option options[] = {
	[NAME] = { "name", OPTION_STRING, "the title",
	    "the manager's name for it" },
	[ENSURE] = { "ensure", OPTION_STRING, NULL,
	    "one of running, stopped, restarted and reloaded" },
	[ENABLED] = { "enabled", OPTION_BOOL, NULL,
	    "started with the host, or not" },
	[MASKED] = { "masked", OPTION_BOOL, NULL,
	    "cannot be started at all, or can" },
	[PROVIDER] = { "provider", OPTION_STRING, "that of the host",
	    "one of systemd, openrc, runit and sysv" },
	[REFRESH] = { "refresh", OPTION_STRING, "restart",
	    "what a notification does: restart, reload or none" },
	[TIMEOUT] = { "timeout", OPTION_SECONDS, "90",
	    "how long starting and stopping may take" },
	/* Of these the language makes files. */
	[EXEC] = { "exec", OPTION_STRING, NULL,
	    "makes a unit, or a script, that runs this" },
	{ "description", OPTION_STRING, NULL, "of the unit" },
	{ "user", OPTION_STRING, NULL, "of the unit: who runs it" },
	{ "appdir", OPTION_STRING, NULL, "of the unit: where it runs" },
	{ "dependson", OPTION_STRING | OPTION_LIST, NULL,
	    "of the unit: services that it needs" },
	{ "env", OPTION_MAP, NULL, "of the unit: environment" },
	{ "dropin", OPTION_STRING | OPTION_MAP, NULL,
	    "text of a drop-in, or of several by name; empty: it goes" },
	{ "timer", OPTION_STRING, NULL,
	    "makes a timer that starts it then, as in systemd.time(7)" },
	{ NULL, 0, NULL, NULL }
};

static const struct service_provider *const providers[] = {
	&service_systemd, &service_openrc, &service_runit, &service_sysv, NULL
};

struct services *
services_new(void)
{
	struct services *s = calloc(1, sizeof(*s));

	if (s != NULL)
		s->bus.fd = -1;
	return s;
}

void
services_free(struct services *s)
{
	struct service_pretended *p;

	if (s == NULL)
		return;
	while ((p = s->pretended) != NULL) {
		s->pretended = p->next;
		free(p);
	}
	systemd_close(s->systemd);
	systemd_look_close(s);
	free(s);
}

int
services_settle(struct services *s, struct buf *why)
{
	size_t i;

	for (i = 0; providers[i] != NULL; i++)
		if (providers[i]->settle != NULL &&
		    providers[i]->settle(s, why) == -1)
			return -1;
	return 0;
}

/*
 * --- What is wanted ------------------------------------------------------
 */

enum ensure { ENSURE_ANY, ENSURE_RUNNING, ENSURE_STOPPED, ENSURE_RESTARTED,
    ENSURE_RELOADED };

enum refresh { REFRESH_RESTART, REFRESH_RELOAD, REFRESH_NONE };

struct plan {
	const struct service_provider *provider;
	const char	*name;
	struct service_state is;
	bool		 todo[SERVICE_ACTIONS];
};

/* Which of the words it is; -1 for none of them, 0 if it is not given. */
static int
word_of(struct job *j, int option, const char *const *words)
{
	const struct value *v = &j->values[option];
	int i;

	if (v->type == VALUE_NONE)
		return 0;
	for (i = 0; words[i] != NULL; i++)
		if (strcmp(words[i], v->str.p) == 0)
			return i;
	job_fail(j, "%s: '%s' is none of its values", options[option].name,
	    v->str.p);
	return -1;
}

const char *
service_provider(void)
{
	size_t i;

	for (i = 0; providers[i] != NULL; i++)
		if (providers[i]->here())
			return providers[i]->name;
	return NULL;
}

static const struct service_provider *
provider_of(struct job *j)
{
	const struct value *v = &j->values[PROVIDER];
	size_t i;

	for (i = 0; providers[i] != NULL; i++)
		if (v->type == VALUE_NONE ? providers[i]->here() :
		    strcmp(providers[i]->name, v->str.p) == 0)
			return providers[i];
	if (v->type == VALUE_NONE)
		job_fail(j, "no service manager was found: neither systemd, "
		    "OpenRC nor runit runs here, and there is no /etc/init.d");
	else
		job_fail(j, "provider: '%s' is none of systemd, openrc, runit "
		    "and sysv", v->str.p);
	return NULL;
}

/*
 * --- Planning ------------------------------------------------------------
 */

static struct service_pretended *
pretended(struct services *s, const char *name)
{
	struct service_pretended *p;

	for (p = s->pretended; p != NULL; p = p->next)
		if (strcmp(p->name, name) == 0)
			return p;
	return NULL;
}

static void
todo(struct job *j, struct plan *p, enum service_action action,
    const char *why)
{
	p->todo[action] = true;
	job_why(j, "%s", why);
}

static void
plan_enabling(struct job *j, struct plan *p)
{
	const struct value *enabled = &j->values[ENABLED];
	const struct value *masked = &j->values[MASKED];

	if (masked->type == VALUE_BOOL && masked->yes != p->is.masked)
		todo(j, p, masked->yes ? SERVICE_MASK : SERVICE_UNMASK,
		    masked->yes ? "is not masked" : "is masked");
	if (enabled->type == VALUE_BOOL && enabled->yes != p->is.enabled &&
	    !(p->is.fixed && !enabled->yes))
		todo(j, p, enabled->yes ? SERVICE_ENABLE : SERVICE_DISABLE,
		    enabled->yes ? "is not enabled" : "is enabled");
}

static void
plan_running(struct job *j, struct plan *p, enum ensure ensure,
    enum refresh refresh)
{
	if (ensure == ENSURE_STOPPED) {
		if (p->is.running)
			todo(j, p, SERVICE_STOP, "is running");
	} else if (ensure == ENSURE_ANY && !(j->refresh && p->is.running)) {
		return;
	} else if (!p->is.running) {
		todo(j, p, SERVICE_START, "is not running");
	} else if (ensure == ENSURE_RESTARTED) {
		todo(j, p, SERVICE_RESTART, "is restarted each time");
	} else if (ensure == ENSURE_RELOADED) {
		todo(j, p, SERVICE_RELOAD, "is reloaded each time");
	} else if (j->refresh && refresh != REFRESH_NONE) {
		todo(j, p, refresh == REFRESH_RESTART ? SERVICE_RESTART :
		    SERVICE_RELOAD, "was notified");
	}
}

static bool
possible(struct job *j, const struct plan *p, enum ensure ensure)
{
	bool unmask = p->todo[SERVICE_UNMASK];

	if (j->values[MASKED].type == VALUE_BOOL && !p->provider->masks) {
		job_fail(j, "masked: %s does not know masking",
		    p->provider->name);
		return false;
	}
	if (p->todo[SERVICE_ENABLE] && p->is.fixed) {
		job_fail(j, "%s cannot be enabled: its unit has no [Install] "
		    "section", p->name);
		return false;
	}
	if (p->is.masked && !unmask && (p->todo[SERVICE_ENABLE] ||
	    p->todo[SERVICE_START] || p->todo[SERVICE_RESTART])) {
		job_fail(j, "%s is masked", p->name);
		return false;
	}
	if (j->values[MASKED].type == VALUE_BOOL && j->values[MASKED].yes &&
	    (ensure == ENSURE_RUNNING || ensure == ENSURE_RESTARTED)) {
		job_fail(j, "masked: a masked service cannot be running");
		return false;
	}
	return true;
}

/* What is not there can be stopped, disabled and masked all the same. */
static bool
needs_one(const struct job *j)
{
	const struct value *ensure = &j->values[ENSURE];
	const struct value *enabled = &j->values[ENABLED];
	const struct value *masked = &j->values[MASKED];

	if (enabled->type == VALUE_BOOL && enabled->yes)
		return true;
	if (ensure->type == VALUE_STRING)
		return strcmp(ensure->str.p, "stopped") != 0;
	return enabled->type == VALUE_NONE &&
	    !(masked->type == VALUE_BOOL && masked->yes);
}

/*
 * In a dry run, what is not there may come with a package or a unit that would
 * be installed; only the real run can tell.
 */
static int
look(struct job *j, struct plan *p)
{
	const struct service_pretended *as;
	struct buf why = { 0 };

	if ((as = pretended(j->services, p->name)) != NULL) {
		p->is = as->state;
		return 0;
	}
	if (p->provider->look(j->services, p->name, &p->is, &why) == -1) {
		job_fail(j, "%.*s", (int)why.len, why.p);
		buf_clear(&why);
		return -1;
	}
	buf_clear(&why);
	if (p->is.exists || j->world != NULL)
		return 0;
	if (!needs_one(j))
		return 0;
	job_fail(j, "there is no service %s (%s)", p->name,
	    p->provider->name);
	return -1;
}

static bool
any(const struct plan *p)
{
	size_t i;

	for (i = 0; i < SERVICE_ACTIONS; i++)
		if (p->todo[i])
			return true;
	return false;
}

static enum outcome
plan(struct job *j)
{
	static const char *const ensures[] = { "", "running", "stopped",
	    "restarted", "reloaded", NULL };
	static const char *const refreshes[] = { "restart", "reload", "none",
	    NULL };
	int ensure = word_of(j, ENSURE, ensures);
	int refresh = word_of(j, REFRESH, refreshes);
	struct plan *p;

	if (ensure == -1 || refresh == -1)
		return OUTCOME_FAILED;
	if ((p = calloc(1, sizeof(*p))) == NULL)
		return job_fail(j, "out of memory");
	j->state = p;
	j->drop = free;
	p->name = j->values[NAME].type == VALUE_STRING ?
	    j->values[NAME].str.p : j->title.p;
	if ((p->provider = provider_of(j)) == NULL)
		return OUTCOME_FAILED;
	j->soft = true;
	if (look(j, p) == -1)
		return OUTCOME_FAILED;
	plan_enabling(j, p);
	plan_running(j, p, (enum ensure)ensure, (enum refresh)refresh);
	if (!possible(j, p, (enum ensure)ensure))
		return OUTCOME_FAILED;
	return any(p) ? OUTCOME_CHANGED : OUTCOME_OK;
}

/*
 * --- Doing it ------------------------------------------------------------
 */

static const char *const done[SERVICE_ACTIONS] = {
	[SERVICE_UNMASK] = "Unmasked.", [SERVICE_ENABLE] = "Enabled.",
	[SERVICE_DISABLE] = "Disabled.", [SERVICE_STOP] = "Stopped.",
	[SERVICE_START] = "Started.", [SERVICE_RESTART] = "Restarted.",
	[SERVICE_RELOAD] = "Reloaded.", [SERVICE_MASK] = "Masked."
};

static int
act(struct job *j, const struct plan *p, struct buf *why)
{
	struct service_order o = { .name = p->name, .out = &j->out,
	    .timeout_ms = j->values[TIMEOUT].type == VALUE_INT ?
	    (long)j->values[TIMEOUT].num : 90000 };
	int i;

	for (i = 0; i < SERVICE_ACTIONS; i++) {
		if (!p->todo[i])
			continue;
		o.action = (enum service_action)i;
		if (p->provider->act(j->services, &o, why) == -1)
			return -1;
		job_did(j, "%s", done[i]);
	}
	return 0;
}

static enum outcome
apply(struct job *j)
{
	struct buf why = { 0 };
	enum outcome outcome = OUTCOME_CHANGED;

	if (journal_commit(j, &why) == -1 || act(j, j->state, &why) == -1) {
		outcome = job_fail(j, "%.*s", (int)why.len, why.p);
		j->show = true;
	}
	buf_clear(&why);
	return outcome;
}

static enum outcome
pretend(struct job *j)
{
	const struct plan *p = j->state;
	struct service_pretended *as = pretended(j->services, p->name);
	size_t len = strlen(p->name) + 1;

	if (as == NULL) {
		if ((as = calloc(1, sizeof(*as) + len)) == NULL)
			return job_fail(j, "out of memory");
		memcpy(as->name, p->name, len);
		as->state = p->is;
		as->state.exists = true;
		as->next = j->services->pretended;
		j->services->pretended = as;
	}
	if (p->todo[SERVICE_START] || p->todo[SERVICE_RESTART])
		as->state.running = true;
	if (p->todo[SERVICE_STOP])
		as->state.running = false;
	if (p->todo[SERVICE_ENABLE] || p->todo[SERVICE_DISABLE])
		as->state.enabled = p->todo[SERVICE_ENABLE];
	if (p->todo[SERVICE_MASK] || p->todo[SERVICE_UNMASK])
		as->state.masked = p->todo[SERVICE_MASK];
	return OUTCOME_CHANGED;
}

/* What is wrong with it is told when it is its turn. */
static void
ahead(struct job *j)
{
	const struct service_provider *p = provider_of(j);

	if (p != NULL && p->ahead != NULL)
		p->ahead(j->services, j->values[NAME].type == VALUE_STRING ?
		    j->values[NAME].str.p : j->title.p);
}

const struct resource_type resource_service = {
	.name = "service",
	.options = options,
	.plan = plan,
	.apply = apply,
	.pretend = pretend,
	.ahead = ahead
};
