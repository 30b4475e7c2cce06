/* What the scan makes of several records in one block: each as if it stood alone. */
#include "tests/check.h"

#include "conf/yaml.h"
#include "model/map.h"
#include "rules/compile/wake.h"
#include "rules/scan/scan.h"

struct seen {
	struct str records[16];
	size_t count;
};

static bool note(void *ctx, struct str record)
{
	struct seen *seen = ctx;
	assert_true(seen->count < 16);
	seen->records[seen->count++] = record;
	return true;
}

static struct ruleset *rules_of(struct str yaml)
{
	struct arena arena;
	struct diag *diag = diag_create();
	arena_init(&arena, 0);
	struct rules *rules = rules_load(conf_read_text("r.yaml", yaml, &arena, diag), NULL, diag);
	assert_false(diag_failed(diag));
	arena_finish(&arena);
	diag_destroy(diag);
	return ruleset_create(rules);
}

static struct seen scan_with(
	const struct ruleset *set, enum scan_kernel_choice kernel, struct str block)
{
	struct seen seen = { 0 };
	struct scan_counts counts = { 0 };
	struct scan *scan = scan_create(set, post_map_auto(), kernel);
	struct scan_scratch *scratch = scan_scratch_create(scan);
	scan_block(scan, scratch, block, note, &seen, &counts);
	assert_int_equal(counts.candidate_count, seen.count);
	scan_scratch_destroy(scratch);
	scan_destroy(scan);
	return seen;
}

static void an_empty_block_has_no_record(void **state)
{
	static const char *const rules[] = { "rules: [{ name: r, any: [sol] }]",
		"rules: [{ name: r, regex: ['\\d'] }]" };
	const struct post_map *const maps[] = { NULL, post_map_auto(), post_map_builtin(STR("x")) };
	(void)state;
	for (size_t i = 0; i < 2 * 3 * 2; i++) {
		struct ruleset *set = rules_of(str_of(rules[i % 2]));
		struct scan_counts counts = { 0 };
		struct scan *scan = scan_create(
			set, maps[i / 2 % 3], i / 6 ? SCAN_PLAIN_C : SCAN_FASTEST);
		struct scan_scratch *scratch = scan_scratch_create(scan);
		scan_block(scan, scratch, STR_NONE, note, &(struct seen){ 0 }, &counts);
		assert_int_equal(counts.record_count, 0);
		scan_scratch_destroy(scratch);
		scan_destroy(scan);
		ruleset_destroy(set);
	}
}

/* Broken records; each must itself be a candidate, for the decoder to say why. */
static const char *const broken[] = {
	"{\"id\":\"b\",\"text\":\"sol",
	"{\"id\":\"b\",\"text\":\"sol\t\"}",
	"{\"id\":\"b\",\"text\":\"sol\\",
	"{\"id\":\"b\",\"text\":\"sol\\x\"}",
	"{\"id\":\"b\",\"text\":\"sol\\u12\"}",
	"{\"id\":\"b\",\"text\":[\"sol",
	"{\"id\":\"b\",\"content\":\"<p>sol",
	"{\"id\":\"b\",\"text\":\"#Sol\\n#So",
	"{\"id\":\"b\",\"text\":\"sol\"",
	"sol",
	"[\"sol",
};

static void the_record_after_a_broken_one_is_found(void **state)
{
	(void)state;
	struct ruleset *set = rules_of(STR("rules: [{ name: r, any: [solaire] }]"));
	for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
		for (int kernel = SCAN_FASTEST; kernel <= SCAN_PLAIN_C; kernel++) {
			struct buf block;
			buf_init(&block, 0);
			buf_addf(&block, "{\"text\":\"rien\"}\n%s\n{\"text\":\"solaire 1\"}\n",
				broken[i]);
			/* Long enough for steps of 32 bytes to go on behind it. */
			buf_add(&block,
				STR("{\"text\":\"rien de rien et encore rien de rien\"}\n"));
			struct seen seen = scan_with(
				set, (enum scan_kernel_choice)kernel, buf_str(&block));
			if (seen.count != 2)
				print_error("%s: %zu candidates\n", broken[i], seen.count);
			assert_int_equal(seen.count, 2);
			check_str(seen.records[0], str_of(broken[i]));
			check_text(seen.records[1], "{\"text\":\"solaire 1\"}");
			buf_finish(&block);
		}
	}
	ruleset_destroy(set);
}

static bool lets_through(
	const struct ruleset *set, enum scan_kernel_choice kernel, const char *text)
{
	struct buf block;
	buf_init(&block, 0);
	buf_addf(&block, "{\"text\":\"centrale\"}\n{\"text\":\"%s\"}\n{\"text\":\"solaire\"}\n",
		text);
	struct seen seen = scan_with(set, kernel, buf_str(&block));
	buf_finish(&block);
	assert_true(seen.count <= 1);
	return seen.count == 1;
}

static void a_phrase_wakes_with_its_neighbours_however_they_are_written(void **state)
{
	static const struct {
		const char *phrase, *text;
		bool wakes;
	} cases[] = {
		{ "centrale solaire", "la centrale solaire", true },
		{ "centrale solaire", "LA CENTRALE-SOLAIRE!", true },
		{ "centrale solaire", "centrale\\u0020\\u2600 solaire", true },
		{ "centrale solaire", "#Centrale #Solaire", true },
		{ "centrale solaire", "#CentraleSolaire", true },
		{ "centrale solaire", "@CentraleSolaire", true },
		{ "centrale solaire", "solaire centrale", false },
		{ "centrale solaire", "centrale du solaire", false },
		{ "centrale solaire", "une centrale", false },
		{ "le photovoltaïque", "le photovoltai\\u0308que", true },
		{ "le photovoltaïque", "du photovoltaïque", false },
		{ "photovoltaïque le", "photovoltaïque; le", true },
		{ "photovoltaïque le", "photovoltaïque, les", false },
		{ "s'il pleut", "s'il pleut", true },
		{ "s'il pleut", "s’il\\tpleut", true },
		{ "s'il pleut", "elle pleut", false },
		{ "太陽 panneau", "太陽 panneau", true },
		{ "太陽 panneau", "太陽panneau", true },
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct buf yaml;
		buf_init(&yaml, 0);
		buf_addf(&yaml, "rules: [{ name: r, any: [\"%s\"] }]", cases[i].phrase);
		struct ruleset *set = rules_of(buf_str(&yaml));
		for (int kernel = SCAN_FASTEST; kernel <= SCAN_PLAIN_C; kernel++) {
			bool woke = lets_through(
				set, (enum scan_kernel_choice)kernel, cases[i].text);
			if (woke != cases[i].wakes)
				fail_msg("%s: %s", cases[i].phrase, cases[i].text);
		}
		ruleset_destroy(set);
		buf_finish(&yaml);
	}
}

static void a_word_wakes_with_the_second_that_its_rule_needs(void **state)
{
	static const struct {
		const char *rule, *text;
		bool wakes;
	} cases[] = {
		{ "all: [photovoltaique, parc]", "photovoltaique rien", false },
		{ "all: [photovoltaique, parc]", "un parc\\nPhotovoltaïque", true },
		{ "all: [photovoltaique, parc]", "photovoltaique #LeParc", true },
		{ "all: [photovoltaique, parc]", "photovoltaique, rien \\uFF03LeParc", true },
		{ "all: [photovoltaique, parc]", "photovoltaique @parc", true },
		{ "all: [photovoltaique, parc]", "photovoltaique parcs", false },
		{ "query: photovoltaique NEAR/3 parc", "photovoltaique rien", false },
		{ "query: photovoltaique NEAR/3 parc", "parc a b c d e photovoltaique", true },
		{ "query: photovoltaique (parc OR toit)", "photovoltaique rien", true },
		{ "query: photovoltaique -parc", "photovoltaique rien", true },
		{ "query: photovoltaique -parc toit", "photovoltaique rien", false },
		{ "query: \"photovoltaique j'ai\"", "photovoltaique rien", true },
		{ "any: photovoltaique }, { name: s, all: [photovoltaique, parc]",
			"photovoltaique rien", true },
		{ "all: [photovoltaique, parc] }, { name: s, all: [photovoltaique, toit]",
			"photovoltaique rien", false },
		{ "all: [photovoltaique, parc] }, { name: s, all: [photovoltaique, toit]",
			"photovoltaique toit", true },
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct buf yaml;
		buf_init(&yaml, 0);
		buf_addf(&yaml, "rules: [{ name: r, %s }]", cases[i].rule);
		struct ruleset *set = rules_of(buf_str(&yaml));
		for (int kernel = SCAN_FASTEST; kernel <= SCAN_PLAIN_C; kernel++) {
			bool woke = lets_through(
				set, (enum scan_kernel_choice)kernel, cases[i].text);
			if (woke != cases[i].wakes)
				fail_msg("%s: %s", cases[i].rule, cases[i].text);
		}
		ruleset_destroy(set);
		buf_finish(&yaml);
	}
}

static void escaped_signs_hide_nothing(void **state)
{
	static const char *const cases[][2] = {
		{ "any: [\"Johnson & Johnson\"]", "a Johnson &amp; Johnson b" },
		{ "any: [\"AT&T\"]", "AT\\u0026amp;T" },
		{ "any: [\"AT&T\"]", "AT&T" },
		{ "any: [amp]", "AT&amp;T" },
		{ "any: [solaire]", "http://x.fr/a&lt;solaire" },
		{ "any: ['/AT&T/']", "AT&amp;T" },
		{ "any: ['/a<b>c/']", "&amp a&lt;b&gt;c" },
		{ "any: ['/a&lt;b/']", "a&amp;lt;b" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct buf yaml;
		buf_init(&yaml, 0);
		buf_addf(&yaml, "rules: [{ name: r, %s }]", cases[i][0]);
		struct ruleset *set = rules_of(buf_str(&yaml));
		for (int kernel = SCAN_FASTEST; kernel <= SCAN_PLAIN_C; kernel++) {
			struct buf block;
			buf_init(&block, 0);
			buf_addf(&block, "{\"text\":\"%s\"}\n", cases[i][1]);
			struct seen seen = scan_with(
				set, (enum scan_kernel_choice)kernel, buf_str(&block));
			if (seen.count != 1)
				fail_msg("%s: %s", cases[i][0], cases[i][1]);
			buf_finish(&block);
		}
		ruleset_destroy(set);
		buf_finish(&yaml);
	}
}

static void a_word_with_too_many_neighbours_wakes_alone(void **state)
{
	(void)state;
	struct buf yaml;
	buf_init(&yaml, 0);
	buf_add(&yaml, STR("rules: [{ name: r, any: ["));
	for (char c = 'a'; c < 'a' + WAKE_MAX_PARTNERS; c++)
		buf_addf(&yaml, "photovoltaique u%c,", c);
	for (int over = 0; over < 2; over++) {
		struct buf whole;
		buf_init(&whole, 0);
		buf_addf(&whole, "%.*s %s ] }]", STR_ARGS(buf_str(&yaml)),
			over ? "photovoltaique zz" : "");
		struct ruleset *set = rules_of(buf_str(&whole));
		assert_int_equal(lets_through(set, SCAN_FASTEST, "photovoltaique rien"), over);
		assert_true(lets_through(set, SCAN_FASTEST, "photovoltaique uc"));
		ruleset_destroy(set);
		buf_finish(&whole);
	}
	buf_finish(&yaml);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_block_has_no_record),
		cmocka_unit_test(the_record_after_a_broken_one_is_found),
		cmocka_unit_test(a_phrase_wakes_with_its_neighbours_however_they_are_written),
		cmocka_unit_test(a_word_wakes_with_the_second_that_its_rule_needs),
		cmocka_unit_test(escaped_signs_hide_nothing),
		cmocka_unit_test(a_word_with_too_many_neighbours_wakes_alone),
	};
	return cmocka_run_group_tests_name("scan of blocks", tests, NULL, NULL);
}
