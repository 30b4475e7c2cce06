#include "tests/check.h"

#include "base/clock.h"
#include "sources/feed_queue.h"
#include "sources/feed_schedule.h"

enum { NOBODY = 9999 };

static size_t take(struct feed_queue *q, int64_t now_us)
{
	size_t feed;
	return feed_queue_take(q, now_us, &feed) ? feed : NOBODY;
}

/* Feeds on hosts of their own, but those in `shared`. */
static struct feed_queue *queue(size_t count, size_t shared)
{
	struct feed_queue *q = feed_queue_create(count, US_PER_S);
	for (size_t i = 0; i < count; i++) {
		char url[64];
		(void)snprintf(
			url, sizeof url, i < shared ? "http://shared/%zu" : "http://h%zu/", i);
		feed_queue_set_url(q, i, str_of(url));
	}
	return q;
}

static void who_is_due_longest_goes_first(void **state)
{
	(void)state;
	struct feed_queue *q = queue(4, 0);
	feed_queue_put(q, 0, 30);
	feed_queue_put(q, 1, 10);
	feed_queue_put(q, 2, 20);
	feed_queue_put(q, 3, 40);
	feed_queue_put(q, 3, 5);
	feed_queue_remove(q, 1);
	assert_int_equal(feed_queue_next_us(q), 5);
	assert_int_equal(feed_queue_at_us(q, 2), 20);
	assert_int_equal(take(q, 4), NOBODY);
	assert_int_equal(take(q, 100), 3);
	assert_int_equal(take(q, 100), 2);
	assert_int_equal(take(q, 100), 0);
	assert_int_equal(take(q, 100), NOBODY);
	assert_int_equal(feed_queue_next_us(q), INT64_MAX);
	feed_queue_destroy(q);
}

static void a_host_is_asked_one_at_a_time_in_turn_and_with_a_pause(void **state)
{
	(void)state;
	struct feed_queue *q = queue(4, 3);
	for (size_t i = 0; i < 4; i++)
		feed_queue_put(q, i, (int64_t)i);
	assert_int_equal(take(q, 10), 0);
	assert_int_equal(take(q, 10), 3);
	assert_int_equal(take(q, 10), NOBODY);
	/* A slow answer: the next one may be asked at once, since the pause is over. */
	feed_queue_done(q, 0, 5 * US_PER_S, 0);
	assert_int_equal(feed_queue_next_us(q), 5 * US_PER_S);
	assert_int_equal(take(q, 5 * US_PER_S), 1);
	/* A quick one: not before the pause is. */
	feed_queue_done(q, 1, 5 * US_PER_S + 10, 0);
	assert_int_equal(take(q, 5 * US_PER_S + 20), NOBODY);
	assert_int_equal(feed_queue_next_us(q), 6 * US_PER_S);
	assert_int_equal(take(q, 6 * US_PER_S), 2);
	feed_queue_destroy(q);
}

static void a_host_that_asks_for_rest_gets_it_for_all_its_feeds(void **state)
{
	(void)state;
	struct feed_queue *q = queue(2, 2);
	feed_queue_put(q, 0, 0);
	assert_int_equal(take(q, 0), 0);
	feed_queue_done(q, 0, 10, US_PER_HOUR);
	feed_queue_put(q, 1, 20);
	assert_int_equal(take(q, US_PER_HOUR - 1), NOBODY);
	assert_int_equal(feed_queue_next_us(q), US_PER_HOUR);
	assert_int_equal(take(q, US_PER_HOUR), 1);
	feed_queue_destroy(q);
}

static void who_stands_in_line_stays_there(void **state)
{
	(void)state;
	struct feed_queue *q = queue(4, 4);
	for (size_t i = 0; i < 4; i++)
		feed_queue_put(q, i, 0);
	assert_int_equal(take(q, 0), 0);
	assert_int_equal(take(q, 0), NOBODY);
	feed_queue_put(q, 2, US_PER_DAY);
	feed_queue_remove(q, 3);
	feed_queue_remove(q, 1);
	feed_queue_done(q, 0, 0, 0);
	assert_int_equal(take(q, US_PER_S), 2);
	feed_queue_done(q, 2, US_PER_S, 0);
	assert_int_equal(feed_queue_next_us(q), INT64_MAX);
	feed_queue_destroy(q);
}

static void who_was_called_and_leaves_lets_the_next_one_pass(void **state)
{
	(void)state;
	struct feed_queue *q = queue(3, 3);
	for (size_t i = 0; i < 3; i++)
		feed_queue_put(q, i, 0);
	assert_int_equal(take(q, 0), 0);
	assert_int_equal(take(q, 0), NOBODY);
	feed_queue_done(q, 0, 1, 0);
	feed_queue_remove(q, 1);
	assert_int_equal(take(q, US_PER_S), 2);
	feed_queue_destroy(q);
}

static void a_host_is_its_name_in_any_case_and_on_any_port(void **state)
{
	(void)state;
	static const char *const same[] = { "https://Example.org:8443/x", "http://example.org",
		"http://u:p@EXAMPLE.org?q", "http://example.org#f" };
	struct feed_queue *q = feed_queue_create(6, US_PER_S);
	for (size_t i = 0; i < 4; i++)
		feed_queue_set_url(q, i, str_of(same[i]));
	feed_queue_set_url(q, 4, STR("http://[::1]:80/"));
	feed_queue_set_url(q, 5, STR("http://[::2]:80/"));
	for (size_t i = 0; i < 6; i++)
		feed_queue_put(q, i, (int64_t)i);
	assert_int_equal(take(q, 10), 0);
	assert_int_equal(take(q, 10), 4);
	assert_int_equal(take(q, 10), 5);
	assert_int_equal(take(q, 10), NOBODY);
	feed_queue_destroy(q);
}

/* A thousand feeds on few hosts, with answers of all lengths: nobody is lost, nobody is asked twice
 * at a time, and no host either. */
static void nobody_is_forgotten(void **state)
{
	enum { COUNT = 1000, HOSTS = 37, ROUNDS = 20000, SLOTS = 8 };
	struct feed_queue *q = feed_queue_create(COUNT, 50);
	static unsigned asked[COUNT];
	size_t slots[SLOTS], used = 0;
	uint64_t random = 88172645463325252u;
	bool busy[HOSTS] = { false };
	(void)state;
	for (size_t i = 0; i < COUNT; i++) {
		char url[64];
		(void)snprintf(url, sizeof url, "http://host%zu/%zu", i % HOSTS, i);
		feed_queue_set_url(q, i, str_of(url));
		feed_queue_put(q, i, (int64_t)(i * 7 % 1000));
	}
	for (int64_t now_us = 0; now_us < ROUNDS * 10; now_us += 10) {
		random ^= random << 13;
		random ^= random >> 7;
		random ^= random << 17;
		while (used < SLOTS) {
			const size_t feed = take(q, now_us);
			if (feed == NOBODY)
				break;
			assert_false(busy[feed % HOSTS]);
			busy[feed % HOSTS] = true;
			asked[feed]++;
			slots[used++] = feed;
		}
		if (used && random % 3) {
			const size_t at = random / 8 % used, feed = slots[at];
			slots[at] = slots[--used];
			busy[feed % HOSTS] = false;
			feed_queue_done(q, feed, now_us, 0);
			feed_queue_put(q, feed, now_us + (int64_t)(random / 1024 % 9000));
		}
	}
	for (size_t i = 0; i < COUNT; i++)
		assert_true(asked[i] >= 5);
	feed_queue_destroy(q);
}

/* Fifteen hundred feeds, one in five on a host with others, as the source asks them. */
static void rounds_are_spread_evenly(void **state)
{
	enum { COUNT = 1500, ROUNDS = 8, BINS = 20, SHARED = 8 };
	const int64_t interval_us = 15 * US_PER_MINUTE;
	struct feed_queue *q = feed_queue_create(COUNT, US_PER_S);
	static int64_t later_us[COUNT];
	static unsigned polls[COUNT];
	unsigned bins[ROUNDS][BINS] = { { 0 } };
	(void)state;
	for (size_t i = 0; i < COUNT; i++) {
		const struct feed_first first = feed_schedule_first(i, COUNT, interval_us);
		char url[64];
		(void)snprintf(url, sizeof url, "http://%s%zu/%zu", i % 5 ? "h" : "shared",
			i % 5 ? i : i / 5 % SHARED, i);
		feed_queue_set_url(q, i, str_of(url));
		feed_queue_put(q, i, first.wait_us);
		later_us[i] = first.later_us;
	}
	for (int64_t now_us; (now_us = feed_queue_next_us(q)) < ROUNDS * interval_us;) {
		const struct feed_schedule s = {
			.interval_us = interval_us, .max_age_us = -1, .retry_after_us = -1
		};
		struct feed_schedule own = s;
		const size_t feed = take(q, now_us);
		if (feed == NOBODY)
			continue;
		bins[now_us / interval_us][now_us % interval_us * BINS / interval_us]++;
		own.dice = feed_schedule_dice((uint64_t)feed * 0x9E3779B97F4A7C15u, polls[feed]++);
		feed_queue_done(q, feed, now_us, 0);
		feed_queue_put(q, feed, now_us + feed_schedule_wait_us(&own, 0) + later_us[feed]);
		later_us[feed] = 0;
	}
	/* The first round is quick, the others are not. */
	for (size_t round = 1; round < ROUNDS; round++) {
		unsigned most = 0, all = 0;
		for (size_t i = 0; i < BINS; i++) {
			most = bins[round][i] > most ? bins[round][i] : most;
			all += bins[round][i];
		}
		if (all < COUNT * 9 / 10 || most * BINS > all * 5 / 4)
			fail_msg("round %zu: %u requests, %u in one twentieth", round, all, most);
	}
	feed_queue_destroy(q);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_is_due_longest_goes_first),
		cmocka_unit_test(a_host_is_asked_one_at_a_time_in_turn_and_with_a_pause),
		cmocka_unit_test(a_host_that_asks_for_rest_gets_it_for_all_its_feeds),
		cmocka_unit_test(who_stands_in_line_stays_there),
		cmocka_unit_test(who_was_called_and_leaves_lets_the_next_one_pass),
		cmocka_unit_test(a_host_is_its_name_in_any_case_and_on_any_port),
		cmocka_unit_test(nobody_is_forgotten),
		cmocka_unit_test(rounds_are_spread_evenly),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
