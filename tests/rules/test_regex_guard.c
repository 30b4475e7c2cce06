/* Regexes that take too long: what they cost, what becomes of their rules, when they are set aside.
 */
#include "rules/compile/regex_guard.h"

#include "base/mem.h"
#include "conf/yaml.h"
#include "rules/compile/ruleset.h"
#include "tests/check.h"

static struct ruleset *ruleset_of(const char *yaml)
{
	struct arena arena;
	struct diag *diag = diag_create();
	arena_init(&arena, 0);
	struct conf_node *root = conf_read_text("rules.yaml", str_of(yaml), &arena, diag);
	struct rules *rules = rules_load(root, NULL, diag);
	if (diag_failed(diag))
		fail_msg("%s", yaml);
	arena_finish(&arena);
	diag_destroy(diag);
	return ruleset_create(rules);
}

static bool add_name(void *ctx, const struct match *match)
{
	struct buf *names = ctx;
	buf_addf(names, "%s%.*s", names->n ? " " : "", STR_ARGS(match->rule));
	return true;
}

/* The names of the rules that match. */
static void check_matches(const struct ruleset *set, struct match_scratch *scratch, struct str text,
	const char *expected)
{
	struct buf names;
	struct post post = post_empty();
	post.text = text;
	buf_init(&names, 0);
	(void)ruleset_match(set, scratch, &post, add_name, &names); /* the names tell */
	check_str(buf_str(&names), str_of(expected));
	buf_finish(&names);
}

/* "evil " and then so many times "a". */
static struct str evil_text(size_t n)
{
	static const char head[] = "evil ";
	char *text = mem_alloc(n + sizeof head - 1);
	memset(text, 'a', n + sizeof head - 1);
	memcpy(text, head, sizeof head - 1);
	return (struct str){ text, n + sizeof head - 1 };
}

#define EVIL "'(?:a|aa)+$(?<=c)'"

static void what_is_certain_without_a_regex_in_doubt_is_decided(void **state)
{
	(void)state;
	struct ruleset *set = ruleset_of(
		"rules:\n"
		"  - { name: a-alone, regex: [" EVIL "] }\n"
		"  - { name: b-or, any: [evil, '/(?:a|aa)+$(?<=c)/'] }\n"
		"  - { name: c-and, all: [evil, '/(?:a|aa)+$(?<=c)/'] }\n"
		"  - { name: d-not, all: [evil], none: ['/(?:a|aa)+$(?<=c)/'] }\n"
		"  - { name: e-not-other, all: [evil], none: [other, '/(?:a|aa)+$(?<=d)/'] }\n"
		"  - { name: f-list, any: ['list:l'] }\n"
		"  - { name: g-not-list, all: [evil], none: ['list:l'] }\n"
		"  - { name: h-plain, any: [evil] }\n"
		"lists:\n"
		"  l: ['/(?:a|aa)+$(?<=e)/']\n");
	struct match_scratch *scratch = match_scratch_create(set);
	struct str text = evil_text(1000);
	check_matches(set, scratch, text, "b-or h-plain");
	assert_true(match_scratch_errors(scratch)->regex_limit_count >= 4);
	check_matches(
		set, scratch, STR("evil but short"), "b-or d-not e-not-other g-not-list h-plain");
	mem_free((void *)text.p);
	match_scratch_destroy(scratch);
	ruleset_destroy(set);
}

static void counts_name_the_rule_or_the_list(void **state)
{
	(void)state;
	struct ruleset *set = ruleset_of("rules:\n"
					 "  - { name: fine, regex: ['evil \\w+'] }\n"
					 "  - { name: bad, regex: [" EVIL "] }\n"
					 "  - { name: listed, any: ['list:l'] }\n"
					 "lists:\n"
					 "  l: ['/(?:a|aa)+$(?<=e)/']\n");
	struct match_scratch *scratch = match_scratch_create(set);
	struct match_scratch *second = match_scratch_create(set);
	struct str text = evil_text(1000);
	for (size_t i = 0; i < 30; i++)
		check_matches(set, i < 20 ? scratch : second, text, "fine");
	struct regex_guard *sum = regex_guard_create(set);
	regex_guard_add(sum, match_scratch_guard(scratch));
	regex_guard_add(sum, match_scratch_guard(second));
	assert_int_equal(regex_guard_count(sum), 2);
	for (size_t i = 0; i < 2; i++) {
		struct regex_report r = regex_guard_report(sum, i);
		assert_int_equal(r.limit_count, 30);
		assert_int_equal(r.skipped_count, 0);
		assert_false(r.set_aside); /* no time was ever set */
		check_str(r.owner, r.listed ? STR("l") : STR("bad"));
		check_str(r.regex, r.listed ? STR("/(?:a|aa)+$(?<=e)/") : STR("(?:a|aa)+$(?<=c)"));
	}
	regex_guard_destroy(sum);
	mem_free((void *)text.p);
	match_scratch_destroy(scratch);
	match_scratch_destroy(second);
	ruleset_destroy(set);
}

struct guarded {
	struct ruleset *set;
	struct regex_guard *guard;
};

static int set_up(void **state)
{
	struct guarded *g = mem_zero(1, sizeof *g);
	g->set = ruleset_of("rules:\n"
			    "  - { name: bad, regex: [" EVIL "] }\n"
			    "  - { name: good, regex: ['evil \\w+'] }\n");
	g->guard = regex_guard_create(g->set);
	*state = g;
	return 0;
}

static int tear_down(void **state)
{
	struct guarded *g = *state;
	regex_guard_destroy(g->guard);
	ruleset_destroy(g->set);
	mem_free(g);
	return 0;
}

/* The kinds of news since the last call, as letters. */
static const char *news_of(struct regex_guard *guard, char text[8])
{
	enum regex_news news;
	struct regex_report about;
	size_t n = 0;
	while (regex_guard_news(guard, &news, &about) && n < 7) {
		check_str(about.owner, STR("bad"));
		text[n++] = "LAB"[news];
	}
	text[n] = '\0';
	return text;
}

static void hit(struct guarded *g, int64_t now_us, size_t times)
{
	regex_guard_set_time(g->guard, now_us);
	for (size_t i = 0; i < times; i++)
		regex_guard_limit_reached(g->guard, 0);
}

static void ten_limits_within_a_minute_set_a_regex_aside(void **state)
{
	struct guarded *g = *state;
	char text[8];
	hit(g, US_PER_HOUR, REGEX_GUARD_LIMITS - 1);
	assert_true(regex_guard_lets(g->guard, 0));
	assert_string_equal(news_of(g->guard, text), "L");
	hit(g, US_PER_HOUR + REGEX_GUARD_WINDOW_US, REGEX_GUARD_LIMITS - 1);
	assert_true(regex_guard_lets(g->guard, 0));
	assert_string_equal(news_of(g->guard, text), "");
	hit(g, US_PER_HOUR + REGEX_GUARD_WINDOW_US + 1, 1);
	assert_false(regex_guard_lets(g->guard, 0));
	assert_true(regex_guard_lets(g->guard, 1));
	assert_string_equal(news_of(g->guard, text), "A");
	assert_int_equal(regex_guard_aside_count(g->guard), 1);
	struct regex_report r = regex_guard_report(g->guard, 0);
	assert_true(r.set_aside);
	assert_int_equal(r.limit_count, 2 * REGEX_GUARD_LIMITS - 1);
	assert_int_equal(r.skipped_count, 1);
}

static void it_comes_back_after_longer_and_longer(void **state)
{
	struct guarded *g = *state;
	char text[8];
	int64_t now_us = US_PER_DAY, aside_us = REGEX_GUARD_FIRST_US;
	for (size_t i = 0; i < 10; i++) {
		hit(g, now_us, REGEX_GUARD_LIMITS);
		regex_guard_set_time(g->guard, now_us + aside_us - 1);
		assert_false(regex_guard_lets(g->guard, 0));
		now_us += aside_us;
		regex_guard_set_time(g->guard, now_us);
		assert_true(regex_guard_lets(g->guard, 0));
		assert_string_equal(news_of(g->guard, text), i ? "AB" : "LAB");
		aside_us *= 2;
		if (aside_us > REGEX_GUARD_LONGEST_US)
			aside_us = REGEX_GUARD_LONGEST_US;
	}
	/* Well for as long as it was away: then it begins anew. */
	now_us += REGEX_GUARD_LONGEST_US;
	hit(g, now_us, REGEX_GUARD_LIMITS);
	regex_guard_set_time(g->guard, now_us + REGEX_GUARD_FIRST_US);
	assert_true(regex_guard_lets(g->guard, 0));
}

static void a_regex_set_aside_is_in_doubt_and_others_go_on(void **state)
{
	struct guarded *g = *state;
	struct match_scratch *scratch = match_scratch_create(g->set);
	struct str text = evil_text(1000);
	match_scratch_set_guard(scratch, g->guard);
	regex_guard_set_time(g->guard, US_PER_S);
	for (size_t i = 0; i < 2 * REGEX_GUARD_LIMITS; i++)
		check_matches(g->set, scratch, text, "good");
	const struct match_errors *errors = match_scratch_errors(scratch);
	assert_int_equal(errors->regex_limit_count, REGEX_GUARD_LIMITS);
	assert_int_equal(errors->regex_skipped_count, REGEX_GUARD_LIMITS);
	mem_free((void *)text.p);
	match_scratch_destroy(scratch);
}

/* Two hundred bad regexes in one post: they get no more than the post's share, and the good one
 * that comes first is found. The time is that of a slow machine with a sanitizer. */
static void the_cost_of_one_post_has_a_ceiling(void **state)
{
	(void)state;
	static const char *const patterns[] = { "(a+)+$(?<=%zu)", "(?:a|aa)+$(?<=%zu)",
		"a*\\w++-%zu(?<=b)", "\\w*\\w*\\w*[^a](?<=%zu)", "(?:\\w+\\s?)+[!](?<=%zu)",
		"(.*)*(?<=%zu)x", "\\w{400}!(?<=%zu)", "(\\w+)\\1(?<=%zu)[^a]" };
	enum { KINDS = sizeof patterns / sizeof *patterns, RULES = 200 };
	struct buf yaml;
	buf_init(&yaml, 0);
	buf_add(&yaml, STR("rules:\n  - { name: good, regex: ['evil \\w+'] }\n"));
	for (size_t i = 0; i < RULES; i++) {
		char pattern[64];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		(void)snprintf(pattern, sizeof pattern, patterns[i % KINDS], i);
#pragma GCC diagnostic pop
		buf_addf(&yaml, "  - { name: bad-%zu, regex: ['%s'] }\n", i, pattern);
	}
	struct ruleset *set = ruleset_of(yaml.p);
	struct match_scratch *scratch = match_scratch_create(set);
	static const size_t sizes[] = { 280, 1000, 4000, 16000, 100000, 1000000 };
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		struct str text = evil_text(sizes[i]);
		int64_t start_us = clock_monotonic_us();
		check_matches(set, scratch, text, "good");
		int64_t us = clock_monotonic_us() - start_us;
		print_message("%zu bytes: %lld us\n", sizes[i], (long long)us);
		assert_true(us < 20 * US_PER_S);
		mem_free((void *)text.p);
	}
	assert_true(match_scratch_errors(scratch)->regex_skipped_count > 0);
	match_scratch_destroy(scratch);
	ruleset_destroy(set);
	buf_finish(&yaml);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_certain_without_a_regex_in_doubt_is_decided),
		cmocka_unit_test(counts_name_the_rule_or_the_list),
		cmocka_unit_test_setup_teardown(
			ten_limits_within_a_minute_set_a_regex_aside, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			it_comes_back_after_longer_and_longer, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_regex_set_aside_is_in_doubt_and_others_go_on, set_up, tear_down),
		cmocka_unit_test(the_cost_of_one_post_has_a_ceiling),
	};
	return cmocka_run_group_tests_name("regex_guard", tests, NULL, NULL);
}
