#include "tests/check.h"

#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "sources/feed/feed_schedule.h"
#include "sources/feed/feed_state.h"

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

static void failures_double_the_wait_and_those_that_last_up_to_a_day(void **state)
{
	(void)state;
	struct feed_schedule s = plain();
	s.busy = true;
	s.failures = 1;
	assert_int_equal(feed_schedule_wait_us(&s, 0), 2 * s.interval_us);
	s.failures = 3;
	assert_int_equal(feed_schedule_wait_us(&s, 0), 4 * s.interval_us);
	s.lasting = true;
	assert_int_equal(feed_schedule_wait_us(&s, 0), 8 * s.interval_us);
	s.failures = 4000000000u;
	assert_int_equal(feed_schedule_wait_us(&s, 0), US_PER_DAY);
}

static void what_may_be_over_soon_is_tried_again_after_a_minute_then_two(void **state)
{
	(void)state;
	struct feed_schedule s = plain();
	assert_true(s.interval_us > 2 * US_PER_MINUTE);
	for (s.failures = 1; s.failures < 4; s.failures++)
		assert_int_equal(feed_schedule_wait_us(&s, 0), US_PER_MINUTE << (s.failures - 1));
	s.failures = 40;
	assert_int_equal(feed_schedule_wait_us(&s, 0), 4 * s.interval_us);
	s.interval_us = 10 * US_PER_S; /* who wants it more often gets what was asked for */
	s.failures = 1;
	assert_int_equal(feed_schedule_wait_us(&s, 0), 2 * s.interval_us);
}

static void what_brings_much_is_asked_more_often_within_bounds(void **state)
{
	(void)state;
	struct feed_schedule s = plain();
	unsigned haste = feed_schedule_haste(0, 1, 3);
	assert_int_equal(haste, 0);
	haste = s.haste = feed_schedule_haste(haste, 5, 10);
	assert_int_equal(feed_schedule_wait_us(&s, 0), s.interval_us / 2);
	haste = feed_schedule_haste(haste, 10, 10);
	haste = s.haste = feed_schedule_haste(haste, 10, 10);
	assert_int_equal(feed_schedule_wait_us(&s, 0), s.interval_us / 4);
	s.ttl_us = s.interval_us / 3;
	assert_int_equal(feed_schedule_wait_us(&s, 0), s.interval_us / 3);
	s.ttl_us = 0;
	s.interval_us = 90 * US_PER_S;
	assert_int_equal(feed_schedule_wait_us(&s, 0), US_PER_MINUTE);
	s.interval_us = 30 * US_PER_S;
	assert_int_equal(feed_schedule_wait_us(&s, 0), s.interval_us);
	haste = feed_schedule_haste(haste, 1, 10);
	assert_int_equal(haste, 2);
	haste = feed_schedule_haste(haste, 0, 10);
	haste = feed_schedule_haste(haste, 0, 10);
	assert_int_equal(feed_schedule_haste(haste, 0, 10), 0);
}

static void what_a_hub_brings_is_asked_seldom(void **state)
{
	(void)state;
	struct feed_schedule s = plain();
	s.pushed = true;
	s.haste = 2;
	assert_int_equal(feed_schedule_wait_us(&s, 0), 4 * s.interval_us);
}

static void a_subscription_is_renewed_before_its_lease_ends(void **state)
{
	(void)state;
	const int64_t lease_us = 10 * US_PER_DAY, long_ago_us = 7 * US_PER_DAY;
	assert_false(feed_schedule_renews(lease_us, lease_us, 0));
	assert_false(feed_schedule_renews(lease_us / 4, lease_us, long_ago_us));
	assert_true(feed_schedule_renews(lease_us / 4 - 1, lease_us, long_ago_us));
	/* No more than once a minute, however short the lease is. */
	assert_false(feed_schedule_renews(0, US_PER_MINUTE, US_PER_MINUTE - 1));
	assert_true(feed_schedule_renews(0, US_PER_MINUTE, US_PER_MINUTE));
}

static void chance_adds_up_to_a_sixteenth(void **state)
{
	(void)state;
	struct feed_schedule s = plain();
	int64_t most_us = 0;
	for (s.dice = 0; s.dice < 5000; s.dice += 7) {
		const int64_t us = feed_schedule_wait_us(&s, 0);
		assert_true(us >= s.interval_us && us < s.interval_us * 17 / 16);
		most_us = us > most_us ? us : most_us;
	}
	assert_true(most_us > s.interval_us * 33 / 32);
}

static void the_first_round_is_quick_and_the_second_is_spread(void **state)
{
	(void)state;
	const int64_t interval_us = 15 * US_PER_MINUTE;
	const struct feed_first alone = feed_schedule_first(0, 1, interval_us);
	assert_true(alone.wait_us == 0 && alone.later_us == 0);
	const struct feed_first last = feed_schedule_first(1499, 1500, interval_us);
	assert_int_equal(last.wait_us, 1499 * 250 * US_PER_MS);
	assert_int_equal(last.wait_us + last.later_us, 1499 * interval_us / 1500);
	const struct feed_first half = feed_schedule_first(750, 1500, interval_us);
	assert_int_equal(half.wait_us + half.later_us, interval_us / 2);
	const struct feed_first hurried = feed_schedule_first(50, 100, 10 * US_PER_S);
	assert_int_equal(hurried.wait_us, 5 * US_PER_S);
	assert_int_equal(hurried.later_us, 0);
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
	struct feed_state out, in, other;
	struct buf cursor;
	const uint64_t keys[] = { 1, UINT64_MAX, 0xABCDEF, 5 };
	buf_init(&cursor, FEED_CURSOR_MAX_BYTES);
	feed_state_init(&out, STR("http://a/"));
	feed_state_init(&in, STR("http://a/"));
	feed_state_init(&other, STR("http://b/"));
	feed_state_move(&out, STR("http://moved/"));
	feed_state_validators(&out, STR("W/\"x\""), STR("never"));
	assert_true(feed_state_see(&out, keys, 4, true));
	out.read_at_us = 123;
	feed_state_format(&out, &cursor);
	assert_false(feed_state_parse(buf_str(&cursor), &other));
	assert_false(other.known);
	assert_true(feed_state_parse(buf_str(&cursor), &in));
	check_str(feed_state_url(&in), STR("http://moved/"));
	check_str(in.etag, STR("W/\"x\""));
	check_str(in.last_modified, STR("never"));
	assert_true(in.known);
	assert_int_equal(in.read_at_us, 123);
	assert_int_equal(in.key_count, 4);
	for (size_t i = 0; i < 4; i++)
		assert_true(in.keys[i] == keys[i]);
	feed_state_finish(&out);
	feed_state_finish(&in);
	feed_state_finish(&other);
	buf_finish(&cursor);
}

static void the_largest_state_fits_a_cursor(void **state)
{
	(void)state;
	static char url[FEED_URL_MAX_BYTES], tag[FEED_VALIDATOR_MAX_BYTES];
	struct feed_state f;
	struct buf cursor;
	uint64_t *keys = mem_zero(FEED_MAX_KEYS, sizeof *keys);
	memset(url, 'u', sizeof url);
	memset(tag, 't', sizeof tag);
	for (size_t i = 0; i < FEED_MAX_KEYS; i++)
		keys[i] = i + 1;
	feed_state_init(&f, (struct str){ url, sizeof url });
	feed_state_move(&f, (struct str){ url, sizeof url - 1 });
	feed_state_move(&f, (struct str){ tag, sizeof tag });
	feed_state_validators(&f, (struct str){ tag, sizeof tag }, (struct str){ tag, sizeof tag });
	assert_true(feed_state_see(&f, keys, FEED_MAX_KEYS, true));
	assert_int_equal(f.key_count, FEED_MAX_KEYS);
	buf_init(&cursor, FEED_CURSOR_MAX_BYTES);
	feed_state_format(&f, &cursor);
	assert_false(cursor.full);
	assert_true(feed_state_parse(buf_str(&cursor), &f));
	assert_int_equal(f.key_count, FEED_MAX_KEYS);
	feed_state_finish(&f);
	buf_finish(&cursor);
	mem_free(keys);
}

static void what_is_no_cursor_changes_nothing(void **state)
{
	(void)state;
	struct feed_state f;
	feed_state_init(&f, STR("http://a/"));
	assert_false(feed_state_parse(STR_NONE, &f));
	assert_false(feed_state_parse(STR("12:34:56"), &f));
	assert_false(feed_state_parse(STR("feed 1"), &f));
	assert_false(f.known);
	assert_true(feed_state_parse(STR("feed 1\thttp://a/\t\t\t\t-5\t12g4"), &f));
	assert_int_equal(f.key_count, 0);
	assert_int_equal(f.read_at_us, 0);
	assert_true(feed_state_parse(STR("feed 1\t"
					 "http://a/"),
		&f));
	assert_true(f.known);
	feed_state_finish(&f);
}

static void keys_of_entries_that_left_are_kept_for_a_while(void **state)
{
	(void)state;
	struct feed_state f;
	uint64_t keys[FEED_MIN_KEYS];
	feed_state_init(&f, STR("http://a/"));
	for (uint64_t i = 0; i < FEED_MIN_KEYS; i++)
		keys[i] = i + 1;
	assert_true(feed_state_see(&f, keys, FEED_MIN_KEYS, true));
	assert_false(feed_state_see(&f, keys, FEED_MIN_KEYS, true));
	const uint64_t later[] = { 1000, 2, 1000 };
	assert_true(feed_state_see(&f, later, 3, true));
	assert_int_equal(f.key_count, FEED_MIN_KEYS);
	assert_true(feed_state_saw(&f, 1000) && feed_state_saw(&f, 2));
	assert_true(feed_state_saw(&f, FEED_MIN_KEYS - 1));
	assert_false(feed_state_saw(&f, FEED_MIN_KEYS));
	feed_state_finish(&f);
}

static void an_entry_is_new_once(void **state)
{
	(void)state;
	struct feed_state f;
	bool fresh[5];
	const uint64_t known[] = { 7, 0 }, keys[] = { 9, 7, 8, 9, 0 };
	feed_state_init(&f, STR("http://a/"));
	(void)feed_state_see(&f, known, 2, true);
	assert_int_equal(feed_state_new(&f, keys, 5, fresh), 2);
	assert_true(fresh[0] && !fresh[1] && fresh[2] && !fresh[3] && !fresh[4]);
	feed_state_finish(&f);
}

static void parts_are_named_by_the_address(void **state)
{
	(void)state;
	char a[FEED_PART_BYTES + 1], b[FEED_PART_BYTES + 1];
	feed_state_part(STR("http://a/"), a);
	feed_state_part(STR("http://b/"), b);
	assert_int_equal(strlen(a), FEED_PART_BYTES);
	assert_string_not_equal(a, b);
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
		cmocka_unit_test(failures_double_the_wait_and_those_that_last_up_to_a_day),
		cmocka_unit_test(what_may_be_over_soon_is_tried_again_after_a_minute_then_two),
		cmocka_unit_test(what_brings_much_is_asked_more_often_within_bounds),
		cmocka_unit_test(what_a_hub_brings_is_asked_seldom),
		cmocka_unit_test(a_subscription_is_renewed_before_its_lease_ends),
		cmocka_unit_test(chance_adds_up_to_a_sixteenth),
		cmocka_unit_test(the_first_round_is_quick_and_the_second_is_spread),
		cmocka_unit_test(hours_and_days_to_skip_are_passed_over),
		cmocka_unit_test(a_cursor_brings_back_what_was_written),
		cmocka_unit_test(what_is_no_cursor_changes_nothing),
		cmocka_unit_test(the_largest_state_fits_a_cursor),
		cmocka_unit_test(keys_of_entries_that_left_are_kept_for_a_while),
		cmocka_unit_test(an_entry_is_new_once),
		cmocka_unit_test(parts_are_named_by_the_address),
		cmocka_unit_test(a_validator_too_long_is_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
