#include "tests/check.h"

#include "rules/advice/ruletest.h"

struct run {
	struct arena arena;
	struct diag *diag;
	struct ruleset *set;
	struct ruletest_result result;
};

static void run(struct run *r, const char *yaml)
{
	*r = (struct run){ .diag = diag_create() };
	arena_init(&r->arena, 0);
	struct conf_node *root = conf_read_text("t.yaml", str_of(yaml), &r->arena, r->diag);
	assert_non_null(root);
	struct rules *rules = rules_load(root, NULL, r->diag);
	assert_false(diag_failed(r->diag));
	r->set = ruleset_create(rules);
	ruletest_run(r->set, &r->arena, &r->result);
}

static void finish(struct run *r)
{
	ruleset_destroy(r->set);
	diag_destroy(r->diag);
	arena_finish(&r->arena);
}

#define RULES                              \
	"rules:\n"                         \
	"  - { name: a, any: solaire }\n"  \
	"  - { name: b, any: centrale }\n" \
	"  - { name: c, any: [éolien] }\n"

static void tests_that_hold_give_no_failure(void **state)
{
	(void)state;
	struct run r;
	run(&r,
		RULES "tests:\n"
		      "  - { post: Une centrale solaire, matches: [b, a] }\n"
		      "  - { post: Une éolienne, matches: [] }\n"
		      "  - { post: { title: Éolien, text: x }, matches: c }\n");
	assert_int_equal(r.result.test_count, 3);
	assert_int_equal(r.result.failure_count, 0);
	assert_int_equal(r.result.untested.count, 0);
	finish(&r);
}

static void missing_and_unexpected_rules_are_named(void **state)
{
	(void)state;
	struct run r;
	run(&r,
		RULES "tests:\n"
		      "  - { post: solaire, matches: a }\n"
		      "  - { post: Une centrale, matches: [a, b, c] }\n"
		      "  - { post: solaire éolien, matches: [] }\n");
	assert_int_equal(r.result.failure_count, 2);
	const struct ruletest_failure *f = r.result.failures;
	assert_int_equal(f[0].test->at.line, 7);
	assert_int_equal(f[0].missing.count, 2);
	check_text(f[0].missing.items[0], "a");
	check_text(f[0].missing.items[1], "c");
	assert_int_equal(f[0].missing_at[1].col, 43);
	assert_int_equal(f[0].unexpected.count, 0);
	assert_int_equal(f[1].missing.count, 0);
	assert_int_equal(f[1].unexpected.count, 2);
	check_text(f[1].unexpected.items[0], "a");
	check_text(f[1].unexpected.items[1], "c");
	finish(&r);
}

static void rules_that_no_test_expects_are_listed(void **state)
{
	(void)state;
	struct run r;
	run(&r, RULES "tests: [{ post: centrale, matches: b }]\n");
	assert_int_equal(r.result.failure_count, 0);
	assert_int_equal(r.result.untested.count, 2);
	check_text(r.result.untested.items[0], "a");
	check_text(r.result.untested.items[1], "c");
	finish(&r);
}

static void beside_a_rule_only_that_rule_counts(void **state)
{
	(void)state;
	struct run r;
	run(&r,
		"rules:\n"
		"  - name: a\n"
		"    any: solaire\n"
		"    tests:\n"
		"      - { post: solaire et lune, matches: true }\n"
		"      - { post: lune, matches: false }\n"
		"      - { post: solaire, matches: false }\n"
		"      - { post: lune, matches: true }\n"
		"      - { post: solaire et lune, matches: [a, b] }\n"
		"  - { name: b, any: lune }\n");
	assert_int_equal(r.result.test_count, 5);
	assert_int_equal(r.result.failure_count, 2);
	const struct ruletest_failure *f = r.result.failures;
	assert_int_equal(f[0].test->at.line, 7);
	assert_int_equal(f[0].unexpected.count, 1);
	check_text(f[0].unexpected.items[0], "a");
	assert_int_equal(f[1].test->at.line, 8);
	assert_int_equal(f[1].missing.count, 1);
	check_text(f[1].missing.items[0], "a");
	assert_int_equal(f[1].unexpected.count, 0);
	finish(&r);
}

static void terms_are_all_that_the_expected_rules_find(void **state)
{
	(void)state;
	struct run r;
	run(&r,
		"lists: { l: [soleil, '\"une centrale\"'] }\n"
		"rules:\n"
		"  - { name: a, any: [solaire, list:l] }\n"
		"  - { name: b, any: centrale }\n"
		"tests:\n"
		"  - { post: Une centrale solaire, matches: [a, b],\n"
		"      terms: [centrale, Une centrale, '\"une centrale\"', solaire] }\n"
		"  - { post: Une centrale, matches: [a, b], terms: [une centrale] }\n"
		"  - { post: solaire solaire, matches: a, terms: solaire }\n"
		"  - { post: soleil, matches: [], terms: }\n");
	assert_int_equal(r.result.failure_count, 3);
	const struct ruletest_failure *f = r.result.failures;
	assert_int_equal(f[0].missing_terms.count, 1); /* as written means as written */
	check_text(f[0].missing_terms.items[0], "Une centrale");
	assert_int_equal(f[0].unexpected_terms.count, 0);
	assert_int_equal(f[1].missing_terms.count, 0);
	assert_int_equal(f[1].unexpected_terms.count, 1);
	check_text(f[1].unexpected_terms.items[0], "centrale");
	assert_int_equal(f[2].missing_terms.count + f[2].unexpected_terms.count, 0);
	check_text(f[2].unexpected.items[0], "a");
	finish(&r);
}

static void why_shows_the_clauses_that_decided(void **state)
{
	(void)state;
	struct run r;
	struct buf out;
	run(&r,
		"rules:\n"
		"  - { name: a, all: [solaire, parc, toit], none: [mer, terre] }\n"
		"  - { name: b, any: toit }\n"
		"tests: [{ post: Parcs solaires sur le toit en mer, matches: [a] }]\n");
	buf_init(&out, 0);
	assert_int_equal(r.result.failure_count, 1);
	ruletest_why(r.set, &r.result.failures[0], &out);
	check_str(buf_str(&out),
		str_of("    a does not match\n"
		       "      no  solaire\n"
		       "              near: text 6..14 \"solaires\" inside a longer word\n"
		       "      no  parc\n"
		       "              near: text 0..5 \"Parcs\" inside a longer word\n"
		       "      no  none of\n"
		       "      yes   mer\n"
		       "                text 30..33 \"mer\" exact\n"
		       "    b matches\n"
		       "      yes toit\n"
		       "              text 22..26 \"toit\" exact\n"));
	buf_finish(&out);
	finish(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(beside_a_rule_only_that_rule_counts),
		cmocka_unit_test(terms_are_all_that_the_expected_rules_find),
		cmocka_unit_test(why_shows_the_clauses_that_decided),
		cmocka_unit_test(tests_that_hold_give_no_failure),
		cmocka_unit_test(missing_and_unexpected_rules_are_named),
		cmocka_unit_test(rules_that_no_test_expects_are_listed),
	};
	return cmocka_run_group_tests_name("ruletest", tests, NULL, NULL);
}
