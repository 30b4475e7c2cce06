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

#define JSON "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
#define ANSWER(text)                            \
	{                                       \
		.answer = STR(JSON "\r\n" text) \
	}
#define SAYS(head, text)                                 \
	{                                                \
		.answer = STR(JSON head "\r\n\r\n" text) \
	}
#define STATUS(line)                                       \
	{                                                  \
		.answer = STR("HTTP/1.1 " line "\r\n\r\n") \
	}

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

/* Polls as fast as it may. */
static void start(
	struct fixture *f, const struct server_step *steps, size_t count, const char *options)
{
	f->server = server_create(f->h.loop, steps, count);
	harness_start(&f->h,
		"sources: { s: { type: poll, url: 'http://127.0.0.1:%d/list', interval: 100ms%s%s "
		"} "
		"}\n",
		server_port(f->server), *options ? ", " : "", options);
}

#define START(f, options, ...)                              \
	const struct server_step steps[] = { __VA_ARGS__ }; \
	start((f), steps, sizeof steps / sizeof *steps, (options))

static bool has(struct str text, const char *part)
{
	return str_find(text, str_of(part)) != SIZE_MAX;
}

static bool asked_thrice(struct harness *h)
{
	struct fixture *f = (struct fixture *)h;
	return server_request_count(f->server) >= 3 && h->wanted_count++ > 50;
}

/* Without the blank lines that bring a cursor alone. */
static struct str records_of(struct fixture *f)
{
	struct buf out;
	struct str rest = f->h.text.n ? buf_str(&f->h.text) : STR(""), line;
	buf_init(&out, 0);
	while (str_next(&rest, '\n', &line)) {
		if (line.n == 0)
			continue;
		buf_add(&out, line);
		buf_add_char(&out, '\n');
	}
	const struct str text = arena_str(&f->h.arena, buf_str(&out));
	buf_finish(&out);
	return text.p ? text : STR("");
}

static bool has_records(struct harness *h)
{
	return records_of((struct fixture *)h).n >= h->wanted.n;
}

static void until_records(struct fixture *f, const char *wanted)
{
	f->h.wanted = str_of(wanted);
	harness_until(&f->h, has_records);
	check_str(records_of(f), str_of(wanted));
}

/* ---- what is new ---- */

static void the_first_round_is_remembered_and_brings_nothing(void **state)
{
	struct fixture *f = *state;
	START(f, "", ANSWER("[{\"id\":2},{\"id\":1}]"),
		ANSWER("[{\"id\":4},{\"id\":3},{\"id\":2},{\"id\":1}]"));
	until_records(f, "{\"id\":3}\n{\"id\":4}\n");
	assert_int_equal(harness_source(&f->h)->state, SOURCE_LIVE);
}

static void with_since_all_the_first_round_counts(void **state)
{
	struct fixture *f = *state;
	START(f, "since: all", ANSWER("[{\"id\":2},\n {\"id\":\n1}]"));
	until_records(f, "{\"id\": 1}\n{\"id\":2}\n");
}

static void the_oldest_comes_first_whatever_the_order_of_the_list(void **state)
{
	struct fixture *f = *state;
	START(f, "since: all, order: oldest_first, records: d.c",
		ANSWER("{\"d\":{\"c\":[{\"id\":1},{\"id\":2}]}}"));
	until_records(f, "{\"id\":1}\n{\"id\":2}\n");
}

static void what_comes_twice_or_out_of_order_comes_once(void **state)
{
	struct fixture *f = *state;
	START(f, "since: all", ANSWER("[{\"id\":2},{\"id\":1},{\"id\":2}]"),
		ANSWER("[{\"id\":1},{\"id\":3},{\"id\":2}]"));
	until_records(f, "{\"id\":1}\n{\"id\":2}\n{\"id\":3}\n");
}

static void an_empty_page_is_no_mistake(void **state)
{
	struct fixture *f = *state;
	START(f, "", ANSWER("[]"), ANSWER("null"), ANSWER("[{\"id\":1}]"));
	until_records(f, "{\"id\":1}\n");
	assert_int_equal(f->h.wait_count, 0);
}

static void a_restart_goes_on_where_it_was(void **state)
{
	struct fixture *f = *state;
	START(f, "since: all", ANSWER("[{\"id\":1}]"), ANSWER("[{\"id\":2},{\"id\":1}]"));
	until_records(f, "{\"id\":1}\n");
	harness_forget(&f->h);
	harness_start(&f->h,
		"sources: { s: { type: poll, url: 'http://127.0.0.1:%d/list', since: all } }\n",
		server_port(f->server));
	until_records(f, "{\"id\":2}\n");
}

static void what_is_not_stored_comes_again(void **state)
{
	struct fixture *f = *state;
	f->h.deliver_error = -EIO;
	START(f, "since: all", ANSWER("[{\"id\":1}]"));
	harness_until_refused(&f->h, 2);
	f->h.deliver_error = 0;
	until_records(f, "{\"id\":1}\n");
}

static void a_quiet_list_writes_no_cursor(void **state)
{
	struct fixture *f = *state;
	START(f, "since: all", ANSWER("[{\"id\":1}]"));
	f->h.wanted_count = 0;
	harness_until(&f->h, asked_thrice);
	assert_int_equal(f->h.block_count, 1);
}

static void the_place_moves_once_all_of_a_round_is_stored(void **state)
{
	struct fixture *f = *state;
	struct buf answer;
	buf_init(&answer, 0);
	buf_add(&answer, STR(JSON "\r\n[{\"id\":0}"));
	for (int i = 1; i < 2000; i++)
		buf_addf(&answer, ",{\"id\":%d,\"text\":\"%0500d\"}", i, i);
	buf_add_char(&answer, ']');
	const struct server_step steps[] = { { .answer = buf_str(&answer) } };
	start(f, steps, 1, "since: all");
	harness_until_state(&f->h, SOURCE_LIVE);
	harness_run_for(&f->h, 50 * US_PER_MS);
	assert_int_equal(f->h.block_count, 4);
	struct str cursors = buf_str(&f->h.cursors), first, last;
	assert_true(str_next(&cursors, '\n', &first));
	last = harness_last_cursor(&f->h);
	assert_true(str_starts(first,
		STR("poll 1\x1E"
		    "0\x1E")));
	assert_true(str_starts(last,
		STR("poll 1\x1E"
		    "1\x1E")));
	assert_true(last.n > 2000 * 16 && first.n < 100);
	buf_finish(&answer);
}

static void records_are_dropped_and_added_to(void **state)
{
	struct fixture *f = *state;
	START(f, "since: all, drop: [dead, k=x], add: ['u=/i/{id}']",
		ANSWER("[{\"id\":4,\"dead\":false},{\"id\":3,\"dead\":true},{\"id\":2,\"k\":\"x\"},"
		       "{\"id\":1}]"));
	until_records(f, "{\"u\":\"/i/1\",\"id\":1}\n{\"u\":\"/i/4\",\"id\":4,\"dead\":false}\n");
}

/* ---- pages ---- */

static void pages_are_followed_until_what_is_known(void **state)
{
	struct fixture *f = *state;
	START(f, "next: link", ANSWER("[{\"id\":1}]"),
		SAYS("Link: </p2>; rel=\"next\"", "[{\"id\":5},{\"id\":4}]"),
		SAYS("Link: </p3>; rel=\"next\"", "[{\"id\":3},{\"id\":2},{\"id\":1}]"),
		SAYS("Link: </p2>; rel=\"next\"", "[{\"id\":5},{\"id\":4}]"));
	until_records(f, "{\"id\":2}\n{\"id\":3}\n{\"id\":4}\n{\"id\":5}\n");
	assert_true(str_starts(server_request(f->server, 2), STR("GET /p2 ")));
	harness_run_for(&f->h, 300 * US_PER_MS);
	assert_true(str_starts(server_request(f->server, 3), STR("GET /list ")));
}

static void what_is_pinned_on_top_does_not_end_the_pages(void **state)
{
	struct fixture *f = *state;
	START(f, "next: path, next_path: after, next_parameter: after, records: l",
		ANSWER("{\"l\":[{\"id\":0},{\"id\":1}]}"),
		ANSWER("{\"l\":[{\"id\":0},{\"id\":4},{\"id\":3}],\"after\":\"t3 x\"}"),
		ANSWER("{\"l\":[{\"id\":2},{\"id\":1}],\"after\":\"y\"}"));
	until_records(f, "{\"id\":2}\n{\"id\":3}\n{\"id\":4}\n");
	assert_true(str_starts(server_request(f->server, 2), STR("GET /list?after=t3%20x ")));
}

static void the_last_record_may_tell_the_next_page(void **state)
{
	struct fixture *f = *state;
	START(f, "next: record, next_path: id, next_parameter: before, since: all",
		ANSWER("[{\"id\":12},{\"id\":11}]"), ANSWER("[{\"id\":10}]"), ANSWER("[]"));
	until_records(f, "{\"id\":10}\n{\"id\":11}\n{\"id\":12}\n");
	assert_true(str_starts(server_request(f->server, 1), STR("GET /list?before=11 ")));
	assert_true(str_starts(server_request(f->server, 2), STR("GET /list?before=10 ")));
}

static void pages_that_never_end_are_left(void **state)
{
	struct fixture *f = *state;
	/* Each page is new, and names a next one. */
	START(f, "next: path, next_path: n, records: l, pages: 2, since: all",
		ANSWER("{\"l\":[{\"id\":1}],\"n\":\"/a\"}"),
		ANSWER("{\"l\":[{\"id\":2}],\"n\":\"/b\"}"),
		ANSWER("{\"l\":[{\"id\":3}],\"n\":\"/c\"}"));
	until_records(f, "{\"id\":2}\n{\"id\":1}\n{\"id\":3}\n");
	assert_true(str_starts(server_request(f->server, 1), STR("GET /a ")));
	assert_true(str_starts(server_request(f->server, 2), STR("GET /list ")));
}

static void a_page_that_names_itself_is_asked_once(void **state)
{
	struct fixture *f = *state;
	START(f, "next: link, since: all", SAYS("Link: </list>; rel=next", "[{\"id\":1}]"),
		SAYS("Link: </list>; rel=next", "[{\"id\":2}]"));
	until_records(f, "{\"id\":1}\n{\"id\":2}\n");
}

static void a_page_on_another_server_is_not_asked(void **state)
{
	struct fixture *f = *state;
	START(f, "next: link, since: all, headers: 'X-Key: secret'",
		SAYS("Link: <http://127.0.0.2:1/x>; rel=next", "[{\"id\":1}]"));
	until_records(f, "{\"id\":1}\n");
	assert_int_equal(f->h.wait_count, 0);
}

static void the_newest_value_goes_back_in_the_url(void **state)
{
	struct fixture *f = *state;
	START(f,
		"records: hits, resume_path: at, resume_parameter: filter, "
		"resume_format: 'at>{value}', resume_overlap: 5",
		ANSWER("{\"hits\":[{\"id\":1,\"at\":99},{\"id\":2,\"at\":100}]}"),
		ANSWER("{\"hits\":[{\"id\":3,\"at\":98},{\"id\":1,\"at\":99}]}"));
	until_records(f, "{\"id\":3,\"at\":98}\n");
	assert_true(str_starts(server_request(f->server, 0), STR("GET /list ")));
	assert_true(str_starts(server_request(f->server, 1), STR("GET /list?filter=at%3E95 ")));
}

static void a_server_that_gives_the_oldest_newer_ones_is_asked_until_none(void **state)
{
	struct fixture *f = *state;
	START(f, "next: newer, resume_path: id, resume_parameter: min_id",
		ANSWER("[{\"id\":\"9\"}]"), ANSWER("[{\"id\":\"11\"},{\"id\":\"10\"}]"),
		ANSWER("[{\"id\":\"12\"}]"), ANSWER("[]"));
	until_records(f, "{\"id\":\"10\"}\n{\"id\":\"11\"}\n{\"id\":\"12\"}\n");
	assert_true(str_starts(server_request(f->server, 1), STR("GET /list?min_id=9 ")));
	assert_true(str_starts(server_request(f->server, 2), STR("GET /list?min_id=11 ")));
}

/* ---- items ---- */

static void items_up_to_the_newest_are_asked_for(void **state)
{
	struct fixture *f = *state;
	const struct server_step steps[] = { ANSWER("10"), ANSWER("12"), ANSWER("{\"id\":11}"),
		ANSWER("null"), ANSWER("12"), ANSWER("{\"id\":12}"), ANSWER("12") };
	f->server = server_create(f->h.loop, steps, 7);
	harness_start(&f->h,
		"sources: { s: { type: poll, url: 'http://127.0.0.1:%d/max', interval: 100ms, "
		"item_url: "
		"'http://127.0.0.1:%d/i/{id}.json' } }\n",
		server_port(f->server), server_port(f->server));
	until_records(f, "{\"id\":11}\n{\"id\":12}\n");
	assert_true(str_starts(server_request(f->server, 2), STR("GET /i/11.json ")));
	assert_true(str_starts(server_request(f->server, 3), STR("GET /i/12.json ")));
	assert_true(str_starts(server_request(f->server, 5), STR("GET /i/12.json ")));
}

static void items_that_came_before_a_failure_are_kept(void **state)
{
	struct fixture *f = *state;
	const struct server_step steps[] = { ANSWER("10"), ANSWER("12"), ANSWER("{\"id\":11}"),
		STATUS("503 Busy"), ANSWER("12"), ANSWER("{\"id\":12}"), ANSWER("12") };
	f->server = server_create(f->h.loop, steps, 7);
	harness_start(&f->h,
		"sources: { s: { type: poll, url: 'http://127.0.0.1:%d/max', interval: 100ms, "
		"item_url: "
		"'http://127.0.0.1:%d/i/{id}' } }\n",
		server_port(f->server), server_port(f->server));
	(void)harness_wait_us(&f->h, 1);
	check_str(records_of(f), STR("{\"id\":11}\n"));
	harness_forget(&f->h);
	harness_start(&f->h,
		"sources: { s: { type: poll, url: 'http://127.0.0.1:%d/max', interval: 100ms, "
		"item_url: "
		"'http://127.0.0.1:%d/i/{id}' } }\n",
		server_port(f->server), server_port(f->server));
	until_records(f, "{\"id\":12}\n");
}

static void an_item_that_is_refused_keeps_no_other_back(void **state)
{
	struct fixture *f = *state;
	const struct server_step steps[] = { ANSWER("10"), ANSWER("14"), STATUS("403 Forbidden"),
		ANSWER("\"text\""), STATUS("404 Not Found"), ANSWER("{\"id\":14}"), ANSWER("14") };
	f->server = server_create(f->h.loop, steps, 7);
	harness_start(&f->h,
		"sources: { s: { type: poll, url: 'http://127.0.0.1:%d/max', interval: 100ms, "
		"item_url: 'http://127.0.0.1:%d/i/{id}' } }\n",
		server_port(f->server), server_port(f->server));
	until_records(f, "{\"id\":14}\n");
	assert_int_equal(f->h.wait_count, 0);
}

static void a_list_of_ids_is_asked_for_one_by_one(void **state)
{
	struct fixture *f = *state;
	const struct server_step steps[] = { ANSWER("[3,2]"), ANSWER("{\"id\":2}"),
		ANSWER("{\"id\":3,\"deleted\":true}"), ANSWER("[4,3,2]"), ANSWER("{\"id\":4}"),
		ANSWER("[4,3,2]") };
	f->server = server_create(f->h.loop, steps, 6);
	harness_start(&f->h,
		"sources: { s: { type: poll, url: 'http://127.0.0.1:%d/new', interval: 100ms, "
		"since: "
		"all, "
		"drop: deleted, item_url: 'http://127.0.0.1:%d/i/{id}' } }\n",
		server_port(f->server), server_port(f->server));
	until_records(f, "{\"id\":2}\n{\"id\":4}\n");
}

static void an_item_that_was_not_there_is_asked_for_while_the_list_is_unchanged(void **state)
{
	struct fixture *f = *state;
	const struct server_step steps[] = { SAYS("ETag: \"1\"", "[{\"id\":2},{\"id\":1}]"),
		ANSWER("{\"id\":1}"), ANSWER("null"), STATUS("304 Not Modified"),
		ANSWER("{\"id\":2}"), STATUS("304 Not Modified") };
	f->server = server_create(f->h.loop, steps, 6);
	harness_start(&f->h,
		"sources: { s: { type: poll, url: 'http://127.0.0.1:%d/new', interval: 100ms, "
		"since: all, item_url: 'http://127.0.0.1:%d/i/{id}' } }\n",
		server_port(f->server), server_port(f->server));
	until_records(f, "{\"id\":1}\n{\"id\":2}\n");
	assert_true(str_starts(server_request(f->server, 4), STR("GET /i/2 ")));
	assert_int_equal(f->h.wait_count, 0);
}

/* ---- what servers ask for ---- */

static void validators_go_back_as_they_came(void **state)
{
	struct fixture *f = *state;
	START(f, "since: all",
		SAYS("ETag: W/\"a b\"\r\nLast-Modified: Wed, 01 Jan 2014 01:36:49 GMT",
			"[{\"id\":1}]"),
		STATUS("304 Not Modified"), ANSWER("[{\"id\":2},{\"id\":1}]"));
	until_records(f, "{\"id\":1}\n{\"id\":2}\n");
	assert_false(has(server_request(f->server, 0), "If-None-Match"));
	for (size_t i = 1; i < 3; i++) {
		assert_true(has(server_request(f->server, i), "If-None-Match: W/\"a b\"\r\n"));
		assert_true(has(server_request(f->server, i),
			"If-Modified-Since: Wed, 01 Jan 2014 01:36:49 GMT\r\n"));
	}
}

static void the_limits_of_the_server_are_kept(void **state)
{
	struct fixture *f = *state;
	START(f, "since: all",
		SAYS("X-RateLimit-Remaining: 0\r\nX-RateLimit-Reset: 60", "[{\"id\":1}]"),
		ANSWER("[{\"id\":2}]"));
	until_records(f, "{\"id\":1}\n");
	harness_run_for(&f->h, 1300 * US_PER_MS);
	assert_int_equal(server_request_count(f->server), 1);
}

static void too_many_requests_wait_as_long_as_is_asked(void **state)
{
	struct fixture *f = *state;
	START(f, "", { .answer = STR("HTTP/1.1 429 Slow\r\nRetry-After: 777\r\n\r\n") });
	assert_true(harness_wait_us(&f->h, 1) >= 777 * US_PER_S);
	harness_until_said(&f->h, "too many connections or requests (HTTP 429)");
}

static void a_used_up_limit_that_is_refused_waits_for_its_end(void **state)
{
	struct fixture *f = *state;
	START(f, "",
		{ .answer = STR("HTTP/1.1 403 Forbidden\r\nx-ratelimit-remaining: 0\r\n"
				"x-ratelimit-reset: 900\r\n\r\n") });
	assert_true(harness_wait_us(&f->h, 1) >= 900 * US_PER_S);
}

static void what_is_no_list_is_a_failure(void **state)
{
	struct fixture *f = *state;
	const struct server_step answers[] = { ANSWER("{\"error\":1}"), ANSWER("<html>"),
		ANSWER("[1"), STATUS("404 None"), STATUS("500 Broken"), STATUS("204 Nothing"),
		{ .answer = STR("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n[{\"id\":1}") } };
	for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
		f->h.wait_count = 0;
		start(f, &answers[i], 1, "since: all");
		(void)harness_wait_us(&f->h, 1);
		assert_int_equal(records_of(f).n, 0);
		harness_forget(&f->h);
		server_destroy(f->server);
		f->server = NULL;
	}
}

static void an_answer_in_pieces_of_one_byte_is_whole(void **state)
{
	struct fixture *f = *state;
	START(f, "since: all",
		{ .answer = STR(JSON "\r\n[{\"id\":1},{\"id\":2}]"), .bytewise = true });
	until_records(f, "{\"id\":2}\n{\"id\":1}\n");
}

/* ---- tokens ---- */

static void start_oauth(struct fixture *f, const struct server_step *steps, size_t count)
{
	setenv("VIGIE_TEST_SECRET", "s&cret", 1);
	f->server = server_create(f->h.loop, steps, count);
	harness_start(&f->h,
		"sources: { s: { type: poll, url: 'http://127.0.0.1:%d/list', interval: 1s, since: "
		"all, "
		"headers: 'User-Agent: me', oauth_url: 'http://127.0.0.1:%d/token', "
		"oauth_client_id: "
		"abc, oauth_client_secret: { env: VIGIE_TEST_SECRET } } }\n",
		server_port(f->server), server_port(f->server));
}

static void a_token_is_got_first_and_kept(void **state)
{
	struct fixture *f = *state;
	const struct server_step steps[] = {
		ANSWER("{\"access_token\":\"t1\",\"expires_in\":3600,\"token_type\":\"bearer\"}"),
		ANSWER("[{\"id\":1}]"), ANSWER("[{\"id\":2}]")
	};
	start_oauth(f, steps, 3);
	until_records(f, "{\"id\":1}\n{\"id\":2}\n");
	const struct str token = server_request(f->server, 0);
	assert_true(str_starts(token, STR("POST /token ")));
	assert_true(has(token, "Authorization: Basic YWJjOnMmY3JldA==\r\n"));
	assert_true(has(token, "User-Agent: me\r\n"));
	assert_true(has(token, "\r\n\r\ngrant_type=client_credentials"));
	assert_true(has(server_request(f->server, 1), "Authorization: Bearer t1\r\n"));
	assert_true(has(server_request(f->server, 2), "Authorization: Bearer t1\r\n"));
}

static void a_token_that_is_refused_is_renewed_once(void **state)
{
	struct fixture *f = *state;
	const struct server_step steps[] = { ANSWER("{\"access_token\":\"t1\"}"), STATUS("401 No"),
		ANSWER("{\"access_token\":\"t2\"}"), ANSWER("[{\"id\":1}]"), STATUS("401 No"),
		ANSWER("{\"access_token\":\"t3\"}"), STATUS("401 No") };
	start_oauth(f, steps, 7);
	until_records(f, "{\"id\":1}\n");
	assert_true(has(server_request(f->server, 3), "Authorization: Bearer t2\r\n"));
	assert_int_equal(f->h.wait_count, 0);
	assert_true(harness_wait_us(&f->h, 1) >= 5 * US_PER_S);
	harness_until_said(&f->h, "another token or login (HTTP 401)");
}

static void a_token_is_renewed_before_it_ends(void **state)
{
	struct fixture *f = *state;
	const struct server_step steps[] = { ANSWER("{\"access_token\":\"t1\",\"expires_in\":1}"),
		ANSWER("[{\"id\":1}]"), ANSWER("{\"access_token\":\"t2\"}"),
		ANSWER("[{\"id\":2}]") };
	start_oauth(f, steps, 4);
	until_records(f, "{\"id\":1}\n{\"id\":2}\n");
	assert_true(has(server_request(f->server, 3), "Authorization: Bearer t2\r\n"));
}

static void a_client_that_is_unknown_is_told(void **state)
{
	struct fixture *f = *state;
	const struct server_step steps[] = { STATUS("401 Unauthorized") };
	start_oauth(f, steps, 1);
	harness_until_said(&f->h, "does not know this client or account (HTTP 401)");
	assert_true(f->h.waits_us[0] >= 5 * US_PER_S);
}

static void an_answer_without_a_token_is_told(void **state)
{
	struct fixture *f = *state;
	const struct server_step steps[] = { ANSWER(
		"{\"error\":\"unsupported\\u001b_grant\",\"access_token\":\"a b\"}") };
	start_oauth(f, steps, 1);
	harness_until_said(
		&f->h, "no token in the answer of the token server: unsupported\\x1b_grant");
}

/* ---- mistakes in the configuration ---- */

static void mistakes_are_told(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *options, *message;
	} cases[] = {
		{ "url: 'ftp://h/'", "url is neither http:// nor https://" },
		{ "url: 'http://h/', records: 'a..b'", "not a path: 'a..b' (records)" },
		{ "url: 'http://h/', id: ''", "not a path: '' (id)" },
		{ "url: 'http://h/', next: path", "next: path needs a path: 'next_path'" },
		{ "url: 'http://h/', next: record, next_path: id", "needs a parameter" },
		{ "url: 'http://h/', next: newer", "next: newer needs 'resume_path'" },
		{ "url: 'http://h/', next_path: a", "says nothing without next" },
		{ "url: 'http://h/', item_url: 'http://h/x'", "without {id} in it: 'item_url'" },
		{ "url: 'http://h/', item_url: 'http://i/{id}'", "not on the server of the url" },
		{ "url: 'http://h/', oauth_client_id: a", "a client without a token server" },
		{ "url: 'http://h/', oauth_url: 'http://t/'",
			"a token server needs 'oauth_client_id'" },
		{ "url: 'http://h/', drop: 'a['", "neither PATH=VALUE nor PATH: 'a['" },
		{ "url: 'http://h/', add: 'a'", "not KEY=TEXT with {path} in it: 'a'" },
		{ "url: 'http://h/', pages: 0", "pages" },
		{ "url: 'http://h/', interval: 10ms", "interval" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		diag_destroy(f->h.diag);
		f->h.diag = diag_create();
		harness_decode(&f->h, "sources: { s: { type: poll, %s } }\n", cases[i].options);
		if (!has(harness_messages(&f->h), cases[i].message))
			print_error(
				"%s: %.*s\n", cases[i].options, STR_ARGS(harness_messages(&f->h)));
		assert_true(has(harness_messages(&f->h), cases[i].message));
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_first_round_is_remembered_and_brings_nothing),
		TEST(with_since_all_the_first_round_counts),
		TEST(the_oldest_comes_first_whatever_the_order_of_the_list),
		TEST(what_comes_twice_or_out_of_order_comes_once),
		TEST(an_empty_page_is_no_mistake),
		TEST(a_restart_goes_on_where_it_was),
		TEST(what_is_not_stored_comes_again),
		TEST(a_quiet_list_writes_no_cursor),
		TEST(the_place_moves_once_all_of_a_round_is_stored),
		TEST(records_are_dropped_and_added_to),
		TEST(pages_are_followed_until_what_is_known),
		TEST(what_is_pinned_on_top_does_not_end_the_pages),
		TEST(the_last_record_may_tell_the_next_page),
		TEST(pages_that_never_end_are_left),
		TEST(a_page_that_names_itself_is_asked_once),
		TEST(a_page_on_another_server_is_not_asked),
		TEST(the_newest_value_goes_back_in_the_url),
		TEST(a_server_that_gives_the_oldest_newer_ones_is_asked_until_none),
		TEST(items_up_to_the_newest_are_asked_for),
		TEST(items_that_came_before_a_failure_are_kept),
		TEST(an_item_that_is_refused_keeps_no_other_back),
		TEST(a_list_of_ids_is_asked_for_one_by_one),
		TEST(an_item_that_was_not_there_is_asked_for_while_the_list_is_unchanged),
		TEST(validators_go_back_as_they_came),
		TEST(the_limits_of_the_server_are_kept),
		TEST(too_many_requests_wait_as_long_as_is_asked),
		TEST(a_used_up_limit_that_is_refused_waits_for_its_end),
		TEST(what_is_no_list_is_a_failure),
		TEST(an_answer_in_pieces_of_one_byte_is_whole),
		TEST(a_token_is_got_first_and_kept),
		TEST(a_token_that_is_refused_is_renewed_once),
		TEST(a_token_is_renewed_before_it_ends),
		TEST(a_client_that_is_unknown_is_told),
		TEST(an_answer_without_a_token_is_told),
		TEST(mistakes_are_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
