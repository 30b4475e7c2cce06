#include <stdlib.h>

#include "base/clock.h"
#include "base/utf8.h"
#include "daemon/backtest.h"
#include "tests/check.h"

/* --- the most frequent --- */

static void add_number(struct top *t, unsigned number)
{
	char text[16];
	(void)snprintf(text, sizeof text, "k%u", number);
	top_add(t, str_of(text), STR_NONE);
}

static void up_to_its_capacity_a_top_is_exact_and_one_more_makes_it_an_estimate(void **state)
{
	(void)state;
	struct top t;
	const struct top_entry *entries[8];
	top_init(&t, 4);
	for (unsigned i = 0; i < 4; i++)
		for (unsigned k = 0; k <= i; k++)
			add_number(&t, i);
	assert_true(top_exact(&t));
	assert_int_equal(top_distinct(&t), 4);
	assert_int_equal(top_list(&t, entries, 8), 4);
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(entries[i]->count, 4 - i);
		assert_int_equal(entries[i]->over, 0);
	}
	add_number(&t, 9);
	assert_false(top_exact(&t));
	assert_int_equal(top_distinct(&t), 5);
	assert_int_equal(top_list(&t, entries, 8), 4);
	check_text(entries[3]->key, "k9"); /* k0 with its one post had to go */
	assert_int_equal(entries[3]->count, 2);
	assert_int_equal(entries[3]->over, 1);
	check_text(entries[0]->key, "k3");
	top_finish(&t);
}

static void equal_counts_are_listed_by_key_then_note_and_a_limit_holds(void **state)
{
	(void)state;
	struct top t;
	const struct top_entry *entries[4];
	top_init(&t, 10);
	top_add(&t, STR("b"), STR("x"));
	top_add(&t, STR("b"), STR_NONE);
	top_add(&t, STR("c"), STR_NONE);
	top_add(&t, STR("a"), STR("y"));
	top_add(&t, STR("c"), STR_NONE);
	top_add(&t, STR("a"), STR("x"));
	assert_int_equal(top_distinct(&t), 5);
	assert_int_equal(top_list(&t, entries, 4), 4);
	check_text(entries[0]->key, "c");
	check_text(entries[1]->key, "a");
	check_text(entries[1]->note, "x");
	check_text(entries[2]->note, "y");
	check_text(entries[3]->key, "b");
	check_str(entries[3]->note, STR_NONE);
	assert_int_equal(top_list(&t, entries, 0), 0);
	top_finish(&t);
}

/* A few frequent keys among very many rare ones, always the same. */
static unsigned next_key(uint64_t *seed)
{
	*seed = *seed * UINT64_C(6364136223846793005) + 1442695040888963407U;
	unsigned n = (unsigned)(*seed >> 33);
	return n % 4 == 0 ? n / 4 % 10 : 10 + n / 4 % 50000;
}

static void past_the_capacity_no_count_is_too_low_and_none_too_high_by_more_than_it_says(
	void **state)
{
	(void)state;
	enum { CAPACITY = 200, ADDED = 100000, KEYS = 50010 };
	struct top t;
	const struct top_entry *entries[CAPACITY];
	unsigned *counts = calloc(KEYS, sizeof *counts);
	uint64_t seed = 7, distinct = 0;
	top_init(&t, CAPACITY);
	for (int i = 0; i < ADDED; i++) {
		unsigned key = next_key(&seed);
		distinct += counts[key]++ == 0;
		add_number(&t, key);
	}
	assert_int_equal(top_list(&t, entries, CAPACITY), CAPACITY);
	for (size_t i = 0; i < CAPACITY; i++) {
		unsigned key = (unsigned)strtoul(entries[i]->key.p + 1, NULL, 10);
		assert_true(entries[i]->count >= counts[key]);
		assert_true(entries[i]->count - entries[i]->over <= counts[key]);
		if (i < 10)
			assert_true(key < 10); /* the frequent ones come first */
	}
	double wrong = (double)top_distinct(&t) / (double)distinct - 1;
	assert_true(wrong > -0.1 && wrong < 0.1);
	top_finish(&t);
	free(counts);
}

static void few_different_keys_past_a_small_capacity_are_estimated_well(void **state)
{
	(void)state;
	struct top t;
	top_init(&t, 4);
	for (unsigned i = 0; i < 300; i++)
		add_number(&t, i % 100);
	assert_in_range(top_distinct(&t), 90, 110);
	top_finish(&t);
}

static void a_long_key_is_cut_between_characters_but_counted_whole(void **state)
{
	(void)state;
	struct top t;
	const struct top_entry *entries[2];
	char key[TOP_MAX_KEY_BYTES + 2];
	memset(key, 'x', sizeof key);
	memcpy(key + TOP_MAX_KEY_BYTES - 1, "\xC3\xA9", 2); /* over the end */
	top_init(&t, 4);
	top_add(&t, (struct str){ key, sizeof key }, STR_NONE);
	top_add(&t, (struct str){ key, sizeof key - 1 }, STR_NONE);
	top_add(&t, (struct str){ key, sizeof key - 1 }, STR_NONE);
	assert_int_equal(top_list(&t, entries, 2), 2);
	assert_int_equal(entries[0]->count, 2);
	assert_int_equal(entries[0]->key.n, TOP_MAX_KEY_BYTES - 1);
	assert_int_equal(entries[1]->key.n, TOP_MAX_KEY_BYTES - 1);
	char whole[TOP_MAX_KEY_BYTES];
	memset(whole, 'y', sizeof whole);
	top_finish(&t);
	top_init(&t, 1);
	top_add(&t, (struct str){ whole, sizeof whole }, STR_NONE);
	assert_int_equal(top_list(&t, entries, 1), 1);
	assert_int_equal(entries[0]->key.n, TOP_MAX_KEY_BYTES);
	top_finish(&t);
}

static void nothing_counted_is_nothing_listed(void **state)
{
	(void)state;
	struct top t = { 0 };
	const struct top_entry *entries[1];
	assert_int_equal(top_list(&t, entries, 1), 0);
	assert_int_equal(top_distinct(&t), 0);
	top_finish(&t);
}

/* --- hours --- */

static void the_busiest_hour_is_the_earliest_of_equal_ones_also_before_1970(void **state)
{
	(void)state;
	struct hours h;
	int64_t from_us;
	uint64_t count;
	hours_init(&h, 100);
	assert_false(hours_busiest(&h, &from_us, &count));
	hours_add(&h, US_PER_HOUR); /* 01:00 */
	hours_add(&h, 2 * US_PER_HOUR - 1); /* 01:59 */
	hours_add(&h, 2 * US_PER_HOUR - 2);
	hours_add(&h, -1); /* 23:59 of the day before */
	hours_add(&h, -2);
	hours_add(&h, -US_PER_HOUR);
	hours_add(&h, -US_PER_HOUR - 1); /* 22:59 */
	assert_true(hours_busiest(&h, &from_us, &count));
	assert_int_equal(from_us, -US_PER_HOUR);
	assert_int_equal(count, 3);
	assert_int_equal(h.count, 3);
	hours_finish(&h);
}

static void hours_past_the_capacity_are_dropped_and_in_the_order_of_time_it_stays_exact(
	void **state)
{
	(void)state;
	enum { CAPACITY = 8 };
	struct hours h;
	int64_t from_us;
	uint64_t count;
	hours_init(&h, CAPACITY);
	for (int i = 0; i < CAPACITY; i++)
		hours_add(&h, i * US_PER_HOUR);
	assert_false(h.dropped);
	for (int i = CAPACITY; i < 1000; i++)
		for (int k = 0; k < (i == 777 ? 30 : i == 500 ? 29 : i % 20 + 1); k++)
			hours_add(&h, i * US_PER_HOUR + k);
	assert_true(h.dropped);
	assert_true(h.count <= CAPACITY);
	assert_true(hours_busiest(&h, &from_us, &count));
	assert_int_equal(from_us, 777 * US_PER_HOUR);
	assert_int_equal(count, 30);
	hours_finish(&h);
}

static void any_time_that_a_post_can_have_is_an_hour(void **state)
{
	(void)state;
	struct hours h;
	int64_t from_us;
	uint64_t count;
	hours_init(&h, 4);
	hours_add(&h, INT64_MAX);
	assert_true(hours_busiest(&h, &from_us, &count));
	hours_add(&h, INT64_MIN + US_PER_HOUR);
	hours_add(&h, INT64_MIN + US_PER_HOUR);
	assert_true(hours_busiest(&h, &from_us, &count));
	assert_int_equal(count, 2);
	hours_finish(&h);
}

/* --- examples --- */

static struct post numbered(char id[16], unsigned number)
{
	struct post post = post_empty();
	(void)snprintf(id, 16, "%u", number);
	post.id = str_of(id);
	post.text = STR("a text");
	return post;
}

static unsigned number_of(const struct example *e)
{
	unsigned n = 0;
	for (size_t i = 0; i < e->link.n; i++)
		n = 10 * n + (unsigned)(e->link.p[i] - '0');
	return n;
}

static void check_choice(size_t wanted, unsigned total)
{
	struct examples e;
	char id[16];
	const struct example *picked[BACKTEST_MAX_EXAMPLES];
	examples_init(&e, wanted);
	for (unsigned i = 0; i < total; i++) {
		struct post post = numbered(id, i);
		examples_add(&e, &post, NULL, 0);
		assert_true(e.count <= 2 * wanted);
	}
	size_t n = examples_pick(&e, picked), expected = wanted < total ? wanted : total;
	assert_int_equal(n, expected);
	for (size_t i = 0; i < n; i++) {
		double ideal = n > 1 ? (double)i * (total - 1) / (double)(n - 1) : 0;
		double off = number_of(picked[i]) - ideal;
		if (i == 0 || (i + 1 == n && n > 1))
			assert_true(off == 0); /* the first and the last */
		else
			assert_true(off > -(double)total / (double)wanted && off <= 0.5);
		if (i)
			assert_true(number_of(picked[i]) > number_of(picked[i - 1]));
	}
	examples_finish(&e);
}

static void examples_are_the_first_the_last_and_evenly_between(void **state)
{
	(void)state;
	static const unsigned wanted[] = { 0, 1, 2, 3, 4, 7, 100 };
	for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
		for (unsigned total = 0; total < 700; total += total < 60 ? 1 : 37)
			check_choice(wanted[i], total);
}

static struct hit hit_at(enum post_field field, struct str whole, const char *word)
{
	size_t at = str_find(whole, str_of(word));
	return (struct hit){ .term = str_of(word),
		.field = field,
		.from = (uint32_t)at,
		.to = (uint32_t)(at + strlen(word)) };
}

static void an_example_joins_title_and_text_and_moves_the_hits_along(void **state)
{
	(void)state;
	struct examples e;
	const struct example *picked[1];
	struct post post = post_empty();
	post.title = STR("Ein Titel");
	post.text = STR("und der Text");
	post.url = STR("https://example.org/1");
	post.author.handle = STR("jo");
	post.author.name = STR("Jo");
	const struct hit hits[] = { hit_at(FIELD_TEXT, post.text, "Text"),
		hit_at(FIELD_TITLE, post.title, "Titel"),
		hit_at(FIELD_LINKS, STR("link"), "link") };
	examples_init(&e, 1);
	examples_add(&e, &post, hits, 3);
	assert_int_equal(examples_pick(&e, picked), 1);
	check_text(picked[0]->text, "Ein Titel | und der Text");
	check_text(picked[0]->link, "https://example.org/1");
	check_text(picked[0]->author, "@jo");
	assert_false(picked[0]->cut_before || picked[0]->cut_after);
	assert_int_equal(picked[0]->hit_count, 2); /* the one in a link is not shown */
	for (size_t i = 0; i < 2; i++) {
		const struct hit *h = &picked[0]->hits[i];
		check_str(str_slice(picked[0]->text, h->from, h->to), hits[1 - i].term);
	}
	examples_finish(&e);
}

static void a_long_text_is_cut_between_characters_around_its_first_hit(void **state)
{
	(void)state;
	char text[3 * EXAMPLE_MAX_BYTES];
	for (size_t shift = 0; shift < 4; shift++) {
		memset(text, 'x', shift + 2);
		for (size_t i = shift; i + 2 <= sizeof text; i += 2)
			memcpy(text + i, "\xC3\xA9", 2);
		memcpy(text + shift + EXAMPLE_MAX_BYTES, shift < 2 ? "xwordx" : "wordxx", 6);
		struct post post = post_empty();
		post.text = (struct str){ text, sizeof text - shift % 2 };
		const struct hit hits[] = { hit_at(FIELD_LINKS, STR("link"), "link"),
			hit_at(FIELD_TEXT, post.text, "word") };
		struct examples e;
		const struct example *picked[1];
		examples_init(&e, 1);
		examples_add(&e, &post, hits, 2);
		assert_int_equal(examples_pick(&e, picked), 1);
		assert_true(picked[0]->text.n <= EXAMPLE_MAX_BYTES);
		assert_true(picked[0]->text.n > EXAMPLE_MAX_BYTES - UTF8_MAX_BYTES);
		assert_true(utf8_valid(picked[0]->text));
		assert_true(picked[0]->cut_before && picked[0]->cut_after);
		assert_int_equal(picked[0]->hit_count, 1);
		check_text(
			str_slice(picked[0]->text, picked[0]->hits[0].from, picked[0]->hits[0].to),
			"word");
		examples_finish(&e);
	}
}

static void a_text_at_the_ceiling_is_whole_and_one_byte_more_is_cut(void **state)
{
	(void)state;
	char text[EXAMPLE_MAX_BYTES + 1];
	memset(text, 'x', sizeof text);
	for (size_t n = EXAMPLE_MAX_BYTES; n <= sizeof text; n++) {
		struct post post = post_empty();
		struct examples e;
		const struct example *picked[1];
		post.text = (struct str){ text, n };
		examples_init(&e, 1);
		examples_add(&e, &post, NULL, 0);
		assert_int_equal(examples_pick(&e, picked), 1);
		assert_int_equal(picked[0]->text.n, EXAMPLE_MAX_BYTES);
		assert_int_equal(picked[0]->cut_after, n > EXAMPLE_MAX_BYTES);
		examples_finish(&e);
	}
}

static void an_author_is_a_handle_else_a_name_else_an_id(void **state)
{
	(void)state;
	char out[8];
	struct post_author author = { .handle = STR("jo"), .name = STR("Jo"), .id = STR("7") };
	check_text(backtest_author(&author, out, sizeof out), "@jo");
	author.handle = STR("");
	check_text(backtest_author(&author, out, sizeof out), "Jo");
	author.name = STR_NONE;
	check_text(backtest_author(&author, out, sizeof out), "7");
	author.id = STR_NONE;
	check_str(backtest_author(&author, out, sizeof out), STR_NONE);
	author.handle = STR("123456\xC3\xA9");
	check_text(backtest_author(&author, out, sizeof out), "@123456");
}

/* --- all together --- */

enum { RULES = 40 };

struct fixture {
	struct backtest_rule items[RULES];
	char names[RULES][8];
	struct backtest_rules rules;
	struct backtest backtest;
	struct found_rule found[RULES];
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);
	for (size_t i = 0; i < RULES; i++) {
		(void)snprintf(f->names[i], sizeof f->names[i], "r%02zu", i);
		f->items[i] = (struct backtest_rule){ .name = str_of(f->names[i]),
			.severity = i % 3 == 0 ? SEVERITY_LOW
				: i % 3 == 1   ? SEVERITY_NORMAL
					       : SEVERITY_CRITICAL,
			.now = true,
			.old = true,
			.chosen = true };
	}
	f->rules = (struct backtest_rules){ .items = f->items, .count = RULES };
	backtest_init(&f->backtest, &f->rules, 2);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	backtest_finish(&f->backtest);
	free(f);
	return 0;
}

/* A post that rules from..to-1 found. */
static void add(struct fixture *f, int64_t at_us, size_t from, size_t to, bool now, bool old)
{
	struct found_post post = { .post = post_empty(), .rules = f->found };
	post.post.text = STR("a text");
	post.post.created_at_us = at_us;
	for (size_t i = from; i < to; i++)
		f->found[post.rule_count++] = (struct found_rule){
			.rule = i, .now = now, .old = old
		};
	backtest_add(&f->backtest, &post, 1);
}

static void a_post_counts_once_for_all_and_by_its_gravest_rule(void **state)
{
	struct fixture *f = *state;
	add(f, 0, 0, 3, true, false); /* low, normal, critical */
	add(f, 0, 0, 2, true, false);
	add(f, 0, 3, 4, true, false); /* low */
	const struct backtest *b = &f->backtest;
	assert_int_equal(b->all.post_count, 3);
	assert_int_equal(b->several_count, 2);
	assert_int_equal(b->severity_count[SEVERITY_LOW], 1);
	assert_int_equal(b->severity_count[SEVERITY_NORMAL], 1);
	assert_int_equal(b->severity_count[SEVERITY_CRITICAL], 1);
	assert_int_equal(b->by_rule[0]->post_count, 2);
	assert_int_equal(b->by_rule[2]->post_count, 1);
	assert_null(b->by_rule[4]);
	const struct top_entry *pairs[4];
	assert_int_equal(top_list(&b->pairs, pairs, 4), 3);
	check_text(pairs[0]->key, "r00");
	check_text(pairs[0]->note, "r01");
	assert_int_equal(pairs[0]->count, 2);
}

static void pairs_of_a_post_are_counted_of_its_first_rules_only(void **state)
{
	struct fixture *f = *state;
	const size_t n = BACKTEST_MAX_PAIRED;
	add(f, 0, 0, n, true, false);
	assert_int_equal(top_distinct(&f->backtest.pairs), n * (n - 1) / 2);
	add(f, 0, 0, n + 1, true, false);
	assert_int_equal(top_distinct(&f->backtest.pairs), n * (n - 1) / 2);
	assert_int_equal(f->backtest.by_rule[n]->post_count, 1);
}

static void what_only_one_set_finds_is_gained_or_lost(void **state)
{
	struct fixture *f = *state;
	assert_true(backtest_same(&f->backtest));
	add(f, 0, 0, 1, true, true);
	assert_true(backtest_same(&f->backtest));
	add(f, 0, 0, 1, true, false);
	add(f, 0, 0, 1, false, true);
	add(f, 0, 0, 1, false, true);
	assert_false(backtest_same(&f->backtest));
	const struct tally *both[] = { f->backtest.by_rule[0], &f->backtest.all };
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(both[i]->post_count, 2);
		assert_int_equal(both[i]->old_count, 3);
		assert_int_equal(both[i]->gained_count, 1);
		assert_int_equal(both[i]->lost_count, 2);
	}
	const struct example *picked[2];
	assert_int_equal(examples_pick(&both[0]->gained, picked), 1);
	assert_int_equal(examples_pick(&both[0]->lost, picked), 2);
	assert_int_equal(f->backtest.severity_count[SEVERITY_LOW], 2);
}

static void a_rate_is_over_the_time_of_all_posts_and_at_least_an_hour(void **state)
{
	struct fixture *f = *state;
	struct backtest *b = &f->backtest;
	double per_hour;
	add(f, US_PER_HOUR, 0, 1, true, false);
	add(f, 0, 0, 1, true, false); /* without a time */
	add(f, US_PER_HOUR + 1, 0, 1, true, false);
	assert_false(backtest_rate(b, b->by_rule[0], &per_hour));
	struct backtest_sums part = {
		.timed_count = 1, .first_us = US_PER_HOUR, .last_us = US_PER_HOUR
	};
	backtest_sums_add(&b->sums, &part);
	assert_true(backtest_rate(b, b->by_rule[0], &per_hour));
	assert_true(per_hour == 2);
	part.first_us = part.last_us = 5 * US_PER_HOUR;
	backtest_sums_add(&b->sums, &part);
	backtest_sums_add(&b->sums, &(struct backtest_sums){ 0 }); /* no times: no change */
	assert_true(backtest_rate(b, b->by_rule[0], &per_hour));
	assert_true(per_hour == 0.5);
	part.first_us = part.last_us = INT64_MAX;
	backtest_sums_add(&b->sums, &part);
	part.first_us = part.last_us = INT64_MIN;
	backtest_sums_add(&b->sums, &part);
	assert_true(backtest_rate(b, b->by_rule[0], &per_hour));
	assert_true(per_hour > 0 && per_hour < 1);
}

static void rules_are_ordered_by_what_they_found_then_by_their_place(void **state)
{
	struct fixture *f = *state;
	size_t *order;
	add(f, 0, 5, 6, true, false);
	add(f, 0, 2, 4, true, false);
	add(f, 0, 3, 4, true, true);
	add(f, 0, 3, 4, true, true);
	add(f, 0, 5, 6, false, true);
	static const size_t by_posts[] = { 3, 2, 5 }, by_change[] = { 5, 2, 3 };
	for (int i = 0; i < 2; i++) {
		const size_t *expected = i ? by_change : by_posts;
		assert_int_equal(backtest_order(&f->backtest, i, &order), 3);
		for (size_t k = 0; k < 3; k++)
			assert_int_equal(order[k], expected[k]);
		free(order);
	}
}

static void the_more_rules_the_less_each_may_keep(void **state)
{
	(void)state;
	assert_int_equal(backtest_capacity(0), 4096);
	assert_int_equal(backtest_capacity(1), 4096);
	assert_int_equal(backtest_capacity(256), 4096);
	assert_int_equal(backtest_capacity(512), 2048);
	assert_int_equal(backtest_capacity(16384), 64);
	assert_int_equal(backtest_capacity(100000), 64);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			up_to_its_capacity_a_top_is_exact_and_one_more_makes_it_an_estimate),
		cmocka_unit_test(equal_counts_are_listed_by_key_then_note_and_a_limit_holds),
		cmocka_unit_test(
			past_the_capacity_no_count_is_too_low_and_none_too_high_by_more_than_it_says),
		cmocka_unit_test(few_different_keys_past_a_small_capacity_are_estimated_well),
		cmocka_unit_test(a_long_key_is_cut_between_characters_but_counted_whole),
		cmocka_unit_test(nothing_counted_is_nothing_listed),
		cmocka_unit_test(the_busiest_hour_is_the_earliest_of_equal_ones_also_before_1970),
		cmocka_unit_test(
			hours_past_the_capacity_are_dropped_and_in_the_order_of_time_it_stays_exact),
		cmocka_unit_test(any_time_that_a_post_can_have_is_an_hour),
		cmocka_unit_test(examples_are_the_first_the_last_and_evenly_between),
		cmocka_unit_test(an_example_joins_title_and_text_and_moves_the_hits_along),
		cmocka_unit_test(a_long_text_is_cut_between_characters_around_its_first_hit),
		cmocka_unit_test(a_text_at_the_ceiling_is_whole_and_one_byte_more_is_cut),
		cmocka_unit_test(an_author_is_a_handle_else_a_name_else_an_id),
		TEST(a_post_counts_once_for_all_and_by_its_gravest_rule),
		TEST(pairs_of_a_post_are_counted_of_its_first_rules_only),
		TEST(what_only_one_set_finds_is_gained_or_lost),
		TEST(a_rate_is_over_the_time_of_all_posts_and_at_least_an_hour),
		TEST(rules_are_ordered_by_what_they_found_then_by_their_place),
		cmocka_unit_test(the_more_rules_the_less_each_may_keep),
	};
	return cmocka_run_group_tests_name("tally", tests, NULL, NULL);
}
