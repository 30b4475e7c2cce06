#include "sources/feed/feed_guard.h"

#include "tests/check.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "sources/feed/feed_parse.h"

/* <rss><channel><item TAG><title>t</title></item></channel></rss> with `count` attributes. */
static void add_item(struct buf *b, size_t count, const char *name)
{
	buf_add(b, STR("<item"));
	for (size_t i = 0; i < count; i++) {
		buf_addf(b, " %s%d='b'", name, (int)i);
	}
	buf_add(b, STR("><title>t</title></item>"));
}

static void begin(struct buf *b)
{
	buf_init(b, 0);
	buf_add(b, STR("<rss version='2.0'><channel>"));
}

static void an_element_may_have_so_many_attributes_and_no_more(void **state)
{
	(void)state;
	for (size_t more = 0; more < 2; more++) {
		struct buf b;
		begin(&b);
		const size_t before = b.n;
		add_item(&b, FEED_GUARD_MAX_ATTRIBUTES + more, "a");
		const struct str kept = feed_guard_attributes(buf_str(&b));
		assert_int_equal(kept.n, more ? before : b.n);
		buf_finish(&b);
	}
}

static void signs_elsewhere_are_no_attributes(void **state)
{
	(void)state;
	struct buf text, all;
	buf_init(&text, 0);
	for (int i = 0; i < 300; i++)
		buf_add(&text, STR("=="));
	static const struct {
		const char *before, *after;
	} places[] = { { "<a>", "</a>" }, { "<a b='", "'/>" }, { "<a b=\"", "\"/>" },
		{ "<![CDATA[<a ", ">]]>" }, { "<a b='<c ", ">'/>" } };
	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		buf_init(&all, 0);
		buf_addf(&all, "%s%.*s%s", places[i].before, STR_ARGS(buf_str(&text)),
			places[i].after);
		assert_int_equal(feed_guard_attributes(buf_str(&all)).n, all.n);
		buf_finish(&all);
	}
	buf_finish(&text);
}

static void what_breaks_off_is_looked_at_to_its_end(void **state)
{
	(void)state;
	static const char *const texts[] = { "", "<", "<a", "<a b", "<a b=", "<a b='", "<a b='c",
		"<![CDATA[", "<![CDATA[<", "<a b='c'", "a", ">", "<a<b<c" };
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		check_str(feed_guard_attributes(str_of(texts[i])), str_of(texts[i]));
}

static void check_feed(struct buf *b, size_t entries, int64_t max_us)
{
	struct arena arena;
	struct feed feed;
	const char *reason;
	arena_init(&arena, FEED_MAX_MEMORY_BYTES);
	const int64_t start_us = clock_monotonic_us();
	const enum feed_verdict verdict = feed_parse(
		buf_str(b), STR_NONE, STR("http://example.com/"), &arena, &feed, &reason);
	assert_true(clock_monotonic_us() - start_us < max_us);
	assert_int_equal(verdict, FEED_READ);
	assert_int_equal(feed.entry_count, entries);
	assert_true(feed.ill_formed);
	arena_finish(&arena);
	buf_finish(b);
}

/* Without the guard a minute. */
static void a_feed_is_read_up_to_what_the_parser_would_take_long_for(void **state)
{
	(void)state;
	struct buf b;
	begin(&b);
	add_item(&b, 3, "a");
	add_item(&b, 400000, "a");
	check_feed(&b, 1, 10 * US_PER_S);
}

static void namespaces_end_at_their_ceiling(void **state)
{
	(void)state;
	struct buf b;
	begin(&b);
	add_item(&b, 1, "a");
	/* Not one after the other: */
	for (int i = 0; i < 3; i++)
		add_item(&b, FEED_GUARD_MAX_NAMESPACES - 1, "xmlns:n");
	/* but within each other. */
	for (int i = 0; i < 200; i++) {
		buf_add(&b, STR("<x"));
		for (int k = 0; k < 100; k++)
			buf_addf(&b, " xmlns:n%d='u'", 1000 * i + k);
		buf_add_char(&b, '>');
	}
	for (int i = 0; i < 500000; i++)
		buf_add(&b, STR("<n1:y/>"));
	add_item(&b, 1, "a");
	check_feed(&b, 4, 10 * US_PER_S);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_element_may_have_so_many_attributes_and_no_more),
		cmocka_unit_test(signs_elsewhere_are_no_attributes),
		cmocka_unit_test(what_breaks_off_is_looked_at_to_its_end),
		cmocka_unit_test(a_feed_is_read_up_to_what_the_parser_would_take_long_for),
		cmocka_unit_test(namespaces_end_at_their_ceiling),
	};
	return cmocka_run_group_tests_name("feed guard", tests, NULL, NULL);
}
