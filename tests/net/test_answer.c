#include "tests/check.h"

#include "base/clock.h"
#include "net/answer.h"

/* Wed, 01 Jan 2014 01:36:49 GMT */
static const int64_t new_year_us = INT64_C(1388540209) * 1000000;

static void feed(struct answer_reader *r, const char *const *lines)
{
	for (size_t i = 0; lines[i]; i++)
		assert_int_not_equal(
			answer_line(r, str_of(lines[i]), new_year_us), ANSWER_TOO_LARGE);
}

static void the_headers_we_care_for_are_read_whatever_their_case(void **state)
{
	(void)state;
	static const char *const lines[] = { "HTTP/1.1 429 Too Many Requests\r\n",
		"CONTENT-TYPE:  Text/HTML ; charset=UTF-8\r\n", "retry-after: 17\r\n",
		"ETag: W/\"abc\"\r\n", "Last-Modified: Wed, 01 Jan 2014 01:36:49 GMT \r\n",
		"location:/there\r\n", "no colon\r\n", NULL };
	struct answer_reader r;
	answer_init(&r);
	feed(&r, lines);
	assert_false(r.complete);
	assert_int_equal(answer_line(&r, STR("\r\n"), new_year_us), ANSWER_COMPLETE);
	assert_true(r.complete);
	assert_int_equal(r.answer.status, 429);
	check_text(r.answer.content_type, "text/html");
	check_text(r.answer.etag, "W/\"abc\"");
	check_text(r.answer.last_modified, "Wed, 01 Jan 2014 01:36:49 GMT");
	check_text(r.answer.location, "/there");
	assert_int_equal(r.answer.retry_after_us, 17 * US_PER_S);
	answer_finish(&r);
}

static void headers_that_are_not_there_are_absent(void **state)
{
	(void)state;
	static const char *const lines[] = { "HTTP/1.1 200\r\n", "\r\n", NULL };
	struct answer_reader r;
	answer_init(&r);
	feed(&r, lines);
	assert_int_equal(r.answer.status, 200);
	check_text(r.answer.content_type, "");
	check_str(r.answer.etag, STR_NONE);
	check_str(r.answer.last_modified, STR_NONE);
	check_str(r.answer.location, STR_NONE);
	assert_int_equal(r.answer.retry_after_us, -1);
	answer_finish(&r);
}

static void an_interim_answer_is_forgotten(void **state)
{
	(void)state;
	static const char *const lines[] = { "HTTP/1.1 103 Early Hints\r\n", "ETag: \"early\"\r\n",
		"\r\n", "HTTP/1.1 204 No Content\r\n", NULL };
	struct answer_reader r;
	answer_init(&r);
	feed(&r, lines);
	assert_false(r.complete);
	assert_int_equal(answer_line(&r, STR("\r\n"), 0), ANSWER_COMPLETE);
	assert_int_equal(r.answer.status, 204);
	check_str(r.answer.etag, STR_NONE);
	answer_finish(&r);
}

static void a_trailer_changes_nothing(void **state)
{
	(void)state;
	static const char *const lines[] = { "HTTP/1.1 200 OK\r\n", "ETag: \"a\"\r\n", "\r\n",
		"ETag: \"b\"\r\n", "\r\n", NULL };
	struct answer_reader r;
	answer_init(&r);
	feed(&r, lines);
	check_text(r.answer.etag, "\"a\"");
	answer_finish(&r);
}

static void a_value_with_control_characters_is_as_good_as_none(void **state)
{
	(void)state;
	static const char *const lines[] = { "HTTP/1.1 200 OK\r\n", "ETag: \"a\rb\"\r\n",
		"Location: /a\x01\r\n", "Content-Type: text/\x1bhtml\r\n", "\r\n", NULL };
	struct answer_reader r;
	answer_init(&r);
	feed(&r, lines);
	check_str(r.answer.etag, STR_NONE);
	check_str(r.answer.location, STR_NONE);
	check_text(r.answer.content_type, "");
	answer_finish(&r);
}

static void a_hundred_lines_are_taken_and_one_more_is_not(void **state)
{
	(void)state;
	struct answer_reader r;
	answer_init(&r);
	assert_int_equal(answer_line(&r, STR("HTTP/1.1 200 OK\r\n"), 0), ANSWER_MORE);
	for (int i = 1; i < HTTP_MAX_HEADER_LINES; i++)
		assert_int_equal(answer_line(&r, STR("A: b\r\n"), 0), ANSWER_MORE);
	assert_int_equal(answer_line(&r, STR("A: b\r\n"), 0), ANSWER_TOO_LARGE);
	answer_reset(&r);
	for (int i = 0; i < HTTP_MAX_HEADER_LINES; i++)
		assert_int_equal(answer_line(&r, STR("HTTP/1.1 100 Continue\r\n"), 0), ANSWER_MORE);
	assert_int_equal(answer_line(&r, STR("\r\n"), 0), ANSWER_MORE);
	assert_int_equal(answer_line(&r, STR("HTTP/1.1 200 OK\r\n"), 0), ANSWER_TOO_LARGE);
	answer_finish(&r);
}

static void the_bytes_of_all_lines_have_a_ceiling(void **state)
{
	(void)state;
	static char line[HTTP_MAX_HEADERS_BYTES];
	struct answer_reader r;
	memset(line, 'x', sizeof line);
	memcpy(line, "ETag: ", 6);
	answer_init(&r);
	assert_int_equal(answer_line(&r, STR("HTTP/1.1 200 OK\r\n"), 0), ANSWER_MORE);
	struct str most = { line, HTTP_MAX_HEADERS_BYTES - 17 };
	assert_int_equal(answer_line(&r, most, 0), ANSWER_MORE);
	assert_int_equal(r.answer.etag.n, most.n - 6);
	assert_int_equal(answer_line(&r, STR("\n"), 0), ANSWER_TOO_LARGE);
	answer_finish(&r);
}

static struct http_answer answer_of(struct answer_reader *r, const char *header)
{
	char line[256];
	answer_init(r);
	(void)answer_line(r, STR("HTTP/1.1 200 OK\r\n"), new_year_us);
	(void)snprintf(line, sizeof line, "%s\r\n", header);
	(void)answer_line(r, str_of(line), new_year_us);
	return r->answer;
}

static void the_charset_is_a_parameter_of_the_content_type(void **state)
{
	static const char *const cases[][2] = { { "Content-Type: text/xml; Charset=koi8-r",
							"koi8-r" },
		{ "Content-Type: text/xml;a=b;charset=\"UTF-8\"", "UTF-8" },
		{ "Content-Type: text/xml; charset='x'; b=c", "x" } };
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct answer_reader r;
		const struct str charset = answer_of(&r, cases[i][0]).charset;
		assert_true(str_eq(charset, str_of(cases[i][1])));
		answer_finish(&r);
	}
	struct answer_reader r;
	assert_null(answer_of(&r, "Content-Type: text/xml; charset=").charset.p);
	answer_finish(&r);
	assert_null(answer_of(&r, "Content-Type: text/xml").charset.p);
	answer_finish(&r);
}

static void the_age_is_what_the_cache_headers_say(void **state)
{
	static const struct {
		const char *header;
		int64_t wanted_us;
	} cases[] = {
		{ "Cache-Control: public, Max-Age=60", 60 * US_PER_S },
		{ "Cache-Control: no-cache, max-age=60", 0 },
		{ "Cache-Control: no-store", 0 },
		{ "Cache-Control: private", -1 },
		{ "Cache-Control: max-age=-1", -1 },
		{ "Cache-Control: max-age=99999999999999999999", 365 * US_PER_DAY },
		{ "Cache-Control: max-age=31536000", 365 * US_PER_DAY },
		{ "Expires: 0", 0 },
		{ "Expires: nonsense", 0 },
		{ "Expires: Thu, 01 Jan 1970 00:00:00 GMT", 0 },
		{ "X: y", -1 },
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct answer_reader r;
		assert_int_equal(answer_of(&r, cases[i].header).max_age_us, cases[i].wanted_us);
		/* Cache-Control counts before Expires, whichever comes first. */
		(void)answer_line(&r, STR("Cache-Control: max-age=7\r\n"), new_year_us);
		(void)answer_line(&r, STR("Expires: 0\r\n"), new_year_us);
		assert_int_equal(r.answer.max_age_us, 7 * US_PER_S);
		answer_finish(&r);
	}
}

static void retry_after_is_seconds_or_a_date_within_a_day(void **state)
{
	(void)state;
	static const struct {
		const char *value;
		int64_t us;
	} cases[] = {
		{ "0", 0 },
		{ "120", 120 * US_PER_S },
		{ "86400", US_PER_DAY },
		{ "86401", US_PER_DAY },
		{ "99999999999999999999999", US_PER_DAY },
		{ "Wed, 01 Jan 2014 01:36:59 GMT", 10 * US_PER_S },
		{ "Wed, 01 Jan 2014 01:36:39 GMT", 0 },
		{ "Wed, 01 Jan 2024 01:36:39 GMT", US_PER_DAY },
		{ "-1", -1 },
		{ "+1", -1 },
		{ "1.5", -1 },
		{ "", -1 },
		{ "soon", -1 },
		{ "2014-01-01T01:36:59Z", -1 },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		int64_t us = answer_retry_after_us(str_of(cases[i].value), new_year_us);
		if (us != cases[i].us)
			fail_msg("'%s' gives %lld", cases[i].value, (long long)us);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_headers_we_care_for_are_read_whatever_their_case),
		cmocka_unit_test(headers_that_are_not_there_are_absent),
		cmocka_unit_test(an_interim_answer_is_forgotten),
		cmocka_unit_test(a_trailer_changes_nothing),
		cmocka_unit_test(a_value_with_control_characters_is_as_good_as_none),
		cmocka_unit_test(a_hundred_lines_are_taken_and_one_more_is_not),
		cmocka_unit_test(the_bytes_of_all_lines_have_a_ceiling),
		cmocka_unit_test(the_charset_is_a_parameter_of_the_content_type),
		cmocka_unit_test(the_age_is_what_the_cache_headers_say),
		cmocka_unit_test(retry_after_is_seconds_or_a_date_within_a_day),
	};
	return cmocka_run_group_tests_name("answer", tests, NULL, NULL);
}
