#include "tests/check.h"

#include "base/clock.h"
#include "sources/health.h"

#define WALL INT64_C(1700000000000000)
#define MONO (1000 * US_PER_S)

/* ---- rate ---- */

static void nothing_is_a_rate_of_nothing(void **state)
{
	(void)state;
	const struct source_rate r = { 0 };
	assert_int_equal(source_rate_per_minute(&r, MONO), 0);
}

static void a_steady_stream_has_its_rate_at_any_moment(void **state)
{
	(void)state;
	struct source_rate r = { 0 };
	int64_t now_us = MONO;
	for (int i = 0; i < 600; i++, now_us += US_PER_S) {
		source_rate_add(&r, now_us, 2);
		if (i >= 120)
			assert_in_range(source_rate_per_minute(&r, now_us), 118, 122);
	}
}

static void a_rate_fades_within_two_minutes(void **state)
{
	(void)state;
	struct source_rate r = { 0 };
	source_rate_add(&r, MONO, 100);
	assert_int_equal(source_rate_per_minute(&r, MONO), 100);
	assert_int_equal(source_rate_per_minute(&r, MONO + 90 * US_PER_S), 50);
	assert_int_equal(source_rate_per_minute(&r, MONO + 120 * US_PER_S), 0);
	source_rate_add(&r, MONO + US_PER_HOUR, 7);
	assert_int_equal(source_rate_per_minute(&r, MONO + US_PER_HOUR), 7);
}

/* ---- lag ---- */

static void the_lag_is_the_median_so_that_one_silly_date_does_not_show(void **state)
{
	(void)state;
	struct source_lag l = { 0 };
	assert_int_equal(source_lag_us(&l), -1);
	for (int i = 0; i < 10; i++)
		source_lag_add(&l, WALL - 2 * US_PER_S, WALL);
	for (int i = 0; i < 4; i++)
		source_lag_add(&l, WALL - 20 * US_PER_DAY, WALL);
	assert_int_equal(source_lag_us(&l), 2 * US_PER_S);
	for (int i = 0; i < SOURCE_LAG_POSTS; i++)
		source_lag_add(&l, WALL - 9 * US_PER_S, WALL);
	assert_int_equal(source_lag_us(&l), 9 * US_PER_S);
}

static void posts_of_the_future_are_on_time_and_old_ones_say_nothing(void **state)
{
	(void)state;
	struct source_lag l = { 0 };
	source_lag_add(&l, WALL - 30 * US_PER_DAY - 1, WALL);
	source_lag_add(&l, 0, WALL);
	source_lag_add(&l, -5, WALL);
	source_lag_add(&l, WALL, 0);
	assert_int_equal(source_lag_us(&l), -1);
	source_lag_add(&l, WALL + US_PER_DAY, WALL);
	assert_int_equal(source_lag_us(&l), 0);
	source_lag_add(&l, WALL - 30 * US_PER_DAY, WALL);
	assert_int_equal(source_lag_us(&l), 30 * US_PER_DAY);
}

/* ---- silence ---- */

/* Watches for the time, with a record each `every_us`. */
static void watch(struct source_silence *s, int64_t *now_us, int64_t *wall_us, int64_t time_us,
	int64_t every_us)
{
	for (int64_t passed_us = 0; passed_us < time_us; passed_us += every_us) {
		*now_us += every_us;
		*wall_us += every_us;
		source_silence_record(s, *now_us, *wall_us);
	}
}

static void a_silence_is_too_long_at_twice_the_longest_of_a_week(void **state)
{
	(void)state;
	struct source_silence s = { 0 };
	int64_t now_us = MONO, wall_us = WALL;
	source_silence_begin(&s, now_us);
	watch(&s, &now_us, &wall_us, 23 * US_PER_HOUR, US_PER_HOUR);
	assert_int_equal(source_silence_limit_us(&s, now_us, wall_us), -1); /* not yet a day */
	watch(&s, &now_us, &wall_us, US_PER_HOUR, US_PER_HOUR);
	assert_int_equal(source_silence_limit_us(&s, now_us, wall_us), 2 * US_PER_HOUR);
	watch(&s, &now_us, &wall_us, 8 * US_PER_DAY, US_PER_MINUTE * 10);
	assert_int_equal(source_silence_limit_us(&s, now_us, wall_us), 20 * US_PER_MINUTE);
	watch(&s, &now_us, &wall_us, 8 * US_PER_DAY, US_PER_MINUTE);
	/* The floor. */
	assert_int_equal(source_silence_limit_us(&s, now_us, wall_us), 5 * US_PER_MINUTE);
}

static void while_a_source_is_not_there_nothing_is_learned(void **state)
{
	(void)state;
	struct source_silence s = { 0 };
	int64_t now_us = MONO, wall_us = WALL;
	source_silence_begin(&s, now_us);
	watch(&s, &now_us, &wall_us, US_PER_DAY, 10 * US_PER_MINUTE);
	source_silence_end(&s, now_us);
	source_silence_record(&s, now_us + 5 * US_PER_HOUR, wall_us + 5 * US_PER_HOUR);
	source_silence_begin(&s, now_us + 6 * US_PER_HOUR);
	source_silence_record(&s, now_us + 6 * US_PER_HOUR + 1, wall_us + 6 * US_PER_HOUR + 1);
	assert_int_equal(
		source_silence_longest_us(&s, wall_us + 6 * US_PER_HOUR), 10 * US_PER_MINUTE);
	assert_int_equal(s.watched_us, US_PER_DAY + 1);
}

static void a_source_that_never_brought_anything_is_as_it_always_was(void **state)
{
	(void)state;
	struct source_silence s = { 0 };
	source_silence_begin(&s, MONO);
	assert_int_equal(
		source_silence_limit_us(&s, MONO + 9 * US_PER_DAY, WALL + 9 * US_PER_DAY), -1);
}

static void what_is_learned_survives_as_text(void **state)
{
	(void)state;
	struct source_silence s = { 0 }, back = { 0 };
	int64_t now_us = MONO, wall_us = WALL;
	source_silence_begin(&s, now_us);
	watch(&s, &now_us, &wall_us, 9 * US_PER_DAY, 7 * US_PER_MINUTE);
	struct buf text;
	buf_init(&text, SOURCE_SILENCE_BYTES);
	source_silence_format(&s, now_us, &text);
	assert_false(text.full);
	source_silence_parse(&back, buf_str(&text));
	assert_int_equal(source_silence_longest_us(&back, wall_us), 7 * US_PER_MINUTE);
	assert_int_equal(source_silence_limit_us(&back, 0, wall_us), 14 * US_PER_MINUTE);
	buf_finish(&text);
}

static void a_text_that_is_none_is_nothing_learned(void **state)
{
	static const char *const bad[] = { "", "x", "12x", "12 ", "12 3", "12 3:", "12 3:4x",
		"12 :4", "1234567890123", "12 -3:4", "12 3:4 5" };
	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct source_silence s = { .watched_us = 5 };
		source_silence_parse(&s, str_of(bad[i]));
		if (s.watched_us != 5)
			fail_msg("'%s'", bad[i]);
	}
	struct source_silence s = { 0 };
	source_silence_parse(&s, STR_NONE);
	source_silence_parse(&s, STR("12 19675:4"));
	assert_int_equal(s.watched_us, 12 * US_PER_S);
}

/* ---- sight ---- */

static void a_stream_of_the_present_is_blind_from_its_last_sign_of_life(void **state)
{
	(void)state;
	struct source_health h = { 0 };
	struct source_gap gap;
	assert_false(source_health_back(&h, SOURCE_LOSES, MONO, WALL, &gap));
	h.alive_us = MONO + 10 * US_PER_S;
	assert_true(source_health_lost(&h, SOURCE_LOSES, STR("no byte for 90 s"),
		MONO + 100 * US_PER_S, WALL + 100 * US_PER_S, &gap));
	assert_int_equal(gap.from_us, WALL + 10 * US_PER_S);
	assert_int_equal(gap.to_us, 0);
	assert_int_equal(gap.kind, SOURCE_GAP_LOST);
	check_text(gap.reason, "no byte for 90 s");
	/* Attempts that fail are the same gap. */
	assert_false(source_health_lost(&h, SOURCE_LOSES, STR("not reached"), MONO + 120 * US_PER_S,
		WALL + 120 * US_PER_S, &gap));
	assert_true(source_health_back(
		&h, SOURCE_LOSES, MONO + 130 * US_PER_S, WALL + 130 * US_PER_S, &gap));
	assert_int_equal(gap.from_us, WALL + 10 * US_PER_S);
	assert_int_equal(gap.to_us, WALL + 130 * US_PER_S);
	assert_int_equal(gap.kind, SOURCE_GAP_LOST);
	assert_int_equal(h.blind_since_us, 0);
}

static void what_waits_to_be_fetched_is_blind_only_from_the_failure(void **state)
{
	(void)state;
	struct source_health h = { .before_us = WALL - US_PER_DAY };
	struct source_gap gap;
	assert_false(source_health_back(&h, SOURCE_KEEPS, MONO, WALL, &gap));
	assert_true(source_health_lost(
		&h, SOURCE_KEEPS, STR("gone"), MONO + US_PER_HOUR, WALL + US_PER_HOUR, &gap));
	assert_int_equal(gap.from_us, WALL + US_PER_HOUR);
	assert_int_equal(gap.kind, SOURCE_GAP_REFILLED);
	assert_true(source_health_back(
		&h, SOURCE_KEEPS, MONO + 2 * US_PER_HOUR, WALL + 2 * US_PER_HOUR, &gap));
	assert_int_equal(gap.kind, SOURCE_GAP_REFILLED);
	assert_int_equal(gap.to_us, WALL + 2 * US_PER_HOUR);
}

static void the_absence_of_the_daemon_is_a_gap_of_streams_of_the_present_only(void **state)
{
	(void)state;
	struct source_gap gap;
	struct source_health loses = { .before_us = WALL - US_PER_HOUR };
	assert_true(source_health_back(&loses, SOURCE_LOSES, MONO, WALL, &gap));
	assert_int_equal(gap.from_us, WALL - US_PER_HOUR);
	assert_int_equal(gap.to_us, WALL);
	/* Not again at the next break. */
	assert_true(source_health_lost(&loses, SOURCE_LOSES, STR("x"), MONO, WALL, &gap));
	assert_int_equal(gap.from_us, WALL);
	struct source_health replays = { .before_us = WALL - US_PER_HOUR };
	assert_false(source_health_back(&replays, SOURCE_REPLAYS, MONO, WALL, &gap));
	assert_int_equal(replays.back_us, WALL);
	assert_true(source_health_caught_up(&replays, MONO, &gap));
	assert_int_equal(gap.kind, SOURCE_GAP_REFILLED);
	struct source_health first = { 0 };
	assert_false(source_health_back(&first, SOURCE_LOSES, MONO, WALL, &gap));
	/* If it cannot even be reached after the start it was blind since the run before. */
	struct source_health unreached = { .before_us = WALL - US_PER_HOUR, .alive_us = MONO };
	assert_true(
		source_health_lost(&unreached, SOURCE_LOSES, STR("not reached"), MONO, WALL, &gap));
	assert_int_equal(gap.from_us, WALL - US_PER_HOUR);
}

static void a_break_while_catching_up_is_the_same_blindness(void **state)
{
	(void)state;
	struct source_health h = { .alive_us = MONO };
	struct source_gap gap;
	assert_true(source_health_lost(&h, SOURCE_REPLAYS, STR("x"), MONO, WALL, &gap));
	assert_int_equal(gap.kind, SOURCE_GAP_REFILLED);
	assert_false(source_health_back(&h, SOURCE_REPLAYS, MONO, WALL + US_PER_S, &gap));
	assert_false(
		source_health_lost(&h, SOURCE_REPLAYS, STR("y"), MONO, WALL + 2 * US_PER_S, &gap));
	/* The server does not know that cursor any more. */
	assert_true(source_health_back(&h, SOURCE_LOSES, MONO, WALL + 3 * US_PER_S, &gap));
	assert_int_equal(gap.from_us, WALL);
	assert_int_equal(gap.to_us, WALL + 3 * US_PER_S);
	assert_int_equal(gap.kind, SOURCE_GAP_LOST);
}

/* What catches up since WALL. */
static struct source_health behind(void)
{
	struct source_health h = { .blind_since_us = WALL - US_PER_HOUR };
	struct source_gap gap;
	assert_false(source_health_back(&h, SOURCE_REPLAYS, MONO, WALL, &gap));
	return h;
}

static void three_new_posts_in_a_row_are_the_end_of_catching_up(void **state)
{
	(void)state;
	struct source_health h = behind();
	const int64_t old_us = WALL - US_PER_MINUTE, new_us = WALL + US_PER_S;
	const int64_t posts_us[] = { new_us, new_us, old_us, new_us, new_us,
		WALL + US_PER_DAY /* of the future: proves nothing */, 0, new_us };
	const size_t count = sizeof posts_us / sizeof *posts_us;
	for (size_t i = 0; i < count; i++)
		assert_int_equal(source_health_saw(&h, 1, posts_us[i], MONO, WALL + 2 * US_PER_S),
			i + 1 == count);
	struct source_gap gap;
	assert_true(source_health_caught_up(&h, MONO, &gap));
	assert_int_equal(gap.from_us, WALL - US_PER_HOUR);
	assert_int_equal(gap.to_us, WALL);
	assert_int_equal(gap.kind, SOURCE_GAP_REFILLED);
	assert_false(source_health_caught_up(&h, MONO, &gap));
	assert_int_equal(h.last_post_us, new_us);
}

static void ten_quiet_seconds_are_the_end_of_catching_up(void **state)
{
	(void)state;
	struct source_health h = behind();
	assert_int_equal(source_health_quiet_us(&h, MONO), 10 * US_PER_S);
	assert_int_equal(source_health_quiet_us(&h, MONO + 9 * US_PER_S), US_PER_S);
	assert_false(source_health_saw(&h, 1, 0, MONO + 9 * US_PER_S, WALL));
	assert_int_equal(source_health_quiet_us(&h, MONO + 10 * US_PER_S), 9 * US_PER_S);
	assert_int_equal(source_health_quiet_us(&h, MONO + 20 * US_PER_S), 0);
}

static void without_dates_a_minute_is_the_end_of_catching_up_and_an_hour_at_last(void **state)
{
	(void)state;
	struct source_health h = behind();
	int64_t now_us = MONO;
	for (; now_us < MONO + 59 * US_PER_S; now_us += US_PER_S)
		assert_false(source_health_saw(&h, 1, 0, now_us, WALL));
	assert_int_equal(source_health_quiet_us(&h, now_us), US_PER_S);
	assert_int_equal(source_health_quiet_us(&h, now_us + US_PER_S), 0);
	for (; now_us < MONO + US_PER_HOUR; now_us += US_PER_S)
		assert_false(source_health_saw(&h, 1, WALL - US_PER_DAY, now_us, WALL));
	assert_int_equal(source_health_quiet_us(&h, now_us), 0);
}

static void what_is_refilled_has_caught_up_only_when_the_type_says_so(void **state)
{
	(void)state;
	struct source_health h = { .blind_since_us = WALL - US_PER_HOUR };
	struct source_gap gap;
	assert_false(source_health_back(&h, SOURCE_REFILLS, MONO, WALL, &gap));
	for (int i = 0; i < 10; i++)
		assert_false(source_health_saw(&h, 1, WALL + US_PER_S, MONO, WALL + US_PER_S));
	assert_true(source_health_quiet_us(&h, MONO + US_PER_DAY) > 0);
	assert_true(source_health_caught_up(&h, MONO, &gap));
	assert_int_equal(gap.kind, SOURCE_GAP_REFILLED);
	/* The next break has its own rule. */
	assert_true(source_health_lost(&h, SOURCE_REPLAYS, STR("x"), MONO, WALL, &gap));
	assert_false(source_health_back(&h, SOURCE_REPLAYS, MONO, WALL, &gap));
	assert_int_equal(source_health_quiet_us(&h, MONO + US_PER_DAY), 0);
}

static void posts_that_are_always_late_are_new_at_their_usual_lag(void **state)
{
	(void)state;
	struct source_health h = { .blind_since_us = WALL };
	struct source_gap gap;
	for (int i = 0; i < 5; i++)
		source_lag_add(&h.lag, WALL - US_PER_HOUR, WALL);
	assert_false(source_health_back(&h, SOURCE_REPLAYS, MONO, WALL, &gap));
	for (int i = 0; i < 3; i++)
		assert_false(source_health_saw(&h, 1, WALL - US_PER_HOUR - 1, MONO, WALL));
	for (int i = 0; i < 3; i++)
		assert_int_equal(source_health_saw(&h, 1, WALL - US_PER_HOUR, MONO, WALL), i == 2);
}

static void a_clock_that_is_set_back_makes_no_gap_that_ends_before_it_begins(void **state)
{
	(void)state;
	struct source_health h = { .blind_since_us = WALL };
	struct source_gap gap;
	assert_true(source_health_back(&h, SOURCE_LOSES, MONO, WALL - US_PER_HOUR, &gap));
	assert_int_equal(gap.to_us, gap.from_us + 1);
}

static void without_a_wall_clock_there_are_no_gaps(void **state)
{
	(void)state;
	struct source_health h = { .alive_us = MONO };
	struct source_gap gap;
	assert_false(source_health_lost(&h, SOURCE_LOSES, STR("x"), MONO, 0, &gap));
	assert_false(source_health_back(&h, SOURCE_LOSES, MONO, 0, &gap));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_a_rate_of_nothing),
		cmocka_unit_test(a_steady_stream_has_its_rate_at_any_moment),
		cmocka_unit_test(a_rate_fades_within_two_minutes),
		cmocka_unit_test(the_lag_is_the_median_so_that_one_silly_date_does_not_show),
		cmocka_unit_test(posts_of_the_future_are_on_time_and_old_ones_say_nothing),
		cmocka_unit_test(a_silence_is_too_long_at_twice_the_longest_of_a_week),
		cmocka_unit_test(while_a_source_is_not_there_nothing_is_learned),
		cmocka_unit_test(a_source_that_never_brought_anything_is_as_it_always_was),
		cmocka_unit_test(what_is_learned_survives_as_text),
		cmocka_unit_test(a_text_that_is_none_is_nothing_learned),
		cmocka_unit_test(a_stream_of_the_present_is_blind_from_its_last_sign_of_life),
		cmocka_unit_test(what_waits_to_be_fetched_is_blind_only_from_the_failure),
		cmocka_unit_test(the_absence_of_the_daemon_is_a_gap_of_streams_of_the_present_only),
		cmocka_unit_test(a_break_while_catching_up_is_the_same_blindness),
		cmocka_unit_test(three_new_posts_in_a_row_are_the_end_of_catching_up),
		cmocka_unit_test(ten_quiet_seconds_are_the_end_of_catching_up),
		cmocka_unit_test(
			without_dates_a_minute_is_the_end_of_catching_up_and_an_hour_at_last),
		cmocka_unit_test(what_is_refilled_has_caught_up_only_when_the_type_says_so),
		cmocka_unit_test(posts_that_are_always_late_are_new_at_their_usual_lag),
		cmocka_unit_test(a_clock_that_is_set_back_makes_no_gap_that_ends_before_it_begins),
		cmocka_unit_test(without_a_wall_clock_there_are_no_gaps),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
