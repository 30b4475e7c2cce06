#include "tests/check.h"

#include "base/clock.h"
#include "net/answer.h"
#include "net/pacing.h"

/* Wed, 01 Jan 2014 01:36:49 GMT */
static const int64_t now_us = INT64_C(1388540209) * 1000000;

static int64_t wait_us(const char *remaining, const char *reset)
{
	struct pacing p;
	pacing_init(&p);
	pacing_take(&p, STR("X-RateLimit-Remaining"), str_of(remaining), now_us);
	pacing_take(&p, STR("X-RateLimit-Reset"), str_of(reset), now_us);
	return pacing_wait_us(&p);
}

static void what_is_left_is_spread_until_it_is_full_again(void **state)
{
	(void)state;
	assert_int_equal(wait_us("10", "600"), 60 * US_PER_S);
	assert_int_equal(wait_us("99.0", "594"), 6 * US_PER_S);
	assert_int_equal(wait_us("1", "7"), 7 * US_PER_S);
	assert_int_equal(wait_us("5000", "5"), US_PER_MS);
}

static void nothing_left_waits_until_it_is_full_again(void **state)
{
	(void)state;
	assert_int_equal(wait_us("0", "30"), 30 * US_PER_S);
	assert_int_equal(wait_us("0.0", "30"), 30 * US_PER_S);
	assert_int_equal(wait_us("0", "9999999"), US_PER_DAY);
}

static void a_reset_is_a_span_a_moment_or_a_date(void **state)
{
	(void)state;
	assert_int_equal(wait_us("0", "1388540219"), 10 * US_PER_S);
	assert_int_equal(wait_us("0", "2014-01-01T01:37:49.5Z"), 60 * US_PER_S + US_PER_S / 2);
	assert_int_equal(wait_us("0", "1388540208"), 0); /* over */
	assert_int_equal(wait_us("0", "99999999999"), US_PER_DAY);
}

static void headers_that_say_nothing_ask_for_no_wait(void **state)
{
	(void)state;
	struct pacing p;
	pacing_init(&p);
	assert_int_equal(pacing_wait_us(&p), 0);
	assert_int_equal(wait_us("-1", "30"), 0);
	assert_int_equal(wait_us("many", "30"), 0);
	assert_int_equal(wait_us("", "30"), 0);
	assert_int_equal(wait_us("0", "soon"), 0);
	assert_int_equal(wait_us("0", "-5"), 0);
	assert_int_equal(wait_us("99999999999999999999", "5"), 0);
}

static void the_limits_have_several_names(void **state)
{
	(void)state;
	static const char *const names[] = { "x-ratelimit-", "X-Rate-Limit-", "RateLimit-" };
	for (size_t i = 0; i < 3; i++) {
		struct pacing p;
		char name[64];
		pacing_init(&p);
		snprintf(name, sizeof name, "%sREMAINING", names[i]);
		pacing_take(&p, str_of(name), STR("2"), now_us);
		snprintf(name, sizeof name, "%sreset", names[i]);
		pacing_take(&p, str_of(name), STR("10"), now_us);
		assert_int_equal(pacing_wait_us(&p), 5 * US_PER_S);
	}
}

static void the_longer_of_interval_and_limit_counts(void **state)
{
	(void)state;
	struct pacing p;
	pacing_init(&p);
	pacing_take(&p, STR("X-Poll-Interval"), STR("60"), now_us);
	assert_int_equal(pacing_wait_us(&p), 60 * US_PER_S);
	pacing_take(&p, STR("X-RateLimit-Remaining"), STR("0"), now_us);
	pacing_take(&p, STR("X-RateLimit-Reset"), STR("90"), now_us);
	assert_int_equal(pacing_wait_us(&p), 90 * US_PER_S);
	pacing_take(&p, STR("X-Poll-Interval"), STR("120"), now_us);
	assert_int_equal(pacing_wait_us(&p), 120 * US_PER_S);
}

static void an_answer_tells_its_pace_and_all_its_links(void **state)
{
	(void)state;
	static const char *const lines[] = { "HTTP/1.1 200 OK\r\n",
		"Link: <https://a/?p=2>; rel=\"next\"\r\n", "X-Ratelimit-Remaining: 0\r\n",
		"link: <https://a/?p=9>; rel=\"last\"\r\n", "X-Ratelimit-Reset: 5\r\n", "\r\n" };
	struct answer_reader r;
	answer_init(&r);
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
		(void)answer_line(&r, str_of(lines[i]), now_us);
	check_text(
		r.answer.links, "<https://a/?p=2>; rel=\"next\", <https://a/?p=9>; rel=\"last\"");
	assert_int_equal(r.answer.pace_us, 5 * US_PER_S);
	answer_reset(&r);
	(void)answer_line(&r, STR("HTTP/1.1 200 OK\r\n"), now_us);
	(void)answer_line(&r, STR("\r\n"), now_us);
	assert_null(r.answer.links.p);
	assert_int_equal(r.answer.pace_us, 0);
	answer_finish(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_left_is_spread_until_it_is_full_again),
		cmocka_unit_test(nothing_left_waits_until_it_is_full_again),
		cmocka_unit_test(a_reset_is_a_span_a_moment_or_a_date),
		cmocka_unit_test(headers_that_say_nothing_ask_for_no_wait),
		cmocka_unit_test(the_limits_have_several_names),
		cmocka_unit_test(the_longer_of_interval_and_limit_counts),
		cmocka_unit_test(an_answer_tells_its_pace_and_all_its_links),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
