/* One feed: what is asked, what is remembered, what comes of it. */
#define _GNU_SOURCE
#include "tests/sources/feed_fixture.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "sources/feed/feed_find.h"

static void the_first_reading_brings_nothing_and_the_next_what_is_new(void **state)
{
	struct fixture *f = *state;
	START(f, PRIVATE, ANSWER("200 OK", RSS(ITEM("1", "old"))),
		ANSWER("200 OK", RSS(ITEM("3", "newest") ITEM("2", "new") ITEM("1", "old"))));
	feed_until_blocks(f, 1);
	assert_true(str_eq(buf_str(&f->h.text), STR("\n")));
	feed_start_again(f);
	feed_until_blocks(f, 1);
	assert_true(feed_brought(f, "\"title\":\"new\""));
	assert_false(feed_brought(f, "\"title\":\"old\""));
	const struct str text = buf_str(&f->h.text);
	assert_true(str_find(text, STR("newest")) > str_find(text, STR("\"new\"")));
}

static void since_all_brings_what_is_there(void **state)
{
	struct fixture *f = *state;
	START(f, PRIVATE ", since: all", ANSWER("200 OK", RSS(ITEM("http://e/1", "old"))));
	feed_until_blocks(f, 1);
	harness_until_text(&f->h,
		STR("{\"id\":\"http://e/1\",\"type\":\"article\",\"url\":\"http://e/1\","
		    "\"title\":\"old\"}\n"));
}

static void validators_go_back_byte_for_byte(void **state)
{
	struct fixture *f = *state;
	START(f, PRIVATE,
		ANSWER("200 OK\r\nETag: W/\"a b\"\r\nLast-Modified: some day", RSS(ITEM("1", "a"))),
		ANSWER("304 Not Modified", ""));
	feed_until_blocks(f, 1);
	assert_false(feed_asked(f, 0, "If-None-Match"));
	feed_start_again(f);
	harness_until_state(&f->h, SOURCE_LIVE);
	assert_true(feed_asked(f, 1, "If-None-Match: W/\"a b\"\r\n"));
	assert_true(feed_asked(f, 1, "If-Modified-Since: some day\r\n"));
	assert_int_equal(f->h.block_count, 0);
}

static void a_permanent_redirect_is_remembered_and_a_temporary_one_is_not(void **state)
{
	struct fixture *f = *state;
	START(f, PRIVATE, ANSWER("301 Moved\r\nLocation: /moved", ""),
		ANSWER("200 OK", RSS(ITEM("1", "a"))), ANSWER("302 Found\r\nLocation: /x", ""),
		ANSWER("200 OK", RSS(ITEM("2", "b"))), ANSWER("200 OK", RSS(ITEM("3", "c"))));
	feed_until_blocks(f, 1);
	feed_start_again(f);
	feed_until_blocks(f, 1);
	feed_start_again(f);
	feed_until_blocks(f, 1);
	assert_true(feed_asked(f, 1, "GET /moved "));
	assert_true(feed_asked(f, 2, "GET /moved "));
	assert_true(feed_asked(f, 3, "GET /x "));
	assert_true(feed_asked(f, 4, "GET /moved "));
}

static void what_keeps_the_method_is_permanent_or_not_as_well(void **state)
{
	struct fixture *f = *state;
	START(f, PRIVATE, ANSWER("308 Moved\r\nLocation: /moved", ""),
		ANSWER("200 OK", RSS(ITEM("1", "a"))), ANSWER("307 Elsewhere\r\nLocation: /x", ""),
		ANSWER("200 OK", RSS(ITEM("1", "a") ITEM("2", "b"))), ANSWER("304 Same", ""));
	feed_until_blocks(f, 1);
	feed_start_again(f);
	feed_until_blocks(f, 1);
	feed_start_again(f);
	feed_until_requests(f, 5);
	assert_true(feed_asked(f, 2, "GET /moved "));
	assert_true(feed_asked(f, 3, "GET /x "));
	assert_true(feed_asked(f, 4, "GET /moved "));
}

/* Within one way a temporary one makes all that follows temporary. */
static void a_permanent_redirect_behind_a_temporary_one_is_not_remembered(void **state)
{
	struct fixture *f = *state;
	START(f, PRIVATE, ANSWER("302 Found\r\nLocation: /x", ""),
		ANSWER("301 Moved\r\nLocation: /y", ""), ANSWER("200 OK", RSS(ITEM("1", "a"))),
		ANSWER("304 Same", ""));
	feed_until_blocks(f, 1);
	feed_start_again(f);
	feed_until_requests(f, 4);
	assert_true(feed_asked(f, 3, "GET /feed "));
}

static void redirects_end_somewhere(void **state)
{
	struct fixture *f = *state;
	START(f, PRIVATE, ANSWER("302 Found\r\nLocation: /again", ""));
	feed_until_requests(f, 6);
	assert_int_equal(harness_source(&f->h)->state, SOURCE_RETRYING);
}

static void a_page_leads_to_its_feed(void **state)
{
	struct fixture *f = *state;
	START(f, PRIVATE ", since: all",
		ANSWER("200 OK",
			"<!doctype html><!-- <link rel=alternate type=application/rss+xml "
			"href=/no> -->"
			"<link rel=stylesheet href=/x><LINK type='application/rss+xml' "
			"href='/real?a=1&amp;b=2' rel=\"home alternate\">"),
		ANSWER("200 OK", RSS(ITEM("1", "found"))));
	feed_until_blocks(f, 1);
	assert_true(feed_brought(f, "found"));
	assert_true(feed_asked(f, 1, "GET /real?a=1&b=2 "));
}

static void of_several_feeds_of_a_page_the_one_of_comments_comes_last(void **state)
{
	static const struct {
		const char *page, *feed;
	} cases[] = {
		{ "<link rel=alternate type=application/rss+xml href=/c title='Comments Feed'>"
		  "<link rel=alternate type=application/rss+xml href=/a title=Posts>"
		  "<link rel=alternate type=application/atom+xml href=/b>",
			"http://e/a" },
		{ "<link rel=alternate type=application/rss+xml href=/comments/feed/>"
		  "<link rel=alternate type=application/rss+xml href=/p "
		  "title='Flux de Commentary'>"
		  "<link rel=alternate type=application/rss+xml href=/feed/>",
			"http://e/feed/" },
		{ "<link rel=alternate type=application/rss+xml href=/c title=COMMENTS>",
			"http://e/c" },
		{ "<link rel=alternate type=text/html href=/en>", "" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct arena arena;
		arena_init(&arena, 0);
		const struct str found = feed_find_in_page(
			str_of(cases[i].page), STR("http://e/"), &arena);
		check_str(found.p ? found : STR(""), str_of(cases[i].feed));
		arena_finish(&arena);
	}
}

static void a_page_without_a_feed_brings_nothing(void **state)
{
	struct fixture *f = *state;
	START(f, PRIVATE, ANSWER("200 OK", "<html><body>x"));
	feed_until_requests(f, 1);
	harness_until_said(&f->h, "retrying: a web page that names no feed; again in ");
	assert_int_equal(f->h.block_count, 0);
}

static void a_source_retries_while_all_of_its_feeds_fail(void **state)
{
	struct fixture *f = *state;
	const struct server_step steps[] = { ANSWER("500 Oh", ""), ANSWER("404 No", "") };
	f->server = server_create(f->h.loop, steps, 2);
	const int port = server_port(f->server);
	harness_start(&f->h,
		"sources: { s: { type: feed, allow_private: true, url: [ "
		"'http://127.0.0.1:%d/feed', 'http://127.0.1:%d/feed' ] } }\n",
		port, port);
	harness_until_said(&f->h, "retrying: none of its 2 feeds can be read, at last: the server");
	assert_int_equal(f->h.wait_count, 1);
	assert_true(f->h.waits_us[0] > US_PER_MINUTE);
	assert_true(harness_source(&f->h)->health.blind_since_us > 0);
	/* What one of them does when it can be read again. */
	source_live(harness_source(&f->h));
	assert_int_equal(harness_source(&f->h)->state, SOURCE_LIVE);
	assert_int_equal(harness_source(&f->h)->health.blind_since_us, 0);
}

static void what_is_gone_is_asked_no_more(void **state)
{
	struct fixture *f = *state;
	START(f, PRIVATE, ANSWER("410 Gone", ""));
	harness_until_ended(&f->h);
	assert_int_equal(server_request_count(f->server), 1);
}

static void a_broken_answer_changes_nothing(void **state)
{
	struct fixture *f = *state;
	START(f, PRIVATE, ANSWER("200 OK\r\nETag: \"1\"", RSS(ITEM("1", "a"))),
		ANSWER("200 OK\r\nETag: \"2\"", "<svg/>"), ANSWER("500 Oh\r\nETag: \"3\"", ""),
		ANSWER("200 OK", RSS(ITEM("2", "b") ITEM("1", "a"))));
	feed_until_blocks(f, 1);
	for (size_t count = 2; count < 4; count++) {
		feed_start_again(f);
		feed_until_requests(f, count);
		assert_int_equal(f->h.block_count, 0);
	}
	feed_start_again(f);
	feed_until_blocks(f, 1);
	assert_true(feed_asked(f, 3, "If-None-Match: \"1\"\r\n"));
	assert_true(feed_brought(f, "\"b\""));
	assert_false(feed_brought(f, "\"a\""));
}

static void a_private_address_is_refused_unless_allowed(void **state)
{
	struct fixture *f = *state;
	START(f, "", ANSWER("200 OK", RSS(ITEM("1", "a"))));
	harness_run_for(&f->h, 50 * US_PER_MS);
	assert_int_equal(server_request_count(f->server), 0);
}

static void what_the_store_refused_comes_again(void **state)
{
	struct fixture *f = *state;
	f->h.deliver_error = -ENOSPC;
	START(f, PRIVATE ", since: all", ANSWER("200 OK", RSS(ITEM("1", "once"))));
	harness_until_refused(&f->h, 1);
	f->h.deliver_error = 0;
	sources_deliver_again(f->h.all);
	feed_until_blocks(f, 1);
	harness_until_state(&f->h, SOURCE_LIVE);
	const struct str text = buf_str(&f->h.text);
	const size_t first = str_find(text, STR("once"));
	assert_true(first != SIZE_MAX);
	assert_true(str_find(str_slice(text, first + 4, text.n), STR("once")) == SIZE_MAX);
}

static void the_charset_of_the_answer_counts(void **state)
{
	struct fixture *f = *state;
	START(f, PRIVATE ", since: all",
		ANSWER("200 OK\r\nContent-Type: text/xml; charset=\"koi8-r\"",
			RSS(ITEM("1", "\xC1"))));
	feed_until_blocks(f, 1);
	assert_true(feed_brought(f, "\"\xD0\xB0\""));
}

static void a_list_in_opml_gives_feeds(void **state)
{
	struct fixture *f = *state;
	const struct server_step steps[] = { ANSWER("200 OK", RSS(ITEM("1", "listed"))) };
	char opml[256];
	f->server = server_create(f->h.loop, steps, 1);
	(void)snprintf(opml, sizeof opml,
		"<opml><body><outline text='g'><outline text='x' xmlUrl='http://127.0.0.1:%d/l'/>"
		"<outline text='bad' xmlUrl='feed:no'/></outline></body></opml>",
		server_port(f->server));
	harness_write(&f->h, "list.opml", str_of(opml));
	harness_start(&f->h,
		"sources: { s: { type: feed, opml: '%s', since: all, allow_private: true } }\n",
		harness_path(&f->h, "list.opml"));
	feed_until_blocks(f, 1);
	assert_true(feed_brought(f, "listed"));
	assert_true(feed_asked(f, 0, "GET /l "));
}

static void a_feed_that_fails_stops_no_other(void **state)
{
	struct fixture *f = *state;
	const struct server_step steps[] = { ANSWER("500 Oh", ""), ANSWER("410 Gone", ""),
		ANSWER("200 OK", RSS(ITEM("1", "well"))) };
	f->server = server_create(f->h.loop, steps, 3);
	const int port = server_port(f->server);
	harness_start(&f->h,
		"sources: { s: { type: feed, since: all, allow_private: true, url: [ "
		"'http://127.0.0.1:%d/feed', 'http://127.0.1:%d/feed', 'http://127.1:%d/feed' ] } "
		"}\n",
		port, port, port);
	feed_until_blocks(f, 1);
	assert_true(feed_brought(f, "well"));
	assert_int_equal(server_request_count(f->server), 3);
}

static void a_large_feed_comes_in_several_blocks(void **state)
{
	struct fixture *f = *state;
	struct buf answer;
	buf_init(&answer, 0);
	buf_add(&answer, STR("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n<rss><channel>"));
	for (int i = 0; i < 300; i++) {
		buf_addf(&answer, "<item><guid>%d</guid><description>", i);
		for (int k = 0; k < 500; k++)
			buf_add(&answer, STR("word "));
		buf_add(&answer, STR("</description></item>"));
	}
	buf_add(&answer, STR("</channel></rss>"));
	const struct server_step steps[] = { { .answer = buf_str(&answer),
		.after = SERVER_CLOSES } };
	feed_start(f, steps, 1, PRIVATE ", since: all");
	feed_until_blocks(f, 3);
	size_t lines = 0;
	for (size_t i = 0; i < f->h.text.n; i++)
		lines += f->h.text.p[i] == '\n';
	assert_int_equal(lines, 300);
	assert_int_equal(f->h.block_count, 3);
	/* Only the last block says that all of it was read. */
	struct str rest = buf_str(&f->h.cursors), line;
	assert_true(str_next(&rest, '\n', &line) && str_eq(line, STR("-")));
	assert_true(str_next(&rest, '\n', &line) && str_eq(line, STR("-")));
	assert_true(str_next(&rest, '\n', &line) && line.n > 300 * 16);
	buf_finish(&answer);
}

static void mistakes_are_told(void **state)
{
	struct fixture *f = *state;
	harness_write(&f->h, "no.opml", STR("<rss/>"));
	harness_decode(&f->h,
		"sources:\n"
		"  a: { type: feed }\n"
		"  b: { type: feed, url: [ 'ftp://x/', 'http:///x', 'https://good/' ] }\n"
		"  c: { type: feed, opml: /nonexistent }\n"
		"  d: { type: feed, opml: '%s' }\n"
		"  e: { type: feed, url: 'http://x/', map: x }\n"
		"  f: { type: feed, url: 'http://x/', interval: 1s }\n",
		harness_path(&f->h, "no.opml"));
	static const char *const parts[] = { ":2:", "needs url or opml",
		":3:27: error: no address of a feed", ":3:39: error: no address of a feed",
		":4:", "cannot read the list", ":5:", "no list of feeds", ":6:", "no other map",
		":7:", "10s" };
	const struct str messages = harness_messages(&f->h);
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
		if (str_find(messages, str_of(parts[i])) == SIZE_MAX)
			fail_msg("'%s' lacks in:\n%.*s", parts[i], STR_ARGS(messages));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FEED_TEST(the_first_reading_brings_nothing_and_the_next_what_is_new),
		FEED_TEST(since_all_brings_what_is_there),
		FEED_TEST(validators_go_back_byte_for_byte),
		FEED_TEST(a_permanent_redirect_is_remembered_and_a_temporary_one_is_not),
		FEED_TEST(what_keeps_the_method_is_permanent_or_not_as_well),
		FEED_TEST(a_permanent_redirect_behind_a_temporary_one_is_not_remembered),
		FEED_TEST(redirects_end_somewhere),
		FEED_TEST(a_page_leads_to_its_feed),
		cmocka_unit_test(of_several_feeds_of_a_page_the_one_of_comments_comes_last),
		FEED_TEST(a_page_without_a_feed_brings_nothing),
		FEED_TEST(a_source_retries_while_all_of_its_feeds_fail),
		FEED_TEST(what_is_gone_is_asked_no_more),
		FEED_TEST(a_broken_answer_changes_nothing),
		FEED_TEST(a_private_address_is_refused_unless_allowed),
		FEED_TEST(what_the_store_refused_comes_again),
		FEED_TEST(the_charset_of_the_answer_counts),
		FEED_TEST(a_list_in_opml_gives_feeds),
		FEED_TEST(a_feed_that_fails_stops_no_other),
		FEED_TEST(a_large_feed_comes_in_several_blocks),
		FEED_TEST(mistakes_are_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
