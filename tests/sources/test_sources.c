#include "tests/sources/harness.h"

#include <errno.h>

#include "base/mem.h"

static int setup(void **state)
{
	struct harness *h = mem_zero(1, sizeof *h);
	harness_init(h);
	*state = h;
	return 0;
}

static int teardown(void **state)
{
	harness_finish(*state);
	mem_free(*state);
	return 0;
}

static bool has(struct str text, const char *part)
{
	return str_find(text, str_of(part)) != SIZE_MAX;
}

/* ---- what people wrote ---- */

static void good_sources_are_decoded_with_their_defaults(void **state)
{
	struct harness *h = *state;
	harness_decode(h,
		"sources:\n"
		"  a: { type: file, path: /tmp/x, follow: true, map: bluesky }\n"
		"  b-2: { type: http, url: 'https://example.org/s?x=1#y' }\n");
	check_str(harness_messages(h), STR(""));
	assert_int_equal(sources_count(h->all), 2);
	check_text(sources_at(h->all, 0)->name, "a");
	check_text(sources_at(h->all, 0)->map, "bluesky");
	check_text(sources_at(h->all, 0)->type_name, "file");
	assert_int_equal(sources_at(h->all, 0)->at.line, 2);
	check_text(sources_at(h->all, 1)->name, "b-2");
	check_text(sources_at(h->all, 1)->map, "auto");
	assert_int_equal(sources_at(h->all, 1)->state, SOURCE_STOPPED);
	assert_string_equal(sources_at(h->all, 1)->type->name, "http");
}

static void no_sources_are_none(void **state)
{
	struct harness *h = *state;
	harness_decode(h, "rules: []\n");
	assert_int_equal(sources_count(h->all), 0);
	harness_decode(h, "sources:\n");
	assert_int_equal(sources_count(h->all), 0);
	assert_false(diag_failed(h->diag));
}

static void each_mistake_is_told_at_its_place(void **state)
{
	static const struct {
		const char *yaml, *message, *place;
	} cases[] = {
		{ "sources: [a]\n", "is a map of names", ":1:10:" },
		{ "sources:\n  a: { type: fiel, path: x }\n", "did you mean 'file'?", ":2:14:" },
		{ "sources:\n  a: { type: zzzzzz }\n", "the types are: feed, file, http",
			":2:14:" },
		{ "sources:\n  a: { path: x }\n", "without a type: 'a'", ":2:3:" },
		{ "sources:\n  a: { type: [file] }\n", "without a type: 'a'", ":2:14:" },
		{ "sources:\n  a: file\n", "a map with a type: 'a'", ":2:6:" },
		{ "sources:\n  A b: { type: file, path: x }\n", "bad name of a source: 'A b'",
			":2:3:" },
		{ "sources:\n  a: { type: file }\n", "path", ":2:" },
		{ "sources:\n  a: { type: file, path: x, folow: true }\n", "did you mean 'follow'?",
			":2:29:" },
		{ "sources:\n  a: { type: file, path: '' }\n", "not nothing", ":2:26:" },
		{ "sources:\n  a: { type: http, url: 'ftp://x/' }\n", "neither http", ":2:25:" },
		{ "sources:\n  a: { type: http, url: 'http://' }\n", "without a host", ":2:25:" },
		{ "sources:\n  a: { type: http, url: 'http://a b/' }\n", "spaces", ":2:25:" },
		{ "sources:\n  a: { type: http, url: 'https://u:p@x/' }\n", "user or password",
			":2:25:" },
		{ "sources:\n  a: { type: http, url: 'http://x/', headers: nonsense }\n",
			"header 1 is not", ":2:47:" },
		{ "sources:\n  a: { type: http, url: 'http://x/', headers: ['A: 1', \"B: 1\\r\\nC: "
		  "2\"] }\n",
			"header 2 is not", ":2:47:" },
		{ "sources:\n  a: { type: http, url: 'http://x/', format: xml }\n", "format",
			":2:" },
		{ "sources:\n  a: { type: http, url: 'http://x/', stall: 10ms }\n", "stall",
			":2:" },
		{ "sources:\n  a: { type: http, url: 'http://x/', token: literal }\n", "token",
			":2:" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct harness h;
		harness_init(&h);
		harness_decode(&h, "%s", cases[i].yaml);
		const struct str messages = harness_messages(&h);
		if (!diag_failed(h.diag) || !has(messages, cases[i].message) ||
			!has(messages, cases[i].place))
			fail_msg("%s gave:\n%.*s", cases[i].yaml, STR_ARGS(messages));
		assert_int_equal(sources_count(h.all), 0);
		harness_finish(&h);
	}
}

static void all_mistakes_come_at_once_and_good_sources_stay(void **state)
{
	struct harness *h = *state;
	harness_decode(h,
		"sources:\n"
		"  a: { type: nothing }\n"
		"  b: { type: file, path: x }\n"
		"  c: { type: file }\n");
	assert_int_equal(diag_count(h->diag, DIAG_ERROR), 2);
	assert_int_equal(sources_count(h->all), 1);
}

static void a_token_over_plain_http_is_warned_about(void **state)
{
	struct harness *h = *state;
	harness_decode(h,
		"sources:\n  a: { type: http, url: 'http://example.org/', "
		"headers: 'Authorization: x' }\n");
	assert_false(diag_failed(h->diag));
	assert_int_equal(diag_count(h->diag, DIAG_WARNING), 1);
	assert_true(has(harness_messages(h), "unencrypted"));
	harness_decode(h,
		"sources:\n  a: { type: http, url: 'http://127.0.0.1:1/', "
		"headers: 'Authorization: x' }\n");
	assert_int_equal(diag_count(h->diag, DIAG_WARNING), 1);
}

static void following_standard_input_is_warned_about(void **state)
{
	struct harness *h = *state;
	harness_decode(h, "sources:\n  a: { type: file, path: '-', follow: true }\n");
	assert_false(diag_failed(h->diag));
	assert_int_equal(diag_count(h->diag, DIAG_WARNING), 1);
}

/* ---- states ---- */

static void states_are_told_in_order(void **state)
{
	struct harness *h = *state;
	harness_write(h, "in", STR("one\n"));
	harness_start(h, "sources: { f: { type: file, path: %s } }\n", harness_path(h, "in"));
	harness_until_ended(h);
	check_text(buf_str(&h->states), "connecting: connecting\nlive: live\nended: ended\n");
}

static void nothing_is_delivered_after_a_stop(void **state)
{
	struct harness *h = *state;
	harness_write(h, "in", STR("one\n"));
	harness_start(h, "sources: { f: { type: file, path: %s, follow: true } }\n",
		harness_path(h, "in"));
	harness_until_text(h, STR("one\n"));
	sources_stop(h->all);
	assert_int_equal(harness_source(h)->state, SOURCE_STOPPED);
	harness_append(h, "in", STR("two\n"));
	harness_run_for(h, 30 * US_PER_MS);
	check_text(buf_str(&h->text), "one\n");
	const struct source_block block = { .records = STR("x\n") };
	assert_int_equal(source_deliver(harness_source(h), &block), -ECANCELED);
	sources_stop(h->all); /* twice is fine */
}

static void a_stopped_source_starts_again_where_it_was(void **state)
{
	struct harness *h = *state;
	harness_write(h, "in", STR("one\n"));
	harness_start(h, "sources: { f: { type: file, path: %s, follow: true } }\n",
		harness_path(h, "in"));
	harness_until_text(h, STR("one\n"));
	sources_stop(h->all);
	harness_append(h, "in", STR("two\n"));
	h->cursor = arena_str(&h->arena, harness_last_cursor(h));
	harness_restart(h);
	harness_until_text(h, STR("one\ntwo\n"));
}

static void the_wait_for_the_store_grows_to_five_seconds_and_no_further(void **state)
{
	struct harness *h = *state;
	harness_write(h, "in", STR("one\n"));
	h->deliver_error = -ENOSPC;
	harness_start(h, "sources: { f: { type: file, path: %s } }\n", harness_path(h, "in"));
	int64_t before_us = 0;
	for (int i = 1; i <= 30; i++) {
		const int64_t wait_us = harness_wait_us(h, (size_t)i);
		assert_in_range(wait_us, 250 * US_PER_MS, 5 * US_PER_S);
		assert_true(wait_us >= before_us - US_PER_S);
		before_us = wait_us;
		sources_deliver_again(h->all);
	}
	assert_int_equal(before_us, 5 * US_PER_S);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(good_sources_are_decoded_with_their_defaults),
		TEST(no_sources_are_none),
		TEST(each_mistake_is_told_at_its_place),
		TEST(all_mistakes_come_at_once_and_good_sources_stay),
		TEST(a_token_over_plain_http_is_warned_about),
		TEST(following_standard_input_is_warned_about),
		TEST(states_are_told_in_order),
		TEST(nothing_is_delivered_after_a_stop),
		TEST(a_stopped_source_starts_again_where_it_was),
		TEST(the_wait_for_the_store_grows_to_five_seconds_and_no_further),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
