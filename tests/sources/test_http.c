#define _GNU_SOURCE
#include "tests/sources/harness.h"

#include <errno.h>
#include <stdlib.h>

#include "base/mem.h"
#include "tests/sources/server.h"

struct fixture {
	struct harness h;
	struct server *server;
};

#define NDJSON "HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\n\r\n"
#define EVENTS "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n\r\n"

static int setup(void **state)
{
	struct fixture *f = mem_zero(1, sizeof *f);
	harness_init(&f->h);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	sources_destroy(f->h.all);
	f->h.all = NULL;
	server_destroy(f->server);
	harness_finish(&f->h);
	mem_free(f);
	return 0;
}

/* Starts a source with the options given, in YAML's flow form, such as "format: sse". */
static void start(
	struct fixture *f, const struct server_step *steps, size_t count, const char *options)
{
	f->server = server_create(f->h.loop, steps, count);
	harness_start(&f->h,
		"sources: { s: { type: http, url: 'http://127.0.0.1:%d/stream'%s%s } }\n",
		server_port(f->server), *options ? ", " : "", options);
}

#define START(f, options, ...)                              \
	const struct server_step steps[] = { __VA_ARGS__ }; \
	start((f), steps, sizeof steps / sizeof *steps, (options))

#define HANG(text)                                                         \
	{                                                                  \
		.answer = { text, sizeof text - 1 }, .after = SERVER_HANGS \
	}
#define CLOSE(text)                                                         \
	{                                                                   \
		.answer = { text, sizeof text - 1 }, .after = SERVER_CLOSES \
	}

static int64_t wait_of(struct fixture *f)
{
	return harness_wait_us(&f->h, 1);
}

static bool has(struct str text, const char *part)
{
	return str_find(text, str_of(part)) != SIZE_MAX;
}

/* ---- lines ---- */

static void lines_come_as_they_are_sent(void **state)
{
	struct fixture *f = *state;
	START(f, "", HANG(NDJSON "{\"a\":1}\n\r\n{\"b\":2}\r\n{\"c"));
	harness_until_text(&f->h, STR("{\"a\":1}\n\r\n{\"b\":2}\r\n"));
	assert_int_equal(f->h.block_count, 1);
	check_text(harness_last_cursor(&f->h), "-");
	assert_int_equal(harness_source(&f->h)->state, SOURCE_LIVE);
}

static void lines_in_pieces_of_one_byte_come_whole(void **state)
{
	struct fixture *f = *state;
	START(f, "",
		{ .answer = STR(NDJSON "{\"a\":1}\n{\"b\":2}\n"),
			.after = SERVER_HANGS,
			.bytewise = true });
	harness_until_text(&f->h, STR("{\"a\":1}\n{\"b\":2}\n"));
	assert_int_equal(f->h.block_count, 2);
}

static void each_kind_of_text_is_taken_as_lines(void **state)
{
	struct fixture *f = *state;
	static const char *const types[] = { "Content-Type: application/json\r\n",
		"Content-Type: application/stream+json; x=y\r\n",
		"Content-Type: text/plain; charset=utf-8\r\n",
		"Content-Type: application/x-ndjson\r\n", "" };
	struct server_step steps[5] = { 0 };
	for (size_t i = 0; i < 5; i++) {
		steps[i].answer = arena_format(
			&f->h.arena, "HTTP/1.1 200 OK\r\n%s\r\n{\"a\":1}\n", types[i]);
		steps[i].after = SERVER_HANGS;
		start(f, &steps[i], 1, "");
		harness_until_text(&f->h, STR("{\"a\":1}\n"));
		harness_forget(&f->h);
		server_destroy(f->server);
		f->server = NULL;
	}
}

static void the_last_line_of_a_whole_answer_needs_no_line_end(void **state)
{
	struct fixture *f = *state;
	START(f, "",
		CLOSE("HTTP/1.1 200 OK\r\nContent-Length: 9\r\nContent-Type: "
		      "application/json\r\n\r\n"
		      "{}\n{\"a\":1"),
		HANG(NDJSON));
	harness_until_text(&f->h, STR("{}\n{\"a\":1"));
}

static void the_unfinished_line_of_a_broken_answer_is_forgotten(void **state)
{
	struct fixture *f = *state;
	START(f, "",
		CLOSE("HTTP/1.1 200 OK\r\nContent-Length: 900\r\nContent-Type: "
		      "application/json\r\n\r\n"
		      "{}\n{\"lost\":1"),
		HANG(NDJSON "{\"b\":2}\n"));
	harness_until_text(&f->h, STR("{}\n{\"b\":2}\n"));
}

static void a_line_that_is_too_long_is_counted_and_the_next_comes(void **state)
{
	struct fixture *f = *state;
	struct buf b;
	buf_init(&b, 0);
	buf_add(&b, STR(NDJSON));
	for (size_t i = 0; i <= SOURCE_MAX_RECORD_BYTES; i++)
		buf_add_char(&b, 'x');
	buf_add(&b, STR("\nnext\n"));
	START(f, "", { .answer = buf_str(&b), .after = SERVER_HANGS });
	harness_until_text(&f->h, STR("next\n"));
	assert_int_equal(f->h.rejected_count, 1);
	buf_finish(&b);
}

/* ---- events ---- */

static void events_become_a_line_each_with_the_last_id_as_cursor(void **state)
{
	struct fixture *f = *state;
	START(f, "",
		HANG(EVENTS ":)\n\nid: 1\ndata: {\"a\":1}\n\nid: 2\ndata: {\"b\":\ndata: 2}\n\n"
			    "data: {\"un\":\n"));
	harness_until_text(&f->h, STR("{\"a\":1}\n{\"b\": 2}\n"));
	assert_int_equal(f->h.block_count, 1);
	check_text(harness_last_cursor(&f->h), "2");
}

static void events_in_pieces_of_one_byte_come_whole(void **state)
{
	struct fixture *f = *state;
	START(f, "",
		{ .answer = STR(
			  EVENTS "id: 1\r\ndata: {\"a\":1}\r\n\r\nid: 2\rdata: {\"b\":2}\r\r\n"),
			.after = SERVER_HANGS,
			.bytewise = true });
	harness_until_text(&f->h, STR("{\"a\":1}\n{\"b\":2}\n"));
	check_text(buf_str(&f->h.cursors), "1\n2\n");
}

static void only_the_wanted_types_of_events_are_taken(void **state)
{
	struct fixture *f = *state;
	START(f, "events: [update, status.update]",
		HANG(EVENTS
			"event: delete\ndata: 123\n\nevent: update\ndata: {\"a\":1}\n\n"
			"data: {\"message\":1}\n\nevent: status.update\ndata: {\"b\":2}\nid: 7\n\n"
			"event: delete\nid: 8\ndata: 124\n\n"));
	harness_until_text(&f->h, STR("{\"a\":1}\n{\"b\":2}\n"));
	/* What was left out need not come again. */
	check_text(harness_last_cursor(&f->h), "8");
}

static void an_event_at_the_ceiling_passes_and_one_over_it_is_counted(void **state)
{
	struct fixture *f = *state;
	struct buf b, wanted;
	buf_init(&b, 0);
	buf_init(&wanted, 0);
	buf_add(&b, STR(EVENTS "data: "));
	for (size_t i = 0; i < SOURCE_MAX_RECORD_BYTES; i++)
		buf_add_char(&wanted, 'x');
	buf_add(&b, buf_str(&wanted));
	buf_add(&b, STR("\n\ndata: x"));
	buf_add(&b, buf_str(&wanted));
	buf_add(&b, STR("\n\ndata: next\n\n"));
	buf_add(&wanted, STR("\nnext\n"));
	START(f, "", { .answer = buf_str(&b), .after = SERVER_HANGS });
	harness_until_text(&f->h, buf_str(&wanted));
	assert_int_equal(f->h.rejected_count, 1);
	buf_finish(&b);
	buf_finish(&wanted);
}

static void much_that_says_nothing_ends_a_stream(void **state)
{
	static const struct {
		struct str head, piece;
	} ways[] = {
		{ { NDJSON, sizeof NDJSON - 1 }, { "\r\n", 2 } },
		{ { NDJSON, sizeof NDJSON - 1 }, { "xx", 2 } },
		{ { EVENTS, sizeof EVENTS - 1 }, { ": comment\n", 10 } },
	};
	enum { MUCH = 129 << 20 };
	for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
		struct fixture *f = *state;
		struct buf b, piece;
		buf_init(&b, 0);
		buf_init(&piece, 0);
		while (piece.n < 64 * 1024)
			buf_add(&piece, ways[i].piece);
		buf_add(&b, ways[i].head);
		while (b.n < MUCH)
			buf_add(&b, buf_str(&piece));
		buf_finish(&piece);
		START(f, "", { .answer = buf_str(&b), .after = SERVER_HANGS });
		harness_until_said(&f->h, "says nothing");
		assert_in_range(wait_of(f), 5 * US_PER_S, 6 * US_PER_S);
		buf_finish(&b);
		teardown(state);
		setup(state);
	}
}

static void format_overrides_the_content_type(void **state)
{
	struct fixture *f = *state;
	START(f, "format: sse",
		HANG("HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n\r\n"
		     "data: {\"a\":1}\n\n"));
	harness_until_text(&f->h, STR("{\"a\":1}\n"));
	assert_true(has(server_request(f->server, 0), "Accept: text/event-stream\r\n"));
}

/* ---- what is asked ---- */

static void a_request_carries_token_headers_and_what_is_accepted(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(setenv("VIGIE_TEST_TOKEN", "s3cret", 1), 0);
	START(f, "token: { env: VIGIE_TEST_TOKEN }, headers: ['X-One: 1', 'X-Two: 2']",
		HANG(NDJSON "{}\n"));
	harness_until_text(&f->h, STR("{}\n"));
	const struct str request = server_request(f->server, 0);
	assert_true(str_starts(request, STR("GET /stream HTTP/1.1\r\n")));
	assert_true(has(request, "\r\nAuthorization: Bearer s3cret\r\n"));
	assert_true(has(request, "\r\nX-One: 1\r\n"));
	assert_true(has(request, "\r\nX-Two: 2\r\n"));
	assert_true(has(request, "\r\nAccept: text/event-stream, application/x-ndjson"));
	assert_true(has(request, "\r\nUser-Agent: "));
	assert_false(has(request, "Last-Event-ID"));
}

static void an_accept_header_of_ones_own_is_the_only_one(void **state)
{
	struct fixture *f = *state;
	START(f, "headers: 'accept: application/json'", HANG(NDJSON "{}\n"));
	harness_until_text(&f->h, STR("{}\n"));
	assert_true(has(server_request(f->server, 0), "\r\naccept: application/json\r\n"));
	assert_false(has(server_request(f->server, 0), "\r\nAccept:"));
}

static void a_start_with_a_cursor_asks_for_what_follows_it(void **state)
{
	struct fixture *f = *state;
	f->h.cursor = STR("[{\"topic\":\"x\",\"offset\":12}]");
	START(f, "", HANG(EVENTS "data: {}\n\n"));
	harness_until_text(&f->h, STR("{}\n"));
	assert_true(has(server_request(f->server, 0),
		"\r\nLast-Event-ID: [{\"topic\":\"x\",\"offset\":12}]\r\n"));
}

static void an_id_that_no_header_can_carry_is_not_sent(void **state)
{
	struct fixture *f = *state;
	f->h.cursor = STR("1\x01\r\nX-Evil: 1");
	START(f, "", HANG(EVENTS "data: {}\n\n"));
	harness_until_text(&f->h, STR("{}\n"));
	assert_false(has(server_request(f->server, 0), "Last-Event-ID"));
	assert_false(has(server_request(f->server, 0), "Evil"));
}

/* ---- how it goes on ---- */

static void a_dropped_stream_is_taken_up_at_once_where_it_was(void **state)
{
	struct fixture *f = *state;
	START(f, "", CLOSE(EVENTS "id: 41\ndata: {\"a\":1}\n\nid: 42\ndata: {\"b\":2}\n\nid: 43\n"),
		HANG(EVENTS "id: 43\ndata: {\"c\":3}\n\n"));
	harness_until_text(&f->h, STR("{\"a\":1}\n{\"b\":2}\n{\"c\":3}\n"));
	assert_true(has(server_request(f->server, 1), "\r\nLast-Event-ID: 42\r\n"));
	assert_true(has(buf_str(&f->h.states), "again at once"));
	assert_int_equal(harness_source(&f->h)->reconnect_count, 1);
}

static int64_t clock_us = 1000 * US_PER_S;

static int64_t test_clock(void)
{
	return clock_us;
}

static void a_server_that_only_drops_is_asked_less_and_less_often(void **state)
{
	struct fixture *f = *state;
	f->h.host.monotonic_us = test_clock;
	START(f, "", CLOSE(NDJSON "{}\n"));
	assert_int_equal(wait_of(f), 0);
	assert_in_range(harness_wait_us(&f->h, 2), 250 * US_PER_MS, 300 * US_PER_MS);
	assert_in_range(harness_wait_us(&f->h, 3), 500 * US_PER_MS, 600 * US_PER_MS);
}

static void a_stream_that_lasted_is_taken_up_at_once_each_time(void **state)
{
	struct fixture *f = *state;
	f->h.host.monotonic_us = test_clock;
	START(f, "", HANG(NDJSON "{}\n"));
	for (int i = 0; i < 3; i++) {
		harness_until_state(&f->h, SOURCE_LIVE);
		clock_us += 10 * US_PER_S;
		source_failed(harness_source(&f->h), BACKOFF_DROPPED, 0, "lost");
		assert_int_equal(harness_source(&f->h)->retry_in_us, 0);
		harness_source(&f->h)->type->stop(harness_source(&f->h));
	}
}

static void a_server_that_asks_for_a_wait_before_reconnecting_gets_it(void **state)
{
	struct fixture *f = *state;
	START(f, "", CLOSE(EVENTS "retry: 3000\ndata: {}\n\n"));
	assert_in_range(wait_of(f), 3 * US_PER_S, 3600 * US_PER_MS);
}

static void an_absurd_wait_before_reconnecting_is_cut(void **state)
{
	struct fixture *f = *state;
	START(f, "", CLOSE(EVENTS "retry: 999999999999\ndata: {}\n\n"));
	assert_in_range(wait_of(f), US_PER_HOUR, US_PER_HOUR + US_PER_HOUR / 5);
}

static void no_content_ends_a_stream_of_events(void **state)
{
	struct fixture *f = *state;
	START(f, "format: sse", HANG("HTTP/1.1 204 No Content\r\n\r\n"));
	harness_until_ended(&f->h);
}

static void no_content_after_events_ends_it_too(void **state)
{
	struct fixture *f = *state;
	START(f, "", CLOSE(EVENTS "data: {}\n\n"), HANG("HTTP/1.1 204 No Content\r\n\r\n"));
	harness_until_ended(&f->h);
	check_text(buf_str(&f->h.text), "{}\n");
}

static void no_content_elsewhere_is_asked_again_later(void **state)
{
	struct fixture *f = *state;
	START(f, "format: ndjson", HANG("HTTP/1.1 204 No Content\r\n\r\n"));
	assert_in_range(wait_of(f), 5 * US_PER_S, 6 * US_PER_S);
	assert_int_equal(f->h.ended_count, 0);
}

static void too_many_requests_waits_as_long_as_told(void **state)
{
	struct fixture *f = *state;
	START(f, "",
		HANG("HTTP/1.1 429 Too Many Requests\r\nRetry-After: 300\r\nContent-Length: "
		     "0\r\n\r\n"));
	assert_in_range(wait_of(f), 300 * US_PER_S, 360 * US_PER_S);
}

static void calm_down_waits_a_minute(void **state)
{
	struct fixture *f = *state;
	START(f, "", HANG("HTTP/1.1 420 Enhance Your Calm\r\nContent-Length: 0\r\n\r\n"));
	assert_in_range(wait_of(f), 60 * US_PER_S, 72 * US_PER_S);
}

static void a_server_error_waits_five_seconds(void **state)
{
	struct fixture *f = *state;
	START(f, "", HANG("HTTP/1.1 500 Oops\r\nContent-Length: 4\r\n\r\noops"));
	assert_in_range(wait_of(f), 5 * US_PER_S, 6 * US_PER_S);
	assert_true(has(buf_str(&f->h.states), "HTTP 500"));
	assert_int_equal(f->h.text.n, 0);
}

static void a_refused_token_says_so(void **state)
{
	struct fixture *f = *state;
	START(f, "", HANG("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n"));
	assert_in_range(wait_of(f), 5 * US_PER_S, 6 * US_PER_S);
	assert_true(has(buf_str(&f->h.states), "another token"));
}

static void a_web_page_is_no_stream(void **state)
{
	struct fixture *f = *state;
	START(f, "format: ndjson",
		HANG("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html>\nlog in\n"));
	assert_in_range(wait_of(f), 5 * US_PER_S, 6 * US_PER_S);
	assert_true(has(buf_str(&f->h.states), "web page"));
	assert_int_equal(f->h.text.n, 0);
}

static void another_content_type_is_no_stream(void **state)
{
	struct fixture *f = *state;
	START(f, "", HANG("HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n\r\nxx\n"));
	assert_in_range(wait_of(f), 5 * US_PER_S, 6 * US_PER_S);
	assert_true(has(buf_str(&f->h.states), "image/png"));
	assert_int_equal(f->h.text.n, 0);
}

static void a_server_that_is_not_there_is_tried_again_soon(void **state)
{
	struct fixture *f = *state;
	START(f, "", HANG(""));
	const int port = server_port(f->server);
	sources_destroy(f->h.all);
	f->h.all = NULL;
	server_destroy(f->server);
	f->server = NULL;
	harness_start(&f->h, "sources: { s: { type: http, url: 'http://127.0.0.1:%d/' } }\n", port);
	assert_in_range(wait_of(f), 250 * US_PER_MS, 300 * US_PER_MS);
}

static void a_stream_without_a_byte_is_given_up(void **state)
{
	struct fixture *f = *state;
	START(f, "stall: 1s", HANG(NDJSON "{}\n"));
	harness_until_text(&f->h, STR("{}\n"));
	assert_in_range(wait_of(f), 0, 0);
	assert_true(has(buf_str(&f->h.states), "no byte for 1 s"));
}

static void a_server_that_hangs_before_its_headers_is_given_up(void **state)
{
	struct fixture *f = *state;
	START(f, "stall: 1s", HANG("HTTP/1.1 200"));
	assert_in_range(wait_of(f), 250 * US_PER_MS, 300 * US_PER_MS);
}

/* ---- trouble with the store ---- */

static void what_was_not_stored_comes_again_before_the_server_is_asked(void **state)
{
	struct fixture *f = *state;
	f->h.deliver_error = -EIO;
	START(f, "", HANG(EVENTS "id: 1\ndata: {\"a\":1}\n\n"),
		HANG(EVENTS "id: 2\ndata: {\"b\":2}\n\n"));
	harness_until_said(&f->h, "could not be stored");
	assert_in_range(wait_of(f), 250 * US_PER_MS, 300 * US_PER_MS);
	assert_int_equal(server_request_count(f->server), 1);
	f->h.deliver_error = 0;
	harness_until_text(&f->h, STR("{\"a\":1}\n{\"b\":2}\n"));
	assert_true(has(server_request(f->server, 1), "\r\nLast-Event-ID: 1\r\n"));
	check_text(buf_str(&f->h.cursors), "1\n2\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(lines_come_as_they_are_sent),
		TEST(lines_in_pieces_of_one_byte_come_whole),
		TEST(each_kind_of_text_is_taken_as_lines),
		TEST(the_last_line_of_a_whole_answer_needs_no_line_end),
		TEST(the_unfinished_line_of_a_broken_answer_is_forgotten),
		TEST(a_line_that_is_too_long_is_counted_and_the_next_comes),
		TEST(events_become_a_line_each_with_the_last_id_as_cursor),
		TEST(events_in_pieces_of_one_byte_come_whole),
		TEST(only_the_wanted_types_of_events_are_taken),
		TEST(an_event_at_the_ceiling_passes_and_one_over_it_is_counted),
		TEST(much_that_says_nothing_ends_a_stream),
		TEST(format_overrides_the_content_type),
		TEST(a_request_carries_token_headers_and_what_is_accepted),
		TEST(an_accept_header_of_ones_own_is_the_only_one),
		TEST(a_start_with_a_cursor_asks_for_what_follows_it),
		TEST(an_id_that_no_header_can_carry_is_not_sent),
		TEST(a_dropped_stream_is_taken_up_at_once_where_it_was),
		TEST(a_server_that_only_drops_is_asked_less_and_less_often),
		TEST(a_stream_that_lasted_is_taken_up_at_once_each_time),
		TEST(a_server_that_asks_for_a_wait_before_reconnecting_gets_it),
		TEST(an_absurd_wait_before_reconnecting_is_cut),
		TEST(no_content_ends_a_stream_of_events),
		TEST(no_content_after_events_ends_it_too),
		TEST(no_content_elsewhere_is_asked_again_later),
		TEST(too_many_requests_waits_as_long_as_told),
		TEST(calm_down_waits_a_minute),
		TEST(a_server_error_waits_five_seconds),
		TEST(a_refused_token_says_so),
		TEST(a_web_page_is_no_stream),
		TEST(another_content_type_is_no_stream),
		TEST(a_server_that_is_not_there_is_tried_again_soon),
		TEST(a_stream_without_a_byte_is_given_up),
		TEST(a_server_that_hangs_before_its_headers_is_given_up),
		TEST(what_was_not_stored_comes_again_before_the_server_is_asked),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
