#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/mem.h"
#include "store/gaps.h"
#include "store/schema.h"
#include "tests/store/fixture.h"

static struct store_gap gap_of(const char *source, int64_t from_us, int64_t to_us)
{
	return (struct store_gap){ .source = str_of(source),
		.from_us = from_us,
		.to_us = to_us,
		.reason = STR("connection lost") };
}

static size_t find(struct store *s, struct store_gap_filter filter, struct arena *arena,
	struct store_gap **gaps)
{
	size_t count = 0;
	assert_int_equal(store_gaps(s, &filter, arena, gaps, &count), 0);
	return count;
}

static size_t count_of(struct store *s, struct store_gap_filter filter)
{
	struct arena arena;
	struct store_gap *gaps;
	arena_init(&arena, 0);
	const size_t count = find(s, filter, &arena, &gaps);
	arena_finish(&arena);
	return count;
}

static void a_gap_opens_and_ends_as_one_over_a_restart(void **state)
{
	struct store *s = fixture_open(*state, STORE_OWN);
	struct store_gap gap = gap_of("mastodon", 1000, 0);
	assert_int_equal(store_put_gap(s, &gap), 0);
	store_close(s);
	s = fixture_open(*state, STORE_OWN);
	assert_int_equal(count_of(s, (struct store_gap_filter){ .open = true }), 1);
	gap = (struct store_gap){ STR("mastodon"), STR_NONE, 1000, 5000, 2, true, STR_NONE };
	assert_int_equal(store_put_gap(s, &gap), 0);
	assert_int_equal(count_of(s, (struct store_gap_filter){ .open = true }), 0);
	struct arena arena;
	struct store_gap *gaps;
	arena_init(&arena, 0);
	assert_int_equal(find(s, (struct store_gap_filter){ 0 }, &arena, &gaps), 1);
	check_text(gaps[0].source, "mastodon");
	check_text(gaps[0].part, "");
	check_text(gaps[0].reason, "connection lost");
	assert_int_equal(gaps[0].from_us, 1000);
	assert_int_equal(gaps[0].to_us, 5000);
	assert_int_equal(gaps[0].kind, 2);
	assert_true(gaps[0].told);
	arena_finish(&arena);
	store_close(s);
}

static void gaps_of_parts_are_their_own(void **state)
{
	struct store *s = fixture_open(*state, STORE_OWN);
	struct store_gap gap = gap_of("feeds", 1000, 2000);
	assert_int_equal(store_put_gap(s, &gap), 0);
	gap.part = STR("https://example.org/feed");
	assert_int_equal(store_put_gap(s, &gap), 0);
	assert_int_equal(count_of(s, (struct store_gap_filter){ 0 }), 2);
	assert_int_equal(store_drop_gap(s, STR("feeds"), STR_NONE, 1000), 0);
	assert_int_equal(count_of(s, (struct store_gap_filter){ 0 }), 1);
	assert_int_equal(store_drop_gap(s, STR("feeds"), STR_NONE, 1000), 0); /* there is none */
	store_close(s);
}

static void a_listing_takes_source_time_and_limit_and_the_newest_first(void **state)
{
	struct store *s = fixture_open(*state, STORE_OWN);
	for (int64_t i = 1; i <= 5; i++) {
		struct store_gap gap = gap_of(i % 2 ? "a" : "b", 1000 * i, 1000 * i + 10);
		assert_int_equal(store_put_gap(s, &gap), 0);
	}
	struct store_gap lasts = gap_of("b", 500, 0);
	assert_int_equal(store_put_gap(s, &lasts), 0);
	assert_int_equal(count_of(s, (struct store_gap_filter){ .source = STR("a") }), 3);
	/* What lasts is not over, however long ago it began. */
	assert_int_equal(count_of(s, (struct store_gap_filter){ .after_us = 4010 }), 2);
	assert_int_equal(count_of(s, (struct store_gap_filter){ .after_us = 4009 }), 3);
	struct arena arena;
	struct store_gap *gaps;
	arena_init(&arena, 0);
	assert_int_equal(find(s, (struct store_gap_filter){ .limit = 2 }, &arena, &gaps), 2);
	assert_int_equal(gaps[0].from_us, 5000);
	assert_int_equal(gaps[1].from_us, 4000);
	arena_finish(&arena);
	store_close(s);
}

static void the_oldest_gaps_that_ended_go_at_the_ceiling(void **state)
{
	struct store *s = fixture_open(*state, STORE_OWN);
	struct store_gap lasts = gap_of("b", 1, 0);
	assert_int_equal(store_begin(s), 0);
	assert_int_equal(store_put_gap(s, &lasts), 0);
	for (int64_t i = 0; i < STORE_MAX_GAPS + 10; i++) {
		struct store_gap gap = gap_of("a", 10 + i, 11 + i);
		assert_int_equal(store_put_gap(s, &gap), 0);
	}
	assert_int_equal(store_commit(s), 0);
	assert_int_equal(ask_int(s, "SELECT count(*) FROM gap"), STORE_MAX_GAPS + 1);
	assert_int_equal(ask_int(s, "SELECT count(*) FROM gap WHERE to_at = 0"), 1);
	assert_int_equal(ask_int(s, "SELECT min(from_at) FROM gap WHERE to_at > 0"), 10 + 10);
	assert_int_equal(count_of(s, (struct store_gap_filter){ 0 }), STORE_MAX_GAPS);
	store_close(s);
}

static void gaps_expire_once_they_ended(void **state)
{
	struct store *s = fixture_open(*state, STORE_OWN);
	struct store_gap old = gap_of("a", 10, 20), young = gap_of("a", 30, 40),
			 lasts = gap_of("a", 5, 0);
	size_t deleted = 0;
	assert_int_equal(store_put_gap(s, &old), 0);
	assert_int_equal(store_put_gap(s, &young), 0);
	assert_int_equal(store_put_gap(s, &lasts), 0);
	assert_int_equal(store_expire(s, 40, 100, &deleted), 0);
	assert_int_equal(deleted, 1);
	assert_int_equal(ask_int(s, "SELECT count(*) FROM gap"), 2);
	store_close(s);
}

static void a_gap_that_ends_before_it_begins_is_refused(void **state)
{
	struct store *s = fixture_open(*state, STORE_OWN);
	struct store_gap gap = gap_of("a", 10, 10);
	assert_true(store_put_gap(s, &gap) < 0);
	gap = gap_of("a", 10, 11);
	assert_int_equal(store_put_gap(s, &gap), 0);
	store_close(s);
}

static void names_and_reasons_have_ceilings(void **state)
{
	struct store *s = fixture_open(*state, STORE_OWN);
	char long_text[5000];
	memset(long_text, 'x', sizeof long_text);
	struct store_gap gap = gap_of("a", 10, 20);
	gap.reason = (struct str){ long_text, STORE_MAX_MESSAGE_BYTES + 1 };
	gap.part = (struct str){ long_text, 4 * STORE_MAX_NAME_BYTES };
	assert_int_equal(store_put_gap(s, &gap), 0);
	assert_int_equal(ask_int(s, "SELECT length(reason) FROM gap"), STORE_MAX_MESSAGE_BYTES);
	gap.part.n++;
	assert_int_equal(store_put_gap(s, &gap), -EMSGSIZE);
	gap = gap_of("a", 10, 20);
	gap.source = (struct str){ long_text, STORE_MAX_NAME_BYTES + 1 };
	assert_int_equal(store_put_gap(s, &gap), -EMSGSIZE);
	store_close(s);
}

static void a_source_is_remembered(void **state)
{
	struct store *s = fixture_open(*state, STORE_OWN);
	struct arena arena;
	struct store_source source;
	arena_init(&arena, 0);
	assert_int_equal(store_source(s, STR("a"), &arena, &source), 0);
	assert_int_equal(source.alive_us, 0);
	assert_null(source.silence.p);
	source = (struct store_source){ 100, 90, STR("1 2:3") };
	assert_int_equal(store_put_source(s, STR("a"), &source), 0);
	source.alive_us = 110;
	assert_int_equal(store_put_source(s, STR("a"), &source), 0);
	store_close(s);
	s = fixture_open(*state, STORE_READ);
	assert_int_equal(store_source(s, STR("a"), &arena, &source), 0);
	assert_int_equal(source.alive_us, 110);
	assert_int_equal(source.last_record_us, 90);
	check_text(source.silence, "1 2:3");
	arena_finish(&arena);
	store_close(s);
}

static void a_notice_is_an_alert_without_a_post_in_the_archive(void **state)
{
	struct store *s = fixture_open(*state, STORE_OWN);
	struct sample sample;
	const struct str target = STR("mail");
	sample_init(&sample, 1, SEVERITY_NORMAL, 1000);
	for (int i = 0; i < 2; i++) {
		bool added = i != 0;
		assert_int_equal(store_begin(s), 0);
		assert_int_equal(store_add_notice(s, &sample.alert, &target, 1, &added), 0);
		assert_int_equal(store_commit(s), 0);
		assert_int_equal(added, i == 0);
	}
	struct store_counts counts;
	assert_int_equal(store_count(s, &counts), 0);
	assert_int_equal(counts.alerts, 1);
	assert_int_equal(counts.pending, 1);
	assert_int_equal(counts.archived, 0);
	store_close(s);
}

static void a_store_of_the_first_version_gets_the_tables_and_keeps_the_rest(void **state)
{
	struct fixture *f = *state;
	struct store *s = fixture_open(f, STORE_OWN);
	add_sample(s, 1, SEVERITY_LOW, 10, "mail");
	run_sql(s, "DROP TABLE gap");
	run_sql(s, "DROP TABLE source");
	run_sql(s, "PRAGMA user_version = 1");
	store_close(s);
	fixture_refused(f, f->path, STORE_READ, "older vigie");
	s = fixture_open(f, STORE_OWN);
	assert_int_equal(ask_int(s, "PRAGMA user_version"), SCHEMA_VERSION);
	assert_int_equal(ask_int(s, "SELECT count(*) FROM alert"), 1);
	assert_int_equal(count_of(s, (struct store_gap_filter){ 0 }), 0);
	store_close(s);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_gap_opens_and_ends_as_one_over_a_restart),
		TEST(gaps_of_parts_are_their_own),
		TEST(a_listing_takes_source_time_and_limit_and_the_newest_first),
		TEST(the_oldest_gaps_that_ended_go_at_the_ceiling),
		TEST(gaps_expire_once_they_ended),
		TEST(a_gap_that_ends_before_it_begins_is_refused),
		TEST(names_and_reasons_have_ceilings),
		TEST(a_source_is_remembered),
		TEST(a_notice_is_an_alert_without_a_post_in_the_archive),
		TEST(a_store_of_the_first_version_gets_the_tables_and_keeps_the_rest),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
