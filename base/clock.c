#define _GNU_SOURCE
#include "base/clock.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/str.h"

static int64_t read_clock(clockid_t id)
{
	struct timespec t;
	clock_gettime(id, &t);
	return (int64_t)t.tv_sec * US_PER_S + t.tv_nsec / 1000;
}

int64_t clock_wall_us(void)
{
	return read_clock(CLOCK_REALTIME);
}

int64_t clock_monotonic_us(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

void time_format(int64_t wall_us, char out[TIME_TEXT_BYTES])
{
	int64_t seconds = wall_us / US_PER_S, fraction = wall_us % US_PER_S;
	if (fraction < 0) {
		fraction += US_PER_S;
		seconds--;
	}
	time_t t = (time_t)seconds;
	struct tm tm;
	gmtime_r(&t, &tm);
	char point[8] = "";
	if (fraction)
		(void)snprintf(point, sizeof point, ".%06d", (int)fraction); /* 7 bytes */
	/* 30 bytes at most: int64_t ends in the year 294247. */
	int n = snprintf(out, TIME_TEXT_BYTES, "%04d-%02d-%02dT%02d:%02d:%02d%sZ",
		tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
		point);
	assert(n < TIME_TEXT_BYTES);
	(void)n;
}

/* A cursor over the text of a time: every reader moves it on or fails. */
struct reader {
	struct str s;
	size_t at;
};

static bool read_digits(struct reader *r, int min, int max, int64_t *value)
{
	int n = 0;
	*value = 0;
	while (n < max && r->at < r->s.n && r->s.p[r->at] >= '0' && r->s.p[r->at] <= '9') {
		*value = *value * 10 + (r->s.p[r->at++] - '0');
		n++;
	}
	return n >= min;
}

static bool read_char(struct reader *r, const char *any)
{
	if (r->at >= r->s.n || !strchr(any, r->s.p[r->at]) || !r->s.p[r->at])
		return false;
	r->at++;
	return true;
}

static void skip_spaces(struct reader *r)
{
	while (read_char(r, " ")) {
	}
}

static bool read_word(struct reader *r, const char *word)
{
	struct str wanted = str_of(word);
	struct str next = str_slice(r->s, r->at, r->at + wanted.n);
	if (!str_eq_ignore_case(next, wanted))
		return false;
	r->at += wanted.n;
	return true;
}

/* "Z", "GMT", "EST", "+02:00" or "+0200"; offset east of UTC in microseconds. */
static bool read_zone(struct reader *r, int64_t *offset_us)
{
	static const struct {
		const char *name; /* a name before its own beginning: "UTC" before "UT" */
		int hours;
	} zones[] = { { "GMT", 0 }, { "UTC", 0 }, { "UT", 0 }, { "Z", 0 }, { "EST", -5 },
		{ "EDT", -4 }, { "CST", -6 }, { "CDT", -5 }, { "MST", -7 }, { "MDT", -6 },
		{ "PST", -8 }, { "PDT", -7 } };
	for (size_t i = 0; i < sizeof zones / sizeof *zones; i++) {
		if (read_word(r, zones[i].name)) {
			*offset_us = zones[i].hours * US_PER_HOUR;
			return true;
		}
	}
	bool west = r->at < r->s.n && r->s.p[r->at] == '-';
	int64_t hours, minutes;
	if (!read_char(r, "+-") || !read_digits(r, 2, 2, &hours))
		return false;
	(void)read_char(r, ":"); /* optional */
	if (!read_digits(r, 2, 2, &minutes) || hours > 23 || minutes > 59)
		return false;
	*offset_us = (hours * 60 + minutes) * US_PER_MINUTE * (west ? -1 : 1);
	return true;
}

/* Days from 1970-01-01 in the proleptic Gregorian calendar, after the algorithm
 * days_from_civil of Howard Hinnant's "chrono-Compatible Low-Level Date Algorithms". */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
	year -= month <= 2;
	int64_t era = (year >= 0 ? year : year - 399) / 400;
	int64_t year_of_era = year - era * 400;
	int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
	return era * 146097 + day_of_era - 719468;
}

struct date {
	int64_t year, month, day, hour, minute, second, fraction_us, zone_us;
};

static int64_t days_in_month(int64_t year, int64_t month)
{
	bool next_year = month == 12;
	return days_of(year + next_year, next_year ? 1 : month + 1, 1) - days_of(year, month, 1);
}

static bool date_value(const struct date *d, int64_t *wall_us)
{
	if (d->month < 1 || d->month > 12 || d->day < 1 ||
		d->day > days_in_month(d->year, d->month) || d->hour > 23 || d->minute > 59 ||
		d->second > 60)
		return false;
	int64_t seconds = days_of(d->year, d->month, d->day) * 86400 + d->hour * 3600 +
		d->minute * 60 + d->second;
	*wall_us = seconds * US_PER_S + d->fraction_us - d->zone_us;
	return true;
}

/* The digits behind a decimal point; what is finer than a microsecond is dropped. */
static bool read_fraction(struct reader *r, int64_t *fraction_us)
{
	int64_t dropped;
	size_t from = r->at;
	if (!read_digits(r, 1, 6, fraction_us))
		return false;
	for (size_t n = r->at - from; n < 6; n++)
		*fraction_us *= 10;
	return read_digits(r, 0, 12, &dropped);
}

static bool read_clock_time(struct reader *r, struct date *d)
{
	if (!read_digits(r, 2, 2, &d->hour) || !read_char(r, ":") ||
		!read_digits(r, 2, 2, &d->minute))
		return false;
	if (!read_char(r, ":"))
		return true;
	if (!read_digits(r, 2, 2, &d->second))
		return false;
	return !read_char(r, ".,") || read_fraction(r, &d->fraction_us);
}

static bool parse_rfc3339(struct str s, int64_t *wall_us)
{
	struct reader r = { s, 0 };
	struct date d = { 0 };
	if (!read_digits(&r, 4, 4, &d.year) || !read_char(&r, "-") ||
		!read_digits(&r, 2, 2, &d.month) || !read_char(&r, "-") ||
		!read_digits(&r, 2, 2, &d.day))
		return false;
	if (r.at < s.n) {
		if (!read_char(&r, "Tt ") || !read_clock_time(&r, &d))
			return false;
		if (r.at < s.n && !read_zone(&r, &d.zone_us))
			return false;
	}
	return r.at == s.n && date_value(&d, wall_us);
}

static bool read_month(struct reader *r, int64_t *month)
{
	static const char *const names[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug",
		"Sep", "Oct", "Nov", "Dec" };
	for (size_t i = 0; i < 12; i++) {
		if (read_word(r, names[i])) {
			*month = (int64_t)i + 1;
			return true;
		}
	}
	return false;
}

/* Two digits mean 1950 to 2049. */
static bool read_year(struct reader *r, int64_t *year)
{
	size_t from = r->at;
	if (!read_digits(r, 2, 4, year) || r->at - from == 3)
		return false;
	if (r->at - from == 2)
		*year += *year < 50 ? 2000 : 1900;
	return true;
}

/* " (UTC)" behind the zone of a mail. */
static bool at_end_or_comment(const struct reader *r)
{
	struct str rest = str_trim(str_slice(r->s, r->at, r->s.n));
	return rest.n == 0 || (str_starts(rest, STR("(")) && str_ends(rest, STR(")")));
}

/* "Wed, 01 Jan 2014 01:36:49 GMT"; the day's name is optional. Also with - between the parts of
 * the date, as HTTP had it once. */
static bool parse_rfc5322(struct str s, int64_t *wall_us)
{
	struct reader r = { s, 0 };
	struct date d = { 0 };
	size_t comma = str_find_char(s, ',');
	if (comma != SIZE_MAX)
		r.at = comma + 1;
	skip_spaces(&r);
	if (!read_digits(&r, 1, 2, &d.day) || !read_char(&r, " -"))
		return false;
	skip_spaces(&r);
	if (!read_month(&r, &d.month) || !read_char(&r, " -"))
		return false;
	skip_spaces(&r);
	if (!read_year(&r, &d.year) || !read_char(&r, " "))
		return false;
	skip_spaces(&r);
	if (!read_clock_time(&r, &d))
		return false;
	skip_spaces(&r);
	if (r.at < s.n && !read_zone(&r, &d.zone_us))
		return false;
	return at_end_or_comment(&r) && date_value(&d, wall_us);
}

/* "Wed Jan 01 01:36:49 +0000 2014", and C's asctime, which has no zone. */
static bool parse_twitter(struct str s, int64_t *wall_us)
{
	struct reader r = { s, 4 };
	struct date d = { 0 };
	if (s.n <= 4 || s.p[3] != ' ' || !read_month(&r, &d.month) || !read_char(&r, " "))
		return false;
	skip_spaces(&r);
	if (!read_digits(&r, 1, 2, &d.day) || !read_char(&r, " ") || !read_clock_time(&r, &d) ||
		!read_char(&r, " "))
		return false;
	if (read_zone(&r, &d.zone_us) && !read_char(&r, " "))
		return false;
	return read_digits(&r, 4, 4, &d.year) && r.at == s.n && date_value(&d, wall_us);
}

/* Each unit reaches to the year 5138, where the next one begins in 1973. */
static bool parse_number(struct str s, int64_t *wall_us)
{
	int64_t value, fraction_us = 0;
	size_t point = str_find_char(s, '.');
	struct reader r = { s, point == SIZE_MAX ? s.n : point + 1 };
	if (!str_to_int64(str_slice(s, 0, point), &value) || value < 0 || s.p[0] == '-')
		return false;
	bool seconds = value < INT64_C(100000000000);
	if (point != SIZE_MAX && (!seconds || !read_fraction(&r, &fraction_us) || r.at != s.n))
		return false;
	if (seconds)
		*wall_us = value * US_PER_S + fraction_us;
	else if (value < INT64_C(100000000000000))
		*wall_us = value * US_PER_MS;
	else if (value < INT64_C(100000000000000000))
		*wall_us = value;
	else
		*wall_us = value / 1000;
	return true;
}

bool time_parse(struct str s, int64_t *wall_us)
{
	int64_t value;
	s = str_trim(s);
	if (!parse_number(s, &value) && !parse_rfc3339(s, &value) && !parse_rfc5322(s, &value) &&
		!parse_twitter(s, &value))
		return false;
	*wall_us = value;
	return true;
}
