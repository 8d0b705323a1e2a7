#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "resource/resource.h"

void
job_clear(struct job *j)
{
	if (j->drop != NULL)
		j->drop(j->state);
	buf_clear(&j->why);
	buf_clear(&j->did);
	buf_clear(&j->diff);
	buf_clear(&j->detail);
	buf_clear(&j->out);
	buf_clear(&j->err);
	j->state = NULL;
	j->drop = NULL;
	j->status = j->signal = 0;
	j->show = j->soft = false;
}

static void __attribute__((format(printf, 2, 0)))
add(struct buf *b, const char *fmt, va_list ap)
{
	char *s;
	int n;

	if ((n = vasprintf(&s, fmt, ap)) == -1) {
		b->failed = true;
		return;
	}
	buf_add(b, s, (size_t)n);
	free(s);
}

void
job_why(struct job *j, const char *fmt, ...)
{
	va_list ap;

	if (j->why.len > 0)
		buf_puts(&j->why, "; ");
	va_start(ap, fmt);
	add(&j->why, fmt, ap);
	va_end(ap);
}

enum outcome
job_fail(struct job *j, const char *fmt, ...)
{
	va_list ap;

	buf_reset(&j->why);
	va_start(ap, fmt);
	add(&j->why, fmt, ap);
	va_end(ap);
	return OUTCOME_FAILED;
}

int
job_ensure(struct job *j, bool *absent)
{
	const struct value *v;
	int i = option_find(j->type->options, str_of("ensure"));

	*absent = false;
	if (i < 0 || (v = &j->values[i])->type != VALUE_STRING ||
	    strcmp(v->str.p, "present") == 0)
		return 0;
	*absent = strcmp(v->str.p, "absent") == 0;
	if (!*absent)
		job_fail(j, "ensure %s: neither present nor absent",
		    v->str.p);
	return *absent ? 0 : -1;
}

void
job_did(struct job *j, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(&j->did, fmt, ap);
	va_end(ap);
	buf_putc(&j->did, '\n');
}

static void
detail_name(struct job *j, const char *name)
{
	if (j->detail.len > 0)
		buf_putc(&j->detail, ',');
	buf_json(&j->detail, str_of(name));
	buf_putc(&j->detail, ':');
}

void
job_detail(struct job *j, const char *name, struct str value)
{
	detail_name(j, name);
	buf_json(&j->detail, value);
}

void
job_detail_num(struct job *j, const char *name, int64_t value)
{
	detail_name(j, name);
	buf_printf(&j->detail, "%lld", (long long)value);
}
