#include "sources/feed/feed_date.h"

#include "base/clock.h"

enum { DATE_MAX_BYTES = 128, MONTHS = 12 };

struct date {
	int64_t year, month, day; /* 0: not seen */
	int64_t hour, minute, second;
	int64_t zone_minutes; /* east of Greenwich */
	int64_t fraction_us;
	bool has_time, afternoon, morning;
};

struct scanner {
	struct str s;
	size_t at;
};

static char char_at(const struct scanner *in, size_t ahead)
{
	return in->at + ahead < in->s.n ? in->s.p[in->at + ahead] : '\0';
}

static bool digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool letter(char c)
{
	return ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || (unsigned char)c >= 0x80;
}

/* Digits, at most max of them; returns how many. */
static size_t read_number(struct scanner *in, size_t max, int64_t *value)
{
	size_t n = 0;
	*value = 0;
	while (n < max && digit(char_at(in, 0))) {
		*value = *value * 10 + (char_at(in, 0) - '0');
		in->at++;
		n++;
	}
	return n;
}

static int64_t days_before(int64_t year, int64_t month, int64_t day)
{
	/* The year begins in March, so that the leap day is its last. */
	year -= month <= 2;
	const int64_t era = year / 400, of_era = year % 400;
	const int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static int64_t month_days(int64_t year, int64_t month)
{
	static const char days[MONTHS] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	return month == 2 && leap ? 29 : days[month - 1];
}

static bool finish(const struct date *d, int64_t *wall_us)
{
	int64_t hour = d->hour, days;
	if (d->afternoon && hour < 12)
		hour += 12;
	if (d->morning && hour == 12)
		hour = 0;
	if (d->year < 1900 || d->year > 9999 || d->month < 1 || d->month > MONTHS || d->day < 1 ||
		d->day > month_days(d->year, d->month))
		return false;
	/* 24:00 is the end of the day, and a leap second the one after it. */
	if (hour > 24 || (hour == 24 && (d->minute || d->second)) || d->minute > 59 ||
		d->second > 60)
		return false;
	days = days_before(d->year, d->month, d->day);
	*wall_us = days * US_PER_DAY + hour * US_PER_HOUR +
		(d->minute - d->zone_minutes) * US_PER_MINUTE + d->second * US_PER_S +
		d->fraction_us;
	return true;
}

/* ---- parts that all forms share ---- */

/* HH:MM, HH:MM:SS, with a fraction; the hour is read already. */
static bool read_rest_of_time(struct scanner *in, struct date *d)
{
	int64_t unit = US_PER_S, value;
	if (char_at(in, 0) != ':')
		return false;
	in->at++;
	if (read_number(in, 2, &d->minute) == 0)
		return false;
	d->has_time = true;
	if (char_at(in, 0) != ':')
		return true;
	in->at++;
	if (read_number(in, 2, &d->second) == 0)
		return false;
	if ((char_at(in, 0) == '.' || char_at(in, 0) == ',') && digit(char_at(in, 1))) {
		in->at++;
		while (digit(char_at(in, 0))) {
			(void)read_number(in, 1, &value);
			unit /= 10;
			d->fraction_us += value * unit;
		}
	}
	return true;
}

/* +0200, +02:00, +2, and GMT+2. */
static bool read_offset(struct scanner *in, struct date *d)
{
	const int64_t sign = char_at(in, 0) == '-' ? -1 : 1;
	int64_t hours, minutes = 0;
	in->at++;
	const size_t n = read_number(in, 4, &hours);
	if (n == 0)
		return false;
	if (n > 2) {
		minutes = hours % 100;
		hours /= 100;
	} else if (char_at(in, 0) == ':' && digit(char_at(in, 1))) {
		in->at++;
		(void)read_number(in, 2, &minutes);
	}
	if (hours > 15 || minutes > 59)
		return false;
	d->zone_minutes = sign * (hours * 60 + minutes);
	return true;
}

static bool is_word(struct str word, const char *name)
{
	return str_eq_ignore_case(word, str_of(name));
}

static bool read_zone_name(struct str word, struct date *d)
{
	static const struct {
		const char *name;
		int minutes;
	} zones[] = { { "z", 0 }, { "ut", 0 }, { "utc", 0 }, { "gmt", 0 }, { "wet", 0 },
		{ "est", -300 }, { "edt", -240 }, { "et", -300 }, { "cst", -360 }, { "cdt", -300 },
		{ "ct", -360 }, { "mst", -420 }, { "mdt", -360 }, { "mt", -420 }, { "pst", -480 },
		{ "pdt", -420 }, { "pt", -480 }, { "ast", -240 }, { "adt", -180 }, { "akst", -540 },
		{ "akdt", -480 }, { "hst", -600 }, { "bst", 60 }, { "ist", 330 }, { "west", 60 },
		{ "cet", 60 }, { "cest", 120 }, { "met", 60 }, { "mest", 120 }, { "eet", 120 },
		{ "eest", 180 }, { "msk", 180 }, { "jst", 540 }, { "kst", 540 }, { "aest", 600 },
		{ "aedt", 660 }, { "acst", 570 }, { "awst", 480 }, { "nzst", 720 },
		{ "nzdt", 780 } };
	for (size_t i = 0; i < sizeof zones / sizeof zones[0]; i++) {
		if (is_word(word, zones[i].name)) {
			d->zone_minutes = zones[i].minutes;
			return true;
		}
	}
	return false;
}

/* ---- year first ---- */

/* -MM-DD, MMDD, -DDD (day of the year), -MM, or nothing. */
static void read_iso_day(struct scanner *in, struct date *d)
{
	int64_t value;
	const bool dash = char_at(in, 0) == '-' || char_at(in, 0) == '/';
	d->month = d->day = 1;
	if (!dash && !digit(char_at(in, 0)))
		return;
	in->at += dash;
	const size_t from = in->at, n = read_number(in, 4, &value);
	if (n == 3) {
		for (d->month = 1; d->month < MONTHS && value > month_days(d->year, d->month);
			d->month++)
			value -= month_days(d->year, d->month);
		d->day = value;
		return;
	}
	in->at = from;
	/* Without a dash both digits must be there. */
	if (read_number(in, 2, &d->month) != 2 && !dash)
		d->month = 0;
	if ((char_at(in, 0) == '-' || char_at(in, 0) == '/') && digit(char_at(in, 1)))
		in->at++;
	if (digit(char_at(in, 0)))
		(void)read_number(in, 2, &d->day);
}

static void skip_gaps(struct scanner *in)
{
	while (char_at(in, 0) == ' ' || char_at(in, 0) == ',')
		in->at++;
}

static bool read_zone(struct scanner *in, struct date *d)
{
	skip_gaps(in);
	if (char_at(in, 0) == '+' || char_at(in, 0) == '-')
		return read_offset(in, d);
	const size_t from = in->at;
	while (letter(char_at(in, 0)))
		in->at++;
	const struct str word = str_slice(in->s, from, in->at);
	return word.n == 0 || read_zone_name(word, d);
}

static bool parse_iso(struct str s, int64_t *wall_us)
{
	struct scanner in = { s, 0 };
	struct date d = { 0 };
	if (read_number(&in, 4, &d.year) != 4)
		return false;
	read_iso_day(&in, &d);
	const char between = char_at(&in, 0);
	if (between == 'T' || between == 't' || between == ' ') {
		in.at++;
		skip_gaps(&in);
		if (digit(char_at(&in, 0))) {
			const size_t n = read_number(&in, 2, &d.hour);
			if (digit(char_at(&in, 0))) {
				(void)read_number(&in, 2, &d.minute);
				(void)read_number(&in, 2, &d.second);
			} else if (n && char_at(&in, 0) == ':' && !read_rest_of_time(&in, &d)) {
				return false;
			}
		}
	}
	if (!read_zone(&in, &d))
		return false;
	skip_gaps(&in);
	return in.at == s.n && finish(&d, wall_us);
}

/* ---- words and numbers in any order ---- */

/* By their beginning, in English, French and German. */
static int64_t month_of(struct str word)
{
	static const struct {
		const char *start;
		int month;
	} names[] = { { "jan", 1 }, { "feb", 2 }, { "fev", 2 }, { "f\xC3\xA9v", 2 }, { "mar", 3 },
		{ "m\xC3\xA4r", 3 }, { "apr", 4 }, { "avr", 4 }, { "may", 5 }, { "mai", 5 },
		{ "juin", 6 }, { "jun", 6 }, { "jul", 7 }, { "juil", 7 }, { "aug", 8 },
		{ "aou", 8 }, { "ao\xC3\xBB", 8 }, { "sep", 9 }, { "oct", 10 }, { "okt", 10 },
		{ "nov", 11 }, { "dec", 12 },
		{ "d\xC3\xA9"
		  "c",
			12 },
		{ "dez", 12 } };
	/* "mardi" is a day. */
	if (is_word(word, "mardi"))
		return 0;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		const struct str start = str_of(names[i].start);
		if (str_eq_ignore_case(str_slice(word, 0, start.n), start))
			return names[i].month;
	}
	return 0;
}

static bool take_word(struct date *d, struct str word)
{
	const int64_t month = month_of(word);
	if (is_word(word, "pm"))
		d->afternoon = true;
	else if (is_word(word, "am"))
		d->morning = true;
	else if (month && !d->month)
		d->month = month;
	else
		(void)read_zone_name(word, d); /* or a day of the week, which says nothing new */
	return true;
}

static int64_t whole_year(int64_t value, size_t digits)
{
	if (digits > 2)
		return value;
	return value + (value < 69 ? 2000 : 1900);
}

/* 1/25/2006: the month is first, as programs that write so have it, unless it cannot be. */
static bool take_slashes(struct scanner *in, struct date *d, int64_t first)
{
	int64_t second, year;
	in->at++;
	if (read_number(in, 2, &second) == 0)
		return false;
	const char between = char_at(in, 0);
	if (between != '/' && between != '.')
		return false;
	in->at++;
	const size_t n = read_number(in, 4, &year);
	const bool day_first = first > 12 || between == '.';
	if (n != 2 && n != 4)
		return false;
	d->month = day_first ? second : first;
	d->day = day_first ? first : second;
	d->year = whole_year(year, n);
	return true;
}

static bool take_number(struct scanner *in, struct date *d)
{
	int64_t value;
	const size_t n = read_number(in, 4, &value);
	const char next = char_at(in, 0);
	if (digit(next))
		return false;
	if (next == ':' && !d->has_time) {
		d->hour = value;
		return read_rest_of_time(in, d);
	}
	if ((next == '/' || next == '.') && n <= 2 && !d->day && !d->month && digit(char_at(in, 1)))
		return take_slashes(in, d, value);
	if (n == 4 || (d->day && !d->year))
		d->year = whole_year(value, n);
	else if (!d->day)
		d->day = value;
	return true;
}

static bool parse_words(struct str s, int64_t *wall_us)
{
	struct scanner in = { s, 0 };
	struct date d = { 0 };
	while (in.at < s.n) {
		const char c = char_at(&in, 0);
		if (letter(c)) {
			const size_t from = in.at;
			while (letter(char_at(&in, 0)))
				in.at++;
			(void)take_word(&d, str_slice(s, from, in.at));
		} else if (digit(c)) {
			if (!take_number(&in, &d))
				return false;
		} else if ((c == '+' || c == '-') && d.has_time && digit(char_at(&in, 1))) {
			if (!read_offset(&in, &d))
				return false;
		} else {
			in.at++;
		}
	}
	return finish(&d, wall_us);
}

bool feed_date_parse(struct str text, int64_t *wall_us)
{
	const struct str s = str_trim(text);
	if (s.n == 0 || s.n > DATE_MAX_BYTES)
		return false;
	bool digits = true;
	for (size_t i = 0; i < s.n; i++)
		digits = digits && (digit(s.p[i]) || s.p[i] == '.');
	/* Seconds since 1970 have nine digits or more; fewer are a year, or YYYYMMDD. */
	if (!digits || s.n > 8)
		if (time_parse(s, wall_us))
			return true;
	if (s.n >= 4 && digit(s.p[0]) && digit(s.p[1]) && digit(s.p[2]) && digit(s.p[3]))
		return parse_iso(s, wall_us);
	return parse_words(s, wall_us);
}
