/* The schedule of retries, the one place where it stands. */
#include "daemon/dispatch.h"

#include "base/clock.h"
#include "tests/check.h"

enum { NO_JITTER = 0, MOST_JITTER = 1023 };
#define GIVE_UP_US US_PER_DAY

static const int64_t steps[] = { 0, 5 * US_PER_S, 30 * US_PER_S, 2 * US_PER_MINUTE,
	10 * US_PER_MINUTE, US_PER_HOUR };
enum { STEPS = sizeof steps / sizeof *steps };

static int64_t young(unsigned attempts, int64_t retry_after_us, uint64_t random)
{
	return dispatch_retry_in_us(attempts, 0, retry_after_us, random);
}

static void each_failure_waits_for_the_next_step(void **state)
{
	(void)state;
	for (unsigned i = 0; i < STEPS; i++)
		assert_int_equal(young(i, -1, NO_JITTER), steps[i]);
}

static void after_the_last_step_it_stays_hourly(void **state)
{
	(void)state;
	for (unsigned i = STEPS; i < 100; i++)
		assert_int_equal(young(i, -1, NO_JITTER), US_PER_HOUR);
	assert_int_equal(young(UINT32_MAX, -1, NO_JITTER), US_PER_HOUR);
}

static void jitter_adds_up_to_a_fifth_and_takes_nothing_away(void **state)
{
	(void)state;
	for (unsigned i = 1; i < STEPS; i++) {
		int64_t before_us = 0;
		for (uint64_t random = 0; random < 1024; random++) {
			int64_t wait_us = young(i, -1, random);
			assert_in_range(wait_us, steps[i], steps[i] + steps[i] / 5);
			assert_true(wait_us > before_us);
			before_us = wait_us;
		}
		/* nearly all of the fifth is used */
		assert_true(before_us > steps[i] + steps[i] / 5 * 99 / 100);
	}
}

static void any_random_number_will_do(void **state)
{
	(void)state;
	assert_in_range(young(1, -1, UINT64_MAX), 5 * US_PER_S, 6 * US_PER_S);
	assert_in_range(young(1, -1, (uint64_t)INT64_MAX + 1), 5 * US_PER_S, 6 * US_PER_S);
}

static void what_the_target_asks_for_is_the_least(void **state)
{
	(void)state;
	assert_int_equal(young(1, 0, NO_JITTER), 5 * US_PER_S);
	assert_int_equal(young(1, 5 * US_PER_S - 1, NO_JITTER), 5 * US_PER_S);
	assert_int_equal(young(1, 5 * US_PER_S + 1, NO_JITTER), 5 * US_PER_S + 1);
	assert_int_equal(young(1, 7 * US_PER_HOUR, MOST_JITTER), 7 * US_PER_HOUR);
	assert_int_equal(young(0, 3 * US_PER_S, NO_JITTER), 3 * US_PER_S);
	assert_int_equal(young(9, US_PER_S, NO_JITTER), US_PER_HOUR);
}

static void after_a_day_it_is_given_up(void **state)
{
	(void)state;
	const int64_t last_us = GIVE_UP_US - US_PER_HOUR;
	assert_int_equal(dispatch_retry_in_us(9, last_us, -1, NO_JITTER), US_PER_HOUR);
	assert_int_equal(dispatch_retry_in_us(9, last_us + 1, -1, NO_JITTER), -1);
	assert_int_equal(dispatch_retry_in_us(9, last_us, -1, 1), -1); /* jitter counts */
	assert_int_equal(dispatch_retry_in_us(1, GIVE_UP_US, -1, NO_JITTER), -1);
	assert_int_equal(dispatch_retry_in_us(1, 400 * US_PER_DAY, -1, NO_JITTER), -1);
}

static void a_target_cannot_make_us_give_up_before_that(void **state)
{
	(void)state;
	assert_int_equal(young(1, GIVE_UP_US + 1, NO_JITTER), GIVE_UP_US);
	assert_int_equal(young(1, INT64_MAX, NO_JITTER), GIVE_UP_US);
	assert_int_equal(dispatch_retry_in_us(3, 20 * US_PER_HOUR, 5 * US_PER_HOUR, NO_JITTER),
		4 * US_PER_HOUR);
	/* and at the end of the day it ends all the same */
	assert_int_equal(dispatch_retry_in_us(4, GIVE_UP_US, US_PER_HOUR, NO_JITTER), -1);
	assert_int_equal(dispatch_retry_in_us(4, GIVE_UP_US - 1, INT64_MAX, NO_JITTER), -1);
}

static void a_clock_that_was_set_back_harms_nothing(void **state)
{
	(void)state;
	assert_int_equal(dispatch_retry_in_us(1, -US_PER_HOUR, -1, NO_JITTER), 5 * US_PER_S);
	assert_int_equal(dispatch_retry_in_us(1, -US_PER_HOUR, US_PER_DAY, NO_JITTER), US_PER_DAY);
}

/* However long each failure takes, a delivery is tried a bounded number of times. */
static void a_day_of_failures_is_some_thirty_attempts(void **state)
{
	(void)state;
	for (unsigned jitter = 0; jitter < 1024; jitter += 341) {
		int64_t age_us = 0, wait_us;
		unsigned attempts = 1;
		while ((wait_us = dispatch_retry_in_us(attempts, age_us, -1, jitter)) >= 0) {
			age_us += wait_us;
			attempts++;
			assert_true(attempts < 100);
		}
		assert_in_range(attempts, 22, 30);
		assert_in_range(age_us, GIVE_UP_US - 2 * US_PER_HOUR, GIVE_UP_US);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_failure_waits_for_the_next_step),
		cmocka_unit_test(after_the_last_step_it_stays_hourly),
		cmocka_unit_test(jitter_adds_up_to_a_fifth_and_takes_nothing_away),
		cmocka_unit_test(any_random_number_will_do),
		cmocka_unit_test(what_the_target_asks_for_is_the_least),
		cmocka_unit_test(after_a_day_it_is_given_up),
		cmocka_unit_test(a_target_cannot_make_us_give_up_before_that),
		cmocka_unit_test(a_clock_that_was_set_back_harms_nothing),
		cmocka_unit_test(a_day_of_failures_is_some_thirty_attempts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
