/* The tests that stand beside the rules, run: `vigie check`. */
#pragma once

#include "rules/compile/ruleset.h"

struct ruletest_failure {
	const struct rule_test *test;
	struct str_list missing; /* rules that should have matched */
	const struct where *missing_at; /* where the test names them */
	struct str_list unexpected; /* rules that should not */
	struct str_list missing_terms; /* that should have been found, as the test writes them */
	struct str_list unexpected_terms; /* found by the expected rules, but not in the test */
};

struct ruletest_result {
	size_t test_count;
	const struct ruletest_failure *failures; /* in the order of the tests */
	size_t failure_count;
	struct str_list untested; /* rules that no test expects to match */
};

/* Runs all tests of the set's rules. The result lives in the arena; its names are the rules' own.
 * Terms are compared as written, with or without the quotes around a phrase. */
void ruletest_run(const struct ruleset *set, struct arena *arena, struct ruletest_result *result);

/* Why the rules did what the test did not expect: for each rule the clauses that decided, a line
 * each, with the places they were found at; indented by four spaces. */
void ruletest_why(
	const struct ruleset *set, const struct ruletest_failure *failure, struct buf *out);
