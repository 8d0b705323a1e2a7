#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/ascii.h"
#include "base/window.h"

enum { DAY = 24 * 60, ALL_DAYS = 0x7f };

static const char *const day_names[7] = { "sunday", "monday", "tuesday",
	"wednesday", "thursday", "friday", "saturday" };

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static void
skip_blanks(struct str *s)
{
	while (s->len > 0 && is_blank(*s->p)) {
		s->p++;
		s->len--;
	}
}

static bool
take(struct str *s, char c)
{
	if (s->len == 0 || *s->p != c)
		return false;
	s->p++;
	s->len--;
	return true;
}

/* "Mon" or "Monday": 0 to 6, or -1. */
static int
take_day(struct str *s)
{
	size_t n = 0;
	int i;

	while (n < s->len && ascii_letter(s->p[n]))
		n++;
	for (i = 0; i < 7; i++)
		if ((n == 3 || n == strlen(day_names[i])) &&
		    strncasecmp(s->p, day_names[i], n) == 0) {
			s->p += n;
			s->len -= n;
			return i;
		}
	return -1;
}

/* "Mon", "Mon-Fri", and several of these with commas; 0, or -1. */
static int
take_days(struct str *s, unsigned char *days)
{
	int from, to;

	*days = 0;
	do {
		skip_blanks(s);
		if ((from = to = take_day(s)) == -1)
			return -1;
		if (take(s, '-') && (to = take_day(s)) == -1)
			return -1;
		for (;; from = (from + 1) % 7) {
			*days |= (unsigned char)(1U << from);
			if (from == to)
				break;
		}
		skip_blanks(s);
	} while (take(s, ','));
	return 0;
}

/* One or two digits. */
static int
take_number(struct str *s)
{
	int i, n = -1;

	for (i = 0; i < 2 && s->len > 0 && *s->p >= '0' && *s->p <= '9';
	    i++) {
		n = (n == -1 ? 0 : n * 10) + (*s->p - '0');
		s->p++;
		s->len--;
	}
	return n;
}

/* "02:00": minutes since midnight, or -1. */
static int
take_time(struct str *s)
{
	int hour, minute;

	if ((hour = take_number(s)) == -1 || !take(s, ':') || s->len < 2 ||
	    s->p[1] < '0' || s->p[1] > '9' ||
	    (minute = take_number(s)) == -1 || minute > 59 ||
	    hour * 60 + minute > DAY)
		return -1;
	return hour * 60 + minute;
}

static const char *
parse_part(struct window_part *p, struct str *s)
{
	int from = 0, to = DAY;

	p->days = ALL_DAYS;
	skip_blanks(s);
	if (s->len == 0)
		return "is empty";
	if (ascii_letter(*s->p) && take_days(s, &p->days) == -1)
		return "has a day that is none";
	if (s->len > 0 && *s->p != ';') {
		if ((from = take_time(s)) == -1 || !take(s, '-') ||
		    (to = take_time(s)) == -1)
			return "has a time that is not as in 02:00-04:00";
		if (from == to)
			return "begins when it ends";
		if (to < from)
			to += DAY;
	}
	skip_blanks(s);
	if (s->len > 0 && *s->p != ';')
		return "goes on where it should have ended";
	p->from = (unsigned short)from;
	p->to = (unsigned short)to;
	return NULL;
}

int
window_parse(struct window *w, struct str s, const char **errstr)
{
	w->n = 0;
	do {
		if (w->n == WINDOW_PARTS)
			*errstr = "has too many parts";
		else
			*errstr = parse_part(&w->parts[w->n++], &s);
		if (*errstr != NULL)
			return -1;
	} while (take(&s, ';'));
	return 0;
}

bool
window_has(const struct window *w, time_t t)
{
	const struct window_part *p;
	struct tm tm;
	unsigned i, now, today, yesterday;

	if (localtime_r(&t, &tm) == NULL)
		return false;
	now = (unsigned)(tm.tm_hour * 60 + tm.tm_min);
	today = 1U << tm.tm_wday;
	yesterday = 1U << (tm.tm_wday + 6) % 7;
	for (i = 0; i < w->n; i++) {
		p = &w->parts[i];
		if ((p->days & today) && now >= p->from && now < p->to)
			return true;
		if ((p->days & yesterday) && now + DAY < p->to)
			return true;
	}
	return false;
}

/*
 * Local time is not even: when clocks are put on, a window may be skipped.  So
 * minutes are tried, for as long as any window comes again.
 */
time_t
window_next(const struct window *w, time_t t)
{
	time_t end = t + (time_t)(2 * 8 * DAY) * 60;

	if (window_has(w, t))
		return t;
	for (t += 60 - t % 60; t < end && !window_has(w, t); t += 60)
		continue;
	return t;
}
