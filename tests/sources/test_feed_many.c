/* Several feeds and several pages: who is asked when, what is found to be lost, and what people see
 * of each. */
#define _GNU_SOURCE
#include "tests/sources/feed_fixture.h"

#include <string.h>

#include "base/clock.h"

#define AT(where, head, body)                                                                \
	{                                                                                    \
		.path = where,                                                               \
		.answer = { "HTTP/1.1 " head "\r\nConnection: close\r\n\r\n" body,           \
			sizeof("HTTP/1.1 " head "\r\nConnection: close\r\n\r\n" body) - 1 }, \
		.after = SERVER_CLOSES                                                       \
	}
#define NEXT(items, next)                                                                    \
	"<feed xmlns='http://www.w3.org/2005/Atom'><link rel='next' href='" next "'/>" items \
	"</feed>"
#define ENTRY(id) "<entry><id>" id "</id><title>title of " id "</title></entry>"

/* Names of loopback, each a host of its own. */
static const char *const hosts[] = { "127.0.0.1", "127.0.1", "127.1", "0x7f.1", "localhost",
	"a.localhost" };

/* One feed a host, each at the path of its number. */
static void start_many(struct fixture *f, const struct server_step *steps, size_t step_count,
	size_t count, const char *options)
{
	struct buf urls;
	buf_init(&urls, 0);
	f->server = server_create(f->h.loop, steps, step_count);
	for (size_t i = 0; i < count; i++)
		buf_addf(&urls, "%s'http://%s:%d/%zu'", i ? ", " : "", hosts[i],
			server_port(f->server), i);
	harness_start(&f->h, "sources: { s: { type: feed, allow_private: true, url: [ %s ]%s } }\n",
		urls.p, options);
	buf_finish(&urls);
}

static const char *gaps(struct fixture *f)
{
	return f->h.gaps.n ? f->h.gaps.p : "";
}

/* ---- at once ---- */

static void feeds_of_different_hosts_are_asked_at_once(void **state)
{
	struct fixture *f = *state;
	const struct server_step steps[] = {
		{ .path = "/0", .answer = STR("HTTP/1.1 200 OK\r\n"), .after = SERVER_HANGS },
		{ .path = "/1", .answer = STR("HTTP/1.1 200 OK\r\n"), .after = SERVER_HANGS },
		{ .path = "/2", .answer = STR("HTTP/1.1 200 OK\r\n"), .after = SERVER_HANGS },
		{ .path = "/3", .answer = STR("HTTP/1.1 200 OK\r\n"), .after = SERVER_HANGS },
	};
	start_many(f, steps, 4, 4, ", connections: 3");
	feed_until_requests(f, 3);
	harness_run_for(&f->h, 800 * US_PER_MS); /* the fourth would be asked by now */
	assert_int_equal(server_request_count(f->server), 3);
	assert_int_equal(server_most_at_once(f->server), 3);
}

static void feeds_of_one_host_are_asked_one_after_the_other(void **state)
{
	struct fixture *f = *state;
	const struct server_step steps[] = { AT("/a", "200 OK", RSS(ITEM("1", "one"))),
		AT("/b", "200 OK", RSS(ITEM("2", "two"))) };
	f->server = server_create(f->h.loop, steps, 2);
	const int port = server_port(f->server);
	harness_start(&f->h,
		"sources: { s: { type: feed, since: all, allow_private: true, url: [ "
		"'http://localhost:%d/a', 'http://LOCALHOST:%d/b' ] } }\n",
		port, port);
	const int64_t began_us = clock_monotonic_us();
	feed_until_blocks(f, 2);
	assert_true(clock_monotonic_us() - began_us >= 990 * US_PER_MS);
	assert_int_equal(server_most_at_once(f->server), 1);
}

static void a_host_that_is_too_busy_is_left_alone_by_all_its_feeds(void **state)
{
	struct fixture *f = *state;
	const struct server_step steps[] = { AT("/a", "503 Busy\r\nRetry-After: 100", ""),
		AT("/b", "429 Too Many Requests\r\nRetry-After: 100", "") };
	f->server = server_create(f->h.loop, steps, 2);
	const int port = server_port(f->server);
	harness_start(&f->h,
		"sources: { s: { type: feed, allow_private: true, url: [ "
		"'http://localhost:%d/a', 'http://localhost:%d/b' ] } }\n",
		port, port);
	feed_until_requests(f, 1);
	harness_run_for(&f->h, 1500 * US_PER_MS); /* the pause between two is over */
	assert_int_equal(server_request_count(f->server), 1);
}

static void a_large_document_is_read_aside(void **state)
{
	struct fixture *f = *state;
	struct buf answer;
	buf_init(&answer, 0);
	buf_add(&answer, STR("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n<rss><channel>"));
	for (int i = 0; i < 2000; i++)
		buf_addf(&answer, "<item><guid>%d</guid><title>title %d</title></item>", i, i);
	buf_add(&answer, STR("</channel></rss>"));
	const struct server_step steps[] = {
		{ .path = "/0", .answer = buf_str(&answer), .after = SERVER_CLOSES },
		{ .path = "/1", .answer = buf_str(&answer), .after = SERVER_CLOSES },
	};
	start_many(f, steps, 2, 2, ", since: all");
	feed_until_blocks(f, 2);
	size_t lines = 0;
	for (size_t i = 0; i < f->h.text.n; i++)
		lines += f->h.text.p[i] == '\n';
	assert_int_equal(lines, 4000);
	buf_finish(&answer);
}

static void a_source_may_stop_while_a_document_is_read(void **state)
{
	struct fixture *f = *state;
	struct buf answer;
	buf_init(&answer, 0);
	buf_add(&answer, STR("HTTP/1.1 200 OK\r\nContent-Length: 4000000\r\n\r\n<rss><channel>"));
	while (answer.n < 4100000)
		buf_add(&answer, STR("<item><title>a title of some length</title></item>"));
	const struct server_step steps[] = { { .answer = buf_str(&answer),
		.after = SERVER_HANGS } };
	feed_start(f, steps, 1, PRIVATE ", since: all");
	feed_until_requests(f, 1);
	for (int i = 0; i < 30; i++)
		harness_run_for(&f->h, US_PER_MS);
	harness_forget(&f->h);
	harness_run_for(&f->h, 50 * US_PER_MS);
	buf_finish(&answer);
}

/* ---- the same again ---- */

static void a_feed_that_moved_to_where_another_is_is_asked_once(void **state)
{
	struct fixture *f = *state;
	char moved[200];
	struct server_step steps[] = { { .path = "/0", .after = SERVER_CLOSES },
		AT("/1", "200 OK", RSS(ITEM("1", "once"))) };
	f->server = server_create(f->h.loop, steps, 2);
	const int port = server_port(f->server);
	(void)snprintf(moved, sizeof moved,
		"HTTP/1.1 301 Moved\r\nConnection: close\r\nLocation: http://127.0.1:%d/1\r\n\r\n",
		port);
	steps[0].answer = str_of(moved);
	harness_start(&f->h,
		"sources: { s: { type: feed, since: all, allow_private: true, url: [ "
		"'http://127.0.0.1:%d/0', 'http://127.0.1:%d/1' ] } }\n",
		port, port);
	feed_until_requests(f, 2);
	harness_run_for(&f->h, 1200 * US_PER_MS);
	assert_int_equal(server_request_count(f->server), 2);
	assert_int_equal(f->h.block_count, 1);
}

static void what_a_server_says_is_stale_at_once_has_no_validators(void **state)
{
	struct fixture *f = *state;
	START(f, PRIVATE, ANSWER("200 OK\r\nETag: \"1\"\r\nExpires: 0", RSS(ITEM("1", "a"))),
		ANSWER("304 Not Modified", ""));
	feed_until_blocks(f, 1);
	feed_start_again(f);
	feed_until_requests(f, 2);
	assert_false(feed_asked(f, 1, "If-None-Match"));
}

/* ---- pages and gaps ---- */

static void older_pages_are_read_until_one_is_known(void **state)
{
	struct fixture *f = *state;
	const struct server_step steps[] = { AT("/feed", "200 OK", NEXT(ENTRY("1"), "/p2")),
		AT("/feed", "200 OK", NEXT(ENTRY("5") ENTRY("4"), "/p2")),
		AT("/p2", "200 OK", NEXT(ENTRY("3"), "/p3")),
		AT("/p3", "200 OK", NEXT(ENTRY("2") ENTRY("1"), "/p4")) };
	feed_start(f, steps, 4, PRIVATE);
	feed_until_blocks(f, 1);
	feed_start_again(f);
	feed_until_requests(f, 4);
	for (int id = 2; id <= 5; id++) {
		char title[32];
		(void)snprintf(title, sizeof title, "title of %d", id);
		assert_true(feed_brought(f, title));
	}
	assert_false(feed_brought(f, "title of 1\""));
	assert_string_equal(gaps(f), "");
	/* Only with the last page it is known. */
	struct str rest = buf_str(&f->h.cursors), line;
	assert_true(str_next(&rest, '\n', &line) && str_eq(line, STR("-")));
	assert_true(str_next(&rest, '\n', &line) && str_eq(line, STR("-")));
	assert_true(str_next(&rest, '\n', &line) && str_starts(line, STR("feed 1")));
}

static void pages_that_cannot_be_read_are_a_possible_gap(void **state)
{
	struct fixture *f = *state;
	const struct server_step steps[] = { AT("/feed", "200 OK", NEXT(ENTRY("1"), "/p2")),
		AT("/feed", "200 OK", NEXT(ENTRY("5") ENTRY("4"), "/p2")),
		AT("/p2", "500 Oh", "") };
	feed_start(f, steps, 3, PRIVATE);
	feed_until_blocks(f, 1);
	feed_start_again(f);
	feed_until_requests(f, 3);
	assert_true(feed_brought(f, "title of 5"));
	assert_true(strstr(gaps(f), "possible http://127.0.0.1:"));
	/* What the first page brought is known from then on. */
	assert_true(str_starts(harness_last_cursor(&f->h), STR("feed 1")));
	feed_start_again(f);
	feed_until_requests(f, 4);
	assert_false(feed_brought(f, "title of 5"));
}

static void at_most_ten_older_pages_are_read(void **state)
{
	struct fixture *f = *state;
	char text[20][256];
	struct server_step steps[20];
	for (int i = 0; i < 20; i++) {
		(void)snprintf(text[i], sizeof text[i],
			"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
			"<feed><link rel='next' href='/feed'/><entry><id>%d</id></entry>"
			"<entry><id>x%d</id></entry></feed>",
			i, i);
		steps[i] = (struct server_step){ .answer = str_of(text[i]),
			.after = SERVER_CLOSES };
	}
	feed_start(f, steps, 20, PRIVATE);
	feed_until_blocks(f, 1);
	feed_start_again(f);
	feed_until_requests(f, 12);
	assert_true(strstr(gaps(f), "possible"));
}

static void pages_of_other_hosts_are_not_read(void **state)
{
	struct fixture *f = *state;
	START(f, PRIVATE, ANSWER("200 OK", NEXT(ENTRY("1"), "http://localhost:1/")),
		ANSWER("200 OK", NEXT(ENTRY("3") ENTRY("2"), "http://localhost:1/")));
	feed_until_blocks(f, 1);
	feed_start_again(f);
	feed_until_requests(f, 2);
	assert_true(feed_brought(f, "title of 2"));
	assert_true(strstr(gaps(f), "possible"));
}

static void a_window_that_is_all_new_is_a_possible_gap(void **state)
{
	struct fixture *f = *state;
	START(f, PRIVATE, ANSWER("200 OK", RSS(ITEM("1", "a") ITEM("2", "b"))),
		ANSWER("200 OK", RSS(ITEM("3", "c") ITEM("4", "d"))),
		ANSWER("200 OK", RSS(ITEM("5", "e") ITEM("4", "d"))));
	feed_until_blocks(f, 1);
	assert_string_equal(gaps(f), "");
	feed_start_again(f);
	feed_until_requests(f, 2);
	assert_true(strstr(gaps(f), "/feed: all its entries are new"));
	buf_clear(&f->h.gaps);
	feed_start_again(f);
	feed_until_requests(f, 3);
	assert_string_equal(gaps(f), "");
}

/* ---- what people see ---- */

static bool add_part(void *ctx, const struct source_part *part)
{
	buf_addf(ctx, "%.*s %s: %.*s\n", STR_ARGS(part->name), source_part_state_name(part->state),
		STR_ARGS(part->reason));
	return true;
}

static void each_feed_says_how_it_is(void **state)
{
	struct fixture *f = *state;
	struct buf text;
	const struct server_step steps[] = { AT("/0", "200 OK", RSS(ITEM("1", "a"))),
		AT("/1", "404 Not Found", ""), AT("/2", "410 Gone", ""),
		AT("/3", "301 Moved\r\nLocation: /4", ""), AT("/4", "200 OK", RSS("")),
		{ .path = "/5", .after = SERVER_HANGS } };
	start_many(f, steps, 6, 4, "");
	feed_until_requests(f, 5);
	buf_init(&text, 0);
	harness_source(&f->h)->type->parts(harness_source(&f->h), add_part, &text);
	static const char *const parts[] = { "/0 well: \n",
		"/1 failing: the server answered HTTP 404\n",
		"/2 gone: ", "/3 well: moved to http://0x7f.1:" };
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		if (!strstr(text.p, parts[i]))
			fail_msg("'%s' lacks in:\n%s", parts[i], text.p);
	buf_finish(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FEED_TEST(feeds_of_different_hosts_are_asked_at_once),
		FEED_TEST(feeds_of_one_host_are_asked_one_after_the_other),
		FEED_TEST(a_host_that_is_too_busy_is_left_alone_by_all_its_feeds),
		FEED_TEST(a_large_document_is_read_aside),
		FEED_TEST(a_source_may_stop_while_a_document_is_read),
		FEED_TEST(a_feed_that_moved_to_where_another_is_is_asked_once),
		FEED_TEST(what_a_server_says_is_stale_at_once_has_no_validators),
		FEED_TEST(older_pages_are_read_until_one_is_known),
		FEED_TEST(pages_that_cannot_be_read_are_a_possible_gap),
		FEED_TEST(at_most_ten_older_pages_are_read),
		FEED_TEST(pages_of_other_hosts_are_not_read),
		FEED_TEST(a_window_that_is_all_new_is_a_possible_gap),
		FEED_TEST(each_feed_says_how_it_is),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
