#include "tests/check.h"

#include "rules/ruletest.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tests_that_hold_give_no_failure),
		cmocka_unit_test(missing_and_unexpected_rules_are_named),
		cmocka_unit_test(rules_that_no_test_expects_are_listed),
	};
	return cmocka_run_group_tests_name("ruletest", tests, NULL, NULL);
}
