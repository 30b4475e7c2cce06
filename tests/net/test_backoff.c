#include "tests/check.h"

#include "base/clock.h"
#include "net/backoff.h"

static void a_drop_is_followed_at_once_and_then_as_the_network(void **state)
{
	(void)state;
	struct backoff b = { 0 };
	assert_int_equal(backoff_next_us(&b, BACKOFF_DROPPED, 0, 0), 0);
	assert_int_equal(backoff_next_us(&b, BACKOFF_DROPPED, 0, 0), 250 * US_PER_MS);
	assert_int_equal(backoff_next_us(&b, BACKOFF_DROPPED, 0, 0), 500 * US_PER_MS);
	backoff_succeeded(&b);
	assert_int_equal(backoff_next_us(&b, BACKOFF_DROPPED, 0, 0), 0);
}

static void the_network_is_asked_a_quarter_of_a_second_later_each_time(void **state)
{
	(void)state;
	struct backoff b = { 0 };
	for (int i = 1; i <= 64; i++)
		assert_int_equal(backoff_next_us(&b, BACKOFF_NETWORK, 0, 0), i * 250 * US_PER_MS);
	assert_int_equal(backoff_next_us(&b, BACKOFF_NETWORK, 0, 0), 16 * US_PER_S);
}

static void http_and_limits_double_to_their_ceilings(void **state)
{
	(void)state;
	static const int http_s[] = { 5, 10, 20, 40, 80, 160, 320, 320, 320 };
	static const int limited_s[] = { 60, 120, 240, 480, 960, 960, 960 };
	struct backoff b = { 0 };
	for (size_t i = 0; i < sizeof http_s / sizeof *http_s; i++)
		assert_int_equal(backoff_next_us(&b, BACKOFF_HTTP, 0, 0), http_s[i] * US_PER_S);
	for (size_t i = 0; i < sizeof limited_s / sizeof *limited_s; i++)
		assert_int_equal(
			backoff_next_us(&b, BACKOFF_LIMITED, 0, 0), limited_s[i] * US_PER_S);
}

static void another_kind_of_trouble_starts_anew(void **state)
{
	(void)state;
	struct backoff b = { 0 };
	backoff_next_us(&b, BACKOFF_HTTP, 0, 0);
	backoff_next_us(&b, BACKOFF_HTTP, 0, 0);
	assert_int_equal(backoff_next_us(&b, BACKOFF_NETWORK, 0, 0), 250 * US_PER_MS);
	assert_int_equal(backoff_next_us(&b, BACKOFF_HTTP, 0, 0), 5 * US_PER_S);
}

static void jitter_is_at_most_a_fifth_on_top(void **state)
{
	(void)state;
	struct backoff b = { 0 };
	int64_t us = backoff_next_us(&b, BACKOFF_LIMITED, 0, UINT64_MAX);
	assert_true(us > 71 * US_PER_S && us <= 72 * US_PER_S);
	backoff_succeeded(&b);
	us = backoff_next_us(&b, BACKOFF_LIMITED, 0, UINT64_MAX / 2);
	assert_true(us > 65 * US_PER_S && us < 67 * US_PER_S);
}

static void what_the_server_asks_for_is_a_floor(void **state)
{
	(void)state;
	struct backoff b = { 0 };
	assert_int_equal(backoff_next_us(&b, BACKOFF_DROPPED, 3 * US_PER_S, 0), 3 * US_PER_S);
	assert_int_equal(backoff_next_us(&b, BACKOFF_HTTP, US_PER_S, 0), 5 * US_PER_S);
	assert_int_equal(backoff_next_us(&b, BACKOFF_LIMITED, US_PER_HOUR, 0), US_PER_HOUR);
	assert_true(backoff_next_us(&b, BACKOFF_LIMITED, US_PER_HOUR, UINT64_MAX) > US_PER_HOUR);
	assert_int_equal(backoff_next_us(&b, BACKOFF_HTTP, INT64_MAX, 0), US_PER_DAY);
}

static void failures_without_end_do_not_overflow(void **state)
{
	(void)state;
	struct backoff b = { .kind = BACKOFF_HTTP, .failures = UINT32_MAX };
	assert_int_equal(backoff_next_us(&b, BACKOFF_HTTP, 0, 0), 320 * US_PER_S);
	assert_int_equal(b.failures, UINT32_MAX);
	b = (struct backoff){ .kind = BACKOFF_NETWORK, .failures = UINT32_MAX };
	assert_int_equal(backoff_next_us(&b, BACKOFF_NETWORK, 0, 0), 16 * US_PER_S);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_drop_is_followed_at_once_and_then_as_the_network),
		cmocka_unit_test(the_network_is_asked_a_quarter_of_a_second_later_each_time),
		cmocka_unit_test(http_and_limits_double_to_their_ceilings),
		cmocka_unit_test(another_kind_of_trouble_starts_anew),
		cmocka_unit_test(jitter_is_at_most_a_fifth_on_top),
		cmocka_unit_test(what_the_server_asks_for_is_a_floor),
		cmocka_unit_test(failures_without_end_do_not_overflow),
	};
	return cmocka_run_group_tests_name("backoff", tests, NULL, NULL);
}
