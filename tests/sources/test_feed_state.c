#include "tests/check.h"

#include "base/clock.h"
#include "sources/feed_schedule.h"
#include "sources/feed_state.h"

/* ---- when ---- */

/* Thursday 1 January 1970, 00:00, a year later: 1 January 1971 was a Friday. */
#define FRIDAY_US (365 * US_PER_DAY)

static struct feed_schedule plain(void)
{
	return (struct feed_schedule){
		.interval_us = 15 * US_PER_MINUTE, .max_age_us = -1, .retry_after_us = -1
	};
}

static void the_longest_of_all_wishes_counts(void **state)
{
	(void)state;
	struct feed_schedule s = plain();
	assert_int_equal(feed_schedule_wait_us(&s, 0), 15 * US_PER_MINUTE);
	s.ttl_us = 20 * US_PER_MINUTE;
	assert_int_equal(feed_schedule_wait_us(&s, 0), 20 * US_PER_MINUTE);
	s.max_age_us = 30 * US_PER_MINUTE;
	assert_int_equal(feed_schedule_wait_us(&s, 0), 30 * US_PER_MINUTE);
	s.retry_after_us = 40 * US_PER_MINUTE;
	assert_int_equal(feed_schedule_wait_us(&s, 0), 40 * US_PER_MINUTE);
}

static void no_wish_is_for_more_than_a_day(void **state)
{
	(void)state;
	struct feed_schedule s = plain();
	s.ttl_us = s.max_age_us = 30 * US_PER_DAY;
	assert_int_equal(feed_schedule_wait_us(&s, 0), US_PER_DAY);
	s.interval_us = 3 * US_PER_DAY;
	assert_int_equal(feed_schedule_wait_us(&s, 0), 3 * US_PER_DAY);
}

static void a_quiet_feed_is_asked_less_often(void **state)
{
	(void)state;
	struct feed_schedule s = plain();
	s.quiet = 4;
	assert_int_equal(feed_schedule_wait_us(&s, 0), s.interval_us);
	s.quiet = 12;
	assert_int_equal(feed_schedule_wait_us(&s, 0), 4 * s.interval_us);
	s.quiet = 1000;
	assert_int_equal(feed_schedule_wait_us(&s, 0), 4 * s.interval_us);
}

static void failures_double_the_wait_up_to_a_day(void **state)
{
	(void)state;
	struct feed_schedule s = plain();
	s.failures = 1;
	assert_int_equal(feed_schedule_wait_us(&s, 0), 2 * s.interval_us);
	s.failures = 3;
	assert_int_equal(feed_schedule_wait_us(&s, 0), 8 * s.interval_us);
	s.failures = 4000000000u;
	assert_int_equal(feed_schedule_wait_us(&s, 0), US_PER_DAY);
}

static void hours_and_days_to_skip_are_passed_over(void **state)
{
	(void)state;
	struct feed_schedule s = plain();
	s.skip_hours = 1u << 0 | 1u << 1;
	assert_int_equal(feed_schedule_wait_us(&s, FRIDAY_US), 2 * US_PER_HOUR);
	s.skip_days = 1u << 5 | 1u << 6;
	assert_int_equal(feed_schedule_wait_us(&s, FRIDAY_US), 2 * US_PER_DAY + 2 * US_PER_HOUR);
	assert_int_equal(feed_schedule_wait_us(&s, 0), s.interval_us);
	s.skip_hours = (1u << 24) - 1;
	assert_int_equal(feed_schedule_wait_us(&s, FRIDAY_US), s.interval_us);
}

/* ---- what is remembered ---- */

static void a_cursor_brings_back_what_was_written(void **state)
{
	(void)state;
	struct feed_state out[2], in[2];
	struct buf cursor;
	const uint64_t keys[] = { 1, UINT64_MAX, 0xABCDEF };
	buf_init(&cursor, FEED_CURSOR_MAX_BYTES);
	for (size_t i = 0; i < 2; i++) {
		feed_state_init(&out[i], i ? STR("http://b/") : STR("http://a/"));
		feed_state_init(&in[i], i ? STR("http://a/") : STR("http://b/"));
		out[i].known = true;
	}
	feed_state_move(&out[0], STR("http://moved/"));
	feed_state_validators(&out[0], STR("W/\"x\""), STR("never"));
	assert_true(feed_state_see(&out[0], keys, 3, 10));
	out[1].gone = true;
	feed_states_format(out, 2, &cursor);
	assert_true(feed_states_parse(buf_str(&cursor), in, 2));
	assert_true(str_eq(feed_state_url(&in[1]), STR("http://moved/")));
	assert_true(str_eq(buf_str(&in[1].etag), STR("W/\"x\"")));
	assert_true(str_eq(buf_str(&in[1].last_modified), STR("never")));
	assert_true(in[1].known && !in[1].gone && in[0].gone);
	assert_int_equal(in[1].key_count, 3);
	for (size_t i = 0; i < 3; i++)
		assert_true(in[1].keys[i] == keys[i]);
	for (size_t i = 0; i < 2; i++) {
		feed_state_finish(&out[i]);
		feed_state_finish(&in[i]);
	}
	buf_finish(&cursor);
}

static void what_is_no_cursor_changes_nothing(void **state)
{
	(void)state;
	struct feed_state f;
	feed_state_init(&f, STR("http://a/"));
	assert_false(feed_states_parse(STR_NONE, &f, 1));
	assert_false(feed_states_parse(STR("12:34:56"), &f, 1));
	assert_false(f.known);
	assert_true(feed_states_parse(STR("feeds 1\x1Ehttp://a/\t\t\t\t\t12g4\x1E"), &f, 1));
	assert_int_equal(f.key_count, 0);
	assert_true(feed_states_parse(STR("feeds 1\x1E"
					  "http://a/"),
		&f, 1));
	assert_true(f.known);
	feed_state_finish(&f);
}

static void the_newest_keys_are_kept(void **state)
{
	(void)state;
	struct feed_state f;
	const uint64_t first[] = { 1, 2, 3 }, second[] = { 4, 2, 4 };
	feed_state_init(&f, STR("http://a/"));
	assert_true(feed_state_see(&f, first, 3, 4));
	assert_false(feed_state_see(&f, first, 3, 4));
	assert_true(feed_state_see(&f, second, 3, 3));
	assert_int_equal(f.key_count, 3);
	assert_true(feed_state_saw(&f, 4) && feed_state_saw(&f, 2) && feed_state_saw(&f, 1));
	assert_false(feed_state_saw(&f, 3));
	feed_state_finish(&f);
}

static void a_validator_too_long_is_none(void **state)
{
	(void)state;
	static char text[FEED_VALIDATOR_MAX_BYTES + 1];
	struct feed_state f;
	feed_state_init(&f, STR("http://a/"));
	for (size_t i = 0; i < sizeof text; i++)
		text[i] = 'x';
	feed_state_validators(
		&f, (struct str){ text, sizeof text - 1 }, (struct str){ text, sizeof text });
	assert_int_equal(f.etag.n, FEED_VALIDATOR_MAX_BYTES);
	assert_int_equal(f.last_modified.n, 0);
	feed_state_finish(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_longest_of_all_wishes_counts),
		cmocka_unit_test(no_wish_is_for_more_than_a_day),
		cmocka_unit_test(a_quiet_feed_is_asked_less_often),
		cmocka_unit_test(failures_double_the_wait_up_to_a_day),
		cmocka_unit_test(hours_and_days_to_skip_are_passed_over),
		cmocka_unit_test(a_cursor_brings_back_what_was_written),
		cmocka_unit_test(what_is_no_cursor_changes_nothing),
		cmocka_unit_test(the_newest_keys_are_kept),
		cmocka_unit_test(a_validator_too_long_is_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
