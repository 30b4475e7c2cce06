#include "tests/check.h"

#include "base/clock.h"
#include "tests/net/web.h"

#define NO_OPTIONS ((struct http_options){ .timeout_us = 20 * US_PER_S })

static bool holds(const struct web *w, const char *text)
{
	return str_find(buf_str(&w->body), str_of(text)) != SIZE_MAX;
}

static void an_answer_comes_as_headers_then_data_then_one_end(void **state)
{
	struct web *w = *state;
	web_get(w, "/ok", NO_OPTIONS);
	assert_int_equal(w->headers_count, 1);
	assert_int_equal(w->end, HTTP_DONE);
	assert_int_equal(w->status, 200);
	check_text(buf_str(&w->body), "ok\n");
	assert_string_equal(w->type, "text/plain");
	assert_string_equal(w->message, "");
	assert_int_equal(w->retry_after_us, -1);
}

static void any_status_is_an_answer(void **state)
{
	struct web *w = *state;
	static const int codes[] = { 204, 304, 400, 401, 404, 410, 500, 503 };
	for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
		char path[32];
		snprintf(path, sizeof path, "/status/%d", codes[i]);
		web_get(w, path, NO_OPTIONS);
		assert_int_equal(w->end, HTTP_DONE);
		assert_int_equal(w->status, codes[i]);
	}
}

static void what_is_asked_goes_out_as_it_was_said(void **state)
{
	struct web *w = *state;
	struct str headers[] = { STR("X-One: 1"), STR("Content-Type: application/json"),
		STR("X-Empty:") };
	struct http_options options = NO_OPTIONS;
	options.method = STR("PUT");
	options.headers = headers;
	options.header_count = 3;
	options.bearer = STR("t0ken");
	options.body = STR("{}");
	web_get(w, "/echo?a=b", options);
	assert_true(holds(w, "\"method\": \"PUT\""));
	assert_true(holds(w, "\"query\": \"a=b\""));
	assert_true(holds(w, "\"x-one\": \"1\""));
	assert_true(holds(w, "\"x-empty\": \"\""));
	assert_true(holds(w, "\"content-type\": \"application/json\""));
	assert_true(holds(w, "\"authorization\": \"Bearer t0ken\""));
	assert_true(holds(w, "\"user-agent\": \"vigie\""));
	assert_true(holds(w, "\"body\": \"e30=\""));
	assert_false(holds(w, "expect"));
	assert_false(holds(w, "accept-encoding"));
}

static void the_method_is_get_or_post_by_the_body(void **state)
{
	struct web *w = *state;
	struct http_options options = NO_OPTIONS;
	web_get(w, "/echo", options);
	assert_true(holds(w, "\"GET\""));
	options.body = STR("");
	web_get(w, "/echo", options);
	assert_true(holds(w, "\"POST\""));
	assert_true(holds(w, "\"content-length\": \"0\""));
	assert_false(holds(w, "content-type"));
	options.body = STR_NONE;
	options.method = STR("DELETE");
	web_get(w, "/echo", options);
	assert_true(holds(w, "\"DELETE\""));
	options.method = STR("HEAD");
	options.max_body_bytes = 3;
	web_get(w, "/ok?body=longer", options);
	assert_int_equal(w->end, HTTP_DONE);
	assert_int_equal(w->status, 200);
	assert_int_equal(w->body.n, 0);
}

static void a_large_body_goes_out_whole(void **state)
{
	struct web *w = *state;
	struct buf body;
	buf_init(&body, 0);
	for (int i = 0; i < 300000; i++)
		buf_add(&body, STR("0123456789"));
	struct http_options options = NO_OPTIONS;
	options.body = buf_str(&body);
	web_start(w, "/store/large", options);
	buf_finish(&body); /* it was copied */
	web_run(w);
	assert_int_equal(w->status, 204);
	options = NO_OPTIONS;
	web_get(w, "/store/large", options);
	assert_int_equal(w->body.n, 3000000);
}

static void etag_and_location_are_told(void **state)
{
	struct web *w = *state;
	struct http_options options = NO_OPTIONS;
	options.body = STR("text");
	web_get(w, "/store/tag", options);
	options = NO_OPTIONS;
	web_get(w, "/store/tag", options);
	assert_true(w->etag[0] == '"');
	web_get(w, "/status/302?location=/there", options);
	assert_int_equal(w->status, 302);
	assert_string_equal(w->location, "/there");
}

static int64_t test_clock(void)
{
	return INT64_C(1388540209) * US_PER_S; /* Wed, 01 Jan 2014 01:36:49 GMT */
}

static void retry_after_is_told_in_time_from_now(void **state)
{
	struct web *w = *state;
	http_client_set_clock(w->client, test_clock);
	web_get(w, "/retry-after?seconds=7", NO_OPTIONS);
	assert_int_equal(w->status, 429);
	assert_int_equal(w->retry_after_us, 7 * US_PER_S);
	web_get(w, "/retry-after?date=Wed,%2001%20Jan%202014%2001:37:49%20GMT", NO_OPTIONS);
	assert_int_equal(w->retry_after_us, US_PER_MINUTE);
}

static void chunks_and_gzip_are_undone(void **state)
{
	struct web *w = *state;
	struct http_options options = NO_OPTIONS;
	web_get(w, "/chunked", options);
	check_text(buf_str(&w->body), "one\ntwo\n");
	options.gzip = true;
	web_get(w, "/gzip", options);
	check_text(buf_str(&w->body), "ok\n");
	web_get(w, "/echo", options);
	assert_true(holds(w, "\"accept-encoding\": \"gzip\""));
}

static void an_answer_that_breaks_off_is_broken(void **state)
{
	struct web *w = *state;
	static const char *const paths[] = { "/close", "/close-body", "/close-chunked",
		"/long-length", "/raw?hex=485454502f312e3120",
		"/raw?hex=485454502f312e3120323030204f4b0d0a", /* a status line */
		"/raw?hex=485454502f312e3120323030204f4b0d0a413a20620d0a", /* and a header */
		"/raw?hex=485454502f312e3120323030204f4b0d0a436f6e74656e742d4c65" };
	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
		web_get(w, paths[i], NO_OPTIONS);
		if (w->end != HTTP_BROKEN)
			fail_msg("%s ends with %d", paths[i], (int)w->end);
		assert_true(w->message[0] != '\0');
	}
	web_get(w, "/close-body", NO_OPTIONS);
	assert_int_equal(w->status, 200);
	check_text(buf_str(&w->body), "hello");
}

static void what_is_not_http_is_no_answer(void **state)
{
	struct web *w = *state;
	web_get(w, "/garbage", NO_OPTIONS);
	assert_int_equal(w->end, HTTP_BROKEN);
	assert_int_equal(w->status, 0);
	assert_int_equal(w->headers_count, 0);
}

static void what_comes_after_the_length_is_not_read(void **state)
{
	struct web *w = *state;
	web_get(w, "/short-length", NO_OPTIONS);
	assert_int_equal(w->end, HTTP_DONE);
	check_text(buf_str(&w->body), "abc");
}

static void whoever_does_not_listen_is_unreached(void **state)
{
	struct web *w = *state;
	web_get_url(w, "http://127.0.0.1:1/", NO_OPTIONS);
	assert_int_equal(w->end, HTTP_UNREACHED);
	assert_true(w->message[0] != '\0');
	web_get_url(w, "http://no-such-name.invalid/", NO_OPTIONS);
	assert_int_equal(w->end, HTTP_UNREACHED);
	assert_int_equal(w->status, 0);
}

static void time_is_up_when_the_whole_takes_too_long(void **state)
{
	struct web *w = *state;
	struct http_options options = { .timeout_us = 200 * US_PER_MS };
	web_get(w, "/hang", options);
	assert_int_equal(w->end, HTTP_TIMED_OUT);
	web_get(w, "/slow?count=100&delay_ms=20", options);
	assert_int_equal(w->end, HTTP_TIMED_OUT);
	assert_int_equal(w->status, 200);
}

static void silence_is_a_stall_but_drips_are_not(void **state)
{
	struct web *w = *state;
	struct http_options options = { .stall_us = 300 * US_PER_MS };
	web_get(w, "/hang", options);
	assert_int_equal(w->end, HTTP_STALLED);
	web_get(w, "/hang-body", options);
	assert_int_equal(w->end, HTTP_STALLED);
	check_text(buf_str(&w->body), "hello");
	web_get(w, "/slow?count=20&delay_ms=40", options);
	assert_int_equal(w->end, HTTP_DONE);
	assert_int_equal(w->body.n, 20);
}

static void false_ends_a_request_as_done(void **state)
{
	struct web *w = *state;
	w->stop_at_headers = true;
	web_get(w, "/sse?hold=1", (struct http_options){ 0 });
	assert_int_equal(w->end, HTTP_DONE);
	assert_int_equal(w->status, 200);
	assert_int_equal(w->data_count, 0);
	w->stop_at_headers = false;
	w->stop_at_data = true;
	web_get(w, "/sse?hold=1", (struct http_options){ 0 });
	assert_int_equal(w->end, HTTP_DONE);
	assert_int_equal(w->data_count, 1);
	assert_string_equal(w->message, "");
}

static void cancel(struct web *w)
{
	http_cancel(w->request);
	timer_start(w->timer, 50 * US_PER_MS);
}

static void stop(struct web *w)
{
	loop_stop(w->loop);
}

static void a_request_may_be_cancelled_in_any_callback_and_is_not_heard_of_again(void **state)
{
	struct web *w = *state;
	w->act = stop;
	w->at_headers = cancel;
	web_start(w, "/ok", NO_OPTIONS);
	web_run(w);
	assert_int_equal(w->headers_count, 1);
	assert_int_equal(w->data_count + w->end_count, 0);
	w->at_headers = NULL;
	w->at_data = cancel;
	web_start(w, "/sse?hold=1", (struct http_options){ 0 });
	web_run(w);
	assert_int_equal(w->data_count, 1);
	assert_int_equal(w->end_count, 0);
	w->at_data = NULL;
	w->at_end = cancel;
	web_get(w, "/ok", NO_OPTIONS);
	assert_int_equal(w->end_count, 1);
	http_cancel(NULL);
}

static void a_request_may_be_cancelled_before_it_began_and_while_it_waits(void **state)
{
	struct web *w = *state;
	w->act = stop;
	web_start(w, "/ok", NO_OPTIONS);
	cancel(w);
	web_run(w);
	assert_int_equal(w->headers_count + w->end_count, 0);
	web_start(w, "not a url", NO_OPTIONS);
	cancel(w);
	web_run(w);
	assert_int_equal(w->end_count, 0);
	web_start(w, "/hang", NO_OPTIONS);
	w->act = stop;
	timer_start(w->timer, 50 * US_PER_MS);
	web_run(w);
	http_cancel(w->request);
	assert_int_equal(w->end_count, 0);
}

static struct http_request *other;

static void cancel_the_other(struct web *w)
{
	http_cancel(other);
	other = NULL;
	(void)w;
}

static bool never_headers(void *ctx, const struct http_answer *answer)
{
	(void)ctx;
	(void)answer;
	return true;
}

static void never_end(
	void *ctx, enum http_end end, const struct http_answer *answer, const char *message)
{
	(void)ctx;
	(void)end;
	(void)answer;
	(void)message;
	fail();
}

static void another_request_may_be_cancelled_in_a_callback(void **state)
{
	struct web *w = *state;
	char url[128];
	snprintf(url, sizeof url, "http://127.0.0.1:%d/hang-body", w->server.port);
	struct http_options options = { .url = str_of(url) };
	struct http_events events = { never_headers, NULL, never_end };
	void (**const places[])(struct web *) = { &w->at_headers, &w->at_data, &w->at_end };
	for (size_t i = 0; i < 3; i++) {
		w->at_headers = w->at_data = w->at_end = NULL;
		*places[i] = cancel_the_other;
		other = http_start(w->client, &options, &events, NULL);
		web_get(w, "/slow?count=2", NO_OPTIONS);
		assert_null(other);
		assert_int_equal(w->end, HTTP_DONE);
	}
}

static void start_one_more(struct web *w)
{
	w->at_headers = w->at_data = w->at_end = NULL;
	web_start(w, "/ok", NO_OPTIONS);
}

static void run_until_ok(struct web *w)
{
	for (int i = 0; i < 5 && !(w->end_count == 1 && w->status == 200 && w->body.n == 3); i++)
		web_run(w);
	check_text(buf_str(&w->body), "ok\n");
}

static void a_request_may_be_started_in_a_callback(void **state)
{
	struct web *w = *state;
	w->at_end = start_one_more;
	web_start(w, "/status/404", NO_OPTIONS);
	run_until_ok(w);
	w->at_end = start_one_more;
	web_start(w, "bad url", NO_OPTIONS);
	run_until_ok(w);
}

static void destroy_the_client(struct web *w)
{
	http_client_destroy(w->client);
	w->client = NULL;
	w->act = stop;
	timer_start(w->timer, 50 * US_PER_MS);
}

static void the_client_may_be_destroyed_in_any_callback(void **state)
{
	struct web *w = *state;
	void (**const places[])(struct web *) = { &w->at_headers, &w->at_data, &w->at_end };
	for (size_t i = 0; i < 3; i++) {
		w->at_headers = w->at_data = w->at_end = NULL;
		*places[i] = destroy_the_client;
		if (!w->client)
			w->client = http_client_create(w->loop);
		web_start(w, "/hang", NO_OPTIONS); /* goes with it */
		web_start(w, "/slow?count=3", NO_OPTIONS);
		web_run(w);
		assert_int_equal(w->end_count, i == 2);
		assert_null(w->client);
	}
}

static void count_end(
	void *ctx, enum http_end end, const struct http_answer *answer, const char *message)
{
	struct web *w = ctx;
	(void)message;
	assert_int_equal(end, HTTP_DONE);
	assert_int_equal(answer->status, 200);
	if (++w->end_count == 8)
		loop_stop(w->loop);
}

static void requests_run_side_by_side_and_connections_are_kept(void **state)
{
	struct web *w = *state;
	for (int i = 0; i < 5; i++)
		web_get(w, "/ok", NO_OPTIONS);
	web_get(w, "/counters", NO_OPTIONS);
	assert_true(holds(w, "\"requests\": 6"));
	assert_true(holds(w, "\"connections\": 1"));
	char url[128];
	snprintf(url, sizeof url, "http://127.0.0.1:%d/slow?count=1&delay_ms=300", w->server.port);
	struct http_options options = NO_OPTIONS;
	struct http_events events = { NULL, NULL, count_end };
	options.url = str_of(url);
	int64_t start_us = clock_monotonic_us();
	w->end_count = 0;
	for (int i = 0; i < 8; i++)
		http_start(w->client, &options, &events, w);
	web_run(w);
	assert_int_equal(w->end_count, 8);
	assert_true(clock_monotonic_us() - start_us < 2 * US_PER_S);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, web_set_up, web_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(an_answer_comes_as_headers_then_data_then_one_end),
		CASE(any_status_is_an_answer),
		CASE(what_is_asked_goes_out_as_it_was_said),
		CASE(the_method_is_get_or_post_by_the_body),
		CASE(a_large_body_goes_out_whole),
		CASE(etag_and_location_are_told),
		CASE(retry_after_is_told_in_time_from_now),
		CASE(chunks_and_gzip_are_undone),
		CASE(an_answer_that_breaks_off_is_broken),
		CASE(what_is_not_http_is_no_answer),
		CASE(what_comes_after_the_length_is_not_read),
		CASE(whoever_does_not_listen_is_unreached),
		CASE(time_is_up_when_the_whole_takes_too_long),
		CASE(silence_is_a_stall_but_drips_are_not),
		CASE(false_ends_a_request_as_done),
		CASE(a_request_may_be_cancelled_in_any_callback_and_is_not_heard_of_again),
		CASE(a_request_may_be_cancelled_before_it_began_and_while_it_waits),
		CASE(another_request_may_be_cancelled_in_a_callback),
		CASE(a_request_may_be_started_in_a_callback),
		CASE(the_client_may_be_destroyed_in_any_callback),
		CASE(requests_run_side_by_side_and_connections_are_kept),
	};
	return cmocka_run_group_tests_name("http", tests, NULL, NULL);
}
