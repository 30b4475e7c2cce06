#include "web/request.h"

#include "tests/check.h"

static const struct web_address own = { .port = 8470, .text = "127.0.0.1" };

/* What a request with these headers besides the one Host is answered; names and values in turn. */
static unsigned status_of(const char *method, const char *const *fields)
{
	struct web_request r = { .method = str_of(method), .header_bytes = 100 };
	web_request_header(&r, STR("Host"), STR("localhost:8470"));
	for (; *fields; fields += 2)
		web_request_header(&r, str_of(fields[0]), str_of(fields[1]));
	const struct web_refusal refusal = web_request_check(&r, &own);
	assert_int_equal(refusal.status == 0, refusal.reason == NULL);
	return refusal.status;
}

#define FIELDS(...) ((const char *const[]){ __VA_ARGS__, NULL })
#define NO_FIELDS ((const char *const[]){ NULL })

static void get_and_head_are_served_and_nothing_else(void **state)
{
	(void)state;
	assert_int_equal(status_of("GET", NO_FIELDS), 0);
	assert_int_equal(status_of("HEAD", NO_FIELDS), 0);
	static const char *const others[] = { "POST", "PUT", "DELETE", "OPTIONS", "TRACE",
		"CONNECT", "get", "GETX", "GE", "" };
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		assert_int_equal(status_of(others[i], NO_FIELDS), 405);
}

static void there_must_be_one_host(void **state)
{
	(void)state;
	assert_int_equal(status_of("GET", FIELDS("host", "localhost:8470")), 400);
	const struct web_request none = { .method = STR("GET"), .header_bytes = 100 };
	assert_int_equal(web_request_check(&none, &own).status, 400);
}

static void spaces_around_a_value_are_none_of_it(void **state)
{
	(void)state;
	struct web_request r = { .method = STR("GET") };
	web_request_header(&r, STR("HOST"), STR(" \tlocalhost:8470 \t"));
	assert_int_equal(web_request_check(&r, &own).status, 0);
}

static void a_length_that_can_be_read_in_two_ways_is_refused(void **state)
{
	(void)state;
	static const char *const bad[] = { "", "-0", "+0", "0x0", "0,0", "0 0", "1e0" };
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_int_equal(status_of("GET", FIELDS("Content-Length", bad[i])), 400);
	assert_int_equal(
		status_of("GET", FIELDS("Content-Length", "0", "content-length", "0")), 400);
	assert_int_equal(
		status_of("GET", FIELDS("Content-Length", "0", "Transfer-Encoding", "x")), 400);
}

static void content_is_not_taken(void **state)
{
	(void)state;
	assert_int_equal(status_of("GET", FIELDS("Content-Length", "0")), 0);
	assert_int_equal(status_of("GET", FIELDS("Content-Length", "00")), 0);
	assert_int_equal(status_of("GET", FIELDS("Content-Length", "1")), 413);
	assert_int_equal(status_of("GET", FIELDS("Content-Length", "18446744073709551616")), 413);
	assert_int_equal(status_of("GET", FIELDS("Transfer-Encoding", "chunked")), 413);
	assert_int_equal(status_of("POST", FIELDS("Content-Length", "1")), 405);
}

static void names_must_be_tokens_and_values_free_of_controls(void **state)
{
	(void)state;
	static const char *const names[] = { "", " X", "X ", "X\tY", "X:Y", "X(", "\x7F",
		"\xC3\xA9", "\"X\"", "X\x01" };
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		assert_int_equal(status_of("GET", FIELDS(names[i], "a")), 400);
	static const char *const values[] = { "\r", "a\rb", "\x01", "a\x1F", "\x7F", "\v", "a\f" };
	for (size_t i = 0; i < sizeof values / sizeof *values; i++)
		assert_int_equal(status_of("GET", FIELDS("X-A", values[i])), 400);
	assert_int_equal(status_of("GET", FIELDS("!#$%&'*+-.^_`|~09azAZ", "a\tb \xC3\xA9")), 0);
	struct web_request r = { .method = STR("GET") };
	web_request_header(&r, STR("Host"), STR("localhost:8470"));
	web_request_header(&r, STR("X\0"), STR(""));
	assert_int_equal(web_request_check(&r, &own).status, 400);
}

static void headers_are_taken_up_to_the_ceilings(void **state)
{
	(void)state;
	struct web_request r = { .method = STR("GET"), .header_bytes = WEB_MAX_HEADER_BYTES };
	web_request_header(&r, STR("Host"), STR("localhost:8470"));
	while (r.header_count < WEB_MAX_HEADER_COUNT)
		web_request_header(&r, STR("X"), STR(""));
	assert_int_equal(web_request_check(&r, &own).status, 0);
	r.header_bytes++;
	assert_int_equal(web_request_check(&r, &own).status, 431);
	r.header_bytes--;
	web_request_header(&r, STR("X"), STR(""));
	assert_int_equal(web_request_check(&r, &own).status, 431);
}

static void a_foreign_host_is_told_before_its_method(void **state)
{
	(void)state;
	struct web_request r = { .method = STR("POST") };
	web_request_header(&r, STR("Host"), STR("evil.example:8470"));
	assert_int_equal(web_request_check(&r, &own).status, 421);
}

static void check_unescape(const char *text, const char *expected)
{
	char bytes[64];
	size_t length = 99;
	assert_true(strlen(text) < sizeof bytes);
	memcpy(bytes, text, strlen(text) + 1);
	assert_int_equal(web_unescape(bytes, &length), expected != NULL);
	assert_string_equal(bytes, expected ? expected : "");
	assert_int_equal(length, strlen(bytes));
}

static void escapes_are_undone_once(void **state)
{
	(void)state;
	check_unescape("", "");
	check_unescape("/healthz", "/healthz");
	check_unescape("/%68ealth%7A", "/healthz");
	check_unescape("/%7a%2541", "/z%41");
	check_unescape("%c3%A9+", "\xC3\xA9+");
}

static void escapes_that_are_none_give_nul_or_no_utf8_are_refused(void **state)
{
	(void)state;
	static const char *const bad[] = { "%", "a%4", "%4g", "%g4", "%%41", "%00", "/a%00b", "%ff",
		"%c3", "%c3x", "%c0%80", "%ed%a0%80", "\xFF", "% 41", "%+1" };
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		check_unescape(bad[i], NULL);
}

static void a_malformed_path_is_refused(void **state)
{
	(void)state;
	struct web_request r = { .method = STR("GET"), .malformed_path = true };
	web_request_header(&r, STR("Host"), STR("localhost:8470"));
	assert_int_equal(web_request_check(&r, &own).status, 400);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(get_and_head_are_served_and_nothing_else),
		cmocka_unit_test(there_must_be_one_host),
		cmocka_unit_test(spaces_around_a_value_are_none_of_it),
		cmocka_unit_test(a_length_that_can_be_read_in_two_ways_is_refused),
		cmocka_unit_test(content_is_not_taken),
		cmocka_unit_test(names_must_be_tokens_and_values_free_of_controls),
		cmocka_unit_test(headers_are_taken_up_to_the_ceilings),
		cmocka_unit_test(a_foreign_host_is_told_before_its_method),
		cmocka_unit_test(escapes_are_undone_once),
		cmocka_unit_test(escapes_that_are_none_give_nul_or_no_utf8_are_refused),
		cmocka_unit_test(a_malformed_path_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
