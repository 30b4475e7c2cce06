/* The tests that stand beside the rules, run: `vigie check`. */
#pragma once

#include "rules/ruleset.h"

struct ruletest_failure {
	const struct rule_test *test;
	struct str_list missing; /* rules that should have matched */
	const struct where *missing_at; /* where the test names them */
	struct str_list unexpected; /* rules that should not */
};

struct ruletest_result {
	size_t test_count;
	const struct ruletest_failure *failures;
	size_t failure_count;
	struct str_list untested; /* rules that no test expects to match */
};

/* Runs all tests of the set's rules. The result lives in the arena; its names are the rules' own.
 */
void ruletest_run(const struct ruleset *set, struct arena *arena, struct ruletest_result *result);
