#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/why.h"
#include "facts/text.h"
#include "types/crontime.h"

static const struct field {
	const char	*name;
	int64_t		 low;
	int64_t		 high;
	const char	*names;		/* three letters each, from low on */
} fields[] = {
	[CRON_MINUTE] = { "minute", 0, 59, "" },
	[CRON_HOUR] = { "hour", 0, 23, "" },
	[CRON_MONTHDAY] = { "monthday", 1, 31, "" },
	[CRON_MONTH] = { "month", 1, 12,
	    "janfebmaraprmayjunjulaugsepoctnovdec" },
	[CRON_WEEKDAY] = { "weekday", 0, 7, "sunmontuewedthufrisatsun" }
};

/* With last, the name of a day that begins a week may be the one that ends it. */
static bool
number(const struct field *f, struct str s, bool last, int64_t *n)
{
	int64_t i, found = -1;

	if (s.len > 0 && strspn(s.p, "0123456789") >= s.len)
		return s.len < 9 && text_num(s, n);
	for (i = 0; s.len == 3 && f->names[3 * i] != '\0'; i++)
		if (strncasecmp(s.p, f->names + 3 * i, 3) == 0 &&
		    (found == -1 || last))
			found = i;
	*n = f->low + found;
	return found != -1;
}

static int
bad(const struct field *f, struct str item, const char *what,
    struct buf *why)
{
	return why_say(why, "%s %.*s: %s", f->name, (int)item.len,
	    item.len > 0 ? item.p : "", what);
}

static int
out_of_range(const struct field *f, struct str item, struct buf *why)
{
	return why_say(why, "%s %.*s: not from %d to %d", f->name,
	    (int)item.len, item.p, (int)f->low, (int)f->high);
}

/* "*", "N" or "N-M", and "/STEP" behind all but the second. */
static int
add_item(struct buf *b, const struct field *f, struct str item,
    struct buf *why)
{
	struct str step = item, range = text_cut(&step, '/'), end = range,
	    start = text_cut(&end, '-');
	bool is_range = start.len < range.len, stepped = range.len < item.len;
	int64_t from, to, n;

	if (text_is(range, "*"))
		buf_putc(b, '*');
	else if (!number(f, start, false, &from) ||
	    (is_range && !number(f, end, true, &to)))
		return bad(f, item, "neither *, a number nor a range", why);
	else if (from < f->low || from > f->high ||
	    (is_range && (to < f->low || to > f->high)))
		return out_of_range(f, item, why);
	else if (is_range && to < from)
		return bad(f, item, "ends before it begins", why);
	else if (stepped && !is_range)
		return bad(f, item, "a step needs a range, or *", why);
	else if (is_range)
		buf_printf(b, "%d-%d", (int)from, (int)to);
	else
		buf_num(b, (uint64_t)from);
	if (!stepped)
		return 0;
	if (!text_num(step, &n) || n < 1 || n > f->high)
		return bad(f, item, "not a step of that field", why);
	buf_printf(b, "/%d", (int)n);
	return 0;
}

static int
add_text(struct buf *b, const struct field *f, struct str s, struct buf *why)
{
	struct str item;

	if (s.len == 0 || s.p[s.len - 1] == ',')
		return bad(f, s, "something is missing", why);
	for (;;) {
		item = text_cut(&s, ',');
		if (add_item(b, f, item, why) == -1)
			return -1;
		if (s.len == 0)
			return 0;
		buf_putc(b, ',');
	}
}

int
cron_field(struct buf *b, enum cron_field which, const struct value *v,
    struct buf *why)
{
	const struct field *f = &fields[which];
	char digits[24];
	size_t i;

	switch (v->type) {
	case VALUE_INT:
		(void)snprintf(digits, sizeof(digits), "%lld",
		    (long long)v->num);
		return add_text(b, f, str_of(digits), why);
	case VALUE_STRING:
		return add_text(b, f, v->str, why);
	case VALUE_LIST:
		if (v->n == 0)
			return bad(f, str_of("[]"), "an empty list", why);
		for (i = 0; i < v->n; i++) {
			if (i > 0)
				buf_putc(b, ',');
			if (add_text(b, f, v->list[i], why) == -1)
				return -1;
		}
		return 0;
	default:
		buf_putc(b, '*');
		return 0;
	}
}

int
cron_special(struct buf *b, struct str s, struct buf *why)
{
	static const char *const words[] = { "reboot", "yearly", "annually",
	    "monthly", "weekly", "daily", "midnight", "hourly" };
	struct str word = s;
	size_t i;

	if (word.len > 0 && *word.p == '@')
		(void)text_cut(&word, '@');
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (text_is(word, words[i])) {
			buf_printf(b, "@%s", words[i]);
			return 0;
		}
	return why_say(why, "special %.*s: not one that cron knows",
	    (int)s.len, s.p);
}
