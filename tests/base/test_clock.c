#include "tests/check.h"

#include "base/clock.h"

struct sample {
	const char *text;
	int64_t seconds, us;
};

static void check_samples(const struct sample *samples, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		int64_t wall_us = 7;
		if (!time_parse(str_of(samples[i].text), &wall_us) ||
			wall_us != samples[i].seconds * US_PER_S + samples[i].us) {
			print_error("'%s' gives %lld\n", samples[i].text, (long long)wall_us);
			fail();
		}
	}
}

#define CHECK_SAMPLES(samples) check_samples((samples), sizeof(samples) / sizeof *(samples))

static void times_of_rfc_3339_are_read(void **state)
{
	(void)state;
	static const struct sample samples[] = {
		{ "1970-01-01T00:00:00Z", 0, 0 },
		{ "2026-07-04T14:38:06.240Z", 1783175886, 240000 },
		{ "2026-07-04T16:38:06.240+02:00", 1783175886, 240000 },
		{ "2026-07-04T08:08:06.240-06:30", 1783175886, 240000 },
		{ "2026-07-04t14:38:06z", 1783175886, 0 },
		{ "2026-07-04 14:38:06", 1783175886, 0 },
		{ "2026-07-04T14:38Z", 1783175880, 0 },
		{ "2026-07-04", 1783123200, 0 },
		{ "2026-07-04T14:38:06.1Z", 1783175886, 100000 },
		{ "2026-07-04T14:38:06.123456Z", 1783175886, 123456 },
		{ "2026-07-04T14:38:06,5Z", 1783175886, 500000 },
		{ "2026-07-04T14:38:06.123456789Z", 1783175886, 123456 },
		{ "1969-12-31T23:59:59.5Z", -1, 500000 },
		{ "1990-12-31T23:59:60Z", 662688000, 0 }, /* a leap second */
		{ "2024-02-29T00:00:00Z", 1709164800, 0 },
		{ "2000-02-29T00:00:00Z", 951782400, 0 },
		{ "0001-01-01T00:00:00Z", -62135596800, 0 },
		{ "9999-12-31T23:59:59Z", 253402300799, 0 },
		{ " \t2026-07-04T14:38:06Z\n", 1783175886, 0 },
	};
	CHECK_SAMPLES(samples);
}

static void dates_of_mails_and_feeds_are_read(void **state)
{
	(void)state;
	static const struct sample samples[] = {
		{ "Wed, 01 Jan 2014 01:36:49 GMT", 1388540209, 0 },
		{ "Wed, 1 Jan 2014 01:36:49 +0000", 1388540209, 0 },
		{ "1 Jan 2014 01:36:49 +0000", 1388540209, 0 },
		{ "Wed, 01 Jan 2014 02:36:49 +0100", 1388540209, 0 },
		{ "Tue, 31 Dec 2013 20:36 -0500", 1388540160, 0 },
		{ "Wed,  1 Jan  2014  01:36:49  UT", 1388540209, 0 },
		{ "Wed,01 Jan 2014 01:36:49 Z", 1388540209, 0 },
		{ "Wed, 01 JAN 14 01:36:49 utc", 1388540209, 0 },
		{ "Tue, 31 Dec 2013 20:36:49 EST", 1388540209, 0 },
		{ "Tue, 31 Dec 2013 21:36:49 EDT", 1388540209, 0 },
		{ "Tue, 31 Dec 2013 19:36:49 CST", 1388540209, 0 },
		{ "Tue, 31 Dec 2013 18:36:49 MST", 1388540209, 0 },
		{ "Tue, 31 Dec 2013 17:36:49 PST", 1388540209, 0 },
		{ "Tue, 31 Dec 2013 18:36:49 PDT", 1388540209, 0 },
		{ "Wed, 01 Jan 2014 01:36:49 +0000 (UTC)", 1388540209, 0 },
		{ "Wed, 01 Jan 2014 01:36:49", 1388540209, 0 },
		{ "Thu, 01 Jan 49 00:00:00 GMT", 2493072000, 0 }, /* 2049 */
		{ "Sun, 01 Jan 50 00:00:00 GMT", -631152000, 0 }, /* 1950 */
	};
	CHECK_SAMPLES(samples);
}

static void all_three_dates_of_http_are_read(void **state)
{
	(void)state;
	static const struct sample samples[] = {
		{ "Sun, 06 Nov 1994 08:49:37 GMT", 784111777, 0 },
		{ "Sunday, 06-Nov-94 08:49:37 GMT", 784111777, 0 },
		{ "Sun Nov  6 08:49:37 1994", 784111777, 0 },
		{ "Wed Nov 16 08:49:37 1994", 784975777, 0 },
	};
	CHECK_SAMPLES(samples);
}

static void the_time_of_a_tweet_is_read(void **state)
{
	(void)state;
	static const struct sample samples[] = {
		{ "Wed Jan 01 01:36:49 +0000 2014", 1388540209, 0 },
		{ "Wed Jan 01 02:36:49 +0100 2014", 1388540209, 0 },
	};
	CHECK_SAMPLES(samples);
}

static void numbers_are_told_apart_by_their_size(void **state)
{
	(void)state;
	static const struct sample samples[] = {
		{ "0", 0, 0 },
		{ "1388540209", 1388540209, 0 },
		{ "1388540209123", 1388540209, 123000 },
		{ "1388540209123456", 1388540209, 123456 },
		{ "1388540209123456789", 1388540209, 123456 },
		{ "99999999999", 99999999999, 0 },
		{ "100000000000", 100000000, 0 },
		{ "99999999999999", 99999999999, 999000 },
		{ "100000000000000", 100000000, 0 },
		{ "99999999999999999", 99999999999, 999999 },
		{ "100000000000000000", 100000000, 0 },
		{ "9223372036854775807", 9223372036, 854775 },
		{ "1388540209.0", 1388540209, 0 },
		{ "1388540209.5", 1388540209, 500000 },
		{ "1388540209.1234567", 1388540209, 123456 },
	};
	CHECK_SAMPLES(samples);
}

static void what_is_no_time_is_refused(void **state)
{
	(void)state;
	static const char *const texts[] = { "", " ", "now", "-1", "1.5e9", "1.", ".5", "1,5",
		"9223372036854775808", "1388540209123.5", "2026-13-01", "2026-00-01", "2026-01-32",
		"2026-01-00", "2026-02-29", "2026-02-30", "1900-02-29", "2026-04-31", "2026-1-1",
		"26-01-01", "2026-01-01T", "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z",
		"2026-01-01T00:00:61Z", "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00+1",
		"2026-01-01T00:00:00+24:00", "2026-01-01T00:00:00+00:60", "2026-01-01T00:00:00Zx",
		"2026-01-01T0:00:00Z", "Wed, 01 Foo 2014 01:36:49 GMT",
		"Wed, 32 Jan 2014 01:36:49 GMT", "Wed, 01 Jan 201 01:36:49 GMT",
		"Wed, 01 Jan 2014 01:36:49 XYZ", "Wed, 01 Jan 2014 01:36:49 GMT (",
		"Wed, 01 Jan 2014", "Wed Jan 01 01:36:49 +0000", "Wed Jan 01 01:36:49 +0000 14",
		"Wed Jan 32 01:36:49 +0000 2014", "Wed", "Wed ", "Wed,", "Jan", "1 Jan" };
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		int64_t wall_us = 7;
		if (time_parse(str_of(texts[i]), &wall_us) || wall_us != 7) {
			print_error("'%s' gives %lld\n", texts[i], (long long)wall_us);
			fail();
		}
	}
}

static void a_time_cut_short_anywhere_reads_no_byte_past_its_end(void **state)
{
	(void)state;
	static const char *const texts[] = { "2026-07-04T14:38:06.240+02:00",
		"Wed, 01 Jan 2014 01:36:49 +0000 (UTC)", "Wed Jan 01 01:36:49 +0000 2014",
		"Sun Nov  6 08:49:37 1994", "1388540209.5" };
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		size_t whole = strlen(texts[i]);
		for (size_t n = 0; n <= whole; n++) {
			char tail[64]; /* the text stands at the end of what may be read */
			int64_t ignored;
			memcpy(tail + sizeof tail - n, texts[i], n);
			bool ok = time_parse((struct str){ tail + sizeof tail - n, n }, &ignored);
			assert_true(ok || n < whole);
		}
	}
}

static void check_format(int64_t wall_us, const char *text)
{
	char out[TIME_TEXT_BYTES];
	time_format(wall_us, out);
	assert_string_equal(out, text);
}

static void times_are_written_in_utc_with_a_fraction_only_where_there_is_one(void **state)
{
	(void)state;
	check_format(0, "1970-01-01T00:00:00Z");
	check_format(1783175886 * US_PER_S, "2026-07-04T14:38:06Z");
	check_format(1783175886 * US_PER_S + 240000, "2026-07-04T14:38:06.240000Z");
	check_format(1783175886 * US_PER_S + 1, "2026-07-04T14:38:06.000001Z");
	check_format(-1, "1969-12-31T23:59:59.999999Z");
	check_format(-62135596800 * US_PER_S, "0001-01-01T00:00:00Z");
	check_format(253402300799 * US_PER_S, "9999-12-31T23:59:59Z");
}

static void any_number_can_be_written(void **state)
{
	(void)state;
	char out[TIME_TEXT_BYTES];
	time_format(INT64_MAX, out);
	assert_string_equal(out, "294247-01-10T04:00:54.775807Z");
	time_format(INT64_MIN, out);
	assert_string_equal(out, "-290308-12-21T19:59:05.224192Z");
}

static void what_is_written_is_read_back(void **state)
{
	(void)state;
	for (int64_t t = -62135596800 * US_PER_S; t < 253402300799 * US_PER_S;
		t += INT64_C(987654321098765)) {
		char out[TIME_TEXT_BYTES];
		int64_t back;
		time_format(t, out);
		assert_true(time_parse(str_of(out), &back));
		assert_true(back == t);
	}
}

static void the_clocks_move_forward(void **state)
{
	(void)state;
	int64_t monotonic = clock_monotonic_us(), wall = clock_wall_us();
	assert_true(monotonic > 0);
	assert_true(wall > 1700000000 * US_PER_S);
	assert_true(clock_monotonic_us() >= monotonic);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_of_rfc_3339_are_read),
		cmocka_unit_test(dates_of_mails_and_feeds_are_read),
		cmocka_unit_test(all_three_dates_of_http_are_read),
		cmocka_unit_test(the_time_of_a_tweet_is_read),
		cmocka_unit_test(numbers_are_told_apart_by_their_size),
		cmocka_unit_test(what_is_no_time_is_refused),
		cmocka_unit_test(a_time_cut_short_anywhere_reads_no_byte_past_its_end),
		cmocka_unit_test(times_are_written_in_utc_with_a_fraction_only_where_there_is_one),
		cmocka_unit_test(any_number_can_be_written),
		cmocka_unit_test(what_is_written_is_read_back),
		cmocka_unit_test(the_clocks_move_forward),
	};
	return cmocka_run_group_tests_name("clock", tests, NULL, NULL);
}
