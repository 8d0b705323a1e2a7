#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/ascii.h"
#include "base/when.h"

enum { EPOCHS_FROM = 1000000000 };

static const char bad[] =
    "neither a span like 24h or 7d, nor seconds since 1970, nor a date like "
    "2026-01-31T10:00";

/* Take a number that fits 32 bits off the start of s. */
static bool
take_number(struct str *s, uint32_t *n)
{
	uint64_t v = 0;
	size_t i;

	for (i = 0; i < s->len && ascii_digit(s->p[i]); i++)
		if ((v = v * 10 + (uint64_t)(s->p[i] - '0')) > UINT32_MAX)
			return false;
	*n = (uint32_t)v;
	*s = (struct str){ s->p + i, s->len - i };
	return i > 0;
}

/* Take exactly that many digits, whose number must be from lo to hi. */
static bool
take_digits(struct str *s, size_t count, int lo, int hi, int *n)
{
	size_t i;

	*n = 0;
	for (i = 0; i < count; i++) {
		if (i == s->len || !ascii_digit(s->p[i]))
			return false;
		*n = *n * 10 + (s->p[i] - '0');
	}
	*s = (struct str){ s->p + count, s->len - count };
	return *n >= lo && *n <= hi;
}

static bool
take_char(struct str *s, const char *set)
{
	if (s->len == 0 || s->p[0] == '\0' || strchr(set, s->p[0]) == NULL)
		return false;
	*s = (struct str){ s->p + 1, s->len - 1 };
	return true;
}

static bool
take_date(struct str *s, struct tm *tm)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31,
	    30, 31 };
	int y;

	if (!take_digits(s, 4, 1970, 9999, &y) || !take_char(s, "-") ||
	    !take_digits(s, 2, 1, 12, &tm->tm_mon) || !take_char(s, "-") ||
	    !take_digits(s, 2, 1, 31, &tm->tm_mday))
		return false;
	tm->tm_year = y - 1900;
	tm->tm_mon--;
	return tm->tm_mday <= days[tm->tm_mon] + (tm->tm_mon == 1 &&
	    y % 4 == 0 && (y % 100 != 0 || y % 400 == 0));
}

static bool
take_time(struct str *s, struct tm *tm)
{
	if (!take_digits(s, 2, 0, 23, &tm->tm_hour) || !take_char(s, ":") ||
	    !take_digits(s, 2, 0, 59, &tm->tm_min))
		return false;
	if (!take_char(s, ":"))
		return true;
	if (!take_digits(s, 2, 0, 60, &tm->tm_sec))
		return false;
	if (take_char(s, ".,")) {
		if (!take_char(s, "0123456789"))
			return false;
		while (take_char(s, "0123456789"))
			continue;
	}
	return true;
}

/* "Z", "+01:00", "+0100" or "+01"; what it is ahead of UTC, in seconds. */
static bool
take_zone(struct str *s, long *ahead)
{
	int hours, minutes = 0, sign;

	*ahead = 0;
	if (take_char(s, "Zz"))
		return true;
	sign = s->len > 0 && s->p[0] == '-' ? -1 : 1;
	if (!take_char(s, "+-") || !take_digits(s, 2, 0, 23, &hours))
		return false;
	if (take_char(s, ":") || s->len > 0)
		if (!take_digits(s, 2, 0, 59, &minutes))
			return false;
	*ahead = sign * (hours * 3600L + minutes * 60L);
	return true;
}

static int
parse_date(uint32_t *when, struct str s, const char **errstr)
{
	struct tm tm = { .tm_isdst = -1 };
	long ahead = 0;
	time_t t;

	*errstr = bad;
	if (!take_date(&s, &tm))
		return -1;
	if (s.len > 0 && (!take_char(&s, "Tt ") || !take_time(&s, &tm)))
		return -1;
	if (s.len == 0)
		t = mktime(&tm);
	else if (take_zone(&s, &ahead) && s.len == 0)
		t = timegm(&tm) - ahead;
	else
		return -1;
	*errstr = "not between 1970 and 2106";
	if (t < 0 || t > UINT32_MAX)
		return -1;
	*when = (uint32_t)t;
	*errstr = NULL;
	return 0;
}

/* Seconds in one of a unit, or 0. */
static uint32_t
unit(char c)
{
	switch (c) {
	case 's':
		return 1;
	case 'm':
		return 60;
	case 'h':
		return 60 * 60;
	case 'd':
		return 24 * 60 * 60;
	case 'w':
		return 7 * 24 * 60 * 60;
	}
	return 0;
}

/* "24h": not longer than there are seconds. */
static bool
parse_span(uint32_t *seconds, struct str s)
{
	uint32_t n, each;
	uint64_t total;

	if (!take_number(&s, &n) || s.len != 1 || (each = unit(s.p[0])) == 0)
		return false;
	total = (uint64_t)n * each;
	*seconds = total > UINT32_MAX ? UINT32_MAX : (uint32_t)total;
	return true;
}

int
when_parse(uint32_t *when, struct str s, uint32_t now, const char **errstr)
{
	struct str rest = s;
	uint32_t n;

	*errstr = NULL;
	if (parse_span(&n, s))
		*when = n > now ? 0 : now - n;
	else if (take_number(&rest, &n) && rest.len == 0)
		*when = n;
	else
		return parse_date(when, s, errstr);
	return 0;
}

int
when_parse_age(uint32_t *seconds, struct str s, uint32_t now,
    const char **errstr)
{
	struct str rest = s;
	uint32_t n;

	*errstr = NULL;
	if (parse_span(seconds, s))
		return 0;
	if (take_number(&rest, &n) && rest.len == 0 && n < EPOCHS_FROM) {
		*seconds = n;
		return 0;
	}
	if (when_parse(&n, s, now, errstr) == -1)
		return -1;
	if (n > now) {
		*errstr = "a moment that is still to come";
		return -1;
	}
	*seconds = now - n;
	return 0;
}

void
when_format(struct buf *b, uint32_t when)
{
	char text[sizeof("2106-02-07 06:28:15")];
	time_t t = when;
	struct tm tm;

	if (localtime_r(&t, &tm) != NULL &&
	    strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &tm) > 0)
		buf_puts(b, text);
}

void
when_format_utc(struct buf *b, time_t when)
{
	char text[32];
	struct tm tm;

	if (gmtime_r(&when, &tm) != NULL &&
	    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm) > 0)
		buf_puts(b, text);
}
